//! `backsmith migrate --migrate --dry-run`: copy the schema, run the file there, ask the live data,
//! judge.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::schema_copy::{self, NotCopied};
use super::{apply, execute, findings, schema_files, script};
use crate::catalog::Catalog;
use crate::diagnostic::Severity;
use crate::failure::{Failure, Verdict};
use crate::files::MigrationFile;
use crate::migrate;
use crate::migrate::execution::{Direction, Limits};
use crate::migrate::header;
use crate::migrate::rehearsal::{self, Measured, Rehearsal};
use crate::migrate::script::Section;
use crate::postgres::apply::checksum;
use crate::postgres::history::{self, RecordState};
use crate::postgres::rehearse::{self, LiveEnd, Ownership};
use crate::postgres::scratch::Server;
use crate::postgres::{Connection, SessionDefaults, introspect, pooler};
use crate::report::annotation::{self, Annotation};
use crate::report::json::v1::migrate::execution;
use crate::report::json::v1::migrate::rehearsal::{Document, Surroundings};
use crate::report::{human, json, markdown};
use crate::settings::Format;
use crate::settings::migrate::{FailOn, Rehearse as Request, Scratch};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::{DIM, Terminal, Verbosity, YELLOW, interrupt};
use crate::text::number::{self, counted};

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let file = MigrationFile::find(&request.file)?;
    let migration = script::read(&file)?;
    let runtime = super::runtime()?;
    let interrupt = interrupt::listen();
    if let Some(limits) = request.on_live {
        let rehearsed =
            runtime.block_on(on_live(request, limits, &migration, &interrupt, terminal))?;
        return finish(request, rehearsed, terminal);
    }
    let rehearsed = runtime.block_on(async {
        tokio::select! {
            rehearsed = rehearse(request, &migration, terminal) => rehearsed,
            signal = interrupt.wait() => Err(Failure::interrupted(
                signal,
                "interrupted: the scratch copy is gone, the live database was only read",
            )),
        }
    })?;
    finish(request, rehearsed, terminal)
}

fn finish(
    request: &Request,
    rehearsed: Option<(Rehearsal, Surroundings)>,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let Some((rehearsal, around)) = rehearsed else {
        return Ok(Verdict::Holds);
    };
    report(request, &rehearsal, &around, terminal)?;
    Ok(judge(&rehearsal, request.fail_on))
}

async fn rehearse(
    request: &Request,
    migration: &script::Migration,
    terminal: &mut Terminal,
) -> Result<Option<(Rehearsal, Surroundings)>, Failure> {
    let target = super::target(&request.database)?;
    let mut live = target.connect().await?;
    pooler::refuse(&mut live).await?;
    let Some(done) = done_before(request, migration, &mut live, terminal).await? else {
        live.close().await;
        return Ok(None);
    };
    let open = Open::behind(migration, done);
    let defaults = SessionDefaults::read(&mut live).await?;
    let catalog = introspect::catalog(&mut live).await?;
    let count = open.count(migration);
    terminal.note(&format!(
        "{DIM}  rehearse {count} statements on a scratch copy of the schema; the live tables are only read{DIM:#}"
    ));
    let notes = start_notes(&live, migration, open.done).await?;
    for note in &notes {
        terminal.note(&format!("  {YELLOW}note{YELLOW:#}    {note}"));
    }
    let roles = schema_copy::roles_in(&mut live, &migration.script).await?;
    let server = scratch_server(&request.scratch, &live).await?;
    let ownership = if server.is_private() {
        Ownership::Private
    } else {
        Ownership::Shared
    };
    let (measured, not_copied) = on_scratch(
        &server,
        (ownership, roles),
        &catalog,
        &defaults,
        migration,
        &open,
    )
    .await?;
    let relations = rehearsal::relations(&measured);
    let questions = rehearsal::questions(&measured);
    defaults.adopt(&mut live).await?;
    let (sizes, answers) = rehearse::ask(&mut live, &relations, &questions).await?;
    let around = Surroundings {
        server: execute::server_entry(live.server()),
        file: migration.script.source.name.clone(),
        rehearsed_on: if server.is_private() {
            format!(
                "scratch copy of the schema on a private PostgreSQL {}",
                server.version
            )
        } else {
            "scratch copy of the schema on the same server".to_owned()
        },
        not_copied: not_copied_lines(&catalog, &not_copied),
        notes,
    };
    live.close().await;
    let mut rehearsal = rehearsal::judge(&migration.script, measured, sizes, answers);
    rehearsal.behind(open.done);
    Ok(Some((rehearsal, around)))
}

/// Runs the file in a transaction on the live database and rolls it back.
async fn on_live(
    request: &Request,
    limits: Limits,
    migration: &script::Migration,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Option<(Rehearsal, Surroundings)>, Failure> {
    let target = super::target(&request.database)?;
    let mut live = target.connect().await?;
    execute::writable(&live)?;
    pooler::refuse(&mut live).await?;
    let Some(done) = done_before(request, migration, &mut live, terminal).await? else {
        live.close().await;
        return Ok(None);
    };
    let open = Open::behind(migration, done);
    let notes = start_notes(&live, migration, open.done).await?;
    for note in &notes {
        terminal.note(&format!("  {YELLOW}note{YELLOW:#}    {note}"));
    }
    let defaults = SessionDefaults::read(&mut live).await?;
    defaults.adopt(&mut live).await?;
    terminal.note(&format!(
        "{DIM}  rehearse on the live database, in a transaction that is rolled back; its locks hold until then{DIM:#}"
    ));
    open.set(&mut live).await?;
    let (script, sections) = (&migration.script, &open.sections);
    let run = rehearse::run_live(&mut live, script, sections, limits, interrupt).await?;
    match run.end {
        LiveEnd::Done => {}
        LiveEnd::Interrupted(signal) => {
            return Err(Failure::interrupted(
                signal,
                "interrupted: the transaction was rolled back, nothing remains",
            ));
        }
        LiveEnd::NoLock { number, holder, .. } => {
            let number = number + open.done;
            let failure = Failure::environment(format!(
                "statement {number} got no lock on the live database in {}; rolled back, nothing remains",
                number::seconds(limits.lock_timeout)
            ))
            .hint("`--lock-timeout` waits longer, with everybody else behind; without `--on-live` nobody waits")
            .code("no-lock");
            return Err(match holder {
                Some(holder) => failure.detail(format!("held back by {holder}")),
                None => failure,
            });
        }
    }
    let relations = rehearsal::relations(&run.measured);
    let (sizes, _) = rehearse::ask(&mut live, &relations, &[]).await?;
    let around = Surroundings {
        server: execute::server_entry(live.server()),
        file: migration.script.source.name.clone(),
        rehearsed_on: "the live database, in a transaction that was rolled back".to_owned(),
        not_copied: Vec::new(),
        notes,
    };
    live.close().await;
    let mut rehearsal = rehearsal::judge(script, run.measured, sizes, Vec::new());
    rehearsal.took(&run.seconds);
    rehearsal.behind(open.done);
    let advanced = run
        .advanced
        .iter()
        .map(|(name, before, after)| format!("the sequence {name} went from {before} to {after}"));
    rehearsal.remains = advanced.chain(rehearsal::side_effects(script)).collect();
    Ok(Some((rehearsal, around)))
}

/// What the file's own proof says nothing about.
async fn start_notes(
    live: &Connection,
    migration: &script::Migration,
    done: usize,
) -> Result<Vec<String>, Failure> {
    // Half-way the start is behind us.
    let ends = header::ends(&migration.script.source.text).filter(|_| done == 0);
    let Some(ends) = ends else {
        return Ok(Vec::new());
    };
    let found = super::fingerprint_of(live.target()).await?.digest();
    let about = live.server();
    Ok(apply::start_notes(
        &ends,
        &found,
        &about.database,
        &about.version,
    ))
}

/// What of a file has not run yet.
struct Open {
    sections: Vec<Section>,
    /// What the statements before it have set for the session.
    settings: Vec<String>,
    done: usize,
}

impl Open {
    fn behind(migration: &script::Migration, done: usize) -> Self {
        let (sections, settings) =
            migrate::script::behind(&migration.script, &migration.sections, done);
        Self {
            sections,
            settings,
            done,
        }
    }

    async fn set(&self, connection: &mut Connection) -> Result<(), Failure> {
        for setting in &self.settings {
            connection.execute(setting).await?;
        }
        Ok(())
    }

    fn count(&self, migration: &script::Migration) -> usize {
        let statements = migration.script.statements();
        statements
            .filter(|statement| !statement.controls_transaction())
            .count()
            .saturating_sub(self.done)
    }
}

/// How many statements are applied already; None when the run would find nothing to do, which is
/// said as the run says it.
async fn done_before(
    request: &Request,
    migration: &script::Migration,
    live: &mut Connection,
    terminal: &mut Terminal,
) -> Result<Option<usize>, Failure> {
    // Whoever may not read the history can rehearse all the same.
    let records = history::records(live).await.unwrap_or_default();
    let Some(record) = records
        .iter()
        .find(|record| record.version == migration.version)
    else {
        return Ok(Some(0));
    };
    match record.state {
        RecordState::Applied => {}
        RecordState::Partial => {
            let done = apply::resumable(record, migration)?;
            terminal.note(&format!(
                "  note    the first {} of {} are applied already; the rest is rehearsed",
                counted(done, "statement"),
                migration.version
            ));
            return Ok(Some(done));
        }
        RecordState::RolledBack => return Ok(Some(0)),
    }
    let around = execution::Surroundings {
        direction: Direction::Apply,
        server: execute::server_entry(live.server()),
        version: migration.version.clone(),
        file: migration.script.source.name.clone(),
        checksum: checksum(&migration.script.source.text),
        notes: Vec::new(),
        arrival: None,
    };
    apply::unchanged(record, &around)?;
    apply::already(&request.report, record, &around, terminal)?;
    Ok(None)
}

/// The same server when we may make databases there, else a private one.
pub(super) async fn scratch_server(wanted: &Scratch, live: &Connection) -> Result<Server, Failure> {
    if live.server().may_create_databases {
        return Server::on(live.target().url()).await;
    }
    let major = live.server().version_number / 10_000;
    let options = schema_files::private(wanted, "rehearsing a migration", Some(major));
    Server::start(&options).await
}

async fn on_scratch(
    server: &Server,
    (ownership, roles): (Ownership, Vec<String>),
    catalog: &Catalog,
    defaults: &SessionDefaults,
    migration: &script::Migration,
    open: &Open,
) -> Result<(Vec<Measured>, Vec<NotCopied>), Failure> {
    let copied = schema_copy::on(server, catalog, roles).await?;
    let mut connection = copied.target.connect().await?;
    let mut lacking = BTreeSet::new();
    if !copied.not_copied.is_empty() || !catalog.unmanaged.is_empty() {
        let copy = introspect::catalog(&mut connection).await?;
        lacking = schema_copy::lacking(catalog, &copy);
    }
    defaults.adopt(&mut connection).await?;
    open.set(&mut connection).await?;
    let measured = rehearse::run(
        &mut connection,
        ownership,
        lacking,
        &migration.script,
        &open.sections,
    )
    .await;
    // The database cannot be dropped while somebody is connected.
    connection.close().await;
    let schema_copy::Copy { not_copied, .. } = copied;
    Ok((measured?, not_copied))
}

fn not_copied_lines(catalog: &Catalog, not_copied: &[NotCopied]) -> Vec<String> {
    let kinds = catalog
        .unmanaged
        .iter()
        .map(|(kind, names)| counted(names.len() as i64, kind));
    kinds
        .chain(not_copied.iter().map(NotCopied::summary))
        .collect()
}

fn report(
    request: &Request,
    rehearsal: &Rehearsal,
    around: &Surroundings,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let style = human::migrate::rehearsal::Style {
        symbols: terminal.symbols(),
        width: terminal.width(),
        all_findings: terminal.verbosity() >= Verbosity::Verbose,
    };
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        if let Some(format) = findings::ci(format) {
            let annotations: Vec<Annotation> = rehearsal
                .findings
                .iter()
                .map(|finding| Annotation::from(&finding.diagnostic))
                .collect();
            return annotation::write(out, format, "backsmith migrate --dry-run", &annotations);
        }
        match format {
            Format::Json => json::write_document(out, &Document::new(rehearsal, around)),
            Format::Markdown => {
                markdown::migrate::rehearsal::write(out, rehearsal, &around.not_copied)
            }
            _ => human::migrate::rehearsal::write(out, rehearsal, &around.not_copied, style),
        }
    };
    findings::report(&request.report, false, terminal, render)?;
    // The report comes before the hints, also when both streams are one.
    terminal.flush()?;
    if rehearsal.failing().is_some() {
        terminal.hint("mend what stands in the way and rehearse again; `--format markdown` is made for a pull request");
    } else {
        terminal.next(&format!("backsmith migrate --migrate {}", around.file));
    }
    Ok(())
}

fn judge(rehearsal: &Rehearsal, fail_on: FailOn) -> Verdict {
    let least = match fail_on {
        // A migration that would fail is an objection whatever was asked.
        FailOn::Error | FailOn::Never => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Info => Severity::Info,
    };
    if rehearsal
        .findings
        .iter()
        .any(|finding| finding.diagnostic.severity >= least)
    {
        Verdict::Negative
    } else {
        Verdict::Holds
    }
}
