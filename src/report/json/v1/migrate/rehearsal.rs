//! The report of `--migrate FILE --dry-run`.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Tool;
use super::super::error::Location;
use super::super::rounded;
use super::{SCHEMA, Server};
use crate::catalog::effect::Outcome;
use crate::diagnostic::pages;
use crate::migrate::rehearsal::{Answer, Finding, READ_RATE, Rehearsal, Step, Times, Verdict};
use crate::migrate::script::Place;
use crate::redact;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// Always `dry-run`.
    pub command: &'static str,
    /// `would-fail`, `look` (findings below errors) or `holds`.
    pub verdict: &'static str,
    pub server: Server,
    pub file: String,
    pub rehearsed_on: String,
    /// Whether the seconds are `estimated` from the live sizes or `measured` on the live database.
    pub times: &'static str,
    /// What a rollback on the live database did not take back.
    pub remains: Vec<String>,
    /// What should be known beside the rehearsal, as sentences.
    pub notes: Vec<String>,
    pub statements: Vec<Statement>,
    /// Statements that an earlier run has applied; they are not rehearsed.
    pub applied_before: usize,
    /// Statements behind the one that failed.
    pub not_reached: usize,
    pub relations: Vec<Relation>,
    pub estimate: Estimate,
    /// What of the schema is not on the copy.
    pub not_copied: Vec<String>,
    pub findings: Vec<FindingEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Statement {
    pub number: usize,
    /// `transaction 1`, or `alone`.
    pub section: String,
    pub sql: String,
    /// `measured`, `not-measured` or `failed`.
    pub outcome: &'static str,
    /// The strongest mode on each relation that was there before; weaker than RowExclusive is not told.
    pub locks: Vec<LockEntry>,
    /// What waits meanwhile: reads, writes, ddl.
    pub blocks: Vec<&'static str>,
    pub rewrites: Vec<String>,
    pub scans: Vec<String>,
    pub lost: Vec<LostEntry>,
    pub scanned_bytes: u64,
    pub estimated_seconds: f64,
    pub probes: Vec<Probe>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub location: Location,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct LockEntry {
    pub relation: String,
    pub mode: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct LostEntry {
    pub kind: &'static str,
    pub name: String,
    pub relation: String,
}

/// A question to the live data.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Probe {
    pub sql: String,
    /// Rows that stand in the way; null when it was not found out.
    pub rows: Option<i64>,
    pub passes: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Relation {
    pub name: String,
    /// Null when the table was never analyzed.
    pub rows: Option<i64>,
    pub bytes: i64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Estimate {
    pub seconds: f64,
    pub assumed_read_bytes_per_second: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingEntry {
    pub code: &'static str,
    /// The reference page of the code.
    pub page: Option<String>,
    /// The section of a guide that the page leads to, as `backsmith explain` takes it.
    pub guide: Option<String>,
    pub severity: &'static str,
    pub table: Option<String>,
    pub columns: Vec<String>,
    pub statement: usize,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    pub location: Option<Location>,
    pub help: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// Null when it is known that there are some, and not how many.
    pub rows: Option<i64>,
    pub samples: Vec<String>,
    pub sql: Option<String>,
}

/// What the document says beside the rehearsal itself.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub server: Server,
    pub file: String,
    pub rehearsed_on: String,
    pub not_copied: Vec<String>,
    pub notes: Vec<String>,
}

impl Document {
    pub fn new(rehearsal: &Rehearsal, around: &Surroundings) -> Self {
        let verdict = match rehearsal.verdict() {
            Verdict::WouldFail => "would-fail",
            Verdict::Look => "look",
            Verdict::Holds => "holds",
        };
        let relations = rehearsal.relations.iter().map(|(name, live)| Relation {
            name: name.clone(),
            rows: live.rows,
            bytes: live.bytes,
        });
        Self {
            schema: SCHEMA,
            tool: Tool::CURRENT,
            command: "dry-run",
            verdict,
            server: around.server.clone(),
            file: around.file.clone(),
            rehearsed_on: around.rehearsed_on.clone(),
            times: match rehearsal.times {
                Times::Estimated => "estimated",
                Times::Measured => "measured",
            },
            remains: rehearsal.remains.clone(),
            notes: around.notes.clone(),
            statements: rehearsal.steps.iter().map(Statement::from).collect(),
            applied_before: rehearsal.skipped,
            not_reached: rehearsal
                .total
                .saturating_sub(rehearsal.steps.len() + rehearsal.skipped),
            relations: relations.collect(),
            estimate: Estimate {
                seconds: rounded(rehearsal.seconds),
                assumed_read_bytes_per_second: READ_RATE,
            },
            not_copied: around.not_copied.clone(),
            findings: rehearsal.findings.iter().map(FindingEntry::from).collect(),
        }
    }
}

/// The name of a section, the same in text and in documents.
pub fn section(place: Place) -> String {
    match place {
        Place::Transaction(number) => format!("transaction {number}"),
        Place::Alone => "alone".to_owned(),
    }
}

impl From<&Step> for Statement {
    fn from(step: &Step) -> Self {
        let effect = step.effect().cloned().unwrap_or_default();
        let mut blocks: Vec<_> = effect
            .locks
            .iter()
            .flat_map(|lock| lock.mode.blocks())
            .collect();
        blocks.sort();
        blocks.dedup();
        let (outcome, reason) = match &step.outcome {
            Outcome::Measured(_) => ("measured", None),
            Outcome::NotMeasured(reason) => ("not-measured", Some(reason.clone())),
            Outcome::Failed(fault) => (
                "failed",
                Some(format!("{} ({})", fault.message, fault.code)),
            ),
        };
        let lock = |lock: &crate::catalog::effect::Lock| LockEntry {
            relation: lock.relation.clone(),
            mode: format!("{}Lock", lock.mode.name()),
        };
        let lost = |lost: &crate::catalog::effect::Lost| LostEntry {
            kind: lost.kind.name(),
            name: lost.name.clone(),
            relation: lost.relation.clone(),
        };
        let probe =
            |(question, answer): &(crate::migrate::rehearsal::Question, Answer)| match answer {
                Answer::Rows { rows, .. } => Probe {
                    sql: question.count.clone(),
                    rows: Some(*rows),
                    passes: Some(*rows == 0),
                    reason: None,
                },
                Answer::Errors { message, .. } => Probe {
                    sql: question.count.clone(),
                    rows: None,
                    passes: Some(false),
                    reason: Some(message.clone()),
                },
                Answer::Unknown(reason) => Probe {
                    sql: question.count.clone(),
                    rows: None,
                    passes: None,
                    reason: Some(reason.clone()),
                },
            };
        Self {
            number: step.number,
            section: section(step.place),
            sql: redact::in_place(&step.sql).into_owned(),
            outcome,
            locks: effect.locks.iter().map(lock).collect(),
            blocks: blocks.into_iter().map(|used| used.name()).collect(),
            rewrites: effect.rewrites.clone(),
            scans: effect
                .scans
                .iter()
                .map(|scan| scan.relation.clone())
                .collect(),
            lost: effect.lost.iter().map(lost).collect(),
            scanned_bytes: step.scanned_bytes,
            estimated_seconds: rounded(step.seconds),
            probes: step.questions.iter().map(probe).collect(),
            reason,
            location: Location::from(&step.span),
        }
    }
}

impl From<&Finding> for FindingEntry {
    fn from(finding: &Finding) -> Self {
        let is_looked_up = finding.rows.is_some() || !finding.samples.is_empty();
        let evidence = is_looked_up.then(|| Evidence {
            rows: finding.rows,
            samples: finding.samples.clone(),
            sql: finding.sql.clone(),
        });
        Self {
            code: finding.diagnostic.code,
            page: pages::path(finding.diagnostic.code),
            guide: pages::guide(finding.diagnostic.code),
            severity: finding.diagnostic.severity.name(),
            table: finding.table.clone(),
            columns: finding.columns.clone(),
            statement: finding.statement,
            message: finding.diagnostic.message.clone(),
            evidence,
            location: finding.diagnostic.span.as_ref().map(Location::from),
            help: finding.diagnostic.help.clone(),
        }
    }
}
