//! Routers and routes become operations.

use indexmap::{IndexMap, IndexSet};

use super::contents::{
    Contents, converted, described_parameters, generated_body, requirement, response, status_key,
};
use super::generated::OPERATION;
use super::handlers::{Facts, Part};
use super::interpreter::Interpreter;
use super::path::{self, Template};
use super::reading::{Basis, Described, Reading, Unresolved};
use super::registrations::{Entry, Framework, Methods, Route};
use super::value::{Place, RouterId, Unknown, Value};
use super::zod::references;
use crate::api::{
    Api, Body, Dialect, MediaType, Method, Operation, ParameterPlace, Schema, SchemaName, StatusKey,
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
