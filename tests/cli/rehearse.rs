//! `migrate --migrate FILE --dry-run` on a real server: what it measures is what happens, what it
//! asks is answered by the rows, and nothing remains.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::migration::document;
use crate::postgres::{fixture, query, wait};
use crate::sandbox::{Run, Sandbox};

pub const SHOP: &str = "
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

pub fn rehearse(sandbox: &Sandbox, url: &str, sql: &str, more: &[&str]) -> Run {
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

pub fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// (code, statement) of every finding.
pub fn findings(document: &Value) -> Vec<(String, u64)> {
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
    let sarif = rehearse(&sandbox, &url, sql, &["--format", "sarif"]).expect(1);
    let sarif = crate::sarif::document(&sarif);
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
