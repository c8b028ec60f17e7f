//! The validators of generated projects against tables of schemas and bodies, in Node.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::node::{TypeScript, compile, link_modules};
use crate::sandbox::Sandbox;

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/exact")
        .join(name)
}

/// One operation for each case of a table; the sandbox holds the built project.
fn project(table: &str) -> (Sandbox, Value) {
    let text = std::fs::read_to_string(fixture(table)).expect("a fixture");
    let mut table: Value = serde_yaml::from_str(&text).expect("YAML");
    let mut paths = serde_json::Map::new();
    let cases = table["cases"].as_array_mut().expect("cases");
    for (index, case) in cases.iter_mut().enumerate() {
        let id = format!("case{index}");
        let schema = case["schema"].take();
        let operation = json!({
            "operationId": id,
            "summary": case["name"],
            "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
            "responses": { "204": { "description": "It holds." } },
        });
        paths.insert(format!("/{id}"), json!({ "post": operation }));
        case["id"] = id.into();
    }
    let document = json!({
        "openapi": table["openapi"],
        "info": { "title": "Cases", "version": "1.0.0" },
        "paths": paths,
        "components": { "schemas": table["schemas"] },
    });
    let sandbox = Sandbox::new();
    sandbox.write("openapi.json", document.to_string());
    sandbox.write("cases.json", table["cases"].to_string());
    sandbox
        .run([
            "scaffold",
            "openapi.json",
            "--output",
            "src/routes/",
            "--project",
            "--strict",
        ])
        .expect(0);
    link_modules(sandbox.path());
    compile(sandbox.path(), TypeScript::Seven, &[]);
    (sandbox, table)
}

#[track_caller]
fn holds(table: &str) {
    let (sandbox, table) = project(table);
    let output = Command::new("node")
        .arg(fixture("check.mjs"))
        .args([".", "cases.json"])
        .current_dir(sandbox.path())
        .output()
        .expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["wrong"], json!([]));
    // The types agree with the validators.
    compile(sandbox.path(), TypeScript::Seven, &["--noEmit"]);
    // Every case was judged, by a body that holds or that does not.
    let cases = table["cases"].as_array().map_or(0, Vec::len) as u64;
    assert!(
        report["judged"]
            .as_u64()
            .is_some_and(|judged| judged > cases)
    );
}

#[test]
fn every_keyword_of_3_1_is_exact() {
    holds("openapi-3.1.yaml");
}

#[test]
fn every_keyword_of_3_0_is_exact() {
    holds("openapi-3.0.yaml");
}
