//! `backsmith migrate --suggest-indexes` for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::analyze::Statistics;
use super::finding::{Finding, summary};
use super::{File, SCHEMA, Server, Summary};
use crate::catalog::statistics::Statistics as Source;
use crate::migrate::suggest::{Considered as SourceConsidered, Suggestions};
use crate::report::json::v1::Tool;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SuggestIndexesDocument")]
pub struct Document {
    /// `backsmith.migrate/v1`.
    pub schema: &'static str,
    pub tool: Tool,
    /// `suggest-indexes`.
    pub command: &'static str,
    /// `ok`, or `negative` when there are findings at or above `--fail-on`.
    pub verdict: &'static str,
    pub server: Server,
    pub statistics: Statistics,
    /// Version of HypoPG; without it the costs with an index are estimates.
    pub hypopg: Option<String>,
    pub findings: Vec<Finding>,
    pub summary: Summary,
    /// Candidates that were not chosen.
    pub considered: Vec<Considered>,
    /// Statements whose cost the planner gave.
    pub judged: usize,
    /// With `--output`.
    pub files: Vec<File>,
    /// With `--dry-run`: what would be written, as a unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Considered {
    pub table: String,
    pub columns: Vec<String>,
    /// The condition of a partial index.
    #[serde(rename = "where")]
    pub predicate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_bytes: Option<i64>,
    pub rejected: String,
}

impl Document {
    pub fn new(
        source: &Source,
        suggestions: &Suggestions,
        negative: bool,
        files: Vec<File>,
        diff: Option<String>,
    ) -> Self {
        let finding = |suggestion: &crate::migrate::suggest::Suggestion| Finding {
            estimated_bytes: Some(suggestion.bytes),
            ..Finding::from(&suggestion.finding)
        };
        Self {
            schema: SCHEMA,
            tool: Tool::CURRENT,
            command: "suggest-indexes",
            verdict: if negative { "negative" } else { "ok" },
            server: Server::from(source),
            statistics: Statistics::new(source, suggestions.not_judged),
            hypopg: source.server.hypopg.clone(),
            findings: suggestions.chosen.iter().map(finding).collect(),
            summary: summary(
                suggestions
                    .chosen
                    .iter()
                    .map(|suggestion| &suggestion.finding),
            ),
            considered: suggestions
                .considered
                .iter()
                .map(Considered::from)
                .collect(),
            judged: suggestions.judged,
            files,
            diff,
        }
    }
}

impl From<&SourceConsidered> for Considered {
    fn from(source: &SourceConsidered) -> Self {
        Self {
            table: source.table.clone(),
            columns: source.keys.clone(),
            predicate: source.predicate.clone(),
            estimated_bytes: source.bytes,
            rejected: source.rejected.clone(),
        }
    }
}
