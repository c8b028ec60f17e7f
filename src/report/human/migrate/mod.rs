//! Reports of `migrate` for people.

pub mod execution;
pub mod rehearsal;
