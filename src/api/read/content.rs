//! Bodies, responses, media types and headers.

use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::members;
use super::node::Node;
use super::parameter::style_named;
use crate::api::{Body, Dialect, Encoding, Header, Link, MediaType, Response, Schema, StatusKey};
use crate::diagnostic::Severity;

/// Of parts inside of parts, and of parts that stand in a row: OpenAPI 3.2.
const NESTED_ENCODINGS: &[&str] = &["encoding", "prefixEncoding", "itemEncoding"];

impl<'a> Reader<'a> {
    pub(super) fn body(&mut self, node: Node<'a, '_>) -> Option<Body> {
        self.object(node)?;
        self.unknown_members(node, members::BODY, "a request body");
        let path = node.path.key("content");
        let content = match node.get("content") {
            Some(value) => self.content(Node::new(value, &path)),
            None => IndexMap::new(),
        };
        if content.is_empty() {
            let message = "a request body without `content` describes nothing".to_owned();
            self.warn(node.path, "missing-member", message);
            return None;
        }
        Some(Body {
            required: self.flag(node, "required"),
            description: self.text_of(node, "description"),
            content,
            span: Some(self.document.key_span(node.path)),
            origin: self.origin(node.path),
        })
    }

    pub(super) fn content(&mut self, node: Node<'a, '_>) -> IndexMap<String, MediaType> {
        let mut content = IndexMap::new();
        self.entries(node, |reader, key, node| {
            let read = reader.followed(node, Self::media_type);
            content.insert(key.to_owned(), read.unwrap_or_default());
        });
        content
    }

    pub(super) fn media_type(&mut self, node: Node<'a, '_>) -> Option<MediaType> {
        // `application/pdf:` with nothing below it is anything.
        if node.value.is_null() {
            return None;
        }
        self.object(node)?;
        self.unknown_members(node, members::MEDIA_TYPE, "a media type");
        if self.schema_of(node, "itemSchema").is_some() {
            let message = "`itemSchema` is not enforced: the items of a sequence are not looked at";
            self.without_effect(node, "itemSchema", message);
        }
        for key in NESTED_ENCODINGS.iter().filter(|key| **key != "encoding") {
            self.without_effect(node, key, &format!("`{key}` is not honoured"));
        }
        Some(MediaType {
            schema: self.schema_of(node, "schema"),
            encoding: self.encodings(node),
            example: self.example(node),
        })
    }

    fn encodings(&mut self, owner: Node<'a, '_>) -> IndexMap<String, Encoding> {
        let mut encodings = IndexMap::new();
        self.entries_of(owner, "encoding", |reader, key, node| {
            if reader.object(node).is_none() {
                return;
            }
            reader.unknown_members(node, members::ENCODING, "an encoding");
            reader.without_effect(node, "headers", "headers of a part are not enforced");
            for key in NESTED_ENCODINGS {
                reader.without_effect(node, key, &format!("`{key}` of a part is not honoured"));
            }
            let style = reader.text_of(node, "style");
            let encoding = Encoding {
                content_type: reader.text_of(node, "contentType"),
                style: style.as_deref().and_then(style_named),
                explode: reader.optional_flag(node, "explode"),
                inner: Vec::new(),
            };
            encodings.insert(key.to_owned(), encoding);
        });
        encodings
    }

    /// `example`, or the value of the first of `examples`.
    pub(super) fn example(&mut self, node: Node<'a, '_>) -> Option<Value> {
        let mut first = None;
        let known = self.faults.len();
        self.entries_of(node, "examples", |reader, _, node| {
            let value = reader.followed(node, |_, example| {
                let named = example.get("value").or_else(|| example.get("dataValue"));
                named.cloned()
            });
            first = first.take().or(value);
        });
        // An example that cannot be found changes nothing of what is made of the document.
        for fault in self.faults.iter_mut().skip(known) {
            fault.severity = Severity::Warning;
        }
        node.get("example").cloned().or(first)
    }

    pub(super) fn responses(&mut self, owner: Node<'a, '_>) -> IndexMap<StatusKey, Response> {
        let mut responses = IndexMap::new();
        let produces = if self.dialect == Dialect::Swagger20 {
            self.produces(owner)
        } else {
            Vec::new()
        };
        self.entries_of(owner, "responses", |reader, key, node| {
            if key.starts_with("x-") {
                return;
            }
            let Some(status) = status_key(key) else {
                let message = format!("`{key}` is no status");
                let help = "a code such as `404`, a range such as `4XX`, or `default`".to_owned();
                reader.key_error(node.path, "wrong-type", message, Some(help));
                return;
            };
            let read = if reader.dialect == Dialect::Swagger20 {
                reader.followed(node, |reader, node| {
                    reader.swagger_response(node, &produces)
                })
            } else {
                reader.followed(node, Self::response)
            };
            responses.insert(status, read.unwrap_or_default());
        });
        responses
    }

    pub(super) fn response(&mut self, node: Node<'a, '_>) -> Option<Response> {
        self.object(node)?;
        self.unknown_members(node, members::RESPONSE, "a response");
        let mut headers = IndexMap::new();
        self.entries_of(node, "headers", |reader, key, node| {
            let read = reader.followed(node, Self::header);
            headers.extend(read.map(|header| (key.to_owned(), header)));
        });
        let path = node.path.key("content");
        let content = match node.get("content").filter(|value| !value.is_null()) {
            Some(value) => self.content(Node::new(value, &path)),
            None => IndexMap::new(),
        };
        let mut links = IndexMap::new();
        self.entries_of(node, "links", |reader, name, node| {
            links.extend(reader.link(node).map(|link| (name.to_owned(), link)));
        });
        Some(Response {
            description: self.text_of(node, "description").unwrap_or_default(),
            headers,
            content,
            links,
        })
    }

    /// Links have no effect on a server; they tell a client where the values of an answer fit.
    pub(super) fn link(&mut self, node: Node<'a, '_>) -> Option<Link> {
        self.followed(node, |reader, node| {
            reader.object(node)?;
            reader.unknown_members(node, members::LINK, "a link");
            let mut parameters = IndexMap::new();
            reader.entries_of(node, "parameters", |_, name, node| {
                parameters.insert(name.to_owned(), node.value.clone());
            });
            Some(Link {
                operation_id: reader.text_of(node, "operationId"),
                operation_ref: reader.text_of(node, "operationRef"),
                parameters,
            })
        })
    }

    pub(super) fn header(&mut self, node: Node<'a, '_>) -> Option<Header> {
        self.object(node)?;
        self.unknown_members(node, members::HEADER, "a header");
        let path = node.path.key("content");
        let of_content = match node.get("content") {
            Some(value) => {
                let content = self.content(Node::new(value, &path));
                content.into_values().next().and_then(|media| media.schema)
            }
            None => None,
        };
        let schema = self.schema_of(node, "schema").or(of_content);
        Some(Header {
            required: self.flag(node, "required"),
            description: self.text_of(node, "description"),
            schema: schema.unwrap_or(Schema::Anything),
        })
    }
}

fn status_key(key: &str) -> Option<StatusKey> {
    if key == "default" {
        return Some(StatusKey::Default);
    }
    let first = key
        .bytes()
        .next()
        .filter(|byte| (b'1'..=b'5').contains(byte))?;
    if key.len() == 3 && key[1..].eq_ignore_ascii_case("xx") {
        return Some(StatusKey::Range(first - b'0'));
    }
    let code = key.parse().ok().filter(|_| key.len() == 3)?;
    Some(StatusKey::Code(code))
}
