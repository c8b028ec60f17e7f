//! Swagger 2.0, read straight into the model: what version 3 moved or renamed. All that both have
//! in common (references, schemas, templates, identifiers) is read by the neighbours.

mod collection;
mod form;
mod parameter;
mod response;
mod root;

pub(super) use form::Payload;
