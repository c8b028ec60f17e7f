//! One connection to one server: where to connect, how it fails, what is set on it, and how what
//! runs on it is cancelled. Knows nothing of what the statements are for.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Either, Executor, Row};

use super::error::Error;
use crate::failure::{Failure, Interruption};
use crate::redact::SecretUrl;
use crate::terminal::interrupt::Interrupt;

/// How long a server may take to accept us, unless the URL has a `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A place to connect to. Its Display and Debug forms show no password.
#[derive(Clone)]
pub struct Target {
    url: SecretUrl,
    /// Where the URL came from, when that is not the command line.
    origin: Option<&'static str>,
    options: PgConnectOptions,
    timeout: Duration,
}

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

/// The options hold the password as it is, so they are never printed.
impl fmt::Debug for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Target({})", self.url)
    }
}

impl Target {
    /// Reads a `postgres://` URL. `origin` names the variable or file it came from, if any.
    pub fn parse(url: &SecretUrl, origin: Option<&'static str>) -> Result<Self, Failure> {
        let invalid = |why: String| {
            let from = origin.map_or(String::new(), |origin| format!(" (from {origin})"));
            Failure::input(format!("`{url}`{from} is no connection URL"))
                .cause(why)
                .hint("the form is postgres://user:password@host:5432/database?sslmode=require")
        };
        let url = &with_host(url);
        let parsed = url::Url::parse(url.expose()).map_err(|error| invalid(error.to_string()))?;
        if !["postgres", "postgresql"].contains(&parsed.scheme()) {
            return Err(invalid(format!(
                "the scheme is `{}`, not `postgres`",
                parsed.scheme()
            )));
        }
        let pairs: BTreeMap<String, String> = parsed.query_pairs().into_owned().collect();
        let timeout = match pairs.get("connect_timeout") {
            Some(seconds) => Duration::from_secs(seconds.parse().map_err(|_| {
                invalid(format!(
                    "connect_timeout is `{seconds}`, not a number of seconds"
                ))
            })?),
            None => CONNECT_TIMEOUT,
        };
        let mut options = PgConnectOptions::from_url(&parsed).map_err(|error| {
            invalid(match error {
                sqlx::Error::Configuration(error) => error.to_string(),
                error => error.to_string(),
            })
        })?;
        if !pairs.contains_key("application_name") {
            options = options.application_name("backsmith");
        }
        Ok(Self {
            url: url.clone(),
            origin,
            options,
            timeout,
        })
    }

    /// The same server and user, another database.
    pub fn with_database(&self, name: &str) -> Self {
        let mut target = self.clone();
        target.options = target.options.database(name);
        // The URL is shown in errors only; there the database must be the one that was tried.
        if let Ok(mut url) = url::Url::parse(self.url.expose()) {
            url.set_path(name);
            target.url = SecretUrl::new(url);
        }
        target
    }

    /// The name of the database, as far as the URL tells.
    pub fn database(&self) -> &str {
        self.options
            .get_database()
            .unwrap_or_else(|| self.options.get_username())
    }

    /// The URL. For handing to a program that connects, never for printing.
    pub fn url(&self) -> &SecretUrl {
        &self.url
    }

    /// Connects. Failures say what to look at and never show a password.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let attempt = PgConnection::connect_with(&self.options);
        let mut inner = match tokio::time::timeout(self.timeout, attempt).await {
            Ok(Ok(inner)) => inner,
            Ok(Err(error)) => return Err(self.refused(error)),
            Err(_) => {
                let after = format!(
                    "no answer from {} in {} s",
                    self.place(),
                    self.timeout.as_secs()
                );
                return Err(self.unreachable(after));
            }
        };
        let (server, process) = introduce(&mut inner).await.map_err(|error| {
            Failure::environment(format!("`{}` does not answer like Postgres", self.url))
                .cause(error.to_string())
        })?;
        Ok(Connection {
            inner,
            target: self.clone(),
            server,
            process,
        })
    }

    fn refused(&self, error: sqlx::Error) -> Failure {
        let error = match error {
            sqlx::Error::Io(error) => {
                // tokio words it "Connection refused"; causes are lower-case fragments here.
                let text = lower_case_start(&error.to_string());
                return self.unreachable(format!("{text} at {}", self.place()));
            }
            sqlx::Error::Tls(error) => {
                return Failure::environment(format!("cannot connect to `{}`", self.url))
                    .cause(format!("no TLS connection: {error}"))
                    .hint(
                        "`?sslmode=` in the URL: disable, prefer, require, verify-ca, verify-full",
                    );
            }
            error => Error::from(error),
        };
        let Error::Database(error) = error else {
            return self.unreachable(error.to_string());
        };
        let from = self
            .origin
            .map_or(String::new(), |origin| format!(" (from {origin})"));
        let url = &self.url;
        match error.code.as_str() {
            "28P01" => Failure::environment(format!("`{url}`{from} refuses the password"))
                .cause(error.summary())
                .hint(match self.origin {
                    Some(origin) => format!(
                        "`--connection` overrules {origin}; without a password in the URL ~/.pgpass is read"
                    ),
                    None => "without a password in the URL PGPASSWORD and ~/.pgpass are read".to_owned(),
                }),
            "28000" => Failure::environment(format!("`{url}`{from} refuses the user"))
                .cause(error.summary())
                .hint("the server's pg_hba.conf decides who may connect from where"),
            "3D000" => Failure::environment(format!("`{url}`{from}: there is no such database"))
                .cause(error.summary())
                .hint("`psql -l` lists the databases of a server"),
            "08P01" if error.message.contains("startup parameter") => {
                Failure::environment(format!("`{url}`{from} is a connection pooler that refuses the session"))
                    .cause(error.summary())
                    .hint("connect to the server itself, not to the pooler in front of it")
            }
            _ => Failure::environment(format!("cannot connect to `{url}`{from}")).cause(error.summary()),
        }
    }

    fn unreachable(&self, cause: String) -> Failure {
        Failure::environment(format!("cannot connect to `{}`", self.url))
            .cause(cause)
            .hint("`backsmith doctor` checks name, port, TLS and rights one after the other")
    }

    /// Host and port, or the socket's folder.
    fn place(&self) -> String {
        match self.options.get_socket() {
            Some(socket) => format!("{}/.s.PGSQL.{}", socket.display(), self.options.get_port()),
            None => format!("{}:{}", self.options.get_host(), self.options.get_port()),
        }
    }
}

/// `postgres://user@/database?host=/folder` names its socket behind the question mark; URLs want a
/// host before it.
pub(in crate::postgres) fn with_host(url: &SecretUrl) -> SecretUrl {
    let text = url.expose();
    let Some(start) = text.find("://").map(|at| at + 3) else {
        return url.clone();
    };
    let end = text[start..]
        .find(['/', '?'])
        .map_or(text.len(), |at| start + at);
    let needs_host = text[start..end].ends_with('@');
    if needs_host {
        SecretUrl::new(format!("{}localhost{}", &text[..end], &text[end..]))
    } else {
        url.clone()
    }
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

    /// Like `execute`; a signal cancels it on the server, and then the signal is returned beside
    /// what the server said.
    pub async fn execute_until(
        &mut self,
        sql: &str,
        interrupt: &Interrupt,
    ) -> (Result<(), Error>, Option<Interruption>) {
        let canceller = self.canceller();
        let mut running = Box::pin(self.execute(sql));
        tokio::select! {
            biased;
            result = &mut running => (result, None),
            signal = interrupt.wait() => {
                // When the second connection fails the statement runs to its end: still true.
                let _ = canceller.cancel().await;
                (running.await, Some(signal))
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
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
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

fn lower_case_start(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::parse(&SecretUrl::new(url), None).expect("a URL")
    }

    #[test]
    fn reads_sockets_and_databases() {
        let socket = target("postgres:///shop?host=/var/run/postgresql");
        assert_eq!(socket.database(), "shop");
        assert_eq!(socket.place(), "/var/run/postgresql/.s.PGSQL.5432");
        assert_eq!(
            target("postgres://a@h:6/shop").with_database("x").place(),
            "h:6"
        );
        assert_eq!(
            target("postgres://a@h:6/shop")
                .with_database("x")
                .database(),
            "x"
        );
    }

    #[test]
    fn a_host_may_stand_behind_the_question_mark() {
        let socket = target("postgres://app:s3cret@/shop?host=/run/pg&port=6");
        assert_eq!(socket.place(), "/run/pg/.s.PGSQL.6");
        assert_eq!(socket.database(), "shop");
        assert_eq!(target("postgres://app@h:6/shop").place(), "h:6");
    }

    #[test]
    fn never_shows_a_password() {
        let target = target("postgres://a:s3cret@h/shop?password=s3cret").with_database("x");
        assert!(!format!("{target:?}").contains("s3cret"), "{target:?}");
        let other = SecretUrl::new("mysql://a:s3cret@h/shop");
        let failure = Target::parse(&other, Some("DATABASE_URL")).expect_err("no Postgres");
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
    }
}
