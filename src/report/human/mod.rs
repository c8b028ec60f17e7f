//! Reports for people.

pub mod decide;
pub mod doctor;
pub mod error;
pub mod loadtest;
pub mod migrate;
pub mod scaffold;
mod scaffold_advice;
mod scaffold_database;
pub mod scaffold_spec;
