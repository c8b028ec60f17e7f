//! The result of a comparison: what differs, what it costs, what was proven, what would be written.

use std::collections::BTreeMap;

use super::diff::{Change, Hazard, Section, Statement};
use super::rename::Proposal;

/// One side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub kind: SideKind,
    /// The database's name, or the path as it was given.
    pub name: String,
    /// Eight hexadecimal digits; none when nothing was to be judged by them.
    pub fingerprint: Option<String>,
    /// (what, how many), for one line of the report.
    pub counts: Vec<(&'static str, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SideKind {
    Database,
    File,
}

/// A hazard, what is known of the data behind it, and whether a flag accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedHazard {
    pub hazard: Hazard,
    /// "41,906 of 318,204 rows hold a value"
    pub evidence: Option<String>,
    pub allowed: bool,
    /// The statement that does it.
    pub statement: Option<String>,
}

/// The migration ran up and down on a copy, and both ends were as they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    pub server_version: String,
    pub seconds: f64,
}

/// A file of the migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub statements: Counts,
    /// What does not come back with it.
    pub data_loss: Vec<String>,
    /// Whether it is there already, with these bytes.
    pub kept: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: usize,
    pub transactions: usize,
    pub alone: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing differs.
    Equal,
    /// Differences; with or without files.
    Different,
    /// `--check` found differences.
    Drift,
    /// Data would be destroyed, and no flag allows it.
    Refused,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub outcome: Outcome,
    /// Database, version and its number of the server that holds the source, or did the work.
    pub server: (String, String, u32),
    pub from: Side,
    pub to: Side,
    pub changes: Vec<Change>,
    pub unmanaged: BTreeMap<String, Vec<String>>,
    pub hazards: Vec<JudgedHazard>,
    /// What may be a rename, and is none as long as nobody says so.
    pub proposals: Vec<Proposal>,
    pub proof: Option<Proof>,
    pub up: Counts,
    pub down: Counts,
    pub files: Vec<File>,
    /// What was left out while loading.
    pub notes: Vec<String>,
    /// `--dry-run`: the files as a unified diff.
    pub diff: Option<String>,
}

impl Comparison {
    /// The proposal that would keep what the hazard destroys.
    pub fn proposal_for(&self, hazard: &Hazard) -> Option<&Proposal> {
        self.proposals
            .iter()
            .find(|proposal| proposal.rename.old.id == hazard.id)
    }

    pub fn refused(&self) -> impl Iterator<Item = &JudgedHazard> {
        self.hazards.iter().filter(|hazard| !hazard.allowed)
    }
}

/// Statements as a report counts them.
pub fn count(statements: &[Statement]) -> Counts {
    let within = |section| {
        statements
            .iter()
            .any(|statement| statement.section == section)
    };
    Counts {
        total: statements.len(),
        transactions: Section::ALL
            .into_iter()
            .filter(|section| section.is_transaction() && within(*section))
            .count(),
        alone: statements
            .iter()
            .filter(|statement| !statement.section.is_transaction())
            .count(),
    }
}
