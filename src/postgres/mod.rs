//! Connections, introspection, execution and scratch databases. The only place that names sqlx.

mod connect;
mod copy;
mod error;
mod quote;
pub mod rehearse;
pub mod scratch;
mod session;

pub use connect::{Canceller, Connection, Server, Target, runtime};
pub use copy::{NotCopied, SchemaCopy};
pub use error::{DatabaseError, Error};
pub use quote::{identifier as quote_identifier, literal as quote_literal};
pub use session::SessionDefaults;
