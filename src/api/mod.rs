//! A framework-neutral model of an HTTP API. Reads OpenAPI documents and writes them; knows nothing
//! of frameworks or of files.

mod model;
mod read;
mod visit;
mod write;

pub use model::*;
pub use read::{is_valid, read, style_named};
pub use visit::{change_schema, change_schemas, visit_references, visit_schemas};
pub use write::{Notation, WrittenVersion, render, schema_value, write, write_version};
