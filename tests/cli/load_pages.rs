//! The pages of load tests against real servers: whole, self-contained, with the figures of the run.

use serde_json::Value;

use crate::markup::{is_one_safe_page, text};
use crate::sandbox::Sandbox;
use crate::web_server::WebServer;

/// Runs and returns the JSON document and the page of the same run.
fn both(sandbox: &Sandbox, arguments: &[&str], code: i32) -> (Value, String) {
    let common = ["loadtest", "--json", "-q", "--report", "page.html"];
    let run = sandbox.run(common.iter().chain(arguments)).expect(code);
    let page = sandbox.read("page.html");
    is_one_safe_page(&page);
    (run.json(), page)
}

/// With thousands, as people read them.
fn count(value: &Value) -> String {
    let digits = value.as_u64().expect("a count").to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Three digits. The document rounds to microseconds, and the page what was measured: at a half both
/// ways are right.
fn figures(value: &Value) -> [String; 2] {
    let value = value.as_f64().expect("a figure");
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        _ => 3,
    };
    [-0.000_5, 0.000_5].map(|half| format!("{:.decimals$}", value + half * 0.99))
}

#[track_caller]
fn holds_figure(page: &str, value: &Value, around: [&str; 2]) {
    let [before, after] = around;
    let both = figures(value).map(|figure| format!("{before}{figure}{after}"));
    assert!(
        both.iter().any(|part| page.contains(part)),
        "{both:?} is not in\n{}",
        text(page)
    );
}

#[track_caller]
fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is not in\n{}", text(page));
    }
}

/// The number that stands behind some words of a page.
#[track_caller]
fn number_behind(page: &str, words: &str) -> f64 {
    let (_, rest) = page.split_once(words).expect(words);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    rest[..end.expect("an end")].parse().expect("a number")
}

#[test]
fn a_page_holds_the_figures_of_its_run() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/mixed");
    let expectations = [
        "--expect",
        "p99<60s",
        "--expect",
        "error_rate<1%",
        "--expect",
        "rps>1",
    ];
    let arguments = [
        &[url.as_str(), "-c", "4", "-d", "3", "--warmup", "0.2s"],
        &expectations[..],
    ];
    let (report, page) = both(&sandbox, &arguments.concat(), 1);
    let result = &report["results"][0];
    let bold = ["<td class=\"r\"><b>", "</b></td>"];
    let plain = ["<td class=\"r\">", "</td>"];
    for (percentile, around) in [("p50", bold), ("p99", bold), ("max", plain)] {
        match &result["latency_ms"][percentile] {
            // On a busy machine three seconds may have too few answers for it.
            Value::Null if percentile == "p99" => holds(
                &page,
                &[&format!(
                    "1,000 samples needed, {} here",
                    count(&result["requests"]["completed"])
                )],
            ),
            figure => holds_figure(&page, figure, around),
        }
    }
    for part in [
        format!(
            "<td class=\"r\">{}</td>",
            count(&result["status_codes"]["200"])
        ),
        format!(
            "<td class=\"r\">{}</td>",
            count(&result["status_codes"]["500"])
        ),
        format!("{} answered", count(&result["requests"]["completed"])),
        format!("{} left out", {
            let warmup = &result["warmup"];
            let all =
                warmup["completed"].as_u64().unwrap_or(0) + warmup["failed"].as_u64().unwrap_or(0);
            format!("{} requests", count(&all.into()))
        }),
        "<code>error_rate &lt; 1%</code>".to_owned(),
    ] {
        holds(&page, &[&part]);
    }
    // Every tenth answer is one.
    let rate = result["error_rate"].as_f64().expect("a rate") * 100.0;
    let shown = number_behind(&page, "Failed: error_rate is ");
    assert!(
        (shown - rate).abs() < 0.06 && (5.0..15.0).contains(&rate),
        "{shown} {rate}"
    );
    holds(
        &page,
        &[
            "class=\"verdict bad\"",
            "%, expected &lt; 1%",
            "Internal Server Error",
            "id=\"curve-title\"",
            "id=\"throughput-title\"",
            "id=\"latency-over-time-title\"",
            "id=\"errors-title\"",
            "id=\"histogram-title\"",
            "TCP connect",
            "of the requests are errors, and an error takes another time",
            "X-Content-Type-Options",
            "--expect &#39;error_rate&lt;1%&#39;",
        ],
    );
    // Every second of the series is a row of the table.
    let seconds = result["series"]["completed"].as_array().expect("a series");
    holds(
        &page,
        &[&format!(
            "<th scope=\"row\">0–1</th><td class=\"r\">{}</td>",
            count(&seconds[0])
        )],
    );
}

#[test]
fn an_open_loop_shows_both_times_and_its_pauses() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/stall/1400");
    let (report, page) = both(&sandbox, &[&url, "-c", "4", "--rate", "200", "-d", "4"], 0);
    assert!(
        report["results"][0]["stalls"]
            .as_array()
            .is_some_and(|stalls| !stalls.is_empty())
    );
    holds(
        &page,
        &[
            "class=\"verdict warn\"",
            "The server stopped answering",
            "class=\"fs\"",
            ">service, ms<",
            ">asked</text>",
            "Do not add instances",
            "of 200 asked",
        ],
    );
}

#[test]
fn two_endpoints_and_a_baseline_lie_over_each_other() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (fast, slow) = (server.url("/delay/2"), server.url("/delay/100"));
    let (report, page) = both(
        &sandbox,
        &[&fast, &slow, "--compare", "-c", "40", "-d", "4"],
        1,
    );
    holds(
        &page,
        &[
            "comparison of two endpoints",
            "id=\"differences-title\"",
            "id=\"pairs-p50-title\"",
            ">A</text>",
            ">B</text>",
            "B&#39;s ",
            "#i-bad",
        ],
    );
    for side in 0..2 {
        let result = &report["results"][side];
        holds_figure(&page, &result["latency_ms"]["p50"], ["<b>", "</b>"]);
    }
    let slow = server.url("/delay/250");
    let (before, _) = both(&sandbox, &[&fast, "-c", "40", "-d", "3"], 0);
    sandbox.write("before.json", before.to_string());
    let (after, page) = both(
        &sandbox,
        &[&slow, "-c", "40", "-d", "3", "--compare", "before.json"],
        1,
    );
    assert_eq!(after["comparison"]["verdict"], "worse");
    holds(
        &page,
        &[
            "comparison with an earlier run",
            ">baseline</text>",
            ">now</text>",
            "id=\"median-title\"",
            "before.json",
        ],
    );
    for document in [&before, &after] {
        let median = &document["results"][0]["latency_ms"]["p50"];
        holds_figure(&page, median, ["<b>", "</b>"]);
    }
}

#[test]
fn nothing_of_a_hostile_server_or_user_is_markup() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let address = server.address;
    let long = "x".repeat(1_500);
    let url = format!(
        "http://me:s3cret@{address}/hostile/?<script>alert(1)</script>'\"&api_key=s3cret&deep={long}"
    );
    let flags = [
        "--requests",
        "150",
        "-c",
        "2",
        "-H",
        "Authorization: Bearer s3cret",
    ];
    let body = ["-b", "{\"password\": \"s3cret\"}"];
    let (report, page) = both(&sandbox, &[&[url.as_str()], &flags[..], &body].concat(), 1);
    assert_eq!(report["verdict"], "no-success");
    holds(
        &page,
        &[
            "&lt;script&gt;alert(1)&lt;/script&gt;",
            "&lt;img src=x onerror=alert(2)&gt;",
            "<span class=\"ctl\">\\u{202e}</span>",
            "Authorization: ***",
            "api_key=***",
            "Failed: not one 2xx or 3xx",
        ],
    );
    assert!(!page.contains("s3cret"), "{page}");
}

#[test]
fn runs_without_an_answer_or_with_few_are_whole_pages() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (hang, garbage) = (server.url("/hang"), server.url("/garbage"));
    let short = ["-c", "2", "-d", "1", "--timeout", "0.2s"];
    let (_, page) = both(&sandbox, &[&[hang.as_str()], &short[..]].concat(), 1);
    holds(
        &page,
        &[
            "timed out after 0.20 s",
            "class=\"verdict bad\"",
            "—",
            ">timeout<",
        ],
    );
    let (_, page) = both(&sandbox, &[&[garbage.as_str()], &short[..]].concat(), 1);
    holds(
        &page,
        &[
            "No request was answered: there are no latencies.",
            ">protocol<",
        ],
    );
    let one = server.url("/");
    let (_, page) = both(&sandbox, &[&one, "--requests", "1", "-c", "1"], 0);
    holds(
        &page,
        &[
            "1 sample: too few for a curve (100 needed).",
            "1,000 samples needed, 1 here",
            "class=\"verdict info\"",
            "there is no course of time to draw",
        ],
    );
}

#[test]
fn added_up_reports_have_a_page() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    // Answers that take longer than this machine may keep a request back: no doubt about the figures.
    let url = server.url("/delay/60");
    let common = [&url, "--rate", "100", "-d", "3", "-c", "40", "--shard"];
    for part in ["1/2", "2/2"] {
        let flags = [&common.map(|flag| flag as &str)[..], &[part]].concat();
        let (report, _) = both(&sandbox, &flags, 0);
        sandbox.write(&format!("part{}.json", &part[..1]), report.to_string());
    }
    let merge = [
        "--merge",
        "part1.json",
        "part2.json",
        "--expect",
        "error_rate<1%",
    ];
    let (report, page) = both(&sandbox, &merge, 0);
    holds(
        &page,
        &[
            "class=\"verdict ok\"",
            &format!(
                "{} answered",
                count(&report["results"][0]["requests"]["completed"])
            ),
            "id=\"latency-over-time-title\"",
            "id=\"curve-title\"",
            "Little’s law",
            "--merge part1.json part2.json",
        ],
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_its_planned_length() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/1");
    let flags = [
        "loadtest", &url, "-c", "2", "-d", "60", "--format", "html", "-q",
    ];
    let child = crate::migration::start(sandbox.command(flags));
    let begun = std::time::Instant::now();
    while server.requests() < 20 || begun.elapsed().as_millis() < 2_600 {
        assert!(begun.elapsed().as_secs() < 50, "{}", server.requests());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    crate::migration::interrupt(&child);
    let page = crate::migration::finish(child).expect(130).stdout;
    is_one_safe_page(&page);
    holds(
        &page,
        &["not run</text>", ">60</text>", "class=\"verdict warn\""],
    );
    let after = number_behind(&page, "Interrupted after ");
    assert!((1.0..60.0).contains(&after), "{after}");
}

#[test]
fn requests_of_a_list_have_rows_of_their_own() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    sandbox.write("list.txt", "3 /bytes/3\n1 /status/500\n");
    let url = server.url("");
    let arguments = [url.as_str(), "--urls", "list.txt", "-c", "2"];
    let rest = ["--requests", "400", "--expect", "GET /bytes/3: p99<60s"];
    let (_, page) = both(&sandbox, &[&arguments[..], &rest[..]].concat(), 0);
    holds(
        &page,
        &[
            "id=\"requests\"",
            ">GET /bytes/3<",
            ">GET /status/500<",
            "GET /bytes/3: p99 &lt; ",
        ],
    );
    let other = server.url("/");
    let arguments = [&url, &other, "--compare", "--urls", "list.txt", "-c", "2"];
    let two = ["loadtest", "-q", "-d", "2", "--report", "page.html"];
    sandbox.run(two.iter().chain(&arguments));
    let page = sandbox.read("page.html");
    is_one_safe_page(&page);
    for name in [
        "<span class=\"ca\">A</span> http",
        "<span class=\"cb\">B</span> http",
    ] {
        holds(&page, &[&format!("<caption>{name}")]);
    }
}

#[test]
fn answers_that_were_asked_for_are_no_errors_on_the_page() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/status/404");
    let flags = [&url, "-c", "2", "-d", "2.2s", "--expect-status", "404"];
    let (report, page) = both(&sandbox, &flags, 0);
    assert_eq!(report["results"][0]["error_rate"], 0.0);
    holds(&page, &["id=\"throughput-title\""]);
    assert!(!page.contains("id=\"errors-title\""), "errors are drawn");
}
