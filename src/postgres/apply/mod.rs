//! Runs a migration for real: sections in order, each transaction with its entry in the history, a
//! limit on waiting for locks with retries, and no invalid index left behind.

mod aftermath;
mod doubt;
mod indexes;
mod observe;
mod runner;

use std::collections::BTreeSet;
use std::time::Duration;

use super::history::{self, Doubt, Progress, RecordState};
use super::{Connection, Error, fault_of};
use crate::migrate::execution::{Direction, End, Event, Execution, Limits, Step};
use crate::migrate::script::{Script, Section};
use crate::terminal::interrupt::Interrupt;

pub use aftermath::find_out;
pub(in crate::postgres) use observe::{Observer, Work, execute};

/// What to run, and what the history calls it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub direction: Direction,
    pub script: &'a Script,
    pub sections: &'a [Section],
    pub version: &'a str,
    /// The up file's path and checksum, also when it is taken back.
    pub file: &'a str,
    pub checksum: &'a str,
    /// Statements that an earlier run has done.
    pub done_before: usize,
    /// What an earlier run left in doubt.
    pub doubt: Option<&'a Doubt>,
    /// What the user says about that.
    pub verdict: Option<InDoubt>,
    /// Numbers of statements that take back what was never applied.
    pub not_needed: &'a BTreeSet<usize>,
    /// What is recorded as done upwards, while a rollback runs.
    pub up_done: (usize, &'a str, RecordState),
    /// Of the schema at the start; only written with the first entry.
    pub fingerprint: Option<&'a str>,
    pub limits: Limits,
}

/// What the user says of a statement whose end nobody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InDoubt {
    Applied,
    Repeat,
}

/// Runs everything that is not done yet.
pub async fn run(
    connection: &mut Connection,
    request: Request<'_>,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(Event),
) -> Execution {
    runner::Runner::new(connection, request, interrupt, events)
        .run()
        .await
}

/// How a run ends when the server says no, or says nothing any more.
fn trouble(
    (request, version): (&Request<'_>, u32),
    steps: &[Step],
    number: usize,
    error: Error,
) -> End {
    let number = number.clamp(1, steps.len().max(1));
    match (error, steps.get(number - 1)) {
        (Error::Database(error), Some(step)) => End::Failed {
            number,
            fault: fault_of(request.script, &step.statement, &error, version),
        },
        (error, _) => End::ConnectionLost {
            number,
            reason: match error {
                Error::ConnectionLost(reason) | Error::Protocol(reason) => reason,
                Error::Database(error) => error.summary(),
            },
            known: false,
        },
    }
}

/// An entry of the history in the making.
struct Entry<'a> {
    /// Statements that are done.
    done: usize,
    /// The one that runs now, outside of a transaction.
    doubt: Option<&'a Doubt>,
    duration: Duration,
}

impl Entry<'_> {
    async fn save(
        &self,
        connection: &mut Connection,
        request: &Request<'_>,
        steps: &[Step],
    ) -> Result<(), Error> {
        let last = self.done.checked_sub(1).and_then(|last| steps.get(last));
        let text = &request.script.source.text;
        let done_checksum = last.map_or_else(String::new, |step| {
            checksum(&text[..step.statement.range.end])
        });
        let complete = self.done == steps.len();
        let nothing = self.done == 0 && self.doubt.is_none();
        let entry = Progress {
            version: request.version,
            file: request.file,
            checksum: request.checksum,
            state: RecordState::Partial,
            done: self.done,
            done_checksum: &done_checksum,
            down_done: 0,
            down_checksum: "",
            doubt: self.doubt,
            fingerprint: request.fingerprint,
            duration: self.duration,
        };
        let entry = match request.direction {
            Direction::Apply => Progress {
                state: match (complete, nothing) {
                    (true, _) => RecordState::Applied,
                    // The first statement failed and left no trace.
                    (false, true) => RecordState::RolledBack,
                    (false, false) => RecordState::Partial,
                },
                ..entry
            },
            Direction::RollBack if complete => Progress {
                state: RecordState::RolledBack,
                done: 0,
                done_checksum: "",
                ..entry
            },
            Direction::RollBack => Progress {
                state: if nothing {
                    request.up_done.2
                } else {
                    RecordState::Partial
                },
                done: request.up_done.0,
                done_checksum: request.up_done.1,
                down_done: self.done,
                down_checksum: &done_checksum,
                ..entry
            },
        };
        history::save(connection, &entry).await
    }
}

/// SHA-256 in hexadecimal digits.
pub fn checksum(text: &str) -> String {
    crate::files::manifest::sha256(text.as_bytes())
}
