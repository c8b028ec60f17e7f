//! Writes the cures of findings as a migration pair. The file names carry a timestamp, the files do not,
//! so a statement that waits in the folder already is not written a second time.

use std::path::{Path, PathBuf};

use super::compare;
use crate::failure::Failure;
pub(super) use crate::files::second_of_run as second;
use crate::files::{Action, Entry, Plan, PlannedFile};
use crate::migrate::advise::{Finding, cures};
use crate::migrate::layout::{self, Tool, Version, Written};
use crate::report::json::v1::migrate::File;
use crate::settings::migrate::{Output, Writing};
use crate::terminal::Terminal;

/// What was written, or would be with `--dry-run`.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) files: Vec<File>,
    pub(super) diff: Option<String>,
    /// Statements that an earlier file of the folder holds.
    pub(super) waiting: usize,
    /// Whether standard output is taken, so that the summary belongs on standard error.
    pub(super) on_standard_output: bool,
}

/// Writes what `writing` asks for; nothing without `--output`.
pub(super) fn write(
    writing: &Writing,
    default_name: &str,
    findings: &[&Finding],
    terminal: &mut Terminal,
) -> Result<Outcome, Failure> {
    let tool = compare::tool(writing.layout);
    let folder = match &writing.output {
        None => return Ok(Outcome::default()),
        Some(Output::Standard) => {
            let up = match tool {
                None => cures::scripts(findings).0,
                Some(tool) => {
                    let ups = versions(tool, findings, default_name, second()?);
                    let ups = ups.iter().filter(|file| !is_down(&file.name));
                    ups.map(|file| format!("-- file: {}\n{}", file.name, file.contents))
                        .collect::<Vec<_>>()
                        .join("\n")
                }
            };
            write!(terminal.output(), "{up}")?;
            return Ok(Outcome {
                on_standard_output: true,
                ..Outcome::default()
            });
        }
        Some(Output::Folder(folder)) => folder,
    };
    let present = present(folder)?;
    let (new, waiting): (Vec<&Finding>, Vec<&Finding>) = findings
        .iter()
        .copied()
        .filter(|finding| cures::statement(finding).is_some())
        .partition(|finding| !present.iter().any(|text| cures::is_in(finding, text)));
    let mut written = Outcome {
        waiting: waiting.len(),
        ..Outcome::default()
    };
    if new.is_empty() {
        return Ok(written);
    }
    let name = writing.name.as_deref().unwrap_or(default_name);
    let planned = match tool {
        None => {
            let (up, down) = cures::scripts(&new);
            let stem = format!("{}_{name}", stamp(second()?));
            let written = |ending: &str, contents: String| Written {
                name: format!("{stem}.{ending}.sql"),
                contents,
            };
            vec![written("up", up), written("down", down)]
        }
        Some(tool) => versions(tool, &new, name, second()?),
    };
    let planned = planned.into_iter().map(|file| PlannedFile {
        path: folder.join(file.name),
        contents: file.contents,
    });
    let plan = Plan::new(Path::new(""), planned.collect())?;
    let updated = |entry: &&Entry| entry.action == Action::Update;
    if let Some(entry) = plan.entries.iter().rev().find(updated) {
        return Err(Failure::input(format!(
            "`{}` is there already and holds something else",
            entry.file.path.display()
        ))
        .hint("`--name` gives the migration another name"));
    }
    // Those up come first, as they are run first; those down from the last one on.
    let (ups, mut downs): (Vec<&Entry>, Vec<&Entry>) = plan.entries.iter().partition(|entry| {
        let name = entry.file.path.file_name().unwrap_or_default();
        !is_down(&name.to_string_lossy())
    });
    downs.reverse();
    for entry in ups.into_iter().chain(downs) {
        written.files.push(File {
            path: entry.file.path.display().to_string(),
            action: match entry.action {
                Action::Create => "create",
                Action::Update => "update",
                Action::Unchanged => "unchanged",
            },
        });
    }
    if writing.dry_run {
        written.diff = Some(plan.diff());
    } else {
        plan.apply()?;
    }
    Ok(written)
}

/// The texts of all up migrations in the folder.
fn present(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(
                Failure::input(format!("cannot read the folder `{}`", folder.display()))
                    .cause(error.to_string()),
            );
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".sql") && !is_down(&name)
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| Ok(crate::files::read_text(path)?.text.clone()))
        .collect()
}

/// The same statements for another tool: what may share a transaction as one version, and one for each
/// statement that must stand alone.
fn versions(tool: Tool, findings: &[&Finding], name: &str, second: i64) -> Vec<Written> {
    let versions = cures::versions(findings);
    let several = versions.len() > 1;
    let named = |(at, version): (usize, &Version)| {
        let number = stamp(second + at as i64);
        let name = if several {
            format!("{name}_{}", at + 1)
        } else {
            name.to_owned()
        };
        layout::files(tool, &number, &name, version)
    };
    versions.iter().enumerate().flat_map(named).collect()
}

/// Whether a file leads back, by its name.
pub(super) fn is_down(name: &str) -> bool {
    name.ends_with(".down.sql") || name.starts_with('U')
}

/// `YYYYMMDDHHMMSS`, in UTC.
pub(super) fn stamp(second: i64) -> String {
    let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%d%H%M%S").to_string()
}
