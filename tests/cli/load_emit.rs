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
            let mut text = argument.as_str().expect("text").replace("$$(", "\u{1}");
            for (name, value) in variables {
                text = text.replace(&format!("$({name})"), value);
            }
            for (folder, here) in folders {
                text = text.replace(folder, here);
            }
            assert!(!text.contains("$("), "{text}");
            text.replace('\u{1}', "$(")
        })
        .collect()
}

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
        r#"{"name": "$(HOME)", "password": "hunter2"}"#,
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
    sandbox.write("request/body", "{}");
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
}

#[test]
fn a_url_with_a_password_is_a_reference_and_a_plain_body_a_map() {
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
    assert!(!text.contains("p4ss"), "{text}");
    let documents = manifest(&text);
    let map = documents
        .iter()
        .find(|document| document["kind"] == "ConfigMap");
    assert_eq!(map.expect("a map")["data"]["body"], r#"{"product_id": 1}"#);
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
  fetch(url, { method, body: body ?? undefined, headers, redirect: 'manual' })
    .then((answer) => process.stdout.write(String(answer.status)));
`;
export default {
  request(method, url, body, params) {
    const given = JSON.stringify([method, url, body, params.headers]);
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
globalThis.__ENV = { ...process.env };
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
    let ran = iterate(&sandbox, &script, &[("HEADER_AUTHORIZATION", "Bearer x")]);
    assert_eq!(server.requests(), 3);
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
    let run = Run::of(&mut sandbox.shell("node run.mjs"));
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
    assert_eq!(server.requests(), 9);
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
