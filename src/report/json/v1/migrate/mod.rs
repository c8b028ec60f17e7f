//! `backsmith.migrate/v1`: one schema; the field `command` tells which report it is.

pub mod execution;
pub mod rehearsal;

use schemars::JsonSchema;
use serde::Serialize;

/// Every report of `migrate`, for the published schema.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "backsmith.migrate/v1")]
pub enum Document {
    DryRun(Box<rehearsal::Document>),
    Apply(Box<execution::Document>),
}

pub const SCHEMA: &str = "backsmith.migrate/v1";

/// The server that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Server {
    pub database: String,
    pub version: String,
    pub version_num: u32,
}
