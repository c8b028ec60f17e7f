//! `backsmith scaffold` from documents: what is written, what is kept, and what the servers do.

use std::path::Path;

use crate::node::{Server, TypeScript, compile, link_modules};
use crate::sandbox::{Run, Sandbox};

const FRAMEWORKS: [&str; 3] = ["express", "fastify", "koa"];

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/openapi")
        .join(name);
    std::fs::read_to_string(path).expect("a fixture")
}

/// A sandbox with the document as openapi.yaml.
fn sandbox(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("openapi.yaml", document(name));
    sandbox
}

fn scaffold(sandbox: &Sandbox, more: &[&str]) -> Run {
    let arguments = ["scaffold", "openapi.yaml", "--output", "src/routes/"];
    sandbox.run(arguments.into_iter().chain(more.iter().copied()))
}

/// Everything below the sandbox, by path.
fn contents(sandbox: &Sandbox) -> Vec<(String, String)> {
    let files = sandbox
        .files()
        .into_iter()
        .filter(|path| !path.starts_with("node_modules"));
    files
        .map(|path| (path.clone(), sandbox.read(&path)))
        .collect()
}

#[test]
fn the_first_run_says_whose_each_file_is() {
    let run = scaffold(
        &sandbox("user-service.yaml"),
        &["--framework", "express", "--project"],
    )
    .expect(0);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn generated_code_is_as_expected() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--project", "-q"]).expect(0);
    for path in [
        "src/types/models.ts",
        "src/types/operations.ts",
        "src/middleware/schemas.ts",
        "src/middleware/validators.ts",
        "src/routes/index.ts",
        "src/routes/users.ts",
    ] {
        insta::assert_snapshot!(path.replace('/', "-"), sandbox.read(path));
    }
}

#[test]
fn both_compilers_accept_every_document() {
    // The tests of the servers compile other pairs of document and framework.
    let documents = ["user-service.yaml", "keywords.yaml", "odd-names.yaml"];
    for (name, framework) in documents.into_iter().zip(FRAMEWORKS) {
        let sandbox = sandbox(name);
        scaffold(&sandbox, &["--framework", framework, "--project", "-q"]).expect(0);
        link_modules(sandbox.path());
        for version in [TypeScript::Seven, TypeScript::Five] {
            compile(sandbox.path(), version, &["--noEmit", "-p", "test"]);
        }
        let test = std::process::Command::new("npm")
            .args(["test", "--silent"])
            .current_dir(sandbox.path())
            .output()
            .expect("npm runs");
        assert!(
            test.status.success(),
            "npm test: {}",
            String::from_utf8_lossy(&test.stdout)
        );
    }
}

/// A built project and its server.
pub(crate) fn server(name: &str, framework: &str) -> (Sandbox, Server) {
    let sandbox = sandbox(name);
    scaffold(&sandbox, &["--framework", framework, "--project", "-q"]).expect(0);
    link_modules(sandbox.path());
    compile(sandbox.path(), TypeScript::Seven, &[]);
    let server = Server::start(sandbox.path());
    (sandbox, server)
}

fn a_server_keeps_the_contract(framework: &str) {
    let (_sandbox, server) = server("user-service.yaml", framework);
    let json = "application/json";
    let valid =
        r#"{"email":"ada@example.com","displayName":"Ada","password":"correct horse battery"}"#;

    let answer = server.ask("GET", "/users?limit=5", None);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (501, "NOT_IMPLEMENTED")
    );
    let answer = server.ask("POST", "/users", Some((json, valid)));
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (501, "NOT_IMPLEMENTED")
    );

    let answer = server.ask(
        "POST",
        "/users",
        Some((json, r#"{"email":"nobody","displayName":"","extra":1}"#)),
    );
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "VALIDATION_ERROR")
    );
    let mut fields = answer.fields();
    fields.sort();
    assert_eq!(
        fields,
        [
            "body.displayName",
            "body.email",
            "body.extra",
            "body.password"
        ]
    );

    let answer = server.ask(
        "GET",
        "/users?limit=0&unknown=1&role=admin&role=admin",
        None,
    );
    assert_eq!(
        answer.fields(),
        ["query.limit", "query.role", "query.unknown"]
    );
    assert_eq!(
        server.ask("POST", "/users", Some((json, "{"))).code(),
        "BAD_REQUEST"
    );
    assert_eq!(
        server
            .ask("POST", "/users", Some(("text/plain", "Ada")))
            .status,
        415
    );
    let large = format!("\"{}\"", "x".repeat(1_100_000));
    assert_eq!(
        server.ask("POST", "/users", Some((json, &large))).status,
        413
    );

    let answer = server.ask("DELETE", "/users", None);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (405, "METHOD_NOT_ALLOWED")
    );
    assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
    assert_eq!(server.ask("OPTIONS", "/users", None).status, 204);
    let answer = server.ask("GET", "/nowhere", None);
    assert_eq!((answer.status, answer.code().as_str()), (404, "NOT_FOUND"));

    // A credential is asked for before anything else is looked at.
    for path in ["/users/me", "/users/not-a-uuid"] {
        let answer = server.ask("GET", path, None);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "UNAUTHORIZED"),
            "{path}"
        );
    }
    assert_eq!(server.ask("GET", "/health", None).status, 200);
}

#[test]
fn an_express_server_keeps_the_contract() {
    a_server_keeps_the_contract("express");
}

#[test]
fn a_fastify_server_keeps_the_contract() {
    a_server_keeps_the_contract("fastify");
}

#[test]
fn a_koa_server_keeps_the_contract() {
    a_server_keeps_the_contract("koa");
}

#[test]
fn odd_names_are_reached() {
    for framework in FRAMEWORKS {
        let (_sandbox, server) = server("odd-names.yaml", framework);
        for (method, path, wanted) in [
            ("GET", "/items/1?class=a&filter%5Bname%5D=b", 501),
            ("GET", "/items/1/report.csv", 501),
            ("GET", "/items/1/report", 404),
            ("POST", "/gr%C3%B6%C3%9Fe", 501),
            ("GET", "/a:b/c*", 501),
            ("HEAD", "/a:b/c*", 501),
            ("DELETE", "/", 501),
            ("GET", "/", 405),
        ] {
            let answer = server.ask(method, path, None);
            assert_eq!(
                answer.status, wanted,
                "{framework} {method} {path}: {}",
                answer.body
            );
        }
    }
}

#[test]
fn a_second_run_writes_nothing() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--framework", "koa", "--project"]).expect(0);
    let modified = |path: &str| {
        std::fs::metadata(sandbox.path().join(path))
            .and_then(|data| data.modified())
            .expect("a time")
    };
    let before: Vec<_> = sandbox
        .files()
        .iter()
        .map(|path| (path.clone(), modified(path)))
        .collect();
    let run = scaffold(&sandbox, &["--project"]).expect(0);
    assert_eq!(
        sandbox
            .files()
            .iter()
            .map(|path| (path.clone(), modified(path)))
            .collect::<Vec<_>>(),
        before
    );
    insta::assert_snapshot!(run.transcript());
    scaffold(&sandbox, &["--project", "--check"]).expect(0);
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let (first, second) = (sandbox("keywords.yaml"), sandbox("keywords.yaml"));
    scaffold(&first, &["--project", "-q"]).expect(0);
    scaffold(&second, &["--project", "-q"]).expect(0);
    assert_eq!(contents(&first), contents(&second));
}

/// The document with one operation more and without another.
fn changed_document() -> String {
    let added = "  /users/{userId}/suspension:\n    parameters:\n      - { $ref: '#/components/parameters/UserId' }\n    post:\n      operationId: suspendUser\n      tags: [Users]\n      responses:\n        '204': { description: Suspended. }\n";
    let document =
        document("user-service.yaml").replace("webhooks:\n", &format!("{added}webhooks:\n"));
    let start = document
        .find("    get:\n      operationId: listPaymentMethods")
        .expect("the operation");
    let end = start + document[start..].find("    post:\n").expect("the next one");
    document[..start].to_owned() + &document[end..]
}

#[test]
fn new_operations_are_appended_and_nothing_of_the_user_is_lost() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--project", "-q"]).expect(0);
    // Odd line ends, no import of the stub's names, no line end at the end.
    let edited = "\u{feff}import { db } from \"./db.js\"; // mine\r\n\r\nexport const listUsers = async () => db.list(),\r\n  createUser = null;\r\nexport async function getCurrentUser() {}\r\nconst a = 1;\r\nexport { a as getUser, a as replaceUser, a as updateUser };\r\nexport default class {}\r\nexport const deleteUser = 0";
    sandbox.write("src/routes/users.ts", edited);
    sandbox.write("openapi.yaml", changed_document());
    let run = scaffold(&sandbox, &["--project"]).expect(0);
    insta::assert_snapshot!(run.transcript());
    let after = sandbox.read("src/routes/users.ts");
    assert!(
        after.contains("export const suspendUser: Handler<\"suspendUser\">"),
        "{after}"
    );
    // Without what was added, every byte is as it was.
    let mut rest = after.as_str();
    for piece in [
        "\u{feff}import { db } from \"./db.js\"; // mine\r\n",
        "\r\nexport const listUsers",
        "export const deleteUser = 0",
    ] {
        let at = rest
            .find(piece)
            .unwrap_or_else(|| panic!("{piece:?} is gone from {after:?}"));
        rest = &rest[at + piece.len()..];
    }
    assert!(
        !after.replace("\r\n", "").contains('\n'),
        "line ends are mixed: {after:?}"
    );
    assert!(
        sandbox
            .read("src/routes/payment-methods.ts")
            .contains("listPaymentMethods")
    );
    let run = scaffold(&sandbox, &["--project"]).expect(0);
    assert!(run.stdout.contains("nothing to do"), "{}", run.stdout);
}

#[test]
fn an_edited_generated_file_is_a_conflict_and_nothing_is_written() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--project", "-q"]).expect(0);
    let validators = sandbox
        .read("src/middleware/validators.ts")
        .replace(".max(100)", ".max(500)");
    sandbox.write("src/middleware/validators.ts", &validators);
    sandbox.write("openapi.yaml", changed_document());
    let before = contents(&sandbox);
    let run = scaffold(&sandbox, &["--project"]).expect(1);
    assert_eq!(contents(&sandbox), before);
    insta::assert_snapshot!(run.transcript());
    scaffold(&sandbox, &["--project", "--force", "-q"]).expect(0);
    assert!(
        sandbox
            .read("src/middleware/validators.ts")
            .contains(".max(100)")
    );
}

#[test]
fn a_dry_run_and_a_check_write_nothing() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--project", "--dry-run"]).expect(0);
    assert_eq!(sandbox.files(), ["openapi.yaml"]);
    scaffold(&sandbox, &["--project", "--check"]).expect(1);
    assert_eq!(sandbox.files(), ["openapi.yaml"]);
    scaffold(&sandbox, &["--project", "-q"]).expect(0);
    sandbox.write(
        "openapi.yaml",
        document("user-service.yaml").replace("maximum: 100", "maximum: 200"),
    );
    let before = contents(&sandbox);
    insta::assert_snapshot!(
        "dry_run",
        scaffold(&sandbox, &["--project", "--dry-run"])
            .expect(0)
            .transcript()
    );
    insta::assert_snapshot!(
        "check",
        scaffold(&sandbox, &["--project", "--check"])
            .expect(1)
            .transcript()
    );
    assert_eq!(contents(&sandbox), before);
}

#[test]
fn each_source_root_of_a_project_is_left_alone_by_the_others() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--project", "-q"]).expect(0);
    let before = contents(&sandbox);
    sandbox.write("keywords.yaml", document("keywords.yaml"));
    let again = || {
        let output = ["--output", "again/routes/", "--framework", "koa"];
        let arguments = ["scaffold", "keywords.yaml", "--format", "json", "-q"];
        sandbox
            .run(arguments.into_iter().chain(output))
            .expect(0)
            .json()
    };
    let report = again();
    let files = report["files"].as_array().expect("files");
    assert!(
        files.iter().all(|file| {
            let path = file["path"].as_str().expect("a path");
            path.starts_with("again/") && file["action"] == "create"
        }),
        "{files:#?}"
    );
    assert_eq!(report["orphans"], serde_json::json!([]));
    let after = contents(&sandbox);
    for file in &before {
        assert!(after.contains(file), "{} was changed", file.0);
    }
    assert!(
        sandbox
            .read(".backsmith/again/manifest.json")
            .contains("again/middleware/validators.ts")
    );

    // Each still knows its own files: neither run has anything to do, and edits are seen.
    scaffold(&sandbox, &["--project", "--check"]).expect(0);
    again();
    assert_eq!(contents(&sandbox), after);
    let path = "src/middleware/validators.ts";
    sandbox.write(path, format!("{}// mine\n", sandbox.read(path)));
    again();
    scaffold(&sandbox, &["--project", "--check"]).expect(1);
}

#[test]
fn only_types_when_only_types_are_wanted() {
    let sandbox = sandbox("user-service.yaml");
    scaffold(&sandbox, &["--types-only", "-q"]).expect(0);
    let wanted = [
        ".backsmith/manifest.json",
        "openapi.yaml",
        "src/types/models.ts",
        "src/types/operations.ts",
    ];
    assert_eq!(sandbox.files(), wanted);
}

#[test]
fn what_is_not_enforced_is_listed_or_refused() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: T, version: 1.0.0 }\npaths:\n  /a:\n    post:\n      operationId: a\n      requestBody:\n        content:\n          application/json:\n            schema: { type: string, pattern: '(?x)abc' }\n      responses: { '204': { description: ok } }\n",
    );
    insta::assert_snapshot!("listed", scaffold(&sandbox, &[]).expect(0).transcript());
    let strict = Sandbox::new();
    strict.write("openapi.yaml", sandbox.read("openapi.yaml"));
    insta::assert_snapshot!(
        "strict",
        scaffold(&strict, &["--strict"]).expect(2).transcript()
    );
    assert_eq!(strict.files(), ["openapi.yaml"]);
}

#[test]
fn the_document_is_the_published_one() {
    let sandbox = sandbox("user-service.yaml");
    let run = scaffold(&sandbox, &["--project", "--json"]).expect(0);
    let document = run.json();
    assert_eq!(document["counts"]["handlers"], 10);
    assert_eq!(document["counts"]["created"], document["counts"]["files"]);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("references/schema/scaffold.v1.json");
    let schema: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(schema).expect("a schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let again = scaffold(&sandbox, &["--dry-run", "--json"])
        .expect(0)
        .json();
    for document in [document, again] {
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn wrong_uses_are_explained() {
    let sandbox = sandbox("user-service.yaml");
    for arguments in [
        &["scaffold"] as &[&str],
        &["scaffold", "openapi.yaml"],
        &["scaffold", "missing.yaml", "--output", "src/routes"],
        &[
            "scaffold",
            "openapi.yaml",
            "--framework",
            "expres",
            "--output",
            "src/routes",
        ],
    ] {
        let run = sandbox.run(arguments).expect(2);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
    scaffold(&sandbox, &["--framework", "koa", "-q"]).expect(0);
    let run = scaffold(&sandbox, &["--framework", "fastify"]).expect(2);
    assert!(
        run.stderr.contains("was generated for Koa"),
        "{}",
        run.stderr
    );
}

mod names {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        /// Whatever things are called, what is written parses, and a second run has nothing to do.
        #[test]
        fn any_names_give_code_that_parses(names in proptest::collection::vec("[\\PC&&[^\\x00-\\x1f]]{0,12}", 1..6)) {
            let sandbox = Sandbox::new();
            let mut paths = String::new();
            let mut schemas = String::new();
            for (index, name) in names.iter().enumerate() {
                let text = serde_json::Value::from(name.as_str());
                let schema = serde_json::Value::from(format!("s{index} {name}"));
                write!(paths, "{}\"/p{index}\": {{\"post\": {{\"operationId\": {}, \"tags\": [{text}], \"parameters\": [{{\"name\": {schema}, \"in\": \"query\", \"schema\": {{\"type\": \"string\"}}}}], \"responses\": {{\"200\": {{\"description\": {text}}}}}}}}}", if index > 0 { ", " } else { "" }, serde_json::Value::from(format!("{name}{index}"))).expect("text");
                write!(schemas, "{}\"S{index}\": {{\"type\": \"object\", \"properties\": {{{schema}: {{\"enum\": [{text}]}}}}}}", if index > 0 { ", " } else { "" }).expect("text");
            }
            sandbox.write("openapi.yaml", format!("{{\"openapi\": \"3.1.0\", \"info\": {{\"title\": {}, \"version\": \"1\"}}, \"paths\": {{{paths}}}, \"components\": {{\"schemas\": {{{schemas}}}}}}}", serde_json::Value::from(names[0].as_str())));
            scaffold(&sandbox, &["--project", "-q"]).expect(0);
            for path in sandbox.files() {
                if Path::new(&path).extension().is_some_and(|ending| ending == "ts") {
                    let parsed = backsmith::routes::exports::read(&sandbox.read(&path));
                    prop_assert!(parsed.is_ok(), "{path}: {parsed:?}\n{}", sandbox.read(&path));
                }
            }
            let run = scaffold(&sandbox, &["--project"]).expect(0);
            prop_assert!(run.stdout.contains("nothing to do"), "{}", run.stdout);
        }
    }
}
