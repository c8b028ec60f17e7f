//! `backsmith.scaffold-spec/v1`: which routes a project has, and what their description rests on.

use schemars::JsonSchema;
use serde::Serialize;

use super::Tool;
use super::error::{ErrorEntry, Location};
use crate::files::Action;
use crate::report::scaffold_spec::{Conflict, Outcome};
use crate::routes::{Basis, Described, Unresolved};
use crate::settings::scaffold::Mode;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.scaffold-spec/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// `ok`, `unresolved`, `out-of-date` or `conflict`.
    pub verdict: &'static str,
    pub source: Source,
    /// Frameworks whose routes were found.
    pub frameworks: Vec<&'static str>,
    pub output: String,
    pub dry_run: bool,
    pub counts: Counts,
    /// `create`, `update`, `unchanged`; absent on standard output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
    /// `foreign` or `edited`: the file holds what would be lost, and nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<&'static str>,
    pub operations: Vec<Operation>,
    pub unresolved: Vec<UnresolvedRoute>,
    /// Files that could not be read as JavaScript or TypeScript, and what the written version of
    /// OpenAPI cannot hold (`not-in-openapi-3.0`).
    pub diagnostics: Vec<ErrorEntry>,
    /// Of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Source {
    /// Always `routes`.
    pub kind: &'static str,
    pub path: String,
    /// The file in which the application is made.
    pub entry: Option<String>,
    pub title: String,
    pub document_version: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Counts {
    /// Source files that routes stand in, or what they need.
    pub files: usize,
    pub operations: usize,
    pub paths: usize,
    pub schemas: usize,
    pub unresolved: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Operation {
    pub method: String,
    pub path: String,
    pub id: Option<String>,
    pub location: Location,
    /// `generated`, `zod`, `route-schema`, `comment`, `names` or `path`.
    pub basis: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct UnresolvedRoute {
    pub location: Location,
    /// The call, shortened.
    pub excerpt: String,
    pub reason: String,
}

impl From<&Outcome<'_>> for Document {
    fn from(outcome: &Outcome<'_>) -> Self {
        let reading = outcome.reading;
        let is_stale = outcome
            .action
            .is_some_and(|action| action != Action::Unchanged);
        let verdict = if outcome.conflict.is_some() {
            "conflict"
        } else if outcome.mode == Mode::Check && is_stale {
            "out-of-date"
        } else if reading.unresolved.is_empty() {
            "ok"
        } else {
            "unresolved"
        };
        let operations = reading.described.iter().zip(&reading.api.operations);
        Self {
            schema: "backsmith.scaffold-spec/v1",
            tool: Tool::CURRENT,
            verdict,
            source: Source {
                kind: "routes",
                path: outcome.source.clone(),
                entry: reading.entry.clone(),
                title: reading.api.title.clone(),
                document_version: reading.api.version.clone(),
            },
            frameworks: reading
                .frameworks
                .iter()
                .map(|framework| framework.key())
                .collect(),
            output: outcome.output.clone(),
            dry_run: outcome.mode == Mode::DryRun,
            counts: Counts {
                files: reading.files,
                operations: reading.described.len(),
                paths: reading.paths(),
                schemas: reading.api.schemas.len(),
                unresolved: reading.unresolved.len(),
            },
            action: outcome.action.map(action),
            conflict: outcome.conflict.map(|conflict| match conflict {
                Conflict::Foreign => "foreign",
                Conflict::Edited => "edited",
            }),
            operations: operations
                .map(|(described, operation)| entry(described, operation.id.clone()))
                .collect(),
            unresolved: reading
                .unresolved
                .iter()
                .map(UnresolvedRoute::from)
                .collect(),
            diagnostics: reading
                .faults
                .iter()
                .chain(&outcome.left_out)
                .map(ErrorEntry::from)
                .collect(),
            diff: (outcome.mode == Mode::DryRun).then(|| outcome.diff.clone()),
        }
    }
}

impl From<&Unresolved> for UnresolvedRoute {
    fn from(unresolved: &Unresolved) -> Self {
        Self {
            location: Location::from(&unresolved.place),
            excerpt: unresolved.excerpt.clone(),
            reason: unresolved.reason.clone(),
        }
    }
}

fn entry(described: &Described, id: Option<String>) -> Operation {
    Operation {
        method: described.method.key().to_uppercase(),
        path: described.path.clone(),
        id,
        location: Location::from(&described.place),
        basis: match described.basis {
            Basis::Generated => "generated",
            Basis::Zod => "zod",
            Basis::RouteSchema => "route-schema",
            Basis::Comment => "comment",
            Basis::Names => "names",
            Basis::PathAlone => "path",
        },
    }
}

const fn action(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Unchanged => "unchanged",
    }
}
