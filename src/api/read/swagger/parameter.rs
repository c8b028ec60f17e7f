//! Parameters and headers, which carry the keywords of their schema themselves.

use serde_json::Value;

use super::form::Payload;
use crate::api::read::Reader;
use crate::api::read::members;
use crate::api::read::node::Node;
use crate::api::read::parameter::{Inputs, RESERVED_HEADERS};
use crate::api::{Header, Parameter, ParameterFormat, ParameterPlace, Schema};
use crate::text::suggest;

/// Members that are no keywords of the schema.
const OWN_MEMBERS: &[&str] = &[
    "name",
    "in",
    "description",
    "required",
    "allowEmptyValue",
    "collectionFormat",
    "schema",
];

impl<'a> Reader<'a> {
    /// The parameters of a path item or an operation; bodies and form fields apart.
    pub(in crate::api::read) fn swagger_inputs(&mut self, owner: Node<'a, '_>) -> Inputs {
        let path = owner.path.key("parameters");
        let mut inputs = Inputs::default();
        let Some(value) = owner.get("parameters").filter(|value| !value.is_null()) else {
            return inputs;
        };
        let items = self
            .array(Node::new(value, &path))
            .map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            self.followed(Node::new(item, &path), |reader, node| {
                reader.swagger_input(node, &mut inputs)
            });
        }
        inputs
    }

    /// One parameter, put where it belongs.
    pub(super) fn swagger_input(&mut self, node: Node<'a, '_>, inputs: &mut Inputs) -> Option<()> {
        const PLACES: [&str; 5] = ["path", "query", "header", "formData", "body"];
        self.object(node)?;
        let path = node.path.key("in");
        let place = self.text_of(node, "in").unwrap_or_default();
        let place = match place.as_str() {
            "body" => {
                inputs.payloads.push(self.swagger_body(node));
                return Some(());
            }
            "formData" | "form" => {
                let name = self.parameter_name(node)?;
                inputs.payloads.push(self.form_field(node, name));
                return Some(());
            }
            "path" => ParameterPlace::Path,
            "query" => ParameterPlace::Query,
            "header" => ParameterPlace::Header,
            // Version 3 has it; what it means is clear.
            "cookie" => ParameterPlace::Cookie,
            "" => {
                let message = "a parameter needs an `in`".to_owned();
                self.error(node.path, "missing-member", message);
                return None;
            }
            name => {
                let help = match suggest::nearest(name, PLACES) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of {}", PLACES.join(", ")),
                };
                let message = format!("`{name}` is no place of a parameter");
                self.error_with(&path, "wrong-type", message, Some(help));
                return None;
            }
        };
        let name = self.parameter_name(node)?;
        if place == ParameterPlace::Header
            && RESERVED_HEADERS.contains(&name.to_ascii_lowercase().as_str())
        {
            self.ignored_header(node.path, &name);
            return None;
        }
        let parameter = self.swagger_parameter(node, place, name);
        self.add_parameter(node.path, parameter, inputs);
        Some(())
    }

    fn swagger_parameter(
        &mut self,
        node: Node<'a, '_>,
        place: ParameterPlace,
        name: String,
    ) -> Parameter {
        let required = self.flag(node, "required");
        if place == ParameterPlace::Path && !required {
            self.optional_path_parameter(node.path, &name);
        }
        let schema = self.own_schema(node, &name);
        let collection = self.collection(node, Some(place));
        Parameter {
            place,
            required: required || place == ParameterPlace::Path,
            deprecated: false,
            description: self.text_of(node, "description"),
            allow_reserved: false,
            allow_empty_value: self.flag(node, "allowEmptyValue"),
            format: ParameterFormat::Styled {
                style: collection.style,
                explode: collection.explode,
                inner: collection.inner,
                schema,
            },
            example: None,
            span: Some(self.document.key_span(node.path)),
            origin: self.origin(node.path),
            name,
        }
    }

    /// The schema that a parameter is. One that is written below it, as in version 3, is read too.
    pub(super) fn own_schema(&mut self, node: Node<'a, '_>, name: &str) -> Schema {
        let path = node.path.key("schema");
        if let Some(value) = node.get("schema") {
            let message = "only a body has a `schema` in Swagger 2: it is read all the same";
            self.warn(&path, "wrong-member", message.to_owned());
            if node.get("type").is_none() {
                return self.schema(Node::new(value, &path));
            }
        }
        if node.get("type").is_none() && node.get("enum").is_none() && node.get("items").is_none() {
            let message = format!("the parameter `{name}` has no `type`: any value is accepted");
            self.warn(node.path, "missing-schema", message);
        }
        self.schema_without(node, OWN_MEMBERS)
    }

    /// A header of a response.
    pub(super) fn swagger_header(&mut self, node: Node<'a, '_>) -> Option<Header> {
        self.object(node)?;
        Some(Header {
            required: false,
            description: self.text_of(node, "description"),
            schema: match node.get("schema") {
                Some(_) if node.get("type").is_none() => self.own_schema(node, ""),
                _ => self.schema_without(node, OWN_MEMBERS),
            },
        })
    }

    /// The schema of a body, which sloppy documents write into the parameter itself.
    fn swagger_body(&mut self, node: Node<'a, '_>) -> Payload {
        self.unknown_members(node, members::SWAGGER_BODY, "a body");
        let mut schema = self.schema_of(node, "schema");
        if schema.is_none() {
            let described = ["type", "items", "properties", "$ref"]
                .into_iter()
                .any(|key| node.get(key).is_some_and(|value| !value.is_null()));
            let message = if described {
                "the schema of a body belongs below `schema`: it is read all the same"
            } else {
                "a body needs a `schema`: any value is accepted"
            };
            self.warn(node.path, "missing-schema", message.to_owned());
            schema = described.then(|| self.schema_without(node, OWN_MEMBERS));
        }
        Payload::Body {
            schema,
            required: self.flag(node, "required"),
            description: self.text_of(node, "description"),
            span: self.document.key_span(node.path),
            origin: self.origin(node.path),
        }
    }

    /// Parameters of the document that no operation uses have faults too.
    pub(in crate::api::read) fn swagger_unused(&mut self, root: Node<'a, '_>) {
        for kind in ["parameters", "responses"] {
            let path = root.path.key(kind);
            let value = root.get(kind).filter(|value| !value.is_null());
            let map = value.and_then(|value| self.object(Node::new(value, &path)));
            for (name, value) in map.into_iter().flatten() {
                let path = path.key(name);
                self.followed(Node::new(value, &path), |reader, node| {
                    if kind == "responses" {
                        return reader.swagger_response(node, &[]).map(|_| ());
                    }
                    reader.swagger_input(node, &mut Inputs::default())
                });
            }
        }
    }

    fn parameter_name(&mut self, node: Node<'a, '_>) -> Option<String> {
        let name = self.text_of(node, "name");
        if name.is_none() {
            let message = "a parameter needs a `name`".to_owned();
            self.error(node.path, "missing-member", message);
            // The faults of its schema are worth knowing all the same.
            if let Some(Value::Object(_)) = node.get("schema") {
                self.schema_of(node, "schema");
            }
        }
        name
    }
}
