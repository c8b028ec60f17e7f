//! What servers make of requests: every style, media type and place, over HTTP, in every framework.
//! The handlers of the generated project are replaced by ones that answer with their input.

use std::path::Path;

use crate::node::{Answer, Server, TypeScript, compile, link_modules};
use crate::sandbox::Sandbox;

/// What a handler answers; files as their name, media type and size.
const ECHO: &str = r"
function echo(input: object): { status: 200; body: unknown } {
  const shown = (_key: string, value: unknown) =>
    value instanceof File ? { file: value.name, type: value.type, size: value.size } : value;
  return { status: 200, body: JSON.parse(JSON.stringify(input, shown)) };
}
";

const BOOK: &str =
    r#"return { status: 200, body: { title: "a", authors: ["b"], notes: ["c", "<d>"] } };"#;

/// One row of the table.
struct Case {
    name: String,
    request: Vec<u8>,
    status: u16,
    /// A body, or the fields that are refused.
    wanted: String,
}

fn fixture(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(path);
    std::fs::read_to_string(path).expect("a fixture")
}

fn cases() -> Vec<Case> {
    let table = fixture("requests/table.txt");
    table
        .split("\n\n")
        .filter(|block| !block.starts_with('#'))
        .map(|block| case(block.trim_end()))
        .collect()
}

fn case(block: &str) -> Case {
    let lines: Vec<&str> = block.lines().collect();
    let of = |mark: &str| -> Vec<&str> {
        let marked = lines.iter().filter_map(|line| line.strip_prefix(mark));
        marked
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect()
    };
    let headers = of(">");
    let has = |name: &str| {
        headers
            .iter()
            .any(|header| header.to_lowercase().starts_with(name))
    };
    // The parts of a form end with both characters.
    let end = if has("content-type: multipart") {
        "\r\n"
    } else {
        "\n"
    };
    let body = of("|").join(end);
    let body = match body.strip_prefix("hex:") {
        Some(digits) => bytes(digits),
        None => body.into_bytes(),
    };
    let mut request = format!(
        "{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
        lines[0]
    );
    for header in &headers {
        request += &format!("{header}\r\n");
    }
    if !body.is_empty() && !has("content-length") {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    let (status, wanted) = of("=")[0].split_once(' ').unwrap_or((of("=")[0], ""));
    Case {
        name: block.to_owned(),
        request: [request.as_bytes(), b"\r\n", &body].concat(),
        status: status.parse().expect("a status"),
        wanted: wanted.to_owned(),
    }
}

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| std::str::from_utf8(pair).expect("digits"))
        .map(|pair| u8::from_str_radix(pair, 16).expect("a byte"))
        .collect()
}

impl Case {
    /// What is wrong with an answer, if anything is.
    fn fault(&self, answer: &Answer) -> Option<String> {
        let right = answer.status == self.status
            && match self.status {
                200 if self.wanted.starts_with('{') => {
                    let wanted: serde_json::Value =
                        serde_json::from_str(&self.wanted).expect("the wanted JSON");
                    answer.json() == wanted
                }
                200 => answer.body == self.wanted.replace("\\n", "\n"),
                400 => {
                    let mut fields = answer.fields();
                    fields.sort();
                    let known = ["BAD_REQUEST", "VALIDATION_ERROR"].contains(&&*answer.code());
                    known && fields.join(" ") == self.wanted
                }
                404.. => !answer.code().is_empty(),
                _ => true,
            };
        (!right).then(|| format!("{}\n=> {} {}\n", self.name, answer.status, answer.body))
    }
}

/// A server whose handlers answer with what they were given.
pub(crate) fn echo_server(framework: &str) -> (Sandbox, Server) {
    let sandbox = Sandbox::new();
    sandbox.write("openapi.yaml", fixture("openapi/requests.yaml"));
    let arguments = [
        "scaffold",
        "openapi.yaml",
        "--output",
        "src/routes/",
        "--framework",
        framework,
        "--project",
        "--strict",
        "-q",
    ];
    sandbox.run(arguments).expect(0);
    let stubs = sandbox.read("src/routes/echo.ts");
    let mut handlers = String::new();
    for line in stubs.lines() {
        let line = match line.trim() {
            r#"throw notImplemented("getBook");"# => BOOK.to_owned(),
            r#"throw notImplemented("postEmpty");"# => "return { status: 204 };".to_owned(),
            stub if stub.starts_with("throw notImplemented") => "return echo(input);".to_owned(),
            _ => match line.split_once("async ({") {
                Some((before, _)) => format!("{before}async (input) => {{"),
                None => line.to_owned(),
            },
        };
        handlers.push_str(&line);
        handlers.push('\n');
    }
    sandbox.write("src/routes/echo.ts", handlers + ECHO);
    link_modules(sandbox.path());
    compile(sandbox.path(), TypeScript::Seven, &[]);
    let server = Server::start(sandbox.path());
    (sandbox, server)
}

fn requests_are_understood(framework: &str) {
    let (_sandbox, server) = echo_server(framework);
    let mut wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| case.fault(&server.send(&case.request)))
        .collect();

    let head = "POST /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\n";
    let too_large = server.send(format!("{head}Content-Length: 9999999\r\n\r\n").as_bytes());
    if (too_large.status, too_large.code().as_str()) != (413, "PAYLOAD_TOO_LARGE") {
        wrong.push(format!("too large: {too_large:?}"));
    }
    let chunked = server
        .send(format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").as_bytes());
    if chunked.body != r#"{"body":"abc"}"# {
        wrong.push(format!("chunked: {chunked:?}"));
    }
    assert!(wrong.is_empty(), "{framework}\n\n{}", wrong.join("\n"));
}

#[test]
fn requests_are_understood_by_express() {
    requests_are_understood("express");
}

#[test]
fn requests_are_understood_by_fastify() {
    requests_are_understood("fastify");
}

#[test]
fn requests_are_understood_by_koa() {
    requests_are_understood("koa");
}
