//! The reader of API descriptions, on documents of our own.

use std::fmt::Write as _;
use std::sync::Arc;

use backsmith::api::{
    self, Api, Dialect, JsonType, Method, ParameterPlace, Schema, StatusKey, Style,
};
use backsmith::diagnostic::{Diagnostic, Severity};
use backsmith::text::SourceFile;

fn read(name: &str, text: &str) -> (Option<Api>, Vec<Diagnostic>) {
    api::read(&SourceFile::new(name, text))
}

#[track_caller]
fn clean(text: &str) -> Api {
    let (api, findings) = read("api.yaml", text);
    assert_eq!(rendered(&findings), "");
    api.expect("an API")
}

/// One line for each finding: place, severity, code, message, pointer, help.
fn rendered(findings: &[Diagnostic]) -> String {
    let mut text = String::new();
    for finding in findings {
        let place = finding.span.as_ref().map_or_else(String::new, |span| {
            format!("{}:{} ", span.start().line, span.start().column)
        });
        let _ = write!(
            text,
            "{place}{}[{}] {}",
            finding.severity.name(),
            finding.code,
            finding.message
        );
        if let Some(pointer) = &finding.pointer {
            let _ = write!(text, " at {pointer}");
        }
        if let Some(help) = &finding.help {
            let _ = write!(text, " ({help})");
        }
        text.push('\n');
    }
    text
}

fn constraints(schema: &Schema) -> &api::Constraints {
    match schema {
        Schema::Constraints(constraints) => constraints,
        other => panic!("{other:?}"),
    }
}

fn named<'a>(api: &'a Api, name: &str) -> &'a Schema {
    &api.schemas[&api::SchemaName(name.to_owned())]
}

const HEAD: &str = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n";
const HEAD_30: &str = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n";

#[test]
fn a_whole_document_becomes_a_model() {
    let text = include_str!("../fixtures/api/library.yaml");
    let api = clean(text);
    assert_eq!(api.dialect, Dialect::OpenApi31);
    assert_eq!(
        (api.title.as_str(), api.version.as_str()),
        ("Library", "1.10")
    );
    assert_eq!(api.servers, ["https://library.example/v1"]);
    let names: Vec<_> = api
        .operations
        .iter()
        .map(|operation| {
            (
                operation.method,
                operation.path.as_str(),
                operation.id.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            (Method::Get, "/books", Some("listBooks")),
            (Method::Post, "/books", Some("addBook")),
            (Method::Get, "/books/{isbn}", Some("getBook")),
            (Method::Delete, "/books/{isbn}", None),
        ]
    );
    let list = &api.operations[0];
    let places: Vec<_> = list
        .parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.place, parameter.required))
        .collect();
    assert_eq!(
        places,
        [
            ("trace", ParameterPlace::Header, false),
            ("limit", ParameterPlace::Query, false),
            ("filter", ParameterPlace::Query, false),
        ]
    );
    let api::ParameterFormat::Styled { style, explode, .. } = &list.parameters[2].format else {
        panic!("{:?}", list.parameters[2].format);
    };
    assert_eq!((*style, *explode), (Style::DeepObject, true));
    assert_eq!(list.security, api.operations[1].security);
    assert!(api.operations[2].security.is_empty());
    let body = api.operations[1].body.as_ref().expect("a body");
    assert!(body.required);
    assert_eq!(
        body.content["application/json"].schema,
        Some(Schema::Reference(api::SchemaName("Book".to_owned())))
    );
    let statuses: Vec<_> = api.operations[2].responses.keys().copied().collect();
    assert_eq!(
        statuses,
        [
            StatusKey::Code(200),
            StatusKey::Range(4),
            StatusKey::Default
        ]
    );
    let names: Vec<&str> = api.schemas.keys().map(|name| name.0.as_str()).collect();
    assert_eq!(names, ["Book", "Author", "Problem", "AuthorName"]);
    let book = constraints(named(&api, "Book"));
    assert_eq!(
        book.properties["author"],
        Schema::Reference(api::SchemaName("Author".to_owned()))
    );
    // A reference with a sibling keeps both.
    let editor = constraints(&book.properties["editor"]);
    assert_eq!(editor.reference, Some(api::SchemaName("Author".to_owned())));
    assert_eq!(editor.description.as_deref(), Some("Who edited it"));
    assert_eq!(api.webhooks[0].path, "bookLent");
    assert_eq!(
        api.operations[1].callbacks[0].expression,
        "{$request.body#/notify}"
    );
    let span = list.span.as_ref().expect("a place");
    assert_eq!(span.start().line, 19);
}

#[test]
fn yaml_and_json_are_the_same_document() {
    let text = include_str!("../fixtures/api/library.yaml");
    let api = clean(text);
    let json = serde_json::to_string_pretty(&api.origins.root()).expect("JSON");
    let (other, findings) = read("api.json", &json);
    // Only what was unquoted in YAML differs: the version is a number there.
    assert_eq!(rendered(&findings), "");
    let other = other.expect("an API");
    assert_eq!(other.schemas, api.schemas);
    assert_eq!(other.operations.len(), api.operations.len());
}

#[test]
fn all_faults_are_found_in_one_run() {
    let (_, findings) = read("broken.yaml", include_str!("../fixtures/api/broken.yaml"));
    insta::assert_snapshot!(rendered(&findings));
}

#[test]
fn faults_are_shown_with_their_lines() {
    let (_, findings) = read("broken.yaml", include_str!("../fixtures/api/broken.yaml"));
    let errors = findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .take(3);
    let failure = backsmith::failure::Failure::diagnostics(errors);
    let mut out = anstream::StripStream::new(Vec::new());
    backsmith::report::human::error::write(&mut out, &failure).expect("a Vec");
    insta::assert_snapshot!(String::from_utf8(out.into_inner()).expect("UTF-8"));
}

#[test]
fn versions_are_read_as_they_are_written() {
    let codes = |text: &str| -> Vec<&'static str> {
        read("a.yaml", text)
            .1
            .iter()
            .map(|finding| finding.code)
            .collect()
    };
    assert_eq!(codes("openapi: 3.10\n"), ["unknown-version"]);
    assert_eq!(codes("openapi: 4.0.0\n"), ["unknown-version"]);
    assert_eq!(codes("opnapi: 3.1.0\n"), ["unknown-version"]);
    assert_eq!(codes(""), ["empty-document"]);
    assert_eq!(codes("# nothing\n"), ["empty-document"]);
    assert_eq!(codes("- a\n"), ["wrong-type"]);
    assert_eq!(codes("hello"), ["wrong-type"]);
    let (api, findings) = read("a.yaml", "openapi: 3.1\ninfo: {title: T, version: 1.10}\n");
    assert_eq!(rendered(&findings), "");
    assert_eq!(api.expect("an API").version, "1.10");
    let (_, findings) = read("a.yaml", "openapi: 3.10\n");
    assert_eq!(
        findings[0].message,
        "`3.10` is no version of openapi that can be read"
    );
}

#[test]
fn old_dialects_are_normalised() {
    let api = clean(&format!(
        "{HEAD_30}paths: {{}}\ncomponents:\n  schemas:\n    A: {{type: integer, minimum: 1, exclusiveMinimum: true, nullable: true, enum: [1, 2]}}\n    B: {{nullable: true, allOf: [{{$ref: '#/components/schemas/A'}}]}}\n    C: {{type: object, properties: {{a: {{$ref: '#/components/schemas/A', nullable: true}}}}}}\n"
    ));
    let a = constraints(named(&api, "A"));
    assert_eq!(a.minimum, None);
    assert_eq!(a.exclusive_minimum, Some(1.into()));
    assert!(a.types.contains(&JsonType::Null));
    assert_eq!(a.enumeration.as_ref().map(Vec::len), Some(3));
    assert_eq!(constraints(named(&api, "B")).any_of.len(), 2);
    let c = constraints(named(&api, "C"));
    assert_eq!(constraints(&c.properties["a"]).any_of.len(), 2);
}

#[test]
fn discriminators_know_every_value() {
    let api = clean(&format!(
        "{HEAD}components:\n  schemas:\n    Pet:\n      oneOf: [{{$ref: '#/components/schemas/Cat'}}, {{$ref: '#/components/schemas/Dog'}}]\n      discriminator: {{propertyName: kind, mapping: {{dog: Dog, puppy: '#/components/schemas/Dog'}}}}\n    Cat: {{type: object}}\n    Dog: {{type: object, properties: {{kind: {{enum: [dog, puppy]}}}}}}\n"
    ));
    let mapping = &constraints(named(&api, "Pet"))
        .discriminator
        .as_ref()
        .expect("one")
        .mapping;
    let pairs: Vec<_> = mapping
        .iter()
        .map(|(value, name)| (value.as_str(), name.0.as_str()))
        .collect();
    assert_eq!(pairs, [("dog", "Dog"), ("puppy", "Dog"), ("Cat", "Cat")]);
}

#[test]
fn cycles_are_read_and_empty_ones_are_faults() {
    let api = clean(&format!(
        "{HEAD}components:\n  schemas:\n    Node: {{type: object, properties: {{next: {{$ref: '#/components/schemas/Node'}}}}}}\n    List: {{type: array, items: {{$ref: '#/components/schemas/Node/properties/next'}}}}\n"
    ));
    assert_eq!(
        api.schemas
            .keys()
            .map(|name| name.0.as_str())
            .collect::<Vec<_>>(),
        ["Node", "List", "NodeNext"]
    );
    let (_, findings) = read(
        "a.yaml",
        &format!(
            "{HEAD}paths: {{/a: {{get: {{parameters: [{{$ref: '#/components/parameters/P'}}]}}}}}}\ncomponents:\n  parameters:\n    P: {{$ref: '#/components/parameters/Q'}}\n    Q: {{$ref: '#/components/parameters/P'}}\n  schemas:\n    A: {{$ref: '#/components/schemas/B'}}\n    B: {{$ref: '#/components/schemas/A'}}\n"
        ),
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.code == "cyclic-reference")
    );
    assert_eq!(findings.len(), 5, "{}", rendered(&findings));
    // Properties that are the whole of what they stand in.
    let (_, findings) = read(
        "a.yaml",
        &format!(
            "{HEAD}paths: {{}}\ncomponents:\n  schemas:\n    A: {{properties: {{$ref: '#/components/schemas'}}}}\n"
        ),
    );
    assert_eq!(findings.len(), 1, "{}", rendered(&findings));
    assert_eq!(findings[0].code, "cyclic-reference");
}

#[test]
fn identifiers_and_anchors_are_followed() {
    let api = clean(&format!(
        "{HEAD}components:\n  schemas:\n    A:\n      $id: https://example.com/a\n      $defs: {{inner: {{$anchor: here, type: string}}}}\n      properties:\n        one: {{$ref: '#here'}}\n        two: {{$ref: '#/$defs/inner'}}\n        three: {{$ref: 'https://example.com/a#here'}}\n    B: {{$ref: 'https://example.com/a'}}\n"
    ));
    let a = constraints(named(&api, "A"));
    assert_eq!(a.properties["one"], a.properties["two"]);
    assert_eq!(a.properties["one"], a.properties["three"]);
    assert_eq!(
        named(&api, "B"),
        &Schema::Reference(api::SchemaName("A".to_owned()))
    );
}

#[test]
fn deep_documents_do_not_exhaust_the_stack() {
    // Test threads have the smallest stacks.
    let mut text = format!("{HEAD}components:\n  schemas:\n    A: ");
    text.push_str(&"{items: ".repeat(120));
    text.push_str("{}");
    text.push_str(&"}".repeat(120));
    clean(&format!("{text}\n"));
    let (api, findings) = read("a.json", &format!("{{\"a\":{}", "[".repeat(10_000_000)));
    assert!(api.is_none());
    assert_eq!(findings.len(), 1);
}

#[test]
fn every_place_is_inside_of_the_text() {
    let text = include_str!("../fixtures/api/broken.yaml");
    let (_, findings) = read("broken.yaml", text);
    for finding in findings {
        let span = finding.span.expect("a place");
        assert!(
            span.file.text.get(span.range.clone()).is_some(),
            "{:?}",
            span.range
        );
        assert!(Arc::strong_count(&span.file) > 0);
    }
}

mod arbitrary {
    use super::read;
    use proptest::prelude::*;

    /// Pieces of documents, so that the reader is reached behind the parser.
    fn yaml_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("openapi: 3.1.0\n".to_owned()),
            Just("openapi: 3.0.3\n".to_owned()),
            Just("paths:\n".to_owned()),
            Just("  /a/{b}:\n".to_owned()),
            Just("    get:\n".to_owned()),
            Just("      parameters:\n".to_owned()),
            Just("        - {name: b, in: path, schema: ".to_owned()),
            Just("      responses: {'200': {$ref: '#/components/responses/A'}}\n".to_owned()),
            Just("components:\n".to_owned()),
            Just("  schemas:\n".to_owned()),
            Just("    A: {$ref: '#/components/schemas/A'}\n".to_owned()),
            Just("    B: {type: ".to_owned()),
            Just("&a ".to_owned()),
            Just("*a ".to_owned()),
            Just("<<: *a\n".to_owned()),
            Just("}\n".to_owned()),
            "[ -~äß\n]{0,12}",
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    fn json_like() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            "[a-z/#$]{0,8}".prop_map(serde_json::Value::from),
            Just(serde_json::Value::from("#/components/schemas/A")),
        ];
        let key = prop::sample::select(vec![
            "$ref",
            "type",
            "properties",
            "items",
            "allOf",
            "oneOf",
            "discriminator",
            "required",
            "get",
            "post",
            "parameters",
            "name",
            "in",
            "schema",
            "content",
            "responses",
            "200",
            "schemas",
            "A",
            "/a/{b}",
            "mapping",
            "propertyName",
            "security",
            "enum",
        ]);
        leaf.prop_recursive(6, 60, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                    entries
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect::<serde_json::Map<_, _>>()
                        .into()
                }),
            ]
        })
    }

    fn check(name: &str, text: &str) {
        let (_, findings) = read(name, text);
        for finding in findings {
            if let Some(span) = finding.span {
                assert!(text.get(span.range.clone()).is_some(), "{:?}", span.range);
            }
        }
    }

    proptest! {
        #[test]
        fn text_never_panics(text in any::<String>()) {
            check("a.yaml", &text);
        }

        #[test]
        fn yaml_never_panics(text in yaml_like()) {
            check("a.yaml", &text);
        }

        #[test]
        fn json_never_panics(paths in json_like(), components in json_like()) {
            let document = serde_json::json!({
                "openapi": "3.0.0", "paths": {"/a/{b}": paths}, "components": {"schemas": components},
            });
            check("a.json", &document.to_string());
        }
    }
}

mod by_url {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use backsmith::files::Input;

    /// One answer on a free port.
    fn serve(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut request = [0; 2048];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer.as_bytes());
        });
        format!("http://user:s3cret@{address}/openapi.yaml?token=hidden")
    }

    #[test]
    fn a_document_is_read_and_its_credentials_are_not_shown() {
        let url = serve("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\na: 1\n");
        let file = Input::parse(&url).read().expect("a document");
        assert_eq!(file.text, "a: 1\n");
        assert!(
            !file.name.contains("s3cret") && !file.name.contains("hidden"),
            "{}",
            file.name
        );
    }

    #[test]
    fn a_missing_document_and_a_dead_server_have_their_exit_codes() {
        let url = serve("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let failure = Input::parse(&url).read().expect_err("a failure");
        assert_eq!(failure.exit_status(), 2);
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let url = format!("http://user:s3cret@127.0.0.1:{port}/");
        let failure = Input::parse(&url).read().expect_err("a failure");
        assert_eq!(failure.exit_status(), 4);
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
    }
}
