//! Version 1 of the wire formats. Additive changes only. Each document's schema is published in
//! references/schema/ and compared in a test.

pub mod decide;
pub mod decide_question;
pub mod doctor;
pub mod error;
pub mod explain;
pub mod loadtest;
pub mod migrate;
pub mod scaffold;
pub mod scaffold_spec;
mod schemas;
mod tool;

pub use schemas::published_schemas;
pub use tool::Tool;

/// Three decimals: milliseconds of seconds, microseconds of milliseconds.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
