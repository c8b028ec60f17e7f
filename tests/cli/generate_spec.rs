//! `scaffold --generate-spec` on projects of the three frameworks.

use std::path::Path;

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// A sandbox with a copy of a project from the fixtures.
fn project(name: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/routes")
        .join(name);
    copy(&root, &root, &sandbox);
    sandbox
}

fn copy(root: &Path, folder: &Path, sandbox: &Sandbox) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            copy(root, &path, sandbox);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("inside")
                .display()
                .to_string();
            sandbox.write(&name, std::fs::read(&path).expect("a file"));
        }
    }
}

fn generate(sandbox: &Sandbox, more: &[&str]) -> Run {
    let arguments = [
        "scaffold",
        "src/",
        "--generate-spec",
        "--output",
        "openapi.json",
    ];
    sandbox.run(arguments.iter().chain(more))
}

fn document(sandbox: &Sandbox) -> Value {
    serde_json::from_str(&sandbox.read("openapi.json")).expect("JSON")
}

/// `GET /path: parameters, body, statuses`, one line for each operation.
fn outline(document: &Value) -> String {
    let mut text = String::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let parameters = operation["parameters"]
                .as_array()
                .map_or(&[][..], Vec::as_slice);
            let names = parameters.iter().map(|parameter| {
                let required = if parameter["required"] == true {
                    "!"
                } else {
                    ""
                };
                format!(
                    " {}:{}{required}",
                    parameter["in"].as_str().expect("a place"),
                    parameter["name"].as_str().expect("a name")
                )
            });
            let names: String = names.collect();
            let body = &operation["requestBody"]["content"]["application/json"];
            let body = if body.is_null() {
                String::new()
            } else {
                format!(" body {body}")
            };
            let statuses = operation["responses"].as_object().expect("responses");
            let statuses: Vec<&str> = statuses.keys().map(String::as_str).collect();
            text.push_str(&format!(
                "{} {path}{names}{body} -> {}\n",
                method.to_uppercase(),
                statuses.join(" ")
            ));
        }
    }
    text
}

/// What was written is read back without a finding.
fn assert_valid(sandbox: &Sandbox, name: &str) {
    let file = backsmith::text::SourceFile::new(name, sandbox.read(name));
    let (_, findings) = backsmith::api::read(&file);
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn express_routes_are_described() {
    let sandbox = project("express");
    let run = generate(&sandbox, &[]).expect(0);
    insta::assert_snapshot!(run.transcript());
    let document = document(&sandbox);
    insta::assert_snapshot!(outline(&document));
    insta::assert_json_snapshot!(document["components"]["schemas"]["UpdateUser"]);
    assert_eq!(document["info"]["title"], "Shop service");
    assert_valid(&sandbox, "openapi.json");
}

#[test]
fn fastify_routes_are_described() {
    let sandbox = project("fastify");
    let run = generate(&sandbox, &[]).expect(0);
    insta::assert_snapshot!(run.transcript());
    insta::assert_snapshot!(outline(&document(&sandbox)));
    assert_valid(&sandbox, "openapi.json");
}

#[test]
fn koa_routes_are_described() {
    let sandbox = project("koa");
    let run = generate(&sandbox, &[]).expect(0);
    insta::assert_snapshot!(run.transcript());
    let document = document(&sandbox);
    insta::assert_snapshot!(outline(&document));
    let issue = &document["components"]["schemas"]["Issue"];
    assert_eq!(
        issue["properties"]["parent"]["$ref"],
        "#/components/schemas/Issue"
    );
    assert_valid(&sandbox, "openapi.json");
}

#[test]
fn only_the_named_folder_is_described_but_all_mounts_count() {
    let sandbox = project("express");
    sandbox
        .run([
            "scaffold",
            "src/routes/orders.ts",
            "--generate-spec",
            "-o",
            "openapi.yaml",
            "-q",
        ])
        .expect(0);
    let text = sandbox.read("openapi.yaml");
    assert!(text.contains("/api/v1/users/{userId}/orders:"), "{text}");
    assert!(!text.contains("/api/v1/users/me"), "{text}");
    assert_valid(&sandbox, "openapi.yaml");
}

#[test]
fn a_second_run_writes_nothing_and_an_edited_file_is_kept() {
    let sandbox = project("koa");
    for output in ["openapi.yaml", "openapi.json"] {
        let arguments = ["scaffold", "src/", "--generate-spec", "-o", output];
        sandbox.run(arguments).expect(0);
        let first = sandbox.read(output);
        let run = sandbox.run(arguments).expect(0);
        assert!(
            !run.stderr.contains("create") && !run.stderr.contains("update"),
            "{}",
            run.stderr
        );
        assert_eq!(sandbox.read(output), first);
        sandbox.run(arguments.iter().chain(&["--check"])).expect(0);

        let edited = first.replace("Tracker", "Tracker of mine");
        assert_ne!(edited, first);
        sandbox.write(output, &edited);
        let run = sandbox.run(arguments).expect(1);
        assert!(run.stdout.contains("was edited by hand"), "{}", run.stdout);
        assert_eq!(sandbox.read(output), edited);
        sandbox.run(arguments.iter().chain(&["--force"])).expect(0);
        assert_eq!(sandbox.read(output), first);
    }
    sandbox.write("mine.yaml", "openapi: 3.1.0\n");
    let run = sandbox
        .run(["scaffold", "src/", "--generate-spec", "-o", "mine.yaml"])
        .expect(1);
    assert!(
        run.stdout.contains("was not written by backsmith"),
        "{}",
        run.stdout
    );
    assert_eq!(sandbox.read("mine.yaml"), "openapi: 3.1.0\n");
}

#[test]
fn nothing_is_written_by_a_dry_run_or_a_check() {
    let sandbox = project("koa");
    let run = generate(&sandbox, &["--dry-run"]).expect(0);
    assert!(
        run.stdout
            .starts_with("--- /dev/null\n+++ b/openapi.json\n"),
        "{}",
        run.stdout
    );
    let run = generate(&sandbox, &["--check"]).expect(1);
    assert!(run.stdout.contains("out of date"), "{}", run.stdout);
    assert!(!sandbox.files().contains(&"openapi.json".to_owned()));
}

#[test]
fn the_document_can_go_to_standard_output() {
    let sandbox = project("fastify");
    let run = sandbox
        .run(["scaffold", "src/", "--generate-spec", "--output", "-"])
        .expect(0);
    assert!(run.stdout.contains("openapi: 3.1.0\n"), "{}", run.stdout);
    assert!(
        run.stderr.contains("could not be resolved"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.files().contains(&"-".to_owned()));
}

#[test]
fn the_report_is_a_published_document() {
    let sandbox = project("express");
    let run = generate(&sandbox, &["--json"]).expect(0);
    let report = run.json();
    assert_eq!(report["schema"], "backsmith.scaffold-spec/v1");
    assert_eq!(report["verdict"], "unresolved");
    assert_eq!(report["counts"]["unresolved"], 3);
    assert_eq!(report["unresolved"][0]["location"]["line"], 8);
    let schemas = backsmith::report::json::v1::published_schemas();
    let (_, schema) = schemas
        .iter()
        .find(|(name, _)| *name == "scaffold-spec.v1.json")
        .expect("the schema");
    let schema = serde_json::to_value(schema).expect("JSON");
    jsonschema::validate(&schema, &report).expect("valid");
}

#[test]
fn unresolved_routes_fail_a_strict_run() {
    let sandbox = project("express");
    let run = generate(&sandbox, &["--strict"]).expect(2);
    assert!(
        run.stderr.contains("src/routes/reports.ts:10:1: the route"),
        "{}",
        run.stderr
    );
    assert!(!sandbox.files().contains(&"openapi.json".to_owned()));
}

#[test]
fn what_holds_no_routes_is_said() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.ts", "export const a = 1;\n");
    let run = generate(&sandbox, &[]).expect(2);
    insta::assert_snapshot!(run.transcript());
    sandbox.write("src/a.ts", "export const = 1;\n");
    let run = generate(&sandbox, &[]).expect(2);
    insta::assert_snapshot!(run.transcript());
    let run = sandbox
        .run(["scaffold", "nowhere/", "--generate-spec", "-o", "-"])
        .expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn comments_describe_what_the_code_does_not() {
    let sandbox = project("express");
    let path = "src/routes/reports.ts";
    let source = sandbox.read(path).replace(
        "router[method]",
        "/**\n * Kept for old clients.\n * @openapi\n * /legacy:\n *   post:\n *     operationId: legacy\n *     requestBody:\n *       content:\n *         application/json: { schema: { $ref: '#/components/schemas/CreateUser' } }\n *     responses:\n *       '202': { description: Taken }\n */\nrouter[method]",
    );
    sandbox.write(path, source);
    sandbox.write(
        "src/routes/health.ts",
        "/* @openapi\n/health:\n  get:\n    summary: Is it alive\n    responses: { '200': { $ref: '#/components/responses/Gone' } }\n*/\n".to_owned()
            + &sandbox.read("src/routes/health.ts"),
    );
    let run = generate(&sandbox, &["--json"]).expect(0);
    let report = run.json();
    assert_eq!(report["counts"]["unresolved"], 2);
    assert_eq!(report["diagnostics"][0]["code"], "unresolved-reference");
    assert_eq!(
        report["diagnostics"][0]["location"]["file"],
        "src/routes/health.ts"
    );
    let document = document(&sandbox);
    assert_eq!(
        document["paths"]["/legacy"]["post"]["operationId"],
        "legacy"
    );
    assert_eq!(
        document["paths"]["/health"]["get"]["summary"],
        "Is it alive"
    );
    assert!(document["components"]["schemas"]["CreateUser"].is_object());
}

/// Everything of a document that a client relies on: what generated code keeps.
fn essence(api: &backsmith::api::Api) -> Vec<String> {
    let mut lines = Vec::new();
    for operation in &api.operations {
        lines.push(format!(
            "{} {} {:?} {:?} {:?}",
            operation.method.key(),
            operation.path,
            operation.id,
            operation.summary,
            operation.security
        ));
        for parameter in &operation.parameters {
            lines.push(format!(
                "  {:?} {} {} {:?}",
                parameter.place,
                parameter.name.to_lowercase(),
                parameter.required,
                parameter.format
            ));
        }
        if let Some(body) = &operation.body {
            lines.push(format!("  body {}", body.required));
            for (media_type, content) in &body.content {
                lines.push(format!(
                    "  {media_type} {:?} {:?}",
                    content.schema, content.encoding
                ));
            }
        }
        for (status, response) in &operation.responses {
            let is_success = matches!(status, backsmith::api::StatusKey::Code(200..300));
            if is_success {
                let schemas: Vec<_> = response
                    .content
                    .values()
                    .map(|media| &media.schema)
                    .collect();
                lines.push(format!("  {status:?} {schemas:?}"));
            }
        }
    }
    lines
}

/// A document that uses what generated code can carry back.
const ROUND_TRIP: &str = include_str!("../fixtures/routes/round-trip.yaml");

#[test]
fn what_was_generated_reads_back() {
    let source = backsmith::text::SourceFile::new("round-trip.yaml", ROUND_TRIP);
    let (wanted, findings) = backsmith::api::read(&source);
    assert!(findings.is_empty(), "{findings:?}");
    let wanted = wanted.expect("an API");
    for framework in ["express", "fastify", "koa"] {
        for project in [&[][..], &["--project"]] {
            let sandbox = Sandbox::new();
            sandbox.write("round-trip.yaml", ROUND_TRIP);
            let arguments = [
                "scaffold",
                "round-trip.yaml",
                "-f",
                framework,
                "-o",
                "src/routes/",
            ];
            sandbox.run(arguments.iter().chain(project)).expect(0);
            let back = [
                "scaffold",
                "src/routes/",
                "--generate-spec",
                "-o",
                "back.yaml",
            ];
            let run = sandbox.run(back).expect(0);
            assert!(run.stdout.starts_with('✔'), "{}", run.stdout);
            let file = backsmith::text::SourceFile::new("back.yaml", sandbox.read("back.yaml"));
            let (read, findings) = backsmith::api::read(&file);
            assert!(findings.is_empty(), "{findings:?}");
            let read = read.expect("an API");
            let (mut ours, mut theirs) = (essence(&read), essence(&wanted));
            if framework == "fastify" {
                ours.sort();
                theirs.sort();
            }
            similar_asserts(&ours.join("\n"), &theirs.join("\n"));
            for (name, schema) in &wanted.schemas {
                assert_eq!(
                    read.schemas.get(name),
                    Some(schema),
                    "{framework}: {name:?}"
                );
            }
            assert_eq!(read.security_schemes, wanted.security_schemes);
            // A second turn gives the same code.
            let again = Sandbox::new();
            again.write("back.yaml", sandbox.read("back.yaml"));
            again
                .run([
                    "scaffold",
                    "back.yaml",
                    "-f",
                    framework,
                    "-o",
                    "src/routes/",
                    "-q",
                ])
                .expect(0);
            let validators = |sandbox: &Sandbox| {
                let text = sandbox.read("src/middleware/validators.ts");
                text.split_once('\n').map(|(_, rest)| rest.to_owned())
            };
            assert_eq!(validators(&again), validators(&sandbox));
        }
    }
}

#[track_caller]
fn similar_asserts(ours: &str, theirs: &str) {
    let difference = theirs
        .lines()
        .zip(ours.lines())
        .find(|(theirs, ours)| theirs != ours);
    assert_eq!(difference, None, "\n{ours}");
    assert_eq!(ours.lines().count(), theirs.lines().count());
}
