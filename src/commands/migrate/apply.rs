//! `backsmith migrate --migrate`: read, see what is applied, run the rest, report.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::execute::{self, Session};
use super::{findings, script};
use crate::failure::{Failure, Verdict};
use crate::files::MigrationFile;
use crate::migrate::execution::{self, Direction};
use crate::migrate::header::{self, Ends};
use crate::postgres::apply::{self, checksum};
use crate::postgres::history::{self, Doubt, Record, RecordState};
use crate::redact;
use crate::report::json;
use crate::report::json::v1::migrate::execution::{AppliedBefore, Document, Surroundings};
use crate::settings::migrate::Apply as Request;
use crate::settings::{Format, ReportOptions};
use crate::terminal::{BOLD, GREEN, Terminal, YELLOW};

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
    let mut session = Session::open(&request.database, &request.running, terminal).await?;
    let text = &migration.script.source.text;
    let mut around = Surroundings {
        direction: Direction::Apply,
        server: session.server(),
        version: migration.version.clone(),
        file: migration.script.source.name.clone(),
        checksum: checksum(text),
        notes: Vec::new(),
        arrival: None,
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
    let ends = header::ends(text);
    let fingerprint = match done_before {
        0 => start(&session, migration, ends.as_ref(), &mut around).await?,
        _ => None,
    };
    for note in &around.notes {
        terminal.note(&format!("  {YELLOW}note{YELLOW:#}     {note}"));
    }
    history::prepare(&mut session.connection).await?;
    let to_run = apply::Request {
        direction: Direction::Apply,
        script: &migration.script,
        sections: &migration.sections,
        version: &around.version,
        file: &around.file,
        checksum: &around.checksum,
        done_before,
        doubt: record.and_then(|record| record.doubt.as_ref()),
        verdict: execute::in_doubt(&request.running),
        not_needed: &BTreeSet::new(),
        up_done: (0, "", RecordState::RolledBack),
        fingerprint: fingerprint.as_deref(),
        limits: request.running.limits,
    };
    let execution = session.run(to_run, terminal).await;
    around.arrival = session.arrival(&execution, ends.as_ref()).await;
    session.close().await;
    execute::report(&request.report, &execution, migration, &around, terminal)
}

/// The fingerprint that the run starts from: for the file's proof, and so that half a run can be
/// taken back. What the proof says nothing about is noted.
async fn start(
    session: &Session,
    migration: &script::Migration,
    ends: Option<&Ends>,
    around: &mut Surroundings,
) -> Result<Option<String>, Failure> {
    let steps = execution::steps(&migration.script, &migration.sections);
    if ends.is_none() && execution::groups(&steps).len() < 2 {
        return Ok(None);
    }
    // Without room for one more session the run goes without.
    let Ok(found) = session.fingerprint().await else {
        return Ok(None);
    };
    if let Some(ends) = ends {
        let (database, version) = (&around.server.database, &around.server.version);
        around.notes = start_notes(ends, &found, database, version);
    }
    Ok(Some(found))
}

/// Where the start is not the one that the file was proven from.
pub(super) fn start_notes(ends: &Ends, found: &str, database: &str, version: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if ends.after == found && ends.before != found {
        notes.push(format!(
            "{database} is already what the file leads to (fingerprint {found}), though the history does not say that it was applied"
        ));
    } else if ends.before != found {
        notes.push(format!(
            "{database} is not what the file was proven to start from: fingerprint {found}, not {}; the proof says nothing about this start",
            ends.before
        ));
    }
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    if let Some(proven) = ends.proven_on.as_deref()
        && major(proven) != major(version)
    {
        notes.push(format!(
            "the file was proven on PostgreSQL {proven}, this server is {version}"
        ));
    }
    notes
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
pub(super) fn resumable(record: &Record, migration: &script::Migration) -> Result<usize, Failure> {
    let is_down = |doubt: &Doubt| doubt.direction == Direction::RollBack;
    if record.down_done > 0 || record.doubt.as_ref().is_some_and(is_down) {
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
    if let Some(doubt) = &record.doubt {
        let present = steps.get(doubt.number.saturating_sub(1));
        if present.is_none_or(|step| {
            redact::in_place(step.statement.text(text)) != redact::in_place(&doubt.sql)
        }) {
            return Err(Failure::refused(format!(
                "statement {} of the file has changed since a run that did not see its end",
                doubt.number
            ))
            .detail(format!("it was: {}", redact::in_place(&doubt.sql)))
            .hint(format!(
                "put it back as it was, or take back what is applied with `--rollback {}`",
                record.version
            ))
            .code("checksum-mismatch"));
        }
    }
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
