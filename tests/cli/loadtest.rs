//! `backsmith loadtest` against real servers: reports, verdicts, exit codes.

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};
use crate::web_server::WebServer;

/// A short run with a JSON report.
pub fn json(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    let common = ["loadtest", "--json", "-q", "-c", "2"];
    let run = sandbox.run(common.iter().chain(arguments)).expect(code);
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    let document = run.json();
    valid(&document);
    document
}

/// Adds up the reports `part1.json` and `part2.json` of two shards.
#[track_caller]
pub fn merged(sandbox: &Sandbox, more: &[&str]) -> Value {
    let merge = ["loadtest", "--merge", "part1.json", "part2.json"];
    let flags = merge.iter().chain(&["--json", "-q"]).chain(more);
    let document = sandbox.run(flags).expect(0).json();
    valid(&document);
    document
}

/// Fails unless the document is as its published schema says.
#[track_caller]
pub fn valid(document: &Value) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/references/schema/loadtest.v1.json"
    );
    let schema = std::fs::read_to_string(path).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = validator
        .iter_errors(document)
        .map(|fault| format!("{fault} at {}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_report_counts_what_the_server_saw() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let report = json(&sandbox, &[&server.url("/"), "--requests", "200"], 0);
    assert_eq!(
        report
            .as_object()
            .and_then(|fields| fields.keys().next())
            .map(String::as_str),
        Some("schema")
    );
    let result = &report["results"][0];
    assert_eq!(result["requests"]["completed"], 200);
    assert_eq!(result["status_codes"]["200"], 200);
    assert_eq!(server.requests(), 200);
    assert!(result["latency_ms"]["p50"].as_f64() > Some(0.0));
    // 200 answers carry a p95 and no p99.
    assert!(result["latency_ms"]["p95"].is_number());
    assert!(result["latency_ms"]["p99"].is_null());
    let findings = report["findings"].to_string();
    assert!(findings.contains("X-Content-Type-Options"), "{findings}");
    assert!(
        !report.to_string().contains("s=1"),
        "a cookie in the report"
    );
}

#[test]
fn the_human_report_leads_with_its_verdict() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    let run = sandbox
        .run(["loadtest", &url, "-c", "2", "--requests", "1200", "-q"])
        .expect(0);
    let first = run.stdout.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("✔ ") || first.starts_with("▲ "),
        "{first}"
    );
    assert!(
        first.contains("req/s, p99 ") && first.contains("no errors"),
        "{first}"
    );
    for text in [
        "closed loop, 2 connections",
        "1,200 of 1,200   200: 1,200",
        "Little's law",
    ] {
        assert!(
            run.stdout.contains(text),
            "{text} is not in\n{}",
            run.stdout
        );
    }
    assert!(!run.stdout.contains('\u{1b}'));
    let widest = run.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "{widest:?} columns\n{}", run.stdout);
}

#[test]
fn exit_codes_say_what_happened() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let run = |path: &str, flags: &[&str], code: i32| {
        let url = server.url(path);
        let arguments = ["loadtest", &url, "-c", "2", "--requests", "120", "-q"];
        sandbox.run(arguments.iter().chain(flags)).expect(code)
    };
    run("/redirect", &[], 0);
    let all_500 = run("/status/500", &[], 1);
    assert!(
        all_500
            .stdout
            .contains("not one 2xx or 3xx in 120 answers, all 500"),
        "{}",
        all_500.stdout
    );
    let url = server.url("/status/429");
    let limited = sandbox.run(["loadtest", &url, "-c", "2", "--requests", "20"]);
    let limited = limited.expect(1);
    assert!(
        limited.stderr.contains("`--expect-rate-limit`"),
        "{}",
        limited.stderr
    );
    run("/status/500", &["--expect-status", "500"], 0);
    run("/", &["--expect-status", "400"], 1);
    run("/mixed", &["--expect", "error_rate<1%"], 1);
    run(
        "/mixed",
        &["--expect", "error_rate<=20%", "--expect", "p90<30s"],
        0,
    );
    run("/garbage", &[], 1);
    let unlimited = run("/", &["--expect-rate-limit"], 1);
    assert!(
        unlimited.stdout.contains("no rate limit"),
        "{}",
        unlimited.stdout
    );
}

#[test]
fn nobody_there_is_an_environment_failure() {
    let sandbox = Sandbox::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let url = format!("http://user:s3cret@127.0.0.1:{port}/users?token=s3cret");
    let run = sandbox.run(["loadtest", &url, "-d", "1"]).expect(4);
    assert!(run.stdout.is_empty());
    assert!(run.stderr.contains("connection refused"), "{}", run.stderr);
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    let run = sandbox
        .run(["loadtest", "http://no-such-host.invalid/", "-d", "1"])
        .expect(4);
    assert!(
        run.stderr.contains("no-such-host.invalid"),
        "{}",
        run.stderr
    );
    let run = sandbox
        .run(["loadtest", "joe:s3cret@localhost:3000/users"])
        .expect(2);
    assert!(
        run.stderr
            .contains("did you mean `http://joe:***@localhost:3000/users`?"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    let run = sandbox.run(["loadtest", "htp:/x"]).expect(2);
    assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
}

#[test]
fn tls_that_fails_says_why() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start_tls());
    let run = sandbox
        .run(["loadtest", &server.url("/"), "-c", "2", "-d", "1"])
        .expect(4);
    assert!(run.stderr.contains("no TLS connection"), "{}", run.stderr);
    assert!(run.stderr.contains("signed by nobody"), "{}", run.stderr);
    assert!(run.stderr.contains("--insecure"), "{}", run.stderr);
    // A server without TLS, as most answer a handshake.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = plain.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in plain.incoming().take(1) {
            let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
            let mut stream = stream.expect("a connection");
            std::io::Write::write_all(&mut stream, answer).expect("written");
            let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
        }
    });
    let url = format!("https://{address}/");
    let run = sandbox
        .run(["loadtest", &url, "-c", "1", "-d", "1", "--insecure"])
        .expect(4);
    assert!(
        run.stderr.contains("does not speak TLS on this port"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_percentile_of_few_answers_is_judged_by_the_slowest() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/5");
    let flags = ["loadtest", &url, "-c", "2", "--requests", "50", "--expect"];
    let holds = sandbox.run(flags.iter().chain(&["p99<60s"])).expect(0);
    assert!(
        holds.stdout.contains("50 came, the slowest in "),
        "{}",
        holds.stdout
    );
    let fails = sandbox.run(flags.iter().chain(&["p99<1ms"])).expect(1);
    let words = "50 came, 50 of them slower than 1 ms";
    assert!(fails.stdout.contains(words), "{}", fails.stdout);
}

#[test]
fn a_run_of_requests_has_no_gap_after_its_end() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let report = json(&sandbox, &[&server.url("/"), "--requests", "50"], 0);
    let gap = report["results"][0]["longest_gap_ms"].as_f64();
    let elapsed = report["load"]["elapsed_s"].as_f64();
    assert!(
        gap <= elapsed.map(|seconds| seconds * 1e3 + 1.0),
        "{gap:?} in {elapsed:?}"
    );
}

#[test]
fn a_shard_of_a_closed_loop_has_its_part_of_the_connections() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let run = sandbox
        .run([
            "loadtest",
            &server.url("/"),
            "-c",
            "4",
            "--requests",
            "100",
            "--shard",
            "1/2",
        ])
        .expect(0);
    assert!(!run.stderr.contains("could be made"), "{}", run.stderr);
    assert!(
        run.stdout.contains("part 1 of 2 (2 of them)"),
        "{}",
        run.stdout
    );
}

#[test]
fn every_fault_of_the_command_line_is_said_at_once() {
    let run = Sandbox::new().run([
        "loadtest",
        "::x",
        "--header",
        "s3cret",
        "-c",
        "0",
        "-d",
        "0",
        "--expect",
        "p98<3",
        "--expect-status",
        "999",
        "--rate",
        "-1",
        "--shard",
        "3/2",
        "--timeout",
        "-3",
    ]);
    insta::assert_snapshot!(run.expect(2).transcript());
}

#[test]
fn a_heavy_load_on_a_foreign_host_is_refused() {
    let run = Sandbox::new()
        .run(["loadtest", "https://api.example.com/", "-c", "5000"])
        .expect(3);
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
}

#[test]
fn secrets_reach_the_server_and_no_output() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let secret = "s3cr3t-and-long";
    let header = format!("Authorization: Bearer {secret}");
    let url = server
        .url(&format!("/status/500?api_key={secret}"))
        .replace("//", &format!("//me:{secret}@"));
    for format in ["human", "json", "markdown", "csv", "hlog", "junit"] {
        let run = sandbox.run([
            "loadtest",
            &url,
            "-c",
            "1",
            "--requests",
            "5",
            "-H",
            &header,
            "--format",
            format,
            "-v",
        ]);
        let printed = run.expect(1);
        let text = printed.stdout + &printed.stderr;
        assert!(!text.contains(secret), "{format}: {text}");
    }
}

#[test]
fn a_baseline_is_compared_and_judged() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    // One answer takes a hundred times as long as the other, and every second has enough of both. Of
    // two seconds the spread is hardly known; of three it is, so that no load on this machine hides
    // the difference or turns it around.
    let (fast, slow) = (server.url("/delay/2"), server.url("/delay/250"));
    let measure = |url: &str, more: &[&str], code: i32| {
        let flags = ["loadtest", url, "--json", "-q", "-c", "10", "-d", "3"];
        let report = sandbox.run(flags.iter().chain(more)).expect(code).json();
        valid(&report);
        report
    };
    sandbox.write("fast.json", measure(&fast, &[], 0).to_string());
    sandbox.write("slow.json", measure(&slow, &[], 0).to_string());
    let worse = measure(&slow, &["--compare", "fast.json"], 1);
    assert_eq!(
        worse["comparison"]["verdict"], "worse",
        "{:#}",
        worse["comparison"]
    );
    let better = measure(&fast, &["--compare", "slow.json"], 0);
    assert_eq!(
        better["comparison"]["verdict"], "better",
        "{:#}",
        better["comparison"]
    );
    sandbox.write("broken.json", "{\"hello\": ");
    for file in ["broken.json", "none.json"] {
        let run = sandbox
            .run(["loadtest", &server.url("/"), "--compare", file])
            .expect(2);
        assert!(run.stderr.contains(file), "{}", run.stderr);
    }
}

#[test]
fn two_endpoints_are_compared_in_one_run() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (fast, slow) = (server.url("/delay/2"), server.url("/delay/100"));
    let report = json(&sandbox, &[&fast, &slow, "--compare", "-d", "4"], 1);
    let comparison = &report["comparison"];
    assert_eq!(comparison["verdict"], "worse", "{comparison:#}");
    assert_eq!(comparison["design"]["order"], "ABBA");
    assert_eq!(report["results"].as_array().map(Vec::len), Some(2));
    let run = sandbox.run(["loadtest", &fast, "--compare"]).expect(2);
    assert!(run.stderr.contains("second URL"), "{}", run.stderr);
}

#[test]
fn shards_add_up_exactly() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (mut due, mut completed) = (0, 0);
    for part in ["1/2", "2/2"] {
        let url = server.url("/");
        let flags = [url.as_str(), "--rate", "100", "-d", "1", "--shard", part];
        let report = json(&sandbox, &flags, 0);
        let requests = &report["results"][0]["requests"];
        due += requests["due"].as_u64().unwrap_or(0);
        completed += requests["completed"].as_u64().unwrap_or(0);
        sandbox.write(&format!("part{}.json", &part[..1]), report.to_string());
    }
    assert_eq!(due, 100);
    let merged = merged(&sandbox, &["--expect", "error_rate<1%"]);
    assert_eq!(merged["results"][0]["requests"]["completed"], completed);
    assert_eq!(merged["results"][0]["requests"]["due"], due);
    assert_eq!(merged["expectations"][0]["met"], true);
    // The same part twice is no whole.
    sandbox
        .run(["loadtest", "--merge", "part1.json", "part1.json"])
        .expect(2);
}

#[test]
fn reports_go_to_files_by_their_ending() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    for (file, opening) in [
        ("run.json", "{\n  \"schema\": \"backsmith.loadtest/v1\""),
        ("run.md", "## "),
        ("run.xml", "<?xml"),
        ("run.csv", "endpoint,second,"),
        ("run.hlog", "#"),
        ("run.html", "<!doctype html>"),
        ("run.txt", "✔ "),
    ] {
        let run = sandbox.run([
            "loadtest",
            &url,
            "-c",
            "1",
            "--requests",
            "30",
            "-q",
            "--output",
            file,
            "--report",
            "more.md",
        ]);
        assert!(run.expect(0).stdout.is_empty());
        assert!(
            sandbox.read(file).starts_with(opening),
            "{file}: {}",
            sandbox.read(file)
        );
        assert!(sandbox.read("more.md").starts_with("## "));
    }
    let run = sandbox
        .run(["loadtest", &url, "--format", "sarif"])
        .expect(2);
    assert!(run.stderr.contains("`sarif`"), "{}", run.stderr);
}

#[test]
fn the_floor_of_a_decision_is_an_expectation() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    sandbox.write(
        "decision.json",
        r#"{"schema": "backsmith.decide/v1", "recommendation": {"slo_floor":
            {"latency_ms": {"p50": 1, "p95": 60000, "p99": 60000}, "uptime_percent": 99.9}}}"#,
    );
    let flags = [
        &server.url("/delay/5"),
        "--requests",
        "100",
        "--slo",
        "decision.json",
    ];
    let report = json(&sandbox, &flags.map(|flag| flag as &str), 1);
    let met: Vec<&Value> = report["expectations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["met"])
        .collect();
    assert_eq!(met, [false, true, true, true]);
    assert_eq!(report["expectations"][3]["expression"], "error_rate<=0.1%");
    sandbox.write("other.json", "{}");
    sandbox
        .run(["loadtest", &server.url("/"), "--slo", "other.json"])
        .expect(2);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_with_a_partial_report() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (sandbox, server) = (Sandbox::new(), WebServer::start());
        let mut command = sandbox.command([
            "loadtest",
            &server.url("/delay/1"),
            "-c",
            "2",
            "-d",
            "60",
            "--json",
            "-q",
        ]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let child = command.spawn().expect("a child");
        let begun = std::time::Instant::now();
        while server.requests() < 20 {
            assert!(begun.elapsed().as_secs() < 50, "{}", server.requests());
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        kill(Pid::from_raw(child.id() as i32), signal).expect("a signal");
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(code));
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!(report["interrupted"], true);
        assert!(report["results"][0]["requests"]["completed"].as_u64() >= Some(10));
        valid(&report);
    }
}

#[test]
fn the_help_of_loadtest_leads_with_examples() {
    let run = Sandbox::new().run(["loadtest", "-h"]).expect(0);
    insta::assert_snapshot!(run.stdout);
    let long: Run = Sandbox::new().run(["loadtest", "--help"]).expect(0);
    assert!(
        long.stdout.contains("How fast can it go?"),
        "{}",
        long.stdout
    );
}
