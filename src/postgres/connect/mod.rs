//! One connection to one server: where to connect, how it fails, what is set on it, and how what
//! runs on it is cancelled. Knows nothing of what the statements are for.

mod files;
mod parameters;
mod target;
mod text;

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor, Row};

use super::error::Error;
use super::snapshot;
use crate::failure::Failure;

pub use target::{FULL, Target};

/// What the server said about itself and us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// `150018` for 15.18.
    pub version_number: u32,
    /// `15.18`, without the packager's remarks.
    pub version: String,
    pub database: String,
    pub user: String,
    pub is_superuser: bool,
    /// As far as rights go, and the session may write at all.
    pub may_create_databases: bool,
    pub read_only: Option<ReadOnly>,
}

/// Why a session may not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOnly {
    /// The server follows another one.
    Replica,
    /// `default_transaction_read_only` is on, for the server, the database or the role.
    Setting,
}

/// A live session.
#[derive(Debug)]
pub struct Connection {
    inner: PgConnection,
    target: Target,
    server: Server,
    process: i32,
}

/// Cancels what runs on a connection, from a second one.
#[derive(Clone, Debug)]
pub struct Canceller {
    target: Target,
    process: i32,
}

/// The runtime of a command that talks to a server.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("cannot start the runtime").cause(error.to_string()))
}

impl Connection {
    pub const fn server(&self) -> &Server {
        &self.server
    }

    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The process of the server that serves this session.
    pub const fn process(&self) -> i32 {
        self.process
    }

    /// The session itself, for queries with sqlx.
    pub(in crate::postgres) const fn inner(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Sends SQL as it stands, several statements in one implicit transaction, without rows.
    pub async fn execute(&mut self, sql: &str) -> Result<(), Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.inner)
            .await?;
        Ok(())
    }

    /// Sends statements in one round trip, in one implicit transaction when none is open. A failure
    /// comes with the place of the statement that failed.
    pub async fn execute_all(&mut self, statements: &[&str]) -> Result<(), (usize, Error)> {
        if statements.is_empty() {
            return Ok(());
        }
        // A line of its own for the semicolon: a statement may end in a comment.
        let text = statements.join("\n;\n");
        let mut results = self.inner.fetch_many(sqlx::raw_sql(AssertSqlSafe(text)));
        let mut done = 0;
        loop {
            match results.try_next().await {
                Ok(Some(Either::Left(_))) => done += 1,
                Ok(Some(Either::Right(_))) => {}
                Ok(None) => return Ok(()),
                Err(error) => return Err((done, error.into())),
            }
        }
    }

    /// Runs a `COPY … FROM STDIN` statement with its data.
    pub async fn copy_in(&mut self, sql: &str, data: &[u8]) -> Result<u64, Error> {
        let mut copy = self.inner.copy_in_raw(sql).await?;
        // Frames of one MiB, so that a large block needs no copy of its own in one piece.
        for chunk in data.chunks(1 << 20) {
            copy.send(chunk).await?;
        }
        Ok(copy.finish().await?)
    }

    /// The process that serves the session at this moment.
    pub(in crate::postgres) async fn present_process(&mut self) -> Result<i32, Error> {
        let row = sqlx::raw_sql("SELECT pg_catalog.pg_backend_pid()")
            .fetch_one(&mut self.inner)
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Sets a parameter for the session.
    pub async fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        sqlx::query("SELECT pg_catalog.set_config($1, $2, false)")
            .persistent(false)
            .bind(name)
            .bind(value)
            .execute(&mut self.inner)
            .await?;
        Ok(())
    }

    /// The value of a parameter.
    pub async fn show(&mut self, name: &str) -> Result<String, Error> {
        let row = sqlx::query("SELECT pg_catalog.current_setting($1, true)")
            .persistent(false)
            .bind(name)
            .fetch_one(&mut self.inner)
            .await?;
        Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_default())
    }

    /// Only pg_catalog, so that every other name is printed and must be written with its schema.
    pub async fn qualify_names(&mut self) -> Result<(), Error> {
        self.set("search_path", "pg_catalog").await
    }

    /// Zero means no limit.
    pub async fn set_statement_timeout(&mut self, limit: Duration) -> Result<(), Error> {
        self.set("statement_timeout", &limit.as_millis().to_string())
            .await
    }

    /// Zero means no limit.
    pub async fn set_lock_timeout(&mut self, limit: Duration) -> Result<(), Error> {
        self.set("lock_timeout", &limit.as_millis().to_string())
            .await
    }

    /// Opens a transaction that can change nothing and sees one state of the database.
    pub async fn begin_read_only(&mut self) -> Result<(), Error> {
        self.execute(snapshot::BEGIN).await
    }

    /// The rows of a fixed query.
    pub(in crate::postgres) async fn rows(
        &mut self,
        sql: &'static str,
    ) -> Result<Vec<PgRow>, Error> {
        Ok(sqlx::query(sql)
            .persistent(false)
            .fetch_all(&mut self.inner)
            .await?)
    }

    /// The rows of a query that was put together; names in it must be quoted by `quote_ident` or
    /// by Postgres.
    pub(in crate::postgres) async fn rows_of(&mut self, sql: String) -> Result<Vec<PgRow>, Error> {
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        Ok(query.fetch_all(&mut self.inner).await?)
    }

    pub fn canceller(&self) -> Canceller {
        Canceller {
            target: self.target.clone(),
            process: self.process,
        }
    }

    /// Says goodbye. Dropping the connection is safe as well.
    pub async fn close(self) {
        // The work is done: a server that is gone by now changes nothing.
        let _ = self.inner.close().await;
    }
}

impl Canceller {
    /// Asks the server to cancel the statement that runs now, if one does.
    pub async fn cancel(&self) -> Result<(), Failure> {
        let mut second = self.target.connect().await?;
        sqlx::query("SELECT pg_catalog.pg_cancel_backend($1)")
            .persistent(false)
            .bind(self.process)
            .execute(&mut second.inner)
            .await
            .map_err(Error::from)?;
        second.close().await;
        Ok(())
    }
}

/// One round trip, without a prepared statement, which poolers may lose.
async fn introduce(inner: &mut PgConnection) -> Result<(Server, i32), Error> {
    const QUESTION: &str = "SELECT pg_catalog.current_setting('server_version_num')::int4, \
         pg_catalog.current_setting('server_version'), pg_catalog.current_database()::text, \
         current_user::text, pg_catalog.pg_backend_pid(), r.rolsuper, r.rolcreatedb OR r.rolsuper, \
         pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only') = 'on' \
         FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";
    let row = sqlx::raw_sql(QUESTION).fetch_one(inner).await?;
    let version: String = row.try_get(1)?;
    let read_only = match (row.try_get(7)?, row.try_get(8)?) {
        (true, _) => Some(ReadOnly::Replica),
        (false, true) => Some(ReadOnly::Setting),
        (false, false) => None,
    };
    let server = Server {
        version_number: u32::try_from(row.try_get::<i32, _>(0)?).unwrap_or_default(),
        version: version
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned(),
        database: row.try_get(2)?,
        user: row.try_get(3)?,
        is_superuser: row.try_get(5)?,
        may_create_databases: row.try_get::<bool, _>(6)? && read_only.is_none(),
        read_only,
    };
    Ok((server, row.try_get(4)?))
}
