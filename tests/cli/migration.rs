//! What the tests of running migrations share: the binary as a process of its own, signals, and
//! its documents against the published schema.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::postgres::query;
use crate::sandbox::{Run, Sandbox};

pub fn arguments<'a>(url: &'a str, action: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["migrate", "--connection", url];
    arguments.extend(action);
    arguments
}

#[track_caller]
pub fn document(run: &Run) -> Value {
    let document = run.json();
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("references/schema/migrate.v1.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let faults: Vec<String> = validator
        .iter_errors(&document)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    document
}

/// The database is as a file says.
#[track_caller]
pub fn is_as(sandbox: &Sandbox, url: &str, file: &str, more: &[&str]) {
    let mut action = vec!["--compare", file, "--check"];
    action.extend(more);
    sandbox.run(arguments(url, &action)).expect(0);
}

/// Rolls the last migration of `migrations/` back.
#[track_caller]
pub fn take_back(sandbox: &Sandbox, url: &str) {
    let action = ["--rollback", "--output", "migrations/"];
    sandbox.run(arguments(url, &action)).expect(0);
}

/// Waits until a query gives a row; the end of patience is a failure, never a pass.
#[track_caller]
pub fn until(url: &str, sql: &str) {
    let started = Instant::now();
    while query(url, sql).is_empty() {
        assert!(started.elapsed() < Duration::from_mins(2), "never: {sql}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The same while the server may refuse connections.
#[track_caller]
pub fn until_connected(url: &str, sql: &str) {
    let started = Instant::now();
    loop {
        let rows = crate::postgres::wait(async {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(url).await.ok()?;
            let sql = sqlx::AssertSqlSafe(sql.to_owned());
            sqlx::query(sql).fetch_all(&mut connection).await.ok()
        });
        if rows.is_some_and(|rows| !rows.is_empty()) {
            return;
        }
        assert!(started.elapsed() < Duration::from_mins(2), "never: {sql}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

pub fn finish(child: Child) -> Run {
    let output = child.wait_with_output().expect("an end");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

#[cfg(unix)]
pub fn interrupt(child: &Child) {
    let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGINT).expect("a signal");
}

/// Ends a run in the way that leaves it no time.
#[cfg(unix)]
pub fn kill(mut child: Child) {
    child.kill().expect("a process to kill");
    child.wait().expect("an end");
}

/// A session that stays open between the steps of a test.
pub struct Session {
    runtime: tokio::runtime::Runtime,
    connection: sqlx::PgConnection,
}

impl Session {
    /// Opens a session and runs statements in it.
    #[track_caller]
    pub fn open(url: &str, sql: &str) -> Self {
        use sqlx::Connection;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let connection = runtime
            .block_on(sqlx::PgConnection::connect(url))
            .expect("a connection");
        let mut session = Self {
            runtime,
            connection,
        };
        session.run(sql);
        session
    }

    #[track_caller]
    pub fn run(&mut self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        self.runtime
            .block_on(sqlx::raw_sql(sql).execute(&mut self.connection))
            .expect("a statement that runs");
    }

    pub fn close(self) {
        use sqlx::Connection;
        self.runtime
            .block_on(self.connection.close())
            .expect("an end");
    }
}
