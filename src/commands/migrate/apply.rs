//! `backsmith migrate --migrate`: read, see what is applied, run the rest, report.

use std::io::{self, Write};

use super::execute::{self, Session};
use super::{findings, script};
use crate::failure::{Failure, Verdict};
use crate::files::MigrationFile;
use crate::migrate::execution::{self, Direction};
use crate::postgres::apply::{self, checksum};
use crate::postgres::history::{self, Record, RecordState};
use crate::report::json;
use crate::report::json::v1::migrate::execution::{AppliedBefore, Document, Surroundings};
use crate::settings::migrate::Apply as Request;
use crate::settings::{Format, ReportOptions};
use crate::terminal::{BOLD, GREEN, Terminal};

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let file = MigrationFile::find(&request.file)?;
    let migration = script::read(&file)?;
    let runtime = super::runtime()?;
    runtime.block_on(apply_migration(request, &migration, terminal))
}

async fn apply_migration(
    request: &Request,
    migration: &script::Migration,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let mut session = Session::open(&request.database, terminal).await?;
    let text = &migration.script.source.text;
    let around = Surroundings {
        direction: Direction::Apply,
        server: session.server(),
        version: migration.version.clone(),
        file: migration.script.source.name.clone(),
        checksum: checksum(text),
    };
    let records = history::records(&mut session.connection).await?;
    let record = records
        .iter()
        .find(|record| record.version == migration.version);
    let done_before = match record {
        Some(record) if record.state == RecordState::Applied => {
            unchanged(record, &around)?;
            already(&request.report, record, &around, terminal)?;
            session.close().await;
            return Ok(Verdict::Holds);
        }
        Some(record) if record.state == RecordState::Partial => resumable(record, migration)?,
        _ => 0,
    };
    history::prepare(&mut session.connection).await?;
    let to_run = apply::Request {
        direction: Direction::Apply,
        script: &migration.script,
        sections: &migration.sections,
        version: &around.version,
        file: &around.file,
        checksum: &around.checksum,
        done_before,
        up_done: (0, ""),
    };
    let execution = session.run(to_run, terminal).await;
    session.close().await;
    execute::report(&request.report, &execution, migration, &around, terminal)
}

/// An applied file that was edited says something else than what the database went through.
pub(super) fn unchanged(record: &Record, around: &Surroundings) -> Result<(), Failure> {
    if record.checksum == around.checksum {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "`{}` has changed since it was applied",
        around.file
    ))
    .detail(format!(
        "applied {} by {}, SHA-256 {}…",
        record.applied_at,
        record.applied_by,
        &record.checksum[..12.min(record.checksum.len())]
    ))
    .detail(format!(
        "the file now has    SHA-256 {}…",
        &around.checksum[..12]
    ))
    .hint("put the change into a new migration, or take this one back first with `--rollback`")
    .code("checksum-mismatch"))
}

/// How many statements an unfinished run has done; they must still be what they were.
fn resumable(record: &Record, migration: &script::Migration) -> Result<usize, Failure> {
    if record.down_done > 0 {
        return Err(
            Failure::refused(format!("`{}` is half-way taken back", record.version))
                .hint(format!(
                    "`backsmith migrate --rollback {}` goes on with that",
                    record.version
                ))
                .code("rollback-in-progress"),
        );
    }
    let steps = execution::steps(&migration.script, &migration.sections);
    let text = &migration.script.source.text;
    let same = record
        .done
        .checked_sub(1)
        .and_then(|last| steps.get(last))
        .is_some_and(|step| checksum(&text[..step.statement.range.end]) == record.done_checksum);
    if same || record.done == 0 {
        return Ok(record.done);
    }
    Err(Failure::refused(format!(
        "the first {} statements of the file have changed since they were applied",
        record.done
    ))
    .hint(format!(
        "put them back as they were, or take them back with `--rollback {}`",
        record.version
    ))
    .code("checksum-mismatch"))
}

/// Says that there is nothing to run.
pub(super) fn already(
    options: &ReportOptions,
    record: &Record,
    around: &Surroundings,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let applied = AppliedBefore {
        at: record.applied_at.clone(),
        by: record.applied_by.clone(),
    };
    let holds = terminal.symbols().holds;
    let text = format!(
        "{} is applied to {} already, since {} by {}",
        around.version, around.server.database, record.applied_at, record.applied_by
    );
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        match format {
            Format::Json => {
                json::write_document(out, &Document::already_applied(around, applied.clone()))
            }
            Format::Markdown => writeln!(out, "## {text}"),
            _ => writeln!(out, "{GREEN}{holds}{GREEN:#} {BOLD}{text}{BOLD:#}"),
        }
    };
    findings::report(options, false, terminal, render)
}
