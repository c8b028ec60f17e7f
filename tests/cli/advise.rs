//! `backsmith migrate --analyze` and `--suggest-indexes` against a real database with planted faults.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::Value;

use crate::postgres::{execute, fixture, query};
use crate::sandbox::{Run, Sandbox};

const SHOP: &str = include_str!("../fixtures/migrate/faulty_shop.sql");

/// The shop with its recorded workload; tests only read it.
fn shop() -> &'static str {
    static SHOP_URL: OnceLock<String> = OnceLock::new();
    SHOP_URL.get_or_init(|| {
        let url = fixture().database(SHOP);
        // A failed build leaves its index behind; the failure is wanted.
        let _ = std::panic::catch_unwind(|| {
            execute(
                &url,
                "CREATE UNIQUE INDEX CONCURRENTLY orders_status_idx ON orders (status)",
            );
        });
        let statements = workload(&url);
        // The load of the tables is no part of the workload; other databases keep their records.
        execute(
            &url,
            "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)",
        );
        execute(&url, &statements);
        url
    })
}

/// Twelve pages of twenty orders, each order followed by its customer and its items; between them
/// look-ups that follow from no list.
fn workload(url: &str) -> String {
    let mut statements = Vec::new();
    for page in 0..12 {
        let list = format!(
            "SELECT id, customer_id FROM orders WHERE status = 'open' ORDER BY placed_at DESC LIMIT 5 OFFSET {}",
            page * 5
        );
        let rows = query(
            url,
            &format!("SELECT id || ' ' || customer_id FROM ({list}) q"),
        );
        statements.push(list);
        for row in rows {
            let (order, customer) = row.split_once(' ').expect("two numbers");
            statements.push(format!(
                "SELECT id, name FROM customers WHERE id = {customer}"
            ));
            statements.push(format!(
                "SELECT id, sku FROM items WHERE order_id = {order}"
            ));
            statements.push(format!("SELECT id FROM sessions WHERE token = 'x{order}'"));
        }
        statements
            .push("SELECT id FROM customers WHERE lower(email) = 'user7@example.com'".to_owned());
    }
    statements.join(";\n")
}

fn migrate(sandbox: &Sandbox, url: &str, arguments: &[&str]) -> Run {
    let mut all = vec!["migrate", "--connection", url];
    all.extend(arguments);
    sandbox.run(all)
}

fn valid(document: &Value) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/references/schema/migrate.v1.json"
    );
    let schema = std::fs::read_to_string(path).expect("a published schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|fault| fault.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// `code object` of every finding; the object is the index, else the table with its columns.
fn named(document: &Value) -> BTreeSet<String> {
    let findings = document["findings"].as_array().expect("findings");
    let name = |finding: &Value| {
        let code = finding["code"].as_str().expect("a code");
        let table = finding["table"]
            .as_str()
            .expect("a table")
            .trim_start_matches("public.");
        let columns: Vec<&str> = finding["columns"]
            .as_array()
            .expect("columns")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        match finding["index"].as_str() {
            Some(index) => format!("{code} {index}"),
            None if columns.is_empty() => format!("{code} {table}"),
            None => format!("{code} {table}.{}", columns.join(",")),
        }
    };
    findings.iter().map(name).collect()
}

#[test]
fn finds_what_was_planted_and_nothing_else() {
    let sandbox = Sandbox::new();
    let document = migrate(&sandbox, shop(), &["--analyze", "--json"])
        .expect(0)
        .json();
    valid(&document);
    assert_eq!(document["command"], "analyze");
    let found = named(&document);
    let wanted = [
        "duplicate-index customers_name_twin_idx",
        "fk-type-mismatch entries.account_id",
        "fk-without-index items.order_id",
        "float-money invoices.amount",
        "invalid-index orders_status_idx",
        "key-overflow invoices.id",
        "key-overflow tickets.id",
        "missing-primary-key audit_log",
        "n-plus-one customers.id",
        "n-plus-one items.order_id",
        "redundant-index items_sku_idx",
        "rls-without-policy secrets",
        "serial-column invoices.id",
        "serial-column tickets.id",
        "timestamp-without-time-zone invoices.issued",
        "unused-index items_id_sku_idx",
        "unused-index orders_note_idx",
        "unvalidated-constraint orders.note",
    ];
    let wanted: BTreeSet<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    // How often a table was scanned depends on the counters' arrival: not judged here.
    let found: BTreeSet<String> = found
        .into_iter()
        .filter(|name| !name.starts_with("seq-scan-heavy"))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn evidence_names_the_parent_and_the_batched_form() {
    let sandbox = Sandbox::new();
    let document = migrate(&sandbox, shop(), &["--analyze", "--json"])
        .expect(0)
        .json();
    let findings = document["findings"].as_array().expect("findings");
    let items = findings
        .iter()
        .find(|finding| finding["code"] == "n-plus-one" && finding["table"] == "public.items")
        .expect("the loop over items");
    assert_eq!(items["confidence"], "high");
    assert_eq!(
        items["batched_sql"],
        "SELECT id, sku FROM items WHERE order_id = ANY($1)"
    );
    let parent = items["evidence"]["parent"].as_str().expect("a statement");
    assert!(
        parent.starts_with("SELECT id, customer_id FROM orders"),
        "{parent}"
    );
    assert_eq!(
        items["evidence"]["parent_rows"],
        items["evidence"]["child_calls"]
    );
}

#[test]
fn a_negative_verdict_is_asked_for() {
    let sandbox = Sandbox::new();
    migrate(&sandbox, shop(), &["--analyze", "-q"]).expect(0);
    let run = migrate(
        &sandbox,
        shop(),
        &["--analyze", "-q", "--fail-on", "warning"],
    )
    .expect(1);
    assert!(run.stdout.starts_with("✖ failed: "), "{}", run.stdout);
    let run = migrate(
        &sandbox,
        shop(),
        &["--analyze", "--json", "--fail-on", "error"],
    );
    assert_eq!(
        run.json()["verdict"],
        if run.code == 1 { "negative" } else { "ok" }
    );
}

#[test]
fn the_configuration_leaves_findings_out() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "backsmith.toml",
        "[migrate]\nignore = [\"unused-index\", \"key-overflow:tickets.id\", \"fk-without-index:public.items\"]\n",
    );
    let document = migrate(&sandbox, shop(), &["--analyze", "--json"])
        .expect(0)
        .json();
    let found = named(&document);
    assert!(
        !found.iter().any(|name| name.starts_with("unused-index")),
        "{found:?}"
    );
    assert!(!found.contains("fk-without-index items.order_id"));
    assert!(!found.contains("key-overflow tickets.id"));
    assert!(found.contains("key-overflow invoices.id"));
    assert_eq!(document["ignored"], 4);
}

#[test]
fn every_format_holds_the_same_findings() {
    let sandbox = Sandbox::new();
    let count = migrate(&sandbox, shop(), &["--analyze", "--json"])
        .expect(0)
        .json()["findings"]
        .as_array()
        .map_or(0, Vec::len);
    let github = migrate(&sandbox, shop(), &["--analyze", "--format", "github"]).expect(0);
    assert_eq!(github.stdout.lines().count(), count);
    assert!(
        github.stdout.contains("::error title=fk-without-index::")
            || github.stdout.contains("::warning title=fk-without-index::")
    );
    let sarif = migrate(&sandbox, shop(), &["--analyze", "--format", "sarif"]).expect(0);
    let sarif = crate::sarif::document(&sarif);
    assert_eq!(
        sarif["runs"][0]["results"].as_array().map(Vec::len),
        Some(count)
    );
    migrate(
        &sandbox,
        shop(),
        &["--analyze", "--report", "out/findings.xml"],
    )
    .expect(0);
    assert_eq!(
        sandbox
            .read("out/findings.xml")
            .matches("<testcase ")
            .count(),
        count
    );
    let markdown = migrate(&sandbox, shop(), &["--analyze", "--format", "markdown"]).expect(0);
    assert!(
        markdown.stdout.starts_with(&format!("## {count} findings")),
        "{}",
        markdown.stdout
    );
}

#[test]
fn nothing_is_changed_by_looking() {
    let sandbox = Sandbox::new();
    let state = || {
        query(
            shop(),
            "SELECT relname || ' ' || relkind::text || ' ' || relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
        )
    };
    let before = state();
    migrate(&sandbox, shop(), &["--analyze"]).expect(0);
    migrate(&sandbox, shop(), &["--suggest-indexes"]).expect(0);
    assert_eq!(state(), before);
    assert!(sandbox.files().is_empty());
}

#[test]
fn suggests_what_the_workload_would_use() {
    let sandbox = Sandbox::new();
    let document = migrate(&sandbox, shop(), &["--suggest-indexes", "--json"])
        .expect(0)
        .json();
    valid(&document);
    let statements: BTreeSet<&str> = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| finding["sql"].as_str())
        .collect();
    let wanted = [
        "CREATE INDEX CONCURRENTLY customers_lower_email_idx ON public.customers (lower(email))",
        "CREATE INDEX CONCURRENTLY items_order_id_idx ON public.items (order_id)",
        "CREATE INDEX CONCURRENTLY orders_status_placed_at_idx ON public.orders (status, placed_at DESC)",
    ];
    assert_eq!(statements, wanted.into_iter().collect());
}

#[test]
fn suggestions_become_a_migration_once() {
    let sandbox = Sandbox::new();
    let arguments = [
        "migrate",
        "--connection",
        shop(),
        "--suggest-indexes",
        "--output",
        "migrations",
    ];
    let run = |dry: bool| {
        let mut command = sandbox.command(arguments);
        command.env("SOURCE_DATE_EPOCH", "1795000000");
        if dry {
            command.arg("--dry-run");
        }
        Run::of(&mut command).expect(0)
    };
    let dry = run(true);
    assert!(
        dry.stdout
            .contains("+++ b/migrations/20261118110640_add_indexes.up.sql"),
        "{}",
        dry.stdout
    );
    assert!(sandbox.files().is_empty());
    run(false);
    let names = [
        "migrations/20261118110640_add_indexes.down.sql",
        "migrations/20261118110640_add_indexes.up.sql",
    ];
    assert_eq!(sandbox.files(), names);
    let again = migrate(
        &sandbox,
        shop(),
        &["--suggest-indexes", "--output", "migrations"],
    )
    .expect(0);
    assert!(
        again.stderr.contains("nothing new to write"),
        "{}",
        again.stderr
    );
    assert_eq!(sandbox.files(), names);

    // Both files run on a copy, and the second takes back what the first made.
    let copy = fixture().database(SHOP);
    let indexes = || {
        query(
            &copy,
            "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        )
    };
    let before = indexes();
    for (name, grown) in [(names[1], 3), (names[0], 0)] {
        for statement in sandbox
            .read(name)
            .split(";\n")
            .filter(|text| text.contains("INDEX"))
        {
            execute(&copy, statement);
        }
        assert_eq!(indexes().len(), before.len() + grown, "{name}");
    }
}

#[test]
fn a_file_of_queries_is_a_workload() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "queries.sql",
        "-- what the page runs\nSELECT id FROM orders WHERE status = 'open' ORDER BY placed_at;\nSELECT id FROM items WHERE order_id = 7;\n",
    );
    let document = migrate(
        &sandbox,
        shop(),
        &["--suggest-indexes", "--queries", "queries.sql", "--json"],
    )
    .expect(0)
    .json();
    let found = named(&document);
    assert!(
        found.contains("missing-index items_order_id_idx"),
        "{found:?}"
    );
    // The constant is rare and stands in the text: only the rows that have it are indexed.
    let partial = document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .any(|finding| {
            finding["sql"]
                .as_str()
                .is_some_and(|sql| sql.ends_with("WHERE status = 'open'"))
        });
    assert!(partial, "{document:#}");
}

/// An index on a partitioned table makes one on each part, under the name that an index of the part's
/// own would get.
#[test]
fn an_index_of_a_partitioned_table_is_not_suggested_for_its_parts_as_well() {
    let url = fixture().database(
        "CREATE TABLE customers (id int PRIMARY KEY);\
         INSERT INTO customers SELECT generate_series(1, 2000);\
         CREATE TABLE payments (id int, customer_id int NOT NULL, paid date NOT NULL) PARTITION BY RANGE (paid);\
         CREATE TABLE payments_old PARTITION OF payments (FOREIGN KEY (customer_id) REFERENCES customers)\
           FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');\
         CREATE TABLE payments_new PARTITION OF payments FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');\
         INSERT INTO payments SELECT n, n % 2000 + 1, date '2024-01-01' + n % 700 FROM generate_series(1, 30000) n;\
         ANALYZE;",
    );
    let sandbox = Sandbox::new();
    sandbox.write(
        "queries.sql",
        "SELECT * FROM payments WHERE customer_id = 7;\nSELECT * FROM payments_old WHERE customer_id = 8;\n",
    );
    let document = migrate(
        &sandbox,
        &url,
        &[
            "--suggest-indexes",
            "--queries",
            "queries.sql",
            "--output",
            "migrations",
            "--json",
        ],
    )
    .expect(0)
    .json();
    valid(&document);
    let findings = document["findings"].as_array().expect("findings");
    let statements: Vec<&Value> = findings.iter().map(|finding| &finding["sql"]).collect();
    assert_eq!(
        statements,
        ["CREATE INDEX payments_customer_id_idx ON public.payments (customer_id)"]
    );
    let indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '%customer_id%' ORDER BY 1";
    let file = sandbox
        .files()
        .into_iter()
        .find(|name| name.ends_with(".up.sql"))
        .expect("a migration");
    migrate(&sandbox, &url, &["--migrate", &file]).expect(0);
    assert_eq!(query(&url, indexes).len(), 3);
    // Our own history is no part of what is looked at.
    let looked = migrate(&sandbox, &url, &["--analyze", "--json"]).expect(0);
    assert_eq!(
        looked.json()["statistics"]["tables"],
        4,
        "{}",
        looked.stdout
    );
    migrate(&sandbox, &url, &["--rollback"]).expect(0);
    assert!(query(&url, indexes).is_empty());
}

#[test]
fn without_the_extension_loops_are_called_risks() {
    let url = fixture().database(
        "CREATE TABLE orders (id int PRIMARY KEY);\
         CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders);",
    );
    let sandbox = Sandbox::new();
    let run = migrate(&sandbox, &url, &["--analyze", "--json"]).expect(0);
    let found = named(&run.json());
    assert!(found.contains("n-plus-one-risk orders"), "{found:?}");
    assert!(
        found.contains("fk-without-index items.order_id"),
        "{found:?}"
    );
    assert!(run.stderr.contains("pg_stat_statements"), "{}", run.stderr);
    let run = migrate(&sandbox, &url, &["--suggest-indexes"]).expect(4);
    assert!(run.stderr.contains("--queries FILE"), "{}", run.stderr);
}

#[test]
fn one_action_and_a_database_are_needed() {
    let sandbox = Sandbox::new();
    let faults = [
        (vec!["migrate"], "`migrate` needs to know what to do"),
        (vec!["migrate", "--analyze"], "no database was named"),
        (
            vec!["migrate", "--analyze", "--compare", "x.sql"],
            "one action a run",
        ),
        (
            vec!["migrate", "--analyze", "--queries", "x.sql"],
            "`--queries` means nothing with `--analyze`",
        ),
        (
            vec![
                "migrate",
                "--suggest-indexes",
                "--connection",
                "postgres://x",
                "--format",
                "html",
            ],
            "no format `html`",
        ),
        (
            vec![
                "migrate",
                "--analyze",
                "--connection",
                "postgres://x",
                "--window",
                "soon",
            ],
            "`soon` is no value of `--window`",
        ),
    ];
    for (arguments, message) in faults {
        let run = sandbox.run(arguments).expect(2);
        assert!(run.stderr.contains(message), "{}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn a_dead_database_is_named_without_its_password() {
    let sandbox = Sandbox::new();
    let run = Run::of(
        sandbox
            .command(["migrate", "--analyze"])
            .env("DATABASE_URL", "postgres://app:s3cret@127.0.0.1:1/shop"),
    )
    .expect(4);
    assert!(
        run.stderr.contains("postgres://app:***@127.0.0.1:1/shop"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("s3cret"));
}

#[test]
fn a_schema_file_is_judged_by_its_structure() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "schema.sql",
        "CREATE TABLE orders (id int PRIMARY KEY);\n\
         CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders, price real);\n\
         CREATE TABLE log (line text);\n",
    );
    let run = sandbox
        .run(["migrate", "schema.sql", "--analyze", "--json"])
        .expect(0);
    valid(&run.json());
    let found: Vec<String> = named(&run.json()).into_iter().collect();
    assert_eq!(
        found,
        [
            "fk-without-index items.order_id",
            "float-money items.price",
            "missing-primary-key log",
        ]
    );
    sandbox.write(
        "broken.sql",
        "CREATE TABLE a (id int);\nCREATE TABLE b (id nosuchtype);\n",
    );
    let run = sandbox
        .run(["migrate", "broken.sql", "--analyze"])
        .expect(2);
    assert!(run.stderr.contains("broken.sql:2:"), "{}", run.stderr);
}
