//! `backsmith migrate --migrate --dry-run`: copy the schema, run the file there, ask the live data,
//! judge.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::schema_copy::{self, NotCopied};
use super::{apply, findings, script};
use crate::catalog::Catalog;
use crate::diagnostic::Severity;
use crate::failure::{Failure, Verdict};
use crate::files::MigrationFile;
use crate::migrate::execution::Direction;
use crate::migrate::rehearsal::{self, Measured, Rehearsal};
use crate::postgres::apply::checksum;
use crate::postgres::history::{self, RecordState};
use crate::postgres::rehearse::{self, Ownership};
use crate::postgres::scratch::{self, Server};
use crate::postgres::{Connection, SessionDefaults, Target, introspect};
use crate::report::annotation::{self, Annotation, Format as CiFormat};
use crate::report::json::v1::migrate::execution;
use crate::report::json::v1::migrate::rehearsal::{Document, Surroundings};
use crate::report::{human, json, markdown};
use crate::settings::Format;
use crate::settings::migrate::{FailOn, PostgresFrom, Rehearse as Request};
use crate::terminal::{DIM, Terminal, Verbosity, interrupt};
use crate::text::number::counted;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let file = MigrationFile::find(&request.file)?;
    let migration = script::read(&file)?;
    let runtime = super::runtime()?;
    let interrupt = interrupt::listen();
    let rehearsed = runtime.block_on(async {
        tokio::select! {
            rehearsed = rehearse(request, &migration, terminal) => rehearsed,
            signal = interrupt.wait() => Err(Failure::interrupted(
                signal,
                "interrupted: the scratch copy is gone, the live database was only read",
            )),
        }
    })?;
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
    if is_applied(request, migration, &mut live, terminal).await? {
        live.close().await;
        return Ok(None);
    }
    let defaults = SessionDefaults::read(&mut live).await?;
    let catalog = introspect::catalog(&mut live).await?;
    let count = migration
        .script
        .statements()
        .filter(|statement| !statement.controls_transaction())
        .count();
    terminal.note(&format!(
        "{DIM}  rehearse {count} statements on a scratch copy of the schema; the live tables are only read{DIM:#}"
    ));
    let server = scratch_server(request, &live).await?;
    let ownership = if server.is_private() {
        Ownership::Private
    } else {
        Ownership::Shared
    };
    let (measured, not_copied) =
        on_scratch(&server, ownership, &catalog, &defaults, migration).await?;
    let relations = rehearsal::relations(&measured);
    let questions = rehearsal::questions(&measured);
    defaults.adopt(&mut live).await?;
    let (sizes, answers) = rehearse::ask(&mut live, &relations, &questions).await?;
    let about = live.server();
    let around = Surroundings {
        server: json::v1::migrate::Server {
            database: about.database.clone(),
            version: about.version.clone(),
            version_num: about.version_number,
        },
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
    };
    live.close().await;
    Ok(Some((
        rehearsal::judge(&migration.script, measured, sizes, answers),
        around,
    )))
}

/// Whether the run would find nothing to do, which is said as the run says it.
async fn is_applied(
    request: &Request,
    migration: &script::Migration,
    live: &mut Connection,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    // Whoever may not read the history can rehearse all the same.
    let records = history::records(live).await.unwrap_or_default();
    let Some(record) = records
        .iter()
        .find(|record| record.version == migration.version)
    else {
        return Ok(false);
    };
    match record.state {
        RecordState::Applied => {}
        RecordState::Partial => {
            terminal.note(&format!(
                "  note    the first {} of {} are applied already; the whole file is rehearsed",
                counted(record.done, "statement"),
                migration.version
            ));
            return Ok(false);
        }
        RecordState::RolledBack => return Ok(false),
    }
    let about = live.server();
    let around = execution::Surroundings {
        direction: Direction::Apply,
        server: json::v1::migrate::Server {
            database: about.database.clone(),
            version: about.version.clone(),
            version_num: about.version_number,
        },
        version: migration.version.clone(),
        file: migration.script.source.name.clone(),
        checksum: checksum(&migration.script.source.text),
        notes: Vec::new(),
        arrival: None,
    };
    apply::unchanged(record, &around)?;
    apply::already(&request.report, record, &around, terminal)?;
    Ok(true)
}

/// The same server when we may make databases there, else a private one.
async fn scratch_server(request: &Request, live: &Connection) -> Result<Server, Failure> {
    if live.server().may_create_databases {
        return Server::on(&request.database.url).await;
    }
    let options = scratch::Options {
        purpose: "rehearsing a migration".to_owned(),
        pg_bin: request.scratch.binaries.clone(),
        download: request.scratch.from == PostgresFrom::Download,
        ..scratch::Options::default()
    };
    Server::start(&options).await
}

async fn on_scratch(
    server: &Server,
    ownership: Ownership,
    catalog: &Catalog,
    defaults: &SessionDefaults,
    migration: &script::Migration,
) -> Result<(Vec<Measured>, Vec<NotCopied>), Failure> {
    if ownership == Ownership::Private {
        schema_copy::make_roles(server.url(), &[catalog]).await?;
    }
    let database = server.create_database().await?;
    let target = Target::parse(database.url(), None)?;
    let mut connection = target.connect().await?;
    let not_copied = schema_copy::make(&mut connection, catalog).await?;
    let mut lacking = BTreeSet::new();
    if !not_copied.is_empty() || !catalog.unmanaged.is_empty() {
        let copy = introspect::catalog(&mut connection).await?;
        lacking = schema_copy::lacking(catalog, &copy);
    }
    connection.close().await;
    // The settings of the copying end with its connection.
    let mut connection = target.connect().await?;
    defaults.adopt(&mut connection).await?;
    let measured = rehearse::run(
        &mut connection,
        ownership,
        lacking,
        &migration.script,
        &migration.sections,
    )
    .await;
    // The database cannot be dropped while somebody is connected.
    connection.close().await;
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
        let ci = |out: &mut dyn Write, format| {
            let annotations: Vec<Annotation> = rehearsal
                .findings
                .iter()
                .map(|finding| Annotation::from(&finding.diagnostic))
                .collect();
            annotation::write(out, format, "backsmith migrate --dry-run", &annotations)
        };
        match format {
            Format::Json => json::write_document(out, &Document::new(rehearsal, around)),
            Format::Markdown => {
                markdown::migrate::rehearsal::write(out, rehearsal, &around.not_copied)
            }
            Format::Sarif => ci(out, CiFormat::Sarif),
            Format::Junit => ci(out, CiFormat::Junit),
            Format::Github => ci(out, CiFormat::Github),
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
