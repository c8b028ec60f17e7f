//! A finding of the analysis or a suggestion, as programs get it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::rounded;
use super::Summary;
use crate::diagnostic::{Severity, pages};
use crate::migrate::advise::{Fact, Finding as Source, Mend};

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// Kebab-case, the same in every command and format.
    pub code: &'static str,
    /// The reference page of the code.
    pub page: Option<String>,
    /// The section of a guide that the page leads to, as `backsmith explain` takes it.
    pub guide: Option<String>,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// With its schema: `public.items`.
    pub table: String,
    /// Columns or expressions, with `DESC` where an index needs it.
    pub columns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// The statement that cures it; for `n-plus-one` the statement that is run too often; null where a
    /// person has to decide.
    pub sql: Option<String>,
    pub message: String,
    /// What there is to decide, when `sql` is null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// `high`, `medium` or `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<&'static str>,
    /// What was measured; the fields depend on the code.
    pub evidence: IndexMap<&'static str, serde_json::Value>,
    /// One statement in place of many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batched_sql: Option<String>,
    /// Disk space of a suggested index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_bytes: Option<i64>,
}

impl From<&Source> for Finding {
    fn from(source: &Source) -> Self {
        let (sql, decision, confidence, batched_sql) = match &source.mend {
            Mend::Statement { up, .. } => (Some(up.clone()), None, None, None),
            Mend::Decision(decision) => (None, Some(decision.clone()), None, None),
            Mend::Batch {
                statement,
                batched,
                confidence,
            } => (
                Some(statement.clone()),
                None,
                Some(confidence.name()),
                batched.clone(),
            ),
        };
        Self {
            code: source.code,
            page: pages::path(source.code),
            guide: pages::guide(source.code),
            severity: source.severity.name(),
            table: source.table.clone(),
            columns: source.columns.clone(),
            index: source.index.clone(),
            sql,
            message: source.message.clone(),
            decision,
            confidence,
            evidence: source
                .evidence
                .iter()
                .map(|(name, fact)| (*name, value(fact)))
                .collect(),
            batched_sql,
            estimated_bytes: None,
        }
    }
}

/// Milliseconds and other fractions have three decimals.
fn value(fact: &Fact) -> serde_json::Value {
    match fact {
        Fact::Text(text) => text.clone().into(),
        Fact::Number(number) => (*number).into(),
        Fact::Decimal(number) => rounded(*number).into(),
        Fact::Flag(flag) => (*flag).into(),
        Fact::List(list) => list.clone().into(),
        Fact::Unknown => serde_json::Value::Null,
    }
}

pub(super) fn summary<'a>(findings: impl Iterator<Item = &'a Source>) -> Summary {
    let mut summary = Summary::default();
    for finding in findings {
        match finding.severity {
            Severity::Error => summary.error += 1,
            Severity::Warning => summary.warning += 1,
            Severity::Info => summary.info += 1,
        }
    }
    summary
}
