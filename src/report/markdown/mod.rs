//! Reports as Markdown.

pub mod decide;
pub mod loadtest;
