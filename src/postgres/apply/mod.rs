//! Runs a migration for real: sections in order, each transaction with its entry in the history, a
//! limit on waiting for locks with retries, and no invalid index left behind.

mod indexes;
mod observe;

use std::ops::Range;
use std::time::{Duration, Instant};

use super::history::{self, Progress, RecordState};
use super::{Connection, DatabaseError, Error, fault_of};
use crate::catalog::effect::SqlFault;
use crate::failure::Interruption;
use crate::migrate::execution::{self, Direction, End, Event, Execution, State, Step};
use crate::migrate::script::{Kind, Piece, Place, Script, Section};
use crate::terminal::interrupt::Interrupt;
use observe::Observer;

/// How long a statement may wait for a lock while everybody else queues behind it.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a section is tried again when no lock came in time; each pause doubles from one second.
pub const RETRIES: usize = 5;

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
    /// What is recorded as done upwards, while a rollback runs.
    pub up_done: (usize, &'a str),
}

/// Runs everything that is not done yet.
pub async fn run(
    connection: &mut Connection,
    request: Request<'_>,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(Event),
) -> Execution {
    let steps = execution::steps(request.script, request.sections);
    let transactions = steps
        .iter()
        .filter(|step| step.place != Place::Alone)
        .map(|step| step.place);
    let transactions = transactions.fold((0, None), |(count, last), place| {
        (count + usize::from(last != Some(place)), Some(place))
    });
    let text = &request.script.source.text;
    let mut runner = Runner {
        observer: Observer::new(connection.target().clone(), connection.process()),
        own_limit: request
            .script
            .statements()
            .any(|statement| statement.limits_lock_waits(text)),
        connection,
        request,
        interrupt,
        events,
        transactions: transactions.0,
        started: Instant::now(),
        retries: 0,
        longest_wait: 0.0,
        steps,
    };
    let end = runner.all().await;
    let end = match end {
        Ok(()) => End::Done,
        Err(end) => end,
    };
    Execution {
        end,
        retries: runner.retries,
        seconds: runner.started.elapsed().as_secs_f64(),
        longest_wait: runner.longest_wait,
        steps: runner.steps,
    }
}

struct Runner<'a> {
    connection: &'a mut Connection,
    request: Request<'a>,
    interrupt: &'a Interrupt,
    events: &'a mut dyn FnMut(Event),
    observer: Observer,
    /// The file itself says how long it waits for locks.
    own_limit: bool,
    transactions: usize,
    started: Instant,
    retries: usize,
    longest_wait: f64,
    steps: Vec<Step>,
}

/// How one try of a section ended.
enum Try {
    Done,
    Again {
        number: usize,
        fault: SqlFault,
        waited: f64,
    },
    Ended(End),
}

impl Runner<'_> {
    async fn all(&mut self) -> Result<(), End> {
        let limit = self.connection.set_lock_timeout(LOCK_TIMEOUT).await;
        limit.map_err(|error| self.trouble(0, error))?;
        for group in execution::groups(&self.steps) {
            // A transaction is recorded as a whole, so a group is done or it is not.
            if group.end <= self.request.done_before {
                self.repeat_settings(group).await?;
                continue;
            }
            self.group(group).await?;
        }
        Ok(())
    }

    /// Settings of the session are gone with the run that made them.
    async fn repeat_settings(&mut self, group: Range<usize>) -> Result<(), End> {
        for at in group {
            self.steps[at].state = State::AppliedBefore;
            let text = self.steps[at]
                .statement
                .text(&self.request.script.source.text)
                .to_owned();
            if self.steps[at]
                .statement
                .sets_session(&self.request.script.source.text)
            {
                let set = self.connection.execute(&text).await;
                set.map_err(|error| self.trouble(self.steps[at].number, error))?;
            }
        }
        Ok(())
    }

    async fn group(&mut self, group: Range<usize>) -> Result<(), End> {
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            let tried = match self.steps[group.start].place {
                Place::Transaction(_) => self.transaction(group.clone()).await,
                Place::Alone => self.alone(group.start).await,
            };
            match tried {
                Try::Done => break,
                Try::Ended(end) => {
                    if let End::Failed { number, .. } = &end {
                        (self.events)(Event::Failed { number: *number });
                    }
                    return Err(end);
                }
                Try::Again {
                    number,
                    fault,
                    waited,
                } => {
                    self.longest_wait = self.longest_wait.max(waited);
                    let holder = self.observer.holder();
                    attempt += 1;
                    if attempt > RETRIES {
                        (self.events)(Event::Failed { number });
                        return Err(End::NoLock {
                            number,
                            fault,
                            holder,
                        });
                    }
                    self.retries += 1;
                    let pause = Duration::from_secs(1 << (attempt - 1));
                    (self.events)(Event::Retry {
                        number,
                        attempt,
                        of: RETRIES,
                        pause: pause.as_secs_f64(),
                        waited,
                        holder,
                    });
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        signal = self.interrupt.wait() => {
                            (self.events)(Event::Interrupted);
                            for step in &mut self.steps[group] {
                                if step.state == State::Failed {
                                    step.state = State::RolledBack;
                                }
                            }
                            return Err(End::Interrupted { number, signal });
                        }
                    }
                }
            }
        }
        (self.events)(Event::Done {
            first: self.steps[group.start].number,
            last: self.steps[group.end - 1].number,
            place: self.steps[group.start].place,
            transactions: self.transactions,
            seconds: started.elapsed().as_secs_f64(),
        });
        Ok(())
    }

    async fn transaction(&mut self, group: Range<usize>) -> Try {
        let first = self.steps[group.start].number;
        let last = self.steps[group.end - 1].number;
        if let Err(error) = self.connection.execute("BEGIN").await {
            return Try::Ended(self.trouble(first, error));
        }
        for at in group.clone() {
            let number = self.steps[at].number;
            match self.send(at).await {
                (Ok(()), None) => self.steps[at].state = State::RolledBack,
                (result, Some(signal)) => {
                    return self
                        .undo(
                            group,
                            at,
                            State::Cancelled,
                            result.err(),
                            End::Interrupted { number, signal },
                        )
                        .await;
                }
                (Err(error), None) => {
                    let end = self.trouble(number, error.clone());
                    let undone = self
                        .undo(group, at, State::Failed, Some(error.clone()), end)
                        .await;
                    return self.again(at, &error, undone);
                }
            }
        }
        let saved = self.save(group.end).await;
        let committed = match saved {
            Ok(()) => self.connection.execute("COMMIT").await,
            Err(error) => Err(error),
        };
        match committed {
            Ok(()) => {
                for step in &mut self.steps[group] {
                    step.state = State::Applied;
                }
                Try::Done
            }
            // Deferred constraints speak at the end; what they say belongs to the whole.
            Err(error) => {
                let end = self.trouble(last, error.clone());
                self.undo(
                    group.clone(),
                    group.end - 1,
                    State::Failed,
                    Some(error),
                    end,
                )
                .await
            }
        }
    }

    /// Rolls back; what becomes of a lost connection is not ours to say.
    async fn undo(
        &mut self,
        group: Range<usize>,
        at: usize,
        state: State,
        error: Option<Error>,
        end: End,
    ) -> Try {
        if matches!(error, Some(Error::ConnectionLost(_))) {
            return Try::Ended(end);
        }
        let rolled_back = self.connection.execute("ROLLBACK").await;
        for step in &mut self.steps[group.start..at] {
            step.state = State::RolledBack;
        }
        self.steps[at].state = state;
        match rolled_back {
            Ok(()) => Try::Ended(end),
            Err(error) => Try::Ended(self.trouble(self.steps[at].number, error)),
        }
    }

    async fn alone(&mut self, at: usize) -> Try {
        let number = self.steps[at].number;
        let builds_index = self.steps[at].statement.refuses_transactions();
        let before = if builds_index {
            match self.before_index(at).await {
                Ok(before) => before,
                Err(error) => return Try::Ended(self.trouble(number, error)),
            }
        } else {
            Vec::new()
        };
        let (result, signal) = self.send(at).await;
        if result.is_ok() && signal.is_none() {
            self.steps[at].state = State::Applied;
            return match self.save(at + 1).await {
                Ok(()) => Try::Done,
                Err(error) => Try::Ended(self.trouble(number, error)),
            };
        }
        if builds_index && !matches!(result, Err(Error::ConnectionLost(_))) {
            self.drop_new_invalid(&before).await;
        }
        match (result, signal) {
            // It was done before the signal could stop it.
            (Ok(()), Some(signal)) => {
                self.steps[at].state = State::Applied;
                match self.save(at + 1).await {
                    Ok(()) => Try::Ended(End::Interrupted {
                        number: number + 1,
                        signal,
                    }),
                    Err(error) => Try::Ended(self.trouble(number, error)),
                }
            }
            (Err(_), Some(signal)) => {
                self.steps[at].state = State::Cancelled;
                Try::Ended(End::Interrupted { number, signal })
            }
            (Err(error), None) => {
                self.steps[at].state = State::Failed;
                let end = self.trouble(number, error.clone());
                self.again(at, &error, Try::Ended(end))
            }
            (Ok(()), None) => Try::Done,
        }
    }

    /// A lock that did not come in time is a reason to try again, everything else is not.
    fn again(&mut self, at: usize, error: &Error, ended: Try) -> Try {
        let retried = error.is(DatabaseError::LOCK_NOT_AVAILABLE)
            || error.is(DatabaseError::DEADLOCK_DETECTED);
        match (ended, error.database()) {
            (Try::Ended(End::Failed { number, fault }), Some(_)) if retried => Try::Again {
                number,
                fault,
                waited: self.steps[at].seconds,
            },
            (ended, _) => ended,
        }
    }

    async fn send(&mut self, at: usize) -> (Result<(), Error>, Option<Interruption>) {
        let started = Instant::now();
        let text = &self.request.script.source.text;
        let statement = &self.steps[at].statement;
        let sql = statement.text(text);
        let waits_harmlessly = statement.is_concurrent(text) && !self.own_limit;
        let sent = if statement.kind == Kind::CopyFromStandardInput {
            let rows = match self.request.script.pieces.get(self.steps[at].piece + 1) {
                Some(Piece::CopyData(data)) => &text[data.rows.clone()],
                _ => "",
            };
            (
                self.connection
                    .copy_in(sql, rows.as_bytes())
                    .await
                    .map(|_| ()),
                self.interrupt.requested(),
            )
        } else {
            // CONCURRENTLY waits for old transactions, and nobody who reads or writes waits for it.
            let mut limited = Ok(());
            if waits_harmlessly {
                limited = self.connection.set_lock_timeout(Duration::ZERO).await;
            }
            let sent = match limited {
                Ok(()) => {
                    observe::execute(
                        self.connection,
                        &mut self.observer,
                        sql,
                        self.interrupt,
                        self.events,
                    )
                    .await
                }
                Err(error) => (Err(error), None),
            };
            if waits_harmlessly && !matches!(sent.0, Err(Error::ConnectionLost(_))) {
                // When this fails the next statement fails as well, and says why.
                let _ = self.connection.set_lock_timeout(LOCK_TIMEOUT).await;
            }
            sent
        };
        self.steps[at].seconds = started.elapsed().as_secs_f64();
        sent
    }

    /// Drops what a failed earlier run left of this index; tells which invalid ones there are.
    async fn before_index(&mut self, at: usize) -> Result<Vec<indexes::Invalid>, Error> {
        let mut invalid = indexes::invalid(self.connection).await?;
        if let Kind::CreateIndexConcurrently {
            index: Some(name), ..
        } = &self.steps[at].statement.kind
        {
            let mut kept = Vec::new();
            for index in invalid {
                if index.is_called(name) {
                    indexes::drop(self.connection, &index).await?;
                    (self.events)(Event::CleanedUp { index: index.name });
                } else {
                    kept.push(index);
                }
            }
            invalid = kept;
        }
        Ok(invalid)
    }

    async fn drop_new_invalid(&mut self, before: &[indexes::Invalid]) {
        // The next run cleans up by name when this one cannot.
        let Ok(after) = indexes::invalid(self.connection).await else {
            return;
        };
        for index in after.into_iter().filter(|index| !before.contains(index)) {
            if indexes::drop(self.connection, &index).await.is_ok() {
                (self.events)(Event::CleanedUp { index: index.name });
            }
        }
    }

    /// Records that the first `done` statements are done.
    async fn save(&mut self, done: usize) -> Result<(), Error> {
        let request = &self.request;
        let complete = done == self.steps.len();
        let end = self.steps[done - 1].statement.range.end;
        let done_checksum = checksum(&request.script.source.text[..end]);
        let up = request.direction == Direction::Apply;
        let progress = Progress {
            version: request.version,
            file: request.file,
            checksum: request.checksum,
            state: match (up, complete) {
                (true, true) => RecordState::Applied,
                (false, true) => RecordState::RolledBack,
                _ => RecordState::Partial,
            },
            done: if up {
                done
            } else if complete {
                0
            } else {
                request.up_done.0
            },
            done_checksum: if up {
                &done_checksum
            } else {
                request.up_done.1
            },
            down_done: if up || complete { 0 } else { done },
            duration: self.started.elapsed(),
        };
        history::save(self.connection, &progress).await
    }

    fn trouble(&self, number: usize, error: Error) -> End {
        let number = number.max(1);
        match error {
            Error::Database(error) => {
                let step = &self.steps[number - 1];
                End::Failed {
                    number,
                    fault: fault_of(self.request.script, &step.statement, &error),
                }
            }
            Error::ConnectionLost(reason) | Error::Protocol(reason) => {
                End::ConnectionLost { number, reason }
            }
        }
    }
}

/// SHA-256 in hexadecimal digits.
pub fn checksum(text: &str) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(text.as_bytes());
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 0x0f)]);
    digest
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}
