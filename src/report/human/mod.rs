//! Reports for people.

pub mod decide;
pub mod error;
pub mod migrate;
