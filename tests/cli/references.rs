//! References in all their forms, and the members that OpenAPI 3.2 brings, through the binary.

use crate::sandbox::Sandbox;

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n";

/// What the report says of the document, without the list of files.
#[track_caller]
fn listed(sandbox: &Sandbox, name: &str) -> serde_json::Value {
    let arguments = ["scaffold", name, "--output", "src/routes/", "--json", "-q"];
    sandbox.run(arguments).expect(0).json()
}

/// `code pointer` of every finding and of every part that has no effect.
fn summary(report: &serde_json::Value) -> Vec<String> {
    let text =
        |entry: &serde_json::Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let place = |entry: &serde_json::Value| {
        let location = &entry["location"];
        format!("{}:{}", location["line"], location["column"])
    };
    let findings = report["diagnostics"].as_array().into_iter().flatten();
    let kept = report["not_enforced"].as_array().into_iter().flatten();
    findings
        .map(|entry| format!("{} {}", place(entry), text(entry, "message")))
        .chain(kept.map(|entry| text(entry, "keyword")))
        .collect()
}

#[test]
fn members_of_version_3_2_are_read_or_named() {
    let sandbox = Sandbox::new();
    let text = include_str!("../fixtures/openapi/version-3.2.yaml");
    sandbox.write("openapi.yaml", text);
    let report = listed(&sandbox, "openapi.yaml");
    let found = summary(&report);
    assert!(
        !found.iter().any(|line| line.contains("is no member")),
        "{found:#?}"
    );
    for keyword in [
        "COPY",
        "POST",
        "contentSchema",
        "defaultMapping",
        "itemEncoding",
        "itemSchema",
        "prefixEncoding",
    ] {
        assert!(
            found.iter().any(|line| line.contains(keyword)),
            "{keyword}: {found:#?}"
        );
    }
    let arguments = [
        "scaffold",
        "openapi.yaml",
        "--output",
        "strict/routes/",
        "--strict",
    ];
    let run = sandbox.run(arguments).expect(2);
    assert!(run.stderr.contains("openapi.yaml:"), "{}", run.stderr);
    assert!(!sandbox.path().join("strict").exists());
}

#[test]
fn references_that_the_specification_does_not_know_are_clear_enough() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "openapi.yaml",
        format!(
            "{HEAD}paths: {{$ref: paths.yaml}}\ncomponents: {{schemas: {{$ref: schemas.yaml}}}}\n"
        ),
    );
    sandbox.write(
        "paths.yaml",
        "/pets:\n  parameters: {$ref: lists.yaml#/parameters}\n  get: {$ref: lists.yaml#/get}\n\
         /toys:\n  $ref: lists.yaml#/toys\n  delete: {operationId: removeToys, responses: {'204': {description: Gone}}}\n",
    );
    sandbox.write(
        "lists.yaml",
        "parameters:\n  - {name: limit, in: query, schema: {type: integer}}\n\
         get:\n  operationId: listPets\n  description: {$ref: '#/text'}\n  responses: {$ref: '#/responses'}\n\
         text: All pets\n\
         responses:\n  '200': {description: Pets, content: {$ref: '#/content'}}\n\
         content:\n  application/json: {schema: {$ref: 'openapi.yaml#/components/schemas/Pet'}}\n\
         toys:\n  get: {operationId: listToys, responses: {'204': {description: None}}}\n\
         names: [name]\nproperties:\n  name: {type: string}\n",
    );
    sandbox.write(
        "schemas.yaml",
        "Pet: {type: object, required: {$ref: 'lists.yaml#/names'}, properties: {$ref: 'lists.yaml#/properties'}}\n",
    );
    let report = listed(&sandbox, "openapi.yaml");
    let ids: Vec<_> = report["operations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|operation| operation["id"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(ids, ["listPets", "listToys", "removeToys"]);
    let operations = sandbox.read("src/types/operations.ts");
    assert!(operations.contains("limit?: number"), "{operations}");
    let models = sandbox.read("src/types/models.ts");
    assert!(
        models.contains("export interface Pet {\n  name: string;\n}"),
        "{models}"
    );
}

#[test]
fn references_that_lead_in_circles_end() {
    let sandbox = Sandbox::new();
    // A callback that describes itself is read once; the rest is named.
    sandbox.write(
        "openapi.yaml",
        format!(
            "{HEAD}paths:\n  /a:\n    post:\n      operationId: subscribe\n      \
             callbacks: {{event: {{$ref: '#/components/callbacks/event'}}}}\n      \
             responses: {{'204': {{description: Ok}}}}\ncomponents:\n  callbacks:\n    event:\n      \
             '{{$request.body#/url}}':\n        post:\n          \
             callbacks: {{event: {{$ref: '#/components/callbacks/event'}}}}\n          \
             responses: {{'204': {{description: Ok}}}}\n"
        ),
    );
    let found = summary(&listed(&sandbox, "openapi.yaml"));
    let inner = "callbacks";
    assert!(found.iter().any(|line| line.contains(inner)), "{found:#?}");

    sandbox.write(
        "circles.yaml",
        format!(
            "{HEAD}paths:\n  /b: {{$ref: '#/paths/~1b'}}\n  /c: {{$ref: 'circle.yaml#/c'}}\n\
             components:\n  responses:\n    R: {{$ref: '#/components/responses/R'}}\n  schemas:\n    \
             Folder: {{$ref: '.'}}\n    Host: {{$ref: '//host/x.yaml'}}\n    Text: {{$ref: text.yaml}}\n"
        ),
    );
    sandbox.write("circle.yaml", "c: {$ref: 'circles.yaml#/paths/~1c'}\n");
    sandbox.write("text.yaml", "to be written\n");
    let run = sandbox
        .run(["scaffold", "circles.yaml", "--output", "new/routes/"])
        .expect(2);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn what_stands_beside_a_reference_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "openapi.yaml",
        format!(
            "{HEAD}paths:\n  /a:\n    get:\n      operationId: getA\n      responses:\n        \
             '200': {{$ref: '#/components/responses/Ok', content: {{}}}}\n\
             components:\n  responses:\n    Ok: {{description: Ok}}\n"
        ),
    );
    assert_eq!(
        summary(&listed(&sandbox, "openapi.yaml")),
        ["8:52 `content` beside `$ref` has no effect here"]
    );
}
