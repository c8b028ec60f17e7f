//! One statement at a time: what it locks, scans and writes anew. A transaction of the file runs
//! twice, first as it is, to see whether it holds together, then a statement at a time, since locks
//! of earlier statements would hide those of later ones.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::Row;

use super::super::{Connection, DatabaseError, Error, fault_of};
use super::Ownership;
use super::effect::Between;
use super::observed::{self, difference, note_lock};
use super::snapshot::Snapshot;
use crate::catalog::effect::{LockMode, Outcome};
use crate::migrate::rehearsal::Measured;
use crate::migrate::script::{Kind, Piece, Place, Script, Section, Statement};

const FLUSHED_SCANS: &str = "SELECT s.relid::int8, s.seq_scan FROM pg_stat_user_tables s";

pub(super) struct Rehearsal<'a> {
    scratch: &'a mut Connection,
    ownership: Ownership,
    script: &'a Script,
    /// The schema as it is on the live database.
    original: Snapshot,
    /// The schema after the statement that ran last.
    present: Snapshot,
    /// `SET LOCAL` of the transaction that is taken apart.
    local_settings: Vec<String>,
    /// A statement that changes the whole server was left out.
    left_out: bool,
    /// Names of what the original has and the copy lacks.
    lacking: BTreeSet<String>,
    /// A statement could not run for want of them, so its effects are missing too.
    incomplete: bool,
}

impl<'a> Rehearsal<'a> {
    pub(super) async fn start(
        scratch: &'a mut Connection,
        ownership: Ownership,
        lacking: BTreeSet<String>,
        script: &'a Script,
    ) -> Result<Self, Error> {
        let original = Snapshot::take(scratch).await?;
        Ok(Self {
            scratch,
            ownership,
            script,
            present: original.clone(),
            original,
            local_settings: Vec::new(),
            left_out: false,
            lacking,
            incomplete: false,
        })
    }

    pub(super) async fn section(&mut self, section: &Section) -> Result<Vec<Measured>, Error> {
        let script = self.script;
        let statements = section
            .pieces
            .iter()
            .filter_map(|index| match &script.pieces[*index] {
                Piece::Statement(statement) => Some((*index, statement)),
                _ => None,
            });
        let statements: Vec<(usize, &Statement)> = statements.collect();
        self.local_settings.clear();
        let broken = match section.place {
            Place::Transaction(_) if statements.len() > 1 => self.whole(&statements).await?,
            _ => None,
        };
        let mut done = Vec::new();
        for (index, statement) in statements {
            let outcome = match &broken {
                Some((at, outcome)) if *at == index => outcome.clone(),
                _ => self.statement(index, statement).await?,
            };
            let failed = matches!(outcome, Outcome::Failed(_));
            done.push(Measured {
                piece: index,
                place: section.place,
                outcome,
            });
            if failed {
                break;
            }
        }
        Ok(done)
    }

    /// Runs a transaction as it stands and rolls it back; tells the statement that breaks it.
    async fn whole(
        &mut self,
        statements: &[(usize, &Statement)],
    ) -> Result<Option<(usize, Outcome)>, Error> {
        self.scratch.execute("BEGIN").await?;
        let mut broken = None;
        for (index, statement) in statements {
            if self.left_out_reason(statement).is_some() {
                self.left_out = true;
                continue;
            }
            // Only where the run may go on after an error: a savepoint is not quite nothing.
            let may_go_on = self.left_out
                || !self.lacking.is_empty()
                || statement.changes_rows(&self.script.source.text);
            if may_go_on {
                self.scratch.execute("SAVEPOINT backsmith").await?;
            }
            if let Err(error) = self.send(*index, statement).await {
                match self.judge(statement, error)? {
                    Outcome::Failed(fault) => {
                        broken = Some((*index, Outcome::Failed(fault)));
                        break;
                    }
                    _ => {
                        self.scratch
                            .execute("ROLLBACK TO SAVEPOINT backsmith")
                            .await?;
                    }
                }
            }
            // Savepoints inside of savepoints are refused at times: PostgreSQL 18 wants a statement's
            // changes seen before the next level begins.
            if may_go_on {
                self.scratch.execute("RELEASE SAVEPOINT backsmith").await?;
            }
        }
        self.scratch.execute("ROLLBACK").await?;
        Ok(broken)
    }

    async fn statement(&mut self, index: usize, statement: &Statement) -> Result<Outcome, Error> {
        if let Some(reason) = self.left_out_reason(statement) {
            self.left_out = true;
            return Ok(Outcome::NotMeasured(reason));
        }
        let measured = if statement.refuses_transactions() {
            self.alone(statement).await
        } else {
            self.in_transaction(index, statement).await
        };
        let (locks, scans) = match measured {
            Ok(measured) => measured,
            Err(error) => return self.judge(statement, error),
        };
        let after = Snapshot::take(self.scratch).await?;
        let before = std::mem::replace(&mut self.present, after);
        let conversions = statement.conversions(&self.script.source.text);
        let between = Between {
            original: &self.original,
            before: &before,
            after: &self.present,
            conversions: &conversions,
        };
        Ok(Outcome::Measured(between.effect(&locks, &scans)))
    }

    /// Sends a statement; its COPY rows with it.
    async fn send(&mut self, index: usize, statement: &Statement) -> Result<(), Error> {
        let text = &self.script.source.text;
        if statement.kind == Kind::CopyFromStandardInput {
            self.scratch
                .copy_in(
                    statement.text(text),
                    self.script.rows_behind(index).as_bytes(),
                )
                .await?;
            return Ok(());
        }
        self.scratch.execute(statement.text(text)).await
    }

    async fn in_transaction(
        &mut self,
        index: usize,
        statement: &Statement,
    ) -> Result<Observed, Error> {
        let text = statement.text(&self.script.source.text).to_owned();
        self.scratch.execute("BEGIN").await?;
        let measured = async {
            for setting in self.local_settings.clone() {
                self.scratch.execute(&setting).await?;
            }
            let before = observed::scans(self.scratch).await?;
            self.send(index, statement).await?;
            let locks = observed::held_locks(self.scratch).await?;
            let after = observed::scans(self.scratch).await?;
            Ok((locks, difference(&before, &after)))
        }
        .await;
        match measured {
            Ok(measured) => {
                // Deferred constraints and triggers speak here.
                self.scratch.execute("COMMIT").await?;
                if statement.sets_locally(&self.script.source.text) {
                    self.local_settings.push(text);
                }
                Ok(measured)
            }
            Err(error) => {
                self.scratch.execute("ROLLBACK").await?;
                Err(error)
            }
        }
    }

    /// A statement that Postgres refuses in a transaction lets go of its locks at its end, so they
    /// are watched from a second connection. A third one holds every table until the statement
    /// waits for the first time: so it cannot be too quick to be seen.
    async fn alone(&mut self, statement: &Statement) -> Result<Observed, Error> {
        let target = self.scratch.target().clone();
        let connect =
            |failure: crate::failure::Failure| Error::ConnectionLost(format!("{failure:?}"));
        let mut watcher = target.connect().await.map_err(connect)?;
        let mut holder = target.connect().await.map_err(connect)?;
        let process = self.scratch.process();
        let before = self.flushed_scans().await?;
        hold_tables(&mut holder, &self.present).await?;
        let text = statement.text(&self.script.source.text).to_owned();
        let mut locks = BTreeMap::new();
        let result = {
            let mut running = Box::pin(self.scratch.execute(&text));
            let mut holds = true;
            loop {
                tokio::select! {
                    biased;
                    result = &mut running => break result,
                    seen = watch(&mut watcher, process, &mut locks) => {
                        if seen? && holds {
                            holder.execute("ROLLBACK").await?;
                            holds = false;
                        }
                    }
                }
            }
        };
        holder.close().await;
        watcher.close().await;
        result?;
        let after = self.flushed_scans().await?;
        Ok((locks, difference(&before, &after)))
    }

    /// Counters of scans with those of this session that the server had not added up yet.
    async fn flushed_scans(&mut self) -> Result<BTreeMap<i64, i64>, Error> {
        if self.scratch.server().version_number >= 150_000 {
            self.scratch
                .execute("SELECT pg_stat_force_next_flush()")
                .await?;
        } else {
            // Older servers add up at most twice a second, when the session is idle.
            tokio::time::sleep(Duration::from_millis(600)).await;
            self.scratch
                .execute("SELECT pg_stat_clear_snapshot()")
                .await?;
            tokio::time::sleep(Duration::from_millis(600)).await;
        }
        observed::counted(self.scratch, FLUSHED_SCANS).await
    }

    /// Whether an error on the copy is one on the live database too.
    fn judge(&mut self, statement: &Statement, error: Error) -> Result<Outcome, Error> {
        let Error::Database(error) = error else {
            return Err(error);
        };
        let data = error.code.starts_with("23") && statement.changes_rows(&self.script.source.text);
        if data {
            let reason = format!(
                "it needs rows that the scratch copy does not have: {}",
                error.message
            );
            return Ok(Outcome::NotMeasured(reason));
        }
        // A role that an earlier, left out statement makes.
        if self.left_out && error.is(DatabaseError::UNDEFINED_OBJECT) {
            return Ok(Outcome::NotMeasured(format!(
                "it needs what was left out: {}",
                error.message
            )));
        }
        if error.is_about_missing() {
            if let Some(name) = self.lacking.iter().find(|name| names(&error.message, name)) {
                self.incomplete = true;
                return Ok(Outcome::NotMeasured(format!(
                    "it needs `{name}`, which could not be copied: {}",
                    error.message
                )));
            }
            if self.incomplete {
                return Ok(Outcome::NotMeasured(format!(
                    "it needs what an earlier statement could not make on the copy: {}",
                    error.message
                )));
            }
        }
        let version = self.scratch.server().version_number;
        Ok(Outcome::Failed(fault_of(
            self.script,
            statement,
            &error,
            version,
        )))
    }

    fn left_out_reason(&self, statement: &Statement) -> Option<String> {
        let shared = self.ownership == Ownership::Shared;
        (shared && statement.changes_server(&self.script.source.text))
            .then(|| "it changes the whole server, not this database alone".to_owned())
    }
}

/// Whether a message speaks of a name, as a word of its own.
fn names(message: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    message.match_indices(name).any(|(at, _)| {
        let before = message[..at].chars().next_back();
        let after = message[at + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

type Observed = (BTreeMap<i64, LockMode>, BTreeMap<i64, i64>);

/// Opens a transaction that holds every table in a mode that stops schema changes only.
async fn hold_tables(holder: &mut Connection, present: &Snapshot) -> Result<(), Error> {
    let tables: Vec<&str> = present
        .relations
        .values()
        .filter(|relation| ["r", "p"].contains(&relation.kind.as_str()))
        .map(|relation| relation.name.as_str())
        .collect();
    holder.execute("BEGIN").await?;
    if tables.is_empty() {
        return Ok(());
    }
    holder
        .execute(&format!(
            "LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE",
            tables.join(", ONLY ")
        ))
        .await
}

/// Notes the locks that a process holds or waits for; tells whether it waits.
async fn watch(
    watcher: &mut Connection,
    process: i32,
    locks: &mut BTreeMap<i64, LockMode>,
) -> Result<bool, Error> {
    const QUESTION: &str =
        "SELECT coalesce(l.relation, 0)::int8, l.mode, l.granted FROM pg_locks l WHERE l.pid = $1";
    let rows = sqlx::query(QUESTION)
        .persistent(false)
        .bind(process)
        .fetch_all(watcher.inner())
        .await?;
    let mut waits = false;
    for row in rows {
        note_lock(locks, row.try_get(0)?, &row.try_get::<String, _>(1)?);
        waits |= !row.try_get::<bool, _>(2)?;
    }
    Ok(waits)
}
