//! Value types of a Postgres catalog.

pub mod effect;
pub mod plans;
pub mod statistics;
