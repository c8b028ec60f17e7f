//! Source text and places in it. Knows nothing of what the text means.

mod source;
pub mod suggest;

pub use source::{Position, SourceFile, Span};
