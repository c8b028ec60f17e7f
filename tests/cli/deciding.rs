//! Decisions in company: with files, flags and text of every kind, in records, and before a load test.

use std::path::Path;

use serde_json::{Value, json};

use crate::decide::conforms;
use crate::postgres::fixture;
use crate::sandbox::{Run, Sandbox};
use crate::web_server::WebServer;

const PLAIN: &str = "--team-size 8 --qps-p99 50 --read-write-ratio 20 --tenancy shared-multi-tenant \
                     --data-sensitivity pii --pattern modular-monolith --language-preference typescript";
const FILE: &str = "team_size: 8\nqps_p99: 50\nread_write_ratio: 20\ntenancy: shared-multi-tenant\n\
                    data_sensitivity: pii\npattern: modular-monolith\nlanguage_preference: typescript\n";

fn decide(sandbox: &Sandbox, flags: &str) -> Run {
    sandbox.run(std::iter::once("decide").chain(flags.split_whitespace()))
}

#[test]
fn a_load_test_expects_what_the_decision_promises() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    for own in [
        "",
        "--slo-uptime 99.95 --p99-ms 450 --p50-ms 80.5 --error-budget-consumer checkout",
        "--slo-uptime 99.999",
    ] {
        let decided = decide(&sandbox, &format!("{PLAIN} {own} --json")).expect(0);
        sandbox.write("decision.json", &decided.stdout);
        let floor = &decided.json()["recommendation"]["slo_floor"];
        let limit = |key: &str| floor["latency_ms"][key].as_f64().expect("a limit");
        let uptime = floor["uptime_percent"].as_f64().expect("an uptime");
        let errors = ((100.0 - uptime) * 1e6).round() / 1e6;
        let wanted = [
            format!("p50<={}ms", limit("p50")),
            format!("p95<={}ms", limit("p95")),
            format!("p99<={}ms", limit("p99")),
            format!("error_rate<={errors}%"),
        ];
        let url = server.url("/");
        let load = ["loadtest", &url, "--requests", "5", "--json", "-q"];
        let run = sandbox.run(load.into_iter().chain(["--slo", "decision.json"]));
        assert!(run.code <= 1, "{}", run.stderr);
        let report = run.json();
        let met: Vec<_> = report["expectations"]
            .as_array()
            .expect("expectations")
            .iter()
            .map(|entry| entry["expression"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(met, wanted, "{own}");
    }
}

#[test]
fn a_load_test_refuses_a_decision_without_a_floor() {
    let sandbox = Sandbox::new();
    let whole = decide(&sandbox, &format!("{PLAIN} --json"))
        .expect(0)
        .stdout;
    let missing = PLAIN.replace("--tenancy shared-multi-tenant", "");
    let stopped = PLAIN.replace("modular-monolith", "microservices");
    let half = &whole[..whole.len() / 2];
    for (document, words) in [
        (
            decide(&sandbox, &format!("{missing} --json"))
                .expect(3)
                .stdout,
            "needs --tenancy",
        ),
        (
            decide(&sandbox, &format!("{stopped} --json"))
                .expect(3)
                .stdout,
            "stopped: microservices with 8 engineers",
        ),
        (
            whole.replace("backsmith.decide/v1", "backsmith.decide/v2"),
            "this version reads `backsmith.decide/v1`",
        ),
        (half.to_owned(), "is not JSON"),
        (whole.replace("\"p95\"", "\"p96\""), "lacks p95"),
        (whole.replace("99.9", "100"), "lacks uptime_percent"),
    ] {
        sandbox.write("decision.json", document);
        let load = ["loadtest", "http://127.0.0.1:9/", "--slo", "decision.json"];
        let run = sandbox.run(load).expect(2);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    }
}

/// The commands under Confirmation, run as they stand; only the time is shorter.
#[test]
fn the_commands_of_a_record_run() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let database = fixture().database("CREATE TABLE orders (id bigint PRIMARY KEY)");
    let record = decide(&sandbox, &format!("{PLAIN} --format markdown"))
        .expect(0)
        .stdout;
    let (_, block) = record.split_once("```sh\n").expect("commands");
    let (block, _) = block.split_once("```").expect("their end");
    let commands: Vec<String> = block
        .replace("\\\n", " ")
        .replace("--duration 60", "--duration 2 --json -q")
        .lines()
        .map(str::to_owned)
        .collect();
    let [load, migrate] = commands.as_slice() else {
        panic!("{commands:?}");
    };
    let shell = |line: &str| {
        let binary = Path::new(env!("CARGO_BIN_EXE_backsmith"));
        let folder = binary.parent().expect("a folder").display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = sandbox.shell(line);
        command.env("PATH", format!("{folder}:{path}"));
        command
            .env("URL", server.url("/"))
            .env("DATABASE_URL", &database);
        Run::of(&mut command)
    };
    let run = shell(load);
    assert!(run.code <= 1, "{load}\n{}", run.stderr);
    let expectations = run.json()["expectations"].clone();
    assert_eq!(expectations.as_array().map(Vec::len), Some(4), "{load}");
    shell(migrate).expect(0);
}

#[test]
fn the_same_question_has_the_same_bytes_everywhere() {
    let (here, there) = (Sandbox::new(), Sandbox::new());
    let profile = |name: &str| json!({"profile_name": name, "extends": "node-express"}).to_string();
    for (sandbox, order) in [(&here, ["a", "b"]), (&there, ["b", "a"])] {
        sandbox.write("decision.yaml", FILE);
        for name in order {
            sandbox.write(&format!("profiles/{name}.json"), profile(name));
        }
    }
    let mut reversed: Vec<&str> = PLAIN.trim_start_matches("--").split(" --").collect();
    reversed.reverse();
    let reversed = format!("--{}", reversed.join(" --"));
    for format in ["json", "markdown", "digest", "human"] {
        let first = decide(&here, &format!("{PLAIN} --format {format}")).expect(0);
        let mut other = there.shell(&format!(
            "umask 077; mkdir -p sub; \"$0\" decide {reversed} --format {format}"
        ));
        other.arg(env!("CARGO_BIN_EXE_backsmith"));
        other.envs([
            ("TZ", "Asia/Tokyo"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("HOME", "/"),
        ]);
        let second = Run::of(&mut other).expect(0);
        assert_eq!(first.stdout, second.stdout, "{format}");
        // Absolute paths of one machine do not reach a report either.
        let read = |sandbox: &Sandbox| {
            let path = sandbox.path().join("decision.yaml");
            let profiles = sandbox.path().join("profiles");
            let flags = ["decide", "--format", format, "--input"];
            let mut command = sandbox.command(flags);
            command.arg(path).arg("--profiles").arg(profiles);
            Run::of(&mut command).expect(0).stdout
        };
        let (first, second) = (read(&here), read(&there));
        assert!(
            !first.contains(&*here.path().to_string_lossy())
                || format == "digest"
                || format == "human",
            "{first}"
        );
        if matches!(format, "json" | "markdown") {
            assert_eq!(first, second);
        }
    }
}

#[test]
fn a_flag_wins_over_the_file_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("decision.yaml", FILE);
    let run = decide(
        &sandbox,
        "--input decision.yaml --team-size 12 --qps-p99 50 --json",
    );
    let document = run.expect(0).json();
    conforms(&document, "references/schema/decide.v1.json");
    let inputs = &document["inputs"];
    assert_eq!(
        inputs["team_size"],
        json!({"value": 12, "origin": "--team-size (decision.yaml:1 says 8)"})
    );
    assert_eq!(inputs["qps_p99"]["origin"], "--qps-p99");
    assert_eq!(inputs["tenancy"]["origin"], "decision.yaml:4");
}

#[test]
fn wrong_files_show_every_fault_and_no_secret() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "decision.yaml",
        "team_size: [8]\nteam_size: 9\nqps_p99: {a: 1}\nhot_path: true\nplatform_team: maybe\n\
         slo_uptime: 100\nrpo: 5\npatern: monolith\ndatabase: postgres://me:hunter2@db/shop\n\
         tenancy: postgres://me:hunter2@db/shop\n",
    );
    let run = sandbox
        .run(["decide", "--input", "decision.yaml"])
        .expect(2);
    insta::assert_snapshot!(run.transcript());
    let secret = "https://me:hunter2@internal/checkout";
    let flags = ["--hot-path", secret, "--team-size", secret];
    let run = sandbox.run(["decide"].iter().chain(&flags)).expect(2);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
    let known = PLAIN.split_whitespace().chain(["--hot-path", secret]);
    for format in ["json", "markdown", "digest", "human"] {
        let flags = ["decide", "--explain", "--format", format];
        let run = sandbox
            .run(flags.into_iter().chain(known.clone()))
            .expect(0);
        assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    }
}

#[test]
fn files_that_are_odd_but_right_are_read() {
    let sandbox = Sandbox::new();
    sandbox.write("bom.yaml", format!("\u{feff}{FILE}"));
    decide(&sandbox, "--input bom.yaml").expect(0);
    sandbox.write("crlf.yaml", FILE.replace('\n', "\r\n"));
    decide(&sandbox, "--input crlf.yaml").expect(0);
    sandbox.write("empty.yaml", "");
    let empty = decide(&sandbox, "--input empty.yaml").expect(3);
    assert!(
        empty.stdout.contains("refused: 7 answers are unknown"),
        "{}",
        empty.stdout
    );
    sandbox.write("list.yaml", "- team_size: 8\n");
    let list = decide(&sandbox, "--input list.yaml").expect(2);
    assert!(list.stderr.contains("list.yaml:1:1"), "{}", list.stderr);
    sandbox.write("cut.yaml", "team_size: 8\nqps_p99: [1\n");
    let cut = decide(&sandbox, "--input cut.yaml").expect(2);
    assert!(cut.stderr.contains("cut.yaml:"), "{}", cut.stderr);
    decide(&sandbox, "--input - --input -").expect(2);
    let missing = decide(&sandbox, "--input bomb.yaml").expect(2);
    assert!(
        missing.stderr.contains("did you mean `bom.yaml`?"),
        "{}",
        missing.stderr
    );
}

#[test]
fn text_of_users_stays_text() {
    let sandbox = Sandbox::new();
    let evil = "x | y <script>alert(1)</script> `z` [l](http://h) # h";
    let profile = json!({
        "profile_name": "a <b> | c",
        "extends": "node-express",
        "description": evil,
        "stack": {"framework": evil},
        "anti_recommendations": [evil],
        "named_approver_chain": [{"role": evil, "name": evil}],
        "canon_references": [{"source": evil, "chapters": [evil]}],
    });
    sandbox.write("profiles/evil.json", profile.to_string());
    let flags = [
        "decide",
        "--format",
        "markdown",
        "--error-budget-consumer",
        evil,
    ];
    let run = sandbox
        .run(flags.into_iter().chain(PLAIN.split_whitespace()))
        .expect(0);
    assert!(
        run.stdout
            .contains("# Build the backend as a \\<b\\> \\| c\n"),
        "{}",
        run.stdout
    );
    // The front matter is JSON within YAML, where nothing has a meaning.
    let (_, body) = run.stdout.split_once("\n---\n").expect("front matter");
    let unescaped = body.replace("\\<", "");
    assert!(
        !unescaped.contains("<script") && !unescaped.contains("<b"),
        "{body}"
    );
    for line in body.lines().filter(|line| line.starts_with('|')) {
        let cells = line.replace("\\|", "").matches('|').count();
        assert!((3..=7).contains(&cells), "{line}");
    }
    for (flag, text) in [
        ("--hot-path", "a\u{1b}[31mb"),
        ("--error-budget-consumer", "a\u{202e}b"),
        ("--team-size", "\u{1b}]0;x\u{7}"),
        ("--tenancy", "\u{9b}31m"),
    ] {
        let run = sandbox.run(["decide", flag, text]).expect(2);
        let bad = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!run.stderr.contains(bad), "{:?}", run.stderr);
    }
}

#[test]
fn records_are_numbered_after_the_highest_and_never_twice() {
    let sandbox = Sandbox::new();
    sandbox.write("docs/adr/0003-a.md", "# a\n");
    sandbox.write("docs/adr/0003-b.md", "# b\n");
    sandbox.write("docs/adr/20240101-meeting.md", "# no record\n");
    sandbox.write("docs/adr/4294967296000-odd.md", "# no record\n");
    let first = decide(&sandbox, &format!("{PLAIN} --output docs/adr/")).expect(0);
    assert!(
        first
            .stderr
            .contains("docs/adr/0004-backend-shape-node-express.md"),
        "{}",
        first.stderr
    );
    let changed = PLAIN.replace("--team-size 8", "--team-size 9");
    let second = decide(&sandbox, &format!("{changed} --output docs/adr/")).expect(0);
    assert!(
        second
            .stderr
            .contains("docs/adr/0005-backend-shape-node-express.md"),
        "{}",
        second.stderr
    );
    let again = decide(&sandbox, &format!("{PLAIN} --output docs/adr/")).expect(0);
    assert!(
        again.stderr.contains("keep    docs/adr/0004-"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_tie_is_broken_by_name_and_says_so() {
    let sandbox = Sandbox::new();
    for name in ["zeta", "alpha"] {
        let profile = json!({"profile_name": name, "extends": "node-express"});
        sandbox.write(&format!("profiles/{name}.json"), profile.to_string());
    }
    let document = decide(&sandbox, &format!("{PLAIN} --json"))
        .expect(0)
        .json();
    assert_eq!(document["recommendation"]["profile"], "alpha");
    assert_eq!(document["tie"], true);
    let runner_up = &document["runner_up"];
    assert_eq!(
        (&runner_up["profile"], &runner_up["percent_behind"]),
        (&json!("node-express"), &json!(0))
    );
    let human = decide(&sandbox, PLAIN).expect(0).stdout;
    assert!(
        human.contains("a tie: alpha, node-express, zeta all reach the same share"),
        "{human}"
    );
    assert_eq!(
        document["sensitivity"].as_array().map(Vec::is_empty),
        Some(false)
    );
    let flips: Vec<&Value> = document["sensitivity"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let edge = flips
        .iter()
        .find(|flip| flip["input"] == "team_size" && flip["to"] == 15)
        .expect("the edge of the team's size");
    assert_eq!(edge["range"]["low"], 15);
    assert_eq!(edge["range"]["low_included"], true);
}
