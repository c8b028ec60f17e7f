//! SARIF against its official schema, from every command that writes it.

use std::sync::OnceLock;

use serde_json::Value;

use crate::postgres::fixture;
use crate::sandbox::{Run, Sandbox};

/// The document of a run, valid by the schema of SARIF 2.1.0 with its formats.
#[track_caller]
pub fn document(run: &Run) -> Value {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = SCHEMA.get_or_init(|| {
        let text = include_str!("../fixtures/sarif/sarif-2.1.0.json");
        let schema: Value = serde_json::from_str(text).expect("JSON");
        jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .expect("a JSON Schema")
    });
    let document = run.json();
    let faults: Vec<String> = validator
        .iter_errors(&document)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    document
}

/// Files whose names are no URI as they are, findings on objects, and no finding at all.
#[test]
fn what_is_written_is_valid_whatever_the_names_are() {
    let url = fixture()
        .database("create table \"odd table\" (a int); insert into \"odd table\" values (null)");
    let sandbox = Sandbox::new();
    let file = "new files/50% größer#1 [a].sql";
    sandbox.write(
        file,
        "ALTER TABLE \"odd table\" ALTER COLUMN a SET NOT NULL;\n",
    );
    sandbox.write("empty.sql", "");
    let run = |arguments: &[&str], code: i32| {
        let live = ["migrate", "--connection", &url];
        let sarif = ["--format", "sarif"];
        let run = sandbox.run([&live, arguments, &sarif].concat());
        document(&run.expect(code))
    };
    let rehearsed = run(&["--migrate", file, "--dry-run"], 1);
    assert_eq!(
        rehearsed["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
            ["uri"],
        "new%20files/50%25%20gr%C3%B6%C3%9Fer%231%20%5Ba%5D.sql"
    );
    let drifted = run(&["--compare", "empty.sql", "--check"], 1);
    let drift = &drifted["runs"][0]["results"][0];
    assert_eq!(
        drift["locations"][0]["logicalLocations"][0]["fullyQualifiedName"],
        "public.\"odd table\""
    );
    run(&["--analyze"], 0);
    sandbox.write("same.sql", "create table \"odd table\" (a int);");
    let equal = run(&["--compare", "same.sql", "--check"], 0);
    assert_eq!(equal["runs"][0]["results"], serde_json::json!([]));
}
