//! Connections, introspection, execution and scratch databases. The only place that names sqlx.

mod activity;
pub mod apply;
mod bodies;
mod connect;
mod error;
mod fault;
pub mod fingerprint;
pub mod health;
pub mod history;
pub mod introspect;
pub mod load;
pub mod plans;
pub mod pooler;
mod quote;
pub mod rehearse;
pub mod scratch;
pub mod session;
mod snapshot;
pub mod statistics;
pub mod values;

pub use connect::{Canceller, Connection, FULL, ReadOnly, Server, Target, runtime};
use fault::fault_of;

pub use error::{DatabaseError, Error};
pub use quote::{identifier as quote_identifier, literal as quote_literal};
pub use session::SessionDefaults;
