//! `backsmith.migrate/v1`: one schema; the field `command` tells which report it is.

pub mod analyze;
pub mod comparison;
pub mod execution;
pub mod finding;
pub mod rehearsal;
pub mod suggest_indexes;

use schemars::JsonSchema;
use serde::Serialize;

/// Every report of `migrate`, for the published schema.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "backsmith.migrate/v1")]
pub enum Document {
    Analyze(Box<analyze::Document>),
    SuggestIndexes(Box<suggest_indexes::Document>),
    Compare(Box<comparison::Document>),
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

/// A file of a migration.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct File {
    pub path: String,
    /// `create`, `update` or `unchanged`; nothing is done with `--dry-run`.
    pub action: &'static str,
}

/// How many findings of each severity there are.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
pub struct Summary {
    pub error: usize,
    pub warning: usize,
    pub info: usize,
}
