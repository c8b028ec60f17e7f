//! A framework-neutral model of an HTTP API. Reads OpenAPI documents and writes them; knows nothing
//! of frameworks or of files.

mod model;

pub use model::*;
