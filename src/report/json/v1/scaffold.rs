//! `backsmith.scaffold/v1`: what a run wrote, or would write.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::Tool;
use super::error::{ErrorEntry, Location};
use crate::report::json::write_document;
use crate::scaffold::from_catalog::{ResourceSummary, Summary};
use crate::scaffold::{Outcome, OutcomeMode};

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.scaffold/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// `ok`, `conflict` or `out-of-date`.
    pub verdict: &'static str,
    pub source: Source,
    /// `express`, `fastify` or `koa`.
    pub framework: &'static str,
    /// The folder of the routes, relative to the project.
    pub output: String,
    pub project: bool,
    pub dry_run: bool,
    pub counts: Counts,
    /// Sorted by path.
    pub files: Vec<File>,
    /// Sorted by id.
    pub operations: Vec<Operation>,
    /// Operations of the last run that the document has no more; their handlers stay.
    pub orphans: Vec<Orphan>,
    pub conflicts: Vec<Conflict>,
    /// Keywords that requests are not held to.
    pub not_enforced: Vec<NotEnforced>,
    /// Warnings of the document.
    pub diagnostics: Vec<ErrorEntry>,
    /// What a database became, with `--from-db`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// One unified diff, of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldSource")]
pub struct Source {
    /// `openapi` or `postgres`.
    pub kind: &'static str,
    pub path: String,
    /// Of the specification.
    pub version: String,
    pub title: String,
    pub document_version: String,
    pub sha256: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldCounts")]
pub struct Counts {
    pub handlers: usize,
    pub types: usize,
    pub files: usize,
    pub created: usize,
    pub updated: usize,
    pub appended: usize,
    pub removed: usize,
    pub unchanged: usize,
    pub conflicts: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldFile")]
pub struct File {
    pub path: String,
    /// `user` or `generated`.
    pub owner: &'static str,
    /// `create`, `update`, `append`, `remove`, `unchanged`, `keep` or `conflict`.
    pub action: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldOperation")]
pub struct Operation {
    pub id: String,
    pub route: String,
    pub handler: String,
    /// `new` or `known`.
    pub status: &'static str,
    /// Method and path that it had in the last run, when they changed.
    pub was: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldOrphan")]
pub struct Orphan {
    pub id: String,
    pub route: Option<String>,
    pub handler: String,
    pub line: Option<usize>,
    pub renamed_to: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldConflict")]
pub struct Conflict {
    pub path: String,
    /// From what this run would write to what is there.
    pub diff: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldNotEnforced")]
pub struct NotEnforced {
    pub code: &'static str,
    pub keyword: String,
    /// The schema or operation.
    pub place: String,
    pub reason: Option<String>,
    /// JSON pointer of the keyword in its document.
    pub pointer: Option<String>,
    pub location: Option<Location>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldDatabase")]
pub struct Database {
    pub name: String,
    pub resources: Vec<Resource>,
    /// What the validators know of the columns.
    pub checked: Vec<String>,
    /// Constraints that a write can break, and the status that answers.
    pub constraints: Vec<AnsweredConstraint>,
    /// Columns that the database fills in.
    pub not_writable: Vec<String>,
    /// What is worth a look.
    pub notes: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldResource")]
pub struct Resource {
    pub name: String,
    /// `table` or `view`.
    pub kind: &'static str,
    /// The columns that identify a row.
    pub key: Vec<String>,
    pub operations: Vec<&'static str>,
    pub filters: Vec<String>,
    pub sorts: Vec<String>,
    /// Nested lists, by the last segment of their path.
    pub nested: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScaffoldConstraint")]
pub struct AnsweredConstraint {
    pub name: String,
    pub status: u16,
}

impl From<&Summary> for Database {
    fn from(summary: &Summary) -> Self {
        let resource = |resource: &ResourceSummary| Resource {
            name: resource.name.clone(),
            kind: if resource.is_view { "view" } else { "table" },
            key: resource.key.clone(),
            operations: resource.operations.clone(),
            filters: resource.filters.clone(),
            sorts: resource.sorts.clone(),
            nested: resource.nested.clone(),
        };
        let answered = summary.answered.iter();
        Self {
            name: summary.name.clone(),
            resources: summary.resources.iter().map(resource).collect(),
            checked: summary.checked.clone(),
            constraints: answered
                .flat_map(|(status, names)| {
                    names.iter().map(|name| AnsweredConstraint {
                        name: name.clone(),
                        status: *status,
                    })
                })
                .collect(),
            not_writable: summary.filled.clone(),
            notes: summary.notes.clone(),
        }
    }
}

impl From<&Outcome> for Document {
    fn from(outcome: &Outcome) -> Self {
        let mut operations: Vec<Operation> = outcome
            .operations
            .iter()
            .map(|operation| Operation {
                id: operation.id.clone(),
                route: operation.route.clone(),
                handler: operation.handler.clone(),
                status: if operation.is_new { "new" } else { "known" },
                was: operation.was.clone(),
            })
            .collect();
        operations.sort_by(|a, b| a.id.cmp(&b.id));
        let source = &outcome.source;
        Self {
            schema: "backsmith.scaffold/v1",
            tool: Tool::CURRENT,
            verdict: outcome.verdict(),
            source: Source {
                kind: source.kind,
                path: source.path.clone(),
                version: source.version.clone(),
                title: source.title.clone(),
                document_version: source.document_version.clone(),
                sha256: source.sha256.clone(),
            },
            framework: outcome.framework.key(),
            output: outcome.output.clone(),
            project: outcome.project,
            dry_run: outcome.mode == OutcomeMode::DryRun,
            counts: Counts {
                handlers: outcome.operations.len(),
                types: outcome.types,
                files: outcome.files.len(),
                created: outcome.count("create"),
                updated: outcome.count("update"),
                appended: outcome.count("append"),
                removed: outcome.count("remove"),
                unchanged: outcome.count("unchanged") + outcome.count("keep"),
                conflicts: outcome.count("conflict"),
            },
            files: outcome
                .files
                .iter()
                .map(|file| File {
                    path: file.path.clone(),
                    owner: file.owner,
                    action: file.action,
                })
                .collect(),
            operations,
            orphans: outcome
                .orphans
                .iter()
                .map(|orphan| Orphan {
                    id: orphan.id.clone(),
                    route: orphan.route.clone(),
                    handler: orphan.handler.clone(),
                    line: orphan.line,
                    renamed_to: orphan.renamed_to.clone(),
                })
                .collect(),
            conflicts: outcome
                .conflicts()
                .map(|file| Conflict {
                    path: file.path.clone(),
                    diff: file.edit.clone().unwrap_or_default(),
                })
                .collect(),
            not_enforced: outcome
                .not_enforced
                .iter()
                .map(|item| NotEnforced {
                    code: "unsupported-keyword",
                    keyword: item.keyword.clone(),
                    place: item.place.clone(),
                    reason: item.reason.clone(),
                    pointer: item.pointer.clone(),
                    location: item.span.as_ref().map(Location::from),
                })
                .collect(),
            diagnostics: outcome.diagnostics.iter().map(ErrorEntry::from).collect(),
            database: source.database.as_ref().map(Database::from),
            diff: (outcome.mode == OutcomeMode::DryRun).then(|| outcome.diff.clone()),
        }
    }
}

pub fn write(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    write_document(out, &Document::from(outcome))
}
