//! Routers and routes become operations.

use indexmap::{IndexMap, IndexSet};

use super::generated::OPERATION;
use super::handlers::{Facts, Part};
use super::interpreter::Interpreter;
use super::path::{self, Template};
use super::reading::{Basis, Described, Reading, Unresolved};
use super::registrations::{Entry, Framework, Methods, Route};
use super::value::{Place, RouterId, Unknown, Value};
use super::zod::{references, schema_of, typed};
use crate::api::{
    Api, Body, Constraints, Dialect, Encoding, JsonType, MediaType, Method, Operation, Parameter,
    ParameterFormat, ParameterPlace, Response, Schema, SchemaName, StatusKey, Style,
};
use crate::diagnostic::Diagnostic;
use crate::text::{SourceFile, Span};

/// What `app.all` is described as: the methods that people send.
const ALL_METHODS: [Method; 5] = [
    Method::Get,
    Method::Post,
    Method::Put,
    Method::Patch,
    Method::Delete,
];

/// Routers inside of routers; deeper ones are cycles.
const DEEPEST: usize = 32;

struct Describer<'a, 'f> {
    interpreter: Interpreter<'a>,
    is_described: &'f dyn Fn(&SourceFile) -> bool,
    operations: Vec<Operation>,
    described: Vec<Described>,
    unresolved: Vec<Unresolved>,
    frameworks: std::collections::BTreeSet<Framework>,
    files: std::collections::BTreeSet<usize>,
}

pub(super) fn describe(
    interpreter: Interpreter<'_>,
    is_described: &dyn Fn(&SourceFile) -> bool,
    faults: Vec<Diagnostic>,
) -> Reading {
    let mut describer = Describer {
        interpreter,
        is_described,
        operations: Vec::new(),
        described: Vec::new(),
        unresolved: Vec::new(),
        frameworks: std::collections::BTreeSet::new(),
        files: std::collections::BTreeSet::new(),
    };
    describer.run();
    describer.finish(faults)
}

impl<'a> Describer<'a, '_> {
    fn run(&mut self) {
        let roots: Vec<usize> = (0..self.interpreter.routers.len())
            .filter(|index| !self.interpreter.routers[*index].is_mounted)
            .collect();
        for root in roots {
            self.router(RouterId(root), &[], 0);
        }
        for (place, reason) in std::mem::take(&mut self.interpreter.unresolved) {
            if self.is_wanted(place) {
                let excerpt = self.excerpt(place);
                let place = self.span(place);
                self.unresolved.push(Unresolved {
                    place,
                    excerpt,
                    reason,
                });
            }
        }
    }

    fn router(&mut self, id: RouterId, outer: &[Value<'a>], depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let router = &mut self.interpreter.routers[id.0];
        let framework = router.framework;
        let mut prefix = outer.to_vec();
        prefix.extend(router.prefix.clone());
        let entries = std::mem::take(&mut router.entries);
        for entry in &entries {
            match entry {
                Entry::Route(route) => self.route(route, framework, &prefix),
                Entry::Mount {
                    prefix: inner,
                    router,
                    place,
                } => {
                    self.files.insert(place.file.0);
                    let mut prefix = prefix.clone();
                    prefix.push(inner.clone());
                    self.router(*router, &prefix, depth + 1);
                }
            }
        }
        self.interpreter.routers[id.0].entries = entries;
    }

    fn is_wanted(&self, place: Place) -> bool {
        (self.is_described)(&self.interpreter.files[place.file.0])
    }

    fn span(&self, place: Place) -> Span {
        Span::new(
            &self.interpreter.files[place.file.0],
            place.start..place.end,
        )
    }

    /// `router.get("/path", …)`, in one line.
    fn excerpt(&self, call: Place) -> String {
        let text = self.interpreter.excerpt(call);
        let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match flat.split_once(", ") {
            Some((start, _)) if start.contains('(') => format!("{start}, …)"),
            _ if flat.chars().count() > 60 => {
                let cut: String = flat.chars().take(59).collect();
                format!("{cut}…")
            }
            _ => flat,
        }
    }

    fn route(&mut self, route: &Route<'a>, framework: Framework, prefix: &[Value<'a>]) {
        if !self.is_wanted(route.call) {
            return;
        }
        self.frameworks.insert(framework);
        self.files.insert(route.call.file.0);
        let templates = match templates(route, prefix) {
            Ok(templates) => templates,
            Err(reason) => {
                let excerpt = self.excerpt(route.call);
                let place = self.span(route.place);
                self.unresolved.push(Unresolved {
                    place,
                    excerpt,
                    reason,
                });
                return;
            }
        };
        let methods = match &route.methods {
            Methods::These(methods) => methods.clone(),
            Methods::All => ALL_METHODS.to_vec(),
        };
        let described = self.contents(route, framework);
        for template in &templates {
            for method in &methods {
                self.add(*method, template, route, &described);
            }
        }
    }

    /// An operation without its method and path.
    fn contents(&mut self, route: &Route<'a>, framework: Framework) -> Contents {
        let operation = route
            .options
            .iter()
            .chain(&route.handlers)
            .find_map(|handler| handler.member(OPERATION).cloned());
        if let Some(operation) = operation {
            return Self::generated(&operation);
        }
        let mut facts = Facts::default();
        let mut id = None;
        for handler in &route.handlers {
            self.interpreter.handler(handler, framework, &mut facts);
            if let Value::Function(closure) = handler {
                self.files.insert(closure.file.0);
                id = self.interpreter.function_name(*closure).or(id);
            }
        }
        // Parameters are described one by one, so a name for all of them is of no use here.
        for part in [Part::Query, Part::Path, Part::Headers] {
            if let Some(schema) = facts.schemas.get_mut(&part) {
                *schema = self.interpreter.dereferenced(schema);
            }
        }
        let mut contents = Contents::of_facts(facts);
        contents.id = id;
        if let Some(schema) = route
            .options
            .as_ref()
            .and_then(|options| options.member("schema"))
        {
            let schema = schema.clone();
            self.route_schema(&schema, &mut contents);
        }
        contents
    }

    /// Fastify's `schema: { body, querystring, params, headers, response }`, in JSON Schema or zod.
    fn route_schema(&mut self, schema: &Value<'a>, contents: &mut Contents) {
        let Value::Record(parts) = schema else {
            return;
        };
        contents.basis = Basis::RouteSchema;
        for (name, value) in parts.iter() {
            match name.as_str() {
                "body" => contents.body = converted(value).map(|schema| (schema, true)),
                "querystring" | "query" => contents.query_schema = self.object(value),
                "params" => contents.path_schema = self.object(value),
                "headers" => contents.header_schema = self.object(value),
                "summary" => contents.summary = value.as_text().map(str::to_owned),
                "description" => contents.description = value.as_text().map(str::to_owned),
                "operationId" => contents.id = value.as_text().map(str::to_owned),
                "tags" => {
                    let tags = value.as_list().unwrap_or_default().iter();
                    contents.tags = tags.filter_map(Value::as_text).map(str::to_owned).collect();
                }
                "response" => {
                    let Value::Record(responses) = value else {
                        continue;
                    };
                    contents.responses.clear();
                    for (status, value) in responses.iter() {
                        if let Some(status) = status_key(status) {
                            contents
                                .responses
                                .insert(status, response(status, converted(value)));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn object(&self, value: &Value<'a>) -> Option<Schema> {
        Some(self.interpreter.dereferenced(&converted(value)?))
    }

    /// The validator of an operation that backsmith generated.
    fn generated(operation: &Value<'a>) -> Contents {
        let mut contents = Contents {
            basis: Basis::Generated,
            id: operation
                .member("id")
                .and_then(Value::as_text)
                .map(str::to_owned),
            ..Contents::default()
        };
        if let Some(Value::Text(resource)) = operation.member("resource") {
            contents.tags = vec![sentence(resource)];
        }
        let Some(Value::Record(validator)) = operation.member("validator").cloned() else {
            return contents;
        };
        for (part, value) in validator.iter() {
            match part.as_str() {
                "path" => described_parameters(value, ParameterPlace::Path, &mut contents),
                "query" => described_parameters(value, ParameterPlace::Query, &mut contents),
                "headers" => described_parameters(value, ParameterPlace::Header, &mut contents),
                "cookies" => described_parameters(value, ParameterPlace::Cookie, &mut contents),
                "body" => contents.generated_body = generated_body(value),
                "security" => {
                    let alternatives = value.as_list().unwrap_or_default().iter();
                    contents.security = alternatives.map(requirement).collect();
                }
                "responses" => {
                    let Value::Record(responses) = value else {
                        continue;
                    };
                    for (status, value) in responses.iter() {
                        let Some(status) = status_key(status) else {
                            continue;
                        };
                        let schema = match value {
                            Value::Schema(zod) if *zod.schema() != Schema::Nothing => {
                                Some(zod.schema().clone())
                            }
                            _ => None,
                        };
                        contents.responses.insert(status, response(status, schema));
                    }
                }
                _ => {}
            }
        }
        contents
    }

    fn add(&mut self, method: Method, template: &Template, route: &Route<'a>, contents: &Contents) {
        let span = self.span(route.call);
        // The first registration answers.
        if self
            .operations
            .iter()
            .any(|other| other.method == method && other.path == template.path)
        {
            return;
        }
        let is_read = matches!(method, Method::Get | Method::Head | Method::Delete);
        let mut parameters = contents.path_parameters(template);
        parameters.extend(contents.other_parameters());
        let body = match &contents.generated_body {
            Some(body) => Some(body.clone()),
            None => contents
                .body
                .as_ref()
                .filter(|_| !is_read)
                .map(|(schema, required)| Body {
                    required: *required,
                    description: None,
                    content: IndexMap::from([(
                        "application/json".to_owned(),
                        MediaType {
                            schema: Some(schema.clone())
                                .filter(|schema| *schema != Schema::Anything),
                            ..MediaType::default()
                        },
                    )]),
                    span: None,
                    origin: crate::api::OriginId::default(),
                }),
        };
        let mut responses = contents.responses.clone();
        if responses.is_empty() {
            responses.insert(StatusKey::Default, response(StatusKey::Default, None));
        }
        let summary = contents.summary.clone().or_else(|| {
            let wanted = format!("/** {} {}: ", method.key().to_uppercase(), template.path);
            self.documented(&wanted)
        });
        self.described.push(Described {
            method,
            path: template.path.clone(),
            place: span.clone(),
            basis: contents.basis,
        });
        self.operations.push(Operation {
            method,
            path: template.path.clone(),
            id: contents.id.clone(),
            summary,
            description: contents.description.clone(),
            tags: contents.tags.clone(),
            deprecated: false,
            parameters,
            body,
            responses,
            security: contents.security.clone(),
            callbacks: Vec::new(),
            extensions: IndexMap::new(),
            origin: crate::api::OriginId::default(),
            span: Some(span),
        });
    }

    /// The summary that generated types carry above an operation.
    fn documented(&self, start: &str) -> Option<String> {
        for file in self.interpreter.files {
            if !file.text.starts_with("// Generated by backsmith") {
                continue;
            }
            if let Some(at) = file.text.find(start) {
                let rest = &file.text[at + start.len()..];
                let line = rest.lines().next().unwrap_or_default();
                return Some(line.trim_end_matches("*/").trim().to_owned());
            }
        }
        None
    }

    /// Operations of `@openapi` comments replace those of the code, and describe what it leaves open.
    fn comments(&mut self, api: &mut Api, faults: &mut Vec<Diagnostic>) {
        let mut found = Vec::new();
        for (index, program) in self.interpreter.programs.iter().enumerate() {
            let source = &self.interpreter.files[index];
            if let (Some(program), true) = (program, (self.is_described)(source)) {
                let file = super::modules::FileId(index);
                let (comments, problems) = super::comments::find(file, source, &program.comments);
                found.extend(comments);
                faults.extend(problems);
            }
        }
        if found.is_empty() {
            return;
        }
        let (operations, read, problems) = super::comments::read(&found, api);
        faults.extend(problems);
        if let Some(read) = read {
            api.schemas.extend(read.schemas);
            api.security_schemes.extend(read.security_schemes);
        }
        for (operation, place) in operations {
            let same = |other: &Operation| {
                other.method == operation.method && other.path == operation.path
            };
            let described = Described {
                method: operation.method,
                path: operation.path.clone(),
                place,
                basis: Basis::Comment,
            };
            if let Some(index) = api.operations.iter().position(same) {
                self.described[index] = Described {
                    place: self.described[index].place.clone(),
                    ..described
                };
                api.operations[index] = operation;
            } else {
                self.described.push(described);
                api.operations.push(operation);
            }
        }
        self.files
            .extend(found.iter().map(|comment| comment.file.0));
        self.unresolved.retain(|unresolved| {
            !found
                .iter()
                .any(|comment| comment.is_above(&unresolved.place))
        });
    }

    fn finish(mut self, mut faults: Vec<Diagnostic>) -> Reading {
        unique_ids(&mut self.operations);
        let mut schemas = std::mem::take(&mut self.interpreter.schemas);
        super::directions::merge(&mut schemas, &mut self.operations, self.interpreter.files);
        let schemas = reachable(&schemas, &self.operations);
        let security_schemes =
            super::directions::security_schemes(&self.operations, self.interpreter.files);
        let mut api = Api {
            dialect: Dialect::OpenApi31,
            title: "API".to_owned(),
            version: "1.0.0".to_owned(),
            description: None,
            servers: Vec::new(),
            tags: IndexMap::new(),
            operations: std::mem::take(&mut self.operations),
            webhooks: Vec::new(),
            schemas,
            security_schemes,
            origins: crate::api::Origins::default(),
        };
        self.comments(&mut api, &mut faults);
        let routers = &self.interpreter.routers;
        let application = routers
            .iter()
            .find(|router| router.is_application && !router.is_mounted);
        let entry =
            application.map(|router| self.interpreter.files[router.place.file.0].name.clone());
        if let Some(router) = application {
            self.files.insert(router.place.file.0);
        }
        let tags: IndexSet<&String> = api
            .operations
            .iter()
            .flat_map(|operation| &operation.tags)
            .collect();
        api.tags = tags.into_iter().map(|tag| (tag.clone(), None)).collect();
        let sort = |place: &Span| (place.file.name.clone(), place.range.start);
        self.unresolved
            .sort_by_key(|unresolved| sort(&unresolved.place));
        Reading {
            api,
            frameworks: self.frameworks.into_iter().collect(),
            files: self.files.len(),
            entry,
            described: self.described,
            unresolved: self.unresolved,
            faults,
        }
    }
}

fn templates(route: &Route<'_>, prefix: &[Value<'_>]) -> Result<Vec<Template>, String> {
    let mut parts = Vec::new();
    for value in prefix.iter().chain(std::iter::once(&route.path)) {
        match value {
            Value::Text(text) => parts.push(text.to_string()),
            Value::Pattern(_) => {
                return Err("a regular expression is no path template".to_owned());
            }
            Value::Unknown(unknown) => return Err(unknown.reason()),
            _ => return Err(Unknown::default().reason()),
        }
    }
    path::templates(&path::joined(&parts))
}

fn described_parameters(value: &Value<'_>, place: ParameterPlace, contents: &mut Contents) {
    let Value::Record(entries) = value else {
        return;
    };
    for (key, entry) in entries.iter() {
        let Some(Value::Schema(zod)) = entry.member("schema") else {
            continue;
        };
        let name = entry.member("name").and_then(Value::as_text).unwrap_or(key);
        let default = if matches!(place, ParameterPlace::Path | ParameterPlace::Header) {
            Style::Simple
        } else {
            Style::Form
        };
        let style = entry.member("style").and_then(Value::as_text);
        let style = style.and_then(crate::api::style_named).unwrap_or(default);
        let explode = match entry.member("explode") {
            Some(Value::Boolean(explode)) => *explode,
            _ => style == Style::Form || style == Style::DeepObject,
        };
        let schema = zod.schema().clone();
        let format = if entry.member("shape").and_then(Value::as_text) == Some("json") {
            ParameterFormat::Content {
                media_type: "application/json".to_owned(),
                schema,
            }
        } else {
            ParameterFormat::Styled {
                style,
                explode,
                inner: inner_styles(entry),
                schema,
            }
        };
        let required = !zod.optional || place == ParameterPlace::Path;
        contents
            .parameters
            .push(parameter(name, place, required, format));
    }
}

/// How arrays inside of an array are written.
fn inner_styles(entry: &Value<'_>) -> Vec<Style> {
    let Some(Value::List(styles)) = entry.member("inner") else {
        return Vec::new();
    };
    let names = styles.iter().filter_map(Value::as_text);
    names.filter_map(crate::api::style_named).collect()
}

/// Everything of an operation but its method and its path.
#[derive(Clone)]
struct Contents {
    basis: Basis,
    id: Option<String>,
    summary: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    /// Described one by one.
    parameters: Vec<Parameter>,
    query_schema: Option<Schema>,
    path_schema: Option<Schema>,
    header_schema: Option<Schema>,
    body: Option<(Schema, bool)>,
    generated_body: Option<Body>,
    responses: IndexMap<StatusKey, Response>,
    security: Vec<IndexMap<String, Vec<String>>>,
}

impl Default for Contents {
    fn default() -> Self {
        Self {
            basis: Basis::PathAlone,
            id: None,
            summary: None,
            description: None,
            tags: Vec::new(),
            parameters: Vec::new(),
            query_schema: None,
            path_schema: None,
            header_schema: None,
            body: None,
            generated_body: None,
            responses: IndexMap::new(),
            security: Vec::new(),
        }
    }
}

impl Contents {
    fn of_facts(facts: Facts) -> Self {
        let mut contents = Self::default();
        let mut schemas = facts.schemas;
        if !schemas.is_empty() {
            contents.basis = Basis::Zod;
        } else if !facts.query.is_empty() || !facts.headers.is_empty() || facts.reads_body {
            contents.basis = Basis::Names;
        }
        let text = |name: &str, place| {
            let format = ParameterFormat::Styled {
                style: if place == ParameterPlace::Header {
                    Style::Simple
                } else {
                    Style::Form
                },
                explode: place != ParameterPlace::Header,
                inner: Vec::new(),
                schema: typed(JsonType::String),
            };
            parameter(name, place, false, format)
        };
        contents.query_schema = schemas.shift_remove(&Part::Query);
        contents.path_schema = schemas.shift_remove(&Part::Path);
        contents.header_schema = schemas.shift_remove(&Part::Headers);
        if contents.query_schema.is_none() {
            let names = facts.query.iter();
            contents
                .parameters
                .extend(names.map(|name| text(name, ParameterPlace::Query)));
        }
        if contents.header_schema.is_none() {
            let names = facts.headers.iter();
            contents
                .parameters
                .extend(names.map(|name| text(name, ParameterPlace::Header)));
        }
        let names = facts.cookies.iter();
        contents
            .parameters
            .extend(names.map(|name| text(name, ParameterPlace::Cookie)));
        contents.body = match schemas.shift_remove(&Part::Body) {
            Some(schema) => Some((schema, true)),
            None if !facts.body_fields.is_empty() => {
                let fields = facts.body_fields.into_iter();
                let schema = Schema::from_constraints(Constraints {
                    types: IndexSet::from([JsonType::Object]),
                    properties: fields.map(|field| (field, Schema::Anything)).collect(),
                    ..Constraints::default()
                });
                Some((schema, false))
            }
            None if facts.reads_body => Some((Schema::Anything, false)),
            None => None,
        };
        let mut statuses: Vec<u16> = facts.statuses.into_iter().collect();
        if facts.answers && !statuses.iter().any(|status| (200..400).contains(status)) {
            statuses.push(200);
        }
        statuses.sort_unstable();
        for status in statuses {
            let status = StatusKey::Code(status);
            contents.responses.insert(status, response(status, None));
        }
        contents
    }

    fn path_parameters(&self, template: &Template) -> Vec<Parameter> {
        let described = self
            .parameters
            .iter()
            .filter(|parameter| parameter.place == ParameterPlace::Path);
        let described: Vec<&Parameter> = described.collect();
        let of_schema = self
            .path_schema
            .as_ref()
            .map(properties)
            .unwrap_or_default();
        let names = template.parameters.iter().map(|(name, pattern)| {
            if let Some(parameter) = described.iter().find(|parameter| parameter.name == *name) {
                return (*parameter).clone();
            }
            let schema = of_schema
                .iter()
                .find(|(property, _, _)| property == name)
                .map(|(_, schema, _)| schema.clone());
            let mut plain = typed(JsonType::String);
            if let (Some(pattern), Schema::Constraints(constraints)) = (pattern, &mut plain) {
                constraints.pattern = Some(pattern.clone());
            }
            let format = ParameterFormat::Styled {
                style: Style::Simple,
                explode: false,
                inner: Vec::new(),
                schema: schema.unwrap_or(plain),
            };
            parameter(name, ParameterPlace::Path, true, format)
        });
        names.collect()
    }

    fn other_parameters(&self) -> Vec<Parameter> {
        let others = self
            .parameters
            .iter()
            .filter(|parameter| parameter.place != ParameterPlace::Path);
        let mut parameters: Vec<Parameter> = others.cloned().collect();
        for (schema, place, style) in [
            (&self.query_schema, ParameterPlace::Query, Style::Form),
            (&self.header_schema, ParameterPlace::Header, Style::Simple),
        ] {
            for (name, schema, required) in schema.as_ref().map(properties).unwrap_or_default() {
                let format = ParameterFormat::Styled {
                    style,
                    explode: style == Style::Form,
                    inner: Vec::new(),
                    schema,
                };
                parameters.push(parameter(&name, place, required, format));
            }
        }
        parameters
    }
}

/// The properties of an object schema: name, schema, whether it is required.
fn properties(schema: &Schema) -> Vec<(String, Schema, bool)> {
    let Schema::Constraints(constraints) = schema else {
        return Vec::new();
    };
    let properties = constraints.properties.iter();
    properties
        .map(|(name, schema)| {
            (
                name.clone(),
                schema.clone(),
                constraints.required.contains(name),
            )
        })
        .collect()
}

fn parameter(
    name: &str,
    place: ParameterPlace,
    required: bool,
    format: ParameterFormat,
) -> Parameter {
    Parameter {
        name: name.to_owned(),
        place,
        required,
        deprecated: false,
        description: None,
        allow_reserved: false,
        allow_empty_value: false,
        format,
        example: None,
        span: None,
        origin: crate::api::OriginId::default(),
    }
}

/// A zod schema, or JSON Schema as a literal.
fn converted(value: &Value<'_>) -> Option<Schema> {
    match value {
        Value::Schema(zod) => Some(zod.schema().clone()),
        other => {
            let json = other.json()?;
            let document = serde_json::json!({
                "openapi": "3.1.0",
                "info": {"title": "", "version": ""},
                "components": {"schemas": {"Literal": json}},
            });
            let file = SourceFile::new("schema.json", document.to_string());
            let (api, _) = crate::api::read(&file);
            api?.schemas.shift_remove(&SchemaName("Literal".to_owned()))
        }
    }
}

/// `body: { required, content }` of a generated validator.
fn generated_body(value: &Value<'_>) -> Option<Body> {
    let Some(Value::Record(entries)) = value.member("content") else {
        return None;
    };
    let content = entries.iter().map(|(media_type, entry)| {
        let mut schema = entry.member("schema").map(schema_of);
        let mut encoding = IndexMap::new();
        if let Some(Schema::Constraints(constraints)) = &mut schema {
            let marks: Vec<String> = constraints
                .extensions
                .keys()
                .filter(|key| key.starts_with("content-type "))
                .cloned()
                .collect();
            for mark in marks {
                let types = constraints.extensions.shift_remove(&mark);
                let name = mark.trim_start_matches("content-type ").to_owned();
                let content_type = types.and_then(|types| types.as_str().map(str::to_owned));
                let details = Encoding {
                    content_type,
                    ..Encoding::default()
                };
                encoding.insert(name, details);
            }
        }
        let described = MediaType {
            schema: schema.filter(|schema| *schema != Schema::Anything),
            encoding,
            example: None,
        };
        (media_type.clone(), described)
    });
    Some(Body {
        required: matches!(value.member("required"), Some(Value::Boolean(true))),
        description: None,
        content: content.collect(),
        span: None,
        origin: crate::api::OriginId::default(),
    })
}

fn requirement(value: &Value<'_>) -> IndexMap<String, Vec<String>> {
    let Value::Record(schemes) = value else {
        return IndexMap::new();
    };
    let scopes = |value: &Value<'_>| -> Vec<String> {
        let list = value.as_list().unwrap_or_default().iter();
        list.filter_map(Value::as_text).map(str::to_owned).collect()
    };
    let schemes = schemes.iter();
    schemes
        .map(|(name, value)| (name.clone(), scopes(value)))
        .collect()
}

fn response(status: StatusKey, schema: Option<Schema>) -> Response {
    let schema = schema.filter(|schema| *schema != Schema::Nothing);
    let content = schema.map(|schema| {
        let described = MediaType {
            schema: Some(schema).filter(|schema| *schema != Schema::Anything),
            ..MediaType::default()
        };
        ("application/json".to_owned(), described)
    });
    Response {
        description: reason(status).to_owned(),
        headers: IndexMap::new(),
        content: content.into_iter().collect(),
    }
}

fn status_key(text: &str) -> Option<StatusKey> {
    match text {
        "default" => Some(StatusKey::Default),
        _ if text.len() == 3 && text[1..].eq_ignore_ascii_case("xx") => {
            text[..1].parse().ok().map(StatusKey::Range)
        }
        _ => text.parse().ok().map(StatusKey::Code),
    }
}

/// The words of RFC 9110; a response must be described.
fn reason(status: StatusKey) -> &'static str {
    match status {
        StatusKey::Code(200) => "OK",
        StatusKey::Code(201) => "Created",
        StatusKey::Code(202) => "Accepted",
        StatusKey::Code(204) => "No content",
        StatusKey::Code(301) => "Moved permanently",
        StatusKey::Code(302) => "Found",
        StatusKey::Code(304) => "Not modified",
        StatusKey::Code(400) => "Bad request",
        StatusKey::Code(401) => "Unauthorized",
        StatusKey::Code(403) => "Forbidden",
        StatusKey::Code(404) => "Not found",
        StatusKey::Code(405) => "Method not allowed",
        StatusKey::Code(409) => "Conflict",
        StatusKey::Code(410) => "Gone",
        StatusKey::Code(413) => "Content too large",
        StatusKey::Code(415) => "Unsupported media type",
        StatusKey::Code(422) => "Unprocessable content",
        StatusKey::Code(429) => "Too many requests",
        StatusKey::Code(500) => "Internal server error",
        StatusKey::Code(501) => "Not implemented",
        StatusKey::Code(503) => "Service unavailable",
        StatusKey::Code(200..300) | StatusKey::Range(2) => "Success",
        StatusKey::Code(300..400) | StatusKey::Range(3) => "Redirection",
        StatusKey::Code(400..500) | StatusKey::Range(4) => "Client error",
        StatusKey::Code(500..600) | StatusKey::Range(5) => "Server error",
        StatusKey::Code(_) | StatusKey::Range(_) => "Response",
        StatusKey::Default => "The responses of this route could not be read from its code",
    }
}

/// Handlers that several routes share give no id.
fn unique_ids(operations: &mut [Operation]) {
    let mut counts: IndexMap<String, usize> = IndexMap::new();
    for id in operations
        .iter()
        .filter_map(|operation| operation.id.clone())
    {
        *counts.entry(id).or_default() += 1;
    }
    for operation in operations {
        operation.id = operation.id.take().filter(|id| counts.get(id) == Some(&1));
    }
}

/// The schemas that operations reach, in the order in which they were declared.
fn reachable(
    schemas: &IndexMap<SchemaName, Schema>,
    operations: &[Operation],
) -> IndexMap<SchemaName, Schema> {
    let mut wanted = IndexSet::new();
    for operation in operations {
        crate::api::visit_schemas(operation, &mut |schema| references(schema, &mut wanted));
    }
    let mut next = 0;
    while let Some(name) = wanted.get_index(next).cloned() {
        next += 1;
        if let Some(schema) = schemas.get(&name) {
            references(schema, &mut wanted);
        }
    }
    let kept = schemas.iter().filter(|(name, _)| wanted.contains(*name));
    kept.map(|(name, schema)| (name.clone(), schema.clone()))
        .collect()
}

/// `payment-methods` becomes `Payment methods`.
fn sentence(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}
