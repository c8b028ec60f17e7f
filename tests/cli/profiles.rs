//! Profiles of a team: where they are found, what they extend, and what is wrong in them.

use serde_json::json;

use crate::decide::conforms;
use crate::sandbox::Sandbox;

/// Node-express under another name, for another language.
const EXTENDED: &str = r#"{
  "$schema": "./schema/profile.v1.json",
  "profile_name": "acme-go",
  "extends": "node-express",
  "description": "Go where the others write TypeScript.",
  "constraints": [
    {"input": "language_preference", "operator": "in", "value": ["go"], "kind": "weighted", "points": 51},
    {"input": "workload", "remove": true},
    {"input": "tenancy", "operator": "not_in", "value": ["single-tenant"], "kind": "weighted", "points": 9}
  ],
  "stack": {"framework": "net/http", "language": "Go", "validation": null},
  "success_thresholds": {"latency_ms": {"p99": 450}},
  "named_approver_chain": [{"role": "owner of Go at Acme"}]
}
"#;

const GO: &[&str] = &[
    "decide",
    "--team-size",
    "8",
    "--qps-p99",
    "50",
    "--read-write-ratio",
    "20",
    "--tenancy",
    "shared-multi-tenant",
    "--data-sensitivity",
    "pii",
    "--pattern",
    "modular-monolith",
    "--language-preference",
    "go",
    "--json",
];

fn shipped(sandbox: &Sandbox, name: &str) -> String {
    let shown = sandbox.run(["decide", "--show-profile", name]).expect(0);
    shown.stdout
}

/// A profile of this name with this parent and nothing else.
fn child(name: &str, parent: &str) -> String {
    format!("{{\n  \"profile_name\": \"{name}\",\n  \"extends\": \"{parent}\"\n}}\n")
}

#[test]
fn an_extension_merges_by_key_and_by_input() {
    let sandbox = Sandbox::new();
    sandbox.write("profiles/acme-go.json", EXTENDED);
    let document = sandbox.run(GO).expect(0).json();
    conforms(&document, "references/schema/decide.v1.json");
    let found = &document["recommendation"];
    assert_eq!(found["profile"], "acme-go");
    // 51 for the language, 17 for the team, 14 for the pattern, 9 for the load, 9 for the tenancy.
    assert_eq!((&found["score"], &found["of"]), (&json!(100), &json!(100)));
    let stack = &found["stack"];
    assert_eq!(stack["framework"], "net/http");
    assert_eq!(stack["database"], "PostgreSQL 17");
    assert_eq!(stack.get("validation"), None);
    let floor = &found["slo_floor"]["latency_ms"];
    assert_eq!(*floor, json!({"p50": 120.0, "p95": 350.0, "p99": 450.0}));
    assert_eq!(
        document["approval"]["required"],
        json!(["owner of Go at Acme"])
    );
    let entry = &document["profiles"][0];
    assert_eq!(entry["origin"], "profiles/acme-go.json");
    assert_eq!(entry["extends"][0]["name"], "node-express");
    assert_eq!(entry["extends"][0]["origin"], "built in");
    let written: serde_json::Value = serde_json::from_str(EXTENDED).expect("JSON");
    conforms(&written, "profiles/schema/profile.v1.json");
}

#[test]
fn a_chain_reaches_over_folders_and_the_last_word_counts() {
    let sandbox = Sandbox::new();
    sandbox.write(".config/backsmith/profiles/base.json", EXTENDED);
    sandbox.write("profiles/middle.json", child("middle", "acme-go"));
    sandbox.write(
        "shapes/top.json",
        child("top", "middle").replace("\"extends\"", "\"description\": \"Top.\",\n  \"extends\""),
    );
    let listed = sandbox
        .run([
            "decide",
            "--list-profiles",
            "--profiles",
            "shapes",
            "--json",
        ])
        .expect(0)
        .json();
    conforms(&listed, "references/schema/decide-profiles.v1.json");
    let profiles = listed["profiles"].as_array().expect("profiles");
    let top = profiles.iter().find(|profile| profile["name"] == "top");
    let top = top.expect("the profile of --profiles");
    assert_eq!(top["description"], "Top.");
    assert_eq!(top["latency_ms"]["p99"], 450.0);
    let ancestors: Vec<_> = top["extends"]
        .as_array()
        .expect("ancestors")
        .iter()
        .map(|ancestor| (ancestor["name"].clone(), ancestor["origin"].clone()))
        .collect();
    assert_eq!(
        ancestors,
        [
            (json!("middle"), json!("profiles/middle.json")),
            (json!("acme-go"), json!("backsmith/profiles/base.json")),
            (json!("node-express"), json!("built in")),
        ]
    );
    // A stronger folder replaces a weaker one's profile of the same name, and says so.
    let stronger = EXTENDED.replace("Go where the others", "Always Go where the others");
    sandbox.write("shapes/acme-go.json", stronger);
    let listed = sandbox
        .run(["decide", "--list-profiles", "--profiles", "shapes"])
        .expect(0);
    assert!(
        listed
            .stdout
            .contains("extends node-express; replaces the one of backsmith/profiles/base.json\n"),
        "{}",
        listed.stdout
    );
}

#[test]
fn a_shipped_name_is_only_taken_on_purpose() {
    let sandbox = Sandbox::new();
    let text = shipped(&sandbox, "node-express");
    sandbox.write("profiles/acme.json", &text);
    sandbox.run(["decide", "--check-profiles"]).expect(0);
    let changed = text.replace("\"value\": 14", "\"value\": 20");
    sandbox.write("profiles/acme.json", &changed);
    let refused = sandbox.run(["decide", "--list-profiles"]).expect(2);
    insta::assert_snapshot!(refused.stderr);
    let on_purpose = child("node-express", "node-express").replace(
        "\"extends\"",
        "\"replaces\": true,\n  \"description\": \"Ours.\",\n  \"extends\"",
    );
    sandbox.write("profiles/acme.json", on_purpose);
    let listed = sandbox.run(["decide", "--list-profiles"]).expect(0);
    assert!(
        listed
            .stdout
            .contains("profiles/acme.json; extends node-express; replaces the built-in one\n"),
        "{}",
        listed.stdout
    );
    sandbox.write(
        "profiles/acme.json",
        child("acme", "node-express").replace("\"extends\"", "\"replaces\": true, \"extends\""),
    );
    let nothing = sandbox.run(["decide", "--list-profiles"]).expect(2);
    assert!(
        nothing.stderr.contains("`acme` replaces nothing"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn circles_and_unknown_parents_are_placed() {
    let sandbox = Sandbox::new();
    sandbox.write("profiles/a.json", child("a", "b"));
    sandbox.write("shapes/b.json", child("b", "c"));
    sandbox.write("profiles/c.json", child("c", "a"));
    sandbox.write("profiles/below.json", child("below", "a"));
    sandbox.write("profiles/own.json", child("own", "own"));
    sandbox.write("profiles/slip.json", child("slip", "node-expres"));
    let run = sandbox
        .run(["decide", "--check-profiles", "--profiles", "shapes"])
        .expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn every_fault_of_every_file_comes_in_one_run() {
    let sandbox = Sandbox::new();
    let text = shipped(&sandbox, "node-express").replace("\"node-express\"", "\"acme\"");
    let slips = [
        ("\"anti_recommendations\"", "\"anti_recomendations\""),
        (
            "\"team_size\", \"operator\": \"max\"",
            "\"team_sise\", \"operator\": \"max\"",
        ),
        ("\"uptime_percent\": 99.9", "\"uptime_percent\": \"high\""),
        ("[\"typescript\"]", "[\"typescipt\"]"),
        (
            "\"operator\": \"max\",\n      \"value\": 5000",
            "\"operator\": \"mx\",\n      \"value\": 5000",
        ),
    ];
    let broken = slips.iter().fold(text.clone(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    sandbox.write("profiles/slips.json", broken);
    let values = [
        (
            "\"kind\": \"hard\", \"points\": 17},",
            "\"kind\": \"hard\", \"points\": 1.5},\n    {\"input\": \"team_size\", \"operator\": \"min\", \"value\": 20, \
             \"kind\": \"hard\", \"points\": 1},\n    {\"input\": \"tenancy\", \"operator\": \"in\", \"value\": [], \
             \"kind\": \"hard\", \"points\": 1},\n    {\"input\": \"slo_uptime\", \"operator\": \"min\", \"value\": 100, \
             \"kind\": \"weighted\", \"points\": 1},\n    {\"input\": \"rpo\", \"operator\": \"max\", \"value\": 5, \
             \"kind\": \"weighted\", \"points\": 2000},\n    {\"input\": \"qps_p99\", \"operator\": \"max\", \
             \"value\": \"many\", \"kind\": \"weighted\", \"points\": -1},",
        ),
        ("\"p50\": 120, \"p95\": 350", "\"p50\": 900, \"p95\": 350"),
        ("\"rto\": \"30m\"", "\"rto\": \"soon\""),
        (
            "{\"role\": \"engineering manager\"},\n    {\"role\": \"staff engineer\"},",
            "",
        ),
        ("\"Express 5\"", "\"Express\\u001b[31m 5\""),
    ];
    let broken = values.iter().fold(text.clone(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    sandbox.write(
        "profiles/values.json",
        broken.replace("\"acme\"", "\"acme-values\""),
    );
    sandbox.write(
        "profiles/twice.json",
        text.replace("\"acme\"", "\"acme-values\""),
    );
    let start = text.find("\"named_approver_chain\"").expect("the chain");
    let end = text.find("\"canon_references\"").expect("the references");
    let nobody = format!(
        "{}\"named_approver_chain\": [],\n  {}",
        &text[..start],
        &text[end..]
    );
    sandbox.write(
        "profiles/unapproved.json",
        nobody.replace("\"acme\"", "\"unapproved\""),
    );
    sandbox.write("profiles/text.json", "{\"profile_name\": \"cut\",");
    let run = sandbox.run(["decide", "--check-profiles"]).expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn what_an_extension_cannot_do_is_placed() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "profiles/acme.json",
        "{\n  \"profile_name\": \"acme\",\n  \"extends\": \"node-express\",\n  \"constraints\": [\n    \
         {\"input\": \"tenancy\", \"remove\": true},\n    {\"input\": \"workload\", \"remove\": false}\n  ],\n  \
         \"success_thresholds\": {\"rpo\": null, \"latency_ms\": {\"p50\": 700}},\n  \"description\": null\n}\n",
    );
    let run = sandbox.run(["decide", "--check-profiles"]).expect(2);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn profiles_that_are_never_the_pick_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("profiles/shade.json", child("shade", "node-express"));
    let impossible = json!({
        "profile_name": "tiny-clinic",
        "extends": "node-express",
        "constraints": [
            {"input": "team_size", "operator": "max", "value": 3, "kind": "hard", "points": 17},
            {"input": "data_sensitivity", "operator": "in", "value": ["phi", "pci"], "kind": "hard", "points": 5},
        ],
    });
    sandbox.write(
        "profiles/clinic.json",
        serde_json::to_string_pretty(&impossible).expect("JSON"),
    );
    let run = sandbox.run(["decide", "--check-profiles"]).expect(1);
    insta::assert_snapshot!(run.transcript());
    let document = sandbox
        .run(["decide", "--check-profiles", "--json"])
        .expect(1)
        .json();
    conforms(&document, "references/schema/decide-profiles.v1.json");
    let found: Vec<_> = document["check"]["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| (finding["code"].clone(), finding["location"]["line"].clone()))
        .collect();
    assert_eq!(
        found,
        [
            (json!("profile-shadowed"), json!(2)),
            (json!("profile-never-reached"), json!(2)),
        ]
    );
    let gaps = document["check"]["coverage_gaps"].as_array().expect("gaps");
    let languages =
        json!([{"input": "language_preference", "values": ["java", "kotlin", "dotnet"]}]);
    assert!(
        gaps.iter().any(|gap| gap["conditions"] == languages),
        "{gaps:#?}"
    );
}

#[test]
fn golden_decisions_of_a_team_run_and_their_faults_are_placed() {
    let sandbox = Sandbox::new();
    sandbox.write("profiles/acme-go.json", EXTENDED);
    let inputs = json!({
        "team_size": 8, "qps_p99": 50, "read_write_ratio": 20, "tenancy": "shared-multi-tenant",
        "data_sensitivity": "pii", "pattern": "modular-monolith", "language_preference": "go",
    });
    let golden = |profile: &str| {
        let decision = json!({
            "name": "go at Acme",
            "inputs": inputs,
            "expect": {"status": "recommended", "profile": profile},
        });
        serde_json::to_string_pretty(&json!({"decisions": [decision]})).expect("JSON")
    };
    sandbox.write("profiles/golden/acme-go.json", golden("acme-go"));
    let run = sandbox.run(["decide", "--check-profiles"]).expect(0);
    assert!(run.stdout.contains("5 profiles, "), "{}", run.stdout);
    sandbox.write("profiles/golden/acme-go.json", golden("node-express"));
    let wrong = sandbox.run(["decide", "--check-profiles"]).expect(1);
    assert!(
        wrong
            .stdout
            .contains("`go at Acme`: node-express was expected, acme-go is what comes out"),
        "{}",
        wrong.stdout
    );
    let slips = golden("acme-og")
        .replace("\"recommended\"", "\"recomended\"")
        .replace("\"team_size\"", "\"team_sise\"")
        .replace("\"pii\"", "\"pi\"");
    sandbox.write("profiles/golden/acme-go.json", slips);
    sandbox.write("profiles/golden/more.json", golden("acme-og"));
    let faults = sandbox.run(["decide", "--check-profiles"]).expect(2);
    insta::assert_snapshot!(faults.stderr);
}
