//! Reads what a database knows about itself, in one read-only transaction with a time limit. Each
//! question is one query whose rows come back as JSON, so that the value types say what is asked for.

mod queries;

use std::time::Duration;

use serde::de::DeserializeOwned;
use sqlx::{AssertSqlSafe, Row};

use super::{Connection, Error, quote_identifier};
use crate::catalog::statistics::{Server, Statement, Statistics, Workload};

const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// More entries than pg_stat_statements keeps by default.
const MOST_STATEMENTS: usize = 5_000;

/// Reads everything about these schemas; all but the system's when none is named.
pub async fn read(connection: &mut Connection, schemas: &[String]) -> Result<Statistics, Error> {
    connection.set_statement_timeout(STATEMENT_TIMEOUT).await?;
    connection.set_lock_timeout(LOCK_TIMEOUT).await?;
    // Asked before names are qualified: the path is what unqualified statements are resolved with.
    let server: Vec<Server> = ask(connection, queries::SERVER, schemas).await?;
    connection.begin_read_only().await?;
    connection.qualify_names().await?;
    let statistics = Statistics {
        server: server.into_iter().next().unwrap_or_default(),
        tables: ask(connection, queries::TABLES, schemas).await?,
        indexes: ask(connection, queries::INDEXES, schemas).await?,
        foreign_keys: ask(connection, queries::FOREIGN_KEYS, schemas).await?,
        sequences: ask(connection, queries::SEQUENCES, schemas).await?,
        unvalidated: ask(connection, queries::UNVALIDATED, schemas).await?,
        columns: ask(connection, queries::COLUMNS, schemas).await?,
        workload: workload(connection).await?,
    };
    connection.execute("ROLLBACK").await?;
    Ok(statistics)
}

/// Reads pg_stat_statements alone, for a second look at it.
pub async fn read_workload(connection: &mut Connection) -> Result<Workload, Error> {
    connection.begin_read_only().await?;
    let workload = workload(connection).await?;
    connection.execute("ROLLBACK").await?;
    Ok(workload)
}

/// The calls of other roles' statements, whose text the present role may not read.
pub async fn hidden_calls(connection: &mut Connection) -> Result<i64, Error> {
    let rows = connection.rows(queries::WORKLOAD_SCHEMA).await?;
    let Some(row) = rows.first() else {
        return Ok(0);
    };
    let schema = quote_identifier(&row.try_get::<String, _>(0)?);
    let query = queries::HIDDEN_CALLS.replace("{schema}", &schema);
    match connection.rows_of(query).await?.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(0),
    }
}

/// The extension may be missing, not loaded, too old or not readable: none of it is our failure.
async fn workload(connection: &mut Connection) -> Result<Workload, Error> {
    let rows = connection.rows(queries::WORKLOAD_SCHEMA).await?;
    let Some(row) = rows.first() else {
        return Ok(Workload::Missing(
            "pg_stat_statements is not installed in this database".to_owned(),
        ));
    };
    let schema = quote_identifier(&row.try_get::<String, _>(0)?);
    connection.execute("SAVEPOINT workload").await?;
    let query = queries::WORKLOAD
        .replace("{schema}", &schema)
        .replace("{most}", &MOST_STATEMENTS.to_string());
    match connection.rows_of(query).await {
        Ok(rows) => {
            let mut statements = Vec::with_capacity(rows.len());
            for row in rows {
                let text: String = row.try_get(0)?;
                statements.push(parsed::<Statement>(&text)?);
            }
            Ok(Workload::Recorded(statements))
        }
        Err(Error::Database(error)) => {
            connection.execute("ROLLBACK TO SAVEPOINT workload").await?;
            Ok(Workload::Missing(format!(
                "pg_stat_statements does not answer: {}",
                error.message
            )))
        }
        Err(error) => Err(error),
    }
}

/// The rows of `query`, which takes the names of the schemas as its only parameter.
async fn ask<T: DeserializeOwned>(
    connection: &mut Connection,
    query: &'static str,
    schemas: &[String],
) -> Result<Vec<T>, Error> {
    let query = format!(
        "SELECT coalesce(pg_catalog.json_agg(q), '[]')::text FROM ({query}) q",
        query = query.replace("{scope}", queries::SCOPE)
    );
    let row = sqlx::query(AssertSqlSafe(query))
        .persistent(false)
        .bind(schemas)
        .fetch_one(connection.inner())
        .await?;
    parsed(&row.try_get::<String, _>(0)?)
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Protocol(error.to_string()))
}
