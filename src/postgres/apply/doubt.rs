//! A statement outside of a transaction whose end nobody saw: killed, or the connection lost. What
//! became of it is looked up in the catalog.

use sqlx::Row;

use super::super::history::Doubt;
use super::super::{Connection, Error};
use super::indexes;
use crate::migrate::execution::Direction;
use crate::migrate::script::{Statement, Traces};
use crate::redact;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The server went on and finished.
    Done,
    /// It left nothing, or what it left is gone now: names of dropped invalid indexes.
    Undone(Vec<String>),
    Unknown,
}

/// What has to be noted before a statement starts, so that `look` can judge it.
pub(super) async fn note(
    connection: &mut Connection,
    (number, direction): (usize, Direction),
    statement: &Statement,
    text: &str,
) -> Result<Doubt, Error> {
    const OF_TABLE: &str = "SELECT i.indexrelid::int8 FROM pg_catalog.pg_index i
        WHERE i.indrelid = pg_catalog.to_regclass($1) ORDER BY 1";
    let before = match statement.traces(text) {
        Traces::Index { table, .. } => ids(connection, OF_TABLE, &table).await?,
        Traces::Repeatable => indexes::invalid(connection)
            .await?
            .iter()
            .map(|index| index.id)
            .collect(),
        Traces::NoIndex { .. } | Traces::Detached { .. } | Traces::Nothing => Vec::new(),
    };
    Ok(Doubt {
        number,
        direction,
        // The history is read by more people than the file.
        sql: redact::in_place(statement.text(text)).into_owned(),
        before,
    })
}

/// Looks at the catalog, and drops what a try that did not end left behind.
pub(super) async fn look(connection: &mut Connection, doubt: &Doubt) -> Result<Found, Error> {
    let statement = Statement::of(&doubt.sql);
    match statement.traces(&doubt.sql) {
        Traces::Index { name, table } => index(connection, doubt, name.as_deref(), &table).await,
        Traces::NoIndex { name } => {
            const IS_THERE: &str = "SELECT pg_catalog.to_regclass($1)::int8 WHERE pg_catalog.to_regclass($1) IS NOT NULL";
            Ok(match ids(connection, IS_THERE, &name).await?.as_slice() {
                [] => Found::Done,
                _ => Found::Undone(Vec::new()),
            })
        }
        Traces::Detached { table, part } => detached(connection, &table, &part).await,
        Traces::Repeatable => {
            let mut dropped = Vec::new();
            for index in indexes::invalid(connection).await? {
                if !doubt.before.contains(&index.id) && index.is_transient() {
                    indexes::drop(connection, &index).await?;
                    dropped.push(index.name);
                }
            }
            Ok(Found::Undone(dropped))
        }
        Traces::Nothing => Ok(Found::Unknown),
    }
}

async fn index(
    connection: &mut Connection,
    doubt: &Doubt,
    name: Option<&str>,
    table: &str,
) -> Result<Found, Error> {
    const VALID: &str = "SELECT i.indexrelid::int8 FROM pg_catalog.pg_index i
        WHERE i.indrelid = pg_catalog.to_regclass($1) AND i.indisvalid ORDER BY 1";
    const NAMED: &str = "SELECT i.indexrelid::int8 FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_class t ON t.oid = i.indrelid AND t.relnamespace = c.relnamespace
        WHERE i.indisvalid AND c.oid = pg_catalog.to_regclass(
            (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace n WHERE n.oid = t.relnamespace) || '.' || $1)";
    let mut dropped = Vec::new();
    for invalid in indexes::invalid(connection).await? {
        let is_new = !doubt.before.contains(&invalid.id);
        let is_it = match name {
            Some(name) => invalid.is_called(name),
            None => invalid.is_on(connection, table).await?,
        };
        if is_new && is_it {
            indexes::drop(connection, &invalid).await?;
            dropped.push(invalid.name);
        }
    }
    let mut valid = match name {
        Some(name) => ids(connection, NAMED, name).await?,
        None => ids(connection, VALID, table).await?,
    };
    // `IF NOT EXISTS` is done when the index was there before.
    let was_there = name.is_some() && doubt.sql.to_uppercase().contains("IF NOT EXISTS");
    if !was_there {
        valid.retain(|id| !doubt.before.contains(id));
    }
    Ok(match valid.len() {
        0 => Found::Undone(dropped),
        1 => Found::Done,
        _ => Found::Unknown,
    })
}

/// A detaching that waits for its second half is brought to its end.
async fn detached(connection: &mut Connection, table: &str, part: &str) -> Result<Found, Error> {
    // The column came with version 14, as the statement did.
    const STATE: &str =
        "SELECT coalesce((pg_catalog.to_jsonb(i) ->> 'inhdetachpending')::bool, false)
        FROM pg_catalog.pg_inherits i
        WHERE i.inhparent = pg_catalog.to_regclass($1) AND i.inhrelid = pg_catalog.to_regclass($2)";
    let row = sqlx::query(STATE)
        .persistent(false)
        .bind(table)
        .bind(part)
        .fetch_optional(connection.inner())
        .await?;
    match row {
        None => Ok(Found::Done),
        Some(row) if row.try_get(0)? => {
            connection
                .execute(&format!(
                    "ALTER TABLE {table} DETACH PARTITION {part} FINALIZE"
                ))
                .await?;
            Ok(Found::Done)
        }
        Some(_) => Ok(Found::Undone(Vec::new())),
    }
}

async fn ids(
    connection: &mut Connection,
    question: &'static str,
    name: &str,
) -> Result<Vec<i64>, Error> {
    let rows = sqlx::query(question)
        .persistent(false)
        .bind(name)
        .fetch_all(connection.inner())
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
