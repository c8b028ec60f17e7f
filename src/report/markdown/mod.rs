//! Reports as Markdown, for pull requests and job summaries.

pub mod decide;
pub mod loadtest;
pub mod migrate;
mod survey;

/// A cell of a table: no line ends, no bars.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
