//! The files of a migration: named by time and stem, written at once, and not written twice.

use crate::commands::migrate::files::{self, Unnumbered, next_second, second, seconds, stream};
use crate::failure::Failure;
use crate::files::{Plan as FilePlan, PlannedFile};
use crate::migrate::comparison::{self, Comparison, Counts, File};
use crate::migrate::diff::{Plan, Statement};
use crate::migrate::file::{self, Header};
use crate::migrate::header;
use crate::migrate::layout::{Tool, Version, Written};
use crate::settings::migrate::{Compare as Request, Output, Target as Wanted};
use crate::terminal::Terminal;

/// What is to be written.
pub(super) enum Migration<'a> {
    /// One pair of our own.
    Pair {
        up: &'a Plan,
        down: &'a Plan,
    },
    Versions(Tool, Vec<Version>),
}

/// A file, and what a report says of it. Its name lacks the time.
struct Entry {
    file: Unnumbered,
    statements: Counts,
    data_loss: Vec<String>,
}

impl Entry {
    fn planned(&self, second: i64) -> PlannedFile {
        let file = self.file.numbered(second);
        PlannedFile {
            path: file.name.into(),
            contents: file.contents,
        }
    }
}

/// Writes what the request asks for and lists it in the comparison.
pub(super) fn files(
    request: &Request,
    comparison: &mut Comparison,
    migration: &Migration,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let Some(output) = &request.writing.output else {
        return Ok(());
    };
    let name = request
        .writing
        .name
        .clone()
        .unwrap_or_else(|| default_name(&request.target));
    let entries = match migration {
        Migration::Pair { up, down } => pair(request, comparison, (up, down), &name),
        Migration::Versions(tool, versions) => of_tool(*tool, versions, &name),
    };
    match output {
        Output::Standard => {
            let second = second()?;
            let files = entries.iter().map(|entry| entry.file.numbered(second));
            let files: Vec<Written> = files.collect();
            let text = match (migration, files.first()) {
                (Migration::Pair { .. }, Some(up)) => up.contents.clone(),
                _ => stream(&files),
            };
            write!(terminal.output(), "{text}")?;
        }
        Output::Folder(folder) => {
            let plan_of = |second: i64| {
                let planned = entries.iter().map(|entry| entry.planned(second));
                FilePlan::new(folder, planned.collect())
            };
            let seconds = seconds(folder);
            // What is the same as an earlier run wrote stays as it is.
            let present = seconds.iter().rev().copied().find(|second| {
                let first = entries.first();
                first.is_some_and(|entry| folder.join(entry.planned(*second).path).exists())
                    && plan_of(*second).is_ok_and(|plan| !plan.changes())
            });
            let second = match present {
                Some(second) => second,
                None => next_second(&seconds)?,
            };
            let plan = plan_of(second)?;
            comparison.files = entries
                .into_iter()
                .map(|entry| File {
                    path: folder
                        .join(entry.planned(second).path)
                        .display()
                        .to_string(),
                    statements: entry.statements,
                    data_loss: entry.data_loss,
                    kept: !plan.changes(),
                })
                .collect();
            if request.writing.dry_run {
                comparison.diff = Some(plan.diff());
            } else {
                plan.apply()?;
            }
        }
    }
    Ok(())
}

/// Up comes first.
fn pair(
    request: &Request,
    comparison: &Comparison,
    (up, down): (&Plan, &Plan),
    name: &str,
) -> Vec<Entry> {
    [
        ("up", up, &comparison.from, &comparison.to),
        ("down", down, &comparison.to, &comparison.from),
    ]
    .into_iter()
    .map(|(direction, plan, from, to)| {
        let header = Header {
            title: format!("{} to {}", from.name, to.name),
            proof: header::proof(
                comparison
                    .proof
                    .as_ref()
                    .map(|proof| &*proof.server_version),
            ),
            from: from.fingerprint.clone().unwrap_or_default(),
            to: to.fingerprint.clone().unwrap_or_default(),
        };
        let text = file::text(&header, &plan.statements, request.planning);
        Entry {
            file: Unnumbered::pair(name, direction, text),
            statements: comparison::count(&plan.statements),
            data_loss: losses(&plan.statements),
        }
    })
    .collect()
}

fn of_tool(tool: Tool, versions: &[Version], name: &str) -> Vec<Entry> {
    let entry = |file: Unnumbered| {
        let version = &versions[file.version];
        let mut statements = Vec::new();
        if file.is_sql() && !file.is_down() {
            statements.extend(version.up.statements.iter().cloned());
        }
        if file.is_sql() && (file.is_down() || tool == Tool::Dbmate) {
            statements.extend(version.down.statements.iter().cloned());
        }
        Entry {
            statements: comparison::count(&statements),
            data_loss: losses(&statements),
            file,
        }
    };
    let files = files::of_tool(tool, versions, name);
    files.into_iter().map(entry).collect()
}

fn losses(statements: &[Statement]) -> Vec<String> {
    statements
        .iter()
        .filter_map(|statement| statement.data_loss.clone())
        .collect()
}

/// The stem of the target, as part of a file name.
fn default_name(target: &Wanted) -> String {
    let text = match target {
        Wanted::Files(path) => path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default(),
        Wanted::Database(url) => crate::postgres::Target::parse(url, None)
            .map(|target| target.database().to_owned())
            .unwrap_or_default(),
    };
    let name: String = text
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || letter == '-' {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let name = name.trim_matches('_').to_owned();
    if name.is_empty() {
        "schema".to_owned()
    } else {
        name
    }
}
