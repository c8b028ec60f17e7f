//! `loadtest` with stages, and in shards on several machines: schedules, reports and exact sums.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde_json::{Value, json};

use crate::loadtest::{json as report, valid};
use crate::sandbox::{Sandbox, unbroken};
use crate::web_server::WebServer;

#[test]
fn stages_are_one_schedule_and_reported_one_by_one() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    // The last one leaves time for answers that come late.
    let stages = "500ms:40,300ms:0,700ms:100..200,2s:0";
    let run = report(&sandbox, &[&url, "--stages", stages], 0);
    // The integral: 20, then nothing, then 150 x 0.7.
    assert_eq!(run["results"][0]["requests"]["due"], 125);
    assert_eq!(run["load"]["loop"], "open");
    assert_eq!(run["load"]["duration_s"], 3.5);
    assert_eq!(run["load"]["stages"][2]["rate_to"], 200.0);
    let stages = run["results"][0]["stages"].as_array().expect("stages");
    let due: Vec<&Value> = stages.iter().map(|stage| &stage["due"]).collect();
    assert_eq!(due, [20, 0, 105, 0]);
    for stage in stages {
        let count = |name: &str| stage[name].as_u64().expect("a count");
        assert_eq!(
            count("due"),
            count("completed") + count("failed") + count("open_at_end") + count("unsent")
        );
    }
    let answered: u64 = stages
        .iter()
        .filter_map(|stage| stage["answered"].as_u64())
        .sum();
    // Answers after the end came in no stage.
    let completed = run["results"][0]["requests"]["completed"].as_u64();
    let completed = completed.expect("a count");
    assert!(
        answered <= completed && answered * 2 > completed,
        "{answered} of {completed}"
    );
    let before = server.requests();
    assert_eq!(stages[0]["asked_rate"], 40.0);
    // The warm-up runs before them at their first rate.
    let flags = [&url, "--stages", "500ms:40", "--warmup", "500ms"];
    let warm = report(&sandbox, &flags, 0);
    assert_eq!(warm["results"][0]["requests"]["due"], 20);
    let count = |path: &str| warm["results"][0].pointer(path).and_then(Value::as_u64);
    let warmed = count("/warmup/completed").expect("a count");
    assert!((1..=20).contains(&warmed), "{warmed}");
    let sent = count("/requests/sent").expect("a count");
    assert_eq!(server.requests() - before, warmed + sent);
}

#[test]
fn a_stage_that_is_not_reached_says_so() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/50");
    // The first stage is so long that a busy machine keeps back a small part of it.
    let flags = [&url, "--stages", "1500ms:10,500ms:400"];
    let run = report(&sandbox, &flags, 0);
    let stages = run["results"][0]["stages"].as_array().expect("stages");
    // Two connections at 50 ms a request reach 40 a second.
    assert_eq!(stages[1]["due"], 200);
    assert!(stages[1]["unsent"].as_u64() > Some(100), "{:#}", stages[1]);
    assert!(
        stages[1]["reached_rate"].as_f64() < Some(60.0),
        "{:#}",
        stages[1]
    );
    assert_eq!(stages[0]["unsent"], 0);
    for format in ["human", "markdown"] {
        let common = ["loadtest", "-q", "-c", "2", "--format", format];
        let shown = sandbox.run(common.iter().chain(&flags.map(|flag| flag as &str)));
        let shown = shown.expect(0).stdout;
        assert!(shown.contains("; stage 2 reached "), "{shown}");
        assert!(shown.contains(" of 400 req/s"), "{shown}");
        assert!(shown.contains("reached"), "{shown}");
        assert!(shown.contains("unsent"), "{shown}");
    }
}

#[test]
fn faults_of_shapes_have_their_place() {
    let sandbox = Sandbox::new();
    let run = sandbox.run([
        "loadtest",
        "http://127.0.0.1:9/",
        "--stages",
        "10s:100,5s:x,7s,1s:1..",
        "--shards",
        "4",
        "--start-at",
        "2020-01-01T00:00:00Z",
    ]);
    let run = run.expect(2);
    let filtered = run.stderr.lines().map(|line| {
        // How long ago that was changes with the day.
        match line.split_once("it is ") {
            Some((before, _)) => format!("{before}it is TIME"),
            None => line.to_owned(),
        }
    });
    insta::assert_snapshot!(filtered.collect::<Vec<_>>().join("\n"));
    for (flags, text) in [
        (vec!["--stages", "1s:1", "--rate", "5"], "cannot be used"),
        (vec!["--stages", "1s:0"], "nothing is due"),
        (vec!["--shards", "0"], "--shards"),
        (vec!["--wait", "5"], "`--wait` is for `--merge`"),
    ] {
        let common = ["loadtest", "http://127.0.0.1:9/"];
        let run = sandbox.run(common.iter().chain(&flags)).expect(2);
        assert!(run.stderr.contains(text), "{flags:?}: {}", run.stderr);
    }
}

#[test]
fn a_heavy_stage_against_a_foreign_host_is_asked_about() {
    let sandbox = Sandbox::new();
    let url = "http://198.51.100.7/";
    let run = sandbox.run(["loadtest", url, "--stages", "1s:10,1s:20000"]);
    let run = run.expect(3);
    assert!(
        run.stderr.contains("20,000 requests a second"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("--yes"), "{}", run.stderr);
}

#[test]
fn shards_take_their_number_from_the_job_and_start_together() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // Time enough for a busy machine to start two processes.
    let start = since.expect("a clock") + Duration::from_secs(5);
    let start_at = format!("{}.{:03}", start.as_secs(), start.subsec_millis());
    let children: Vec<std::process::Child> = (0..2)
        .map(|index| {
            let output = format!("part{index}.json");
            let mut command = sandbox.command([
                "loadtest",
                &server.url("/"),
                "--stages",
                "500ms:40,500ms:100",
                "-c",
                "2",
                "--shards",
                "2",
                "--start-at",
                &start_at,
                "--output",
                &output,
            ]);
            command.env("JOB_COMPLETION_INDEX", index.to_string());
            command.stderr(std::process::Stdio::null());
            command.spawn().expect("a child")
        })
        .collect();
    // The merge waits for the files as they come.
    let merge = [
        "loadtest",
        "--merge",
        "part0.json",
        "part1.json",
        "--wait",
        "60s",
        "--json",
        "--expect",
        "error_rate<1%",
    ];
    let merged = sandbox.run(merge).expect(0).json();
    for mut child in children {
        assert!(child.wait().expect("an end").success());
    }
    valid(&merged);
    assert_eq!(merged["results"][0]["requests"]["due"], 70);
    let due: Vec<&Value> = merged["results"][0]["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .map(|stage| &stage["due"])
        .collect();
    assert_eq!(due, [20, 50]);
    let parts = ["part0.json", "part1.json"].map(|file| {
        let part: Value = serde_json::from_str(&sandbox.read(file)).expect("JSON");
        valid(&part);
        let began = part["started_unix_ms"].as_u64().expect("an instant");
        assert!(u128::from(began) + 2 >= start.as_millis(), "{began}");
        part
    });
    assert_eq!(parts[0]["load"]["shard"], "1/2");
    assert_eq!(parts[1]["load"]["shard"], "2/2");
    // Every second of the sum has the percentiles of all its answers.
    let p50 = &merged["results"][0]["series"]["p50_ms"];
    assert!(p50[0].is_number(), "{p50}");
}

fn decode(text: &Value) -> Histogram<u64> {
    let bytes = STANDARD
        .decode(text.as_str().expect("text"))
        .expect("base64");
    let mut bytes = bytes.as_slice();
    Deserializer::new()
        .deserialize(&mut bytes)
        .expect("a histogram")
}

fn encode(histogram: &Histogram<u64>) -> Value {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("memory takes all");
    Value::String(STANDARD.encode(bytes))
}

const PARTS: u64 = 3;

/// The part's share of a count; the parts add up to it.
fn share(count: u64, part: u64) -> u64 {
    count / PARTS + u64::from(part < count % PARTS)
}

/// The part's share of every cell. Which part gets the odd one changes from cell to cell.
fn share_of_histogram(text: &Value, part: u64) -> Value {
    let whole = decode(text);
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 1 << 24, 3).expect("bounds");
    histogram.auto(true);
    for (index, cell) in whole.iter_recorded().enumerate() {
        let mine = share(
            cell.count_since_last_iteration(),
            (part + index as u64) % PARTS,
        );
        histogram
            .record_n(cell.value_iterated_to(), mine)
            .expect("it grows");
    }
    encode(&histogram)
}

/// One shard of a report, with a third of every count in it.
fn part_of(whole: &Value, part: u64) -> Value {
    fn walk(value: &mut Value, part: u64) {
        match value {
            Value::Number(number) => {
                if let Some(count) = number.as_u64() {
                    *value = share(count, part).into();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| walk(value, part)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match name.as_str() {
                        "histogram" | "service_histogram" => {
                            *value = share_of_histogram(value, part);
                        }
                        "histograms" => {
                            let texts = value.as_array_mut().expect("a list");
                            for text in texts {
                                *text = share_of_histogram(text, part);
                            }
                        }
                        "interval_s" => {}
                        _ => walk(value, part),
                    }
                }
            }
            _ => {}
        }
    }
    let mut shard = whole.clone();
    walk(&mut shard["results"], part);
    let lag = &mut shard["client"]["schedule_lag_histogram"];
    *lag = share_of_histogram(&lag.clone(), part);
    shard["load"]["shard"] = json!(format!("{}/{PARTS}", part + 1));
    shard
}

#[test]
fn the_sum_of_shards_is_the_single_run() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    // Every tenth answer is a 500, so statuses and errors have to add up as well.
    let url = server.url("/mixed");
    let flags = [&url, "--stages", "1s:300,1s:400", "--shard", "1/1"];
    let single = report(&sandbox, &flags.map(|flag| flag as &str), 0);
    let files: Vec<String> = (0..PARTS)
        .map(|part| {
            let file = format!("shard-{part}.json");
            sandbox.write(&file, part_of(&single, part).to_string());
            file
        })
        .collect();
    let merge = |files: &[String]| {
        let mut arguments = vec!["loadtest".to_owned(), "--merge".to_owned()];
        arguments.extend_from_slice(files);
        arguments.extend(["--json", "-q"].map(str::to_owned));
        sandbox.run(arguments)
    };
    let merged = merge(&files).expect(0).json();
    valid(&merged);
    let (mine, theirs) = (&merged["results"][0], &single["results"][0]);
    for field in [
        "requests",
        "requests_per_second",
        "status_codes",
        "latency_ms",
        "service_time_ms",
        "error_rate",
        "bytes",
        "histogram",
        "service_histogram",
        "stages",
        "in_flight_mean",
    ] {
        assert!(!theirs[field].is_null(), "{field}");
        assert_eq!(mine[field], theirs[field], "{field}");
    }
    assert!(single["client"]["schedule_lag_histogram"].is_string());
    let series = theirs["series"].as_object().expect("a series");
    assert!(series.len() > 3, "{series:?}");
    for (name, seconds) in series {
        if name != "histograms" {
            assert_eq!(&mine["series"][name], seconds, "{name}");
        }
    }
    assert_eq!(
        merged["client"]["schedule_lag_histogram"],
        single["client"]["schedule_lag_histogram"]
    );
    // In any order, and to the byte.
    let reversed: Vec<String> = files.iter().rev().cloned().collect();
    assert_eq!(
        merge(&reversed).expect(0).json()["results"],
        merged["results"]
    );
}

#[test]
fn what_does_not_belong_together_is_not_added_up() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/");
    let flags = [&url, "--rate", "100", "-d", "1", "--shard", "1/2"];
    let first = report(&sandbox, &flags.map(|flag| flag as &str), 0);
    sandbox.write("first.json", first.to_string());
    let mut second = first.clone();
    second["load"]["shard"] = json!("2/2");
    sandbox.write("second.json", second.to_string());
    let merge = |files: &[&str], code: i32| {
        let common = ["loadtest", "--merge"];
        sandbox.run(common.iter().chain(files)).expect(code).stderr
    };
    merge(&["first.json", "second.json", "-q"], 0);
    let said = merge(&["first.json"], 2);
    assert!(said.contains("1 of 2 shards is missing: 2/2"), "{said}");
    let said = merge(&["first.json", "first.json", "second.json"], 2);
    assert!(said.contains("are the same shard, 1/2"), "{said}");
    for (path, value, text) in [
        (
            "/load/shard",
            json!("2/3"),
            "one is a part of 2 and the other of 3",
        ),
        (
            "/load/shard",
            Value::Null,
            "one is a shard and the other a whole run",
        ),
        ("/load/rate", json!(50.0), "another rate"),
        ("/load/rate", Value::Null, "another loop"),
        ("/load/duration_s", json!(9.0), "another duration"),
        ("/load/warmup_s", json!(9.0), "another warm-up"),
        ("/load/timeout_s", json!(9.0), "another time-out"),
        ("/load/concurrency", json!(9), "another concurrency"),
        (
            "/results/0/url",
            json!("http://elsewhere/"),
            "another endpoint",
        ),
        ("/results/0/engine", json!("http2"), "another engine"),
        ("/tool/version", json!("9.9.9"), "and 9.9.9"),
    ] {
        let mut other = second.clone();
        *other.pointer_mut(path).expect(path) = value;
        sandbox.write("other.json", other.to_string());
        let said = merge(&["first.json", "other.json"], 2);
        assert!(said.contains("do not belong together"), "{said}");
        assert!(said.contains(text), "{path}: {said}");
        assert!(said.contains("nothing was merged"), "{said}");
    }
    // A file that never comes is the environment's fault.
    let said = merge(&["first.json", "never.json", "--wait", "300ms"], 4);
    assert!(said.contains("never.json"), "{said}");
}

#[test]
fn a_baseline_of_another_version_place_or_load_is_named() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (url, other) = (server.url("/"), server.url("/bytes/1"));
    let short = ["-d", "300ms"];
    let before = report(&sandbox, &[&[url.as_str()], &short[..]].concat(), 0);
    sandbox.write("base.json", before.to_string());
    for (schema, wanted) in [
        (
            "backsmith.loadtest/v9",
            "it is a `backsmith.loadtest/v9`, and this program reads `backsmith.loadtest/v1`",
        ),
        ("backsmith.decide/v1", "it is a `backsmith.decide/v1`"),
        (
            "elsewhere/v1",
            "it is no report of `backsmith loadtest --json`",
        ),
    ] {
        let mut document = before.clone();
        document["schema"] = json!(schema);
        sandbox.write("other.json", document.to_string());
        let common = ["loadtest", &url, "--compare", "other.json"];
        let said = sandbox.run(common).expect(2).stderr;
        assert!(said.contains(wanted), "{said}");
        let said = sandbox
            .run(["loadtest", "--merge", "other.json", "base.json"])
            .expect(2)
            .stderr;
        assert!(
            said.contains("`other.json` is no report to merge"),
            "{said}"
        );
    }
    let remarks = |arguments: &[&str]| {
        let common = ["loadtest", "--compare", "base.json", "-d", "300ms"];
        sandbox.run(common.iter().chain(arguments)).stdout
    };
    let said = remarks(&[&other, "-c", "3", "-m", "PUT"]);
    assert!(
        said.contains(&format!("measured at another place: GET {url}.")),
        "{said}"
    );
    assert!(
        said.contains("measured with 2 connections, now 3."),
        "{said}"
    );
    // The port is another one in each run of a test.
    let elsewhere = WebServer::start();
    let said = remarks(&[&elsewhere.url("/"), "-c", "2"]);
    assert!(!said.contains("the baseline was measured"), "{said}");
}

#[test]
fn advice_is_for_runs_that_carry_it() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let run = |arguments: &[&str]| sandbox.run(["loadtest"].iter().chain(arguments)).expect(0);
    // Of one answer nothing follows, and one request needs one connection.
    let one = run(&[&server.url("/"), "--requests", "1"]);
    assert!(!one.stdout.contains("reading it"), "{}", one.stdout);
    assert!(
        one.stdout.contains("closed loop, 1 connection,"),
        "{}",
        one.stdout
    );
    // Every tenth answer of this one is an error.
    let mixed = run(&[&server.url("/mixed"), "--requests", "400", "-c", "2"]);
    assert!(
        mixed.stdout.contains("of the requests are errors"),
        "{}",
        mixed.stdout
    );
    assert!(!mixed.stdout.contains("scaling  "), "{}", mixed.stdout);
    let single = run(&[&server.url("/"), "--requests", "200", "-c", "1"]);
    assert!(
        unbroken(&single.stdout).contains("with 1 request in flight"),
        "{}",
        single.stdout
    );
}

#[test]
fn an_open_loop_whose_connections_are_all_busy_says_how_many_it_takes() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/100");
    let run = sandbox
        .run(["loadtest", &url, "--rate", "200", "-c", "2", "-d", "1"])
        .expect(0);
    assert!(run.stdout.contains(" of 200 req/s"), "{}", run.stdout);
    assert!(
        run.stdout.contains("both connections were busy"),
        "{}",
        run.stdout
    );
    // 200 a second, each 100 ms or a little more, and a fifth more than that.
    let hint = run.stderr.split("`--concurrency ").nth(1).expect("a hint");
    let wanted: u64 = hint
        .split('`')
        .next()
        .and_then(|text| text.parse().ok())
        .expect("a number");
    assert!((24..60).contains(&wanted), "{}", run.stderr);
}
