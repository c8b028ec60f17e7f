//! The requests of each operation of a description. An operation that cannot be served is listed with
//! its reason.

use std::collections::BTreeMap;

use serde_json::Value;

use super::found::{Found, Ids};
use super::generate::{Fullness, Generator};
use super::invalid;
use super::parameters::{self, Escaping};
use super::rules::{Rules, pointer};
use super::security::{self, Given};
use crate::api::{
    Api, Body, Encoding, MediaType, Method, Operation, Parameter, ParameterPlace, Schema, Style,
};
use crate::text::escape;

/// Requests that keep the rules, of one operation. More of them say little more about it, and each is
/// asked before the load and kept while it lasts.
const VARIANTS: usize = 8;
/// How often in a row nothing new may come of another try.
const IDLE: usize = 4;
/// Bytes of bodies, of one operation: what is longer is not made many times.
const LONGEST: usize = 256 * 1024;

/// What the traffic is made for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The same seed makes the same requests.
    pub seed: u64,
    /// Requests that break a rule are made as well.
    pub invalid: bool,
    /// Operations that change something are served.
    pub changes: bool,
    pub given: Given,
}

/// Everything that is sent.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// What creates first, what deletes last; collections before what is in them.
    pub exercises: Vec<Exercise>,
    pub left_out: Vec<LeftOut>,
}

/// The requests of one operation.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// Index in the operations of the description.
    pub operation: usize,
    /// Its id, or method and path.
    pub name: String,
    pub method: &'static str,
    /// The template.
    pub path: String,
    /// Where it stands in the document.
    pub pointer: String,
    /// At least one.
    pub valid: Vec<Request>,
    /// Where the ids in the path come from, when they were seen in answers.
    pub ids: Option<Ids>,
    pub invalid: Vec<Attempt>,
    /// Requests that break a rule beyond those that are sent.
    pub not_tried: usize,
}

/// One request, without the user's headers and the base of the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: &'static str,
    /// Path and query below the base.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What the target is made of.
    pub(super) path: PathParts,
}

/// A path's parameters as they are written, and what follows the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PathParts {
    pub(super) parameters: Vec<(String, String)>,
    /// With its `?`.
    pub(super) query: String,
    /// The parameter that breaks a rule, which stays as it is.
    pub(super) broken: Option<String>,
}

impl PathParts {
    fn target(&self, template: &str) -> String {
        let mut target = template.to_owned();
        for (name, text) in &self.parameters {
            target = target.replace(&format!("{{{name}}}"), text);
        }
        target + &self.query
    }
}

impl Request {
    /// The same request with other values of parameters in its path, which are written already.
    pub(super) fn with_path(&self, template: &str, values: &[(String, String)]) -> Self {
        let mut request = self.clone();
        let path = &mut request.path;
        for (name, text) in &mut path.parameters {
            let other = values.iter().find(|(known, _)| known == name);
            if let Some((_, other)) = other.filter(|_| path.broken.as_ref() != Some(name)) {
                text.clone_from(other);
            }
        }
        request.target = request.path.target(template);
        request
    }

    /// The same request with other pieces (`name=value`) in its query.
    pub(super) fn with_query(mut self, template: &str, other: impl Fn(&str) -> String) -> Self {
        let query = self.path.query.trim_start_matches('?');
        if !query.is_empty() {
            let pieces: Vec<String> = query.split('&').map(other).collect();
            self.path.query = format!("?{}", pieces.join("&"));
            self.target = self.path.target(template);
        }
        self
    }
}

/// A request that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub request: Request,
    /// What is broken, in words: "`/email` of the body is no `email`".
    pub breaks: String,
    /// Where the document has the rule.
    pub pointer: String,
    /// The rule is one that many servers take for a remark.
    pub lenient: bool,
}

/// An operation that is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub name: String,
    pub method: &'static str,
    pub path: String,
    pub pointer: String,
    pub reason: String,
}

/// Parts of a request as values, before they are written.
#[derive(Clone, Debug)]
pub(super) struct Parts<'a> {
    pub(super) operation: &'a Operation,
    /// By the index of the parameter.
    pub(super) parameters: BTreeMap<usize, Value>,
    pub(super) body: Option<Content<'a>>,
}

/// The body and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Content<'a> {
    pub(super) media_type: &'a str,
    pub(super) media: &'a MediaType,
    pub(super) kind: ContentKind,
    pub(super) value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentKind {
    Json,
    Form,
    Text,
}

impl Traffic {
    pub fn of(rules: &Rules<'_>, options: &Options) -> Self {
        let mut traffic = Self::default();
        for (index, operation) in rules.api.operations.iter().enumerate() {
            match exercise(rules, index, operation, options) {
                Ok(exercise) => traffic.exercises.push(exercise),
                Err(reason) => traffic.left_out.push(LeftOut {
                    name: name(operation),
                    method: operation.method.key(),
                    path: operation.path.clone(),
                    pointer: place(rules.api, operation, ""),
                    reason,
                }),
            }
        }
        traffic
            .exercises
            .sort_by_key(|exercise| order(exercise.method, &exercise.path));
        traffic.exercises = Found::new(rules).ordered(traffic.exercises);
        traffic
    }
}

/// What creates before what reads it, a collection before what is in it; what deletes comes last, and
/// takes what is in a thing before the thing.
fn order(method: &str, path: &str) -> (bool, usize, u8) {
    let depth = path.matches('{').count();
    match method {
        "delete" => (true, usize::MAX - depth, 0),
        "post" => (false, depth, 0),
        "put" | "patch" => (false, depth, 2),
        _ => (false, depth, 1),
    }
}

/// How reports call an operation.
fn name(operation: &Operation) -> String {
    operation.id.clone().unwrap_or_else(|| {
        format!(
            "{} {}",
            operation.method.key().to_ascii_uppercase(),
            operation.path
        )
    })
}

/// Where a member of an operation stands.
pub(super) fn place(api: &Api, operation: &Operation, below: &str) -> String {
    api.origins
        .locate(operation.origin.number(), below)
        .map_or_else(
            || pointer(&operation.path, operation.method.key(), below),
            |(pointer, _)| pointer,
        )
}

fn exercise(
    rules: &Rules<'_>,
    index: usize,
    operation: &Operation,
    options: &Options,
) -> Result<Exercise, String> {
    let is_safe = matches!(
        operation.method,
        Method::Get | Method::Head | Method::Options | Method::Trace | Method::Query
    );
    if !is_safe && !options.changes {
        return Err(
            "changes data on a host that is neither this machine nor private (--yes sends it)"
                .to_owned(),
        );
    }
    if let Some(missing) = security::missing(rules.api, operation, &options.given) {
        return Err(missing);
    }
    // Each operation has its own sequence, so that a change to one leaves the others alone.
    let seed = options.seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut generator = Generator::new(rules, seed);
    let mut valid: Vec<Request> = Vec::new();
    let mut shown = None;
    let mut refused: Option<String> = None;
    let (mut length, mut idle) = (0, 0);
    let made_up = std::iter::repeat(Fullness::Random);
    for fullness in Fullness::ALL.into_iter().chain(made_up) {
        if valid.len() == VARIANTS || length > LONGEST || idle == IDLE {
            break;
        }
        let made = parts(&mut generator, operation, &options.given, fullness).and_then(|parts| {
            let request = written(&parts).ok_or("a value has no form in its style")?;
            Ok((parts, request))
        });
        match made {
            Ok((parts, request)) => {
                if valid.contains(&request) {
                    idle += 1;
                } else {
                    idle = 0;
                    length += request.body.len();
                    valid.push(request);
                }
                shown.get_or_insert(parts);
            }
            Err(reason) => {
                idle += 1;
                refused.get_or_insert(reason);
            }
        }
    }
    if let (true, Some(reason)) = (valid.is_empty(), refused) {
        return Err(reason);
    }
    let (invalid, not_tried) = match (&shown, options.invalid) {
        (Some(parts), true) => invalid::attempts(rules, parts),
        _ => (Vec::new(), 0),
    };
    Ok(Exercise {
        operation: index,
        name: name(operation),
        method: operation.method.key(),
        path: operation.path.clone(),
        pointer: place(rules.api, operation, ""),
        valid,
        ids: None,
        invalid,
        not_tried,
    })
}

fn parts<'a>(
    generator: &mut Generator<'_, '_>,
    operation: &'a Operation,
    given: &Given,
    fullness: Fullness,
) -> Result<Parts<'a>, String> {
    let mut values = BTreeMap::new();
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let is_given = match parameter.place {
            ParameterPlace::Header => given.headers.contains(&parameter.name.to_ascii_lowercase()),
            ParameterPlace::Query => given.query.contains(&parameter.name),
            ParameterPlace::Cookie => given.cookies.contains(&parameter.name),
            ParameterPlace::Path | ParameterPlace::QueryString => false,
        };
        if is_given {
            continue;
        }
        let wanted = parameter.required || (!parameter.deprecated && generator.adds(fullness));
        if !wanted {
            continue;
        }
        // An empty text stands for null in some servers and for nothing allowed in others.
        let sendable = |value: &Value| {
            (!value.is_null() || parameter.allow_empty_value)
                && at_its_place(parameter, value).is_some()
        };
        match generator.valid(
            parameter.schema(),
            parameter.example.as_ref(),
            fullness,
            &sendable,
        ) {
            Ok(value) => {
                values.insert(index, value);
            }
            Err(reason) if parameter.required => {
                return Err(format!(
                    "no value for the parameter `{}`: {reason}",
                    parameter.name
                ));
            }
            Err(_) => {}
        }
    }
    let body = match &operation.body {
        Some(body) if body.required || generator.adds(fullness) => {
            match content(generator, body, fullness) {
                Ok(content) => Some(content),
                Err(reason) if body.required => return Err(reason),
                Err(_) => None,
            }
        }
        _ => None,
    };
    Ok(Parts {
        operation,
        parameters: values,
        body,
    })
}

/// How a media type is written; JSON before forms before text.
fn kind_of(media_type: &str) -> Option<ContentKind> {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    if is_json(&essence) || essence == "*/*" || essence == "application/*" {
        Some(ContentKind::Json)
    } else if essence == "application/x-www-form-urlencoded" {
        Some(ContentKind::Form)
    } else if essence.starts_with("text/") && essence != "text/xml" {
        Some(ContentKind::Text)
    } else {
        None
    }
}

/// What the body of a request is when it is JSON, which it is wherever it can be.
pub(super) fn json_schema(operation: &Operation) -> Option<&Schema> {
    let mut content = operation.body.as_ref()?.content.iter();
    let (_, media) = content.find(|(name, _)| kind_of(name) == Some(ContentKind::Json))?;
    media.schema.as_ref()
}

pub(super) fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn content<'a>(
    generator: &mut Generator<'_, '_>,
    body: &'a Body,
    fullness: Fullness,
) -> Result<Content<'a>, String> {
    let mut kinds: Vec<(ContentKind, &str, &MediaType)> = body
        .content
        .iter()
        .filter_map(|(name, media)| Some((kind_of(name)?, name.as_str(), media)))
        .collect();
    kinds.sort_by_key(|(kind, ..)| *kind as u8);
    let Some((kind, media_type, media)) = kinds.into_iter().next() else {
        let names: Vec<String> = body
            .content
            .keys()
            .map(|name| format!("`{name}`"))
            .collect();
        return Err(format!("no bodies of {} are made", names.join(", ")));
    };
    let anything = Schema::Anything;
    let schema = media.schema.as_ref().unwrap_or(&anything);
    let value = generator
        .valid(schema, media.example.as_ref(), fullness, &|value| {
            bytes(kind, media, value).is_some()
        })
        .map_err(|reason| format!("no value for the body: {reason}"))?;
    Ok(Content {
        media_type,
        media,
        kind,
        value,
    })
}

/// The request on the wire. `None` when a value has no form in the style of its parameter.
pub(super) fn written(parts: &Parts<'_>) -> Option<Request> {
    let mut path = PathParts::default();
    let mut query: Vec<String> = Vec::new();
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut cookies: Vec<String> = Vec::new();
    for (index, parameter) in parts.operation.parameters.iter().enumerate() {
        let Some(value) = parts.parameters.get(&index) else {
            continue;
        };
        let text = at_its_place(parameter, value)?;
        match parameter.place {
            ParameterPlace::Path => {
                path.parameters.push((parameter.name.clone(), text));
            }
            ParameterPlace::Query | ParameterPlace::QueryString | ParameterPlace::Cookie
                if text.is_empty() => {}
            ParameterPlace::Query | ParameterPlace::QueryString => query.push(text),
            ParameterPlace::Header => headers.push((parameter.name.clone(), text)),
            ParameterPlace::Cookie => cookies.push(text.replace('&', "; ")),
        }
    }
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    if !query.is_empty() {
        path.query = format!("?{}", query.join("&"));
    }
    let mut body = Vec::new();
    if let Some(content) = &parts.body {
        let media_type = match content.media_type {
            ranged if ranged.contains('*') => "application/json",
            named => named,
        };
        headers.push(("Content-Type".to_owned(), media_type.to_owned()));
        body = bytes(content.kind, content.media, &content.value)?;
    }
    Some(Request {
        method: parts.operation.method.key(),
        target: path.target(&parts.operation.path),
        headers,
        body,
        path,
    })
}

/// The text of a parameter. `None` when it has none, or would be something else at its place.
pub(super) fn at_its_place(parameter: &Parameter, value: &Value) -> Option<String> {
    let text = parameters::written(parameter, value)?;
    let stays = match parameter.place {
        // An empty segment, and one of dots, is another path.
        ParameterPlace::Path => !text.chars().all(|character| character == '.'),
        ParameterPlace::Header => text.bytes().all(|byte| (b' '..0x7f).contains(&byte)),
        ParameterPlace::Cookie => {
            !text.contains([';', '"', '\r', '\n']) && (!parameter.required || !text.is_empty())
        }
        ParameterPlace::Query | ParameterPlace::QueryString => {
            !parameter.required || !text.is_empty()
        }
    };
    stays.then_some(text)
}

/// The bytes of a body. `None` when the media type has no form for the value.
fn bytes(kind: ContentKind, media: &MediaType, value: &Value) -> Option<Vec<u8>> {
    match (kind, value) {
        (ContentKind::Text, Value::String(text)) => Some(text.clone().into_bytes()),
        (ContentKind::Text, Value::Array(_) | Value::Object(_)) => None,
        (ContentKind::Json | ContentKind::Text, _) => Some(value.to_string().into_bytes()),
        (ContentKind::Form, _) => {
            let mut pairs = Vec::new();
            for (name, value) in value.as_object()? {
                pairs.push(form_field(name, value, media.encoding.get(name))?);
            }
            Some(pairs.join("&").into_bytes())
        }
    }
}

/// Objects in a field are JSON, unless a style says otherwise.
fn form_field(name: &str, value: &Value, encoding: Option<&Encoding>) -> Option<String> {
    let style = encoding.and_then(|encoding| encoding.style);
    let explode = encoding.and_then(|encoding| encoding.explode);
    let json = |value: &Value| Value::String(value.to_string());
    let as_json = match (value, style) {
        (Value::Object(_), None) => Some(json(value)),
        (Value::Array(items), None)
            if items.iter().any(|item| item.is_object() || item.is_array()) =>
        {
            Some(items.iter().map(json).collect())
        }
        _ => None,
    };
    let style = style.unwrap_or(Style::Form);
    let explode = explode.unwrap_or(style == Style::Form);
    parameters::styled(
        name,
        as_json.as_ref().unwrap_or(value),
        style,
        explode,
        Escaping::Whole,
    )
}

/// Where the schema of a body stands below its operation.
pub(super) fn body_pointer(media_type: &str) -> String {
    format!("/requestBody/content/{}/schema", escape(media_type))
}
