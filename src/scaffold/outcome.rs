//! What a run did, or would do, for the reports.

use super::framework::Framework;
use super::from_catalog::Summary;
use super::schemas::NotEnforced;
use crate::diagnostic::Diagnostic;

#[derive(Clone, Debug)]
pub struct Outcome {
    pub source: OutcomeSource,
    pub framework: Framework,
    /// The project's folder as seen from where the run was started; empty when it is the same.
    pub folder: String,
    /// The folder of the routes, relative to the project.
    pub output: String,
    pub project: bool,
    pub mode: OutcomeMode,
    /// Whether the project was there before.
    pub rerun: bool,
    /// Sorted by path.
    pub files: Vec<OutcomeFile>,
    /// In the order of the routes.
    pub operations: Vec<OutcomeOperation>,
    /// Operations that the document has no more.
    pub orphans: Vec<Orphan>,
    pub types: usize,
    /// Security schemes and what checks them.
    pub schemes: Vec<String>,
    pub not_enforced: Vec<NotEnforced>,
    /// Warnings of the document.
    pub diagnostics: Vec<Diagnostic>,
    /// One unified diff, of a dry run.
    pub diff: String,
}

#[derive(Clone, Debug)]
pub struct OutcomeSource {
    /// `openapi` or `postgres`.
    pub kind: &'static str,
    pub path: String,
    /// Of the specification.
    pub version: String,
    pub title: String,
    pub document_version: String,
    pub sha256: String,
    /// What a database became.
    pub database: Option<Summary>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeMode {
    Write,
    DryRun,
    Check,
}

#[derive(Clone, Debug)]
pub struct OutcomeFile {
    pub path: String,
    /// `user` or `generated`.
    pub owner: &'static str,
    /// `create`, `update`, `append`, `remove`, `unchanged`, `keep` or `conflict`.
    pub action: &'static str,
    pub added: usize,
    pub removed: usize,
    /// What was appended.
    pub note: Option<String>,
    /// Of a conflict: the user's edit.
    pub edit: Option<String>,
}

#[derive(Clone, Debug)]
pub struct OutcomeOperation {
    pub id: String,
    pub route: String,
    pub handler: String,
    /// Where its handler begins, from 1.
    pub line: Option<usize>,
    pub is_new: bool,
    /// Method and path that it had in the last run, when they changed.
    pub was: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Orphan {
    pub id: String,
    pub route: Option<String>,
    pub handler: String,
    pub line: Option<usize>,
    /// The new operation with the same method and path.
    pub renamed_to: Option<String>,
}

impl Outcome {
    pub fn count(&self, action: &str) -> usize {
        self.files
            .iter()
            .filter(|file| file.action == action)
            .count()
    }

    pub fn conflicts(&self) -> impl Iterator<Item = &OutcomeFile> {
        self.files.iter().filter(|file| file.action == "conflict")
    }

    pub fn changes(&self) -> impl Iterator<Item = &OutcomeFile> {
        self.files
            .iter()
            .filter(|file| matches!(file.action, "create" | "update" | "append" | "remove"))
    }

    /// `ok`, `conflict` or `out-of-date`.
    pub fn verdict(&self) -> &'static str {
        if self.conflicts().next().is_some() {
            "conflict"
        } else if self.mode == OutcomeMode::Check && self.changes().next().is_some() {
            "out-of-date"
        } else {
            "ok"
        }
    }
}
