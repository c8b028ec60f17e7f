//! Engine results as text and documents: one file per output format and subcommand. Writers are
//! arguments; nothing here knows what a terminal is.

pub mod annotation;
pub mod csv;
pub mod digest;
pub mod doctor;
pub mod emit;
pub mod github;
pub mod hlog;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod scaffold_spec;
pub mod wording;
