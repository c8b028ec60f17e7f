//! Slips of real documents whose meaning is clear: a warning with its place, and a sensible reading.
//! And the places of what is not enforced, in every form of the report.

use backsmith::api::{self, JsonType, Schema};
use backsmith::diagnostic::Severity;
use backsmith::text::SourceFile;

use crate::sandbox::Sandbox;

const SLIPS: &str = include_str!("../fixtures/openapi/slips.yaml");

fn shown(text: &str) -> (api::Api, String) {
    let (api, findings) = api::read(&SourceFile::new("slips.yaml", text));
    let mut lines = String::new();
    for finding in &findings {
        let start = finding.span.as_ref().expect("a place").start();
        let line = format!(
            "{}:{} {} {}\n",
            start.line,
            start.column,
            finding.severity.name(),
            finding.message
        );
        lines.push_str(&line);
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "{lines}");
    (api.expect("an API"), lines)
}

#[test]
fn slips_are_warnings() {
    let (api, lines) = shown(SLIPS);
    insta::assert_snapshot!(lines);
    let thing = &api.schemas[&api::SchemaName("Thing".to_owned())];
    let Schema::Constraints(thing) = thing else {
        panic!("{thing:?}");
    };
    let property = |name: &str| match &thing.properties[name] {
        Schema::Constraints(constraints) => constraints,
        other => panic!("{other:?}"),
    };
    assert_eq!(property("name").max_length, Some(40));
    assert_eq!(property("price").minimum, Some(0.into()));
    assert!(property("secret").write_only);
    assert!(property("count").types.contains(&JsonType::Integer));
    assert_eq!(property("day").format.as_deref(), Some("date"));
    assert_eq!(
        thing.properties["parent"],
        Schema::Reference(api::SchemaName("Thing".to_owned()))
    );
    assert!(
        property("note")
            .description
            .as_deref()
            .is_some_and(|text| { text.starts_with("A text of") && text.ends_with("two lines") })
    );
    assert!(api.operations[0].security[0]["key"].is_empty());
}

#[test]
fn operations_of_one_name_are_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.write("slips.yaml", SLIPS);
    let run = sandbox.run([
        "scaffold",
        "slips.yaml",
        "--output",
        "src/routes/",
        "--json",
    ]);
    let document = run.expect(0).json();
    let operations = document["operations"].as_array().expect("operations");
    let ids: Vec<&str> = operations
        .iter()
        .filter_map(|operation| operation["id"].as_str())
        .collect();
    assert_eq!(ids, ["getThing", "getThing2"]);
}

#[test]
fn what_is_not_enforced_has_its_place_in_every_report() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "openapi.yaml",
        "\
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Tree'}
components:
  schemas:
    Tree:
      type: object
      properties:
        name: {type: string, pattern: '(?<=a'}
        raw: {type: string, contentMediaType: application/json, contentSchema: {type: object}}
        kind: {type: string, maxLenght: 3}
",
    );
    let scaffold = |more: &[&str]| {
        let arguments = ["scaffold", "openapi.yaml", "--output", "src/routes/"];
        sandbox.run(arguments.into_iter().chain(more.iter().copied()))
    };
    let strict = scaffold(&["--strict"]).expect(2).transcript();
    for place in [
        "openapi.yaml:18:30",
        "openapi.yaml:19:65",
        "openapi.yaml:20:30",
    ] {
        assert!(strict.contains(place), "{strict}");
    }
    let document = scaffold(&["--dry-run", "--json"]).expect(0).json();
    let found: Vec<String> = document["not_enforced"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| {
            format!(
                "{}:{} {} {}",
                item["location"]["line"],
                item["location"]["column"],
                item["keyword"],
                item["pointer"]
            )
        })
        .collect();
    insta::assert_snapshot!("not_enforced_json", found.join("\n"));
    let human = scaffold(&[]).expect(0).transcript();
    for line in [
        "not enforced   openapi.yaml",
        ":18:30   /components/schemas/Tree/properties/name/pattern",
        ":19:65   /components/schemas/Tree/properties/raw/contentSchema",
        ":20:30   /components/schemas/Tree/properties/kind/maxLenght",
    ] {
        assert!(human.contains(line), "{human}");
    }
}
