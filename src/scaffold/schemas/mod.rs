//! Schemas as zod expressions, exact: what zod has no words for goes to runtime/schema.ts.

mod compositions;
mod coverage;
mod gaps;
mod objects;
mod questions;
mod values;
mod writer;

pub(super) use gaps::Gap;
pub(super) use gaps::Gathered;
pub use gaps::NotEnforced;
pub(super) use questions::{holds_files, is_file, is_wide};
pub(super) use writer::Schemas;
