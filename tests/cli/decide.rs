//! `backsmith decide` as users see it.

use std::path::Path;

use backsmith::decide::{Shelf, composition, golden, profile};

use crate::sandbox::{Run, Sandbox};

const PLAIN: &[(&str, &str)] = &[
    ("--team-size", "8"),
    ("--qps-p99", "50"),
    ("--read-write-ratio", "20"),
    ("--tenancy", "shared-multi-tenant"),
    ("--data-sensitivity", "pii"),
    ("--pattern", "modular-monolith"),
    ("--language-preference", "typescript"),
];
const SLO: &[(&str, &str)] = &[
    ("--slo-uptime", "99.9"),
    ("--error-budget-consumer", "checkout team"),
];

/// The plain command line with some flags changed; an empty value takes one away.
fn arguments(changes: &[(&str, &str)], more: &[&str]) -> Vec<String> {
    let mut pairs: Vec<(&str, &str)> = PLAIN.to_vec();
    for (flag, value) in changes {
        pairs.retain(|(other, _)| other != flag);
        if !value.is_empty() {
            pairs.push((flag, value));
        }
    }
    let pairs = pairs.into_iter().flat_map(|(flag, value)| [flag, value]);
    ["decide"]
        .into_iter()
        .chain(pairs)
        .chain(more.iter().copied())
        .map(str::to_owned)
        .collect()
}

fn decide(changes: &[(&str, &str)], more: &[&str]) -> Run {
    Sandbox::new().run(arguments(changes, more))
}

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Holds a document against its published schema.
#[track_caller]
pub(crate) fn conforms(document: &serde_json::Value, schema: &str) {
    let schema = std::fs::read_to_string(repository(schema)).expect("a schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let faults: Vec<_> = validator
        .iter_errors(document)
        .map(|fault| format!("{} at {}", fault, fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Compares a derived file with its source; `BLESS=1` writes it.
#[track_caller]
pub(crate) fn current(path: &str, wanted: &str) {
    let path = repository(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, wanted).expect("a file");
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        present,
        wanted,
        "{} is stale: run the tests once with BLESS=1",
        path.display()
    );
}

#[test]
fn derived_files_are_current() {
    let schema = serde_json::to_string_pretty(&profile::json_schema()).expect("JSON");
    current("profiles/schema/profile.v1.json", &(schema + "\n"));
    let schema = serde_json::to_string_pretty(&golden::json_schema()).expect("JSON");
    current("profiles/schema/golden.v1.json", &(schema + "\n"));
    current("references/composition_map.md", &composition::page());
}

#[test]
fn the_plain_command_recommends_and_says_what_is_incomplete() {
    insta::assert_snapshot!(decide(&[], &[]).expect(0).transcript());
}

#[test]
fn a_runner_up_is_shown_with_the_tradeoff_and_the_points() {
    let changes = [
        ("--team-size", "12"),
        ("--language-preference", "python"),
        ("--data-sensitivity", "internal"),
        ("--qps-p99", "400"),
        ("--workload", "content-crud"),
        ("--needs-admin-panel", "true"),
        ("--slo-uptime", "99.9"),
        ("--error-budget-consumer", "content team"),
    ];
    insta::assert_snapshot!(decide(&changes, &[]).expect(0).transcript());
}

#[test]
fn explain_shows_every_segment_of_every_input() {
    insta::assert_snapshot!(decide(SLO, &["--explain"]).expect(0).stdout);
}

#[test]
fn missing_answers_are_asked_for_and_the_deciding_one_comes_first() {
    let gone = [
        ("--team-size", "3"),
        ("--read-write-ratio", ""),
        ("--tenancy", ""),
        ("--data-sensitivity", ""),
    ];
    insta::assert_snapshot!(decide(&gone, &[]).expect(3).transcript());
}

#[test]
fn every_required_answer_is_required() {
    for (flag, _) in PLAIN
        .iter()
        .filter(|(flag, _)| *flag != "--language-preference")
    {
        let run = decide(&[(flag, "")], &["--json"]).expect(3);
        let document = run.json();
        conforms(&document, "references/schema/decide.v1.json");
        assert_eq!(document["status"], "refused");
        assert_eq!(document["missing"][0]["flags"][0], *flag);
        assert!(document["recommendation"].is_null());
    }
}

#[test]
fn a_criterion_stops_and_shows_the_lines_and_the_ways_on() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "decision.yaml",
        "team_size: 12\nqps_p99: 200\nread_write_ratio: 8\ntenancy: shared-multi-tenant\ndata_sensitivity: pii\n\
         pattern: microservices\nlanguage_preference: typescript\n\nplatform_team: false\n",
    );
    insta::assert_snapshot!(
        sandbox
            .run(["decide", "--input", "decision.yaml"])
            .expect(3)
            .transcript()
    );
}

#[test]
fn criteria_are_exact_at_their_boundaries() {
    let services = |team, more: &[(&'static str, &'static str)]| {
        let mut changes = vec![
            ("--pattern", "microservices"),
            ("--team-size", team),
            ("--qps-p99", "2000"),
            ("--language-preference", "go"),
        ];
        changes.extend(more);
        changes
    };
    for (changes, code) in [
        (services("29", &[("--platform-team", "true")]), 3),
        (services("30", &[("--platform-team", "true")]), 0),
        (services("40", &[("--platform-team", "false")]), 3),
        (services("40", &[]), 3),
        (vec![("--data-sensitivity", "phi"), ("--team-size", "3")], 3),
        (vec![("--data-sensitivity", "phi"), ("--team-size", "4")], 0),
        (vec![("--data-sensitivity", "pci"), ("--team-size", "3")], 3),
        (vec![("--qps-p99", "5000")], 0),
        (vec![("--qps-p99", "5001")], 3),
        (vec![("--qps-p99", "5001"), ("--hot-path", "checkout")], 0),
        (vec![("--qps-p99", "0.9"), ("--team-size", "6")], 3),
        (vec![("--qps-p99", "1"), ("--team-size", "6")], 0),
        (vec![("--qps-p99", "0.9"), ("--team-size", "5")], 0),
    ] {
        let run = decide(&changes, &["--json"]);
        assert_eq!(run.code, code, "{changes:?}\n{}{}", run.stdout, run.stderr);
        conforms(&run.json(), "references/schema/decide.v1.json");
    }
}

#[test]
fn no_fit_names_the_nearest_and_the_way_to_a_profile_of_ones_own() {
    let changes = [
        ("--team-size", "9"),
        ("--qps-p99", "120"),
        ("--tenancy", "single-tenant"),
        ("--data-sensitivity", "internal"),
        ("--language-preference", "dotnet"),
    ];
    insta::assert_snapshot!(decide(&changes, &[]).expect(1).transcript());
}

#[test]
fn every_wrong_value_is_shown_in_one_run() {
    let run = Sandbox::new().run([
        "decide",
        "--tenancy",
        "sharedd-multi-tenant",
        "--team-size",
        "many",
    ]);
    insta::assert_snapshot!(run.expect(2).transcript());
}

#[test]
fn faults_of_flags_and_of_the_file_come_together() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "decision.yaml",
        "team_sise: 8\nqps_p99: fifty\n\npattern: modular-monolit\n",
    );
    let run = sandbox
        .run(["decide", "--input", "decision.yaml", "--rpo", "5"])
        .expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn the_document_conforms_and_is_the_same_every_time() {
    let mut changes = SLO.to_vec();
    changes.push(("--p99-ms", "300"));
    let first = decide(&changes, &["--json"]).expect(0);
    conforms(&first.json(), "references/schema/decide.v1.json");
    assert_eq!(first.stdout, decide(&changes, &["--json"]).stdout);
    let document = first.json();
    assert_eq!(document["complete"], true);
    assert_eq!(document["approval"]["status"], "pending");
    assert_eq!(
        document["recommendation"]["slo_floor"]["latency_ms"]["p99"],
        300.0
    );
    assert_eq!(
        document["recommendation"]["slo_floor"]["stricter_than_profile"][0]["target"],
        "p99"
    );
    assert_eq!(
        document["inputs"]["team_size"],
        serde_json::json!({"value": 8, "origin": "--team-size"})
    );
    for (input, to, status) in [("team_size", 15, "no_fit"), ("qps_p99", 5001, "refused")] {
        let flips = document["sensitivity"].as_array().expect("flips");
        let flip = flips
            .iter()
            .find(|flip| flip["input"] == input && flip["to"] == to)
            .expect(input);
        assert_eq!(flip["status"], status);
    }
}

#[test]
fn the_record_takes_the_next_number_and_is_not_written_twice() {
    let sandbox = Sandbox::new();
    sandbox.write("docs/adr/0007-use-postgres.md", "# Use Postgres\n");
    let arguments = |more: &[&str]| arguments(SLO, &[&["--output", "docs/adr/"], more].concat());
    let dry = sandbox.run(arguments(&["--dry-run"])).expect(0);
    assert!(
        dry.stdout
            .starts_with("--- /dev/null\n+++ b/docs/adr/0008-"),
        "{}",
        dry.stdout
    );
    assert_eq!(sandbox.files().len(), 1);
    let first = sandbox.run(arguments(&[])).expect(0);
    assert!(
        first
            .stderr
            .contains("create  docs/adr/0008-backend-shape-node-express.md"),
        "{}",
        first.stderr
    );
    let again = sandbox.run(arguments(&[])).expect(0);
    assert!(
        again
            .stderr
            .contains("keep    docs/adr/0008-backend-shape-node-express.md"),
        "{}",
        again.stderr
    );
    assert_eq!(sandbox.files().len(), 2);
    insta::assert_snapshot!(sandbox.read("docs/adr/0008-backend-shape-node-express.md"));
}

#[test]
fn the_digest_is_short() {
    let run = decide(SLO, &["--format", "digest"]).expect(0);
    assert!(run.stdout.split_whitespace().count() <= 200);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn the_sample_is_a_decision() {
    let sandbox = Sandbox::new();
    let sample = sandbox.run(["decide", "--sample"]).expect(0).stdout;
    sandbox.write("decision.yaml", sample.replace("\n#", "\n"));
    sandbox.write("thin.yaml", &sample);
    sandbox.run(["decide", "--input", "thin.yaml"]).expect(0);
    // Every line that can be switched on is a valid answer; the first lines are prose.
    let keys: String = sample
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| line.trim_start_matches('#').to_owned() + "\n")
        .collect();
    sandbox.write("full.yaml", keys);
    let run = sandbox
        .run(["decide", "--input", "full.yaml", "--json"])
        .expect(0);
    assert_eq!(
        run.json()["inputs"].as_object().map(serde_json::Map::len),
        Some(20)
    );
}

#[test]
fn shipped_profiles_conform_and_their_golden_decisions_hold() {
    let sandbox = Sandbox::new();
    for name in Shelf::fill(&[]).expect("profiles").names() {
        let shown = sandbox
            .run(["decide", "--show-profile", name, "--json"])
            .expect(0);
        conforms(&shown.json(), "profiles/schema/profile.v1.json");
    }
    let check = sandbox.run(["decide", "--check-profiles"]).expect(0);
    insta::assert_snapshot!(check.stdout);
    let listed = sandbox
        .run(["decide", "--list-profiles", "--json"])
        .expect(0);
    conforms(&listed.json(), "references/schema/decide-profiles.v1.json");
    let unknown = sandbox
        .run(["decide", "--show-profile", "node-expres"])
        .expect(2);
    assert!(
        unknown.stderr.contains("did you mean `node-express`?"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_profile_of_ones_own_is_used() {
    let sandbox = Sandbox::new();
    let text = sandbox
        .run(["decide", "--show-profile", "node-express", "--json"])
        .expect(0)
        .stdout;
    let own = text
        .replace(
            "\"profile_name\": \"node-express\"",
            "\"profile_name\": \"acme-dotnet\"",
        )
        .replace("\"typescript\"", "\"dotnet\"");
    sandbox.write("shapes/acme-dotnet.json", &own);
    sandbox.write("backsmith.toml", "[decide]\nprofiles = \"shapes\"\n");
    let run = sandbox
        .run(arguments(
            &[("--language-preference", "dotnet")],
            &["--json"],
        ))
        .expect(0);
    let document = run.json();
    assert_eq!(document["recommendation"]["profile"], "acme-dotnet");
    let origins: Vec<_> = document["profiles"]
        .as_array()
        .expect("profiles")
        .iter()
        .map(|profile| profile["origin"].clone())
        .collect();
    assert!(
        origins.contains(&serde_json::json!("shapes/acme-dotnet.json")),
        "{origins:?}"
    );
}

#[test]
fn a_language_that_no_profile_serves_never_fits() {
    for language in ["java", "kotlin", "dotnet"] {
        for workload in ["saas", "ml-adjacent", "content-crud"] {
            let changes = [
                ("--language-preference", language),
                ("--workload", workload),
                ("--needs-admin-panel", "true"),
            ];
            decide(&changes, &[]).expect(1);
        }
    }
}

/// The shell makes the file of `> profiles/acme.json` before the command runs.
#[test]
fn a_profile_is_shown_beside_an_empty_one() {
    let sandbox = Sandbox::new();
    sandbox.write("profiles/acme.json", "");
    let shown = sandbox
        .run(["decide", "--show-profile", "node-express"])
        .expect(0);
    assert!(
        shown.stdout.contains("\"profile_name\": \"node-express\""),
        "{}",
        shown.stdout
    );
    let checked = sandbox.run(["decide", "--check-profiles"]).expect(2);
    assert_eq!(checked.stderr.matches("error[").count(), 1);
    assert!(checked.stderr.contains("is empty"), "{}", checked.stderr);
}

#[test]
fn an_answer_given_twice_is_a_fault() {
    let run = Sandbox::new()
        .run(["decide", "--team-size", "8", "--team-size", "9"])
        .expect(2);
    assert!(
        run.stderr
            .contains("error: `--team-size` was given more than once"),
        "{}",
        run.stderr
    );
}

#[test]
fn nothing_known_is_said_in_short() {
    let run = Sandbox::new().run(["decide"]).expect(3);
    insta::assert_snapshot!(run.transcript());
}
