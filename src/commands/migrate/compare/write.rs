//! The files of a migration: named by time and stem, written at once, and not written twice.

use std::path::Path;

use crate::commands::migrate::files::{is_down, second, stamp};
use crate::failure::Failure;
use crate::files::{Plan as FilePlan, PlannedFile};
use crate::migrate::comparison::{self, Comparison, Counts, File};
use crate::migrate::diff::{Plan, Statement};
use crate::migrate::file::{self, Header};
use crate::migrate::header;
use crate::migrate::layout::{self, Tool, Version};
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

/// A file, and what a report says of it.
struct Entry {
    planned: PlannedFile,
    statements: Counts,
    data_loss: Vec<String>,
}

/// Writes what the request asks for and lists it in the comparison.
pub(super) fn files(
    request: &Request,
    comparison: &mut Comparison,
    migration: &Migration,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let name = request
        .writing
        .name
        .clone()
        .unwrap_or_else(|| default_name(&request.target));
    let entries = |second: i64| match migration {
        Migration::Pair { up, down } => pair(request, comparison, (up, down), second, &name),
        Migration::Versions(tool, versions) => of_tool(*tool, versions, second, &name),
    };
    match &request.writing.output {
        None => {}
        Some(Output::Standard) => {
            let entries = entries(second()?);
            let ups = entries
                .iter()
                .filter(|entry| !is_down(&entry.planned.path.to_string_lossy()));
            for (at, entry) in ups.enumerate() {
                let out = terminal.output();
                if at > 0 {
                    writeln!(out)?;
                }
                if matches!(migration, Migration::Versions(..)) {
                    writeln!(out, "-- file: {}", entry.planned.path.display())?;
                }
                write!(out, "{}", entry.planned.contents)?;
            }
        }
        Some(Output::Folder(folder)) => {
            let numbers = numbers(folder);
            let plan_of = |entries: &[Entry]| {
                let planned = entries.iter().map(|entry| entry.planned.clone());
                FilePlan::new(folder, planned.collect())
            };
            let present = numbers
                .iter()
                .rev()
                .find(|second| plan_of(&entries(**second)).is_ok_and(|plan| !plan.changes()));
            // Later than all that is there: some tools leave out what comes too late.
            let later = numbers.last().map_or(i64::MIN, |last| last + 1);
            let second = match present {
                Some(second) => *second,
                None => second()?.max(later),
            };
            let entries = entries(second);
            let plan = plan_of(&entries)?;
            comparison.files = entries
                .into_iter()
                .map(|entry| File {
                    path: folder.join(&entry.planned.path).display().to_string(),
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

fn pair(
    request: &Request,
    comparison: &Comparison,
    (up, down): (&Plan, &Plan),
    second: i64,
    name: &str,
) -> Vec<Entry> {
    let stem = format!("{}_{name}", stamp(second));
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
        Entry {
            planned: PlannedFile {
                path: format!("{stem}.{direction}.sql").into(),
                contents: file::text(&header, &plan.statements, request.planning),
            },
            statements: comparison::count(&plan.statements),
            data_loss: losses(&plan.statements),
        }
    })
    .collect()
}

fn of_tool(tool: Tool, versions: &[Version], second: i64, name: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, version) in versions.iter().enumerate() {
        let number = stamp(second + at as i64);
        let name = match versions.len() {
            1 => name.to_owned(),
            _ => format!("{name}_{}", at + 1),
        };
        for written in layout::files(tool, &number, &name, version) {
            let planned = PlannedFile {
                path: written.name.into(),
                contents: written.contents,
            };
            let mut statements = Vec::new();
            let is_sql = planned
                .path
                .extension()
                .is_some_and(|ending| ending == "sql");
            let down = is_down(&planned.path.to_string_lossy());
            if is_sql && !down {
                statements.extend(version.up.statements.iter().cloned());
            }
            if is_sql && (down || tool == Tool::Dbmate) {
                statements.extend(version.down.statements.iter().cloned());
            }
            entries.push(Entry {
                statements: comparison::count(&statements),
                data_loss: losses(&statements),
                planned,
            });
        }
    }
    entries
}

fn losses(statements: &[Statement]) -> Vec<String> {
    statements
        .iter()
        .filter_map(|statement| statement.data_loss.clone())
        .collect()
}

/// The seconds of all timestamps that names in the folder start with, from the earliest on.
fn numbers(folder: &Path) -> Vec<i64> {
    let mut numbers: Vec<i64> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let time = name
                .trim_start_matches(['V', 'U'])
                .split('_')
                .next()?
                .to_owned();
            let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", time).ok()?;
            Some(time.in_tz("UTC").ok()?.timestamp().as_second())
        })
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
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
