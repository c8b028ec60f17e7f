//! Reports for people.

pub mod error;
