//! `migrate --dry-run`: what is asked of the live rows, also where the file itself changes what the
//! question speaks of.

use serde_json::Value;

use crate::migration::document;
use crate::postgres::{execute, fixture, query};
use crate::rehearse::{SHOP, findings, rehearse};
use crate::sandbox::Sandbox;

fn rehearsed(url: &str, sql: &str) -> Value {
    document(&rehearse(&Sandbox::new(), url, sql, &["--json"]))
}

/// Every question with its answer: rows, or why there is no answer.
fn answers(document: &Value) -> Vec<(Option<i64>, Option<&str>)> {
    let statements = document["statements"]
        .as_array()
        .expect("statements")
        .iter();
    statements
        .flat_map(|statement| statement["probes"].as_array().expect("probes"))
        .map(|probe| (probe["rows"].as_i64(), probe["reason"].as_str()))
        .collect()
}

#[test]
fn names_that_the_file_gives_are_asked_under_those_of_the_live_tables() {
    let url = fixture().database(SHOP);
    let sql = "
        ALTER TABLE customers RENAME COLUMN country TO land;
        ALTER TABLE customers ADD CONSTRAINT land_given CHECK (land IS NOT NULL);
        ALTER TABLE customers RENAME TO clients;
        CREATE UNIQUE INDEX clients_email_idx ON clients (email);
        ALTER TABLE products RENAME COLUMN id TO number;
        ALTER TABLE order_items ADD CONSTRAINT item_product FOREIGN KEY (product_id) REFERENCES products (number);";
    let document = rehearsed(&url, sql);
    let found: Vec<(String, u64)> = findings(&document)
        .into_iter()
        .filter(|(code, _)| code.ends_with("-violated"))
        .collect();
    assert_eq!(
        found,
        [
            ("not-null-violated".to_owned(), 2),
            ("unique-violated".to_owned(), 4),
            ("foreign-key-violated".to_owned(), 6),
        ],
        "{document:#}"
    );
    assert_eq!(
        answers(&document),
        [(Some(10), None), (Some(10), None), (Some(50), None)],
        "{document:#}"
    );
    let samples = &document["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .find(|finding| finding["code"] == "not-null-violated")
        .expect("a finding")["evidence"]["samples"];
    assert_eq!(samples, &serde_json::json!(["10", "20", "30"]));
}

#[test]
fn columns_that_the_file_adds_are_judged_by_what_they_will_hold() {
    let url = fixture().database(SHOP);
    // Every row gets NULL, every row gets 5, and values that only the run makes.
    let sql = "
        ALTER TABLE products ADD COLUMN weight int;
        ALTER TABLE products ALTER COLUMN weight SET NOT NULL;";
    let document = rehearsed(&url, sql);
    assert_eq!(answers(&document), [(Some(10), None)], "{document:#}");
    assert_eq!(document["verdict"], "would-fail");
    let sql = "
        ALTER TABLE products ADD COLUMN weight int DEFAULT 5;
        ALTER TABLE products ADD CONSTRAINT heavy CHECK (weight > 3);
        ALTER TABLE products ADD COLUMN made timestamptz DEFAULT now();
        ALTER TABLE products ADD CONSTRAINT late CHECK (made > '2020-01-01');";
    let document = rehearsed(&url, sql);
    assert_eq!(
        answers(&document),
        [
            (Some(0), None),
            (None, Some("the file adds `made` with computed values"))
        ],
        "{document:#}"
    );
    assert_ne!(document["verdict"], "would-fail");
    // Filled by the file itself: not known, and no objection.
    let sql = "
        ALTER TABLE products ADD COLUMN weight int;
        UPDATE products SET weight = 1 WHERE weight IS NULL;
        ALTER TABLE products ALTER COLUMN weight SET NOT NULL;
        DO $$ BEGIN DELETE FROM order_items WHERE product_id > 10; END $$;
        ALTER TABLE order_items ADD CONSTRAINT item_product FOREIGN KEY (product_id) REFERENCES products (id);";
    let run = rehearse(&Sandbox::new(), &url, sql, &["--json"]).expect(0);
    let document = crate::migration::document(&run);
    assert_eq!(document["verdict"], "look", "{document:#}");
}

#[test]
fn conversions_are_tried_on_the_live_values() {
    let url = fixture().database(
        "create table readings (id int primary key, value text, place text, kind text, amount numeric);
         create type grade as enum ('low', 'high');
         insert into readings select g, case g when 7 then 'seven' when 9 then '' else g::text end, repeat('x', g), 'low', g * 100 from generate_series(1, 12) g;
         analyze",
    );
    let case = |sql: &str| {
        let document = rehearsed(&url, sql);
        let findings = document["findings"].as_array().expect("findings").clone();
        findings
            .into_iter()
            .find(|finding| finding["code"] == "value-does-not-fit")
            .map(|finding| {
                (
                    finding["message"].as_str().expect("a message").to_owned(),
                    finding["evidence"]["samples"].clone(),
                )
            })
    };
    let (message, samples) =
        case("ALTER TABLE readings ALTER COLUMN value TYPE int USING value::int;")
            .expect("a finding");
    assert!(
        message.contains("some rows of readings have a value that is no integer: invalid input syntax for type integer"),
        "{message}"
    );
    assert_eq!(samples, serde_json::json!(["7", "9"]));
    let repaired = "ALTER TABLE readings ALTER COLUMN value TYPE int USING CASE WHEN value ~ '^[0-9]+$' THEN value::int END;";
    assert_eq!(case(repaired), None);
    // Under its new name, too.
    let renamed = "ALTER TABLE readings RENAME value TO reading; ALTER TABLE readings ALTER reading TYPE int USING reading::int;";
    assert_eq!(
        case(renamed).expect("a finding").1,
        serde_json::json!(["7", "9"])
    );
    assert_eq!(
        case("ALTER TABLE readings ALTER COLUMN kind TYPE grade USING kind::grade;"),
        None
    );
    let (message, _) =
        case("ALTER TABLE readings ALTER COLUMN amount TYPE numeric(5, 2);").expect("a finding");
    assert!(message.contains("numeric field overflow"), "{message}");
    let (message, _) =
        case("ALTER TABLE readings ALTER COLUMN place TYPE varchar(8) USING place || '!';")
            .expect("a finding");
    assert!(
        message.starts_with("5 rows of readings have a place that is no character varying(8)"),
        "{message}"
    );
    assert_eq!(
        query(&url, "select value from readings where id = 7"),
        ["seven"]
    );
}

/// A role that may only read could not take a stronger lock or change anything, even by mistake.
#[test]
fn a_role_that_may_only_read_can_rehearse() {
    let url = fixture().database(&format!(
        "{SHOP}; create role only_reads login; grant select on all tables in schema public to only_reads; create role only_named"
    ));
    let reader = url.replace("user=postgres", "user=only_reads");
    assert_ne!(reader, url);
    let before = query(
        &url,
        "select xmin::text || relname from pg_class order by 1",
    );
    // Without the right to make a database the copy is on a private server, where the roles of the
    // live one are known.
    let sql = "ALTER TABLE customers ALTER COLUMN country SET NOT NULL; GRANT SELECT ON orders TO only_named;";
    let run = rehearse(&Sandbox::new(), &reader, sql, &["--json"]).expect(1);
    let document = document(&run);
    assert!(
        document["rehearsed_on"]
            .as_str()
            .is_some_and(|place| place.contains("private")),
        "{document:#}"
    );
    assert_eq!(answers(&document), [(Some(10), None)]);
    assert_eq!(document["statements"][1]["outcome"], "measured");
    assert_eq!(
        query(
            &url,
            "select xmin::text || relname from pg_class order by 1"
        ),
        before
    );
    execute(
        &url,
        "drop owned by only_reads; drop role only_reads; drop role only_named",
    );
}
