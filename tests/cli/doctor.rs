//! `backsmith doctor`, with and without a database.

use serde_json::Value;

use crate::postgres::fixture;
use crate::sandbox::{Run, Sandbox};

fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("no check {name}: {document:#}"))
}

fn valid(document: &Value) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/references/schema/doctor.v1.json"
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

#[test]
fn looks_around_without_a_database() {
    let document = Sandbox::new().run(["doctor", "--json"]).expect(0).json();
    valid(&document);
    assert_eq!(check(&document, "database")["detail"], "none was named");
    assert_eq!(check(&document, "node")["status"], "ok");
    check(&document, "ports_and_cores");
    let chain = check(&document, "scratch");
    let links = chain["notes"].as_array().expect("links");
    let first_words = [
        "1 named server",
        "2 local binaries",
        "3 downloaded",
        "4 download",
    ];
    for (link, words) in links.iter().zip(first_words) {
        assert!(
            link.as_str().is_some_and(|link| link.starts_with(words)),
            "{chain:#}"
        );
    }
    assert_eq!(links.len(), first_words.len());
}

#[test]
fn asks_a_database_what_it_allows() {
    let url = fixture().database("CREATE EXTENSION pg_stat_statements");
    let document = Sandbox::new()
        .run(["doctor", "--connection", &url, "--json"])
        .expect(0)
        .json();
    valid(&document);
    assert_eq!(check(&document, "database")["version"], fixture().version());
    assert_eq!(check(&document, "pg_stat_statements")["status"], "ok");
    let chain = check(&document, "scratch");
    let taken = chain["detail"].as_str().expect("a text");
    assert!(
        taken.ends_with("a temporary database on the named server"),
        "{chain:#}"
    );
    let bare = fixture().database("SELECT 1");
    let run = Sandbox::new()
        .run(["doctor", "--connection", &bare])
        .expect(0);
    assert!(
        run.stdout.contains("CREATE EXTENSION pg_stat_statements"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_named_database_that_does_not_answer_is_broken_and_keeps_its_secret() {
    let sandbox = Sandbox::new();
    let run = Run::of(
        sandbox
            .command(["doctor"])
            .env("DATABASE_URL", "postgres://app:s3cret@127.0.0.1:1/shop"),
    )
    .expect(1);
    assert!(
        run.stdout.starts_with("✖ 1 thing does not work"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("postgres://app:***@127.0.0.1:1/shop (DATABASE_URL)"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("node"),
        "the other checks go on: {}",
        run.stdout
    );
    assert!(!run.stdout.contains("s3cret") && !run.stderr.contains("s3cret"));
}

#[test]
fn shows_where_each_value_of_the_configuration_stands() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "backsmith.toml",
        "[loadtest]\nconcurrency = 20\n\n[migrate]\noutput = \"migrations/\"\nconnection = \"postgres://app:s3cret@127.0.0.1:1/shop\"\n",
    );
    let run = sandbox.run(["doctor"]).expect(1);
    for line in [
        ("loadtest.concurrency = 20 ", "backsmith.toml:2"),
        ("migrate.output = migrations/ ", "backsmith.toml:5"),
        (
            "migrate.connection = postgres://app:***@127.0.0.1:1/shop ",
            "backsmith.toml:6",
        ),
    ] {
        let found = run
            .stdout
            .lines()
            .any(|text| text.contains(line.0) && text.ends_with(line.1));
        assert!(found, "{line:?}\n{}", run.stdout);
    }
    assert!(!run.stdout.contains("s3cret"), "{}", run.stdout);
}
