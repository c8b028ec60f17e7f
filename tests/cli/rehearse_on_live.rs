//! `migrate --dry-run --on-live`: in one transaction on the live database, rolled back.

use serde_json::Value;

use crate::migration::{Session, arguments, document, finish, start, until};
use crate::postgres::{fixture, query};
use crate::rehearse::{SHOP, findings, rehearse};
use crate::sandbox::Sandbox;

const SCHEMA: &str = "select table_name || column_name || data_type || is_nullable from information_schema.columns where table_schema = 'public' order by 1";

fn outcomes(document: &Value) -> Vec<&str> {
    let statements = document["statements"]
        .as_array()
        .expect("statements")
        .iter();
    statements
        .map(|statement| statement["outcome"].as_str().expect("an outcome"))
        .collect()
}

#[test]
fn everything_is_measured_and_nothing_remains() {
    let url = fixture().database(&format!(
        "{SHOP}; create table events (id serial primary key, note text); insert into events (note) values ('a')"
    ));
    let before = query(&url, SCHEMA);
    let sql = "
        BEGIN;
        ALTER TABLE orders ADD COLUMN currency text NOT NULL DEFAULT 'EUR';
        ALTER TABLE customers ALTER COLUMN id TYPE numeric;
        INSERT INTO events (note) VALUES ('b');
        COMMIT;
        CREATE INDEX CONCURRENTLY orders_currency_idx ON orders (currency);
        COMMENT ON INDEX orders_currency_idx IS 'by currency';
        DROP TABLE products CASCADE;";
    let run = rehearse(&Sandbox::new(), &url, sql, &["--json", "--on-live"]).expect(0);
    let document = document(&run);
    assert_eq!(
        document["rehearsed_on"],
        "the live database, in a transaction that was rolled back"
    );
    assert_eq!(document["times"], "measured");
    assert_eq!(
        outcomes(&document),
        [
            "measured",
            "measured",
            "measured",
            "not-measured",
            "not-measured",
            "measured"
        ],
        "{document:#}"
    );
    assert_eq!(
        document["statements"][1]["rewrites"],
        serde_json::json!(["public.customers"])
    );
    assert_eq!(
        document["statements"][1]["locks"][0],
        serde_json::json!({ "relation": "public.customers", "mode": "AccessExclusiveLock" })
    );
    assert!(
        document["statements"][3]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("outside of transactions only")),
        "{document:#}"
    );
    assert_eq!(
        document["remains"],
        serde_json::json!(["the sequence public.events_id_seq went from 1 to 2"])
    );
    assert_eq!(query(&url, SCHEMA), before);
    assert_eq!(query(&url, "select count(*)::text from events"), ["1"]);
    assert_eq!(
        query(&url, "select to_regclass('backsmith.migrations')::text"),
        [""]
    );
    let human = rehearse(&Sandbox::new(), &url, sql, &["--on-live"]).expect(0);
    assert!(
        human
            .stdout
            .contains("Times were measured on the live database"),
        "{}",
        human.stdout
    );
    assert!(human.stdout.contains("not taken back"), "{}", human.stdout);
}

#[test]
fn rows_that_stand_in_the_way_speak_for_themselves() {
    let url = fixture().database(&format!(
        "{SHOP}; create table later (a int references products (id) deferrable initially deferred)"
    ));
    let before = query(&url, SCHEMA);
    let sql = "ALTER TABLE orders ADD COLUMN a int;\nALTER TABLE customers ALTER COLUMN country SET NOT NULL;\nALTER TABLE orders ADD COLUMN b int;\n";
    let document_of = |sql: &str| {
        document(&rehearse(&Sandbox::new(), &url, sql, &["--json", "--on-live"]).expect(1))
    };
    let first = document_of(sql);
    assert_eq!(outcomes(&first), ["measured", "failed"]);
    assert_eq!(first["not_reached"], 1);
    let fails = ("statement-fails".to_owned(), 2);
    assert!(findings(&first).contains(&fails), "{first:#}");
    // A deferred constraint speaks at the end of its transaction.
    let deferred = document_of("INSERT INTO later VALUES (99);\n");
    assert_eq!(outcomes(&deferred), ["failed"]);
    assert_eq!(query(&url, SCHEMA), before);
}

#[test]
fn a_lock_that_others_hold_is_not_waited_for() {
    let url = fixture().database(SHOP);
    let holder = Session::open(
        &url,
        "set application_name = 'reader'; begin; lock table orders in access share mode",
    );
    // What the file sets does not make everybody wait.
    let sql = "SET LOCAL lock_timeout = '1h';\nALTER TABLE orders ADD COLUMN a int;\n";
    let more = ["--on-live", "--lock-timeout", "300ms"];
    let run = rehearse(&Sandbox::new(), &url, sql, &more).expect(4);
    for part in [
        "statement 2 got no lock on the live database in 0.30 s",
        "application `reader`",
        "nothing remains",
    ] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    holder.close();
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_transaction_on_the_server() {
    let url = fixture().database(SHOP);
    let sandbox = Sandbox::new();
    sandbox.write(
        "m.sql",
        "ALTER TABLE orders ADD COLUMN a int;\nSELECT pg_sleep(600);\n",
    );
    let child = start(sandbox.command(arguments(
        &url,
        &[
            "--migrate",
            "m.sql",
            "--dry-run",
            "--on-live",
            "--statement-timeout",
            "1h",
        ],
    )));
    until(
        &url,
        "select 'x' from pg_stat_activity where datname = current_database() and query like 'SELECT pg_sleep%' and state = 'active'",
    );
    crate::migration::interrupt(&child);
    let run = finish(child).expect(130);
    assert!(run.stderr.contains("nothing remains"), "{}", run.stderr);
    let sleeping = "select query from pg_stat_activity where datname = current_database() and query like 'SELECT pg_sleep%' and state = 'active'";
    assert_eq!(query(&url, sleeping), [""; 0]);
}

#[test]
fn what_reaches_out_of_the_transaction_is_named() {
    let url = fixture().database("create sequence s");
    let sql = "SELECT setval('s', 42);\nDO $$ BEGIN PERFORM pg_advisory_lock(7); END $$;\n";
    let document =
        document(&rehearse(&Sandbox::new(), &url, sql, &["--json", "--on-live"]).expect(0));
    let remains = document["remains"].to_string();
    for part in [
        "the sequence public.s went from its start to 42",
        "statement 1: a sequence that setval moved stays where it is",
        "statement 2: an advisory lock",
    ] {
        assert!(remains.contains(part), "{remains}");
    }
}
