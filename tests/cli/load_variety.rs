//! What the load of a description is made of: several requests of each operation, ids that answers
//! showed, requests that break a rule beside those that keep them, and the check where no load follows.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::loadtest::{merged, valid};
use crate::loadtest_spec::Server;
use crate::sandbox::{Run, Sandbox, unbroken};

const USERS: &str = r##"
openapi: 3.1.0
info: { title: Users, version: "1" }
components:
  parameters:
    user: { name: userId, in: path, required: true, schema: { type: integer, minimum: 1 } }
paths:
  /users:
    get:
      operationId: listUsers
      parameters:
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 50 } }
        - { name: sort, in: query, schema: { type: string, examples: [name, email] } }
      responses: { "200": { description: All. }, "400": { description: No. } }
    post:
      operationId: createUser
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [name], properties: { name: { type: string, minLength: 2 } } } } }
      responses:
        "201":
          description: Made.
          links: { Badge: { operationId: getBadge, parameters: { code: $response.body#/badge } } }
        "400": { description: No. }
  /users/{userId}:
    parameters: [{ $ref: "#/components/parameters/user" }]
    get: { operationId: getUser, responses: { "200": { description: One. }, "400": { description: No. }, "404": { description: None. } } }
    delete: { operationId: deleteUser, responses: { "204": { description: Gone. }, "400": { description: No. }, "404": { description: None. } } }
  /badges/{code}:
    get:
      operationId: getBadge
      parameters: [{ name: code, in: path, required: true, schema: { type: string, pattern: "^b[0-9]+$" } }]
      responses: { "200": { description: One. }, "400": { description: No. }, "404": { description: None. } }
"##;

#[derive(Default)]
struct Rows {
    users: BTreeSet<u64>,
    next: u64,
    seen: Vec<String>,
    created: u64,
}

/// A server with rows, which refuses what it should until it has created so many.
fn users(careful_for: u64) -> (Server, Arc<Mutex<Rows>>) {
    let rows = Arc::new(Mutex::new(Rows {
        users: [1, 2].into(),
        next: 1_000,
        ..Rows::default()
    }));
    let state = Arc::clone(&rows);
    let server = Server::start(move |line, body| {
        let mut rows = state.lock().expect("rows");
        rows.seen.push(format!("{line} {body}"));
        let answer = |status, body: Value| (status, "application/json", body.to_string());
        let (method, target) = line.split_once(' ').expect("a line");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
        let wrong = query.split('&').any(|pair| {
            let limit = pair.strip_prefix("limit=");
            limit.is_some_and(|limit| number(limit).is_none_or(|limit| limit > 50))
        });
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (method, segments.as_slice()) {
            ("GET", ["users"]) if wrong => answer(400, json!({})),
            ("GET", ["users"]) => {
                let users: Vec<Value> = rows.users.iter().map(|id| json!({"id": id})).collect();
                answer(200, json!({ "items": users }))
            }
            ("POST", ["users"]) => {
                let body: Value = serde_json::from_str(body).unwrap_or_default();
                let name = body["name"].as_str();
                if name.is_none_or(|name| name.len() < 2) {
                    let status = if rows.created < careful_for { 400 } else { 500 };
                    return answer(status, json!({}));
                }
                rows.created += 1;
                rows.next += 1;
                let id = rows.next;
                rows.users.insert(id);
                answer(201, json!({"id": id, "badge": format!("b{id}")}))
            }
            (_, ["users", id]) => match number(id) {
                None => answer(400, json!({})),
                Some(id) if !rows.users.contains(&id) => answer(404, json!({})),
                Some(id) if method == "DELETE" => {
                    rows.users.remove(&id);
                    (204, "application/json", String::new())
                }
                Some(id) => answer(200, json!({ "id": id })),
            },
            ("GET", ["badges", code]) => match code.strip_prefix('b').and_then(number) {
                Some(1_001..) => answer(200, json!({})),
                Some(_) => answer(404, json!({})),
                None => answer(400, json!({})),
            },
            _ => answer(404, json!({})),
        }
    });
    (server, rows)
}

fn run(sandbox: &Sandbox, url: &str, more: &[&str]) -> Run {
    sandbox.write("users.yaml", USERS);
    let common = ["loadtest", url, "--spec", "users.yaml", "-c", "2", "-q"];
    sandbox.run(common.iter().chain(more))
}

#[track_caller]
fn report(sandbox: &Sandbox, url: &str, more: &[&str], code: i32) -> Value {
    let report = run(sandbox, url, &[more, &["--json"]].concat())
        .expect(code)
        .json();
    valid(&report);
    report
}

fn named<'r>(list: &'r Value, name: &str) -> &'r Value {
    let list = list.as_array().expect("a list");
    let found = list.iter().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list:#?}"))
}

/// How often each request came, those of the check among them.
fn counted(rows: &Mutex<Rows>, method: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in &rows.lock().expect("rows").seen {
        if line.starts_with(method) {
            *counts.entry(line.clone()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn an_operation_sends_several_requests_and_the_same_ones_again() {
    let sandbox = Sandbox::new();
    let asked = |flags: &[&str]| {
        let (server, rows) = users(u64::MAX);
        let flags = [&["--requests", "600", "--weight", "listUsers=3"], flags].concat();
        let report = report(&sandbox, &server.url(), &flags, 0);
        let lists: Vec<String> = counted(&rows, "GET /users")
            .into_iter()
            .map(|(line, count)| {
                assert!(
                    count > 3 || !line.contains("users?"),
                    "{line} came {count} times"
                );
                line
            })
            .filter(|line| !line.contains("/users/"))
            .collect();
        (
            report,
            lists,
            counted(&rows, "POST").into_keys().collect::<Vec<_>>(),
        )
    };
    let (report, lists, posts) = asked(&[]);
    assert_eq!((lists.len(), posts.len()), (8, 8), "{lists:?} {posts:?}");
    assert!(
        lists.iter().any(|line| line.contains("limit=")),
        "{lists:?}"
    );
    assert!(
        lists.iter().any(|line| !line.contains("limit=")),
        "{lists:?}"
    );
    assert!(lists.iter().any(|line| line.contains("sort=")), "{lists:?}");
    // They count for one operation, whose weight stays what it is: 3 of 7.
    let targets = &report["results"][0]["targets"];
    assert_eq!(targets.as_array().map(Vec::len), Some(5));
    let list = named(targets, "listUsers");
    let completed = list["requests"]["completed"].as_u64().expect("a number");
    assert!(completed.abs_diff(257) < 75, "{completed}");
    assert_eq!(report["results"][0]["requests"]["completed"], 600);
    assert_eq!(
        named(&report["description"]["operations"], "listUsers")["status_codes"]["200"],
        8
    );
    let again = asked(&[]);
    assert_eq!((&again.1, &again.2), (&lists, &posts));
    assert_ne!(asked(&["--seed", "7"]).2, posts);
}

#[test]
fn paths_have_ids_that_answers_showed() {
    let (sandbox, (server, rows)) = (Sandbox::new(), users(u64::MAX));
    let report = report(&sandbox, &server.url(), &["--requests", "300"], 0);
    let operations = &report["description"]["operations"];
    let ids = &named(operations, "getUser")["ids"];
    assert_eq!(ids["parameters"], json!(["userId"]));
    assert_eq!(
        ids["from"],
        json!([
            "`/id` of the body of createUser",
            "`/items/*/id` of the body of listUsers"
        ])
    );
    assert_eq!(ids["created"], false);
    assert_eq!(
        named(operations, "getBadge")["ids"]["from"],
        json!(["the link `Badge` of createUser"])
    );
    let deleted = &named(operations, "deleteUser")["ids"];
    assert_eq!(
        (&deleted["created"], &deleted["number"]),
        (&json!(true), &json!(2))
    );
    // Under load every one of them is there, and what was there before is there still.
    let targets = &report["results"][0]["targets"];
    for name in ["getUser", "getBadge"] {
        let statuses = named(targets, name)["status_codes"]
            .as_object()
            .expect("statuses");
        assert_eq!(statuses.keys().collect::<Vec<_>>(), ["200"], "{name}");
    }
    assert_eq!(
        named(targets, "getUser")["url"],
        format!("{}/users/{{userId}}", server.url())
    );
    assert_eq!(report["results"][0]["error_rate"], 0.0);
    assert!(rows.lock().expect("rows").users.is_superset(&[1, 2].into()));
    for (format, wanted) in [
        (
            "human",
            "userId from `/id` of the body of createUser and `/items/*/id`",
        ),
        (
            "markdown",
            "- `getBadge`: code from the link `Badge` of createUser",
        ),
        ("html", "the link <code>Badge</code> of createUser"),
    ] {
        let flags = ["--requests", "20", "--format", format];
        let shown = run(&sandbox, &server.url(), &flags).expect(0).stdout;
        assert!(unbroken(&shown).contains(wanted), "{shown}");
    }
}

#[test]
fn invalid_requests_go_along_and_are_counted_apart() {
    let (sandbox, (server, _)) = (Sandbox::new(), users(u64::MAX));
    for pace in [&[][..], &["--rate", "400"]] {
        let flags = [&["--requests", "380", "--invalid=10%"], pace].concat();
        let report = report(&sandbox, &server.url(), &flags, 0);
        let result = &report["results"][0];
        let invalid = &result["invalid"];
        let sent = invalid["requests"]["sent"].as_u64().expect("a number");
        assert!(sent.abs_diff(42) <= 4, "{sent} {pace:?}");
        assert_eq!(invalid["one_in"], 10);
        // The server takes JSON under another name, which is a remark.
        assert_eq!(
            (&invalid["broke"], &invalid["unknown"]),
            (&json!(0), &json!(0))
        );
        assert!(
            invalid["refused"].as_u64() > Some(sent * 4 / 5),
            "{invalid:#}"
        );
        // Nothing of them is in the figures of the others.
        let completed = result["requests"]["completed"].as_u64().expect("a number");
        assert!(completed.abs_diff(380) <= 2, "{completed} {pace:?}");
        assert_eq!(result["status_codes"].get("400"), None, "{result:#}");
        assert_eq!(result["error_rate"], 0.0);
        let faults = invalid["faults"].as_array().expect("faults");
        let answers: u64 = faults
            .iter()
            .flat_map(|fault| {
                fault["status_codes"]
                    .as_object()
                    .expect("statuses")
                    .values()
            })
            .filter_map(Value::as_u64)
            .sum();
        assert_eq!(
            answers,
            invalid["requests"]["completed"].as_u64().expect("a number")
        );
        assert!(
            faults
                .iter()
                .any(|fault| fault["breaks"] == "the body lacks `name`"),
            "{faults:#?}"
        );
        let mut of_one: BTreeMap<&str, usize> = BTreeMap::new();
        for fault in faults {
            *of_one
                .entry(fault["operation"].as_str().expect("a name"))
                .or_default() += 1;
        }
        assert!(of_one.values().all(|number| *number <= 8), "{of_one:?}");
    }
    let none = report(
        &sandbox,
        &server.url(),
        &["--requests", "100", "--invalid=0"],
        0,
    );
    assert_eq!(none["results"][0]["invalid"], Value::Null);
    assert!(
        !named(&none["description"]["operations"], "createUser")["invalid"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
    for (flag, wanted) in [
        ("--invalid=90%", "from 0.1 to 50"),
        ("--invalid=x", "no value of `--invalid`"),
    ] {
        let run = run(&sandbox, &server.url(), &[flag]).expect(2);
        assert!(run.stderr.contains(wanted), "{}", run.stderr);
    }
}

#[test]
fn what_breaks_only_under_load_is_a_finding() {
    let (sandbox, (server, _)) = (Sandbox::new(), users(40));
    let flags = ["--requests", "600", "--invalid=20%"];
    let report = report(&sandbox, &server.url(), &flags, 1);
    assert_eq!(report["verdict"], "failed");
    let findings = report["findings"].as_array().expect("findings");
    let messages: Vec<&str> = findings
        .iter()
        .filter_map(|one| one["message"].as_str())
        .collect();
    let told = messages
        .iter()
        .find(|message| message.contains("under load"));
    let told = told.unwrap_or_else(|| panic!("{messages:#?}"));
    assert!(
        told.starts_with("`createUser` answered 5xx under load to "),
        "{told}"
    );
    assert!(told.contains(" (500)"), "{told}");
    // The valid requests know nothing of it.
    assert_eq!(report["results"][0]["error_rate"], 0.0);
}

#[test]
fn shards_add_up_what_went_along() {
    let (sandbox, (server, _)) = (Sandbox::new(), users(u64::MAX));
    let (mut sent, mut refused) = (0, 0);
    for (shard, file) in [("1/2", "part1.json"), ("2/2", "part2.json")] {
        let flags = ["--requests", "400", "--invalid", "--shard", shard];
        let part = report(&sandbox, &server.url(), &flags, 0);
        sent += part["results"][0]["invalid"]["requests"]["sent"]
            .as_u64()
            .expect("a number");
        refused += part["results"][0]["invalid"]["refused"]
            .as_u64()
            .expect("a number");
        sandbox.write(file, part.to_string());
    }
    assert!(sent >= 10 && refused > 0, "{refused} of {sent}");
    let whole = merged(&sandbox, &[]);
    let result = &whole["results"][0];
    assert_eq!(result["invalid"]["requests"]["sent"], sent);
    assert_eq!(result["invalid"]["refused"], refused);
    assert_eq!(result["requests"]["completed"], 400);
}

#[test]
fn the_check_is_shown_where_no_load_can_follow() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "two.yaml",
        r#"
openapi: 3.0.3
info: { title: Two, version: "1" }
paths:
  /first: { get: { operationId: first, responses: { "200": { description: Yes. } } } }
  /last: { get: { operationId: last, responses: { "200": { description: Yes. } } } }
"#,
    );
    for format in ["human", "json", "markdown", "html", "junit", "csv"] {
        // Nobody listens any more once the last operation has been asked.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).unwrap_or(0);
                let head = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let answer = "HTTP/1.1 418 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer.as_bytes());
                if head.starts_with("GET /last") {
                    return;
                }
            }
        });
        let flags = [
            "--spec",
            "two.yaml",
            "-q",
            "--requests",
            "10",
            "--format",
            format,
        ];
        let shown = sandbox
            .run(["loadtest", &url].iter().chain(&flags))
            .expect(4);
        server.join().expect("the server ends");
        assert!(
            shown.stderr.contains("nothing answers at"),
            "{}",
            shown.stderr
        );
        let wanted = match format {
            "human" => {
                "2 operations checked, 2 with an objection, and no load: nothing answered when the load began"
            }
            "markdown" => "| `first` | **fails** | 418: 1 |",
            "html" => "and no load: nothing answered",
            "junit" => "description: first",
            "json" => "\"no-load\"",
            "csv" => "endpoint,second,completed,failed,refused,",
            _ => unreachable!("a format without a text"),
        };
        assert!(shown.stdout.contains(wanted), "{format}: {}", shown.stdout);
        if format == "json" {
            let report = shown.json();
            valid(&report);
            assert_eq!(report["results"], json!([]));
            assert_eq!(
                named(&report["description"]["operations"], "last")["status_codes"]["418"],
                1
            );
            let finding = report["findings"].to_string();
            assert!(finding.contains("undocumented-status"), "{finding}");
        }
    }
}

#[test]
fn a_body_names_what_the_run_made() {
    const ORDERS: &str = r#"
openapi: 3.1.0
info: { title: Orders, version: "1" }
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content: { application/json: { schema: { type: object, required: [customerId, total], properties: { customerId: { type: integer, minimum: 1 }, total: { type: integer, minimum: 0 } } } } }
      responses: { "201": { description: Made. }, "400": { description: No. }, "422": { description: No such customer. } }
    get:
      operationId: listOrders
      parameters: [{ name: customerId, in: query, required: true, schema: { type: integer, minimum: 1 } }]
      responses: { "200": { description: All. }, "400": { description: No. }, "404": { description: No such customer. } }
  /customers:
    post:
      operationId: createCustomer
      responses: { "201": { description: Made. } }
  /customers/{id}:
    parameters: [{ name: id, in: path, required: true, schema: { type: integer, minimum: 1 } }]
    get: { operationId: getCustomer, responses: { "200": { description: One. }, "404": { description: None. } } }
"#;
    let sandbox = Sandbox::new();
    // As a database does that knows its foreign keys, and tells a wrong type before them.
    let server = Server::start(|line, body| {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let is_order = body["total"].as_u64().is_some() && body["customerId"].as_i64() > Some(0);
        let status = match line {
            "POST /customers" => 201,
            "GET /customers/7000001" | "GET /orders?customerId=7000001" => 200,
            "POST /orders" if !is_order => 400,
            "POST /orders" if body["customerId"] == 7_000_001 => 201,
            "POST /orders" => 422,
            _ => 404,
        };
        let body = if status == 201 {
            r#"{"id": 7000001}"#
        } else {
            "[]"
        };
        (status, "application/json", body.to_owned())
    });
    sandbox.write("api.yaml", ORDERS);
    let url = server.url();
    let common = [
        "loadtest",
        &url,
        "--spec",
        "api.yaml",
        "-c",
        "2",
        "--requests",
        "60",
    ];
    let arguments = |more: &[&'static str]| [&common[..], &["--invalid", "-q"], more].concat();
    let report = sandbox.run(arguments(&["--json"])).expect(0).json();
    valid(&report);
    for (name, status) in [("createOrder", "201"), ("listOrders", "200")] {
        let operation = named(&report["description"]["operations"], name);
        let statuses = operation["status_codes"].as_object().expect("statuses");
        assert!(statuses.keys().eq([status]), "{name}: {statuses:?}");
        assert_eq!(operation["ids"]["parameters"], json!(["customerId"]));
        assert_eq!(operation["ids"]["created"], true);
        // The load goes on with them.
        let target = named(&report["results"][0]["targets"], name);
        assert!(
            target["status_codes"]
                .as_object()
                .expect("statuses")
                .keys()
                .eq([status])
        );
    }
    // Nothing was refused because of a customer that is not there.
    let order = named(&report["description"]["operations"], "createOrder");
    for tried in order["invalid"].as_array().expect("attempts") {
        assert_ne!(tried["status"], 422, "{tried}");
    }
    let shown = sandbox.run(arguments(&[])).expect(0).stdout;
    let wanted = "customerId from `/id` of the body of createCustomer";
    assert!(unbroken(&shown).contains(wanted), "{shown}");
}
