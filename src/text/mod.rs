//! Source text, places in it, and YAML and JSON as values with places. Knows nothing of what the
//! text means.

mod document;
mod indentation;
mod json;
pub mod number;
pub mod percent;
mod places;
mod pointer;
pub mod printable;
pub mod shell;
mod source;
pub mod suggest;
pub mod tree;
pub mod words;
mod yaml;

pub use document::Document;
pub use pointer::{Path, Segment, escape};
pub use printable::{first_unprintable, printable};
pub use source::{Position, SourceFile, Span};
