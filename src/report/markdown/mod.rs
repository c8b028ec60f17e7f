//! Reports as Markdown, for pull requests and job summaries.

pub mod decide;
pub mod loadtest;
pub mod migrate;
mod survey;
mod text;

use text::{cell, code, code_cell, plain, prose};
