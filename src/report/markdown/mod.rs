//! Reports as Markdown.

pub mod decide;
