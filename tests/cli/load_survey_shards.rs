//! `backsmith loadtest --merge` of shards that each checked a description: one check, in which the
//! same thing is said once.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::loadtest::valid;
use crate::loadtest_spec::{SHOP, Server, TWO, careless};
use crate::sandbox::{Run, Sandbox};

/// A report of one half of a load.
fn half(sandbox: &Sandbox, url: &str, flags: &[&str]) -> Value {
    let common = ["loadtest", url, "--spec", "api.yaml", "--json", "-q"];
    let load = ["-c", "2", "--requests", "80"];
    let run = sandbox.run(common.iter().chain(&load).chain(flags));
    let report = run.expect(1).json();
    valid(&report);
    report
}

fn merge(sandbox: &Sandbox, parts: [&Value; 2], flags: &[&str]) -> Run {
    for (number, part) in parts.into_iter().enumerate() {
        sandbox.write(&format!("part{}.json", number + 1), part.to_string());
    }
    let common = ["loadtest", "--merge", "part1.json", "part2.json"];
    sandbox.run(common.iter().chain(flags))
}

fn summed(sandbox: &Sandbox, parts: [&Value; 2], code: i32) -> Value {
    let report = merge(sandbox, parts, &["--json", "-q"]).expect(code).json();
    valid(&report);
    report
}

/// Findings with a place in the description, as `code pointer message`.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let mut lines: Vec<String> = findings
        .filter(|finding| finding["pointer"].is_string())
        .map(|finding| {
            ["code", "pointer", "message"]
                .map(|key| text(finding, key))
                .join(" ")
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn the_checks_of_shards_are_one() {
    let (sandbox, server) = (Sandbox::new(), careless());
    sandbox.write("api.yaml", SHOP);
    let parts = ["1/2", "2/2"].map(|shard| {
        let flags = ["--invalid", "--shard", shard];
        half(&sandbox, &server.url(), &flags)
    });
    let sum = summed(&sandbox, [&parts[0], &parts[1]], 1);
    assert_eq!(sum["verdict"], "failed");
    assert!(findings(&sum).len() > 8, "{:#?}", findings(&sum));
    assert_eq!(findings(&sum), findings(&parts[0]));
    let (mine, theirs) = (&sum["description"], &parts[0]["description"]);
    assert_eq!(mine["agrees"], false);
    for field in ["document", "title", "version", "seed", "left_out"] {
        assert_eq!(mine[field], theirs[field], "{field}");
    }
    let operations = |part: &Value| part["operations"].as_array().cloned().expect("a list");
    let pairs = operations(mine).into_iter().zip(operations(theirs));
    for (mine, theirs) in pairs {
        let fields = [
            "name",
            "method",
            "path",
            "pointer",
            "invalid",
            "invalid_not_sent",
        ];
        for field in fields {
            assert_eq!(mine[field], theirs[field], "{field}");
        }
        let sorted = |operation: &Value| {
            let objections = operation["objections"].as_array().expect("a list");
            let mut objections: Vec<String> = objections.iter().map(Value::to_string).collect();
            objections.sort();
            objections
        };
        assert_eq!(sorted(&mine), sorted(&theirs));
        for (status, number) in theirs["status_codes"].as_object().expect("statuses") {
            let both = number.as_u64().map(|number| number * 2);
            assert_eq!(mine["status_codes"][status].as_u64(), both, "{status}");
        }
    }
    let shown = merge(&sandbox, [&parts[0], &parts[1]], &[])
        .expect(1)
        .stdout;
    assert!(
        shown.contains("4 of 5 operations do not keep api.yaml"),
        "{shown}"
    );
    // What one part met and the other did not is there all the same.
    let mut other = parts[1].clone();
    let tried = other
        .pointer_mut("/description/operations/1/invalid/0/status")
        .expect("an attempt");
    assert_eq!(*tried, 200);
    *tried = json!(503);
    let sum = summed(&sandbox, [&parts[0], &other], 1);
    let more: Vec<String> = findings(&sum)
        .into_iter()
        .filter(|line| !findings(&parts[0]).contains(line) && line.contains("5xx"))
        .collect();
    assert_eq!(more.len(), 1, "{more:#?}");
    assert!(
        more[0].contains("`listOrders` answers 5xx to 1 of"),
        "{more:#?}"
    );
}

#[test]
fn what_only_the_load_met_is_added_up() {
    let sandbox = Sandbox::new();
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |line, _| {
        let is_late = line == "GET /orders" && asked.fetch_add(1, Ordering::Relaxed) > 10;
        (
            if is_late { 418 } else { 200 },
            "application/json",
            "[]".to_owned(),
        )
    });
    sandbox.write("api.yaml", TWO);
    let first = half(&sandbox, &server.url(), &["--shard", "1/2"]);
    let mut second = first.clone();
    second["load"]["shard"] = json!("2/2");
    let met = |report: &Value| {
        let met = &report["description"]["operations"][0]["undocumented_under_load"];
        met["418"].as_u64().expect("a number")
    };
    let times = met(&first);
    assert!(times > 2);
    let sum = summed(&sandbox, [&first, &second], 1);
    assert_eq!(met(&sum), times * 2);
    let told = |times: u64| {
        let text = "`listOrders` answered 418 under load";
        format!(
            "undocumented-status /paths/~1orders/get/responses {text} ({times} times), and the document \
             does not know it"
        )
    };
    assert_eq!(findings(&first), [told(times)]);
    assert_eq!(findings(&sum), [told(times * 2)]);
}

#[test]
fn what_cannot_be_added_up_is_named() {
    const LEFT_OUT: &str =
        "the check of the description is left out: 1 of 2 parts can be added up.";
    const QUERIES: &str = "what the database was asked is left out";
    let (sandbox, server) = (Sandbox::new(), careless());
    sandbox.write("api.yaml", SHOP);
    let first = half(&sandbox, &server.url(), &["--shard", "1/2"]);
    let mut second = first.clone();
    second["load"]["shard"] = json!("2/2");
    let edited = |pointer: &str, field: &str, value: Value| {
        let mut other = second.clone();
        let place = other.pointer_mut(pointer).expect(pointer);
        place[field] = value;
        other
    };
    let remarks = |other: &Value| {
        let report = merge(&sandbox, [&first, other], &["--json", "-q"]).json();
        let is_there = report["description"].is_object();
        (report["warnings"].to_string(), is_there)
    };
    let (told, is_there) = remarks(&second);
    assert!(is_there && !told.contains("left out"), "{told}");
    for (pointer, field, value) in [
        ("", "description", Value::Null),
        // An earlier version wrote less.
        (
            "/description/operations/0",
            "undocumented_under_load",
            Value::Null,
        ),
    ] {
        let (told, is_there) = remarks(&edited(pointer, field, value));
        assert!(!is_there && told.contains(LEFT_OUT), "{told}");
    }
    let (told, is_there) = remarks(&edited("", "database", json!({"url": "x"})));
    assert!(is_there && told.contains(QUERIES), "{told}");
    let other = edited("/description", "title", json!("Another"));
    let said = merge(&sandbox, [&first, &other], &[]).expect(2).stderr;
    assert!(said.contains("another description"), "{said}");
}
