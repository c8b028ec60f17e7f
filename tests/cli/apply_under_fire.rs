//! `migrate --migrate FILE` when something breaks in the middle: nothing is half-applied that is not
//! told, and the same command goes on or says what to do.

use std::process::Child;

use serde_json::Value;

use crate::migration::{Session, arguments, document, finish, kill, start, until};
use crate::postgres::{execute, fixture, private_server, query, wait};
use crate::sandbox::{Run, Sandbox};

const INDEXES: &str = "select c.relname::text || ' ' || i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 't'::regclass order by 1";

fn columns(url: &str, table: &str) -> Vec<String> {
    let sql = format!(
        "select attname::text from pg_attribute where attrelid = to_regclass('{table}') and attnum > 0 order by attnum"
    );
    query(url, &sql)
}

fn states(report: &Value) -> Vec<&str> {
    let statements = report["statements"].as_array().expect("statements").iter();
    statements
        .map(|statement| statement["state"].as_str().expect("a state"))
        .collect()
}

fn migrate(sandbox: &Sandbox, url: &str, more: &[&str]) -> Run {
    let mut action = vec!["--migrate", "m.sql"];
    action.extend(more);
    sandbox.run(arguments(url, &action))
}

/// Starts a run and waits until the server works on a statement that starts with this.
fn start_until(sandbox: &Sandbox, url: &str, statement: &str) -> Child {
    let child = start(sandbox.command(arguments(url, &["--json", "--migrate", "m.sql"])));
    until(
        url,
        &format!(
            "select 'x' from pg_stat_activity where datname = current_database() and state = 'active' and query like '{statement}%'"
        ),
    );
    child
}

/// Ends the server's side of a run.
fn terminate(url: &str, statement: &str) {
    let sql = format!(
        "select pg_terminate_backend(pid)::text from pg_stat_activity where datname = current_database() and state = 'active' and query like '{statement}%' and pid <> pg_backend_pid()"
    );
    assert_eq!(query(url, &sql), ["true"]);
    // It ends a moment later.
    until(
        url,
        &format!(
            "select 'x' where not exists (select from pg_stat_activity where datname = current_database() and query like '{statement}%' and pid <> pg_backend_pid())"
        ),
    );
}

#[test]
fn a_run_killed_in_a_transaction_left_nothing_and_goes_on() {
    let url = fixture().database("");
    let sandbox = Sandbox::new();
    let sql = "BEGIN;\nCREATE TABLE a (x int);\nCOMMIT;\nBEGIN;\nCREATE TABLE b (x int);\nSELECT pg_sleep(600);\nCOMMIT;\n";
    sandbox.write("m.sql", sql);
    kill(start_until(&sandbox, &url, "SELECT pg_sleep"));
    // The server does not know yet that nobody waits for the answer.
    let waits = migrate(&sandbox, &url, &["--wait", "0s"]).expect(4);
    for part in [
        "another run migrates this database",
        "application `backsmith`",
        "SELECT pg_sleep(600)",
        "pg_terminate_backend(",
    ] {
        assert!(waits.stderr.contains(part), "{}", waits.stderr);
    }
    terminate(&url, "SELECT pg_sleep");
    sandbox.write("m.sql", sql.replace("600", "0"));
    let run = migrate(&sandbox, &url, &["--json"]).expect(0);
    let report = document(&run);
    assert_eq!(states(&report), ["applied-before", "applied", "applied"]);
    assert_eq!(
        (columns(&url, "a"), columns(&url, "b")),
        (vec!["x".to_owned()], vec!["x".to_owned()])
    );
}

#[test]
fn a_run_killed_between_sections_goes_on_behind_the_last_one() {
    let url = fixture().database("create table t (a int); insert into t values (1)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "BEGIN;\nUPDATE t SET a = a + 1;\nCOMMIT;\nALTER TABLE t ADD COLUMN b int;\nBEGIN;\nALTER TABLE t ADD COLUMN c int;\nCOMMIT;\n",
    );
    let holder = Session::open(&url, "begin; lock table t in row exclusive mode");
    kill(start_until(&sandbox, &url, "ALTER TABLE t ADD COLUMN b"));
    holder.close();
    let report = document(&migrate(&sandbox, &url, &["--json"]).expect(0));
    assert_eq!(states(&report), ["applied-before", "applied", "applied"]);
    assert_eq!(query(&url, "select a::text from t"), ["2"]);
}

#[test]
fn an_index_that_the_server_finished_alone_is_not_built_twice() {
    for name in ["t_a_idx ", ""] {
        let url = fixture().database("create table t (a int); create index t_other on t (a)");
        let sandbox = Sandbox::new();
        sandbox.write(
            "m.sql",
            format!("CREATE INDEX CONCURRENTLY {name}ON t (a);\nALTER TABLE t ADD COLUMN b int;\n"),
        );
        let holder = Session::open(&url, "begin; insert into t values (1)");
        kill(start_until(&sandbox, &url, "CREATE INDEX"));
        holder.close();
        until(
            &url,
            "select 'x' from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname = 't_a_idx' and indisvalid",
        );
        let first = query(&url, "select 't_a_idx'::regclass::oid::text");
        let run = migrate(&sandbox, &url, &["--json"]).expect(0);
        assert!(run.stderr.contains("was done"), "{}", run.stderr);
        assert_eq!(states(&document(&run)), ["applied-before", "applied"]);
        assert_eq!(query(&url, INDEXES), ["t_a_idx true", "t_other true"]);
        assert_eq!(query(&url, "select 't_a_idx'::regclass::oid::text"), first);
    }
}

#[test]
fn an_index_that_was_left_invalid_is_dropped_and_built_anew() {
    for name in ["t_a_idx ", ""] {
        let url = fixture().database("create table t (a int)");
        let sandbox = Sandbox::new();
        sandbox.write(
            "m.sql",
            format!("CREATE INDEX CONCURRENTLY {name}ON t (a);\n"),
        );
        let holder = Session::open(&url, "begin; insert into t values (1)");
        let child = start_until(&sandbox, &url, "CREATE INDEX");
        until(
            &url,
            "select 'x' from pg_index where indrelid = 't'::regclass and not indisvalid",
        );
        kill(child);
        terminate(&url, "CREATE INDEX");
        holder.close();
        assert_eq!(query(&url, INDEXES), ["t_a_idx false"]);
        let run = migrate(&sandbox, &url, &[]).expect(0);
        assert!(
            run.stderr
                .contains("dropped the invalid index public.t_a_idx"),
            "{}",
            run.stderr
        );
        assert_eq!(query(&url, INDEXES), ["t_a_idx true"]);
    }
}

#[test]
fn a_statement_that_ends_transactions_itself_is_asked_for_when_its_end_was_not_seen() {
    let url = fixture().database(
        "create table t (a int);
         create procedure p() language plpgsql as $$ begin insert into t values (1); commit; perform pg_sleep(600); end $$",
    );
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "-- backsmith: alone\nCALL p();\nALTER TABLE t ADD COLUMN b int;\n",
    );
    let run = start_until(&sandbox, &url, "CALL p");
    // A statement that is only being read is seen as well, and would end with its client.
    until(&url, "select 'x' from t");
    kill(run);
    terminate(&url, "CALL p");
    let asked = migrate(&sandbox, &url, &["--json"]).expect(3);
    let report = document(&asked);
    assert_eq!(report["verdict"], "in-doubt");
    assert_eq!(states(&report), ["in-doubt", "not-run"]);
    assert!(
        asked.stderr.contains("--in-doubt applied"),
        "{}",
        asked.stderr
    );
    assert_eq!(columns(&url, "t"), ["a"]);
    let report = document(&migrate(&sandbox, &url, &["--json", "--in-doubt", "applied"]).expect(0));
    assert_eq!(states(&report), ["applied-before", "applied"]);
    assert_eq!(query(&url, "select a::text from t"), ["1"]);
}

#[test]
fn a_lock_that_never_comes_ends_with_who_holds_it() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    // The flag overrules what the file says.
    sandbox.write(
        "m.sql",
        "BEGIN;\nSET LOCAL lock_timeout = '1h';\nALTER TABLE t ADD COLUMN b int;\nCOMMIT;\n",
    );
    let holder = Session::open(
        &url,
        "set application_name = 'report-worker'; begin; lock table t in access share mode",
    );
    let limits = [
        "--lock-timeout",
        "200ms",
        "--retries",
        "2",
        "--backoff",
        "50ms",
    ];
    let run = migrate(&sandbox, &url, &limits).expect(4);
    let shown = run.transcript();
    for part in [
        "retry 1 of 2",
        "retry 2 of 2",
        "stopped at statement 2 of 2: no lock in 3 tries; nothing is applied",
        "Limits: 0.20 s for a lock, 2 retries after 0.05 s and more.",
        "error: statement 2 got no lock in 3 tries of 0.20 s",
        "held back by pid ",
        "application `report-worker`, idle in transaction for ",
        " s: set application_name = 'report-worker'; begin; lock table t",
        "go on: run the same command when the other session is done",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let run = migrate(
        &sandbox,
        &url,
        &["--json", "--lock-timeout", "100ms", "--retries", "0"],
    )
    .expect(4);
    let report = document(&run);
    assert_eq!(
        (&report["verdict"], &report["retries"]),
        (&"no-lock".into(), &0.into())
    );
    assert_eq!(report["limits"]["lock_timeout_seconds"], 0.1);
    assert!(
        report["error"]["holder"]
            .as_str()
            .is_some_and(|holder| holder.contains("report-worker"))
    );
    assert_eq!(columns(&url, "t"), ["a"]);
    holder.close();
    migrate(&sandbox, &url, &[]).expect(0);
}

#[test]
fn a_session_that_the_server_ends_is_told_with_what_is_applied() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "BEGIN;\nALTER TABLE t ADD COLUMN b int;\nCOMMIT;\nBEGIN;\nALTER TABLE t ADD COLUMN c int;\nSELECT pg_sleep(600);\nCOMMIT;\nALTER TABLE t ADD COLUMN d int;\n",
    );
    let child = start_until(&sandbox, &url, "SELECT pg_sleep");
    terminate(&url, "SELECT pg_sleep");
    let run = finish(child).expect(4);
    let report = document(&run);
    assert_eq!(report["verdict"], "connection-lost");
    assert_eq!(
        states(&report),
        ["applied", "rolled-back", "failed", "not-run"]
    );
    assert_eq!(report["resumes_at"], 2);
    assert!(
        run.stderr.contains("the connection to the server was lost"),
        "{}",
        run.stderr
    );
    assert_eq!(columns(&url, "t"), ["a", "b"]);
}

#[test]
fn an_index_build_that_lost_its_connection_leaves_nothing() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", "CREATE INDEX CONCURRENTLY t_a_idx ON t (a);\n");
    let holder = Session::open(&url, "begin; insert into t values (1)");
    let child = start_until(&sandbox, &url, "CREATE INDEX");
    until(
        &url,
        "select 'x' from pg_index where indrelid = 't'::regclass and not indisvalid",
    );
    terminate(&url, "CREATE INDEX");
    // Dropping what is left waits for the same transaction.
    until(
        &url,
        "select 'x' from pg_stat_activity where datname = current_database() and query like 'DROP INDEX CONCURRENTLY%'",
    );
    holder.close();
    let run = finish(child).expect(4);
    assert_eq!(states(&document(&run)), ["failed"]);
    assert_eq!(query(&url, INDEXES), [""; 0]);
    migrate(&sandbox, &url, &[]).expect(0);
}

/// A server that loses one process to a signal starts anew, with all its sessions gone.
#[cfg(unix)]
#[test]
fn a_server_that_starts_anew_is_waited_for() {
    use backsmith::postgres::scratch::{Options, Server};
    wait(async {
        // What is committed must outlive the crash, which the scratch servers do not ask for.
        let options = Options {
            settings: vec![("synchronous_commit".to_owned(), "on".to_owned())],
            ..private_server()
        };
        let server = Server::start(&options).await.expect("a server");
        let database = server.create_database().await.expect("a database");
        let url = database.url().expose().to_owned();
        execute(&url, "create table t (a int)");
        let sandbox = Sandbox::new();
        sandbox.write(
            "m.sql",
            "BEGIN;\nALTER TABLE t ADD COLUMN b int;\nCOMMIT;\nBEGIN;\nSELECT pg_sleep(600);\nCOMMIT;\n",
        );
        let child = start_until(&sandbox, &url, "SELECT pg_sleep");
        let process = query(
            &url,
            "select pid::text from pg_stat_activity where query like 'SELECT pg_sleep%' and pid <> pg_backend_pid()",
        );
        let process = nix::unistd::Pid::from_raw(process[0].parse().expect("a process id"));
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).expect("a signal");
        let run = finish(child).expect(4);
        let report = document(&run);
        assert_eq!(states(&report), ["applied", "failed"]);
        assert_eq!(report["resumes_at"], 2);
        assert_eq!(columns(&url, "t"), ["a", "b"]);
    });
}

#[cfg(unix)]
#[test]
fn sigterm_rolls_back_like_ctrl_c() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "ALTER TABLE t ADD COLUMN b int;\nSELECT pg_sleep(600);\n",
    );
    let child = start_until(&sandbox, &url, "SELECT pg_sleep");
    let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).expect("a signal");
    let run = finish(child).expect(143);
    let report = document(&run);
    assert_eq!(report["verdict"], "interrupted");
    assert_eq!(states(&report), ["rolled-back", "cancelled"]);
    assert_eq!(columns(&url, "t"), ["a"]);
}

#[test]
fn a_statement_that_runs_too_long_is_stopped_by_its_limit() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "ALTER TABLE t ADD COLUMN b int;\nSELECT pg_sleep(600);\n",
    );
    let run = migrate(&sandbox, &url, &["--statement-timeout", "300ms"]).expect(4);
    for part in [
        "statement timeout (57014)",
        "`--statement-timeout TIME` sets another limit",
    ] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    assert!(
        run.stdout.contains("0.30 s for a statement"),
        "{}",
        run.stdout
    );
    assert_eq!(columns(&url, "t"), ["a"]);
}

/// A tablespace on a small file system where one may be mounted; elsewhere the limit for temporary
/// files, which Postgres reports in the same class of errors.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let url = fixture().database("create table t (a int, b text)");
    let small = SmallDisk::mount();
    let (fill, code) = if let Some(disk) = &small {
        execute(
            &url,
            &format!(
                "create tablespace small_{} location '{}'",
                disk.name(),
                disk.data()
            ),
        );
        let fill = format!(
            "CREATE TABLE big TABLESPACE small_{} AS SELECT g, repeat('x', 500) FROM generate_series(1, 100000) g;",
            disk.name()
        );
        (fill, "53100")
    } else {
        eprintln!("no right to mount: no disk is full, temp_file_limit stands in for it");
        (
            "SET LOCAL temp_file_limit = '1MB';\nSET LOCAL work_mem = '64kB';\nCREATE TABLE big AS SELECT g FROM generate_series(1, 1000000) g ORDER BY random();".to_owned(),
            "53400",
        )
    };
    let sandbox = Sandbox::new();
    let sql =
        format!("BEGIN;\nALTER TABLE t ADD COLUMN c int;\nCOMMIT;\nBEGIN;\n{fill}\nCOMMIT;\n");
    sandbox.write("m.sql", sql);
    let run = migrate(&sandbox, &url, &["--json"]).expect(4);
    let report = document(&run);
    assert_eq!(
        (&report["verdict"], &report["error"]["code"]),
        (&"stopped".into(), &code.into())
    );
    assert_eq!(report["resumes_at"], 2);
    assert_eq!(columns(&url, "big"), [""; 0]);
    assert_eq!(columns(&url, "t"), ["a", "b", "c"]);
    if let Some(disk) = small {
        execute(&url, &format!("drop tablespace small_{}", disk.name()));
    }
}

/// A file system of 16 MiB in memory, for the account of the server.
#[cfg(target_os = "linux")]
struct SmallDisk(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount() -> Option<Self> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::Builder::new()
            .prefix("backsmith-small-")
            .tempdir()
            .expect("a folder");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m,mode=0777", "backsmith-test"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            return None;
        }
        let disk = Self(folder);
        let owner = query(
            &fixture().database(""),
            "select (pg_stat_file('.')).size::text || ' ' || current_setting('data_directory')",
        );
        let data = owner[0].split_once(' ').expect("a folder").1;
        let metadata = std::fs::metadata(data).expect("the server's folder");
        std::fs::create_dir(disk.data()).expect("a folder");
        let mode = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(disk.data(), mode).expect("a mode");
        std::os::unix::fs::chown(
            disk.data(),
            Some(std::os::unix::fs::MetadataExt::uid(&metadata)),
            Some(std::os::unix::fs::MetadataExt::gid(&metadata)),
        )
        .expect("an owner");
        std::fs::set_permissions(disk.0.path(), std::fs::Permissions::from_mode(0o755))
            .expect("a mode");
        Some(disk)
    }

    fn data(&self) -> String {
        self.0.path().join("data").display().to_string()
    }

    /// Part of a name that no other test has.
    fn name(&self) -> String {
        let folder = self.0.path().file_name().expect("a name").to_string_lossy();
        let letters = folder.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_lowercase()
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Also while somebody still looks at it: the folder itself goes next.
        let unmounted = std::process::Command::new("umount")
            .arg("-l")
            .arg(self.0.path())
            .status();
        if !unmounted.is_ok_and(|status| status.success()) {
            use std::io::Write;
            let path = self.0.path().display();
            let _ = writeln!(std::io::stderr(), "{path} is still mounted");
        }
    }
}

#[test]
fn a_file_that_gives_its_rights_away_is_recorded_all_the_same() {
    let url = fixture()
        .database("create role owner_of_app; create schema app authorization owner_of_app");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "SET ROLE owner_of_app;\nCREATE TABLE app.t (a int);\nCREATE INDEX CONCURRENTLY ON app.t (a);\nALTER TABLE app.t ADD COLUMN b int;\n",
    );
    migrate(&sandbox, &url, &[]).expect(0);
    assert_eq!(
        query(
            &url,
            "select tableowner::text from pg_tables where schemaname = 'app'"
        ),
        ["owner_of_app"]
    );
    assert_eq!(
        query(&url, "select state from backsmith.migrations"),
        ["applied"]
    );
    execute(&url, "drop owned by owner_of_app; drop role owner_of_app");
}

/// What is applied is not rehearsed once more, where it would only fail.
#[test]
fn the_rest_of_half_a_migration_is_rehearsed_alone() {
    let url = fixture().database("create table t (a int); insert into t values (1), (1)");
    let sandbox = Sandbox::new();
    let sql = "BEGIN;\nSET search_path = public;\nALTER TABLE t ADD COLUMN b int;\nCOMMIT;\nCREATE UNIQUE INDEX CONCURRENTLY t_a_idx ON t (a);\nALTER TABLE t ADD COLUMN c int;\n";
    sandbox.write("m.sql", sql);
    migrate(&sandbox, &url, &[]).expect(1);
    // In a transaction on the live database, an index is not built concurrently.
    for (code, place) in [
        (1, &["--dry-run", "--json"][..]),
        (0, &["--dry-run", "--on-live", "--json"]),
    ] {
        let run = migrate(&sandbox, &url, place).expect(code);
        let report = document(&run);
        assert_eq!(report["applied_before"], 2, "{report:#}");
        assert_eq!(report["statements"][0]["number"], 3);
        assert_eq!(report["not_reached"], 0);
    }
    // The duplicate key stands in the way of the copy's question, at its number in the file.
    let run = migrate(&sandbox, &url, &["--dry-run"]).expect(1);
    assert!(
        run.stdout.contains("would fail at statement 3 of 4"),
        "{}",
        run.stdout
    );
    // What has run may not be another text now.
    sandbox.write("m.sql", sql.replace("COLUMN b int", "COLUMN b bigint"));
    let changed = migrate(&sandbox, &url, &["--dry-run"]).expect(3);
    assert!(
        changed
            .stderr
            .contains("have changed since they were applied"),
        "{}",
        changed.stderr
    );
}
