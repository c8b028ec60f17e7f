//! What is known of the operation of a route, from its handler and its schemas.

use indexmap::{IndexMap, IndexSet};

use super::handlers::{Facts, Part};
use super::path::Template;
use super::reading::Basis;
use super::value::Value;
use super::zod::{schema_of, typed};
use crate::api::{
    self, Body, Constraints, Encoding, JsonType, MediaType, Parameter, ParameterFormat,
    ParameterPlace, Response, Schema, SchemaName, StatusKey, Style,
};
use crate::text::SourceFile;

pub(super) fn described_parameters(
    value: &Value<'_>,
    place: ParameterPlace,
    contents: &mut Contents,
) {
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
        let style = style.and_then(api::style_named).unwrap_or(default);
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
    names.filter_map(api::style_named).collect()
}

/// Everything of an operation but its method and its path.
#[derive(Clone)]
pub(super) struct Contents {
    pub(super) basis: Basis,
    pub(super) id: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) tags: Vec<String>,
    /// Described one by one.
    pub(super) parameters: Vec<Parameter>,
    pub(super) query_schema: Option<Schema>,
    pub(super) path_schema: Option<Schema>,
    pub(super) header_schema: Option<Schema>,
    pub(super) body: Option<(Schema, bool)>,
    pub(super) generated_body: Option<Body>,
    pub(super) responses: IndexMap<StatusKey, Response>,
    pub(super) security: Vec<IndexMap<String, Vec<String>>>,
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
    pub(super) fn of_facts(facts: Facts) -> Self {
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

    pub(super) fn path_parameters(&self, template: &Template) -> Vec<Parameter> {
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

    pub(super) fn other_parameters(&self) -> Vec<Parameter> {
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
        origin: api::OriginId::default(),
    }
}

/// A zod schema, or JSON Schema as a literal.
pub(super) fn converted(value: &Value<'_>) -> Option<Schema> {
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
            let (api, _) = api::read(&file);
            api?.schemas.shift_remove(&SchemaName("Literal".to_owned()))
        }
    }
}

/// `body: { required, content }` of a generated validator.
pub(super) fn generated_body(value: &Value<'_>) -> Option<Body> {
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
        origin: api::OriginId::default(),
    })
}

pub(super) fn requirement(value: &Value<'_>) -> IndexMap<String, Vec<String>> {
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

pub(super) fn response(status: StatusKey, schema: Option<Schema>) -> Response {
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
        links: IndexMap::new(),
    }
}

pub(super) fn status_key(text: &str) -> Option<StatusKey> {
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
