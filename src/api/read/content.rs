//! Bodies, responses, media types and headers.

use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::members;
use super::node::Node;
use super::parameter::style_named;
use crate::api::{Body, Dialect, Encoding, Header, MediaType, Response, Schema, StatusKey};

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
        for (key, value) in self.object(node).into_iter().flatten() {
            let path = node.path.key(key);
            let read = self.followed(Node::new(value, &path), Self::media_type);
            content.insert(key.clone(), read.unwrap_or_default());
        }
        content
    }

    fn media_type(&mut self, node: Node<'a, '_>) -> Option<MediaType> {
        // `application/pdf:` with nothing below it is anything.
        if node.value.is_null() {
            return None;
        }
        self.object(node)?;
        self.unknown_members(node, members::MEDIA_TYPE, "a media type");
        Some(MediaType {
            schema: self.schema_of(node, "schema"),
            encoding: self.encodings(node),
            example: self.example(node),
        })
    }

    fn encodings(&mut self, owner: Node<'a, '_>) -> IndexMap<String, Encoding> {
        let mut encodings = IndexMap::new();
        let path = owner.path.key("encoding");
        let Some(value) = owner.get("encoding") else {
            return encodings;
        };
        for (key, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
            let path = path.key(key);
            let node = Node::new(value, &path);
            if self.object(node).is_none() {
                continue;
            }
            self.unknown_members(node, members::ENCODING, "an encoding");
            if node.get("headers").is_some() {
                let path = node.path.key("headers");
                self.unsupported(&path, "headers of a part are not enforced".to_owned(), None);
            }
            let style = self.text_of(node, "style");
            let encoding = Encoding {
                content_type: self.text_of(node, "contentType"),
                style: style.as_deref().and_then(style_named),
                explode: self.optional_flag(node, "explode"),
                inner: Vec::new(),
            };
            encodings.insert(key.clone(), encoding);
        }
        encodings
    }

    /// `example`, or the value of the first of `examples`.
    fn example(&mut self, node: Node<'a, '_>) -> Option<Value> {
        if let Some(example) = node.get("example") {
            return Some(example.clone());
        }
        let path = node.path.key("examples");
        let (key, value) = node.get("examples")?.as_object()?.iter().next()?;
        let path = path.key(key);
        self.followed(Node::new(value, &path), |_, example| {
            example
                .get("value")
                .or_else(|| example.get("dataValue"))
                .cloned()
        })
    }

    pub(super) fn responses(&mut self, owner: Node<'a, '_>) -> IndexMap<StatusKey, Response> {
        let mut responses = IndexMap::new();
        let path = owner.path.key("responses");
        let Some(value) = owner.get("responses").filter(|value| !value.is_null()) else {
            return responses;
        };
        let produces = if self.dialect == Dialect::Swagger20 {
            self.produces(owner)
        } else {
            Vec::new()
        };
        for (key, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
            if key.starts_with("x-") {
                continue;
            }
            let path = path.key(key);
            let Some(status) = status_key(key) else {
                let message = format!("`{key}` is no status");
                let help = "a code such as `404`, a range such as `4XX`, or `default`".to_owned();
                self.key_error(&path, "wrong-type", message, Some(help));
                continue;
            };
            let node = Node::new(value, &path);
            let read = if self.dialect == Dialect::Swagger20 {
                self.followed(node, |reader, node| {
                    reader.swagger_response(node, &produces)
                })
            } else {
                self.followed(node, Self::response)
            };
            responses.insert(status, read.unwrap_or_default());
        }
        responses
    }

    pub(super) fn response(&mut self, node: Node<'a, '_>) -> Option<Response> {
        self.object(node)?;
        self.unknown_members(node, members::RESPONSE, "a response");
        let mut headers = IndexMap::new();
        let path = node.path.key("headers");
        if let Some(value) = node.get("headers").filter(|value| !value.is_null()) {
            for (key, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
                let path = path.key(key);
                let read = self.followed(Node::new(value, &path), Self::header);
                headers.extend(read.map(|header| (key.clone(), header)));
            }
        }
        let path = node.path.key("content");
        let content = match node.get("content").filter(|value| !value.is_null()) {
            Some(value) => self.content(Node::new(value, &path)),
            None => IndexMap::new(),
        };
        Some(Response {
            description: self.text_of(node, "description").unwrap_or_default(),
            headers,
            content,
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
