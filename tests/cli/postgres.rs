//! A real Postgres for the tests: one private server for the whole process, a fresh database for
//! each test. From local binaries, else from npm. It stops when the process ends, however it ends.

use std::sync::OnceLock;

use backsmith::postgres::scratch::{Options, Server, local_binaries};
use sqlx::{Connection, PgConnection};

/// The server that all tests share.
#[derive(Debug)]
pub struct Fixture {
    server: Server,
}

/// A private server from local binaries, or, on a machine that has none, from npm.
pub fn private_server() -> Options {
    Options {
        purpose: "the tests".to_owned(),
        download: needs_download(),
        ..Options::default()
    }
}

/// Whether this machine has no Postgres of its own.
pub fn needs_download() -> bool {
    static NEEDED: OnceLock<bool> = OnceLock::new();
    *NEEDED.get_or_init(|| local_binaries().is_none())
}

/// Starts the server with the first call.
pub fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(Fixture::start)
}

impl Fixture {
    fn start() -> Self {
        let options = Options {
            preload: vec!["pg_stat_statements".to_owned()],
            settings: vec![("max_connections".to_owned(), "120".to_owned())],
            ..private_server()
        };
        let server = wait(Server::start(&options)).expect("a Postgres");
        Self { server }
    }

    /// A fresh database in which `sql` has run; returns its URL, which psql understands as well.
    pub fn database(&self, sql: &str) -> String {
        let database = wait(self.server.create_database()).expect("a database");
        let url = database.url().expose().to_owned();
        // It goes with the server; dropping each one would only take time.
        std::mem::forget(database);
        execute(&url, sql);
        url
    }

    /// "15.18"
    pub fn version(&self) -> &str {
        &self.server.version
    }
}

/// Runs statements on a database.
#[track_caller]
pub fn execute(url: &str, sql: &str) {
    try_execute(url, sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

/// Runs statements one by one in one session, as psql does.
#[track_caller]
pub fn execute_each(url: &str, statements: &[String]) {
    let faults: Vec<String> = wait(async {
        let mut connection = PgConnection::connect(url).await.expect("a connection");
        let mut faults = Vec::new();
        for sql in statements {
            let run = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()));
            if let Err(error) = run.execute(&mut connection).await {
                faults.push(format!("{error}\n{sql}"));
            }
        }
        faults
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Runs statements on a database that may refuse them.
pub fn try_execute(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    wait(async {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await?;
        connection.close().await
    })
}

/// The first column of every row, as text: `select x::text …`.
#[track_caller]
pub fn query(url: &str, sql: &str) -> Vec<String> {
    wait(async {
        let mut connection = PgConnection::connect(url).await.expect("a connection");
        let rows: Vec<(Option<String>,)> = sqlx::query_as(sqlx::AssertSqlSafe(sql.to_owned()))
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{sql}"));
        connection.close().await.expect("an end");
        rows.into_iter()
            .map(|row| row.0.unwrap_or_default())
            .collect()
    })
}

/// On a thread of its own, so that a test may call it from inside of a runtime.
pub fn wait<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(work)
    };
    std::thread::scope(|scope| match scope.spawn(run).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
