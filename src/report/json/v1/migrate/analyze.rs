//! `backsmith migrate --analyze` for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{Finding, summary};
use super::{File, SCHEMA, Server, Summary};
use crate::catalog::statistics::{Statistics as Source, Workload};
use crate::migrate::advise::Analysis;
use crate::report::json::v1::{Tool, rounded};

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AnalyzeDocument")]
pub struct Document {
    /// `backsmith.migrate/v1`.
    pub schema: &'static str,
    pub tool: Tool,
    /// `analyze`.
    pub command: &'static str,
    /// `ok`, or `negative` when there are findings at or above `--fail-on`.
    pub verdict: &'static str,
    pub server: Server,
    pub statistics: Statistics,
    pub findings: Vec<Finding>,
    pub summary: Summary,
    /// Tables too small for some findings to matter.
    pub small_tables: Vec<String>,
    /// Findings that backsmith.toml leaves out.
    pub ignored: usize,
    /// With `--output`.
    pub files: Vec<File>,
    /// With `--dry-run`: what would be written, as a unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// What was looked at, and since when it has been counted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    pub since: Option<String>,
    pub days: f64,
    /// Whether statements are recorded.
    pub pg_stat_statements: bool,
    /// Why they are not.
    pub pg_stat_statements_missing: Option<String>,
    pub statements: usize,
    pub statements_not_understood: usize,
    pub tables: usize,
    pub indexes: usize,
}

impl Document {
    pub fn new(
        source: &Source,
        analysis: &Analysis,
        negative: bool,
        files: Vec<File>,
        diff: Option<String>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool::CURRENT,
            command: "analyze",
            verdict: if negative { "negative" } else { "ok" },
            server: Server::from(source),
            statistics: Statistics::new(source, analysis.statements_not_understood),
            findings: analysis.findings.iter().map(Finding::from).collect(),
            summary: summary(analysis.findings.iter()),
            small_tables: analysis.small_tables.clone(),
            ignored: analysis.ignored,
            files,
            diff,
        }
    }
}

impl From<&Source> for Server {
    fn from(source: &Source) -> Self {
        Self {
            database: source.server.database.clone(),
            version: source.server.version.clone(),
            version_num: source.server.version_number,
        }
    }
}

impl Statistics {
    pub(super) fn new(source: &Source, statements_not_understood: usize) -> Self {
        let missing = match &source.workload {
            Workload::Recorded(_) => None,
            Workload::Missing(why) => Some(why.clone()),
            Workload::NotApplicable => Some("a schema file has no workload".to_owned()),
        };
        Self {
            since: source.server.since.clone(),
            days: rounded(source.server.days),
            pg_stat_statements: missing.is_none(),
            pg_stat_statements_missing: missing,
            statements: source.statements().len(),
            statements_not_understood,
            tables: source.tables.len(),
            indexes: source.indexes.len(),
        }
    }
}
