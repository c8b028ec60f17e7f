//! A framework-neutral model of an HTTP API. Reads OpenAPI documents and writes them; knows nothing
//! of frameworks or of files.

mod model;
mod read;

pub use model::*;
pub use read::{is_valid, read};
