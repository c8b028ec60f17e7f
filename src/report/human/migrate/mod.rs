//! Reports of `migrate` for people.

pub mod rehearsal;
