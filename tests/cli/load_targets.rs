//! Runs with several requests: who is asked how often, and what the report says of each.

use std::time::Duration;

use backsmith::loadtest::plan::{Engine, Extent, Plan, Request, Target};
use backsmith::loadtest::recording::Outcome;
use backsmith::loadtest::runner;
use backsmith::redact::SecretUrl;

use serde_json::Value;

use crate::sandbox::Sandbox;
use crate::web_server::WebServer;

pub(crate) fn request(url: &str, method: &str, weight: u32) -> Request {
    let body = if method == "POST" {
        b"{}".to_vec()
    } else {
        Vec::new()
    };
    let request = Request::new(&SecretUrl::new(url), method, Vec::new(), body);
    let mut request = request.expect("a request");
    request.weight = weight;
    request
}

fn run(requests: Vec<Request>, engine: Engine, count: u64) -> Outcome {
    let mut plan = Plan::new(Target::of(requests).expect("some"));
    plan.engine = engine;
    plan.connections = 4;
    plan.threads = 2;
    plan.extent = Extent::Requests(count);
    plan.timeout = Duration::from_secs(20);
    plan.seed = 1;
    runner::run(&plan, &|| false, &mut |_| {}).expect("reachable")
}

#[test]
fn a_mix_is_sent_by_weight_and_counted_by_request() {
    for engine in [Engine::Http1, Engine::Http2] {
        let start = if engine == Engine::Http1 {
            WebServer::start
        } else {
            WebServer::start_http2
        };
        let (here, there) = (start(), start());
        let requests = vec![
            request(&here.url("/bytes/3"), "GET", 7),
            request(&there.url("/"), "HEAD", 2),
            request(&here.url("/status/201"), "POST", 1),
        ];
        let outcome = run(requests, engine, 1_000);
        let whole = &outcome.recordings[0];
        assert_eq!(whole.requests.completed, 1_000, "{:?}", whole.errors);
        // One connection of each place of the load to each of the two.
        assert_eq!((here.connections(), there.connections()), (4, 4));
        let counts: Vec<u64> = whole
            .parts
            .iter()
            .map(|part| part.requests.completed)
            .collect();
        assert_eq!(counts.iter().sum::<u64>(), 1_000);
        for (count, wanted) in counts.iter().zip([700_u64, 200, 100]) {
            assert!(count.abs_diff(wanted) < 90, "{counts:?}");
        }
        let arrived = |server: &WebServer, method: &str| {
            let seen = server.seen();
            seen.iter().filter(|seen| seen.method == method).count() as u64
        };
        let seen = [
            arrived(&here, "GET"),
            arrived(&there, "HEAD"),
            arrived(&here, "POST"),
        ];
        assert_eq!(counts, seen);
        let latencies: u64 = whole.parts.iter().map(|part| part.latency.len()).sum();
        assert_eq!(latencies, whole.latency.len());
    }
}

#[test]
fn a_request_that_fails_is_counted_where_it_belongs() {
    let server = WebServer::start();
    let requests = vec![
        request(&server.url("/"), "GET", 1),
        request(&server.url("/garbage"), "GET", 1),
        request(&server.url("/status/404"), "GET", 1),
    ];
    let outcome = run(requests, Engine::Http1, 60);
    let parts = &outcome.recordings[0].parts;
    assert_eq!((parts[0].requests.failed, parts[2].requests.failed), (0, 0));
    assert!(parts[1].requests.failed > 0);
    assert_eq!(
        parts[1].errors.values().sum::<u64>(),
        parts[1].requests.failed
    );
    assert_eq!(parts[1].requests.completed, 0);
    assert_eq!(
        parts[2].statuses.keys().copied().collect::<Vec<u16>>(),
        [404]
    );
}

/// A run of a list that is written first, with its JSON report.
fn report(sandbox: &Sandbox, list: &str, flags: &[&str], code: i32) -> Value {
    sandbox.write("list.txt", list);
    let common = [
        "loadtest",
        "--urls",
        "list.txt",
        "--json",
        "-q",
        "-c",
        "4",
        "--threads",
        "2",
    ];
    let run = sandbox.run(common.iter().chain(flags)).expect(code);
    let document = run.json();
    crate::loadtest::valid(&document);
    document
}

#[test]
fn a_list_is_sent_by_weight_and_reported_by_request() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let here = server.url("");
    sandbox.write("order.json", "{\"n\": {{seq}}}");
    let list = format!(
        "# a mix\n 60 {here}/bytes/3\n30 delete {here}/status/404?x={{{{int 1 9}}}}\n10 {here}/status/201 @order.json\n"
    );
    let flags = [
        "--requests",
        "600",
        "--seed",
        "7",
        "--expect",
        "GET /bytes/3: error_rate<1%",
    ];
    let first = report(&sandbox, &list, &flags, 0);
    let targets = first["results"][0]["targets"].as_array().expect("a list");
    let named: Vec<&str> = targets
        .iter()
        .filter_map(|target| target["name"].as_str())
        .collect();
    assert_eq!(
        named,
        [
            "GET /bytes/3",
            "DELETE /status/404?x={{int 1 9}}",
            "POST /status/201"
        ]
    );
    let counts: Vec<u64> = targets
        .iter()
        .filter_map(|target| target["requests"]["completed"].as_u64())
        .collect();
    for (count, wanted) in counts.iter().zip([360_u64, 180, 60]) {
        assert!(count.abs_diff(wanted) < 70, "{counts:?}");
    }
    assert_eq!(targets[1]["error_rate"], 1.0);
    assert_eq!(first["load"]["seed"], 7);
    let seen = server.seen();
    let posts: Vec<_> = seen.iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(posts.len() as u64, counts[2]);
    let mut numbers: Vec<u64> = posts
        .iter()
        .map(|post| {
            assert_eq!(post.header("content-type"), "application/json");
            assert_eq!(post.header("content-length"), post.body.len().to_string());
            let body: Value = serde_json::from_str(&post.body).expect("JSON");
            body["n"].as_u64().expect("a number")
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=counts[2]).collect::<Vec<_>>());
    for seen in seen.iter().filter(|seen| seen.method == "DELETE") {
        let drawn: u8 = seen
            .path
            .rsplit('=')
            .next()
            .expect("one")
            .parse()
            .expect("a number");
        assert!((1..=9).contains(&drawn));
    }
    // The same seed chooses the same; another one does not have to, but this one does.
    let counts_of = |report: &Value| -> Vec<Value> {
        let targets = report["results"][0]["targets"].as_array().expect("a list");
        targets
            .iter()
            .map(|target| target["requests"]["sent"].clone())
            .collect()
    };
    let again = report(&sandbox, &list, &flags, 0);
    assert_eq!(counts_of(&first), counts_of(&again));
    let other = report(&sandbox, &list, &["--requests", "600", "--seed", "8"], 0);
    assert_ne!(counts_of(&first), counts_of(&other));
    let failed = ["--requests", "60", "--expect", "POST /status/201: p50<1us"];
    report(&sandbox, &list, &failed, 1);
}

#[test]
fn every_format_names_the_requests_and_no_value() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let here = server.url("");
    sandbox.write(
        "list.txt",
        format!("3 {here}/bytes/1?u={{{{csv.user}}}}\n{here}/status/500\n"),
    );
    sandbox.write("users.csv", "user,secret\nann-s3cret,tok-s3cret\n");
    for format in ["human", "json", "markdown", "csv", "hlog", "junit"] {
        let run = sandbox
            .run([
                "loadtest",
                "--urls",
                "list.txt",
                "--csv",
                "users.csv",
                "--requests",
                "80",
                "-c",
                "2",
                "-H",
                "Authorization: Bearer {{csv.secret}}",
                "--format",
                format,
                "-v",
                "--expect",
                "GET /status/500: error_rate<1%",
            ])
            .expect(1);
        let text = run.stdout + &run.stderr;
        assert!(!text.contains("s3cret"), "{format}: {text}");
        assert!(
            format == "hlog" || text.contains("GET /status/500"),
            "{format}: {text}"
        );
        let shows_template = ["human", "json", "markdown", "csv"].contains(&format);
        assert!(
            !shows_template || text.contains("{{csv.user}}"),
            "{format}: {text}"
        );
    }
    let seen = server.seen();
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization") == "Bearer tok-s3cret")
    );
    assert!(seen.iter().any(|seen| seen.path == "/bytes/1?u=ann-s3cret"));
}

#[test]
fn values_are_escaped_where_they_stand_on_every_engine() {
    for flags in [&[][..], &["--http2"], &["--cookies"]] {
        let sandbox = Sandbox::new();
        let server = if flags == ["--http2"] {
            WebServer::start_http2()
        } else {
            WebServer::start()
        };
        sandbox.write(
            "users.csv",
            "name,id\n\"A \"\"B\"\" & ü/\",1\nplain,2\n\"two\nlines\",3\n",
        );
        sandbox.write("list.yaml", format!("- url: \"{}/bytes/2?q={{{{csv.name}}}}&id={{{{csv.id}}}}\"\n  method: PUT\n  headers: {{X-Id: \"{{{{csv.id}}}}-{{{{seq}}}}\", X-Uuid: \"{{{{uuid}}}}\"}}\n  body: {{name: \"{{{{csv.name}}}}\", raw: \"{{{{csv.id raw}}}}\"}}\n", server.url("")));
        let common = [
            "loadtest",
            "--urls",
            "list.yaml",
            "--csv",
            "users.csv",
            "--requests",
            "60",
            "-c",
            "3",
            "--threads",
            "2",
            "--json",
            "-q",
        ];
        let run = sandbox.run(common.iter().chain(flags)).expect(0);
        let report = run.json();
        crate::loadtest::valid(&report);
        assert_eq!(report["load"]["table"]["wrapped"], 19, "{flags:?}");
        let seen = server.seen();
        assert_eq!(seen.len(), 60, "{flags:?}");
        let (mut sequence, mut uuids, mut rows) = (Vec::new(), Vec::new(), [0; 3]);
        for seen in &seen {
            let (id, number) = seen.header("x-id").split_once('-').expect("two");
            let row: usize = id.parse::<usize>().expect("a row") - 1;
            rows[row] += 1;
            sequence.push(number.parse::<u64>().expect("a number"));
            uuids.push(seen.header("x-uuid").to_owned());
            let name = ["A \"B\" & ü/", "plain", "two\nlines"][row];
            let body: Value = serde_json::from_str(&seen.body).expect("JSON");
            assert_eq!(body, serde_json::json!({"name": name, "raw": id}));
            assert_eq!(seen.header("content-length"), seen.body.len().to_string());
            let query = ["A%20%22B%22%20%26%20%C3%BC%2F", "plain", "two%0Alines"][row];
            assert_eq!(seen.path, format!("/bytes/2?q={query}&id={id}"));
        }
        sequence.sort_unstable();
        assert_eq!(sequence, (1..=60).collect::<Vec<_>>(), "{flags:?}");
        assert_eq!(rows, [20; 3]);
        uuids.sort();
        uuids.dedup();
        assert_eq!(uuids.len(), 60);
    }
}

#[test]
fn shards_number_and_choose_as_one_run() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    sandbox.write("rows.csv", "id\na\nb\nc\nd\n");
    let url = server.url("/bytes/1?n={{seq}}&id={{csv.id}}");
    for part in ["1/2", "2/2"] {
        let run = sandbox.run([
            "loadtest",
            &url,
            "--csv",
            "rows.csv",
            "--requests",
            "40",
            "-c",
            "2",
            "--shard",
            part,
            "--json",
            "-q",
        ]);
        sandbox.write(&format!("part{}.json", &part[..1]), run.expect(0).stdout);
    }
    let seen = server.seen();
    let mut pairs: Vec<(u64, String)> = seen
        .iter()
        .map(|seen| {
            let query = seen.path.split_once("?n=").expect("a query").1;
            let (number, id) = query.split_once("&id=").expect("two");
            (number.parse().expect("a number"), id.to_owned())
        })
        .collect();
    pairs.sort();
    let numbers: Vec<u64> = pairs.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    let of = |id: &str| pairs.iter().filter(|(_, own)| own == id).count();
    assert_eq!(["a", "b", "c", "d"].map(of), [10; 4]);
    let merged = crate::loadtest::merged(&sandbox, &[]);
    assert_eq!(merged["load"]["table"]["taken"], 40);
    assert_eq!(merged["load"]["table"]["wrapped"], 9);
}

#[test]
fn the_requests_of_shards_add_up() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let list = "3 /bytes/1\n1 /bytes/2\n";
    let url = server.url("");
    let mut completed = [0, 0];
    for part in ["1/2", "2/2"] {
        let flags = [url.as_str(), "--requests", "100", "--shard", part];
        let report = report(&sandbox, list, &flags, 0);
        for (sum, target) in completed
            .iter_mut()
            .zip(report["results"][0]["targets"].as_array().expect("two"))
        {
            *sum += target["requests"]["completed"].as_u64().expect("a number");
        }
        sandbox.write(&format!("part{}.json", &part[..1]), report.to_string());
    }
    let merged = crate::loadtest::merged(&sandbox, &["--expect", "GET /bytes/2: error_rate<1%"]);
    let targets = &merged["results"][0]["targets"];
    assert_eq!(
        [0, 1].map(|index| targets[index]["requests"]["completed"].as_u64()),
        completed.map(Some)
    );
    assert_eq!(completed.iter().sum::<u64>(), 100);
    // Other weights are another load.
    let other = report(
        &sandbox,
        "2 /bytes/1\n1 /bytes/2\n",
        &[&url, "--requests", "20", "--shard", "2/2"],
        0,
    );
    sandbox.write("part2.json", other.to_string());
    sandbox
        .run(["loadtest", "--merge", "part1.json", "part2.json"])
        .expect(2);
}

#[test]
fn a_list_is_compared_below_two_urls_and_with_a_baseline() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let (a, b) = (server.url(""), server.url("/status"));
    let list = "/200\n/201?x={{seq}}\n";
    // Below A these are unknown paths, below B statuses.
    let compared = report(&sandbox, list, &[&a, &b, "--compare", "-d", "2"], 1);
    assert_eq!(compared["comparison"]["kind"], "endpoints");
    assert_eq!(
        compared["results"][1]["targets"].as_array().map(Vec::len),
        Some(2)
    );
    let baseline = report(&sandbox, list, &[&b, "-d", "2"], 0);
    sandbox.write("base.json", baseline.to_string());
    // How the two compare is the machine's affair: the verdict is either one.
    sandbox.write("list.txt", "/200\n");
    let run = sandbox.run([
        "loadtest",
        &b,
        "--urls",
        "list.txt",
        "-d",
        "2",
        "-c",
        "4",
        "--threads",
        "2",
        "--compare",
        "base.json",
        "--json",
        "-q",
    ]);
    assert!(run.code == 0 || run.code == 1, "{}", run.stderr);
    let now = run.json();
    crate::loadtest::valid(&now);
    assert_eq!(now["comparison"]["kind"], "baseline");
    assert!(
        now["warnings"].to_string().contains("other requests"),
        "{}",
        now["warnings"]
    );
    let run = sandbox
        .run(["loadtest", "--urls", "list.txt", "--compare"])
        .expect(2);
    assert!(run.stderr.contains("two URLs"), "{}", run.stderr);
}

#[test]
fn faults_of_lists_tables_and_templates_come_together_with_their_places() {
    let sandbox = Sandbox::new();
    sandbox.write("list.txt", "http://h/{{uid}}\n0 http://h/\nhttp://{{csv.host}}/a\n/path\nhttp://h/{{csv.nmae}} @none.json\n");
    sandbox.write("good.txt", "http://h/{{uid}}\nhttp://{{csv.name}}/a\n/path\nhttp://h/{{csv.nmae}}\nhttp://h/ @none.json\nhttp://h/{{csv.name raw}}\n");
    sandbox.write("table.csv", "name\n\"a b\"\n");
    sandbox.write("wide.csv", "a,b\n1\n2,\"3\n");
    let run = sandbox.run(["loadtest", "--urls", "list.txt"]);
    insta::assert_snapshot!("lines", run.expect(2).transcript());
    let run = sandbox.run([
        "loadtest",
        "--urls",
        "good.txt",
        "--csv",
        "table.csv",
        "--expect",
        "GET /nme: p99<1s",
    ]);
    insta::assert_snapshot!("requests", run.expect(2).transcript());
    let run = sandbox.run([
        "loadtest",
        "http://h/{{seq 1}}",
        "--csv",
        "wide.csv",
        "-b",
        "a {{csv.x}} {{",
        "-H",
        "X: {{int 2 1}}",
        "--seed",
        "x",
        "--csv-order",
        "up",
    ]);
    insta::assert_snapshot!("flags", run.expect(2).transcript());
    for flags in [
        &["-b", "a", "-b", "b"][..],
        &["-b", "@none.json"],
        &["--urls", "good.txt", "-b", "x"],
        &["--urls", "good.txt", "--expect-rate-limit"],
    ] {
        let start = ["loadtest", "http://127.0.0.1:9/"];
        sandbox.run(start.iter().chain(flags)).expect(2);
    }
}

#[test]
fn a_host_of_a_list_that_is_not_there_is_named() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let dead = format!("http://{}/gone", port.expect("a port"));
    sandbox.write("list.txt", format!("{}\n{dead}\n", server.url("/")));
    let run = sandbox
        .run(["loadtest", "--urls", "list.txt", "-c", "2", "-d", "1"])
        .expect(4);
    assert!(run.stderr.contains(&dead), "{}", run.stderr);
}

#[test]
fn a_body_comes_from_standard_input() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/bytes/1");
    let mut command = sandbox.command([
        "loadtest",
        &url,
        "-b",
        "@-",
        "--requests",
        "5",
        "-c",
        "1",
        "-q",
    ]);
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("a child");
    let mut input = child.stdin.take().expect("an input");
    std::io::Write::write_all(&mut input, br#"{"a": "\{{seq}} {{seq}}"}"#).expect("written");
    drop(input);
    assert!(child.wait_with_output().expect("an end").status.success());
    let seen = server.seen();
    assert_eq!(seen.len(), 5);
    assert!(
        seen.iter().any(|seen| seen.body == r#"{"a": "{{seq}} 5"}"#),
        "{seen:?}"
    );
}
