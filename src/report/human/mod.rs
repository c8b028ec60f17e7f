//! Reports for people.

pub mod decide;
pub mod doctor;
pub mod error;
pub mod explain;
pub mod loadtest;
pub mod migrate;
pub mod page;
pub mod scaffold;
mod scaffold_advice;
mod scaffold_database;
pub mod scaffold_spec;
