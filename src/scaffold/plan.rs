//! What is generated for each operation: its name and file, its parameters and bodies, the
//! responses that its handler may return.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::kinds::{self, Kinds};
use super::names::{self, Names};
use super::outgoing::{self, Outgoing};
use super::paths::{self, RouterPath, Segment};
use super::schemas::Gap;
use crate::api::{
    Api, Body, Dialect, Encoding, Header, JsonType, Operation, OriginId, Parameter, ParameterPlace,
    Response, Schema, StatusKey,
};
use crate::text::escape;

/// Everything that is generated, before it is written.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) api: &'a Api,
    /// In the order of the routes.
    pub(super) operations: Vec<PlannedOperation<'a>>,
    /// Paths with the indices of their operations, in the order of the routes.
    pub(super) routes: Vec<Route>,
    pub(super) webhooks: Vec<Outgoing<'a>>,
    pub(super) callbacks: Vec<Outgoing<'a>>,
    pub(super) not_enforced: BTreeSet<Gap>,
}

#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: RouterPath,
    pub(super) operations: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct PlannedOperation<'a> {
    pub(super) operation: &'a Operation,
    /// The name of the handler and of the validator.
    pub(super) id: String,
    /// The file of the handler below the routes' folder, without its ending.
    pub(super) file: String,
    pub(super) path: RouterPath,
    pub(super) path_parameters: Vec<&'a Parameter>,
    pub(super) query: Vec<&'a Parameter>,
    pub(super) headers: Vec<&'a Parameter>,
    pub(super) cookies: Vec<&'a Parameter>,
    pub(super) body: Option<PlannedBody<'a>>,
    pub(super) responses: Vec<PlannedResponse<'a>>,
}

#[derive(Debug)]
pub(super) struct PlannedBody<'a> {
    pub(super) required: bool,
    /// By media type, lower case and without parameters.
    pub(super) content: IndexMap<String, PlannedContent<'a>>,
}

#[derive(Debug)]
pub(super) struct PlannedContent<'a> {
    pub(super) kind: ContentKind,
    pub(super) schema: Option<&'a Schema>,
    pub(super) encoding: &'a IndexMap<String, Encoding>,
}

/// How the bytes of a body become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentKind {
    Json,
    UrlEncoded,
    Multipart,
    /// XML with a structure.
    Xml,
    Text,
    Binary,
}

#[derive(Debug)]
pub(super) struct PlannedResponse<'a> {
    pub(super) status: StatusKey,
    pub(super) headers: &'a IndexMap<String, Header>,
    /// The media type and its schema; `None`: no body.
    pub(super) content: Option<(String, ContentKind, Option<&'a Schema>)>,
    /// The media type in which clients may ask for it as XML.
    pub(super) xml: Option<(String, &'a Schema)>,
    /// The other media types that are documented.
    pub(super) others: Vec<String>,
}

impl<'a> Plan<'a> {
    /// `placements` says in which file a handler is already, `routes` what an operation was called.
    pub(super) fn new(
        api: &'a Api,
        placements: &BTreeMap<String, String>,
        routes: &BTreeMap<String, String>,
    ) -> Self {
        let mut not_enforced = BTreeSet::new();
        let known: Vec<&Operation> = api.operations.iter().collect();
        let ids = identifiers(&known, routes);
        let segments: Vec<Vec<Segment>> = known
            .iter()
            .map(|operation| paths::segments(&operation.path))
            .collect();
        let mut operations: Vec<PlannedOperation<'a>> = Vec::new();
        let mut routes: IndexMap<String, Route> = IndexMap::new();
        let mut files: BTreeMap<String, String> = placements
            .values()
            .map(|file| (names::folded(file), file.clone()))
            .collect();
        for index in paths::route_order(&segments) {
            let operation = known[index];
            let shape = paths::shape(&segments[index]);
            let path = paths::router_path(&segments[index]);
            let route = routes.entry(shape).or_insert_with(|| Route {
                path: path.clone(),
                operations: Vec::new(),
            });
            // Two templates of one path differ only in the names of their parameters.
            let path = renamed(path, &route.path);
            let twin = route
                .operations
                .iter()
                .any(|&at| operations[at].operation.method == operation.method);
            if twin {
                not_enforced.insert(Gap {
                    keyword: "paths",
                    origin: operation.origin.number(),
                    below: String::new(),
                    subject: format!(
                        "{} {}",
                        operation.method.key().to_uppercase(),
                        operation.path
                    ),
                    reason: Some(
                        "another template matches the same paths, the operation is left out"
                            .to_owned(),
                    ),
                });
                continue;
            }
            route.operations.push(operations.len());
            let id = ids[index].clone();
            let file = placements
                .get(&id)
                .cloned()
                .unwrap_or_else(|| resource(operation, &segments[index]));
            // One file on a file system that does not tell cases apart is one file everywhere.
            let file = files.entry(names::folded(&file)).or_insert(file).clone();
            operations.push(planned(api, operation, id, file, path, &mut not_enforced));
        }
        let webhooks = outgoing::webhooks(api, &mut not_enforced);
        let callbacks = outgoing::callbacks(&operations, &mut not_enforced);
        Self {
            api,
            operations,
            routes: routes.into_values().collect(),
            webhooks,
            callbacks,
            not_enforced,
        }
    }

    /// Handler files with the indices of their operations, sorted by file.
    pub(super) fn files(&self) -> BTreeMap<&str, Vec<usize>> {
        let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, operation) in self.operations.iter().enumerate() {
            files.entry(&operation.file).or_default().push(index);
        }
        files
    }

    /// All schemas of requests.
    pub(super) fn input_schemas(&self) -> Vec<&'a Schema> {
        let mut found = Vec::new();
        for operation in &self.operations {
            let parameters = [
                &operation.path_parameters,
                &operation.query,
                &operation.headers,
                &operation.cookies,
            ];
            found.extend(
                parameters
                    .into_iter()
                    .flatten()
                    .map(|parameter| parameter.schema()),
            );
            let content = operation.body.iter().flat_map(|body| body.content.values());
            found.extend(content.filter_map(|content| content.schema));
        }
        found
    }

    /// All schemas of responses and of what is sent to subscribers.
    pub(super) fn output_schemas(&self) -> Vec<&'a Schema> {
        let responses = self
            .operations
            .iter()
            .flat_map(|operation| &operation.responses);
        let bodies = responses
            .filter_map(|response| response.content.as_ref().and_then(|(_, _, schema)| *schema));
        bodies
            .chain(self.webhooks.iter().filter_map(|webhook| webhook.schema))
            .chain(self.callbacks.iter().filter_map(|callback| callback.schema))
            .collect()
    }
}

/// The identifier of each operation: its operationId, else method and path. Of several that would be
/// called the same, one keeps the name that it had in the last run.
fn identifiers(operations: &[&Operation], routes: &BTreeMap<String, String>) -> Vec<String> {
    let wanted: Vec<String> = operations
        .iter()
        .map(|operation| {
            let id = operation.id.as_deref().map(str::trim);
            match id.filter(|id| !id.is_empty()) {
                Some(id) => names::camel_case(id),
                None => names::camel_case(&format!(
                    "{} {}",
                    operation.method.key(),
                    path_words(&operation.path)
                )),
            }
        })
        .collect();
    let mut taken = Names::with(["z", "schemas", "notImplemented", "xml", "xmlValues"]);
    let mut known: BTreeMap<usize, String> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        let name = &wanted[index];
        if wanted.iter().filter(|other| *other == name).count() == 1 {
            continue;
        }
        let method = operation.method.key().to_uppercase();
        let route = format!("{method} {}", operation.path);
        let last = routes.iter().find(|(id, last)| {
            let number = id.strip_prefix(name.as_str());
            **last == route && number.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        });
        // Of two with one route the second is left out later: it takes a new name.
        if let Some((id, _)) = last
            && !known.values().any(|name| name == id)
        {
            known.insert(index, taken.claim(id));
        }
    }
    wanted
        .iter()
        .enumerate()
        .map(|(index, name)| known.remove(&index).unwrap_or_else(|| taken.claim(name)))
        .collect()
}

/// `/users/{userId}` is `users by user id`.
fn path_words(path: &str) -> String {
    let mut out = String::new();
    for segment in path.split('/') {
        match segment
            .strip_prefix('{')
            .and_then(|segment| segment.strip_suffix('}'))
        {
            Some(name) => out.push_str(&format!(" by {name}")),
            None => out.push_str(&format!(" {segment}")),
        }
    }
    out
}

/// The first tag, else the first fixed segment.
fn resource(operation: &Operation, segments: &[Segment]) -> String {
    let fixed = segments.iter().find_map(|segment| match segment {
        Segment::Fixed(text) if !text.is_empty() => Some(text.as_str()),
        _ => None,
    });
    names::resource_file(
        operation
            .tags
            .first()
            .map_or(fixed.unwrap_or("root"), String::as_str),
    )
}

/// The captures of `path` under the names that `first` gave to the same segments.
fn renamed(mut path: RouterPath, first: &RouterPath) -> RouterPath {
    for (capture, known) in path.captures.iter_mut().zip(&first.captures) {
        capture.segment.clone_from(&known.segment);
    }
    path.express.clone_from(&first.express);
    path.fastify.clone_from(&first.fastify);
    path
}

fn planned<'a>(
    api: &Api,
    operation: &'a Operation,
    id: String,
    file: String,
    path: RouterPath,
    not_enforced: &mut BTreeSet<Gap>,
) -> PlannedOperation<'a> {
    let subject = format!(
        "{} {}",
        operation.method.key().to_uppercase(),
        operation.path
    );
    let mut missing = |keyword, origin: OriginId, below: String, reason: String| {
        not_enforced.insert(Gap {
            keyword,
            subject: subject.clone(),
            reason: Some(reason),
            origin: origin.number(),
            below,
        });
    };
    let of = |place: ParameterPlace| -> Vec<&'a Parameter> {
        let mut seen = BTreeSet::new();
        operation
            .parameters
            .iter()
            .filter(|parameter| parameter.place == place)
            .filter(|parameter| {
                let name = if place == ParameterPlace::Header {
                    parameter.name.to_lowercase()
                } else {
                    parameter.name.clone()
                };
                // The specification says so: these are described by other means.
                let ignored = place == ParameterPlace::Header
                    && ["accept", "content-type", "authorization"].contains(&name.as_str());
                !ignored && seen.insert(name)
            })
            .collect()
    };
    let path_parameters: Vec<&Parameter> = of(ParameterPlace::Path)
        .into_iter()
        .filter(|parameter| {
            let used = path
                .captures
                .iter()
                .any(|capture| capture.name == parameter.name);
            if !used {
                missing(
                    "parameters",
                    parameter.origin,
                    String::new(),
                    format!("the path has no `{{{}}}`", parameter.name),
                );
            }
            used
        })
        .collect();
    let mut query = of(ParameterPlace::Query);
    query.extend(of(ParameterPlace::QueryString));
    let body = operation.body.as_ref().and_then(|body| {
        let content: IndexMap<String, PlannedContent<'a>> = content(api, body, &mut missing);
        (!content.is_empty()).then_some(PlannedBody {
            required: body.required,
            content,
        })
    });
    PlannedOperation {
        id,
        file,
        path,
        path_parameters,
        query,
        headers: of(ParameterPlace::Header),
        cookies: of(ParameterPlace::Cookie),
        body,
        responses: responses(api, operation),
        operation,
    }
}

fn content<'a>(
    api: &Api,
    body: &'a Body,
    missing: &mut impl FnMut(&'static str, OriginId, String, String),
) -> IndexMap<String, PlannedContent<'a>> {
    let mut found: IndexMap<String, PlannedContent<'a>> = IndexMap::new();
    for (written, media_type) in &body.content {
        let name = essence(written);
        let schema = media_type.schema.as_ref();
        let kind = kind_of(api, &name, schema);
        if kind == ContentKind::Text && schema.is_some_and(|schema| is_structured(api, schema)) {
            // Swagger 2 writes the media types elsewhere.
            let below = match api.dialect {
                Dialect::Swagger20 => String::new(),
                _ => format!("/content/{}", escape(written)),
            };
            missing(
                "content",
                body.origin,
                below,
                format!(
                    "a body of type `{name}` with a structure is refused, no reader is generated"
                ),
            );
            continue;
        }
        found.entry(name).or_insert(PlannedContent {
            kind,
            schema: media_type.schema.as_ref(),
            encoding: &media_type.encoding,
        });
    }
    found
}

/// The kind of a content; XML that is described as text is left as text.
fn kind_of(api: &Api, name: &str, schema: Option<&Schema>) -> ContentKind {
    let kind = content_kind(name);
    let xml = name.ends_with("/xml") || name.ends_with("+xml");
    if kind == ContentKind::Text && xml && schema.is_some_and(|schema| is_structured(api, schema)) {
        return ContentKind::Xml;
    }
    kind
}

/// Whether no text is a value of the schema, or its keywords speak of members.
fn is_structured(api: &Api, schema: &Schema) -> bool {
    let kinds = kinds::of(api, schema);
    if kinds == Kinds::ALL {
        return match resolve(api, schema) {
            Schema::Constraints(constraints) => {
                constraints.items.is_some()
                    || !constraints.properties.is_empty()
                    || !constraints.all_of.is_empty()
                    || constraints.reference.is_some()
            }
            _ => false,
        };
    }
    let scalars = [
        JsonType::String,
        JsonType::Integer,
        JsonType::Boolean,
        JsonType::Null,
    ];
    !scalars.into_iter().any(|kind| kinds.contains(kind))
}

pub(super) fn essence(media_type: &str) -> String {
    media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase()
}

pub(super) fn content_kind(name: &str) -> ContentKind {
    if name == "application/x-www-form-urlencoded" {
        ContentKind::UrlEncoded
    } else if name == "multipart/form-data" {
        ContentKind::Multipart
    } else if name.ends_with("/json")
        || name.ends_with("+json")
        || name == "*/*"
        || name == "application/*"
    {
        ContentKind::Json
    } else if name.starts_with("text/")
        || name.ends_with("/xml")
        || name.ends_with("+xml")
        || name.ends_with("yaml")
    {
        ContentKind::Text
    } else {
        ContentKind::Binary
    }
}

/// 2xx and 3xx always; other statuses only when they do not have the form of an error that is
/// thrown; the default when nothing else says what success is.
fn responses<'a>(api: &Api, operation: &'a Operation) -> Vec<PlannedResponse<'a>> {
    let mut found = Vec::new();
    for (status, response) in &operation.responses {
        let wanted = match status {
            StatusKey::Code(code) if (200..400).contains(code) => true,
            StatusKey::Range(2 | 3) => true,
            StatusKey::Code(code) if *code >= 400 => is_own_error(api, response),
            _ => false,
        };
        if wanted {
            found.push(planned_response(api, *status, response));
        }
    }
    let succeeds = found.iter().any(|response| match response.status {
        StatusKey::Code(code) => code < 400,
        StatusKey::Range(_) => true,
        StatusKey::Default => false,
    });
    if !succeeds && let Some(response) = operation.responses.get(&StatusKey::Default) {
        found.push(planned_response(api, StatusKey::Default, response));
    }
    found
}

/// An error with a body that is not the envelope: its handler returns it.
fn is_own_error(api: &Api, response: &Response) -> bool {
    match response
        .content
        .iter()
        .find(|(name, _)| content_kind(&essence(name)) == ContentKind::Json)
    {
        Some((_, media_type)) => media_type
            .schema
            .as_ref()
            .is_some_and(|schema| !is_envelope(api, schema)),
        None => false,
    }
}

fn planned_response<'a>(
    api: &Api,
    status: StatusKey,
    response: &'a Response,
) -> PlannedResponse<'a> {
    let contents: Vec<(String, ContentKind, Option<&Schema>)> = response
        .content
        .iter()
        .map(|(name, media_type)| {
            let name = essence(name);
            let schema = media_type.schema.as_ref();
            let kind = kind_of(api, &name, schema);
            (name, kind, schema)
        })
        .collect();
    let of_kind = |wanted| contents.iter().find(|(_, kind, _)| *kind == wanted);
    let chosen = of_kind(ContentKind::Json).or_else(|| contents.first());
    let xml = of_kind(ContentKind::Xml).and_then(|(name, _, schema)| Some((name, (*schema)?)));
    let used = |name: &String| {
        chosen.is_some_and(|(chosen, _, _)| chosen == name)
            || xml.is_some_and(|(xml, _)| xml == name)
    };
    PlannedResponse {
        status,
        headers: &response.headers,
        others: contents
            .iter()
            .map(|(name, _, _)| name.clone())
            .filter(|name| !used(name))
            .collect(),
        xml: xml.map(|(name, schema)| (name.clone(), schema)),
        content: chosen.cloned(),
    }
}

/// Whether a schema has the form of the envelope that errors leave in.
fn is_envelope(api: &Api, schema: &Schema) -> bool {
    let Schema::Constraints(outer) = resolve(api, schema) else {
        return false;
    };
    let Some(Schema::Constraints(error)) = outer
        .properties
        .get("error")
        .map(|error| resolve(api, error))
    else {
        return false;
    };
    error.properties.contains_key("code") && error.properties.contains_key("message")
}

/// The schema behind references without siblings.
pub(super) fn resolve<'s>(api: &'s Api, schema: &'s Schema) -> &'s Schema {
    let mut schema = schema;
    for _ in 0..40 {
        match schema {
            Schema::Reference(name) => match api.schemas.get(name) {
                Some(target) => schema = target,
                None => return schema,
            },
            _ => return schema,
        }
    }
    schema
}
