//! One run: groups of statements in order, each with its entry in the history.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::super::history::Doubt;
use super::super::{Connection, DatabaseError, Error};
use super::doubt::{self, Found};
use super::observe::{self, Observer, Work};
use super::{Entry, InDoubt, Request, indexes, trouble};
use crate::catalog::effect::SqlFault;
use crate::failure::Interruption;
use crate::migrate::execution::{self, End, Event, Execution, State, Step};
use crate::migrate::script::{Kind, Place, Traces};
use crate::terminal::interrupt::Interrupt;

pub(super) struct Runner<'a> {
    connection: &'a mut Connection,
    request: Request<'a>,
    interrupt: &'a Interrupt,
    events: &'a mut dyn FnMut(Event),
    observer: Observer,
    /// The file itself says how long it waits for locks.
    own_limit: bool,
    /// The file says whose rights it has, which need not be enough for the history.
    sets_role: bool,
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

/// SQLSTATEs of a statement that ends transactions itself or refuses to be in one.
const NEEDS_NO_TRANSACTION: &[&str] = &[
    DatabaseError::ACTIVE_SQL_TRANSACTION,
    DatabaseError::INVALID_TRANSACTION_TERMINATION,
];

impl<'a> Runner<'a> {
    pub(super) fn new(
        connection: &'a mut Connection,
        request: Request<'a>,
        interrupt: &'a Interrupt,
        events: &'a mut dyn FnMut(Event),
    ) -> Self {
        let mut steps = execution::steps(request.script, request.sections);
        for step in &mut steps {
            if request.not_needed.contains(&step.number) {
                step.state = State::NotNeeded;
            }
        }
        let places = steps
            .iter()
            .filter(|step| step.place != Place::Alone)
            .map(|step| step.place);
        let transactions = places.fold((0, None), |(count, last), place| {
            (count + usize::from(last != Some(place)), Some(place))
        });
        let text = &request.script.source.text;
        let mut statements = request.script.statements();
        let target = connection.target().clone();
        Self {
            observer: Observer::new(target, connection.process(), request.limits.lock_timeout),
            own_limit: statements.any(|statement| statement.limits_lock_waits(text))
                && !request.limits.overrules_file,
            sets_role: request
                .script
                .statements()
                .any(|statement| statement.sets_role(text)),
            connection,
            request,
            interrupt,
            events,
            transactions: transactions.0,
            started: Instant::now(),
            retries: 0,
            longest_wait: 0.0,
            steps,
        }
    }

    pub(super) async fn run(mut self) -> Execution {
        let end = match self.all().await {
            Ok(()) => End::Done,
            Err(end) => end,
        };
        Execution {
            end,
            retries: self.retries,
            seconds: self.started.elapsed().as_secs_f64(),
            longest_wait: self.longest_wait,
            limits: self.request.limits,
            steps: self.steps,
        }
    }

    async fn all(&mut self) -> Result<(), End> {
        let limits = self.request.limits;
        let mut set = self.connection.set_lock_timeout(limits.lock_timeout).await;
        if let (Ok(()), Some(limit)) = (&set, limits.statement_timeout) {
            set = self.connection.set_statement_timeout(limit).await;
        }
        set.map_err(|error| self.trouble(0, error))?;
        for group in execution::groups(&self.steps) {
            // A transaction is recorded as a whole, so a group is done or it is not.
            if group.end <= self.request.done_before {
                self.repeat_settings(group).await?;
            } else if self.settled(group.clone()).await? {
                self.steps[group.start].state = State::AppliedBefore;
            } else {
                self.group(group).await?;
            }
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

    /// Whether an earlier run, whose end nobody saw, has done this group.
    async fn settled(&mut self, group: Range<usize>) -> Result<bool, End> {
        let number = self.steps[group.start].number;
        let Some(doubt) = self.request.doubt.filter(|doubt| doubt.number == number) else {
            return Ok(false);
        };
        let found = match self.request.verdict {
            Some(InDoubt::Applied) => Ok(Found::Done),
            Some(InDoubt::Repeat) => Ok(Found::Undone(Vec::new())),
            None => doubt::look(self.connection, doubt).await,
        };
        match found.map_err(|error| self.trouble(number, error))? {
            Found::Done => {
                let saved = self.save(group.end, None).await;
                saved.map_err(|error| self.trouble(number, error))?;
                (self.events)(Event::Settled { number, done: true });
                Ok(true)
            }
            Found::Undone(dropped) => {
                for index in dropped {
                    (self.events)(Event::CleanedUp { index });
                }
                (self.events)(Event::Settled {
                    number,
                    done: false,
                });
                Ok(false)
            }
            Found::Unknown => {
                self.steps[group.start].state = State::InDoubt;
                Err(End::InDoubt { number })
            }
        }
    }

    async fn group(&mut self, group: Range<usize>) -> Result<(), End> {
        let started = Instant::now();
        let needed = |step: &Step| step.state != State::NotNeeded;
        if !self.steps[group.clone()].iter().any(needed) {
            let number = self.steps[group.start].number;
            let saved = self.save(group.end, None).await;
            return saved.map_err(|error| self.trouble(number, error));
        }
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
                    attempt += 1;
                    self.pause(group.clone(), attempt, number, fault, waited)
                        .await?;
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

    /// Waits before the next try, or ends when there is none left.
    async fn pause(
        &mut self,
        group: Range<usize>,
        attempt: usize,
        number: usize,
        fault: SqlFault,
        waited: f64,
    ) -> Result<(), End> {
        let limits = self.request.limits;
        self.longest_wait = self.longest_wait.max(waited);
        let holder = self.observer.holder();
        if attempt > limits.retries {
            (self.events)(Event::Failed { number });
            return Err(End::NoLock {
                number,
                fault,
                holder,
            });
        }
        self.retries += 1;
        let pause = limits.pause(attempt);
        (self.events)(Event::Retry {
            number,
            attempt,
            of: limits.retries,
            pause: pause.as_secs_f64(),
            waited,
            holder,
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            signal = self.interrupt.wait() => {
                (self.events)(Event::Interrupted);
                for step in &mut self.steps[group] {
                    if step.state == State::Failed {
                        step.state = State::RolledBack;
                    }
                }
                Err(End::Interrupted { number, signal })
            }
        }
    }

    async fn transaction(&mut self, group: Range<usize>) -> Try {
        let first = self.steps[group.start].number;
        let last = self.steps[group.end - 1].number;
        if let Err(error) = self.connection.execute("BEGIN").await {
            return Try::Ended(self.trouble(first, error));
        }
        for at in group.clone() {
            if self.steps[at].state == State::NotNeeded {
                continue;
            }
            let number = self.steps[at].number;
            let sent = match self.send(at).await {
                (Ok(()), None) => (self.overrule(at, true).await, None),
                other => other,
            };
            match sent {
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
        let saved = self.save_inside(group.end).await;
        let committed = match saved {
            Ok(()) => self.connection.execute("COMMIT").await,
            Err(error) => Err(error),
        };
        match committed {
            Ok(()) => {
                for step in &mut self.steps[group] {
                    if step.state != State::NotNeeded {
                        step.state = State::Applied;
                    }
                }
                Try::Done
            }
            // Deferred constraints speak at the end; what they say belongs to the whole.
            Err(error) => {
                let end = self.trouble(last, error.clone());
                let at = group.end - 1;
                let undone = self
                    .undo(group, at, State::Failed, Some(error.clone()), end)
                    .await;
                self.again(at, &error, undone)
            }
        }
    }

    /// Rolls back; what becomes of a lost connection is found out later.
    async fn undo(
        &mut self,
        group: Range<usize>,
        at: usize,
        state: State,
        error: Option<Error>,
        end: End,
    ) -> Try {
        if let Some(error @ (Error::ConnectionLost(_) | Error::Protocol(_))) = error {
            // A signal may have ended the server as well.
            return Try::Ended(self.trouble(self.steps[at].number, error));
        }
        let rolled_back = self.connection.execute("ROLLBACK").await;
        for step in &mut self.steps[group.start..at] {
            if step.state != State::NotNeeded {
                step.state = State::RolledBack;
            }
        }
        self.steps[at].state = state;
        match rolled_back {
            Ok(()) => Try::Ended(end),
            Err(error) => Try::Ended(self.trouble(self.steps[at].number, error)),
        }
    }

    /// A statement by itself: in a transaction with its entry in the history where Postgres allows
    /// that, so that there is never a doubt.
    async fn alone(&mut self, at: usize) -> Try {
        if !self.steps[at].statement.refuses_transactions() {
            match self.transaction(at..at + 1).await {
                Try::Ended(End::Failed { fault, .. })
                    if NEEDS_NO_TRANSACTION.contains(&fault.code.as_str()) => {}
                ended => return ended,
            }
        }
        self.outside(at).await
    }

    /// A statement outside of any transaction: noted before it starts and after it has ended.
    async fn outside(&mut self, at: usize) -> Try {
        let number = self.steps[at].number;
        let prepared = self.prepare(at).await;
        let before = match prepared {
            Ok(before) => before,
            Err(error) => return Try::Ended(self.trouble(number, error)),
        };
        let (result, signal) = self.send(at).await;
        if let Err(error @ (Error::ConnectionLost(_) | Error::Protocol(_))) = result {
            return Try::Ended(self.trouble(number, error));
        }
        if result.is_err() {
            self.drop_new_invalid(&before).await;
        }
        let done = if result.is_ok() { at + 1 } else { at };
        let saved = match self.overrule(at, false).await {
            Ok(()) => self.save(done, None).await,
            Err(error) => Err(error),
        };
        self.steps[at].state = match (&result, signal) {
            (Ok(()), _) => State::Applied,
            (Err(_), Some(_)) => State::Cancelled,
            (Err(_), None) => State::Failed,
        };
        if let Err(error) = saved {
            return Try::Ended(self.trouble(number, error));
        }
        match (result, signal) {
            (Ok(()), None) => Try::Done,
            // It was done before the signal could stop it.
            (Ok(()), Some(signal)) => Try::Ended(End::Interrupted {
                number: number + 1,
                signal,
            }),
            (Err(_), Some(signal)) => Try::Ended(End::Interrupted { number, signal }),
            (Err(error), None) => {
                let end = self.trouble(number, error.clone());
                self.again(at, &error, Try::Ended(end))
            }
        }
    }

    /// Cleans up for a statement outside of a transaction and notes it; tells which invalid indexes
    /// there are before it.
    async fn prepare(&mut self, at: usize) -> Result<Vec<indexes::Invalid>, Error> {
        let before = self.before_index(at).await?;
        let text = &self.request.script.source.text;
        let step = &self.steps[at];
        let number = step.number;
        let direction = self.request.direction;
        let doubt =
            doubt::note(self.connection, (number, direction), &step.statement, text).await?;
        self.save(at, Some(&doubt)).await?;
        Ok(before)
    }

    /// A lock that did not come in time is a reason to try again, everything else is not.
    fn again(&mut self, at: usize, error: &Error, ended: Try) -> Try {
        let retried = error.is(DatabaseError::LOCK_NOT_AVAILABLE)
            || error.is(DatabaseError::DEADLOCK_DETECTED)
            || error.is(DatabaseError::SERIALIZATION_FAILURE);
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
        let work = if statement.kind == Kind::CopyFromStandardInput {
            let rows = self.request.script.rows_behind(self.steps[at].piece);
            Work::Copy(sql, rows.as_bytes())
        } else {
            Work::Statement(sql)
        };
        // CONCURRENTLY waits for old transactions, and nobody who reads or writes waits for it.
        let waits_harmlessly = statement.is_concurrent(text) && !self.own_limit;
        let mut limited = Ok(());
        if waits_harmlessly {
            limited = self.connection.set_lock_timeout(Duration::ZERO).await;
        }
        let sent = match limited {
            Ok(()) => {
                observe::execute(
                    self.connection,
                    &mut self.observer,
                    work,
                    self.interrupt,
                    self.events,
                )
                .await
            }
            Err(error) => (Err(error), None),
        };
        if waits_harmlessly && !matches!(sent.0, Err(Error::ConnectionLost(_))) {
            let limit = self.request.limits.lock_timeout;
            // When this fails the next statement fails as well, and says why.
            let _ = self.connection.set_lock_timeout(limit).await;
        }
        self.steps[at].seconds = started.elapsed().as_secs_f64();
        sent
    }

    /// Puts a limit that was asked for in place of the one that the file has just set.
    async fn overrule(&mut self, at: usize, in_transaction: bool) -> Result<(), Error> {
        let text = &self.request.script.source.text;
        let limits = self.request.limits;
        if !limits.overrules_file || !self.steps[at].statement.limits_lock_waits(text) {
            return Ok(());
        }
        if in_transaction {
            let milliseconds = limits.lock_timeout.as_millis();
            let set = format!("SET LOCAL lock_timeout = {milliseconds}");
            self.connection.execute(&set).await?;
        }
        if self.steps[at].statement.sets_session(text) {
            self.connection
                .set_lock_timeout(limits.lock_timeout)
                .await?;
        }
        Ok(())
    }

    /// Drops what a failed earlier run left of this index; tells which invalid ones there are.
    async fn before_index(&mut self, at: usize) -> Result<Vec<indexes::Invalid>, Error> {
        let mut invalid = indexes::invalid(self.connection).await?;
        let text = &self.request.script.source.text;
        if let Traces::Index {
            name: Some(name),
            table,
        } = self.steps[at].statement.traces(text)
        {
            let mut kept = Vec::new();
            for index in invalid {
                if index.is_called(&name) && index.is_on(self.connection, &table).await? {
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

    /// In a transaction whose statements may have given rights away.
    async fn save_inside(&mut self, done: usize) -> Result<(), Error> {
        if self.sets_role {
            self.connection.execute("SET LOCAL ROLE NONE").await?;
        }
        self.write(done, None).await
    }

    /// Outside of the transactions of the file.
    async fn save(&mut self, done: usize, doubt: Option<&Doubt>) -> Result<(), Error> {
        if !self.sets_role {
            return self.write(done, doubt).await;
        }
        self.connection
            .execute("BEGIN; SET LOCAL ROLE NONE")
            .await?;
        let ended = match self.write(done, doubt).await {
            Ok(()) => self.connection.execute("COMMIT").await,
            Err(error) => Err(error),
        };
        if matches!(ended, Err(Error::Database(_))) {
            // What is said to the user is why it failed, not that it is taken back.
            let _ = self.connection.execute("ROLLBACK").await;
        }
        ended
    }

    /// Records that the first `done` statements are done, and which one runs now.
    async fn write(&mut self, done: usize, doubt: Option<&Doubt>) -> Result<(), Error> {
        let entry = Entry {
            done,
            doubt,
            duration: self.started.elapsed(),
        };
        entry
            .save(self.connection, &self.request, &self.steps)
            .await
    }

    fn trouble(&self, number: usize, error: Error) -> End {
        let version = self.connection.server().version_number;
        trouble((&self.request, version), &self.steps, number, error)
    }
}
