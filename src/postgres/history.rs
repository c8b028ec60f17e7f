//! The table of applied migrations, in the database itself, and the lock that lets one run at a
//! time work on it.

use std::time::Duration;

use sqlx::Row;

use super::{Connection, Error};
use crate::migrate::execution::Direction;

/// "backsmit" in ASCII.
const ADVISORY_KEY: i64 = 0x6261_636b_736d_6974;

/// What the table says of one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub version: String,
    /// Path of the file that was applied, as it was given.
    pub file: String,
    pub checksum: String,
    pub state: RecordState,
    /// Statements that are applied.
    pub done: usize,
    /// SHA-256 of the file up to the end of the last one.
    pub done_checksum: String,
    /// Statements of the down file that have run.
    pub down_done: usize,
    /// SHA-256 of the down file up to the end of the last of them.
    pub down_checksum: String,
    /// What was running outside of a transaction when the entry was written.
    pub doubt: Option<Doubt>,
    /// Fingerprint of the schema when the first statement began.
    pub fingerprint: Option<String>,
    /// In UTC, `2026-11-22T07:41:02Z`.
    pub applied_at: String,
    pub applied_by: String,
}

/// A statement that runs outside of a transaction, noted before it starts: when its end is not
/// noted, the next run knows what to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// From 1, in the order of the file.
    pub number: usize,
    /// Whether that file is the up file or the down file.
    pub direction: Direction,
    pub sql: String,
    /// Indexes that were there before, by their object identifiers.
    pub before: Vec<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    Applied,
    /// Stopped half-way, up or down.
    Partial,
    RolledBack,
}

impl RecordState {
    const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Partial => "partial",
            Self::RolledBack => "rolled back",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "applied" => Self::Applied,
            "rolled back" => Self::RolledBack,
            _ => Self::Partial,
        }
    }
}

/// How far a run has come; written in the transaction whose statements it counts.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    pub version: &'a str,
    pub file: &'a str,
    pub checksum: &'a str,
    pub state: RecordState,
    pub done: usize,
    pub done_checksum: &'a str,
    pub down_done: usize,
    pub down_checksum: &'a str,
    pub doubt: Option<&'a Doubt>,
    /// Kept when there is none.
    pub fingerprint: Option<&'a str>,
    pub duration: Duration,
}

const CREATE: &str = "
    CREATE SCHEMA IF NOT EXISTS backsmith;
    CREATE TABLE IF NOT EXISTS backsmith.migrations (
        version text PRIMARY KEY,
        file text NOT NULL,
        checksum text NOT NULL,
        state text NOT NULL CHECK (state IN ('applied', 'partial', 'rolled back')),
        statements_done integer NOT NULL,
        done_checksum text NOT NULL,
        down_done integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
        duration_ms bigint NOT NULL,
        applied_by text NOT NULL DEFAULT session_user,
        tool text NOT NULL
    );
    COMMENT ON TABLE backsmith.migrations IS 'Migrations that backsmith applied';";

/// Columns that came later than the table.
const EXTEND: &str = "
    ALTER TABLE backsmith.migrations
        ADD COLUMN IF NOT EXISTS down_checksum text NOT NULL DEFAULT '',
        ADD COLUMN IF NOT EXISTS fingerprint text,
        ADD COLUMN IF NOT EXISTS running integer,
        ADD COLUMN IF NOT EXISTS running_sql text,
        ADD COLUMN IF NOT EXISTS running_before bigint[]";

/// A table of an older version lacks the last columns, and reading must not add them.
const RECORDS: &str = "
    SELECT version, file, checksum, state, statements_done, done_checksum, down_done,
        pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), applied_by,
        coalesce(r ->> 'down_checksum', ''), r ->> 'fingerprint', (r ->> 'running')::int4, coalesce(r ->> 'running_sql', ''),
        coalesce((SELECT pg_catalog.array_agg(e.value::int8) FROM pg_catalog.jsonb_array_elements_text(
            CASE pg_catalog.jsonb_typeof(r -> 'running_before') WHEN 'array' THEN r -> 'running_before' ELSE '[]'::jsonb END) e (value)), '{}')
    FROM backsmith.migrations m, pg_catalog.to_jsonb(m) r ORDER BY applied_at, version";

const SAVE: &str = "
    INSERT INTO backsmith.migrations AS m (version, file, checksum, state, statements_done, done_checksum, down_done, duration_ms, tool,
        down_checksum, running, running_sql, running_before, fingerprint)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (version) DO UPDATE SET file = excluded.file, checksum = excluded.checksum, state = excluded.state,
        statements_done = excluded.statements_done, done_checksum = excluded.done_checksum, down_done = excluded.down_done,
        down_checksum = excluded.down_checksum, running = excluded.running, running_sql = excluded.running_sql,
        running_before = excluded.running_before, fingerprint = coalesce(excluded.fingerprint, m.fingerprint),
        duration_ms = CASE WHEN m.state = 'partial' THEN m.duration_ms ELSE 0 END + excluded.duration_ms,
        applied_at = CASE WHEN excluded.down_done > 0 OR excluded.state = 'rolled back' THEN m.applied_at ELSE pg_catalog.clock_timestamp() END,
        applied_by = CASE WHEN excluded.down_done > 0 OR excluded.state = 'rolled back' THEN m.applied_by ELSE session_user END,
        tool = excluded.tool";

/// Whether the table is there; reading must not make it.
async fn exists(connection: &mut Connection) -> Result<bool, Error> {
    let rows = connection
        .rows("SELECT pg_catalog.to_regclass('backsmith.migrations') IS NOT NULL")
        .await?;
    match rows.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(false),
    }
}

/// Makes the table when it is not there.
pub async fn prepare(connection: &mut Connection) -> Result<(), Error> {
    if !exists(connection).await? {
        connection.execute(CREATE).await?;
    }
    const IS_COMPLETE: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = 'backsmith.migrations'::regclass AND a.attname = 'running_before')";
    let rows = connection.rows(IS_COMPLETE).await?;
    match rows.first() {
        Some(row) if row.try_get(0)? => Ok(()),
        _ => connection.execute(EXTEND).await,
    }
}

/// All records, oldest first.
pub async fn records(connection: &mut Connection) -> Result<Vec<Record>, Error> {
    if !exists(connection).await? {
        return Ok(Vec::new());
    }
    let rows = connection.rows(RECORDS).await?;
    rows.iter()
        .map(|row| {
            Ok(Record {
                version: row.try_get(0)?,
                file: row.try_get(1)?,
                checksum: row.try_get(2)?,
                state: RecordState::parse(&row.try_get::<String, _>(3)?),
                done: usize::try_from(row.try_get::<i32, _>(4)?).unwrap_or(0),
                done_checksum: row.try_get(5)?,
                down_done: usize::try_from(row.try_get::<i32, _>(6)?).unwrap_or(0),
                applied_at: row.try_get(7)?,
                applied_by: row.try_get(8)?,
                down_checksum: row.try_get(9)?,
                fingerprint: row.try_get(10)?,
                doubt: match row.try_get::<Option<i32>, _>(11)? {
                    Some(number) => Some(Doubt {
                        number: number.unsigned_abs() as usize,
                        direction: if number < 0 {
                            Direction::RollBack
                        } else {
                            Direction::Apply
                        },
                        sql: row.try_get(12)?,
                        before: row.try_get(13)?,
                    }),
                    None => None,
                },
            })
        })
        .collect()
}

/// Writes how far a run has come.
pub async fn save(connection: &mut Connection, progress: &Progress<'_>) -> Result<(), Error> {
    sqlx::query(SAVE)
        .persistent(false)
        .bind(progress.version)
        .bind(progress.file)
        .bind(progress.checksum)
        .bind(progress.state.name())
        .bind(progress.done as i32)
        .bind(progress.done_checksum)
        .bind(progress.down_done as i32)
        .bind(progress.duration.as_millis() as i64)
        .bind(concat!("backsmith ", env!("CARGO_PKG_VERSION")))
        .bind(progress.down_checksum)
        .bind(progress.doubt.map(signed))
        .bind(progress.doubt.map(|doubt| doubt.sql.as_str()))
        .bind(progress.doubt.map(|doubt| doubt.before.as_slice()))
        .bind(progress.fingerprint)
        .execute(connection.inner())
        .await?;
    Ok(())
}

/// The number of a statement; those of the down file are negative.
fn signed(doubt: &Doubt) -> i32 {
    let number = doubt.number as i32;
    match doubt.direction {
        Direction::Apply => number,
        Direction::RollBack => -number,
    }
}

/// Takes the lock of migrations for the session, or tells who holds it.
pub async fn try_lock(connection: &mut Connection) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT pg_catalog.pg_try_advisory_lock($1)")
        .persistent(false)
        .bind(ADVISORY_KEY)
        .fetch_one(connection.inner())
        .await?;
    if row.try_get(0)? {
        return Ok(None);
    }
    const HOLDER: &str = "SELECT l.pid FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND (l.classid::int8 << 32) + l.objid::int8 = $1
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())";
    let rows = sqlx::query(HOLDER)
        .persistent(false)
        .bind(ADVISORY_KEY)
        .fetch_all(connection.inner())
        .await?;
    // It may have been let go meanwhile; the caller asks again anyway.
    match rows.first() {
        Some(row) => Ok(Some(
            super::activity::of(connection, row.try_get(0)?).await?,
        )),
        None => Ok(Some("pid 0".to_owned())),
    }
}

/// Lets the lock go; the end of the session does so too.
pub async fn unlock(connection: &mut Connection) -> Result<(), Error> {
    sqlx::query("SELECT pg_catalog.pg_advisory_unlock($1)")
        .persistent(false)
        .bind(ADVISORY_KEY)
        .execute(connection.inner())
        .await?;
    Ok(())
}
