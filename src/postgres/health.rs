//! What a server allows and records, for `doctor`.

use std::time::Instant;

use sqlx::Row;

use super::{Connection, Error, quote_identifier};

/// One look at a server.
#[derive(Clone, Debug)]
pub struct Health {
    pub version: String,
    pub round_trip_ms: f64,
    pub may_create_databases: bool,
    /// Counters and statements of all roles.
    pub reads_statistics: bool,
    pub statements: Statements,
    pub hypopg: Option<String>,
    /// The extension could be created.
    pub hypopg_available: bool,
}

/// How pg_stat_statements stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statements {
    Recorded(i64),
    /// The library is loaded, the extension is not in this database.
    NotCreated,
    NotLoaded,
    NotReadable(String),
}

const FACTS: &str = "
SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'MEMBER') AS reads_statistics,
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'hypopg') AS hypopg,
       EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'hypopg')
         AS hypopg_available,
       (SELECT n.nspname::text FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements') AS statements_schema,
       EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'pg_stat_statements.max')
         AS statements_loaded";

pub async fn look(connection: &mut Connection) -> Result<Health, Error> {
    let start = Instant::now();
    connection.execute("SELECT 1").await?;
    let round_trip_ms = start.elapsed().as_secs_f64() * 1000.0;
    let rows = connection.rows(FACTS).await?;
    let Some(row) = rows.first() else {
        return Err(Error::Protocol("no row for one question".to_owned()));
    };
    let schema: Option<String> = row.try_get("statements_schema")?;
    let is_loaded: bool = row.try_get("statements_loaded")?;
    let statements = match (schema, is_loaded) {
        (Some(schema), _) => recorded(connection, &schema).await?,
        (None, true) => Statements::NotCreated,
        (None, false) => Statements::NotLoaded,
    };
    let server = connection.server();
    Ok(Health {
        version: server.version.clone(),
        round_trip_ms,
        may_create_databases: server.may_create_databases,
        reads_statistics: server.is_superuser || row.try_get("reads_statistics")?,
        statements,
        hypopg: row.try_get("hypopg")?,
        hypopg_available: row.try_get("hypopg_available")?,
    })
}

async fn recorded(connection: &mut Connection, schema: &str) -> Result<Statements, Error> {
    /// The library is not in shared_preload_libraries.
    const OBJECT_NOT_IN_PREREQUISITE_STATE: &str = "55000";
    let query = format!(
        "SELECT pg_catalog.count(*) FROM {}.pg_stat_statements",
        quote_identifier(schema)
    );
    match connection.rows_of(query).await {
        Ok(rows) => Ok(Statements::Recorded(match rows.first() {
            Some(row) => row.try_get(0)?,
            None => 0,
        })),
        Err(error) if error.is(OBJECT_NOT_IN_PREREQUISITE_STATE) => Ok(Statements::NotLoaded),
        Err(Error::Database(error)) => Ok(Statements::NotReadable(error.summary())),
        Err(error) => Err(error),
    }
}
