//! Bodies: one parameter that is the body, or several that are the fields of a form.

use indexmap::IndexMap;

use crate::api::read::Reader;
use crate::api::read::node::Node;
use crate::api::{Body, Constraints, Encoding, JsonType, MediaType, OriginId, Schema, Style};
use crate::text::Span;

const URL_ENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// A parameter that is the body or a part of it.
#[derive(Clone, Debug)]
pub(in crate::api::read) enum Payload {
    Body {
        schema: Option<Schema>,
        required: bool,
        description: Option<String>,
        span: Span,
        origin: OriginId,
    },
    Field {
        name: String,
        schema: Schema,
        required: bool,
        is_file: bool,
        encoding: Option<Encoding>,
        span: Span,
        origin: OriginId,
    },
}

impl Payload {
    fn origin(&self) -> (Span, OriginId) {
        match self {
            Self::Body { span, origin, .. } | Self::Field { span, origin, .. } => {
                (span.clone(), *origin)
            }
        }
    }

    /// Whether both describe the same: there is one body, and one field of each name.
    pub(in crate::api::read) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Body { .. }, Self::Body { .. }) => true,
            (Self::Field { name, .. }, Self::Field { name: other, .. }) => name == other,
            _ => false,
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn form_field(&mut self, node: Node<'a, '_>, name: String) -> Payload {
        let mut schema = self.own_schema(node, &name);
        if let Schema::Constraints(constraints) = &mut schema {
            constraints.description = self.text_of(node, "description");
        }
        if self.flag(node, "allowEmptyValue") {
            schema = or_empty(schema);
        }
        let collection = self.collection(node, None);
        let usual = collection.style == Style::Form && collection.explode;
        let encoding = (!usual || !collection.inner.is_empty()).then_some(Encoding {
            content_type: None,
            style: Some(collection.style),
            explode: Some(collection.explode),
            inner: collection.inner,
        });
        Payload::Field {
            is_file: node.get("type").and_then(serde_json::Value::as_str) == Some("file"),
            required: self.flag(node, "required"),
            span: self.document.key_span(node.path),
            origin: self.origin(node.path),
            encoding,
            schema,
            name,
        }
    }

    /// The body that the parameters of an operation make together.
    pub(in crate::api::read) fn swagger_payload(
        &mut self,
        operation: Node<'a, '_>,
        payloads: Vec<Payload>,
    ) -> Option<Body> {
        let consumes = self.media_types_of(operation, "consumes");
        let origin = payloads.first()?.origin();
        let (bodies, fields): (Vec<_>, Vec<_>) = payloads
            .into_iter()
            .partition(|payload| matches!(payload, Payload::Body { .. }));
        if !bodies.is_empty() && !fields.is_empty() {
            let path = operation.path.key("parameters");
            let message = "a request has a body or a form, not both".to_owned();
            let help = "make the body a form field, or the fields properties of the body";
            self.error_with(&path, "body-and-form", message, Some(help.to_owned()));
        }
        let body = bodies.into_iter().next();
        if let Some(Payload::Body {
            schema,
            required,
            description,
            ..
        }) = body
        {
            let names = if consumes.is_empty() {
                vec!["application/json".to_owned()]
            } else {
                consumes
            };
            let media = MediaType {
                schema,
                ..MediaType::default()
            };
            let content = names.into_iter().map(|name| (name, media.clone()));
            return Some(Body {
                required,
                description,
                content: content.collect(),
                span: Some(origin.0),
                origin: origin.1,
            });
        }
        Some(self.form(operation, fields, consumes, origin))
    }

    fn form(
        &mut self,
        operation: Node<'a, '_>,
        fields: Vec<Payload>,
        consumes: Vec<String>,
        (span, origin): (Span, OriginId),
    ) -> Body {
        let mut constraints = Constraints {
            types: [JsonType::Object].into_iter().collect(),
            ..Constraints::default()
        };
        let mut encodings = IndexMap::new();
        let mut has_file = false;
        for field in fields {
            let Payload::Field {
                name,
                schema,
                required,
                is_file,
                encoding,
                ..
            } = field
            else {
                continue;
            };
            has_file |= is_file;
            if required {
                constraints.required.insert(name.clone());
            }
            encodings.extend(encoding.map(|encoding| (name.clone(), encoding)));
            constraints.properties.insert(name, schema);
        }
        let content = self.form_types(operation, consumes, has_file);
        let media = MediaType {
            schema: Some(Schema::Constraints(Box::new(constraints.clone()))),
            encoding: encodings,
            example: None,
        };
        Body {
            required: !constraints.required.is_empty(),
            description: None,
            content: content
                .into_iter()
                .map(|name| (name, media.clone()))
                .collect(),
            span: Some(span),
            origin,
        }
    }

    /// The media types of a form. Documents that say nothing, or only JSON for all their
    /// operations, mean whichever of the two can carry the fields.
    fn form_types(
        &mut self,
        operation: Node<'a, '_>,
        consumes: Vec<String>,
        has_file: bool,
    ) -> Vec<String> {
        let carries = |name: &String| {
            if has_file {
                essence(name) == MULTIPART
            } else {
                [URL_ENCODED, MULTIPART].contains(&essence(name).as_str())
            }
        };
        if consumes.iter().any(carries) {
            let json = |name: &String| !has_file && essence(name).ends_with("json");
            return consumes
                .into_iter()
                .filter(|name| carries(name) || json(name))
                .collect();
        }
        if operation.get("consumes").is_some() && !consumes.is_empty() {
            let path = operation.path.key("consumes");
            let wanted = if has_file {
                "a file is sent as `multipart/form-data`"
            } else {
                "a form is sent as `application/x-www-form-urlencoded` or `multipart/form-data`"
            };
            let message = format!("{wanted}, which this `consumes` does not have: it is read so");
            self.warn(&path, "wrong-media-type", message);
        }
        if has_file {
            vec![MULTIPART.to_owned()]
        } else {
            vec![URL_ENCODED.to_owned(), MULTIPART.to_owned()]
        }
    }
}

/// A media type without its parameters.
fn essence(name: &str) -> String {
    let essence = name.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// `allowEmptyValue` on a form field.
fn or_empty(schema: Schema) -> Schema {
    let empty = Schema::Constraints(Box::new(Constraints {
        constant: Some(serde_json::Value::String(String::new())),
        ..Constraints::default()
    }));
    Schema::Constraints(Box::new(Constraints {
        any_of: vec![schema, empty],
        ..Constraints::default()
    }))
}
