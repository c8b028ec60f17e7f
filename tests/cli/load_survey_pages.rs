//! What a description and a database add to the reports of a load: the sections of the page, the cases
//! of JUnit, and that nothing which a document or a server says becomes more than text.

use crate::loadtest_spec::{SHOP, Server, TABLES, TWO, careless, shop};
use crate::markup::{is_one_safe_page, text};
use crate::postgres;
use crate::sandbox::Sandbox;
use crate::web_server::WebServer;

const COMMON: [&str; 5] = ["loadtest", "-c", "2", "--requests", "30"];

/// The report on standard output, and the page of the same run.
#[track_caller]
fn with_page(sandbox: &Sandbox, arguments: &[&str], code: i32) -> (String, String) {
    let all = COMMON.iter().chain(&["--report", "page.html"]);
    let run = sandbox.run(all.chain(arguments)).expect(code);
    let page = sandbox.read("page.html");
    is_one_safe_page(&page);
    (run.stdout, page)
}

#[track_caller]
fn holds(page: &str, parts: &[&str]) {
    for part in parts {
        assert!(page.contains(part), "{part} is not in\n{}", text(page));
    }
}

#[test]
fn a_page_shows_what_does_not_agree() {
    let (sandbox, server) = (Sandbox::new(), careless());
    sandbox.write("shop.yaml", SHOP);
    let url = server.url();
    // An expectation that fails as well does not hide the description.
    let arguments = [
        url.as_str(),
        "--spec",
        "shop.yaml",
        "--invalid",
        "--expect",
        "p50<1us",
        "--format",
        "junit",
    ];
    let (junit, page) = with_page(&sandbox, &arguments, 1);
    holds(
        &page,
        &[
            "class=\"verdict bad\"",
            "Failed: 4 of 5 operations do not keep shop.yaml",
            "the server keeps shop.yaml",
            "invalid requests are refused",
            "<a href=\"#description\">Description</a>",
            "<b>createOrder</b> <span class=\"mut\">POST /orders</span>",
            "<code>listOrders</code> answers 200, and <code>/0/id</code> of the body is not as described",
            "Invalid requests that were not refused",
            "answered 5xx",
            "Operations that were left out",
            "needs <code>key</code> (--header &#39;X-Shop-Key: ...&#39;)",
            "at <code class=\"any\">/paths/~1orders/post/requestBody</code>",
        ],
    );
    for case in [
        "<testcase name=\"description: createOrder\">",
        "<testcase name=\"description: secret\">",
        "<skipped message=\"needs `key` (--header",
        "<testcase name=\"description: under load\"",
    ] {
        assert!(junit.contains(case), "{case}: {junit}");
    }
}

#[test]
fn a_page_of_a_description_that_is_kept_is_green() {
    let sandbox = Sandbox::new();
    let server = Server::start(|_, _| (200, "application/json", "[]".to_owned()));
    sandbox.write("two.yaml", TWO);
    let url = server.url();
    let (junit, page) = with_page(
        &sandbox,
        &[&url, "--spec", "two.yaml", "--format", "junit"],
        0,
    );
    holds(&page, &["class=\"verdict ok\"", ">holds</span>"]);
    assert!(!page.contains("id=\"database\""), "{}", text(&page));
    assert!(junit.contains("failures=\"0\""), "{junit}");
}

#[test]
fn a_page_shows_the_queries_of_a_request() {
    let database =
        postgres::fixture().database(&format!("CREATE EXTENSION pg_stat_statements; {TABLES}"));
    let sandbox = Sandbox::new();
    sandbox.write("two.yaml", TWO);
    let url = shop(database.clone()).url();
    let arguments = [&url, "--spec", "two.yaml", "--database", &database];
    let (_, page) = with_page(&sandbox, &arguments, 0);
    holds(
        &page,
        &[
            "id=\"database\"",
            "queries a request",
            "<code>SELECT name FROM items WHERE order_id = $1</code>",
            ">6.0</td>",
            "explain n-plus-one",
        ],
    );
}

#[test]
fn steps_and_stages_are_in_every_report_that_can_hold_them() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/200");
    let search = ["loadtest", &url, "--find-capacity", "-d", "1", "-c", "2"];
    let reports = ["--format", "junit", "--report", "page.html"];
    let run = sandbox.run(search.iter().chain(&reports)).expect(0);
    let page = sandbox.read("page.html");
    holds(&page, &["highest rate that holds", "id=\"capacity\""]);
    for part in ["<testcase name=\"capacity\"", "step 1: asked "] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    let url = server.url("/bytes/2");
    let stages = ["loadtest", &url, "--stages", "1s:20,1s:40", "-c", "2"];
    let run = sandbox.run(stages.iter().chain(&reports)).expect(0);
    for part in ["stage 1: asked 20.0/s", "stage 2: asked 40.0/s"] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

#[test]
fn a_search_in_which_nothing_holds_fails_on_every_page() {
    let (sandbox, server) = (Sandbox::new(), WebServer::start());
    let url = server.url("/delay/5");
    let (junit, page) = {
        let flags = [
            "loadtest",
            &url,
            "--find-capacity",
            "-d",
            "1",
            "-c",
            "2",
            "--expect",
            "p50<1us",
            "--format",
            "junit",
            "--report",
            "page.html",
        ];
        let run = sandbox.run(flags).expect(1);
        (run.stdout, sandbox.read("page.html"))
    };
    is_one_safe_page(&page);
    holds(
        &page,
        &["class=\"verdict bad\"", "Failed: not even ", "none holds"],
    );
    let case = junit
        .split("<testcase")
        .find(|case| case.contains("\"capacity\""));
    assert!(
        case.is_some_and(|case| case.contains("<failure")),
        "{junit}"
    );
}

/// Names and rules with everything that a terminal, a table and a page give a meaning to.
const HOSTILE: &str = r#"
openapi: 3.1.0
info: { title: "Shop\e[31m <script>alert(1)</script>\n## Passed", version: "1|2`3" }
paths:
  /a:
    get:
      operationId: "list\e]0;owned\a|`x`\n<img src=x onerror=alert(2)>"
      parameters:
        - { name: "n\e[2J|`<b>", in: query, required: true, schema: { type: integer, minimum: 1 } }
      responses: { "200": { description: Yes., content: { application/json: { schema: { type: object } } } } }
  /b:
    get:
      operationId: "page\u202e|`"
      security: [{ "key\e[1m|<i>": [] }]
      responses: { "200": { description: Yes. } }
components:
  securitySchemes:
    "key\e[1m|<i>": { type: apiKey, in: header, name: X-Key }
"#;

#[test]
fn nothing_of_a_document_or_a_server_is_more_than_text() {
    let sandbox = Sandbox::new();
    let server = Server::start(|_, _| {
        let body = "[\"\u{1b}[31m|`<script>\u{9b}2J\u{202e}\"]";
        (200, "application/json", body.to_owned())
    });
    sandbox.write("hostile.yaml", HOSTILE);
    let url = server.url();
    let flags = [url.as_str(), "--spec", "hostile.yaml", "--invalid"];
    for (format, more) in [
        ("human", "-v"),
        ("human", "--"),
        ("markdown", "-v"),
        ("junit", "-v"),
    ] {
        let more: &[&str] = if more == "--" { &[] } else { &[more] };
        let arguments = [&flags[..], &["--format", format], more].concat();
        let (shown, page) = with_page(&sandbox, &arguments, 1);
        holds(
            &page,
            &["<span class=\"ctl\">\\u{1b}</span>", "&lt;script&gt;"],
        );
        for character in shown.chars().filter(|character| *character != '\n') {
            assert!(
                !character.is_control() && character != '\u{202e}',
                "{character:?} in {format}: {shown:?}"
            );
        }
        if format == "markdown" {
            is_safe_markdown(&shown);
        }
        assert!(!shown.contains("\n## Passed"), "{shown}");
        assert!(
            format == "junit" || shown.contains("\\u{1b}]0;owned\\u{7}"),
            "{shown}"
        );
    }
}

/// Every row has as many cells as its head, and no tag stands outside of code.
#[track_caller]
fn is_safe_markdown(text: &str) {
    let mut columns = 0;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = 0;
        } else if columns == 0 {
            columns = line.matches('|').count();
        } else {
            let bars = line.matches('|').count() - line.matches("\\|").count();
            assert_eq!(bars, columns, "{line}\n{text}");
        }
        // Code spans end with the fence that they began with.
        let mut rest = line;
        while let Some(at) = rest.find(['`', '<']) {
            let escaped = rest[..at].ends_with('\\');
            let found = &rest[at..];
            if let Some(behind) = found.strip_prefix('<') {
                assert!(escaped, "a tag in {line}");
                rest = behind;
            } else if escaped {
                rest = &found[1..];
            } else {
                let length = found.len() - found.trim_start_matches('`').len();
                let (fence, inside) = found.split_at(length);
                let end = end_of_code(inside, fence);
                rest = &inside[end.unwrap_or_else(|| panic!("open code in {line}"))..];
            }
        }
    }
}

/// Behind the next run of exactly as many backticks.
fn end_of_code(text: &str, fence: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find('`').map(|at| from + at) {
        let run = text[at..].len() - text[at..].trim_start_matches('`').len();
        if run == fence.len() {
            return Some(at + run);
        }
        from = at + run;
    }
    None
}
