//! Responses: one schema for all that the operation produces.

use indexmap::IndexMap;
use serde_json::Value;

use crate::api::read::Reader;
use crate::api::read::members;
use crate::api::read::node::Node;
use crate::api::{Constraints, JsonType, MediaType, Response, Schema};

impl<'a> Reader<'a> {
    /// What the operation says that it answers with.
    pub(in crate::api::read) fn produces(&mut self, operation: Node<'a, '_>) -> Vec<String> {
        self.media_types_of(operation, "produces")
    }

    pub(in crate::api::read) fn swagger_response(
        &mut self,
        node: Node<'a, '_>,
        produces: &[String],
    ) -> Option<Response> {
        self.object(node)?;
        self.unknown_members(node, members::SWAGGER_RESPONSE, "a response");
        let mut headers = IndexMap::new();
        let path = node.path.key("headers");
        if let Some(value) = node.get("headers").filter(|value| !value.is_null()) {
            for (key, value) in self.object(Node::new(value, &path)).into_iter().flatten() {
                let path = path.key(key);
                let read = self.followed(Node::new(value, &path), Self::swagger_header);
                headers.extend(read.map(|header| (key.clone(), header)));
            }
        }
        Some(Response {
            description: self.text_of(node, "description").unwrap_or_default(),
            headers,
            content: self.produced(node, produces),
            links: IndexMap::new(),
        })
    }

    fn produced(&mut self, node: Node<'a, '_>, produces: &[String]) -> IndexMap<String, MediaType> {
        let path = node.path.key("schema");
        let Some(value) = node.get("schema").filter(|value| !value.is_null()) else {
            return IndexMap::new();
        };
        let schema = self.schema(Node::new(value, &path));
        let usual = if is_file(&schema) {
            "application/octet-stream"
        } else {
            "application/json"
        };
        // A file is no JSON, whatever the document produces elsewhere.
        let fits = |name: &&String| !is_file(&schema) || !name.ends_with("json");
        let mut names: Vec<String> = produces.iter().filter(fits).cloned().collect();
        if names.is_empty() {
            names.push(usual.to_owned());
        }
        let examples = node.get("examples").and_then(Value::as_object);
        let content = names.into_iter().map(|name| {
            let example = examples.and_then(|examples| examples.get(&name)).cloned();
            let media = MediaType {
                schema: Some(schema.clone()),
                encoding: IndexMap::new(),
                example,
            };
            (name, media)
        });
        content.collect()
    }
}

/// `type: file`, as the reader of schemas has it.
fn is_file(schema: &Schema) -> bool {
    matches!(schema, Schema::Constraints(constraints) if is_binary(constraints))
}

fn is_binary(constraints: &Constraints) -> bool {
    constraints.types.contains(&JsonType::String) && constraints.format.as_deref() == Some("binary")
}
