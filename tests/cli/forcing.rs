//! The seven forcing questions without a terminal: the page, `decide next`, `decide answer`, and the
//! file of answers.

use backsmith::decide::Shelf;
use backsmith::decide::forcing::guide;
use serde_json::json;

use crate::decide::{conforms, current};
use crate::sandbox::{Run, Sandbox};

const SCHEMA: &str = "references/schema/decide-question.v1.json";

#[test]
fn the_page_is_generated_from_the_engine() {
    let shelf = Shelf::fill(&[]).expect("profiles");
    let wanted = guide::current_page(shelf.profiles());
    current("references/forcing_questions.md", &wanted);
}

/// Keeps answers in grill.md and returns what comes next.
#[track_caller]
fn answer(sandbox: &Sandbox, arguments: &[&str], code: i32) -> serde_json::Value {
    let all = ["decide", "answer", "--answers", "grill.md", "--json"];
    let run = sandbox.run(all.iter().chain(arguments)).expect(code);
    let document = run.json();
    conforms(&document, SCHEMA);
    document
}

fn open(document: &serde_json::Value) -> Vec<String> {
    let inputs = document["question"]["open"]
        .as_array()
        .into_iter()
        .flatten();
    inputs
        .filter_map(|input| input["input"].as_str().map(str::to_owned))
        .collect()
}

/// Everything but what a flag of `arguments` changes, answered as the plain command has it.
const PLAIN: &[&str] = &[
    "qps_p99=50",
    "read_write_ratio=20",
    "tenancy=shared-multi-tenant",
    "data_sensitivity=pii",
    "team_size=8",
    "pattern=modular-monolith",
    "language_preference=typescript",
];

#[test]
fn a_script_walks_through_the_seven_and_decides() {
    let sandbox = Sandbox::new();
    let next = sandbox
        .run(["decide", "next", "--answers", "grill.md", "--json"])
        .expect(0)
        .json();
    conforms(&next, SCHEMA);
    assert_eq!(next["status"], "question");
    assert_eq!(next["question"]["number"], 1);
    assert_eq!(open(&next), ["read_write_ratio", "qps_p99"]);
    assert!(sandbox.files().is_empty(), "`next` writes nothing");

    let mut number = 1;
    let mut steps = Vec::new();
    let mut document = next;
    while document["status"] == "question" {
        assert_eq!(document["question"]["number"], number);
        let mut given = Vec::new();
        for input in document["question"]["open"].as_array().expect("inputs") {
            let key = input["input"].as_str().expect("a key");
            let plain = PLAIN
                .iter()
                .find(|pair| pair.starts_with(&format!("{key}=")));
            let advice = &input["recommendation"]["value"];
            let advised = advice
                .as_str()
                .map(str::to_owned)
                .or_else(|| (!advice.is_null()).then(|| advice.to_string()));
            given.push(match (plain, advised) {
                (Some(pair), _) => (*pair).to_owned(),
                (None, Some(value)) => format!("{key}={value}"),
                (None, None) => format!("{key}=unknown"),
            });
        }
        let words: Vec<&str> = given.iter().map(String::as_str).collect();
        document = answer(&sandbox, &words, 0);
        steps.extend(given);
        number += 1;
    }
    assert_eq!(number, 8);
    assert_eq!(document["status"], "ready");
    insta::assert_snapshot!(steps.join("\n"));
    let command = document["commands"]["decide"].as_str().expect("a command");
    let words = command.split(' ').skip(1).chain(["--json"]);
    let decision = sandbox.run(words).expect(0).json();
    conforms(&decision, "references/schema/decide.v1.json");
    assert_eq!(decision["recommendation"]["profile"], "node-express");
    let sheet = sandbox.read("grill.md");
    let line = sheet
        .lines()
        .position(|line| line == "- team_size: 8")
        .expect("an answer")
        + 1;
    assert_eq!(
        decision["inputs"]["team_size"],
        json!({"value": 8, "origin": format!("grill.md:{line}")})
    );
}

#[test]
fn the_next_question_is_shown_to_people_as_well() {
    let sandbox = Sandbox::new();
    answer(&sandbox, &["qps_p99=50", "read_write_ratio=20"], 0);
    let run = sandbox
        .run(["decide", "next", "--answers", "grill.md"])
        .expect(0);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn a_criterion_stops_a_script_and_a_changed_answer_goes_on() {
    let sandbox = Sandbox::new();
    answer(
        &sandbox,
        &[
            "--skip",
            "3",
            "qps_p99=200",
            "read_write_ratio=8",
            "tenancy=single-tenant",
        ],
        0,
    );
    answer(
        &sandbox,
        &[
            "data_sensitivity=pii",
            "team_size=12",
            "language-preference=typescript",
        ],
        0,
    );
    let stopped = answer(&sandbox, &["pattern=microservices", "--skip", "5"], 3);
    assert_eq!(stopped["status"], "stopped");
    assert_eq!(
        stopped["kill_criteria"][0]["code"],
        "microservices-too-small"
    );
    assert!(
        !stopped["kill_criteria"][0]["ways_on"]
            .as_array()
            .expect("ways")
            .is_empty()
    );
    let run = sandbox
        .run(["decide", "next", "--answers", "grill.md"])
        .expect(3);
    insta::assert_snapshot!(run.transcript());
    // One deployable brings questions back that no profile of services asks.
    let on = answer(&sandbox, &["pattern=modular-monolith"], 0);
    assert_eq!(open(&on), ["workload", "needs_admin_panel"]);
    assert_eq!(
        answer(&sandbox, &["--skip", "5"], 0)["question"]["number"],
        6
    );
    // Asked again, and the answer stands in the question until then.
    let cleared = answer(&sandbox, &["--clear", "5"], 0);
    assert_eq!(cleared["question"]["number"], 5);
    assert_eq!(cleared["changed"]["pattern"], json!(null));
}

#[test]
fn an_answer_that_nobody_knows_is_refused_in_the_end() {
    let sandbox = Sandbox::new();
    for number in ["1", "2", "3", "4", "5", "6"] {
        answer(&sandbox, &["--skip", number], 0);
    }
    let ready = answer(&sandbox, &["--skip", "7"], 0);
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["required_unknown"].as_array().map(Vec::len), Some(6));
    let run = sandbox
        .run(["decide", "next", "--answers", "grill.md"])
        .expect(0);
    assert!(
        run.stdout.contains("so the engine will refuse"),
        "{}",
        run.stdout
    );
    sandbox.run(["decide", "--answers", "grill.md"]).expect(3);
}

#[test]
fn every_fault_of_the_changes_is_shown_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let run = sandbox.run([
        "decide",
        "answer",
        "--answers",
        "grill.md",
        "tenency=x",
        "pattern=monolit",
        "qps_p99",
        "rto=1h",
        "--skip",
        "8",
        "--clear",
        "rto",
    ]);
    insta::assert_snapshot!(run.expect(2).transcript());
    let falling = sandbox.run([
        "decide",
        "answer",
        "--answers",
        "grill.md",
        "p50_ms=300",
        "p95-ms=100",
    ]);
    insta::assert_snapshot!(falling.expect(2).transcript());
    assert!(sandbox.files().is_empty());
}

#[test]
fn faults_of_the_file_have_places() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "grill.md",
        "# Our grill\n\n<!-- backsmith answers v1 -->\n\n- tenency: single-tenant\n- pattern: monolit\n- p50_ms: 300\n- p95_ms: 100\n",
    );
    let run = sandbox
        .run(["decide", "--answers", "grill.md", "--team-size", "many"])
        .expect(2);
    insta::assert_snapshot!(run.transcript());
    let document = sandbox
        .run(["decide", "next", "--answers", "grill.md", "--json"])
        .expect(2);
    let errors: serde_json::Value = serde_json::from_str(&document.stderr).expect("one document");
    assert_eq!(errors["errors"][0]["location"]["line"], 5);
    assert_eq!(errors["errors"][0]["location"]["column"], 3);
}

#[test]
fn flags_win_over_the_input_file_which_wins_over_the_answers() {
    let sandbox = Sandbox::new();
    answer(&sandbox, PLAIN, 0);
    sandbox.write("decision.yaml", "team_size: 9\nqps_p99: 60\n");
    let before = sandbox.read("grill.md");
    let arguments = [
        "decide",
        "--answers",
        "grill.md",
        "--input",
        "decision.yaml",
        "--team-size",
        "10",
        "--json",
    ];
    let inputs = sandbox.run(arguments).expect(0).json()["inputs"].clone();
    assert_eq!(
        inputs["team_size"],
        json!({"value": 10, "origin": "--team-size (decision.yaml:1 says 9)"})
    );
    assert_eq!(
        inputs["qps_p99"],
        json!({"value": 60, "origin": "decision.yaml:2"})
    );
    assert_eq!(inputs["pattern"]["value"], "modular-monolith");
    assert_eq!(
        sandbox.read("grill.md"),
        before,
        "a decision changes no answers"
    );
}

#[test]
fn a_person_may_write_around_the_answers() {
    let sandbox = Sandbox::new();
    answer(&sandbox, &["qps_p99=50"], 0);
    let edited = sandbox.read("grill.md").replace(
        "- qps_p99: 50\n",
        "> Anna counted these on Monday, see https://wiki.example/qps\n- qps_p99: 60\n",
    );
    sandbox.write("grill.md", &edited);
    let next = answer(&sandbox, &["read_write_ratio=3"], 0);
    assert_eq!(next["inputs"]["qps_p99"]["value"], 60);
    assert_eq!(
        sandbox.read("grill.md"),
        edited.replace("- read_write_ratio:\n", "- read_write_ratio: 3\n")
    );
}

#[test]
fn a_file_that_is_no_answers_file_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("notes.md", "# Notes\n\nMine.\n");
    let keep = |name: &str| sandbox.run(["decide", "answer", "--answers", name, "qps_p99=50"]);
    let run = keep("notes.md").expect(2);
    assert!(
        run.stderr.contains("`notes.md` is no file of answers"),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.read("notes.md"), "# Notes\n\nMine.\n");
    // What `mktemp` made is nobody's yet.
    sandbox.write("empty.md", "");
    keep("empty.md").expect(0);
    keep("new/folder/grill.md").expect(0);
    keep("-").expect(2);
    let missing = sandbox.run(["decide", "--answers", "missing.md"]).expect(2);
    assert!(
        missing
            .stderr
            .contains("`backsmith decide --interactive --answers missing.md` begins it"),
        "{}",
        missing.stderr
    );
    let binary = sandbox.write("binary.md", b"\xff\xfe\x00");
    assert!(binary.exists());
    keep("binary.md").expect(2);
}

#[test]
fn slips_in_the_commands_are_named() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(["decide", "answr"]).expect(2);
    assert!(
        run.stderr.contains("one of next, answer") && run.stderr.contains("did you mean `answer`?"),
        "{}",
        run.stderr
    );
    let run = sandbox
        .run(["decide", "--team-size", "3", "next"])
        .expect(2);
    assert!(
        run.stderr
            .contains("`--team-size <N>` stands before a command that does not take it"),
        "{}",
        run.stderr
    );
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    use super::{Run, Sandbox};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path)
            .expect("a file")
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn only_the_owner_reads_the_answers_and_no_link_is_followed() {
        let sandbox = Sandbox::new();
        let keep = |name: &str| sandbox.run(["decide", "answer", "--answers", name, "qps_p99=50"]);
        keep("grill.md").expect(0);
        let path = sandbox.path().join("grill.md");
        assert_eq!(mode(&path), 0o600);
        // Whoever shares the file means it.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        sandbox
            .run(["decide", "answer", "--answers", "grill.md", "--skip", "2"])
            .expect(0);
        assert_eq!(mode(&path), 0o644);
        let before = sandbox.read("grill.md");
        symlink(&path, sandbox.path().join("link.md")).expect("a link");
        let run = keep("link.md").expect(2);
        assert!(run.stderr.contains("is a symbolic link"), "{}", run.stderr);
        symlink(
            sandbox.path().join("nowhere"),
            sandbox.path().join("dangling.md"),
        )
        .expect("a link");
        keep("dangling.md").expect(2);
        assert_eq!(sandbox.read("grill.md"), before);
        assert!(!sandbox.path().join("nowhere").exists());
        keep(".").expect(2);
    }

    #[test]
    fn the_usual_file_is_todays_in_the_temporary_folder() {
        let sandbox = Sandbox::new();
        let run = |arguments: &[&str]| {
            let mut command = sandbox.command(arguments);
            command
                .env("TMPDIR", sandbox.path())
                .env("SOURCE_DATE_EPOCH", "1795334400");
            Run::of(&mut command)
        };
        run(&["decide", "answer", "qps_p99=50"]).expect(0);
        assert_eq!(sandbox.files(), ["backend-grill-2026-11-22.md"]);
        assert_eq!(
            mode(&sandbox.path().join("backend-grill-2026-11-22.md")),
            0o600
        );
        let next = run(&["decide", "next", "--json"]).expect(0).json();
        assert_eq!(next["inputs"]["qps_p99"]["value"], 50);
    }

    #[test]
    fn questions_need_a_terminal() {
        let sandbox = Sandbox::new();
        let run = sandbox
            .run(["decide", "--interactive", "--answers", "grill.md"])
            .expect(2);
        insta::assert_snapshot!(run.transcript());
        assert!(sandbox.files().is_empty());
    }
}
