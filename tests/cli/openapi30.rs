//! `scaffold --generate-spec --openapi 3.0`: what the older version holds, and what is listed.

use backsmith::api::{Api, Notation, Operation, WrittenVersion, read, render, write_version};
use backsmith::diagnostic::Diagnostic;
use backsmith::text::SourceFile;

use crate::sandbox::Sandbox;

fn model(text: &str) -> Api {
    let (api, findings) = read(&SourceFile::new("openapi.yaml", text));
    assert!(findings.is_empty(), "{findings:#?}");
    api.expect("a model")
}

fn written(text: &str) -> (serde_json::Value, Vec<Diagnostic>) {
    write_version(&model(text), WrittenVersion::OpenApi30)
}

/// Without the places in the text, which are of the text alone.
fn placeless(operations: &[Operation]) -> Vec<Operation> {
    let mut operations = operations.to_vec();
    for operation in &mut operations {
        operation.span = None;
        // `default` is written first.
        operation.responses.sort_keys();
        for parameter in &mut operation.parameters {
            parameter.span = None;
        }
        if let Some(body) = &mut operation.body {
            body.span = None;
        }
        for callback in &mut operation.callbacks {
            let inner = placeless(std::slice::from_ref(&callback.operation));
            callback.operation = inner.into_iter().next().expect("one");
        }
    }
    operations
}

#[test]
fn a_document_of_3_0_is_read_back_as_it_was() {
    let text = include_str!("../fixtures/openapi/version-3.0.yaml");
    let before = model(text);
    let (document, left_out) = write_version(&before, WrittenVersion::OpenApi30);
    assert_eq!(left_out, []);
    assert_eq!(document["openapi"], "3.0.3");
    for notation in [Notation::Yaml, Notation::Json] {
        let after = model(&render(&document, notation));
        assert_eq!(after.schemas, before.schemas);
        assert_eq!(after.security_schemes, before.security_schemes);
        assert_eq!(after.tags, before.tags);
        assert_eq!(
            (after.title, after.servers),
            (before.title.clone(), before.servers.clone())
        );
        let (after, before) = (placeless(&after.operations), placeless(&before.operations));
        assert_eq!(after.len(), before.len());
        for (after, before) in after.iter().zip(&before) {
            assert_eq!(format!("{after:#?}"), format!("{before:#?}"));
        }
    }
}

#[test]
fn other_words_mean_the_same() {
    let (document, left_out) = written(
        "
openapi: 3.1.0
info: { title: T, version: '1' }
paths: {}
components:
  schemas:
    Kind: { const: cat }
    Several: { type: [string, integer, 'null'], maxLength: 3 }
    Null: { type: 'null' }
    Exclusive: { type: number, exclusiveMinimum: 0, minimum: 1.5, exclusiveMaximum: 18446744073709551615 }
    OrNull: { description: Maybe., anyOf: [ { $ref: '#/components/schemas/Kind' }, { type: 'null' } ] }
    Beside: { $ref: '#/components/schemas/Kind', description: Mine. }
    Bytes: { type: string, contentEncoding: base64 }
    Never: { type: object, properties: { a: false }, additionalProperties: false }
    Shown: { type: string, examples: [one] }
",
    );
    assert_eq!(left_out, []);
    insta::assert_snapshot!(render(&document["components"], Notation::Yaml));
}

#[test]
fn what_3_0_cannot_hold_is_listed() {
    let (document, left_out) = written(
        "
openapi: 3.2.0
info: { title: T, version: '1' }
paths:
  /search:
    query:
      security: [ { tls: [] } ]
      responses: { '204': { description: Done. } }
    get:
      security: [ { tls: [] }, { key: [] } ]
      parameters:
        - { name: all, in: querystring, content: { application/json: { schema: { type: object } } } }
      responses:
        '200':
          description: Found.
          content:
            application/json:
              schema: { type: array, prefixItems: [ { type: string } ], items: false, contains: { type: string }, minContains: 2, unevaluatedItems: false }
webhooks:
  found: { post: { responses: { '204': { description: Done. } } } }
components:
  securitySchemes:
    tls: { type: mutualTLS }
    key: { type: apiKey, in: header, name: X-Key }
  schemas:
    'a/b':
      type: object
      patternProperties: { '^x': { type: string } }
      additionalProperties: false
      propertyNames: { maxLength: 3 }
      dependentRequired: { a: [b] }
      dependentSchemas: { a: { required: [c] } }
      unevaluatedProperties: false
      if: { required: [a] }
      then: { required: [b] }
      else: { required: [c] }
    Page: { type: string, contentMediaType: text/html, contentEncoding: quoted-printable, examples: [a, b] }
",
    );
    let listed: Vec<String> = left_out
        .iter()
        .map(|warning| {
            assert_eq!(warning.code, "not-in-openapi-3.0");
            warning.message.clone()
        })
        .collect();
    insta::assert_snapshot!("left_out", listed.join("\n"));
    // What is there can be read, and says less, not something else.
    let rendered = render(&document, Notation::Yaml);
    let api = model(&rendered);
    assert_eq!(api.operations.len(), 1);
    assert_eq!(api.operations[0].security.len(), 1);
    insta::assert_snapshot!("what_is_left", rendered);
}

#[test]
fn the_version_of_the_document_of_routes_is_chosen() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "src/app.ts",
        "import express from 'express';\nimport { z } from 'zod';\n\
         const Range = z.object({ from: z.number().positive(), pair: z.tuple([z.string(), z.number()]), note: z.string().nullable() });\n\
         const app = express();\n\
         app.post('/ranges', (req, res) => { const body = Range.parse(req.body); res.status(201).json(body); });\n",
    );
    let generate = |more: &[&str]| {
        let arguments = ["scaffold", "src/", "--generate-spec", "-o", "openapi.yaml"];
        sandbox.run(arguments.iter().chain(more))
    };
    let strict = generate(&["--openapi", "3.0", "--strict"]).expect(2);
    insta::assert_snapshot!("strict", strict.transcript());
    assert_eq!(sandbox.files(), ["src/app.ts"]);

    let run = generate(&["--openapi", "3.0"]).expect(0);
    insta::assert_snapshot!("chosen", run.transcript());
    insta::assert_snapshot!("document", sandbox.read("openapi.yaml"));
    model(&sandbox.read("openapi.yaml"));
    let report = generate(&["--openapi", "3.0", "--check", "--json"]).expect(0);
    let report = report.json();
    assert_eq!(report["action"], "unchanged");
    assert_eq!(report["diagnostics"][0]["code"], "not-in-openapi-3.0");

    // The usual version holds all of it.
    generate(&["--strict"]).expect(0);
    assert!(sandbox.read("openapi.yaml").contains("openapi: 3.1.0"));
    sandbox
        .run(["scaffold", "openapi.yaml", "--openapi", "3.0", "-o", "x/"])
        .expect(2);
}
