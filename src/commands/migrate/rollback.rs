//! `backsmith migrate --rollback`: find what is to be taken back, run its down file, report.

use std::collections::BTreeSet;
use std::path::Path;

use super::execute::{self, Session};
use super::{script, undo_half};
use crate::failure::{Failure, Verdict};
use crate::files::MigrationFile;
use crate::migrate::execution::{self, Direction};
use crate::migrate::header;
use crate::postgres::apply::{self, checksum};
use crate::postgres::history::{self, Record, RecordState};
use crate::report::json::v1::migrate::execution::Surroundings;
use crate::settings::migrate::Rollback as Request;
use crate::terminal::Terminal;
use crate::text::suggest;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let runtime = super::runtime()?;
    runtime.block_on(roll_back(request, terminal))
}

async fn roll_back(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let mut session = Session::open(&request.database, &request.running, terminal).await?;
    let records = history::records(&mut session.connection).await?;
    let record = chosen(&records, request.version.as_deref())?;
    let file = MigrationFile::down(&record.version, &request.folder, Path::new(&record.file))?;
    let migration = script::read_down(&file)?;
    let mut around = Surroundings {
        direction: Direction::RollBack,
        server: session.server(),
        version: record.version.clone(),
        file: migration.script.source.name.clone(),
        checksum: checksum(&migration.script.source.text),
        notes: Vec::new(),
        arrival: None,
    };
    unchanged(record, &migration)?;
    let not_needed = if undo_half::is_half(record) {
        let live = &mut session.connection;
        undo_half::not_needed(live, &request.scratch, record, &migration, terminal).await?
    } else {
        BTreeSet::new()
    };
    history::prepare(&mut session.connection).await?;
    let to_run = apply::Request {
        direction: Direction::RollBack,
        script: &migration.script,
        sections: &migration.sections,
        version: &record.version,
        file: &record.file,
        checksum: &record.checksum,
        done_before: record.down_done,
        doubt: record
            .doubt
            .as_ref()
            .filter(|doubt| doubt.direction == Direction::RollBack),
        verdict: execute::in_doubt(&request.running),
        not_needed: &not_needed,
        up_done: (record.done, &record.done_checksum, record.state),
        fingerprint: None,
        limits: request.running.limits,
    };
    let execution = session.run(to_run, terminal).await;
    let ends = header::ends(&migration.script.source.text).map(|ends| {
        // A file that holds both ways says what the way up leads to.
        if file.path == Path::new(&record.file) {
            ends.turned()
        } else {
            ends
        }
    });
    around.arrival = session.arrival(&execution, ends.as_ref()).await;
    session.close().await;
    execute::report(&request.report, &execution, &migration, &around, terminal)
}

/// A down file that was edited half-way says something else than what has run.
fn unchanged(record: &Record, down: &script::Migration) -> Result<(), Failure> {
    let steps = execution::steps(&down.script, &down.sections);
    let text = &down.script.source.text;
    let done = record.down_done.checked_sub(1);
    let same = done.is_none_or(|last| {
        // Entries of older versions hold no checksum.
        record.down_checksum.is_empty()
            || steps.get(last).is_some_and(|step| {
                checksum(&text[..step.statement.range.end]) == record.down_checksum
            })
    });
    if same {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "the first {} statements of `{}` have changed since they ran",
        record.down_done, down.script.source.name
    ))
    .hint("put them back as they were and run the same command")
    .code("checksum-mismatch"))
}

/// The named version, or the one applied last. A version may be named by its timestamp alone.
fn chosen<'a>(records: &'a [Record], version: Option<&str>) -> Result<&'a Record, Failure> {
    let mut applied = records
        .iter()
        .filter(|record| record.state != RecordState::RolledBack);
    let Some(version) = version else {
        return applied.next_back().ok_or_else(|| {
            Failure::input("no migration is applied to this database").code("not-applied")
        });
    };
    let fits = |record: &&Record| {
        record.version == version || record.version.split('_').next() == Some(version)
    };
    let names: Vec<&str> = applied
        .clone()
        .map(|record| record.version.as_str())
        .collect();
    applied.find(fits).ok_or_else(|| {
        let failure = Failure::input(format!("`{version}` is not applied to this database"))
            .code("not-applied");
        match suggest::nearest(version, names.iter().copied()) {
            Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
            None if names.is_empty() => failure.detail("no migration is"),
            None => failure.detail(format!("applied are {}", names.join(", "))),
        }
    })
}
