//! `backsmith loadtest --compare baseline.json` where one of two machines was busy: waiting for a
//! processor is in the report, and is nobody's improvement.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use serde_json::{Value, json};

use crate::loadtest::{json as report, merged, valid};
use crate::sandbox::Sandbox;
use crate::web_server::WebServer;

/// Seconds, and answers in each.
const SECONDS: u64 = 5;
const ANSWERS: u64 = 1_000;

fn histogram(milliseconds: f64, number: u64) -> Value {
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 1 << 24, 3).expect("bounds");
    histogram.auto(true);
    let value = (milliseconds * 1e6) as u64;
    histogram.record_n(value, number).expect("it grows");
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    serializer
        .serialize(&histogram, &mut bytes)
        .expect("a histogram");
    STANDARD.encode(bytes).into()
}

/// The report of a run whose answers took this long, on a machine that kept its threads waiting.
/// `None`: as earlier versions wrote it.
fn run_of(template: &Value, milliseconds: f64, waited: Option<f64>) -> Value {
    let mut run = template.clone();
    let result = &mut run["results"][0];
    result["requests"]["completed"] = (SECONDS * ANSWERS).into();
    result["status_codes"] = json!({"200": SECONDS * ANSWERS});
    result["histogram"] = histogram(milliseconds, SECONDS * ANSWERS);
    let series = result["series"].as_object_mut().expect("a series");
    // Seconds of a shard have histograms.
    series.remove("histograms");
    for name in ["completed", "failed", "errors"] {
        let value = if name == "completed" { ANSWERS } else { 0 };
        series[name] = json!(vec![value; SECONDS as usize]);
    }
    for name in ["p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"] {
        // No two seconds are the same.
        let drifting = (0..SECONDS).map(|second| milliseconds * (1.0 + second as f64 * 0.001));
        series[name] = drifting.collect();
    }
    run["load"]["elapsed_s"] = json!(SECONDS as f64);
    run["load"]["shard"] = json!("1/1");
    let client = run["client"].as_object_mut().expect("a client");
    client.remove("processor_wait_ms");
    client.remove("processor_wait_histogram");
    if let Some(waited) = waited {
        let text = histogram(waited, 100);
        client.insert("processor_wait_histogram".to_owned(), text);
    }
    run
}

#[test]
fn what_either_machine_waited_is_no_difference_of_the_server() {
    const THEN: &str = "the baseline's machine was busy";
    const NOW: &str = "this machine was busy";
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let template = report(&sandbox, &[&server.url("/"), "-d", "200ms"], 0);
    assert!(template["client"]["processor_wait_histogram"].is_string());
    assert!(template["client"]["processor_wait_ms"]["p99"].is_number());
    // One run is a sum, too: nothing has to be measured for a comparison.
    let judged = |before: (f64, Option<f64>), now: (f64, Option<f64>), code: i32| {
        sandbox.write(
            "before.json",
            run_of(&template, before.0, before.1).to_string(),
        );
        sandbox.write("now.json", run_of(&template, now.0, now.1).to_string());
        let flags = ["--compare", "before.json", "--json", "-q"];
        let common = ["loadtest", "--merge", "now.json"];
        let document = sandbox.run(common.iter().chain(&flags)).expect(code).json();
        valid(&document);
        let remarks = document["warnings"].to_string();
        let verdict = document["comparison"]["verdict"]
            .as_str()
            .map(str::to_owned);
        (verdict.expect("a verdict"), remarks)
    };
    for (before, now, wanted, said) in [
        // Of earlier versions, and of an idle machine.
        ((15.0, None), (10.0, None), "better", [false, false]),
        ((10.0, None), (15.0, None), "worse", [false, false]),
        (
            (15.0, Some(0.001)),
            (10.0, Some(0.001)),
            "better",
            [false, false],
        ),
        (
            (15.0, Some(6.0)),
            (10.0, None),
            "cannot-tell",
            [true, false],
        ),
        (
            (15.0, Some(6.0)),
            (10.0, Some(6.0)),
            "cannot-tell",
            [true, true],
        ),
        (
            (10.0, None),
            (15.0, Some(6.0)),
            "cannot-tell",
            [false, true],
        ),
        // More than waiting explains, and in the other direction.
        ((100.0, Some(6.0)), (10.0, None), "better", [true, false]),
        ((10.0, Some(6.0)), (15.0, None), "worse", [true, false]),
    ] {
        let code = i32::from(wanted == "worse");
        let (verdict, remarks) = judged(before, now, code);
        assert_eq!(verdict, wanted, "{before:?} and {now:?}");
        let found = [THEN, NOW].map(|text| remarks.contains(text));
        assert_eq!(found, said, "{before:?} and {now:?}: {remarks}");
    }
    // What is no histogram is no report.
    let mut broken = template.clone();
    broken["client"]["processor_wait_histogram"] = json!("none");
    sandbox.write("before.json", broken.to_string());
    let common = [
        "loadtest",
        "--merge",
        "now.json",
        "--compare",
        "before.json",
    ];
    let said = sandbox.run(common).expect(2).stderr;
    assert!(said.contains("its histogram cannot be read"), "{said}");
}

#[test]
fn a_sum_waited_as_often_as_its_parts() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let template = report(&sandbox, &[&server.url("/"), "-d", "200ms"], 0);
    for (part, waited) in [(1, 5.0), (2, 40.0)] {
        let mut shard = run_of(&template, 10.0, Some(waited));
        shard["load"]["shard"] = json!(format!("{part}/2"));
        sandbox.write(&format!("part{part}.json"), shard.to_string());
    }
    let sum = merged(&sandbox, &[]);
    let text = sum["client"]["processor_wait_histogram"].as_str();
    let bytes = STANDARD.decode(text.expect("a histogram")).expect("base64");
    let read: Histogram<u64> = Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .expect("a histogram");
    let counts = [4_000_000, 6_000_000, 50_000_000].map(|value| read.count_between(0, value));
    assert_eq!(counts, [0, 100, 200]);
}
