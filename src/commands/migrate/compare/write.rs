//! The pair of files: named by time and stem, written at once, and not written twice.

use std::path::Path;

use crate::failure::Failure;
use crate::files::{Plan as FilePlan, PlannedFile};
use crate::migrate::comparison::{self, Comparison, File};
use crate::migrate::diff::{Plan, Statement};
use crate::migrate::file::{self, Header};
use crate::settings::migrate::{Compare as Request, Output, Target as Wanted};
use crate::terminal::Terminal;

/// Writes what the request asks for and lists it in the comparison.
pub(super) fn files(
    request: &Request,
    comparison: &mut Comparison,
    up: &Plan,
    down: &Plan,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let texts = [
        (text(comparison, up, Direction::Up), &up.statements),
        (text(comparison, down, Direction::Down), &down.statements),
    ];
    match &request.writing.output {
        None => {}
        Some(Output::Standard) => {
            write!(terminal.output(), "{}", texts[0].0)?;
        }
        Some(Output::Folder(folder)) => {
            let name = request
                .writing
                .name
                .clone()
                .unwrap_or_else(|| default_name(&request.target));
            let stem = present(folder, &name, &texts[0].0, &texts[1].0)
                .unwrap_or_else(|| format!("{}_{name}", timestamp(folder, &name)));
            let planned: Vec<PlannedFile> = ["up", "down"]
                .iter()
                .zip(&texts)
                .map(|(direction, (text, _))| PlannedFile {
                    path: format!("{stem}.{direction}.sql").into(),
                    contents: text.clone(),
                })
                .collect();
            let plan = FilePlan::new(folder, planned.clone())?;
            comparison.files = planned
                .iter()
                .zip(&texts)
                .map(|(planned, (_, statements))| File {
                    path: folder.join(&planned.path).display().to_string(),
                    statements: comparison::count(statements),
                    data_loss: losses(statements),
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

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down,
}

fn text(comparison: &Comparison, plan: &Plan, direction: Direction) -> String {
    let (from, to) = match direction {
        Direction::Up => (&comparison.from, &comparison.to),
        Direction::Down => (&comparison.to, &comparison.from),
    };
    let header = Header {
        title: format!("{} to {}", from.name, to.name),
        proof: match &comparison.proof {
            Some(proof) => format!("proven up and down on PostgreSQL {}", proof.server_version),
            None => "NOT PROVEN: written with --no-verify".to_owned(),
        },
        from: from.fingerprint.clone(),
        to: to.fingerprint.clone(),
    };
    file::text(&header, &plan.statements)
}

fn losses(statements: &[Statement]) -> Vec<String> {
    statements
        .iter()
        .filter_map(|statement| statement.data_loss.clone())
        .collect()
}

/// The stem of a pair that says the same already.
fn present(folder: &Path, name: &str, up: &str, down: &str) -> Option<String> {
    let mut stems: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().to_string_lossy().into_owned();
            let stem = file.strip_suffix(".up.sql")?;
            let (time, rest) = stem.split_once('_')?;
            (rest == name && time.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| stem.to_owned())
        })
        .collect();
    stems.sort();
    stems.into_iter().rev().find(|stem| {
        let same = |direction: &str, wanted: &str| {
            std::fs::read_to_string(folder.join(format!("{stem}.{direction}.sql")))
                .is_ok_and(|text| text == wanted)
        };
        same("up", up) && same("down", down)
    })
}

/// `YYYYMMDDHHMMSS` of now or of SOURCE_DATE_EPOCH, later than every migration of that name.
fn timestamp(folder: &Path, name: &str) -> String {
    let given = std::env::var("SOURCE_DATE_EPOCH")
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    let mut second = given.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    loop {
        let time = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let text = time.strftime("%Y%m%d%H%M%S").to_string();
        if !folder.join(format!("{text}_{name}.up.sql")).exists() {
            return text;
        }
        second += 1;
    }
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
