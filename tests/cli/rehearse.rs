//! `migrate --migrate FILE --dry-run` on a real server: what it measures is what happens, what it
//! asks is answered by the rows, and nothing remains.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::postgres::{fixture, query, wait};
use crate::sandbox::{Run, Sandbox};

const SHOP: &str = "
    create table customers (id bigint primary key, email text not null, phone varchar(32), country text, fax text);
    create table products (id bigint primary key, name text);
    create table orders (id bigint primary key, customer_id bigint references customers (id), status text not null);
    create table order_items (id bigint primary key, order_id bigint references orders (id), product_id bigint);
    create view order_totals as select id, customer_id from orders;
    create index orders_status_idx on orders (status);
    insert into customers select g, 'a' || g % 90, null, case when g % 10 = 0 then null else 'DE' end from generate_series(1, 100) g;
    insert into products select g, 'p' from generate_series(1, 10) g;
    insert into orders select g, 1 + g % 100, 'open' from generate_series(1, 200) g;
    insert into order_items select g, 1 + g % 200, 1 + g % 12 from generate_series(1, 300) g;
    analyze";

fn rehearse(sandbox: &Sandbox, url: &str, sql: &str, more: &[&str]) -> Run {
    let file = sandbox.write("migrations/change.up.sql", sql);
    let file = file
        .strip_prefix(sandbox.path())
        .expect("inside")
        .to_owned();
    let mut arguments = vec!["migrate", "--connection", url, "--dry-run", "--migrate"];
    arguments.push(file.to_str().expect("UTF-8"));
    arguments.extend(more);
    sandbox.run(arguments)
}

/// The document, checked against its published schema.
#[track_caller]
fn document(run: &Run) -> Value {
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

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// (code, statement) of every finding.
fn findings(document: &Value) -> Vec<(String, u64)> {
    let entries = document["findings"].as_array().expect("findings").iter();
    entries
        .map(|entry| {
            (
                entry["code"].as_str().expect("a code").to_owned(),
                entry["statement"].as_u64().unwrap_or(0),
            )
        })
        .collect()
}

/// A statement with its locks, rewrites and scans.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

#[test]
fn locks_rewrites_and_scans_are_those_that_happen() {
    let url = fixture().database(SHOP);
    let sandbox = Sandbox::new();
    let cases: &[Case] = &[
        (
            "ALTER TABLE customers ADD COLUMN a int",
            &["customers AccessExclusiveLock"],
            &[],
            &[],
        ),
        (
            "ALTER TABLE customers ALTER COLUMN id TYPE numeric",
            &[
                "customers AccessExclusiveLock",
                "orders AccessExclusiveLock",
            ],
            &["customers"],
            &["customers", "orders"],
        ),
        (
            "ALTER TABLE customers ALTER COLUMN phone TYPE text",
            &["customers AccessExclusiveLock"],
            &[],
            &[],
        ),
        (
            "CREATE INDEX ON orders (customer_id)",
            &["orders ShareLock"],
            &[],
            &["orders"],
        ),
        (
            "CREATE INDEX CONCURRENTLY ON orders (customer_id)",
            &["orders ShareUpdateExclusiveLock"],
            &[],
            &["orders"],
        ),
        (
            "REINDEX INDEX CONCURRENTLY orders_status_idx",
            &["orders ShareUpdateExclusiveLock"],
            &[],
            &["orders"],
        ),
        (
            "DROP INDEX CONCURRENTLY orders_status_idx",
            &["orders ShareUpdateExclusiveLock"],
            &[],
            &[],
        ),
        (
            "VACUUM products",
            &["products ShareUpdateExclusiveLock"],
            &[],
            &[],
        ),
        (
            "VACUUM FULL products",
            &["products AccessExclusiveLock"],
            &["products"],
            &["products"],
        ),
        (
            "UPDATE orders SET status = 'x'",
            &["orders RowExclusiveLock"],
            &[],
            &["orders"],
        ),
        (
            "ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products (id) NOT VALID",
            &[
                "order_items ShareRowExclusiveLock",
                "products ShareRowExclusiveLock",
            ],
            &[],
            &[],
        ),
        ("CREATE TABLE fresh (id int)", &[], &[], &[]),
    ];
    for (sql, locks, rewrites, scans) in cases {
        let document = document(&rehearse(&sandbox, &url, sql, &["--json"]));
        let statement = &document["statements"][0];
        let name = |text: &str| text.trim_start_matches("public.").to_owned();
        let held: Vec<String> = statement["locks"]
            .as_array()
            .expect("locks")
            .iter()
            .map(|lock| {
                let text = |key: &str| lock[key].as_str().expect("a text").to_owned();
                format!("{} {}", name(&text("relation")), text("mode"))
            })
            .collect();
        let names = |key: &str| {
            texts(&statement[key])
                .into_iter()
                .map(name)
                .collect::<Vec<_>>()
        };
        assert_eq!(held, *locks, "{sql}");
        assert_eq!(names("rewrites"), *rewrites, "{sql}");
        // A table that is rewritten is read anyway.
        let scanned: Vec<String> = names("scans")
            .into_iter()
            .filter(|name| !rewrites.contains(&name.as_str()))
            .collect();
        let wanted: Vec<&str> = scans
            .iter()
            .copied()
            .filter(|name| !rewrites.contains(name))
            .collect();
        assert_eq!(scanned, wanted, "{sql}");
    }
}

#[test]
fn locks_of_one_transaction_are_told_for_each_statement() {
    let url = fixture().database(SHOP);
    let sql = "BEGIN;\nSET LOCAL lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN a int;\nCREATE INDEX ON orders (a);\nCOMMIT;\n";
    let document = document(&rehearse(&Sandbox::new(), &url, sql, &["--json"]).expect(0));
    let modes: Vec<&Value> = document["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .map(|step| &step["locks"][0]["mode"])
        .collect();
    assert_eq!(
        modes,
        [
            &Value::Null,
            &Value::from("AccessExclusiveLock"),
            &Value::from("ShareLock")
        ]
    );
    assert_eq!(document["statements"][2]["section"], "transaction 1");
}

#[test]
fn rows_that_stand_in_the_way_are_found_on_the_live_database() {
    let url = fixture().database(SHOP);
    let sandbox = Sandbox::new();
    let cases = [
        (
            "ALTER TABLE customers ALTER COLUMN country SET NOT NULL",
            "not-null-violated",
            10,
            "10",
        ),
        (
            "ALTER TABLE customers ADD COLUMN score int NOT NULL",
            "not-null-violated",
            100,
            "1",
        ),
        (
            "CREATE UNIQUE INDEX ON customers (email)",
            "unique-violated",
            10,
            "",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY ON customers (lower(email)) WHERE id > 50",
            "unique-violated",
            0,
            "",
        ),
        (
            "ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products (id)",
            "foreign-key-violated",
            50,
            "10",
        ),
        (
            "ALTER TABLE customers ADD CHECK (id < 100)",
            "check-violated",
            1,
            "100",
        ),
        (
            "ALTER TABLE customers ALTER COLUMN email TYPE varchar(2)",
            "value-does-not-fit",
            81,
            "",
        ),
        (
            "ALTER TABLE customers ADD CONSTRAINT c CHECK (country IS NOT NULL)",
            "not-null-violated",
            10,
            "10",
        ),
    ];
    for (sql, code, rows, first) in cases {
        let run = rehearse(&sandbox, &url, sql, &["--json"]);
        let document = document(&run);
        let found = document["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .find(|entry| entry["code"] == code);
        if rows == 0 {
            assert_eq!(run.code, 0, "{sql}: {}", run.stdout);
            assert!(found.is_none(), "{sql}");
            continue;
        }
        assert_eq!(run.code, 1, "{sql}: {}", run.stdout);
        assert_eq!(document["verdict"], "would-fail");
        let evidence = &found.unwrap_or_else(|| panic!("{sql}: {}", run.stdout))["evidence"];
        assert_eq!(evidence["rows"], rows, "{sql}");
        if !first.is_empty() {
            assert_eq!(evidence["samples"][0], first, "{sql}");
        }
        // The rehearsal is right: Postgres refuses the statement for these rows.
        let refused = wait(async {
            use sqlx::Connection;
            let mut connection = sqlx::PgConnection::connect(&url)
                .await
                .expect("a connection");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
                .execute(&mut connection)
                .await
                .is_err()
        });
        assert!(refused, "{sql}");
    }
}

#[test]
fn nothing_remains_and_nobody_is_held_up() {
    let url = fixture().database(SHOP);
    let schema = "select table_name || column_name || data_type from information_schema.columns where table_schema = 'public' order by 1";
    let databases = "select datname::text from pg_database where datname like 'backsmith\\_scratch%' and datname <> current_database() order by 1";
    let before = query(&url, schema);
    let others = query(&url, databases);
    // EXCLUSIVE lets others do nothing but read.
    let run = wait(async {
        use sqlx::Connection;
        let mut holder = sqlx::PgConnection::connect(&url)
            .await
            .expect("a connection");
        sqlx::raw_sql(
            "begin; lock table customers, orders, order_items, products in exclusive mode",
        )
        .execute(&mut holder)
        .await
        .expect("locks");
        let sql = "DROP TABLE order_items; ALTER TABLE customers ALTER COLUMN country SET NOT NULL; CREATE INDEX CONCURRENTLY ON orders (id);";
        rehearse(&Sandbox::new(), &url, sql, &["--json"]).expect(1)
    });
    assert_eq!(
        findings(&document(&run))
            .iter()
            .filter(|(code, _)| code == "not-null-violated")
            .count(),
        1
    );
    assert_eq!(query(&url, schema), before);
    // Other tests make databases of their own meanwhile: those of this process carry its id, those of
    // their runs go when the run ends. One that this run left would stay.
    let own = format!("_{}_", std::process::id());
    let mut left: Vec<String> = query(&url, databases);
    left.retain(|name| !others.contains(name) && !name.contains(&own));
    let started = Instant::now();
    while !left.is_empty() {
        assert!(started.elapsed() < Duration::from_mins(1), "{left:?}");
        std::thread::sleep(Duration::from_millis(50));
        let present = query(&url, databases);
        left.retain(|name| present.contains(name));
    }
    assert_eq!(
        query(&url, "select to_regclass('backsmith.migrations')::text"),
        [""]
    );
}

#[test]
fn what_leaves_the_database_is_not_rehearsed_on_a_shared_server() {
    let url = fixture().database(SHOP);
    let sql = "CREATE ROLE rehearsed_role;\nGRANT SELECT ON orders TO rehearsed_role;\nALTER TABLE orders ADD COLUMN a int;\n";
    let document = document(&rehearse(&Sandbox::new(), &url, sql, &["--json"]).expect(0));
    let outcomes: Vec<&Value> = document["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .map(|step| &step["outcome"])
        .collect();
    assert_eq!(outcomes, ["not-measured", "not-measured", "measured"]);
    assert_eq!(
        query(
            &url,
            "select count(*)::text from pg_roles where rolname = 'rehearsed_role'"
        ),
        ["0"]
    );
}

#[test]
fn objects_that_a_cascade_takes_are_named() {
    let url = fixture().database(SHOP);
    let document = document(
        &rehearse(
            &Sandbox::new(),
            &url,
            "DROP TABLE orders CASCADE",
            &["--json", "--fail-on", "warning"],
        )
        .expect(1),
    );
    let lost: Vec<(&str, &str)> = document["statements"][0]["lost"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|lost| {
            (
                lost["kind"].as_str().expect("a kind"),
                lost["name"].as_str().expect("a name"),
            )
        })
        .collect();
    assert_eq!(
        lost,
        [
            ("table", "public.orders"),
            ("view", "public.order_totals"),
            ("foreign key", "order_items_order_id_fkey")
        ]
    );
    let codes = findings(&document);
    assert!(codes.contains(&("drop-table".to_owned(), 1)), "{codes:?}");
    assert_eq!(
        codes
            .iter()
            .filter(|(code, _)| code == "cascade-drops")
            .count(),
        2
    );
}

#[test]
fn a_schema_with_everything_is_copied_whole() {
    let url = fixture().database(
        "create schema app; create type app.mood as enum ('sad', 'ok'); create domain app.amount as numeric check (value >= 0);
         create type app.pair as (a int, b text); create sequence app.numbers increment 5;
         create function app.next() returns bigint language sql as 'select nextval(''app.numbers'')';
         create table app.base (id bigint default app.next() primary key, mood app.mood default 'ok', amount app.amount, \"Odd Name\" text,
             doubled int generated always as (1 + 1) stored, number int generated by default as identity);
         create unlogged table app.scratchpad (a int) with (fillfactor = 70);
         create table app.events (at date not null, n int, primary key (at, n)) partition by range (at);
         create table app.events_2026 partition of app.events for values from ('2026-01-01') to ('2027-01-01');
         create index events_n_idx on app.events (n);
         create table app.child (extra text) inherits (app.base);
         create view app.sad as select * from app.base where mood = 'sad';
         create materialized view app.totals as select count(*) as n from app.base; create unique index totals_n on app.totals (n);
         create function app.touch() returns trigger language plpgsql as 'begin return new; end';
         create trigger touch before update on app.base for each row execute function app.touch();
         alter table app.base enable row level security; create policy mine on app.base using (id > 0);
         create statistics app.stats on id, mood from app.base",
    );
    let sql = "ALTER INDEX app.events_2026_n_idx RENAME TO part_idx; ALTER TABLE app.events DETACH PARTITION app.events_2026;
        REFRESH MATERIALIZED VIEW CONCURRENTLY app.totals; DROP TRIGGER touch ON app.base; DROP POLICY mine ON app.base; DROP STATISTICS app.stats;
        ALTER TABLE app.child NO INHERIT app.base; ALTER TABLE app.base ALTER COLUMN number DROP IDENTITY; ALTER TABLE app.scratchpad SET LOGGED;
        ALTER TYPE app.pair ADD ATTRIBUTE c int; ALTER DOMAIN app.amount DROP CONSTRAINT amount_check; DROP VIEW app.sad;
        ALTER TABLE app.base DROP COLUMN \"Odd Name\";";
    let document = document(&rehearse(&Sandbox::new(), &url, sql, &["--json"]).expect(0));
    assert_eq!(texts(&document["not_copied"]), [""; 0]);
    let outcomes = document["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .map(|step| step["outcome"].as_str());
    assert!(
        outcomes
            .into_iter()
            .all(|outcome| outcome == Some("measured")),
        "{document:#}"
    );
}

#[test]
fn every_fault_of_the_text_is_shown_with_its_place() {
    let url = fixture().database(SHOP);
    let sql = "BEGIN;\n\\i other.sql\nVACUUM;\nSELECT 'open;\n";
    let run = rehearse(&Sandbox::new(), &url, sql, &[]).expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn a_statement_that_fails_is_told_with_its_place() {
    let url = fixture().database(SHOP);
    let sql = "ALTER TABLE orders ADD COLUMN a int;\nALTER TABLE orders ALTER COLUMN b TYPE nosuchtype;\nSELECT 1;\n";
    let run = rehearse(&Sandbox::new(), &url, sql, &["--json"]).expect(1);
    let document = document(&run);
    assert_eq!(
        findings(&document)
            .into_iter()
            .find(|(code, _)| code == "statement-fails"),
        Some(("statement-fails".to_owned(), 2))
    );
    assert_eq!(
        document["findings"]
            .as_array()
            .expect("findings")
            .last()
            .expect("one")["location"]["line"],
        2
    );
    assert_eq!(document["not_reached"], 1);
}

#[test]
fn the_report_leads_with_the_verdict() {
    let url = fixture().database(SHOP);
    let sql = "BEGIN;
ALTER TABLE customers ALTER COLUMN phone TYPE text;
ALTER TABLE customers DROP COLUMN fax;
ALTER TABLE customers ADD CONSTRAINT country_not_null CHECK (country IS NOT NULL) NOT VALID;
COMMIT;
ALTER TABLE customers VALIDATE CONSTRAINT country_not_null;
CREATE INDEX CONCURRENTLY orders_customer_id_idx ON orders (customer_id);
";
    let run = rehearse(&Sandbox::new(), &url, sql, &[]).expect(1);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn ci_formats_point_at_the_lines_of_the_file() {
    let url = fixture().database(SHOP);
    let sandbox = Sandbox::new();
    let sql =
        "SET lock_timeout = '2s';\nALTER TABLE customers\n    ALTER COLUMN country SET NOT NULL;\n";
    let github = rehearse(&sandbox, &url, sql, &["--format", "github"]).expect(1);
    let line = "::error file=migrations/change.up.sql,line=2,title=not-null-violated::10 rows of customers have country NULL";
    assert!(github.stdout.contains(line), "{}", github.stdout);
    let sarif = rehearse(&sandbox, &url, sql, &["--format", "sarif"])
        .expect(1)
        .json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "not-null-violated");
    assert_eq!(
        result["locations"][0]["physicalLocation"]["region"]["startLine"],
        2
    );
    let more = ["--format", "junit", "--report", "out/report.md"];
    let junit = rehearse(&sandbox, &url, sql, &more).expect(1);
    assert!(
        junit.stdout.contains("not-null-violated"),
        "{}",
        junit.stdout
    );
    let markdown = sandbox.read("out/report.md");
    assert!(
        markdown.starts_with(
            "## would fail at statement 2 of 2: 10 rows of customers have country NULL"
        ),
        "{markdown}"
    );
}

/// Kinds that few schemas have, each with something that depends on it.
const RARE: &str = "
    create aggregate total(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0');
    create aggregate middle(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
    create function agrees(text, text) returns boolean immutable language sql as 'select lower($1) = lower($2)';
    create operator === (leftarg = text, rightarg = text, function = agrees);
    create type shout as (word text);
    create function loud(shout) returns text immutable language sql as 'select upper(($1).word)';
    create cast (shout as text) with function loud(shout);
    create collation plain (provider = libc, locale = 'C');
    create text search configuration words (copy = simple);
    create table sales (amount numeric, place text collate plain, said shout, body tsvector generated always as (to_tsvector('public.words', '')) stored);
    create view sums as select total(amount), middle(0.5) within group (order by amount) from sales;
    create view same as select place === 'here' as here, said::text as said from sales;
    create function watch() returns event_trigger language plpgsql as 'begin end';
    create event trigger watcher on ddl_command_end execute function watch();
    create publication changes for table sales;";

#[test]
fn rare_kinds_are_part_of_the_copy() {
    let url = fixture().database(RARE);
    let sql = "drop view public.sums; create view again as select place === 'there' as there, said::text from sales; \
               alter table sales add body2 tsvector generated always as (to_tsvector('words', '')) stored; \
               alter publication changes drop table sales; drop event trigger watcher; \
               alter table sales add place2 text collate plain;";
    let document = document(&rehearse(&Sandbox::new(), &url, sql, &["--json"]));
    let outcomes: Vec<&str> = document["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .filter_map(|step| step["outcome"].as_str())
        .collect();
    assert_eq!(texts(&document["not_copied"]), [""; 0], "{document:#}");
    assert_eq!(outcomes, ["measured"; 6], "{document:#}");
}

#[test]
fn what_could_not_be_copied_is_no_objection() {
    let url = fixture().database(
        "create type word; \
         create function word_in(cstring) returns word immutable strict language internal as 'textin'; \
         create function word_out(word) returns cstring immutable strict language internal as 'textout'; \
         create type word (input = word_in, output = word_out, like = text); \
         create table t (a text, b text);",
    );
    // What really is missing stays an error.
    let sandbox = Sandbox::new();
    let run = rehearse(
        &sandbox,
        &url,
        "create index t_b on t ((b::phrase::text));",
        &["--json"],
    );
    assert_eq!(run.code, 1, "{}", run.transcript());
    let sql = "create index t_b on t ((b::word::text)); alter index t_b rename to t_b2; alter table t add c int;";
    let run = rehearse(&sandbox, &url, sql, &["--json"]);
    let document = document(&run);
    let outcomes: Vec<&str> = document["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .filter_map(|step| step["outcome"].as_str())
        .collect();
    assert_eq!(
        outcomes,
        ["not-measured", "not-measured", "measured"],
        "{document:#}"
    );
    assert_eq!(run.code, 0, "{}", run.transcript());
}
