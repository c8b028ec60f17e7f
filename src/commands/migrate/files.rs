//! Writes the cures of findings as a migration pair. The file names carry a timestamp, the files do not,
//! so a statement that waits in the folder already is not written a second time.

use std::path::{Path, PathBuf};

use super::compare;
use crate::failure::Failure;
pub(super) use crate::files::second_of_run as second;
use crate::files::{Action, Entry, Plan, PlannedFile};
use crate::migrate::advise::{Finding, cures};
use crate::migrate::layout::{self, Tool, Version, Written, is_down};
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
                    let name = writing.name.as_deref().unwrap_or(default_name);
                    let files = of_tool(tool, &cures::versions(findings), name);
                    let second = second()?;
                    let files: Vec<Written> =
                        files.iter().map(|file| file.numbered(second)).collect();
                    stream(&files)
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
            vec![
                Unnumbered::pair(name, "up", up),
                Unnumbered::pair(name, "down", down),
            ]
        }
        Some(tool) => of_tool(tool, &cures::versions(&new), name),
    };
    let second = next_second(&seconds(folder))?;
    let planned = planned.iter().map(|file| {
        let file = file.numbered(second);
        PlannedFile {
            path: folder.join(file.name),
            contents: file.contents,
        }
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
            is_sql(&name) && !is_down(&name)
        })
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| Ok(crate::files::read_text(path)?.text.clone()))
        .collect()
}

/// Stands in a name until the time of its file is chosen, which its contents do not depend on.
const NUMBER: &str = "00000000000000";

/// A file of a migration, whose name still lacks its time.
#[derive(Clone, Debug)]
pub(super) struct Unnumbered {
    /// Which of several versions it belongs to: each has a second of its own.
    pub(super) version: usize,
    written: Written,
}

impl Unnumbered {
    /// One half of a pair of our own.
    pub(super) fn pair(name: &str, direction: &str, contents: String) -> Self {
        Self {
            version: 0,
            written: Written {
                name: format!("{NUMBER}_{name}.{direction}.sql"),
                contents,
            },
        }
    }

    pub(super) fn is_sql(&self) -> bool {
        is_sql(&self.written.name)
    }

    pub(super) fn is_down(&self) -> bool {
        is_down(&self.written.name)
    }

    /// The file as it is written at this second.
    pub(super) fn numbered(&self, second: i64) -> Written {
        let number = stamp(second + self.version as i64);
        Written {
            // Nothing but a letter stands before it.
            name: self.written.name.replacen(NUMBER, &number, 1),
            contents: self.written.contents.clone(),
        }
    }
}

/// The files of another tool, in the order of their versions.
pub(super) fn of_tool(tool: Tool, versions: &[Version], name: &str) -> Vec<Unnumbered> {
    let several = versions.len() > 1;
    let files = |(at, version): (usize, &Version)| {
        let name = if several {
            format!("{name}_{}", at + 1)
        } else {
            name.to_owned()
        };
        let written = layout::files(tool, NUMBER, &name, version);
        written.into_iter().map(move |written| Unnumbered {
            version: at,
            written,
        })
    };
    versions.iter().enumerate().flat_map(files).collect()
}

/// The way up as one text of SQL: each file under its name, and the settings of a file as remarks.
pub(super) fn stream(files: &[Written]) -> String {
    let ups = files.iter().filter(|file| !is_down(&file.name));
    let text = |file: &Written| {
        if is_sql(&file.name) {
            return format!("-- file: {}\n{}", file.name, file.contents);
        }
        let lines = file.contents.lines();
        let lines: Vec<String> = lines.map(|line| format!("-- {line}\n")).collect();
        format!("-- file: {}\n{}", file.name, lines.concat())
    };
    ups.map(text).collect::<Vec<_>>().join("\n")
}

fn is_sql(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "sql")
}

/// The seconds of all timestamps that names in the folder start with, from the earliest on.
pub(super) fn seconds(folder: &Path) -> Vec<i64> {
    let mut seconds: Vec<i64> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let time = name.trim_start_matches(['V', 'U']).split('_').next()?;
            let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", time).ok()?;
            Some(time.in_tz("UTC").ok()?.timestamp().as_second())
        })
        .collect();
    seconds.sort_unstable();
    seconds.dedup();
    seconds
}

/// Now, but later than all that is there: some tools leave out what comes too late, and two files of
/// one second have no order.
pub(super) fn next_second(present: &[i64]) -> Result<i64, Failure> {
    let later = present.last().map_or(i64::MIN, |last| last + 1);
    Ok(second()?.max(later))
}

/// `YYYYMMDDHHMMSS`, in UTC.
fn stamp(second: i64) -> String {
    let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y%m%d%H%M%S").to_string()
}
