//! What a session holds and has read at this moment: its locks, and how often each table was scanned.

use std::collections::BTreeMap;

use sqlx::Row;

use super::super::{Connection, Error};
use crate::catalog::effect::LockMode;

/// The strongest lock of the session on each relation.
pub(super) async fn held_locks(
    connection: &mut Connection,
) -> Result<BTreeMap<i64, LockMode>, Error> {
    const LOCKS: &str = "
        SELECT l.relation::int8, l.mode FROM pg_locks l
        WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid()
          AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())";
    let mut locks = BTreeMap::new();
    for row in connection.rows(LOCKS).await? {
        note_lock(&mut locks, row.try_get(0)?, &row.try_get::<String, _>(1)?);
    }
    Ok(locks)
}

pub(super) fn note_lock(locks: &mut BTreeMap<i64, LockMode>, relation: i64, mode: &str) {
    if let Some(mode) = LockMode::from_postgres(mode) {
        locks
            .entry(relation)
            .and_modify(|held| *held = (*held).max(mode))
            .or_insert(mode);
    }
}

/// Sequential scans of each table in the transaction that is open.
pub(super) async fn scans(connection: &mut Connection) -> Result<BTreeMap<i64, i64>, Error> {
    const SCANS: &str =
        "SELECT s.relid::int8, s.seq_scan FROM pg_stat_xact_user_tables s WHERE s.seq_scan > 0";
    counted(connection, SCANS).await
}

/// Rows of a relation and a counter, which may be NULL.
pub(super) async fn counted(
    connection: &mut Connection,
    query: &'static str,
) -> Result<BTreeMap<i64, i64>, Error> {
    let rows = connection.rows(query).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.try_get(0)?,
                row.try_get::<Option<i64>, _>(1)?.unwrap_or(0),
            ))
        })
        .collect()
}

/// What was added to the counters.
pub(super) fn difference(
    before: &BTreeMap<i64, i64>,
    after: &BTreeMap<i64, i64>,
) -> BTreeMap<i64, i64> {
    after
        .iter()
        .map(|(id, count)| (*id, count - before.get(id).copied().unwrap_or(0)))
        .filter(|(_, count)| *count > 0)
        .collect()
}
