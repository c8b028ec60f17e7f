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
use crate::migrate::execution::{self, Arrival, Direction, End, Event, Execution};
use crate::migrate::header::Ends;
use crate::postgres::{self, Connection, ReadOnly, SessionDefaults, apply, history, pooler};
use crate::report::json::v1::migrate::Server;
use crate::report::json::v1::migrate::execution::{Document, Surroundings};
use crate::report::{human, json, markdown};
use crate::settings::migrate::{Database, InDoubt, Running};
use crate::settings::{Format, ReportOptions};
use crate::terminal::interrupt::Interrupt;
use crate::terminal::{Terminal, interrupt};
use crate::text::{Span, number};

/// A connection that alone may migrate this database.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) interrupt: Interrupt,
}

impl Session {
    pub(super) async fn open(
        database: &Database,
        running: &Running,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let interrupt = interrupt::listen();
        let mut connection = super::target(database)?.connect().await?;
        writable(&connection)?;
        pooler::refuse(&mut connection).await?;
        let defaults = SessionDefaults::read(&mut connection).await?;
        defaults.adopt(&mut connection).await?;
        lock(&mut connection, running.wait, &interrupt, terminal).await?;
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
        server_entry(self.connection.server())
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
        let mut execution =
            apply::run(&mut self.connection, request, &self.interrupt, &mut show).await;
        let target = self.connection.target();
        apply::find_out(target, &request, &mut execution, &self.interrupt, &mut show).await;
        execution
    }

    /// The fingerprint of the schema, from a session whose settings matter to nobody.
    pub(super) async fn fingerprint(&self) -> Result<String, Failure> {
        let fingerprint = super::fingerprint_of(self.connection.target()).await?;
        Ok(fingerprint.digest())
    }

    /// What is there at the end, when the file says what it should be.
    pub(super) async fn arrival(
        &self,
        execution: &Execution,
        ends: Option<&Ends>,
    ) -> Option<Arrival> {
        let ends = ends.filter(|_| execution.end == End::Done)?;
        // The work is done: a look that fails is no reason to say otherwise.
        let found = self.fingerprint().await.ok()?;
        Some(Arrival {
            promised: ends.after.clone(),
            found,
        })
    }
}

/// The server as documents name it.
pub(super) fn server_entry(about: &postgres::Server) -> Server {
    Server {
        database: about.database.clone(),
        version: about.version.clone(),
        version_num: about.version_number,
    }
}

/// What the user says of a statement whose end nobody saw.
pub(super) fn in_doubt(running: &Running) -> Option<apply::InDoubt> {
    running.in_doubt.map(|word| match word {
        InDoubt::Applied => apply::InDoubt::Applied,
        InDoubt::Repeat => apply::InDoubt::Repeat,
    })
}

/// A replica cannot be changed, and a setting against it is not overruled.
pub(super) fn writable(connection: &Connection) -> Result<(), Failure> {
    let url = connection.target().url();
    match connection.server().read_only {
        None => Ok(()),
        Some(ReadOnly::Replica) => Err(Failure::environment(format!(
            "`{url}` is a read-only replica: nothing can be applied there"
        ))
        .hint("connect to the primary server; nothing was changed")
        .code("read-only")),
        Some(ReadOnly::Setting) => Err(Failure::environment(format!(
            "`{url}` is read-only for the role `{}`: default_transaction_read_only is on",
            connection.server().user
        ))
        .hint("connect as a role that may write; nothing was changed")
        .code("read-only")),
    }
}

async fn lock(
    connection: &mut Connection,
    patience: Duration,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let started = Instant::now();
    let mut told = false;
    while let Some(holder) = history::try_lock(connection).await? {
        if started.elapsed() >= patience {
            return Err(Failure::environment(format!(
                "another run migrates this database, after {} it still does",
                number::seconds(patience)
            ))
            .detail(holder.clone())
            .detail(format!(
                "when nobody runs it any more: SELECT pg_terminate_backend({})",
                process(&holder)
            ))
            .hint("nothing was changed: try again when it is done; `--wait TIME` waits longer")
            .code("migration-in-progress"));
        }
        if !told {
            terminal.note(&format!(
                "  wait     another run migrates this database: {holder}"
            ));
            told = true;
        }
        let pause = Duration::from_millis(250).min(patience.saturating_sub(started.elapsed()));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            signal = interrupt.wait() => {
                return Err(Failure::interrupted(signal, "interrupted while another run migrates this database; nothing was changed"));
            }
        }
    }
    Ok(())
}

/// The number in `pid 48213, …`.
fn process(holder: &str) -> &str {
    let rest = holder.trim_start_matches("pid ");
    let end = rest.find(|letter: char| !letter.is_ascii_digit());
    &rest[..end.unwrap_or(rest.len())]
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
        arrival: around.arrival.as_ref(),
    };
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        match format {
            Format::Json => json::write_document(out, &Document::new(execution, script, around)),
            Format::Markdown => {
                let heading = human::migrate::execution::verdict_text(execution, human);
                let arrival = around.arrival.as_ref();
                let arrived = arrival
                    .map(|arrival| human::migrate::execution::arrived(arrival, around.direction));
                let notes: Vec<String> = around.notes.iter().cloned().chain(arrived).collect();
                markdown::migrate::execution::write(out, execution, script, &heading, &notes)
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
    let resume = execution.resumes_at();
    let undo_half = up && execution.applied() > 0;
    match &execution.end {
        End::Done if up => terminal.labelled("undo", &undo),
        End::Done => {}
        End::Failed { .. } => {
            let resume = match resume.filter(|_| execution.applied() > 0) {
                None => "mend what stands in the way and run the same command".to_owned(),
                Some(number) => format!(
                    "mend what stands in the way and run the same command; it resumes at statement {number}"
                ),
            };
            terminal.labelled("go on", &resume);
            if undo_half {
                terminal.labelled("undo", &undo);
            }
        }
        End::NoLock { .. } => {
            terminal.labelled(
                "go on",
                "run the same command when the other session is done; `--lock-timeout`, `--retries` and `--backoff` make it more patient",
            );
            if undo_half {
                terminal.labelled("undo", &undo);
            }
        }
        End::Interrupted { .. } | End::ConnectionLost { known: true, .. } => {
            let resume = resume.map_or_else(
                || "run the same command".to_owned(),
                |number| format!("run the same command; it resumes at statement {number}"),
            );
            terminal.labelled("go on", &resume);
            if undo_half {
                terminal.labelled("undo", &undo);
            }
        }
        End::ConnectionLost { .. } => {
            terminal.labelled(
                "go on",
                "run the same command when the server is there: its history tells what is applied",
            );
        }
        End::InDoubt { number } => {
            terminal.labelled(
                "go on",
                &format!(
                    "look whether statement {number} was done, then run the same command with `--in-doubt applied` or `--in-doubt repeat`"
                ),
            );
        }
    }
}

fn verdict(execution: &Execution) -> Result<Verdict, Failure> {
    match &execution.end {
        End::Done => Ok(Verdict::Holds),
        End::Failed { fault, .. } if is_environment(&fault.code) => Ok(Verdict::Environment),
        End::Failed { .. } => Ok(Verdict::Negative),
        End::Interrupted { signal, .. } => Ok(Verdict::Interrupted(*signal)),
        End::InDoubt { .. } => Ok(Verdict::Refused),
        End::NoLock { number, holder, .. } => {
            let failure = Failure::environment(format!(
                "statement {number} got no lock in {} of {}",
                number::counted(execution.retries + 1, "try"),
                number::seconds(execution.limits.lock_timeout)
            ))
            .code("no-lock");
            Err(match holder {
                Some(holder) => failure.detail(format!("held back by {holder}")),
                None => failure,
            })
        }
        End::ConnectionLost { reason, .. } => {
            Err(Failure::environment("the connection to the server was lost").cause(reason.clone()))
        }
    }
}

/// Rights, room, time and the machine: nothing that the file or the rows could mend.
fn is_environment(code: &str) -> bool {
    let class = code.get(..2).unwrap_or_default();
    ["53", "57", "58", "XX"].contains(&class) || ["42501", "25006"].contains(&code)
}
