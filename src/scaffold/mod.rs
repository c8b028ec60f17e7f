//! An HTTP API model and a framework become the files of a server. Knows nothing of where they go.

mod framework;
pub mod from_catalog;
mod generate;

// The document, made ready.
mod kinds;
mod models;
mod names;
mod outcome;
mod paths;
mod plan;

// One file per artefact.
mod declarations;
mod defaults;
mod handlers;
mod outgoing;
mod patterns;
mod project;
mod requests;
mod schemas;
mod security;
mod shapes;
mod types;
mod unicode;
mod validation;
mod wiring;
mod xml;

// One file per framework.
mod express;
mod fastify;
mod koa;

mod code;

pub use framework::Framework;
pub use generate::{Artefacts, Options, Output, OutputFile, OutputOperation, Owner, service};
pub use handlers::{IMPORTS, Stub};
pub use outcome::{Orphan, Outcome, OutcomeFile, OutcomeMode, OutcomeOperation, OutcomeSource};
pub use schemas::NotEnforced;
