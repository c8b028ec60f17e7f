//! Documents of many files: read from a folder, from standard input, over HTTP.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::file_server::{Answer, FileServer};
use crate::node::{TypeScript, compile, link_modules};
use crate::sandbox::{Run, Sandbox};

fn marina() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/openapi/marina")
}

/// The types that a source becomes, without the line that names the source.
fn types(sandbox: &Sandbox, source: &str) -> String {
    let output = ["--output", "out/routes", "--types-only", "--force", "-q"];
    sandbox
        .run([["scaffold", source].as_slice(), &output].concat())
        .expect(0);
    let text = sandbox.read("out/types/models.ts");
    text.split_once('\n')
        .map_or(String::new(), |(_, rest)| rest.to_owned())
}

fn exported(types: &str) -> Vec<&str> {
    let names = types.lines().filter_map(|line| {
        let rest = line.strip_prefix("export ")?;
        rest.split_whitespace().nth(1)
    });
    names.collect()
}

#[test]
fn a_description_of_many_files_becomes_a_service() {
    for framework in ["express", "fastify", "koa"] {
        let sandbox = Sandbox::new();
        let document = marina().join("openapi.yaml").display().to_string();
        let arguments = ["scaffold", &document, "--framework", framework];
        let output = ["--output", "src/routes/", "--project"];
        let run = sandbox
            .run([arguments.as_slice(), &output].concat())
            .expect(0);
        assert!(run.stdout.contains("5 route handlers"), "{}", run.stdout);
        let again = sandbox
            .run([arguments.as_slice(), &output].concat())
            .expect(0);
        assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
        link_modules(sandbox.path());
        compile(
            sandbox.path(),
            TypeScript::Seven,
            &["--noEmit", "-p", "test"],
        );
    }
}

#[test]
fn schemas_of_other_files_have_the_names_that_people_give_them() {
    let sandbox = Sandbox::new();
    let document = marina().join("openapi.yaml").display().to_string();
    let types = types(&sandbox, &document);
    assert_eq!(
        exported(&types),
        [
            "Berth",
            "BerthInput",
            "Money",
            "Ship",
            "ShipInput",
            "PageNext",
            "BerthSize",
            "Page",
            "Problem",
            "Sailboat",
            "SailboatInput",
            "Motorboat",
            "Kilowatts",
            "Note"
        ]
    );
    // A document of another version keeps its own meaning: `nullable` is one of 3.0.
    assert!(types.contains("detail?: string | null;"), "{types}");
}

#[test]
fn a_file_standard_input_and_a_url_are_the_same_document() {
    let sandbox = Sandbox::new();
    let folder = marina();
    let from_file = types(&sandbox, &folder.join("openapi.yaml").display().to_string());

    let mut child = sandbox
        .command(["scaffold", "-", "--types-only", "-q", "--output"])
        .arg(sandbox.path().join("input/routes"))
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child");
    let text = std::fs::read(folder.join("openapi.yaml")).expect("a document");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(&text).expect("the child reads");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let from_input = sandbox.read("input/types/models.ts");
    assert!(from_input.ends_with(&from_file), "{from_input}");

    // References are relative to where a redirect leads.
    let files = FileServer::of_folder(folder);
    let target = files.url("/openapi.yaml");
    let server = FileServer::start(move |_| Answer::Redirect(target.clone()));
    assert_eq!(types(&sandbox, &server.url("/latest")), from_file);
}

#[test]
fn links_to_a_file_are_one_document() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "shared/defs.yaml",
        "User: {type: object, properties: {friend: {$ref: '#/User'}}}\n",
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink(sandbox.path().join("shared"), sandbox.path().join("linked"))
        .expect("a link");
    #[cfg(not(unix))]
    sandbox.write("linked/defs.yaml", sandbox.read("shared/defs.yaml"));
    sandbox.write(
        "spec/openapi.yaml",
        "openapi: 3.1.0\ninfo: {title: T, version: '1'}\ncomponents:\n  schemas:\n    \
         A: {type: array, items: {$ref: ../shared/defs.yaml#/User}}\n    \
         B: {type: array, items: {$ref: '../spec/../linked/defs.yaml#/User'}}\n",
    );
    if cfg!(unix) {
        assert_eq!(
            exported(&types(&sandbox, "spec/openapi.yaml")),
            ["A", "B", "User"]
        );
    }
}

#[test]
fn swagger_documents_have_parts_in_other_files_too() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "swagger.yaml",
        "swagger: '2.0'\ninfo: {title: T, version: '1'}\nproduces: [application/json]\n\
         parameters: {limit: {$ref: defs/parameters.yaml#/limit}}\npaths:\n  /a: {$ref: defs/paths.yaml#/a}\n\
         definitions:\n  User: {$ref: defs/user.json}\n",
    );
    sandbox.write(
        "defs/parameters.yaml",
        "limit: {name: limit, in: query, type: integer}\n\
         body: {name: body, in: body, required: true, schema: {$ref: user.json}}\n",
    );
    sandbox.write(
        "defs/paths.yaml",
        "a:\n  post:\n    operationId: addUser\n    parameters:\n      - {$ref: '../swagger.yaml#/parameters/limit'}\n      \
         - {$ref: 'parameters.yaml#/body'}\n    responses:\n      200: {$ref: 'responses.yaml#/Ok'}\n",
    );
    sandbox.write(
        "defs/responses.yaml",
        "Ok: {description: Ok, schema: {type: array, items: {$ref: '../swagger.yaml#/definitions/User'}}}\n",
    );
    sandbox.write(
        "defs/user.json",
        r#"{"type": "object", "properties": {"name": {"type": "string", "x-nullable": true}}}"#,
    );
    let types = types(&sandbox, "swagger.yaml");
    assert_eq!(exported(&types), ["User"]);
    assert!(types.contains("name?: string | null;"), "{types}");
    let operations = sandbox.read("out/types/operations.ts");
    assert!(operations.contains("limit?: number"), "{operations}");
}

/// Every kind of fault in one of several files.
const BROKEN: &[(&str, &str)] = &[
    (
        "openapi.yaml",
        "openapi: 3.1.0
info: { title: Broken, version: '1' }
paths:
  /users:
    $ref: paths/users.yaml
  /orders:
    get:
      operationId: list
      responses:
        '200': { $ref: shared/respones.yaml#/Ok }
        '404': { $ref: 'shared/responses.yaml#/NotFuond' }
        '500': { $ref: shared/syntax.json }
components:
  schemas:
    Money: { type: object }
    Loop: { $ref: schemas/loop.yaml }
    Nothing: { $ref: schemas/nothing.yaml }
    Page: { $ref: 'urn:example:page' }
",
    ),
    (
        "paths/users.yaml",
        "get:
  operationId: list
  parameters:
    - { name: limit, in: query, schema: { type: integr } }
  responses:
    '200':
      description: Users
      content:
        application/json:
          schema:
            properties:
              price: { $ref: '#/components/schemas/Money' }
            maxPropertys: 3
",
    ),
    (
        "shared/responses.yaml",
        "Ok: { description: Ok }\nNotFound: { description: No }\nOk: { description: Again }\n",
    ),
    ("shared/syntax.json", "{ \"description\": }\n"),
    ("schemas/loop.yaml", "$ref: more/back.yaml\n"),
    (
        "schemas/more/back.yaml",
        "$ref: ../../openapi.yaml#/components/schemas/Loop\n",
    ),
    ("schemas/nothing.yaml", "# to be written\n"),
];

#[test]
fn all_faults_of_all_files_are_shown_where_they_stand() {
    let sandbox = Sandbox::new();
    for (path, text) in BROKEN {
        sandbox.write(&format!("spec/{path}"), text);
    }
    let run = sandbox
        .run(["scaffold", "spec/openapi.yaml", "--output", "src/routes/"])
        .expect(2);
    insta::assert_snapshot!(run.transcript());
    assert_eq!(sandbox.files().len(), BROKEN.len(), "{:?}", sandbox.files());

    let run = sandbox
        .run([
            "scaffold",
            "spec/openapi.yaml",
            "--output",
            "src/routes/",
            "--json",
        ])
        .expect(2);
    let document: serde_json::Value = serde_json::from_str(&run.stderr).expect("one document");
    let errors = document["errors"].as_array().expect("a list");
    let places: Vec<_> = errors
        .iter()
        .map(|error| {
            let place = &error["location"];
            format!(
                "{}:{}:{}",
                place["file"].as_str().unwrap_or_default(),
                place["line"],
                place["column"]
            )
        })
        .collect();
    assert!(
        places.contains(&"spec/paths/users.yaml:4:49".to_owned()),
        "{places:?}"
    );
}

#[test]
fn documents_that_know_their_address_are_read_from_their_copies() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "api/openapi.yaml",
        "openapi: 3.2.0\n$self: https://api.invalid/v1/openapi.yaml\n\
         info: {title: T, version: '1'}\ncomponents:\n  schemas:\n    \
         List: {type: array, items: {$ref: schemas/user.json}}\n    \
         Other: {type: array, items: {$ref: 'https://api.invalid/v1/openapi.yaml#/components/schemas/List'}}\n",
    );
    sandbox.write(
        "api/schemas/user.json",
        r#"{"$id": "https://ids.invalid/schemas/user.json", "type": "object", "properties": {
            "address": {"$ref": "address.json"}, "city": {"$ref": "address.json#city"},
            "lists": {"$ref": "../openapi.yaml#/components/schemas/List"}}}"#,
    );
    sandbox.write(
        "api/schemas/address.json",
        r#"{"type": "object", "properties": {"city": {"$anchor": "city", "type": "string"}}}"#,
    );
    let types = types(&sandbox, "api/openapi.yaml");
    assert_eq!(
        exported(&types),
        ["List", "Other", "User", "Address", "AddressCity"]
    );
    assert!(types.contains("export type Other = List[]"), "{types}");
    assert!(types.contains("lists?: List;"), "{types}");
}

#[test]
fn a_document_from_the_network_may_not_read_files() {
    let sandbox = Sandbox::new();
    let secret = sandbox
        .write("secret.yaml", "type: string\n")
        .display()
        .to_string();
    let server = FileServer::start(move |_| {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\ncomponents:\n  schemas:\n    \
             A: {{$ref: 'file://{secret}'}}\n"
        );
        Answer::Text("application/yaml", text)
    });
    let url = server.url("/openapi.yaml");
    let run = sandbox
        .run(["scaffold", &url, "--output", "src/routes/"])
        .expect(2);
    assert!(
        run.stderr.contains(
            "error[refused-document]: a document from the network may not refer to a local file"
        ),
        "{}",
        run.stderr
    );
    // From a local document it is a file like any other.
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\ncomponents:\n  schemas:\n    \
         A: {{$ref: 'file://{}'}}\n",
        sandbox.path().join("secret.yaml").display()
    );
    sandbox.write("openapi.yaml", text);
    assert_eq!(exported(&types(&sandbox, "openapi.yaml")), ["A"]);
}

#[test]
fn documents_by_url_have_limits_and_keep_secrets() {
    let sandbox = Sandbox::new();
    let server = FileServer::start(|path| match path {
        "/silent.yaml" => Answer::Silence,
        "/moved.yaml" => Answer::Redirect("/moved.yaml".to_owned()),
        "/page.yaml" => Answer::Text("text/html", "<!DOCTYPE html>\n<html></html>".to_owned()),
        _ => Answer::Status("404 Not Found"),
    });
    let entry = |path: &str| {
        let secret = server.url(path).replace("http://", "http://me:s3cret@");
        format!(
            "openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\ncomponents:\n  schemas:\n    \
             A: {{$ref: '{secret}?token=hidden#/A'}}\n"
        )
    };
    let mut transcript = String::new();
    for (path, code) in [
        ("/silent.yaml", 4),
        ("/moved.yaml", 4),
        ("/page.yaml", 2),
        ("/gone.yaml", 2),
    ] {
        sandbox.write("openapi.yaml", entry(path));
        let arguments = [
            "scaffold",
            "openapi.yaml",
            "--output",
            "src/routes/",
            "--timeout",
            "1",
        ];
        let run = Run::of(&mut sandbox.command(arguments)).expect(code);
        let text = run.transcript();
        assert!(
            !text.contains("s3cret") && !text.contains("hidden"),
            "{text}"
        );
        let start = text.find("error").unwrap_or_default();
        transcript.push_str(&format!(
            "## {path}\n{}\n\n",
            &server.masked(&text[start..])
        ));
    }
    // The columns depend on the length of the port.
    let carets = regex::Regex::new(r"\n +\|( +\^+)?").expect("an expression");
    insta::assert_snapshot!(carets.replace_all(&transcript, ""));
}
