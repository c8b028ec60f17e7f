//! `backsmith loadtest --spec` and `--database`: generated servers that keep their description, servers
//! that do not, and a server that asks its database too often.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::Value;

use crate::loadtest::valid;
use crate::postgres;
use crate::requests::echo_server;
use crate::sandbox::{Run, Sandbox, unbroken};

/// Answers every request with what a function makes of it, one connection each.
pub(crate) struct Server {
    address: SocketAddr,
}

type Respond = dyn Fn(&str, &str) -> (u16, &'static str, String) + Send + Sync;

impl Server {
    /// The function gets `METHOD /path?query` and the body, and returns status, media type and body.
    pub(crate) fn start(
        respond: impl Fn(&str, &str) -> (u16, &'static str, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let respond: Arc<Respond> = Arc::new(respond);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let respond = Arc::clone(&respond);
                std::thread::spawn(move || serve(stream, &*respond));
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(mut stream: TcpStream, respond: &Respond) -> Option<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, start) = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..at]).into_owned(), at + 4);
        }
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse::<usize>().ok())
        .unwrap_or(0);
    while bytes.len() < start + length {
        let read = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
    }
    let line = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
    let body = String::from_utf8_lossy(&bytes[start..]).into_owned();
    let (status, media_type, body) = respond(&line, &body);
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let common = ["loadtest", "-q", "-c", "2", "--requests", "30"];
    sandbox.run(common.iter().chain(arguments))
}

#[track_caller]
fn json(sandbox: &Sandbox, arguments: &[&str], code: i32) -> Value {
    let run = run(sandbox, &[arguments, &["--json"]].concat()).expect(code);
    let document = run.json();
    valid(&document);
    document
}

fn operation<'r>(report: &'r Value, name: &str) -> &'r Value {
    let operations = report["description"]["operations"]
        .as_array()
        .expect("operations");
    let found = operations
        .iter()
        .find(|operation| operation["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

/// Findings as `code pointer message`.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let line = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", text("code"), text("pointer"), text("message"))
    };
    findings.iter().map(line).collect()
}

#[test]
fn a_generated_server_keeps_its_description() {
    let (sandbox, server) = echo_server("express");
    let url = server.url("");
    let arguments = [url.as_str(), "--spec", "openapi.yaml", "--invalid"];
    let report = json(&sandbox, &arguments, 0);
    let operations = report["description"]["operations"]
        .as_array()
        .expect("operations");
    assert_eq!(operations.len(), 21);
    let mut invalid = 0;
    for operation in operations {
        let statuses = operation["status_codes"].as_object().expect("statuses");
        assert!(
            statuses
                .keys()
                .all(|status| status == "200" || status == "204"),
            "{operation:#}"
        );
        for tried in operation["invalid"].as_array().expect("attempts") {
            assert_eq!(tried["outcome"], "refused", "{tried}");
            invalid += 1;
        }
    }
    assert!(invalid > 100, "{invalid} invalid requests");
    let left_out: Vec<&str> = report["description"]["left_out"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|left| left["name"].as_str())
        .collect();
    assert_eq!(left_out, ["postUpload", "postBook"]);
    assert_eq!(report["description"]["agrees"], true);
    assert_eq!(report["results"][0]["requests"]["completed"], 30);
    // The same seed, the same requests.
    let again = json(&sandbox, &arguments, 0);
    assert_eq!(report["description"], again["description"]);
    let all = format!("{invalid} of {invalid} invalid requests refused");
    for (format, wanted) in [
        ("human", all.as_str()),
        ("markdown", "| `getQuery` | holds | 200:"),
        ("junit", "description: getQuery"),
    ] {
        let shown = run(&sandbox, &[&arguments[..], &["--format", format]].concat()).expect(0);
        // Lines are broken where the terminal ends.
        assert!(unbroken(&shown.stdout).contains(wanted), "{}", shown.stdout);
        assert!(
            format != "human"
                || shown
                    .stdout
                    .contains("postUpload: no bodies of `multipart/form-data`"),
            "{}",
            shown.stdout
        );
    }
}

pub(crate) const SHOP: &str = r##"
openapi: 3.1.0
info: { title: Shop, version: 1.2.3 }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: X-Shop-Key }
  schemas:
    Order:
      type: object
      required: [id, total]
      properties:
        id: { type: integer, readOnly: true }
        total: { type: number, minimum: 0 }
        parent: { $ref: "#/components/schemas/Order" }
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
        - { name: limit, in: query, required: true, schema: { type: integer, minimum: 1, maximum: 5 } }
      responses:
        "200":
          description: All.
          content: { application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Order" } } } }
        "400": { description: No. }
    post:
      operationId: createOrder
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
      responses:
        "201":
          description: Made.
          headers: { Location: { required: true, schema: { type: string } } }
        "400": { description: No. }
  /page:
    get: { operationId: page, responses: { "200": { description: A page., content: { application/json: {} } } } }
  /stub:
    get: { operationId: stub, responses: { "200": { description: Yes. } } }
  /broken:
    get: { operationId: broken, responses: { "200": { description: Yes. } } }
  /secret:
    get: { operationId: secret, security: [{ key: [] }], responses: { "200": { description: Yes. } } }
"##;

/// A server that breaks its description in every way.
pub(crate) fn careless() -> Server {
    Server::start(
        |line, body| match line.split(['?', ' ']).collect::<Vec<_>>()[..] {
            ["GET", "/orders", ..] => (
                200,
                "application/json",
                r#"[{"id": "1", "total": 2}]"#.into(),
            ),
            ["POST", "/orders"] if serde_json::from_str::<Value>(body).is_err() => (
                500,
                "text/plain",
                "Error: oops\n    at parse (server.js:1:1)".into(),
            ),
            ["POST", "/orders"] => (201, "application/json", "{}".into()),
            ["GET", "/page"] => (200, "text/html", "<p>".into()),
            ["GET", "/stub"] => (501, "application/json", "{}".into()),
            ["GET", "/secret"] => (200, "application/json", "{}".into()),
            _ => (418, "text/plain", String::new()),
        },
    )
}

#[test]
fn what_does_not_agree_is_named_with_its_place() {
    let (sandbox, server) = (Sandbox::new(), careless());
    sandbox.write("shop.yaml", SHOP);
    let url = server.url();
    let report = json(&sandbox, &[&url, "--spec", "shop.yaml", "--invalid"], 1);
    assert_eq!(report["verdict"], "failed");
    assert_eq!(report["description"]["agrees"], false);
    let found = findings(&report);
    for wanted in [
        "body-breaks-schema /paths/~1orders/get/responses/200/content/application~1json/schema `listOrders` answers 200, and `/0/id` of the body is not as described",
        "accepts-invalid-input /paths/~1orders/get/parameters/0 `listOrders` accepts",
        "missing-response-header /paths/~1orders/post/responses/201/headers/Location",
        "validation-answers-500 /paths/~1orders/post/requestBody `createOrder` answers 5xx to 2 of",
        "accepts-invalid-input /paths/~1orders/post/requestBody/content/application~1json/schema `createOrder` accepts",
        "undocumented-content-type /paths/~1page/get/responses/200/content `page` answers 200 with `text/html`",
        "not-implemented /paths/~1stub/get `stub` answers 501",
        "error-body-leaks /paths/~1orders/post the body of a 500 of `createOrder`",
        "undocumented-status /paths/~1broken/get/responses `broken` answers 418, and the document has 200",
    ] {
        assert!(
            found.iter().any(|line| line.starts_with(wanted)),
            "{wanted}\n{found:#?}"
        );
    }
    let left_out = &report["description"]["left_out"];
    assert_eq!(left_out.as_array().map(Vec::len), Some(1));
    assert_eq!(
        left_out[0]["reason"],
        "needs `key` (--header 'X-Shop-Key: ...')"
    );
    // What is read-only is not sent, and a schema in itself ends.
    let breaks = operation(&report, "createOrder")["invalid"].to_string();
    assert!(
        breaks.contains("lacks `total`") && !breaks.contains("lacks `id`"),
        "{breaks}"
    );
    let given = [
        "--spec",
        "shop.yaml",
        "--header",
        "X-Shop-Key: s3cret",
        "--weight",
        "secret=9",
    ];
    let report = run(
        &sandbox,
        &[&[url.as_str()], &given[..], &["--json"]].concat(),
    )
    .expect(1);
    assert!(!report.stdout.contains("s3cret"), "{}", report.stdout);
    assert_eq!(
        operation(&report.json(), "secret")["status_codes"]["200"],
        1
    );
}

#[test]
fn slips_are_told_before_anything_is_sent() {
    let (sandbox, server) = (Sandbox::new(), careless());
    sandbox.write("shop.yaml", SHOP);
    sandbox.write(
        "broken.yaml",
        "openapi: 3.1.0\ninfo: { title: A, version: 1 }\npaths: 7\n",
    );
    let url = server.url();
    for (arguments, code, wanted) in [
        (
            &["--spec", "shop.yaml", "--weight", "listOrder=2"][..],
            2,
            "did you mean `listOrders`?",
        ),
        (
            &["--spec", "shop.yaml", "--weight", "listOrders"],
            2,
            "`--weight listUsers=10`",
        ),
        (&["--spec", "broken.yaml"], 2, "broken.yaml:3:8"),
        (&["--spec", "none.yaml"], 2, "none.yaml"),
        (&["--invalid"], 2, "--spec"),
        (
            &[
                "--spec",
                "shop.yaml",
                "--database",
                "postgres://joe:s3cret@127.0.0.1:1/x",
            ],
            4,
            "127.0.0.1",
        ),
    ] {
        let run = run(&sandbox, &[&[url.as_str()], arguments].concat()).expect(code);
        assert!(run.stderr.contains(wanted), "{wanted}\n{}", run.stderr);
        assert!(
            run.stdout.is_empty() && !run.stderr.contains("s3cret"),
            "{}",
            run.stderr
        );
    }
    let far = "http://203.0.113.9:9";
    let nobody = run(&sandbox, &["http://127.0.0.1:1", "--spec", "shop.yaml"]).expect(4);
    assert!(
        nobody.stderr.contains("nothing answers"),
        "{}",
        nobody.stderr
    );
    // Elsewhere nothing is changed without a word.
    sandbox.write(
        "changes.yaml",
        SHOP.replace("    get:", "    delete:")
            .replace("    get: {", "    delete: {"),
    );
    let refused = run(&sandbox, &[far, "--spec", "changes.yaml", "--timeout", "1"]).expect(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
}

pub(crate) const TABLES: &str = "
CREATE TABLE orders (id int PRIMARY KEY);
CREATE TABLE items (order_id int, name text);
INSERT INTO orders SELECT generate_series(1, 5);
INSERT INTO items SELECT generate_series(1, 5), 'tea';";

pub(crate) const TWO: &str = r#"
openapi: 3.0.3
info: { title: Two, version: "1" }
paths:
  /orders: { get: { operationId: listOrders, responses: { "200": { description: All. } } } }
  /items: { get: { operationId: listItems, responses: { "200": { description: All. } } } }
"#;

/// `/orders` asks once and then once for each order; `/items` asks once.
pub(crate) fn shop(database: String) -> Server {
    Server::start(move |line, _| {
        if line.ends_with("/items") {
            postgres::query(&database, "SELECT name FROM items");
        } else {
            for id in postgres::query(&database, "SELECT id::text FROM orders") {
                postgres::query(
                    &database,
                    &format!("SELECT name FROM items WHERE order_id = {id}"),
                );
            }
        }
        (200, "application/json", "[]".to_owned())
    })
}

#[test]
fn queries_of_a_request_are_counted() {
    let database =
        postgres::fixture().database(&format!("CREATE EXTENSION pg_stat_statements; {TABLES}"));
    let sandbox = Sandbox::new();
    sandbox.write("two.yaml", TWO);
    let url = shop(database.clone()).url();
    let report = json(
        &sandbox,
        &[&url, "--spec", "two.yaml", "--database", &database],
        0,
    );
    let orders = &operation(&report, "listOrders")["queries"];
    assert_eq!(orders["per_request"], 6.0, "{orders:#}");
    assert_eq!(orders["statements"][0]["calls_per_request"], 5.0);
    assert_eq!(
        orders["statements"][0]["query"],
        "SELECT name FROM items WHERE order_id = $1"
    );
    assert_eq!(
        operation(&report, "listItems")["queries"]["per_request"],
        1.0
    );
    let found = findings(&report);
    let repeated: Vec<&String> = found
        .iter()
        .filter(|line| line.starts_with("n-plus-one"))
        .collect();
    assert_eq!(repeated.len(), 1, "{found:#?}");
    assert!(
        repeated[0].contains("`listOrders` runs one statement 5.0 times a request"),
        "{repeated:?}"
    );
    let load = &report["database"]["load"];
    assert_eq!(load["requests"], 30);
    let per_request = load["per_request"].as_f64().expect("a number");
    assert!(per_request > 1.0 && per_request < 6.0, "{load:#}");
    // Without a document the whole load is one endpoint.
    let endpoint = format!("{url}/orders");
    let report = json(&sandbox, &[&endpoint, "--database", &database], 0);
    assert_eq!(report["database"]["load"]["per_request"], 6.0);
    assert!(
        findings(&report)
            .iter()
            .any(|line| line.starts_with("n-plus-one"))
    );
}

#[test]
fn what_was_measured_is_reported_when_the_database_is_lost() {
    let database =
        postgres::fixture().database(&format!("CREATE EXTENSION pg_stat_statements; {TABLES}"));
    let sandbox = Sandbox::new();
    let (behind, first) = (database.clone(), std::sync::Once::new());
    let server = Server::start(move |_, _| {
        let others = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        first.call_once(|| drop(postgres::query(&behind, others)));
        (200, "application/json", "[]".to_owned())
    });
    let url = format!("{}/items", server.url());
    let lost = run(&sandbox, &[&url, "--database", &database, "--json"]).expect(4);
    let report = lost.json();
    valid(&report);
    assert_eq!(report["results"][0]["requests"]["completed"], 30);
    assert!(
        report["warnings"]
            .to_string()
            .contains("queries of the load could not be counted"),
        "{report:#}"
    );
    assert!(lost.stderr.contains("error"), "{}", lost.stderr);
}

#[test]
fn a_database_that_cannot_say_is_refused() {
    let fixture = postgres::fixture();
    let without = fixture.database(TABLES);
    let elsewhere = fixture.database("CREATE EXTENSION pg_stat_statements");
    let sandbox = Sandbox::new();
    let url = format!("{}/items", shop(without.clone()).url());
    let refused = run(&sandbox, &[&url, "--database", &without]).expect(4);
    assert!(
        refused
            .stderr
            .contains("CREATE EXTENSION pg_stat_statements"),
        "{}",
        refused.stderr
    );
    let report = json(&sandbox, &[&url, "--database", &elsewhere], 0);
    assert!(
        findings(&report)
            .iter()
            .any(|line| line.starts_with("database-not-asked")),
        "{report:#}"
    );
    // A role that sees that something ran, and not what.
    let shared = fixture.database(&format!("CREATE EXTENSION pg_stat_statements; {TABLES}"));
    let role = format!("blind_{}", std::process::id());
    postgres::execute(
        &shared,
        &format!("CREATE ROLE {role} LOGIN PASSWORD 'blind'"),
    );
    let blind = shared.replace("user=postgres", &format!("user={role}"));
    let url = format!("{}/items", shop(shared.clone()).url());
    let refused = run(&sandbox, &[&url, "--database", &blind]).expect(4);
    postgres::execute(&shared, &format!("DROP ROLE {role}"));
    assert!(
        refused.stderr.contains("GRANT pg_read_all_stats TO"),
        "{}",
        refused.stderr
    );
}
