//! Loads that Ctrl-C ends, in each of their phases: the exit code is 130, and what was seen by then is
//! in the report.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::loadtest::valid;
use crate::migration::{finish, interrupt, start};
use crate::sandbox::{Run, Sandbox, unbroken};
use crate::web_server::WebServer;

/// A load that would take a minute, stopped once the servers have had this many requests each. The
/// page is on standard output, the document in `report.json`.
fn stopped(sandbox: &Sandbox, flags: &[&str], servers: &[&WebServer], requests: u64) -> Run {
    let common = ["loadtest", "-d", "60", "--report", "report.json"];
    let child = start(sandbox.command(common.iter().chain(flags)));
    until(|| servers.iter().all(|server| server.requests() >= requests));
    interrupt(&child);
    finish(child).expect(130)
}

#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never comes");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The report of a stopped run.
#[track_caller]
fn report(sandbox: &Sandbox) -> Value {
    let report: Value = serde_json::from_str(&sandbox.read("report.json")).expect("JSON");
    valid(&report);
    assert_eq!(report["interrupted"], true);
    report
}

fn count(value: &Value, path: &str) -> u64 {
    let found = value.pointer(path).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no {path} in {value:#}"))
}

/// Every request that was sent is in one of the counts.
#[track_caller]
fn adds_up(result: &Value) {
    let of = |name: &str| count(result, &format!("/requests/{name}"));
    assert_eq!(
        of("sent"),
        of("completed") + of("failed") + of("open_at_end"),
        "{result:#}"
    );
}

#[test]
fn a_warm_up_that_is_stopped_measured_nothing() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/1");
    let flags = [url.as_str(), "-c", "2", "--warmup", "60"];
    let run = stopped(&sandbox, &flags, &[&server], 20);
    let said = unbroken(&run.stdout);
    let warmed = count(&report(&sandbox)["results"][0], "/warmup/completed");
    assert!(warmed >= 10, "{warmed}");
    let headline =
        format!("interrupted in the warm-up, after {warmed} answers; nothing was measured");
    assert!(said.contains(&headline), "{headline}: {}", run.stdout);
    let report = report(&sandbox);
    assert_eq!(count(&report["results"][0], "/requests/completed"), 0);
    assert_eq!(count(&report["results"][0], "/requests/sent"), 0);
}

#[test]
fn a_load_that_is_stopped_reports_what_it_measured() {
    for (path, flags, requests, wanted) in [
        ("/delay/1", &["-c", "2"][..], 60, " req/s"),
        ("/delay/1", &["-c", "2", "--rate", "100"], 60, " req/s"),
        ("/delay/1", &["-c", "2", "--cookies"], 60, " req/s"),
        ("/hang", &["-c", "2"], 2, "not one answer yet"),
        (
            "/delay/1",
            &["-c", "2", "--expect-rate-limit"],
            60,
            "no 429 in ",
        ),
    ] {
        let (sandbox, server) = (Sandbox::new(), WebServer::start());
        let url = server.url(path);
        let run = stopped(
            &sandbox,
            &[&[url.as_str()], flags].concat(),
            &[&server],
            requests,
        );
        let said = unbroken(&run.stdout);
        let headline = said.split_once("interrupted after ").expect(&run.stdout).1;
        let (progress, figures) = headline.split_once(": ").expect(&run.stdout);
        assert!(progress.ends_with(" of 60.0 s"), "{}", run.stdout);
        assert!(figures.contains(wanted), "{wanted}: {}", run.stdout);
        let result = &report(&sandbox)["results"][0];
        adds_up(result);
        if path == "/hang" {
            assert_eq!(count(result, "/requests/completed"), 0);
            assert_eq!(count(result, "/requests/open_at_end"), 2);
        } else {
            assert!(count(result, "/requests/completed") >= 50, "{result:#}");
        }
    }
}

#[test]
fn a_comparison_that_is_stopped_has_figures_of_both() {
    let sandbox = Sandbox::new();
    let (a, b) = (WebServer::start(), WebServer::start());
    let (first, second) = (a.url("/delay/1"), b.url("/delay/1"));
    let flags = [first.as_str(), &second, "--compare", "-c", "2"];
    let run = stopped(&sandbox, &flags, &[&a, &b], 20);
    let said = unbroken(&run.stdout);
    let headline = said.split_once("interrupted after ").expect(&run.stdout).1;
    let (_, figures) = headline.split_once(": A ").expect(&run.stdout);
    assert!(figures.contains("; B "), "{}", run.stdout);
    let report = report(&sandbox);
    for result in report["results"].as_array().expect("two") {
        adds_up(result);
        assert!(count(result, "/requests/completed") > 0, "{result:#}");
    }
}

#[test]
fn a_run_that_is_stopped_while_it_waits_for_its_start_sends_nothing() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    let at = now.expect("a clock").as_secs() + 3_600;
    let flags = [&server.url("/"), "--start-at", &at.to_string()];
    let child = start(sandbox.command(["loadtest"].iter().chain(&flags.map(|flag| flag as &str))));
    let run = stopped_at("for the start", child);
    let words = "interrupted before the first request";
    assert!(run.stdout.contains(words), "{}", run.stdout);
    assert_eq!(server.requests(), 0);
}

/// Stops a run that says this on standard error.
#[track_caller]
fn stopped_at(words: &str, mut child: Child) -> Run {
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut said = lines.by_ref().map_while(Result::ok);
    assert!(said.any(|line| line.contains(words)), "never: {words}");
    interrupt(&child);
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let run = finish(child).expect(130);
    let stderr = rest.join("\n");
    Run { stderr, ..run }
}

#[test]
fn a_search_that_is_stopped_says_what_held_by_then() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    // Its first step is of a few requests, which every machine carries.
    let url = server.url("/delay/300");
    let search = |duration: &str| {
        let flags = [
            "loadtest",
            &url,
            "--find-capacity",
            "-c",
            "4",
            "-d",
            duration,
        ];
        let more = ["--expect", "p99<30s", "--report", "report.json"];
        start(sandbox.command(flags.iter().chain(&more)))
    };
    let run = stopped_at(" holds", search("2"));
    let headline = unbroken(&run.stdout);
    assert!(
        headline.contains("interrupted after ") && headline.contains(" req/s held at p99 < "),
        "{}",
        run.stdout
    );
    let report = report(&sandbox);
    assert_eq!(report["capacity"]["limit"], "interrupted");
    assert_eq!(report["load"]["rate"], report["capacity"]["highest_rate"]);
    adds_up(&report["results"][0]);
    // Nothing was tried yet in the middle of the first step.
    let run = stopped_at("from a quarter of that", search("8"));
    let words = "stopped before the first step was over";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

/// The second operation is one that never answers.
const DOCUMENT: &str = r#"
openapi: 3.0.3
info: { title: Three, version: "1" }
paths:
  /bytes/2: { get: { operationId: quick, responses: { "200": { description: Yes. } } } }
  /hang: { get: { operationId: silent, responses: { "200": { description: Yes. } } } }
  /bytes/3: { get: { operationId: last, responses: { "200": { description: Yes. } } } }
"#;

#[test]
fn a_check_that_is_stopped_shows_the_operations_that_answered() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    sandbox.write("three.yaml", DOCUMENT);
    let url = server.url("");
    let common = ["loadtest", &url, "--spec", "three.yaml", "-d", "60"];
    let child = start(sandbox.command(common.iter().chain(&["--report", "report.json"])));
    until(|| server.seen().iter().any(|seen| seen.path == "/hang"));
    interrupt(&child);
    let run = finish(child).expect(130);
    let words = "stopped while the operations were checked";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    assert!(unbroken(&run.stdout).contains(words), "{}", run.stdout);
    let report = report(&sandbox);
    let operations = report["description"]["operations"]
        .as_array()
        .expect("a list");
    let names: Vec<&Value> = operations.iter().map(|found| &found["name"]).collect();
    assert_eq!(names, ["quick"]);
    assert_eq!(operations[0]["status_codes"]["200"], 1, "{operations:#?}");
    assert_eq!(report["results"], Value::Array(Vec::new()));
    assert!(!server.seen().iter().any(|seen| seen.path == "/bytes/3"));
}

#[test]
fn shards_that_are_stopped_add_up_and_say_so() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/1");
    let mut completed = 0;
    for (shard, file) in [("1/2", "part1.json"), ("2/2", "part2.json")] {
        let flags = [url.as_str(), "-c", "4", "--shard", shard];
        stopped(&sandbox, &flags, &[&server], server.requests() + 40);
        let part = report(&sandbox);
        assert_eq!(part["load"]["shard"], shard);
        adds_up(&part["results"][0]);
        completed += count(&part["results"][0], "/requests/completed");
        sandbox.write(file, part.to_string());
    }
    let merge = ["loadtest", "--merge", "part1.json", "part2.json"];
    let run = sandbox.run(merge.iter().chain(&["--report", "report.json"]));
    let shown = run.expect(0).stdout;
    assert!(shown.contains("interrupted after "), "{shown}");
    let whole = report(&sandbox);
    assert_eq!(
        count(&whole["results"][0], "/requests/completed"),
        completed
    );
}
