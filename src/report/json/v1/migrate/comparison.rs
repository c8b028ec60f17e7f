//! `backsmith.migrate/v1` with `command: compare`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA, Server};
use crate::diagnostic::pages;
use crate::migrate::comparison::{Comparison, Counts, Outcome, Side, SideKind};
use crate::migrate::diff::{Change, ChangeKind};
use crate::migrate::rename::Proposal;
use crate::report::json::v1::{Tool, rounded};

#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// `compare`
    pub command: &'static str,
    /// ok, drift or refused
    pub verdict: &'static str,
    pub server: Server,
    pub from: Source,
    pub to: Source,
    pub changes: Vec<ChangeEntry>,
    pub not_managed: Vec<NotManaged>,
    pub hazards: Vec<HazardEntry>,
    /// What may be a rename; dropped and made anew as long as nobody confirms it.
    pub rename_proposals: Vec<ProposalEntry>,
    /// Null when the migration was not proven.
    pub proof: Option<ProofEntry>,
    pub statements: Statements,
    pub files: Vec<FileEntry>,
    /// What was left out while loading files.
    pub notes: Vec<String>,
    /// The files as a unified diff, with `--dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Source {
    /// database or file
    pub kind: &'static str,
    pub name: String,
    /// Absent with `--no-verify`: nothing is judged by it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeEntry {
    /// create, alter, drop or replace
    pub action: &'static str,
    pub kind: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A kind of object that is not compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotManaged {
    pub kind: String,
    pub names: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct HazardEntry {
    pub code: &'static str,
    /// The reference page of the code.
    pub page: Option<String>,
    /// The section of a guide that the page leads to, as `backsmith explain` takes it.
    pub guide: Option<String>,
    pub severity: &'static str,
    pub object: String,
    pub message: String,
    pub allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposalEntry {
    pub kind: String,
    pub old: String,
    pub new: String,
    pub reason: String,
    /// From 0 to 1.
    pub likeness: f64,
    /// The flag that confirms it.
    pub flag: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ProofEntry {
    pub up: &'static str,
    pub down: &'static str,
    pub server_version: String,
    pub seconds: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Statements {
    pub up: usize,
    pub down: usize,
    /// Of the way up.
    pub transactions: usize,
    /// Of the way up, outside of transactions.
    pub alone: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FileEntry {
    pub path: String,
    /// create or keep
    pub action: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_loss: Vec<String>,
}

impl From<&Comparison> for Document {
    fn from(comparison: &Comparison) -> Self {
        let (database, version, version_num) = comparison.server.clone();
        let Counts {
            total,
            transactions,
            alone,
        } = comparison.up;
        Self {
            schema: SCHEMA,
            tool: Tool::CURRENT,
            command: "compare",
            verdict: match comparison.outcome {
                Outcome::Equal | Outcome::Different => "ok",
                Outcome::Drift => "drift",
                Outcome::Refused => "refused",
            },
            server: Server {
                database,
                version,
                version_num,
            },
            from: source(&comparison.from),
            to: source(&comparison.to),
            changes: comparison.changes.iter().map(change).collect(),
            not_managed: comparison
                .unmanaged
                .iter()
                .map(|(kind, names)| NotManaged {
                    kind: kind.clone(),
                    names: names.clone(),
                })
                .collect(),
            hazards: comparison
                .hazards
                .iter()
                .map(|judged| HazardEntry {
                    code: judged.hazard.kind.code(),
                    page: pages::path(judged.hazard.kind.code()),
                    guide: pages::guide(judged.hazard.kind.code()),
                    severity: "error",
                    object: judged.hazard.object(),
                    message: judged
                        .evidence
                        .clone()
                        .unwrap_or_else(|| judged.hazard.message.clone()),
                    allowed: judged.allowed,
                    sql: judged.statement.clone(),
                })
                .collect(),
            rename_proposals: comparison.proposals.iter().map(proposal).collect(),
            proof: comparison.proof.as_ref().map(|proof| ProofEntry {
                up: "exact",
                down: "exact",
                server_version: proof.server_version.clone(),
                seconds: rounded(proof.seconds),
            }),
            statements: Statements {
                up: total,
                down: comparison.down.total,
                transactions,
                alone,
            },
            files: comparison
                .files
                .iter()
                .map(|file| FileEntry {
                    path: file.path.clone(),
                    action: if file.kept { "keep" } else { "create" },
                    data_loss: file.data_loss.clone(),
                })
                .collect(),
            notes: comparison.notes.clone(),
            diff: comparison.diff.clone(),
        }
    }
}

fn proposal(proposal: &Proposal) -> ProposalEntry {
    let old = &proposal.rename.old;
    ProposalEntry {
        kind: match old.label {
            Some(_) => "enum-label".to_owned(),
            None => old.id.kind.name().replace(' ', "-"),
        },
        old: old.name(),
        new: proposal.rename.new.name(),
        reason: proposal.reason.clone(),
        likeness: rounded(proposal.likeness),
        flag: proposal.flag(),
    }
}

fn source(side: &Side) -> Source {
    Source {
        kind: match side.kind {
            SideKind::Database => "database",
            SideKind::File => "file",
        },
        name: side.name.clone(),
        fingerprint: side.fingerprint.clone(),
    }
}

fn change(change: &Change) -> ChangeEntry {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    ChangeEntry {
        action: match change.kind {
            ChangeKind::Create => "create",
            ChangeKind::Alter => "alter",
            ChangeKind::Drop => "drop",
            ChangeKind::Replace => "replace",
        },
        kind: change.id.kind.name().replace(' ', "-"),
        name: change.id.to_string(),
        table: change.table.clone(),
        before: text(&change.before),
        after: text(&change.after),
    }
}
