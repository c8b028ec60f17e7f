//! `migrate --rollback` of a migration that stopped half-way: exactly what was applied is taken back.

use crate::migration::{arguments, document};
use crate::postgres::{execute, fixture, query};
use crate::sandbox::{Run, Sandbox};

const SCHEMA: &str = "create table t (a int, fax text); insert into t values (1, 'x'), (1, 'y')";
const UP: &str = "
BEGIN;
CREATE TABLE planets (name text);
ALTER TABLE t ADD COLUMN b int;
COMMIT;
CREATE UNIQUE INDEX CONCURRENTLY t_a_idx ON t (a);
BEGIN;
ALTER TABLE t ALTER COLUMN a TYPE bigint;
ALTER TABLE t DROP COLUMN fax;
COMMIT;
";
const DOWN: &str = "
BEGIN;
SET LOCAL lock_timeout = '10s';
ALTER TABLE t ADD COLUMN fax text;
ALTER TABLE t ALTER COLUMN a TYPE integer;
COMMIT;
DROP INDEX CONCURRENTLY t_a_idx;
BEGIN;
ALTER TABLE t DROP COLUMN b;
DROP TABLE planets;
COMMIT;
";

fn columns(url: &str) -> Vec<String> {
    query(
        url,
        "select attname::text || ' ' || format_type(atttypid, atttypmod) from pg_attribute where attrelid = 't'::regclass and attnum > 0 and not attisdropped order by attnum",
    )
}

fn run(sandbox: &Sandbox, url: &str, action: &[&str]) -> Run {
    sandbox.run(arguments(url, action))
}

/// A migration of which the first transaction is applied.
fn half(down: &str) -> (Sandbox, String) {
    let url = fixture().database(SCHEMA);
    let sandbox = Sandbox::new();
    sandbox.write("migrations/1_x.up.sql", UP);
    sandbox.write("migrations/1_x.down.sql", down);
    let stopped = run(&sandbox, &url, &["--migrate", "migrations/1_x.up.sql"]).expect(1);
    assert!(
        stopped.stdout.contains("2 are applied and stay"),
        "{}",
        stopped.stdout
    );
    (sandbox, url)
}

#[test]
fn only_what_was_applied_is_taken_back() {
    let (sandbox, url) = half(DOWN);
    let back = run(&sandbox, &url, &["--json", "--rollback"]).expect(0);
    let report = document(&back);
    let states: Vec<&str> = report["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .map(|statement| statement["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(
        states,
        [
            "applied",
            "not-needed",
            "applied",
            "not-needed",
            "applied",
            "applied"
        ],
        "{report:#}"
    );
    assert_eq!(columns(&url), ["a integer", "fax text"]);
    assert_eq!(query(&url, "select fax from t order by 1"), ["x", "y"]);
    assert_eq!(query(&url, "select to_regclass('planets')::text"), [""]);
    assert_eq!(
        query(&url, "select state from backsmith.migrations"),
        ["rolled back"]
    );
    // And forwards again, when the rows are mended.
    execute(&url, "delete from t where fax = 'y'");
    run(&sandbox, &url, &["--migrate", "migrations/1_x.up.sql"]).expect(0);
    assert_eq!(columns(&url), ["a bigint", "b integer"]);
    run(&sandbox, &url, &["--rollback"]).expect(0);
    assert_eq!(columns(&url), ["a integer", "fax text"]);
}

#[test]
fn what_does_not_lead_back_to_the_start_is_refused() {
    // It forgets a column, so the start is not reached.
    let (sandbox, url) = half(&DOWN.replace("ALTER TABLE t DROP COLUMN b;", ""));
    let refused = run(&sandbox, &url, &["--rollback"]).expect(3);
    for part in [
        "only a part of `1_x` is applied",
        "does not lead back to the start",
        "--migrate migrations/1_x.up.sql",
    ] {
        assert!(refused.stderr.contains(part), "{}", refused.stderr);
    }
    assert_eq!(columns(&url), ["a integer", "fax text", "b integer"]);
    // Rows do not tell whether a statement is needed.
    sandbox.write(
        "migrations/1_x.down.sql",
        DOWN.replace(
            "DROP TABLE planets;",
            "UPDATE t SET a = 0;\nDROP TABLE planets;",
        ),
    );
    let refused = run(&sandbox, &url, &["--rollback"]).expect(3);
    assert!(
        refused
            .stderr
            .contains("statement 6 of the down file changes rows"),
        "{}",
        refused.stderr
    );
    assert_eq!(
        query(&url, "select state from backsmith.migrations"),
        ["partial"]
    );
}

#[test]
fn a_rollback_that_stopped_goes_on_unless_its_file_has_changed() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write("migrations/1_x.up.sql", "ALTER TABLE t ADD COLUMN b int;\n");
    let down = "BEGIN;\nALTER TABLE t DROP COLUMN b;\nCOMMIT;\nBEGIN;\nSELECT 1 / count(*) FROM t;\nCOMMIT;\n";
    sandbox.write("migrations/1_x.down.sql", down);
    run(&sandbox, &url, &["--migrate", "migrations/1_x.up.sql"]).expect(0);
    run(&sandbox, &url, &["--rollback"]).expect(1);
    // Forwards is not the way now.
    let forwards = run(&sandbox, &url, &["--migrate", "migrations/1_x.up.sql"]).expect(3);
    assert!(
        forwards.stderr.contains("half-way taken back"),
        "{}",
        forwards.stderr
    );
    sandbox.write(
        "migrations/1_x.down.sql",
        down.replace("DROP COLUMN b", "DROP COLUMN IF EXISTS b"),
    );
    let changed = run(&sandbox, &url, &["--rollback"]).expect(3);
    assert!(
        changed
            .stderr
            .contains("the first 1 statements of `migrations/1_x.down.sql` have changed"),
        "{}",
        changed.stderr
    );
    sandbox.write("migrations/1_x.down.sql", down);
    execute(&url, "insert into t values (1)");
    let report = document(&run(&sandbox, &url, &["--json", "--rollback"]).expect(0));
    assert_eq!(report["statements"][0]["state"], "applied-before");
    assert_eq!(columns(&url), ["a integer"]);
}

#[cfg(unix)]
#[test]
fn a_rollback_that_was_killed_goes_on_where_it_was() {
    use crate::migration::{Session, kill, start, until};
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write(
        "migrations/1_x.up.sql",
        "ALTER TABLE t ADD COLUMN b int;\nCREATE INDEX CONCURRENTLY t_a_idx ON t (a);\n",
    );
    sandbox.write(
        "migrations/1_x.down.sql",
        "DROP INDEX CONCURRENTLY t_a_idx;\nALTER TABLE t DROP COLUMN b;\n",
    );
    run(&sandbox, &url, &["--migrate", "migrations/1_x.up.sql"]).expect(0);
    let holder = Session::open(&url, "begin; insert into t values (1)");
    let child = start(sandbox.command(arguments(&url, &["--rollback"])));
    until(
        &url,
        "select 'x' from pg_stat_activity where datname = current_database() and state = 'active' and query like 'DROP INDEX%'",
    );
    kill(child);
    holder.close();
    until(&url, "select 'x' where to_regclass('t_a_idx') is null");
    let report = document(&run(&sandbox, &url, &["--json", "--rollback"]).expect(0));
    assert_eq!(
        report["statements"][0]["state"], "applied-before",
        "{report:#}"
    );
    assert_eq!(columns(&url), ["a integer"]);
    assert_eq!(
        query(&url, "select state from backsmith.migrations"),
        ["rolled back"]
    );
}
