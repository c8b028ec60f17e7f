//! Sentences that every format of a report shares, so that a verdict reads the same everywhere.

pub mod capacity;
pub mod comparison;
pub mod figures;
pub mod loadtest;
pub mod survey;
