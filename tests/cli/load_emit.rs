//! `loadtest --emit`: what it prints does the load that was asked for, and holds no secret.

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};
use crate::web_server::WebServer;

const SECRETS: [&str; 3] = ["s3cr3t-of-a-header", "hunter2", "p4ss"];

/// The documents of a manifest.
fn manifest(text: &str) -> Vec<Value> {
    use serde::Deserialize as _;
    let documents = serde_yaml::Deserializer::from_str(text);
    documents
        .map(|document| Value::deserialize(document).expect("YAML"))
        .collect()
}

fn job<'manifest>(documents: &'manifest [Value], name: &str) -> &'manifest Value {
    let mut jobs = documents
        .iter()
        .filter(|document| document["kind"] == "Job");
    jobs.find(|job| job["metadata"]["name"] == name)
        .expect(name)
}

/// The arguments of a Job's container, with `$(NAME)` expanded as the kubelet does it.
fn arguments(job: &Value, variables: &[(&str, &str)], folders: &[(&str, &str)]) -> Vec<String> {
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let given = container["args"].as_array().expect("arguments");
    given
        .iter()
        .map(|argument| {
            let mut text = expanded(argument.as_str().expect("text"), variables);
            for (folder, here) in folders {
                text = text.replace(folder, here);
            }
            text
        })
        .collect()
}

/// Every `$$` is a `$`, `$(NAME)` the value of a variable, and a `$` before anything else itself.
fn expanded(text: &str, variables: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some((name, behind)) =
            rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
        {
            let mut known = variables.iter();
            let found = known.find(|(known, _)| *known == name);
            out.push_str(
                found
                    .unwrap_or_else(|| panic!("`{name}` of {text} is unknown"))
                    .1,
            );
            rest = behind;
        } else {
            out.push('$');
        }
    }
    out + rest
}

/// What the loads of these tests send.
const ORDER: &str = r#"{"name": "$(HOME)", "password": "hunter2"}"#;

#[test]
fn the_jobs_do_the_load_and_judge_the_sum() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    let run = sandbox.run([
        "loadtest",
        &url,
        "-H",
        "Authorization: Bearer s3cr3t-of-a-header",
        "-H",
        "Accept: text/plain",
        "-b",
        ORDER,
        "--stages",
        "300ms:100,300ms:50",
        "-c",
        "2",
        "--expect",
        "error_rate<1%",
        "--shards",
        "3",
        "--image",
        "registry.example.com/team/backsmith:1",
        "--emit",
        "kubernetes",
    ]);
    let text = run.expect(0).stdout;
    assert_eq!(server.requests(), 0);
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
    let documents = manifest(&text);
    let shards = job(&documents, "backsmith-load");
    assert_eq!(shards["spec"]["completionMode"], "Indexed");
    assert_eq!(shards["spec"]["completions"], 3);
    assert_eq!(shards["spec"]["parallelism"], 3);
    let container = &shards["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], "registry.example.com/team/backsmith:1");
    let secret = container["env"]
        .as_array()
        .expect("variables")
        .iter()
        .find(|variable| variable["name"] == "HEADER_AUTHORIZATION")
        .expect("a variable");
    let reference = &secret["valueFrom"]["secretKeyRef"];
    assert_eq!(reference["name"], "backsmith-load-secrets");
    assert!(
        text.contains("kubectl create secret generic backsmith-load-secrets"),
        "{text}"
    );
    // What the pods would do is done here.
    sandbox.write("request/body", ORDER);
    sandbox.write("results/keep", "");
    let folders = [("/results", "results"), ("/request", "request")];
    for index in ["0", "1", "2"] {
        let variables = [
            ("JOB_COMPLETION_INDEX", index),
            ("HEADER_AUTHORIZATION", "Bearer x"),
        ];
        let mut command = sandbox.command(arguments(shards, &variables, &folders));
        command.env("JOB_COMPLETION_INDEX", index);
        Run::of(&mut command).expect(0);
    }
    let merge = arguments(job(&documents, "backsmith-load-merge"), &[], &folders);
    sandbox.run(merge).expect(0);
    let merged: Value = serde_json::from_str(&sandbox.read("results/merged.json")).expect("JSON");
    crate::loadtest::valid(&merged);
    assert_eq!(merged["results"][0]["requests"]["due"], 45);
    assert_eq!(
        merged["results"][0]["requests"]["completed"],
        server.requests()
    );
    assert_eq!(merged["expectations"][0]["met"], true);
    for seen in server.seen() {
        assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/"));
        assert_eq!(seen.header("authorization"), "Bearer x");
        assert_eq!(seen.header("accept"), "text/plain");
        assert_eq!(seen.header("content-type"), "application/json");
        assert_eq!(seen.body, ORDER);
    }
}

#[test]
fn what_was_typed_is_sent_whatever_kubernetes_expands() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/bytes/1?b=$(c)&d=$$(e)&f=$$g&h=$");
    let run = sandbox.run([
        "loadtest",
        &url,
        "-m",
        "put",
        "-H",
        "User-Agent: $(USER) $$(PATH) $$",
        "-H",
        "X-Price: 5",
        "-b",
        "{{int 7 7}} and {{seq}}",
        "--requests",
        "6",
        "-c",
        "1",
        "--threads",
        "1",
        "--seed",
        "3",
        "--shards",
        "1",
        "--emit",
        "kubernetes",
    ]);
    let documents = manifest(&run.expect(0).stdout);
    let variables = [("JOB_COMPLETION_INDEX", "0"), ("HEADER_X_PRICE", "$(5)")];
    let folders = [("/results", "results"), ("/request", "request")];
    let given = arguments(job(&documents, "backsmith-load"), &variables, &folders);
    assert_eq!(given[1], url);
    for pair in [["--seed", "3"], ["--threads", "1"]] {
        assert!(given.windows(2).any(|two| two == pair), "{given:?}");
    }
    sandbox.write("request/body", "{{int 7 7}} and {{seq}}");
    sandbox.write("results/keep", "");
    let mut command = sandbox.command(given);
    command.env("JOB_COMPLETION_INDEX", "0");
    Run::of(&mut command).expect(0);
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    for (number, seen) in seen.iter().enumerate() {
        assert_eq!(seen.method, "PUT");
        assert_eq!(seen.path, "/bytes/1?b=$(c)&d=$$(e)&f=$$g&h=$");
        assert_eq!(seen.header("user-agent"), "$(USER) $$(PATH) $$");
        assert_eq!(seen.header("x-price"), "$(5)");
        assert_eq!(seen.body, format!("7 and {}", number + 1));
    }
}

#[test]
fn the_merge_waits_until_the_start_and_the_end() {
    let sandbox = Sandbox::new();
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("a time");
    let start = now.as_secs() + 7_200;
    let start_at = start.to_string();
    // In seconds: at least the two hours but for what the test takes, and all the rest.
    for (flags, rest) in [
        (&["-d", "30", "--warmup", "10"][..], 640 + 30),
        (&["--requests", "9000", "--rate", "3"], 600 + 3_000 + 30),
        (&["-d", "160h", "--timeout", "10h"], 7 * 24 * 3_600 - 7_200),
    ] {
        let common = [
            "loadtest",
            "http://127.0.0.1:9/",
            "--start-at",
            &start_at,
            "--emit",
            "kubernetes",
        ];
        let run = sandbox.run(common.iter().chain(flags)).expect(0);
        let documents = manifest(&run.stdout);
        let merge = arguments(job(&documents, "backsmith-load-merge"), &[], &[]);
        let at = merge.iter().position(|text| text == "--wait").expect("one");
        let wait = merge[at + 1].strip_suffix('s').expect("seconds");
        let wait: u64 = wait.parse().expect("a number");
        assert!(
            (7_200 + rest - 120..=7_200 + rest + 1).contains(&wait),
            "{flags:?}: {wait}"
        );
        // What is printed is read again, and means the same instant on another day.
        let mut shard = arguments(
            job(&documents, "backsmith-load"),
            &[("JOB_COMPLETION_INDEX", "0")],
            &[],
        );
        let at = shard
            .iter()
            .position(|text| text == "--start-at")
            .expect("one");
        let printed: jiff::Timestamp = shard[at + 1].parse().expect("an instant");
        assert_eq!(printed.as_second().unsigned_abs(), start);
        shard.extend(["--emit", "kubernetes"].map(str::to_owned));
        shard.retain(|text| text != "--output" && !text.starts_with("/results"));
        sandbox.run(shard).expect(0);
    }
}

#[test]
fn a_url_with_a_password_and_every_body_are_references() {
    let sandbox = Sandbox::new();
    let run = sandbox.run([
        "loadtest",
        "http://user:p4ss@127.0.0.1:9/a?b=$(c)",
        "-b",
        r#"{"product_id": 1}"#,
        "--rate",
        "2.5",
        "--emit",
        "kubernetes",
    ]);
    let text = run.expect(0).stdout;
    assert!(
        !text.contains("p4ss") && !text.contains("product_id"),
        "{text}"
    );
    assert!(text.contains("--from-file=body="), "{text}");
    let documents = manifest(&text);
    let volumes = &job(&documents, "backsmith-load")["spec"]["template"]["spec"]["volumes"];
    assert_eq!(
        volumes[1]["secret"]["items"][0]["key"], "body",
        "{volumes:#}"
    );
    let given = arguments(
        job(&documents, "backsmith-load"),
        &[("TARGET_URL", "URL"), ("JOB_COMPLETION_INDEX", "0")],
        &[],
    );
    assert_eq!(given[1], "URL");
    assert!(
        given.windows(2).any(|pair| pair == ["--rate", "2.5"]),
        "{given:?}"
    );
}

/// k6's modules, with real requests: enough to run a script in Node.
const SHIM: &str = r"
import { execFileSync } from 'node:child_process';
const asked = `
  const [method, url, body, headers] = JSON.parse(process.argv[1]);
  const bytes = body === null ? undefined : Buffer.from(body, 'base64');
  fetch(url, { method, body: bytes, headers, redirect: 'manual' })
    .then((answer) => process.stdout.write(String(answer.status)));
`;
export default {
  request(method, url, body, params) {
    const bytes = body === null ? null : Buffer.from(body).toString('base64');
    const given = JSON.stringify([method, url, bytes, params.headers]);
    const status = execFileSync(process.execPath, ['-e', asked, given]).toString();
    return { status: Number(status) };
  },
  expectedStatuses: (...statuses) => statuses,
  setResponseCallback(statuses) { globalThis.expected = statuses; },
};
";
const CHECK: &str = r"
export function check(answer, conditions) {
  return Object.values(conditions).every((condition) => condition(answer));
}
";
const RUNNER: &str = r"
import { readFileSync } from 'node:fs';
globalThis.__ENV = { ...process.env };
globalThis.open = (path, mode) => new Uint8Array(readFileSync(path)).buffer;
const script = await import('./script.mjs');
for (let i = 0; i < 3; i += 1) script.default();
process.stdout.write(JSON.stringify({ options: script.options, expected: globalThis.expected ?? null }));
";

/// What the script has as options, after three of its iterations.
fn iterate(sandbox: &Sandbox, script: &str, variables: &[(&str, &str)]) -> Value {
    sandbox.write("node_modules/k6/package.json", r#"{"name": "k6", "type": "module", "exports": {".": "./index.js", "./http": "./http.js"}}"#);
    sandbox.write("node_modules/k6/index.js", CHECK);
    sandbox.write("node_modules/k6/http.js", SHIM);
    sandbox.write("script.mjs", script);
    sandbox.write("run.mjs", RUNNER);
    let mut command = sandbox.shell("node run.mjs");
    command.envs(variables.iter().copied());
    Run::of(&mut command).expect(0).json()
}

#[test]
fn a_script_of_k6_sends_the_requests_and_has_the_thresholds() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let run = sandbox.run([
        "loadtest",
        &server.url("/users"),
        "-m",
        "post",
        "-H",
        "Authorization: Bearer s3cr3t-of-a-header",
        "-b",
        r#"{"email": "not-an-email"}"#,
        "--stages",
        "10s:100,30s:0.5..1000",
        "--warmup",
        "5s",
        "-c",
        "20",
        "--expect-status",
        "400",
        "--expect",
        "p99.9<200ms",
        "--expect",
        "error_rate<=0.1%",
        "--emit",
        "k6",
        "--output",
        "load.js",
    ]);
    assert!(run.expect(0).stdout.is_empty());
    let script = sandbox.read("load.js");
    for secret in SECRETS {
        assert!(!script.contains(secret), "{script}");
    }
    let variables = [
        ("HEADER_AUTHORIZATION", "Bearer x"),
        ("BODY", r#"{"email": "not-an-email"}"#),
    ];
    let ran = iterate(&sandbox, &script, &variables);
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for seen in seen {
        assert_eq!(
            (seen.method.as_str(), seen.path.as_str()),
            ("POST", "/users")
        );
        assert_eq!(seen.header("authorization"), "Bearer x");
        assert_eq!(seen.header("content-type"), "application/json");
        assert_eq!(seen.body, r#"{"email": "not-an-email"}"#);
    }
    let load = &ran["options"]["scenarios"]["load"];
    assert_eq!(load["executor"], "ramping-arrival-rate");
    assert_eq!(load["timeUnit"], "10s");
    assert_eq!(load["startRate"], 1000);
    assert_eq!(load["startTime"], "5s");
    assert_eq!(load["maxVUs"], 20);
    assert_eq!(
        load["stages"],
        serde_json::json!([
            {"target": 1000, "duration": "10s"},
            {"target": 5, "duration": "0s"},
            {"target": 10000, "duration": "30s"},
        ])
    );
    assert_eq!(ran["options"]["scenarios"]["warmup"]["rate"], 100);
    assert_eq!(ran["expected"], serde_json::json!([400]));
    assert_eq!(
        ran["options"]["thresholds"],
        serde_json::json!({
            "http_req_duration{scenario:load}": ["p(99.9)<200"],
            "http_req_failed{scenario:load}": ["rate<=0.001"],
            "checks{scenario:load}": ["rate==1"],
        })
    );
    // Without its secret the script says what is missing.
    sandbox.write("run.mjs", RUNNER);
    let run = Run::of(sandbox.shell("node run.mjs").env("BODY", "{}"));
    assert_ne!(run.code, 0);
    assert!(
        run.stderr.contains("HEADER_AUTHORIZATION is not set"),
        "{}",
        run.stderr
    );
}

#[test]
fn closed_loops_and_plain_rates_have_their_executors() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    for (flags, executor, field, value) in [
        (
            vec!["-d", "30"],
            "constant-vus",
            "duration",
            Value::from("30s"),
        ),
        (
            vec!["--requests", "500"],
            "shared-iterations",
            "iterations",
            500.into(),
        ),
        (
            vec!["--rate", "200"],
            "constant-arrival-rate",
            "rate",
            200.into(),
        ),
    ] {
        let url = server.url("/");
        let common = ["loadtest", url.as_str(), "--emit", "k6"];
        let script = sandbox.run(common.iter().chain(&flags)).expect(0).stdout;
        let ran = iterate(&sandbox, &script, &[]);
        let load = &ran["options"]["scenarios"]["load"];
        assert_eq!(load["executor"], executor, "{script}");
        assert_eq!(load[field], value, "{script}");
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 9);
    assert!(
        seen.iter()
            .all(|seen| seen.method == "GET" && seen.body.is_empty())
    );
}

#[test]
fn a_rate_and_a_number_make_that_number() {
    let sandbox = Sandbox::new();
    for (rate, requests) in [
        ("200", 500),
        ("3", 10),
        ("0.3", 7),
        ("10000", 12_345),
        ("7", 1),
    ] {
        let number = requests.to_string();
        let flags = ["--rate", rate, "--requests", &number, "--emit", "k6"];
        let common = ["loadtest", "http://127.0.0.1:9/"];
        let script = sandbox.run(common.iter().chain(&flags)).expect(0).stdout;
        let field = |name: &str| {
            let line = script
                .lines()
                .find_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
            line.expect(name).trim_matches([',', '\'']).to_owned()
        };
        let per_unit: u64 = field("rate").parse().expect("a number");
        let unit = field("timeUnit").replace('s', "");
        let duration = field("duration");
        let duration = duration.strip_suffix("us").expect("a time");
        // k6 begins the first at once, and each in whole nanoseconds after the one before.
        let period = unit.parse::<u64>().expect("a time") * 1_000_000_000 / per_unit;
        let begun = (duration.parse::<u64>().expect("a number") * 1_000).div_ceil(period);
        assert_eq!(begun, requests, "{script}");
    }
}

#[test]
fn a_binary_body_is_a_file_and_compression_is_asked_for() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let bytes = [0_u8, 159, 146, 150, b'x'];
    std::fs::write(sandbox.path().join("body.bin"), bytes).expect("written");
    let url = server.url("/bytes/2");
    let script = sandbox.run([
        "loadtest",
        &url,
        "-b",
        "@body.bin",
        "--compressed",
        "--emit",
        "k6",
    ]);
    let script = script.expect(0).stdout;
    let ran = iterate(&sandbox, &script, &[("BODY_FILE", "body.bin")]);
    assert!(ran["options"]["discardResponseBodies"].is_null());
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for seen in seen {
        assert_eq!(seen.body, String::from_utf8_lossy(&bytes));
        assert_eq!(seen.header("content-length"), "5");
        assert_eq!(seen.header("accept-encoding"), "gzip");
    }
}

#[test]
fn what_cannot_travel_is_refused_by_name() {
    let sandbox = Sandbox::new();
    for (flags, text) in [
        (vec!["--emit", "kubernets"], "did you mean `kubernetes`"),
        (
            vec!["--emit", "k6", "--find-capacity"],
            "`--emit` cannot carry `--find-capacity`",
        ),
        (vec!["--emit", "k6", "--compare"], "`--compare`"),
        (vec!["--emit", "k6", "-b", "{{uuid}}"], "`{{...}}`"),
        (vec!["--emit", "k6", "--shards", "2"], "`--shards`"),
        (vec!["--emit", "k6", "--seed", "2"], "`--seed`"),
        (vec!["--emit", "k6", "--threads", "2"], "`--threads`"),
        (
            vec!["--emit", "k6", "--http2"],
            "`--emit k6` cannot carry `--http2` without TLS",
        ),
        (
            vec!["--emit", "k6", "--warmup", "5", "--expect", "rps>=10"],
            "`--emit k6` cannot carry `--expect 'rps>=10'` together with `--warmup`",
        ),
        (
            vec!["--emit", "kubernetes", "--unix-socket", "/s"],
            "`--unix-socket`",
        ),
        (vec!["--emit", "kubernetes", "--rate", "x"], "`--rate`"),
    ] {
        let common = ["loadtest", "http://127.0.0.1:9/"];
        let run = sandbox.run(common.iter().chain(&flags)).expect(2);
        assert!(run.stderr.contains(text), "{flags:?}: {}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}
