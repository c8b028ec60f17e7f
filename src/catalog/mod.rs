//! Value types of a Postgres catalog.

pub mod effect;
