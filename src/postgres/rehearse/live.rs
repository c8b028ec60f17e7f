//! A rehearsal on the live database itself: everything in one transaction that is rolled back, with
//! a short limit on waiting for locks, since each lock is held to the end.

use std::collections::BTreeMap;
use std::time::Instant;

use sqlx::Row;

use super::super::apply::{Observer, Work, execute};
use super::super::{Connection, DatabaseError, Error, fault_of};
use super::effect::Between;
use super::observed::{self, difference};
use super::snapshot::Snapshot;
use crate::catalog::effect::{LockMode, Outcome, SqlFault};
use crate::failure::Interruption;
use crate::migrate::execution::Limits;
use crate::migrate::rehearsal::Measured;
use crate::migrate::script::{Kind, Piece, Place, Script, Section, Statement};
use crate::terminal::interrupt::Interrupt;

/// What a rehearsal on the live database saw.
#[derive(Debug)]
pub struct LiveRun {
    pub measured: Vec<Measured>,
    /// For each of them, how long it took.
    pub seconds: Vec<f64>,
    /// Sequences that stand elsewhere now, as (name, before, after): a rollback does not put them back.
    pub advanced: Vec<(String, String, String)>,
    pub end: LiveEnd,
}

/// How it ended; nothing remains in any case.
#[derive(Debug)]
pub enum LiveEnd {
    /// To the end, or up to the statement that fails.
    Done,
    NoLock {
        number: usize,
        fault: SqlFault,
        holder: Option<String>,
    },
    Interrupted(Interruption),
}

/// Runs all sections and rolls back.
pub async fn run(
    connection: &mut Connection,
    script: &Script,
    sections: &[Section],
    limits: Limits,
    interrupt: &Interrupt,
) -> Result<LiveRun, Error> {
    let before = sequences(connection).await?;
    connection.execute("BEGIN").await?;
    let target = connection.target().clone();
    let observer = Observer::new(target, connection.process(), limits.lock_timeout);
    let mut rehearsal = Live {
        observer,
        script,
        limits,
        interrupt,
        left_out: false,
        sent: 0.0,
        run: LiveRun {
            measured: Vec::new(),
            seconds: Vec::new(),
            advanced: Vec::new(),
            end: LiveEnd::Done,
        },
        connection,
    };
    let ended = rehearsal.sections(sections).await;
    let Live {
        mut run,
        connection,
        ..
    } = rehearsal;
    connection.execute("ROLLBACK").await?;
    ended?;
    let after = sequences(connection).await?;
    for (name, value) in after {
        let (old, new) = (before.get(&name).copied().flatten(), value);
        if before.contains_key(&name) && old != new {
            let text = |value: Option<i64>| {
                value.map_or_else(|| "its start".to_owned(), |value| value.to_string())
            };
            run.advanced.push((name, text(old), text(new)));
        }
    }
    Ok(run)
}

struct Live<'a> {
    connection: &'a mut Connection,
    observer: Observer,
    script: &'a Script,
    limits: Limits,
    interrupt: &'a Interrupt,
    /// A statement was not run, so what needs it cannot run either.
    left_out: bool,
    /// Seconds that the present statement took, without what we ask around it.
    sent: f64,
    run: LiveRun,
}

impl Live<'_> {
    /// Stops at the first statement that fails.
    async fn sections(&mut self, sections: &[Section]) -> Result<(), Error> {
        self.limit().await?;
        let original = Snapshot::take(self.connection).await?;
        let mut before = original.clone();
        let mut locks = observed::held_locks(self.connection).await?;
        for section in sections {
            for piece in &section.pieces {
                let script = self.script;
                let Piece::Statement(statement) = &script.pieces[*piece] else {
                    continue;
                };
                self.sent = 0.0;
                let outcome = self
                    .statement(*piece, statement, &original, &mut before, &mut locks)
                    .await?;
                let Some(outcome) = outcome else {
                    return Ok(());
                };
                self.note(*piece, section.place, outcome);
                if self.has_failed() {
                    return Ok(());
                }
            }
            if matches!(section.place, Place::Transaction(_)) {
                self.deferred().await?;
            }
            if self.has_failed() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn note(&mut self, piece: usize, place: Place, outcome: Outcome) {
        self.run.measured.push(Measured {
            piece,
            place,
            outcome,
        });
        self.run.seconds.push(self.sent);
    }

    fn has_failed(&self) -> bool {
        let last = self.run.measured.last();
        last.is_some_and(|last| matches!(last.outcome, Outcome::Failed(_)))
    }

    /// Whatever the file sets, nobody waits long for us.
    async fn limit(&mut self) -> Result<(), Error> {
        let limits = self.limits;
        let mut set = format!(
            "SET LOCAL lock_timeout = {}",
            limits.lock_timeout.as_millis()
        );
        if let Some(limit) = limits.statement_timeout {
            set.push_str(&format!(
                "; SET LOCAL statement_timeout = {}",
                limit.as_millis()
            ));
        }
        self.connection.execute(&set).await
    }

    /// The outcome, or None when the run has ended.
    async fn statement(
        &mut self,
        piece: usize,
        statement: &Statement,
        original: &Snapshot,
        before: &mut Snapshot,
        locks: &mut BTreeMap<i64, LockMode>,
    ) -> Result<Option<Outcome>, Error> {
        let text = &self.script.source.text;
        if statement.refuses_transactions() {
            self.left_out = true;
            return Ok(Some(Outcome::NotMeasured(
                "Postgres runs it outside of transactions only, so it could not be rolled back"
                    .to_owned(),
            )));
        }
        let scans = observed::scans(self.connection).await?;
        self.connection.execute("SAVEPOINT backsmith").await?;
        let (sent, signal) = self.send(piece, statement).await;
        if let Some(signal) = signal {
            self.run.end = LiveEnd::Interrupted(signal);
            return Ok(None);
        }
        if let Err(error) = sent {
            let Error::Database(error) = error else {
                return Err(error);
            };
            self.connection
                .execute("ROLLBACK TO SAVEPOINT backsmith")
                .await?;
            return Ok(self.judge(statement, &error));
        }
        self.connection
            .execute("RELEASE SAVEPOINT backsmith")
            .await?;
        self.limit().await?;
        let held = observed::held_locks(self.connection).await?;
        let taken: BTreeMap<i64, LockMode> = held
            .iter()
            .filter(|(id, mode)| locks.get(*id).is_none_or(|former| former < *mode))
            .map(|(id, mode)| (*id, *mode))
            .collect();
        *locks = held;
        let scans = difference(&scans, &observed::scans(self.connection).await?);
        let after = Snapshot::take(self.connection).await?;
        let conversions = statement.conversions(text);
        let between = Between {
            original,
            before,
            after: &after,
            conversions: &conversions,
        };
        // Its requirements are asked of nobody: the rows themselves have answered.
        let effect = between.effect(&taken, &scans);
        *before = after;
        Ok(Some(Outcome::Measured(effect)))
    }

    async fn send(
        &mut self,
        piece: usize,
        statement: &Statement,
    ) -> (Result<(), Error>, Option<Interruption>) {
        let text = &self.script.source.text;
        let sql = statement.text(text);
        let work = if statement.kind == Kind::CopyFromStandardInput {
            Work::Copy(sql, self.script.rows_behind(piece).as_bytes())
        } else {
            Work::Statement(sql)
        };
        let started = Instant::now();
        let sent = execute(
            self.connection,
            &mut self.observer,
            work,
            self.interrupt,
            &mut |_| {},
        )
        .await;
        self.sent = started.elapsed().as_secs_f64();
        sent
    }

    fn judge(&mut self, statement: &Statement, error: &DatabaseError) -> Option<Outcome> {
        let version = self.connection.server().version_number;
        let fault = fault_of(self.script, statement, error, version);
        if error.is(DatabaseError::LOCK_NOT_AVAILABLE) {
            self.run.end = LiveEnd::NoLock {
                number: self.run.measured.len() + 1,
                fault,
                holder: self.observer.holder(),
            };
            return None;
        }
        // A new value of an enum may not be used by its own transaction.
        if self.left_out && error.is_about_missing()
            || error.is(DatabaseError::UNSAFE_NEW_ENUM_VALUE)
        {
            return Some(Outcome::NotMeasured(format!(
                "it needs what an earlier statement makes outside of this transaction: {}",
                error.message
            )));
        }
        Some(Outcome::Failed(fault))
    }

    /// Deferred constraints speak at the end of each transaction of the file.
    async fn deferred(&mut self) -> Result<(), Error> {
        let checked = self
            .connection
            .execute("SAVEPOINT backsmith; SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE SAVEPOINT backsmith")
            .await;
        let Err(error) = checked else {
            return Ok(());
        };
        let Error::Database(said) = &error else {
            return Err(error);
        };
        self.connection
            .execute("ROLLBACK TO SAVEPOINT backsmith")
            .await?;
        let version = self.connection.server().version_number;
        if let Some(last) = self.run.measured.last_mut()
            && let Some(Piece::Statement(statement)) = self.script.pieces.get(last.piece)
        {
            last.outcome = Outcome::Failed(fault_of(self.script, statement, said, version));
        }
        Ok(())
    }
}

/// Where every sequence stands that the role may read.
async fn sequences(connection: &mut Connection) -> Result<BTreeMap<String, Option<i64>>, Error> {
    const QUESTION: &str = "SELECT pg_catalog.format('%I.%I', s.schemaname, s.sequencename), s.last_value
        FROM pg_catalog.pg_sequences s
        WHERE pg_catalog.has_sequence_privilege(pg_catalog.format('%I.%I', s.schemaname, s.sequencename), 'SELECT, USAGE')";
    let rows = connection.rows(QUESTION).await?;
    let mut values = BTreeMap::new();
    for row in rows {
        values.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(values)
}
