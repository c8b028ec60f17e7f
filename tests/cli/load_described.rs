//! What the user gives along with an API's description: seeds, expectations, headers and values of the
//! environment. The requests are looked at where they arrive.

use serde_json::Value;

use crate::loadtest::valid;
use crate::sandbox::{Run, Sandbox};
use crate::web_server::{Seen, WebServer};

const DOCUMENT: &str = r#"
openapi: 3.0.3
info: { title: Given, version: "1" }
components:
  securitySchemes:
    key: { type: apiKey, in: query, name: api_key }
    other: { type: apiKey, in: header, name: X-Other }
paths:
  /bytes/1:
    post:
      operationId: send
      security: [{ key: [] }]
      parameters:
        - { name: kind, in: cookie, required: true, schema: { type: string, enum: [guest] } }
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [n], properties: { n: { type: integer, minimum: 1, maximum: 1000000 } } } } }
      responses: { "200": { description: Yes. } }
  /bytes/2:
    get: { operationId: look, responses: { "200": { description: Yes. } } }
  /bytes/3:
    get: { operationId: closed, security: [{ other: [] }], responses: { "200": { description: Yes. } } }
"#;

/// A run over the document with one value of the environment.
fn described(sandbox: &Sandbox, url: &str, flags: &[&str]) -> Run {
    sandbox.write("api.yaml", DOCUMENT);
    let common = [
        "loadtest",
        url,
        "--spec",
        "api.yaml",
        "-c",
        "2",
        "--requests",
        "40",
        "-q",
    ];
    let mut command = sandbox.command(common.iter().chain(flags));
    command.env("GIVEN_TOKEN", "s3cret");
    Run::of(&mut command)
}

fn report(sandbox: &Sandbox, url: &str, flags: &[&str], code: i32) -> Value {
    let run = described(sandbox, url, &[flags, &["--json"]].concat()).expect(code);
    let report = run.json();
    valid(&report);
    report
}

fn posts(server: &WebServer) -> Vec<Seen> {
    let seen = server.seen();
    let posts: Vec<Seen> = seen
        .into_iter()
        .filter(|seen| seen.method == "POST")
        .collect();
    assert!(!posts.is_empty());
    posts
}

#[test]
fn a_seed_makes_other_requests_and_is_shown() {
    let sandbox = Sandbox::new();
    let bodies = |flags: &[&str]| {
        let server = WebServer::start();
        let url = server.url("/?api_key=x");
        let report = report(&sandbox, &url, flags, 0);
        assert_eq!(report["load"]["seed"], report["description"]["seed"]);
        let mut bodies: Vec<String> = posts(&server).into_iter().map(|seen| seen.body).collect();
        bodies.sort();
        bodies.dedup();
        (report["load"]["seed"].clone(), bodies)
    };
    let (five, of_five) = bodies(&["--seed", "5"]);
    let (six, of_six) = bodies(&["--seed", "6"]);
    assert_eq!((five, six), (5.into(), 6.into()));
    assert_ne!(of_five, of_six);
    assert_eq!(of_five, bodies(&["--seed", "5"]).1);
    // Without one, two runs are the same as well.
    assert_eq!(bodies(&[]), bodies(&[]));
    let server = WebServer::start();
    let shown = described(&sandbox, &server.url("/?api_key=x"), &["--seed", "5"]).expect(0);
    assert!(shown.stdout.contains("seed 5"), "{}", shown.stdout);
}

#[test]
fn shards_without_a_seed_belong_together() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/bytes/1?n={{int 1 1000000}}");
    for (index, file) in [("0", "part1.json"), ("1", "part2.json")] {
        let mut command = sandbox.command([
            "loadtest",
            &url,
            "-c",
            "2",
            "--requests",
            "20",
            "--shards",
            "2",
            "--json",
            "-q",
        ]);
        command.env("JOB_COMPLETION_INDEX", index);
        sandbox.write(file, Run::of(&mut command).expect(0).stdout);
    }
    let merged = crate::loadtest::merged(&sandbox, &[]);
    assert_eq!(merged["results"][0]["requests"]["completed"], 20);
    // What is drawn differs all the same.
    let mut paths: Vec<String> = server.seen().into_iter().map(|seen| seen.path).collect();
    paths.sort();
    paths.dedup();
    assert!(paths.len() > 15, "{paths:?}");
}

#[test]
fn an_expectation_names_an_operation() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/?api_key=x");
    let met = report(&sandbox, &url, &["--expect", "look: error_rate<1%"], 0);
    assert_eq!(met["expectations"][0]["met"], true, "{met:#}");
    report(&sandbox, &url, &["--expect", "send: p50<1us"], 1);
    let requests = server.requests();
    for (flags, text) in [
        (&["--expect", "lok: p99<1s"][..], "did you mean `look`?"),
        (&["--expect", "closed: p99<1s"], "`closed` is not served"),
        (
            &["--expect", "look: p99<1s", "--weight", "look=0"],
            "`look` has no part of the load",
        ),
    ] {
        let run = described(&sandbox, &url, flags).expect(2);
        assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
    }
    assert_eq!(server.requests(), requests);
}

#[test]
fn an_operation_that_never_answered_meets_nothing() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let document = DOCUMENT.replace("/bytes/2", "/garbage");
    sandbox.write("api.yaml", &document);
    let url = server.url("/?api_key=x");
    let run = sandbox.run([
        "loadtest",
        &url,
        "--spec",
        "api.yaml",
        "--requests",
        "20",
        "-c",
        "1",
        "--json",
        "-q",
        "--expect",
        "look: rps<1000000",
    ]);
    let report = run.expect(1).json();
    assert_eq!(report["expectations"][0]["met"], false, "{report:#}");
}

#[test]
fn what_is_given_goes_along_and_the_body_keeps_its_type() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server
        .url("/?api%5Fkey={{env.GIVEN_TOKEN}}")
        .replace("http://", "http://me:pw@");
    for flags in [&[][..], &["--cookies"]] {
        let given = [
            "-H",
            "X-Token: {{env.GIVEN_TOKEN}}",
            "-H",
            "Content-Type: text/plain",
            "-H",
            "Cookie: sid=1",
        ];
        let run = described(&sandbox, &url, &[&given, flags].concat()).expect(0);
        assert!(
            !(run.stdout.clone() + &run.stderr).contains("s3cret"),
            "{}",
            run.stdout
        );
    }
    for seen in posts(&server) {
        assert_eq!(seen.header("x-token"), "s3cret");
        assert_eq!(seen.header("authorization"), "Basic bWU6cHc=");
        assert_eq!(seen.header("content-type"), "application/json");
        let cookies = seen.headers.iter().filter(|(name, _)| name == "cookie");
        let cookies: Vec<&str> = cookies.map(|(_, value)| value.as_str()).collect();
        let [cookies] = cookies[..] else {
            panic!("{cookies:?}")
        };
        let pairs: Vec<&str> = cookies.split("; ").collect();
        assert!(
            pairs.contains(&"kind=guest") && pairs.contains(&"sid=1"),
            "{cookies}"
        );
        assert_eq!(seen.path, "/bytes/1?api%5Fkey=s3cret");
    }
}

#[test]
fn templates_of_single_requests_are_refused_by_name() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let run = described(
        &sandbox,
        &server.url("/?n={{seq}}"),
        &["-H", "X-Id: {{uuid}}", "-H", "X-Run: {{env.GIVEN_TOKEN}}"],
    )
    .expect(2);
    for text in ["the URL has a template", "the header `X-Id` has a template"] {
        assert!(run.stderr.contains(text), "{}", run.stderr);
    }
    assert!(!run.stderr.contains("X-Run"), "{}", run.stderr);
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_value_of_the_environment_is_sent_by_every_engine() {
    for flags in [&[][..], &["--http2"], &["--cookies"]] {
        let sandbox = Sandbox::new();
        let server = if flags == ["--http2"] {
            WebServer::start_http2()
        } else {
            WebServer::start()
        };
        let url = server.url("/bytes/1?t={{env.GIVEN_TOKEN}}");
        let common = ["loadtest", &url, "-c", "1", "--requests", "5", "-q"];
        let mut command = sandbox.command(common.iter().chain(flags));
        command.env("GIVEN_TOKEN", "s3cret");
        Run::of(&mut command).expect(0);
        let seen = server.seen();
        assert_eq!(seen.len(), 5, "{flags:?}");
        for seen in seen {
            assert_eq!(seen.path, "/bytes/1?t=s3cret", "{flags:?}");
        }
    }
}

#[test]
fn a_description_is_served_over_http2_and_tls() {
    let sandbox = Sandbox::new();
    for (server, flags) in [
        (WebServer::start_http2(), &["--http2"][..]),
        (WebServer::start_http2_tls(), &["--http2", "--insecure"]),
        (WebServer::start_tls(), &["--insecure"]),
        // An engine that could speak HTTP/2 takes what the server offers.
        (WebServer::start_tls(), &["--insecure", "--cookies"]),
        (WebServer::start_http2_tls(), &["--insecure", "--cookies"]),
    ] {
        let report = report(&sandbox, &server.url("/?api_key=x"), flags, 0);
        assert_eq!(
            report["results"][0]["requests"]["completed"], 40,
            "{flags:?}"
        );
        assert_eq!(posts(&server)[0].header("content-type"), "application/json");
    }
}
