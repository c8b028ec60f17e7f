//! What `--migrate` and `--rollback` do alike: the lock, the run with its progress, the report, the
//! verdict.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::findings;
use super::script::Migration;
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Verdict};
use crate::files::MigrationFile;
use crate::migrate::execution::{self, Direction, End, Event, Execution};
use crate::postgres::{Connection, SessionDefaults, apply, history};
use crate::report::json::v1::migrate::Server;
use crate::report::json::v1::migrate::execution::{Document, Surroundings};
use crate::report::{human, json, markdown};
use crate::settings::migrate::Database;
use crate::settings::{Format, ReportOptions};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::{Terminal, interrupt};
use crate::text::Span;

/// How long a second run waits for the first.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// A connection that alone may migrate this database.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) interrupt: Interrupt,
}

impl Session {
    pub(super) async fn open(
        database: &Database,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let interrupt = interrupt::listen();
        let mut connection = super::target(database)?.connect().await?;
        let defaults = SessionDefaults::read(&mut connection).await?;
        defaults.adopt(&mut connection).await?;
        lock(&mut connection, &interrupt, terminal).await?;
        Ok(Self {
            connection,
            interrupt,
        })
    }

    pub(super) async fn close(mut self) {
        // The end of the session lets go of the lock as well.
        let _ = history::unlock(&mut self.connection).await;
        self.connection.close().await;
    }

    pub(super) fn server(&self) -> Server {
        let server = self.connection.server();
        Server {
            database: server.database.clone(),
            version: server.version.clone(),
            version_num: server.version_number,
        }
    }

    /// Runs the statements, with a line of progress for each section.
    pub(super) async fn run(
        &mut self,
        request: apply::Request<'_>,
        terminal: &mut Terminal,
    ) -> Execution {
        let steps = execution::steps(request.script, request.sections);
        let symbols = terminal.symbols();
        let mut show = |event: Event| {
            terminal.note(&human::migrate::execution::progress(
                &event,
                request.script,
                &steps,
                symbols,
            ));
        };
        apply::run(&mut self.connection, request, &self.interrupt, &mut show).await
    }
}

async fn lock(
    connection: &mut Connection,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let started = Instant::now();
    let mut told = false;
    while let Some(process) = history::try_lock(connection).await? {
        if !told {
            terminal.note(&format!(
                "  wait     another run migrates this database (pid {process})"
            ));
            told = true;
        }
        if started.elapsed() > LOCK_PATIENCE {
            return Err(Failure::environment(format!(
                "another run migrates this database (pid {process}), after {} s it still does",
                LOCK_PATIENCE.as_secs()
            ))
            .hint("nothing was changed: try again when it is done")
            .code("migration-in-progress"));
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(250)) => {}
            signal = interrupt.wait() => {
                return Err(Failure::interrupted(signal, "interrupted while another run migrates this database; nothing was changed"));
            }
        }
    }
    Ok(())
}

/// The fault with its place on standard error, the report on standard output, how to go on.
pub(super) fn report(
    options: &ReportOptions,
    execution: &Execution,
    migration: &Migration,
    around: &Surroundings,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let script = &migration.script;
    if let End::Failed { number, fault } | End::NoLock { number, fault, .. } = &execution.end {
        let message = format!(
            "statement {number} of {} failed: {} ({})",
            execution.steps.len(),
            fault.message,
            fault.code
        );
        let mut diagnostic = Diagnostic::error("statement-failed", message)
            .at(Span::new(&script.source, fault.range.clone()));
        diagnostic.help = match (&fault.detail, &fault.hint) {
            (Some(detail), Some(hint)) => Some(format!("{detail} {hint}")),
            (detail, hint) => detail.clone().or_else(|| hint.clone()),
        };
        if options.format != Format::Json {
            human::error::write_diagnostic(terminal.error_stream(), &diagnostic)?;
        }
    }
    let human = human::migrate::execution::Surroundings {
        direction: around.direction,
        version: &around.version,
        database: &around.server.database,
        symbols: terminal.symbols(),
    };
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        match format {
            Format::Json => json::write_document(out, &Document::new(execution, script, around)),
            Format::Markdown => {
                let heading = human::migrate::execution::verdict_text(execution, human);
                markdown::migrate::execution::write(out, execution, script, &heading)
            }
            _ => human::migrate::execution::write(out, execution, script, human),
        }
    };
    findings::report(options, false, terminal, render)?;
    // The report comes before the hints, also when both streams are one.
    terminal.flush()?;
    go_on(execution, around, terminal);
    verdict(execution)
}

fn go_on(execution: &Execution, around: &Surroundings, terminal: &mut Terminal) {
    let up = around.direction == Direction::Apply;
    let undo = format!("backsmith migrate --rollback {}", around.version);
    // A hint that cannot be followed is none.
    let down = MigrationFile::down(&around.version, Path::new(""), Path::new(&around.file));
    let up = up && down.is_ok();
    match &execution.end {
        End::Done if up => terminal.labelled("undo", &undo),
        End::Done => {}
        End::Failed { .. } => {
            let resume = match execution.applied() {
                0 => "mend what stands in the way and run the same command".to_owned(),
                done => format!(
                    "mend what stands in the way and run the same command; it resumes at statement {}",
                    done + 1
                ),
            };
            terminal.labelled("go on", &resume);
            if up && execution.applied() > 0 {
                terminal.labelled("undo", &undo);
            }
        }
        End::NoLock { holder, .. } => {
            if let Some(holder) = holder {
                terminal.note(&format!("  held back by {holder}"));
            }
            terminal.labelled(
                "go on",
                "run the same command when the other session is done",
            );
        }
        End::Interrupted { .. } => {
            terminal.labelled(
                "go on",
                &format!(
                    "run the same command; it resumes at statement {}",
                    execution.applied() + 1
                ),
            );
            if up && execution.applied() > 0 {
                terminal.labelled("undo", &undo);
            }
        }
        End::ConnectionLost { .. } => {
            terminal.labelled(
                "go on",
                "run the same command: the history tells what is applied",
            );
        }
    }
}

fn verdict(execution: &Execution) -> Result<Verdict, Failure> {
    match &execution.end {
        End::Done => Ok(Verdict::Holds),
        End::Failed { .. } => Ok(Verdict::Negative),
        End::Interrupted { signal, .. } => Ok(Verdict::Interrupted(*signal)),
        End::NoLock { number, .. } => Err(Failure::environment(format!(
            "statement {number} got no lock in {} tries of {} s",
            execution.retries + 1,
            apply::LOCK_TIMEOUT.as_secs()
        ))
        .code("no-lock")),
        End::ConnectionLost { reason, .. } => {
            Err(Failure::environment("the connection to the server was lost").cause(reason.clone()))
        }
    }
}
