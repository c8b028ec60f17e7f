//! Swagger 2.0: what is read into the model, which faults have which place, and what the servers do.

use backsmith::api::{
    self, Dialect, JsonType, ParameterFormat, ParameterPlace, Schema, SecurityScheme, StatusKey,
    Style,
};
use backsmith::diagnostic::Diagnostic;
use backsmith::text::SourceFile;

use crate::node::{Server, TypeScript, compile, link_modules};
use crate::sandbox::Sandbox;

const PARCELS: &str = include_str!("../fixtures/openapi/parcels.swagger.yaml");

fn faults(text: &str) -> Vec<String> {
    let (_, findings) = api::read(&SourceFile::new("api.yaml", text));
    let shown = |finding: Diagnostic| {
        let place = finding.span.as_ref().map_or_else(String::new, |span| {
            format!("{}:{} ", span.start().line, span.start().column)
        });
        let pointer = finding.pointer.unwrap_or_default();
        let help = finding
            .help
            .map_or_else(String::new, |help| format!(" ({help})"));
        let severity = finding.severity.name();
        format!("{place}{severity} {} at {pointer}{help}", finding.message)
    };
    findings.into_iter().map(shown).collect()
}

fn parcels() -> api::Api {
    let (api, findings) = api::read(&SourceFile::new("parcels.yaml", PARCELS));
    assert!(findings.is_empty(), "{findings:?}");
    api.expect("an API")
}

fn operation<'a>(api: &'a api::Api, id: &str) -> &'a api::Operation {
    let mut operations = api.operations.iter();
    let found = operations.find(|operation| operation.id.as_deref() == Some(id));
    found.expect("the operation")
}

fn style(operation: &api::Operation, name: &str) -> (Style, bool, Vec<Style>) {
    let mut parameters = operation.parameters.iter();
    let parameter = parameters.find(|parameter| parameter.name == name);
    match &parameter.expect("the parameter").format {
        ParameterFormat::Styled {
            style,
            explode,
            inner,
            ..
        } => (*style, *explode, inner.clone()),
        other @ ParameterFormat::Content { .. } => panic!("{other:?}"),
    }
}

fn constraints(schema: &Schema) -> &api::Constraints {
    match schema {
        Schema::Constraints(constraints) => constraints,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_document_is_read_into_the_model() {
    let api = parcels();
    assert_eq!(api.dialect, Dialect::Swagger20);
    assert_eq!(
        api.servers,
        ["https://parcels.example/v2", "http://parcels.example/v2"]
    );
    let names: Vec<&str> = api.schemas.keys().map(|name| name.0.as_str()).collect();
    assert_eq!(names, ["Parcel", "Letter", "Address", "Problem"]);
    assert_eq!(
        api.security_schemes["key"],
        SecurityScheme::ApiKey {
            place: ParameterPlace::Header,
            name: "X-Key".to_owned()
        }
    );
    assert_eq!(api.security_schemes["password"], SecurityScheme::Basic);
    assert!(matches!(
        &api.security_schemes["oauth"],
        SecurityScheme::OAuth2 { scopes } if scopes.contains("admin")
    ));
    assert!(operation(&api, "login").security.is_empty());
    assert_eq!(operation(&api, "dropParcels").security.len(), 2);
    let parcel = constraints(&api.schemas[&api::SchemaName("Parcel".to_owned())]);
    assert_eq!(
        parcel.discriminator.as_ref().map(|d| d.property.as_str()),
        Some("kind")
    );
    let weight = constraints(&parcel.properties["weight"]);
    assert_eq!(weight.exclusive_minimum, Some(0.into()));
    assert_eq!(weight.minimum, None);
    let note = constraints(&parcel.properties["note"]);
    assert!(note.types.contains(&JsonType::Null));
}

#[test]
fn every_collection_format_has_its_style() {
    let api = parcels();
    let list = operation(&api, "listParcels");
    assert_eq!(style(list, "ids"), (Style::Form, false, vec![]));
    assert_eq!(style(list, "names"), (Style::SpaceDelimited, false, vec![]));
    assert_eq!(style(list, "rows"), (Style::TabDelimited, false, vec![]));
    assert_eq!(style(list, "cities"), (Style::PipeDelimited, false, vec![]));
    assert_eq!(style(list, "state"), (Style::Form, true, vec![]));
    assert_eq!(
        style(list, "boxes"),
        (Style::PipeDelimited, false, vec![Style::Simple])
    );
    assert_eq!(style(list, "X-Trace"), (Style::Simple, false, vec![]));
    let labels = operation(&api, "printLabels");
    assert_eq!(
        style(labels, "X-Colours"),
        (Style::SpaceDelimited, false, vec![])
    );
}

#[test]
fn bodies_and_forms_and_responses_have_their_media_types() {
    let api = parcels();
    let types = |body: &api::Operation| -> Vec<String> {
        let body = body.body.as_ref().expect("a body");
        body.content.keys().cloned().collect()
    };
    assert_eq!(types(operation(&api, "addParcel")), ["application/json"]);
    let photo = operation(&api, "addPhoto");
    assert_eq!(types(photo), ["multipart/form-data"]);
    let form = &photo.body.as_ref().expect("a body").content["multipart/form-data"];
    let fields = constraints(form.schema.as_ref().expect("a schema"));
    assert_eq!(
        constraints(&fields.properties["photo"]).format.as_deref(),
        Some("binary")
    );
    assert!(fields.required.contains("photo") && !fields.required.contains("caption"));
    assert_eq!(form.encoding["angles"].explode, Some(false));
    assert_eq!(
        types(operation(&api, "login")),
        ["application/x-www-form-urlencoded"]
    );
    let label = &operation(&api, "printLabels").responses[&StatusKey::Code(200)];
    let types: Vec<&String> = label.content.keys().collect();
    assert_eq!(types, ["application/pdf"]);
    let listed = &operation(&api, "listParcels").responses[&StatusKey::Code(200)];
    assert!(listed.headers.contains_key("X-Total"));
    assert!(listed.content["application/json"].example.is_some());
}

#[test]
fn faults_have_places_and_help() {
    let text = "\
swagger: '2.0'
info: {title: T, version: '1'}
consumes: application/json
paths:
  /a/{id}:
    get:
      parameters:
        - {name: id, in: path, type: array, items: {type: string}, collectionFormat: multi}
        - {name: q, in: query, type: array, items: {type: string}, collectionFormat: pipe}
        - {name: r, in: query, schema: {type: integer}}
        - {name: s, in: qery, type: string}
        - {name: t, in: query}
      responses: {'200': {$ref: '#/responses/Gone'}}
    post:
      consumes: [application/json]
      parameters:
        - {name: id, in: path, required: true, type: string}
        - {name: file, in: formData, type: file}
        - {name: body, in: body, schema: {$ref: '#/definitions/Usr'}}
      requestBody: {}
      responses: {'200': {description: ok, content: {}}}
definitions:
  User: {type: object, colectionFormat: csv}
securityDefinitions:
  basic: {type: bsic}
";
    insta::assert_snapshot!(faults(text).join("\n"));
}

#[test]
fn slips_of_real_documents_are_read() {
    let text = "\
swagger: 2.0
info: {title: T, version: '1'}
host: https://example.com/
basePath: api
paths:
  /a:
    post:
      parameters:
        - {name: body, in: body, type: array, items: {type: string}}
      responses: {'200': {description: ok, schema: {type: file}}}
  /b:
    post:
      parameters:
        - {name: a, in: formData, type: string}
      responses: {'200': {description: ok}}
";
    let (api, findings) = api::read(&SourceFile::new("api.yaml", text));
    assert!(api::is_valid(&findings), "{findings:?}");
    let api = api.expect("an API");
    assert_eq!(api.servers, ["https://example.com/api"]);
    let body = api.operations[0].body.as_ref().expect("a body");
    let schema = body.content["application/json"].schema.as_ref();
    let schema = constraints(schema.expect("a schema"));
    assert!(schema.types.contains(&JsonType::Array));
    let response = &api.operations[0].responses[&StatusKey::Code(200)];
    assert!(response.content.contains_key("application/octet-stream"));
    let form = api.operations[1].body.as_ref().expect("a body");
    assert_eq!(form.content.len(), 2);
}

#[test]
fn servers_read_every_collection_format() {
    let document = PARCELS.replace("security:\n  - key: []\n", "");
    let form = "application/x-www-form-urlencoded";
    let id = "0b7e4a0e-8a43-4a8e-9d8f-0d5c3f0f7a11";
    for framework in ["express", "fastify", "koa"] {
        let sandbox = Sandbox::new();
        sandbox.write("swagger.yaml", &document);
        sandbox
            .run([
                "scaffold",
                "swagger.yaml",
                "--framework",
                framework,
                "--output",
                "src/routes/",
                "--project",
                "-q",
            ])
            .expect(0);
        link_modules(sandbox.path());
        compile(sandbox.path(), TypeScript::Seven, &[]);
        let server = Server::start(sandbox.path());
        let mut wrong = Vec::new();
        for (query, wanted) in [
            ("ids=1,2,3", 501),
            ("ids=1,0", 400),
            ("names=ada%20bob", 501),
            ("names=ada+bob", 501),
            ("names=ada,bob", 400),
            ("rows=1%092%093", 501),
            ("rows=1,2", 400),
            ("cities=oslo%7Cmolde", 501),
            ("cities=oslo|oslo", 400),
            ("state=open&state=closed", 501),
            ("state=open,closed", 400),
            ("boxes=1,2%7C3,4.5", 501),
            ("boxes=1,2%7C3", 400),
            ("weight=0", 400),
            ("weight=0.1", 501),
            ("archived=", 501),
            ("limit=100", 400),
        ] {
            let answer = server.ask("GET", &format!("/parcels?{query}"), None);
            if answer.status != wanted {
                wrong.push(format!("{query}: {} {}", answer.status, answer.body));
            }
        }
        for (path, wanted) in [("1%7C2", 501), ("1", 501), ("1,2", 400)] {
            let path = format!("/parcels/{id}/labels/{path}");
            let answer = server.ask("GET", &path, None);
            if answer.status != wanted {
                wrong.push(format!("{path}: {} {}", answer.status, answer.body));
            }
        }
        for (body, wanted) in [
            ("name=ada&scopes=read+write&days=1&days=7", 501),
            ("name=ada&scopes=read,write", 400),
            ("name=ada&days=8", 400),
            ("name=ada&remember=", 501),
            ("remember=true", 400),
        ] {
            let answer = server.ask("POST", "/login", Some((form, body)));
            if answer.status != wanted {
                wrong.push(format!("{body}: {} {}", answer.status, answer.body));
            }
        }
        assert!(wrong.is_empty(), "{framework}\n{}", wrong.join("\n"));
    }
}
