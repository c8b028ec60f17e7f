//! A framework-neutral model of an HTTP API. Reads OpenAPI documents and writes them; knows nothing
//! of frameworks or of files.

mod load;
mod model;
mod origins;
mod read;
mod visit;
mod write;

pub use load::{LoadFault, LoadFaultKind, Loaded, Loader, UNREACHABLE_DOCUMENT};
pub use model::*;
pub use origins::{OriginId, Origins};
pub use read::{Reading, is_valid, read, read_all, style_named};
pub use visit::{change_schema, change_schemas, visit_references, visit_schemas};
pub use write::{Notation, WrittenVersion, render, schema_value, write, write_version};
