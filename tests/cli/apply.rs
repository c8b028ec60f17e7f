//! `migrate --migrate FILE` and `--rollback` on a real server.

use std::collections::BTreeSet;
use std::process::Stdio;

use backsmith::migrate::execution::{Direction, Limits};
use backsmith::migrate::script;
use backsmith::postgres::history::{self, RecordState};
use backsmith::postgres::{Target, apply};
use backsmith::redact::SecretUrl;
use backsmith::text::SourceFile;

use crate::migration::{arguments, document, finish, interrupt, start, until};
use crate::postgres::{execute, fixture, query, wait};
use crate::sandbox::{Run, Sandbox};

const UP: &str = "
BEGIN;
CREATE TABLE planets (name text);
INSERT INTO planets VALUES ('Earth');
COMMIT;
CREATE INDEX CONCURRENTLY planets_name_idx ON planets (name);
";
const DOWN: &str = "
DROP INDEX CONCURRENTLY planets_name_idx;
BEGIN;
DROP TABLE planets;
COMMIT;
";

#[test]
fn a_migration_is_applied_once_and_taken_back() {
    let url = fixture().database("");
    let sandbox = Sandbox::new();
    sandbox.write("migrations/20260101000000_planets.up.sql", UP);
    sandbox.write("migrations/20260101000000_planets.down.sql", DOWN);
    // The plain name finds the one file with a timestamp.
    let migrate = ["--migrate", "migrations/planets.sql"];
    let run = sandbox.run(arguments(&url, &migrate)).expect(0);
    assert!(
        run.stdout.contains("applied 20260101000000_planets to"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr
            .contains("undo: backsmith migrate --rollback 20260101000000_planets"),
        "{}",
        run.stderr
    );
    assert_eq!(query(&url, "select name from planets"), ["Earth"]);
    assert_eq!(
        query(
            &url,
            "select version || ' ' || state || ' ' || statements_done from backsmith.migrations"
        ),
        ["20260101000000_planets applied 3"]
    );

    let again = sandbox
        .run(arguments(
            &url,
            &["--json", "--migrate", "migrations/planets.sql"],
        ))
        .expect(0);
    assert_eq!(document(&again)["verdict"], "already-applied");
    assert_eq!(query(&url, "select count(*)::text from planets"), ["1"]);
    // A rehearsal says what the run would say.
    let rehearsed = sandbox
        .run(arguments(
            &url,
            &["--json", "--migrate", "migrations/planets.sql", "--dry-run"],
        ))
        .expect(0);
    assert_eq!(document(&rehearsed)["verdict"], "already-applied");

    sandbox.write(
        "migrations/20260101000000_planets.up.sql",
        format!("{UP}-- later\n"),
    );
    let changed = sandbox.run(arguments(&url, &migrate)).expect(3);
    assert!(
        changed.stderr.contains("has changed since it was applied"),
        "{}",
        changed.stderr
    );

    let rehearse = [migrate[0], migrate[1], "--dry-run"];
    sandbox.run(arguments(&url, &rehearse)).expect(3);

    let back = sandbox
        .run(arguments(&url, &["--json", "--rollback"]))
        .expect(0);
    let back = document(&back);
    assert_eq!(
        (&back["command"], &back["verdict"]),
        (&"rollback".into(), &"done".into())
    );
    assert_eq!(query(&url, "select to_regclass('planets')::text"), [""]);
    assert_eq!(
        query(&url, "select state from backsmith.migrations"),
        ["rolled back"]
    );
    let nothing = sandbox.run(arguments(&url, &["--rollback"])).expect(2);
    assert!(
        nothing.stderr.contains("no migration is applied"),
        "{}",
        nothing.stderr
    );

    // What was taken back may change, and be applied anew.
    sandbox.run(arguments(&url, &migrate)).expect(0);
    sandbox
        .run(arguments(&url, &["--rollback", "20260101000000"]))
        .expect(0);
}

#[test]
fn a_failed_migration_stops_says_what_stays_and_goes_on_there() {
    let url =
        fixture().database("create table t (a int, b int); insert into t values (1, 1), (1, 2)");
    let sandbox = Sandbox::new();
    let sql = "BEGIN;\nALTER TABLE t ADD COLUMN c int;\nALTER TABLE t ADD COLUMN d int;\nCOMMIT;\nCREATE UNIQUE INDEX CONCURRENTLY t_a_idx ON t (a);\nALTER TABLE t ADD COLUMN e int;\n";
    sandbox.write("m.sql", sql);
    let run = sandbox
        .run(arguments(&url, &["--migrate", "m.sql"]))
        .expect(1);
    insta::with_settings!({filters => vec![(r"\d+\.\d+ s", "[time]"), (r"(?m) +(\[time\]|failed)$", " $1")]}, {
        insta::assert_snapshot!(run.transcript());
    });
    let columns = "select attname::text from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum";
    assert_eq!(query(&url, columns), ["a", "b", "c", "d"]);
    // The invalid index of the failed try is gone.
    assert_eq!(
        query(
            &url,
            "select indexrelid::regclass::text from pg_index where indrelid = 't'::regclass"
        ),
        [""; 0]
    );

    sandbox.write(
        "m.sql",
        sql.replace("ADD COLUMN c int", "ADD COLUMN c bigint"),
    );
    let changed = sandbox
        .run(arguments(&url, &["--migrate", "m.sql"]))
        .expect(3);
    assert!(
        changed
            .stderr
            .contains("the first 2 statements of the file have changed"),
        "{}",
        changed.stderr
    );

    // What has not run yet may be mended in the file.
    sandbox.write("m.sql", sql.replace("ON t (a)", "ON t (a, b)"));
    let run = sandbox
        .run(arguments(&url, &["--json", "--migrate", "m.sql"]))
        .expect(0);
    let states: Vec<String> = document(&run)["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .map(|statement| statement["state"].as_str().expect("a state").to_owned())
        .collect();
    assert_eq!(
        states,
        ["applied-before", "applied-before", "applied", "applied"]
    );
    assert_eq!(query(&url, columns), ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_failed_transaction_leaves_nothing() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "ALTER TABLE t ADD COLUMN b int;\nUPDATE t SET a = nosuch();\n",
    );
    let run = sandbox
        .run(arguments(&url, &["--json", "--migrate", "m.sql"]))
        .expect(1);
    let report = document(&run);
    assert_eq!(report["error"]["code"], "42883");
    // The caret stands under the function, not under the whole statement.
    assert_eq!(
        (
            &report["error"]["location"]["line"],
            &report["error"]["location"]["column"]
        ),
        (&2.into(), &18.into())
    );
    assert_eq!(
        query(
            &url,
            "select attname::text from pg_attribute where attrelid = 't'::regclass and attnum > 0"
        ),
        ["a"]
    );
    assert_eq!(
        query(&url, "select version from backsmith.migrations"),
        [""; 0]
    );
}

#[test]
fn copy_data_and_functions_are_applied_as_psql_would() {
    let url = fixture().database("");
    let sandbox = Sandbox::new();
    let sql = "\\restrict token\nCREATE TABLE t (a int, b text);\nCOPY t (a, b) FROM stdin;\n1\tone; two\n2\t\\N\n\\.\n\
        CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $body$ BEGIN RETURN 'a;b'; END $body$;\n\\unrestrict token\n";
    sandbox.write("m.sql", sql);
    sandbox
        .run(arguments(&url, &["--migrate", "m.sql"]))
        .expect(0);
    assert_eq!(
        query(&url, "select coalesce(b, '-') from t order by a"),
        ["one; two", "-"]
    );
    assert_eq!(query(&url, "select f()"), ["a;b"]);
}

#[test]
fn a_lock_that_does_not_come_is_tried_again() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", "ALTER TABLE t ADD COLUMN b int;\n");
    let run = wait(async {
        use sqlx::Connection;
        let mut holder = sqlx::PgConnection::connect(&url)
            .await
            .expect("a connection");
        sqlx::raw_sql(
            "set application_name = 'report-worker'; begin; lock table t in access share mode",
        )
        .execute(&mut holder)
        .await
        .expect("a lock");
        let mut command = sandbox.command(arguments(&url, &["--json", "--migrate", "m.sql"]));
        command.stderr(Stdio::piped());
        let mut child = start(command);
        // The first retry is announced; then the way is free.
        let mut errors = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        while !said.contains("held back by") {
            let read = std::io::BufRead::read_line(&mut errors, &mut said).expect("text");
            assert!(read > 0, "{said}");
        }
        assert!(said.contains("application `report-worker`"), "{said}");
        holder.close().await.expect("an end");
        finish(child)
    });
    let report = document(&run.expect(0));
    assert_eq!(report["retries"], 1);
    assert_eq!(
        query(
            &url,
            "select attname::text from pg_attribute where attrelid = 't'::regclass and attnum > 1"
        ),
        ["b"]
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_and_rolls_back() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "ALTER TABLE t ADD COLUMN b int;\nSELECT pg_sleep(600);\n",
    );
    let child = start(sandbox.command(arguments(&url, &["--migrate", "m.sql"])));
    until(
        &url,
        "select 'x' from pg_stat_activity where datname = current_database() and query like 'SELECT pg_sleep%' and state = 'active'",
    );
    interrupt(&child);
    let run = finish(child).expect(130);
    assert!(
        run.stdout
            .contains("interrupted at statement 2 of 2: nothing is applied, 2 was rolled back"),
        "{}",
        run.stdout
    );
    assert_eq!(
        query(
            &url,
            "select attname::text from pg_attribute where attrelid = 't'::regclass and attnum > 0"
        ),
        ["a"]
    );
    let running = "select query from pg_stat_activity where datname = current_database() and query like 'SELECT pg_sleep%' and state = 'active'";
    assert_eq!(query(&url, running), [""; 0]);
}

/// The session that looks who is in the way gets no answer; the signal does not wait for it.
#[cfg(unix)]
#[test]
fn ctrl_c_is_heard_while_a_look_at_the_server_hangs() {
    let url = fixture().database("create table t (a int)");
    let (through, state) = crate::relay::start(&url, "pg_sleep");
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", "SELECT pg_sleep(30);\n");
    let child = start(sandbox.command(arguments(&through, &["--migrate", "m.sql"])));
    let begun = std::time::Instant::now();
    while !state.is_holding() {
        assert!(
            begun.elapsed().as_secs() < 60,
            "nobody looked at the server"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    interrupt(&child);
    finish(child).expect(130);
}

/// What cannot be written to the history leaves no transaction open behind it.
#[test]
fn a_refused_entry_of_the_history_leaves_no_transaction_open() {
    let url = fixture().database("create table t (a int)");
    let source = SourceFile::new(
        "m.sql",
        "SET ROLE NONE;\nCREATE INDEX CONCURRENTLY t_a ON t (a);\n",
    );
    let (script, _) = script::split(&source);
    let (sections, _) = script::sections(&script);
    // Events are told on the thread that runs it, so `wait` cannot.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let end = runtime.block_on(async {
        let target = Target::parse(&SecretUrl::new(&url), None).expect("a URL");
        let mut connection = target.connect().await.expect("a connection");
        history::prepare(&mut connection).await.expect("a history");
        let refuse = "create function refuse() returns trigger language plpgsql as $$
                begin if new.running is not null then raise exception 'not today'; end if; return new; end $$;
            create trigger refuse before insert or update on backsmith.migrations for each row execute function refuse()";
        connection.execute(refuse).await.expect("a trigger");
        let request = apply::Request {
            direction: Direction::Apply,
            script: &script,
            sections: &sections,
            version: "1",
            file: "m.sql",
            checksum: "",
            done_before: 0,
            doubt: None,
            verdict: None,
            not_needed: &BTreeSet::new(),
            up_done: (0, "", RecordState::RolledBack),
            fingerprint: None,
            limits: Limits::default(),
        };
        let interrupt = backsmith::terminal::interrupt::listen();
        let execution = apply::run(&mut connection, request, &interrupt, &mut |_| {}).await;
        connection
            .execute("select 1")
            .await
            .expect("a session without a lost transaction");
        connection.close().await;
        execution.end
    });
    assert!(format!("{end:?}").contains("not today"), "{end:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_index_build_leaves_no_invalid_index() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", "CREATE INDEX CONCURRENTLY t_a_idx ON t (a);\n");
    let run = wait(async {
        use sqlx::Connection;
        // An open transaction that has written: the build waits for its end.
        let mut holder = sqlx::PgConnection::connect(&url)
            .await
            .expect("a connection");
        sqlx::raw_sql("begin; insert into t values (1)")
            .execute(&mut holder)
            .await
            .expect("a row");
        let child = start(sandbox.command(arguments(&url, &["--migrate", "m.sql"])));
        until(
            &url,
            "select 'x' from pg_index where indrelid = 't'::regclass and not indisvalid",
        );
        interrupt(&child);
        // Dropping the invalid index waits for the same transaction.
        until(
            &url,
            "select 'x' from pg_stat_activity where datname = current_database() and query like 'DROP INDEX CONCURRENTLY%'",
        );
        holder.close().await.expect("an end");
        finish(child).expect(130)
    });
    assert!(
        run.stderr
            .contains("dropped the invalid index public.t_a_idx"),
        "{}",
        run.stderr
    );
    assert_eq!(
        query(
            &url,
            "select indexrelid::regclass::text from pg_index where indrelid = 't'::regclass"
        ),
        [""; 0]
    );
    sandbox
        .run(arguments(&url, &["--migrate", "m.sql"]))
        .expect(0);
}

#[test]
fn an_invalid_index_of_a_killed_run_is_built_anew() {
    let url = fixture().database("create table t (a int); insert into t values (1), (1)");
    wait(async {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(&url)
            .await
            .expect("a connection");
        let failed = sqlx::raw_sql("create unique index concurrently t_a_idx on t (a)")
            .execute(&mut connection)
            .await;
        assert!(failed.is_err());
    });
    execute(&url, "delete from t");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "CREATE UNIQUE INDEX CONCURRENTLY t_a_idx ON t (a);\n",
    );
    sandbox
        .run(arguments(&url, &["--migrate", "m.sql"]))
        .expect(0);
    assert_eq!(
        query(
            &url,
            "select indisvalid::text from pg_index where indrelid = 't'::regclass"
        ),
        ["true"]
    );
}

#[test]
fn a_second_run_waits_for_the_first() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "INSERT INTO t VALUES (1);\nSELECT pg_sleep(0.5);\n",
    );
    let first = start(sandbox.command(arguments(&url, &["--migrate", "m.sql"])));
    let second = start(sandbox.command(arguments(&url, &["--migrate", "m.sql"])));
    let (first, second) = (finish(first).expect(0), finish(second).expect(0));
    let already = [&first, &second]
        .iter()
        .filter(|run| run.stdout.contains("already"))
        .count();
    assert_eq!(already, 1, "{first:?} {second:?}");
    assert_eq!(query(&url, "select count(*)::text from t"), ["1"]);
}

#[test]
fn files_that_are_not_there_are_named_with_the_nearest() {
    let url = fixture().database("");
    let sandbox = Sandbox::new();
    sandbox.write("migrations/20260101000000_add_indexes.up.sql", "SELECT 1;");
    let run = sandbox
        .run(arguments(&url, &["--migrate", "migrations/add_indxes.sql"]))
        .expect(2);
    assert!(
        run.stderr
            .contains("did you mean `migrations/20260101000000_add_indexes.up.sql`?"),
        "{}",
        run.stderr
    );
    sandbox.write("migrations/20260202000000_add_indexes.up.sql", "SELECT 1;");
    let run = sandbox
        .run(arguments(
            &url,
            &["--migrate", "migrations/add_indexes.sql"],
        ))
        .expect(2);
    assert!(
        run.stderr.contains(
            "2 fit: 20260101000000_add_indexes.up.sql, 20260202000000_add_indexes.up.sql"
        ),
        "{}",
        run.stderr
    );
}

#[test]
fn a_dead_database_is_told_without_its_password() {
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", "SELECT 1;");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let url = format!("postgres://app:s3cret@127.0.0.1:{port}/shop");
    let run = sandbox
        .run(arguments(&url, &["--migrate", "m.sql"]))
        .expect(4);
    let shown = run.transcript().replace(&port.to_string(), "PORT");
    insta::assert_snapshot!(shown, @"
    --- stdout
    --- stderr
    error: cannot connect to `postgres://app:***@127.0.0.1:PORT/shop`
      caused by: connection refused (os error 111) at 127.0.0.1:PORT
    hint: `backsmith doctor` checks name, port, TLS and rights one after the other
    --- exit 4
    ");
}

#[test]
fn a_refused_password_says_where_the_url_came_from() {
    let url = fixture().database("create role locked login password 'right'");
    let file = query(&url, "show hba_file").remove(0);
    let rules = std::fs::read_to_string(&file).expect("the rules of the server");
    std::fs::write(&file, format!("local all locked scram-sha-256\n{rules}")).expect("new rules");
    execute(&url, "select pg_reload_conf()");
    until(
        &url,
        "select 'x' from pg_hba_file_rules where 'locked' = any (user_name)",
    );
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", "SELECT 1;");
    let locked = format!(
        "{}&password=s3cret",
        url.replace("user=postgres", "user=locked")
    );
    let mut command = sandbox.command(["migrate", "--migrate", "m.sql"]);
    command.env("DATABASE_URL", &locked);
    let run = Run::of(&mut command).expect(4);
    assert!(!run.transcript().contains("s3cret"), "{}", run.stderr);
    for part in [
        "(from DATABASE_URL) refuses the password",
        "(28P01)",
        "hint: `--connection` overrules DATABASE_URL",
    ] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
}
