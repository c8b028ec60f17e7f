//! Writes the cures of findings as a migration pair. The file names carry a timestamp, the files do not,
//! so a statement that waits in the folder already is not written a second time.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::files::{Action, Plan, PlannedFile};
use crate::migrate::advise::{Finding, cures};
use crate::report::json::v1::migrate::File;
use crate::settings::migrate::{Output, Writing};
use crate::terminal::Terminal;

/// What was written, or would be with `--dry-run`.
#[derive(Debug, Default)]
pub(super) struct Written {
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
) -> Result<Written, Failure> {
    let folder = match &writing.output {
        None => return Ok(Written::default()),
        Some(Output::Standard) => {
            let (up, _) = cures::scripts(findings);
            write!(terminal.output(), "{up}")?;
            return Ok(Written {
                on_standard_output: true,
                ..Written::default()
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
    let mut written = Written {
        waiting: waiting.len(),
        ..Written::default()
    };
    if new.is_empty() {
        return Ok(written);
    }
    let (up, down) = cures::scripts(&new);
    let name = writing.name.as_deref().unwrap_or(default_name);
    let stem = format!("{}_{name}", timestamp()?);
    let planned = |ending: &str, contents: String| PlannedFile {
        path: folder.join(format!("{stem}.{ending}.sql")),
        contents,
    };
    let plan = Plan::new(
        Path::new(""),
        vec![planned("up", up), planned("down", down)],
    )?;
    if plan
        .entries
        .iter()
        .any(|entry| entry.action == Action::Update)
    {
        return Err(Failure::input(format!(
            "`{}` is there already and holds something else",
            folder.join(format!("{stem}.up.sql")).display()
        ))
        .hint("`--name` gives the migration another name"));
    }
    // The up file comes first, as it is run first.
    for entry in plan.entries.iter().rev() {
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
        .filter(|path| path.to_string_lossy().ends_with(".up.sql"))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| Ok(crate::files::read_text(path)?.text.clone()))
        .collect()
}

/// Seconds of the run in UTC, or of SOURCE_DATE_EPOCH: `20261122073500`.
fn timestamp() -> Result<String, Failure> {
    let now = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            let invalid = || {
                Failure::input(format!(
                    "SOURCE_DATE_EPOCH is `{text}`, not a number of seconds"
                ))
            };
            let seconds: i64 = text.trim().parse().map_err(|_| invalid())?;
            jiff::Timestamp::from_second(seconds).map_err(|_| invalid())?
        }
        Err(_) => jiff::Timestamp::now(),
    };
    Ok(now.strftime("%Y%m%d%H%M%S").to_string())
}
