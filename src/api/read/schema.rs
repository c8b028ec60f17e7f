//! Schemas of every dialect in the terms of JSON Schema 2020-12.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Number, Value};

use super::Reader;
use super::node::Node;
use crate::api::{Constraints, Dialect, JsonType, Schema, SchemaName};
use crate::text::suggest;

/// Keywords of JSON Schema that mean something which is not enforced.
const NOT_ENFORCED: &[&str] = &["$recursiveRef", "$vocabulary", "contentSchema"];

/// Keywords without an effect on what is valid.
const ANNOTATIONS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$id",
    "$recursiveAnchor",
    "$schema",
    "definitions",
    "externalDocs",
];

/// Keywords that are read, for suggestions.
const READ: &[&str] = &[
    "type",
    "enum",
    "const",
    "format",
    "nullable",
    "minLength",
    "maxLength",
    "pattern",
    "contentEncoding",
    "contentMediaType",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "prefixItems",
    "items",
    "contains",
    "minContains",
    "maxContains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "unevaluatedItems",
    "properties",
    "required",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "discriminator",
    "readOnly",
    "writeOnly",
    "deprecated",
    "title",
    "description",
    "default",
    "example",
    "examples",
    "xml",
];

impl<'a> Reader<'a> {
    pub(super) fn schema(&mut self, node: Node<'a, '_>) -> Schema {
        match node.value {
            Value::Bool(true) => Schema::Anything,
            Value::Bool(false) => Schema::Nothing,
            Value::Object(map) if map.contains_key("$ref") => self.reference(node),
            Value::Object(_) => self.constraints(node, None),
            _ => {
                self.object(node);
                Schema::Anything
            }
        }
    }

    /// The schema of a member, when there is one.
    pub(super) fn schema_of(&mut self, node: Node<'a, '_>, key: &str) -> Option<Schema> {
        let path = node.path.key(key);
        Some(self.schema(Node::new(node.get(key)?, &path)))
    }

    fn reference(&mut self, node: Node<'a, '_>) -> Schema {
        let path = node.path.key("$ref");
        let Some(value) = node.get("$ref") else {
            return Schema::Anything;
        };
        // A property may be called `$ref`; a reference is always text.
        let Some(name) = self.schema_name(Node::new(value, &path)) else {
            return Schema::Anything;
        };
        if self.dialect_at(node) >= Dialect::OpenApi31 {
            return self.constraints(node, Some(name));
        }
        let siblings = node
            .value
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys());
        for key in siblings {
            let known = [
                "$ref",
                "nullable",
                "description",
                "summary",
                "title",
                "example",
            ];
            if !known.contains(&key.as_str()) && !key.starts_with("x-") {
                let path = node.path.key(key);
                let message = format!("`{key}` beside `$ref` has no effect before OpenAPI 3.1");
                self.warn(&path, "ignored-sibling", message);
            }
        }
        let schema = Schema::Reference(name);
        if self.is_nullable(node) {
            nullable_alternative(schema)
        } else {
            schema
        }
    }

    /// The version that the document of a place follows.
    fn dialect_at(&self, node: Node<'_, '_>) -> Dialect {
        self.document.member(node.path.document()).dialect
    }

    /// `nullable`, as Swagger 2 documents spell it too.
    fn is_nullable(&mut self, node: Node<'a, '_>) -> bool {
        let key = match self.dialect_at(node) {
            Dialect::Swagger20 => "x-nullable",
            Dialect::OpenApi30 => "nullable",
            Dialect::OpenApi31 | Dialect::OpenApi32 => return false,
        };
        self.flag(node, key)
    }

    /// The schema of a node that has members of its own beside the keywords.
    pub(super) fn schema_without(&mut self, node: Node<'a, '_>, members: &[&str]) -> Schema {
        let is_keyword =
            |key: &str| !members.contains(&key) && (!key.starts_with("x-") || key == "x-nullable");
        self.selected(node, None, &is_keyword)
    }

    fn constraints(&mut self, node: Node<'a, '_>, reference: Option<SchemaName>) -> Schema {
        self.selected(node, reference, &|_| true)
    }

    fn selected(
        &mut self,
        node: Node<'a, '_>,
        reference: Option<SchemaName>,
        is_keyword: &dyn Fn(&str) -> bool,
    ) -> Schema {
        let Some(map) = node.value.as_object() else {
            return Schema::Anything;
        };
        let outer = self.around;
        let depth = node.path.depth();
        let origin = match outer {
            None => self.origin(node.path),
            Some((outer, above)) => {
                let steps = node.path.last_steps(depth.saturating_sub(above));
                self.origins.add(outer, node.path.document(), steps)
            }
        };
        self.around = Some((origin, depth));
        let mut constraints = Box::new(Constraints {
            origin,
            reference,
            ..Constraints::default()
        });
        for (key, value) in map.iter().filter(|(key, _)| is_keyword(key)) {
            let path = node.path.key(key);
            self.keyword(&mut constraints, key, Node::new(value, &path));
        }
        self.around = outer;
        self.dynamic_reference(&mut constraints, node);
        Self::exclusive_bounds(&mut constraints, node);
        if constraints.discriminator.is_some() {
            self.implied_mapping(&mut constraints);
        }
        if self.is_nullable(node) {
            return with_null(constraints);
        }
        reduced(constraints)
    }

    fn keyword(&mut self, constraints: &mut Constraints, key: &str, node: Node<'a, '_>) {
        match key {
            "type" => self.types(constraints, node),
            "enum" => {
                constraints.enumeration =
                    self.followed_text(node, |reader, node| reader.array(node).cloned());
            }
            "const" => constraints.constant = Some(node.value.clone()),
            "format" => constraints.format = self.text(node),
            "minLength" => constraints.min_length = self.count(node),
            "maxLength" => constraints.max_length = self.count(node),
            "pattern" => constraints.pattern = self.text(node),
            "contentEncoding" => constraints.content_encoding = self.text(node),
            "contentMediaType" => constraints.content_media_type = self.text(node),
            "minimum" => constraints.minimum = self.number(node),
            "maximum" => constraints.maximum = self.number(node),
            // Booleans of the old drafts are read with `minimum` and `maximum`.
            "exclusiveMinimum" if !node.value.is_boolean() => {
                constraints.exclusive_minimum = self.number(node);
            }
            "exclusiveMaximum" if !node.value.is_boolean() => {
                constraints.exclusive_maximum = self.number(node);
            }
            "multipleOf" => constraints.multiple_of = self.number(node),
            "minContains" => constraints.min_contains = self.count(node),
            "maxContains" => constraints.max_contains = self.count(node),
            "minItems" => constraints.min_items = self.count(node),
            "maxItems" => constraints.max_items = self.count(node),
            "uniqueItems" => constraints.unique_items = self.boolean(node).unwrap_or(false),
            "required" => self.required(constraints, node),
            "minProperties" => constraints.min_properties = self.count(node),
            "maxProperties" => constraints.max_properties = self.count(node),
            "dependentRequired" => self.dependent_required(constraints, node),
            // The two keywords were one before 2019, told apart by what they hold.
            "dependencies" => self.dependencies(constraints, node),
            "discriminator" => constraints.discriminator = self.discriminator(node),
            "readOnly" => constraints.read_only = self.boolean(node).unwrap_or(false),
            "writeOnly" => constraints.write_only = self.boolean(node).unwrap_or(false),
            "deprecated" => constraints.deprecated = self.boolean(node).unwrap_or(false),
            "title" => constraints.title = self.text(node),
            "xml" => constraints.xml = self.xml(node).map(Box::new),
            "description" => constraints.description = self.text(node),
            "default" => constraints.default = Some(node.value.clone()),
            "example" => constraints.examples.push(node.value.clone()),
            "examples" => match node.value {
                Value::Array(items) => constraints.examples.extend(items.iter().cloned()),
                other => constraints.examples.push(other.clone()),
            },
            _ => self.nested_keyword(constraints, key, node),
        }
    }

    fn nested_keyword(&mut self, constraints: &mut Constraints, key: &str, node: Node<'a, '_>) {
        match key {
            "prefixItems" => constraints.prefix_items = self.schemas(node),
            // A list of schemas was the older spelling of `prefixItems`.
            "items" if node.value.is_array() => constraints.prefix_items = self.schemas(node),
            "items" => constraints.items = Some(self.schema(node)),
            "contains" => constraints.contains = Some(self.schema(node)),
            "unevaluatedItems" => constraints.unevaluated_items = Some(self.schema(node)),
            "properties" => constraints.properties = self.schema_map(node),
            "patternProperties" => constraints.pattern_properties = self.schema_map(node),
            "additionalProperties" => constraints.additional_properties = Some(self.schema(node)),
            "propertyNames" => constraints.property_names = Some(self.schema(node)),
            "dependentSchemas" => constraints.dependent_schemas = self.schema_map(node),
            "unevaluatedProperties" => {
                constraints.unevaluated_properties = Some(self.schema(node));
            }
            "allOf" => constraints.all_of = self.schemas(node),
            "anyOf" => constraints.any_of = self.schemas(node),
            "oneOf" => constraints.one_of = self.schemas(node),
            "not" => constraints.not = Some(self.schema(node)),
            "if" => constraints.if_schema = Some(self.schema(node)),
            "then" => constraints.then_schema = Some(self.schema(node)),
            "else" => constraints.else_schema = Some(self.schema(node)),
            _ => self.other_keyword(constraints, key, node),
        }
    }

    fn other_keyword(&mut self, constraints: &mut Constraints, key: &str, node: Node<'a, '_>) {
        let dialect = self.dialect_at(node);
        let old = dialect < Dialect::OpenApi31;
        if key.starts_with("x-") {
            let value = node.value.clone();
            constraints.extensions.insert(key.to_owned(), value);
        } else if NOT_ENFORCED.contains(&key) {
            self.unsupported(node.path, format!("`{key}` is not enforced"), None);
        } else if key == "collectionFormat" && dialect == Dialect::Swagger20 {
            // Read with the parameter around it.
        } else if key == "nullable" && !old {
            let help = "write `type: [string, 'null']`".to_owned();
            let message = "`nullable` has no effect since OpenAPI 3.1".to_owned();
            self.unsupported(node.path, message, Some(help));
        } else if !ANNOTATIONS.contains(&key)
            && ![
                "$ref",
                "$dynamicRef",
                "nullable",
                "exclusiveMinimum",
                "exclusiveMaximum",
            ]
            .contains(&key)
        {
            let help = suggest::nearest(key, READ.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            self.unsupported(node.path, format!("`{key}` is not enforced"), help);
        }
    }

    fn text(&mut self, node: Node<'a, '_>) -> Option<String> {
        self.lenient_text(node)
    }

    fn schemas(&mut self, node: Node<'a, '_>) -> Vec<Schema> {
        let mut schemas = Vec::new();
        self.items(node, |reader, node| schemas.push(reader.schema(node)));
        schemas
    }

    fn schema_map(&mut self, node: Node<'a, '_>) -> IndexMap<String, Schema> {
        let mut schemas = IndexMap::new();
        // `properties:` with nothing below it is null in YAML.
        if !node.value.is_null() {
            self.entries(node, |reader, key, node| {
                schemas.insert(key.to_owned(), reader.schema(node));
            });
        }
        schemas
    }

    fn types(&mut self, constraints: &mut Constraints, node: Node<'a, '_>) {
        match node.value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let path = node.path.index(index);
                    self.one_type(constraints, Node::new(item, &path));
                }
            }
            _ => self.one_type(constraints, node),
        }
    }

    fn one_type(&mut self, constraints: &mut Constraints, node: Node<'a, '_>) {
        let name = match node.value {
            // `type: null` without quotes is the null of YAML.
            Value::Null => "null",
            _ => match self.string(node) {
                Some(name) => name,
                None => return,
            },
        };
        let found = match name {
            "null" => JsonType::Null,
            "boolean" => JsonType::Boolean,
            "integer" => JsonType::Integer,
            "number" => JsonType::Number,
            "string" => JsonType::String,
            "array" => JsonType::Array,
            "object" => JsonType::Object,
            // The upload of Swagger 2.
            "file" => {
                constraints.format = Some("binary".to_owned());
                JsonType::String
            }
            _ if let Some((found, format)) = meant_type(name) => {
                let message = format!("`{name}` is no type: it is read as {}", found.name());
                self.warn(node.path, "wrong-type", message);
                if format.is_some() && constraints.format.is_none() {
                    constraints.format = format.map(str::to_owned);
                }
                found
            }
            // Said by leaving `type` out.
            "any" => {
                let message = "`any` is no type: any value is accepted".to_owned();
                self.warn(node.path, "wrong-type", message);
                return;
            }
            _ => {
                let names = [
                    "boolean", "integer", "number", "string", "array", "object", "null",
                ];
                let help = match suggest::nearest(name, names) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of {}", names.join(", ")),
                };
                let message = format!("`{name}` is no type");
                self.error_with(node.path, "wrong-type", message, Some(help));
                return;
            }
        };
        constraints.types.insert(found);
    }

    fn required(&mut self, constraints: &mut Constraints, node: Node<'a, '_>) {
        match node.value {
            // A habit from before JSON Schema draft 4, still found in real documents.
            Value::Bool(_) => {
                let message = "`required` is a list in the schema of the object".to_owned();
                let help = "list the property in the `required` of its object".to_owned();
                self.unsupported(node.path, message, Some(help));
            }
            Value::Null => {}
            _ => constraints.required = self.strings(node).into_iter().collect(),
        }
    }

    pub(super) fn strings(&mut self, node: Node<'a, '_>) -> Vec<String> {
        let mut texts = Vec::new();
        self.items(node, |reader, node| texts.extend(reader.lenient_text(node)));
        texts
    }

    fn dependent_required(&mut self, constraints: &mut Constraints, node: Node<'a, '_>) {
        let Some(map) = self.object(node) else {
            return;
        };
        for (key, value) in map {
            let path = node.path.key(key);
            let names = self.strings(Node::new(value, &path));
            constraints.dependent_required.insert(key.clone(), names);
        }
    }

    fn dependencies(&mut self, constraints: &mut Constraints, node: Node<'a, '_>) {
        for (key, value) in self.object(node).into_iter().flatten() {
            let path = node.path.key(key);
            let node = Node::new(value, &path);
            if value.is_array() {
                let names = self.strings(node);
                constraints.dependent_required.insert(key.clone(), names);
            } else {
                let schema = self.schema(node);
                constraints.dependent_schemas.insert(key.clone(), schema);
            }
        }
    }

    /// `exclusiveMinimum: true` turns `minimum` into the exclusive bound.
    fn exclusive_bounds(constraints: &mut Constraints, node: Node<'_, '_>) {
        let is_true = |key| node.get(key) == Some(&Value::Bool(true));
        let turn = |inclusive: &mut Option<Number>, exclusive: &mut Option<Number>| {
            *exclusive = inclusive.take();
        };
        if is_true("exclusiveMinimum") {
            turn(&mut constraints.minimum, &mut constraints.exclusive_minimum);
        }
        if is_true("exclusiveMaximum") {
            turn(&mut constraints.maximum, &mut constraints.exclusive_maximum);
        }
    }
}

/// Names from programming languages, and other spellings.
fn meant_type(name: &str) -> Option<(JsonType, Option<&'static str>)> {
    Some(match name.to_ascii_lowercase().as_str() {
        "bool" | "boolean" => (JsonType::Boolean, None),
        "int" | "integer" => (JsonType::Integer, None),
        "long" => (JsonType::Integer, Some("int64")),
        "float" | "double" | "number" | "decimal" => (JsonType::Number, None),
        "str" | "string" => (JsonType::String, None),
        "date" => (JsonType::String, Some("date")),
        "date-time" | "datetime" => (JsonType::String, Some("date-time")),
        "uuid" => (JsonType::String, Some("uuid")),
        "array" => (JsonType::Array, None),
        "object" => (JsonType::Object, None),
        _ => return None,
    })
}

/// A set of constraints in its shortest form.
fn reduced(mut constraints: Box<Constraints>) -> Schema {
    if let Some(name) = constraints.reference.take() {
        if *constraints == Constraints::default() {
            return Schema::Reference(name);
        }
        constraints.reference = Some(name);
        return Schema::Constraints(constraints);
    }
    if *constraints == Constraints::default() {
        Schema::Anything
    } else {
        Schema::Constraints(constraints)
    }
}

/// `nullable: true`: null joins the types and the values; what combines other schemas gets null as
/// an alternative, because the combination itself may refuse it.
fn with_null(mut constraints: Box<Constraints>) -> Schema {
    let combines = constraints.reference.is_some()
        || !constraints.all_of.is_empty()
        || !constraints.any_of.is_empty()
        || !constraints.one_of.is_empty()
        || constraints.not.is_some()
        || constraints.if_schema.is_some();
    if combines {
        let mut outer = Constraints {
            read_only: std::mem::take(&mut constraints.read_only),
            write_only: std::mem::take(&mut constraints.write_only),
            origin: constraints.origin,
            description: constraints.description.take(),
            default: constraints.default.take(),
            ..Constraints::default()
        };
        outer.any_of = vec![reduced(constraints), null()];
        return Schema::Constraints(Box::new(outer));
    }
    if !constraints.types.is_empty() {
        constraints.types.insert(JsonType::Null);
    }
    if let Some(values) = &mut constraints.enumeration
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    reduced(constraints)
}

fn nullable_alternative(schema: Schema) -> Schema {
    Schema::Constraints(Box::new(Constraints {
        any_of: vec![schema, null()],
        ..Constraints::default()
    }))
}

fn null() -> Schema {
    Schema::Constraints(Box::new(Constraints {
        types: IndexSet::from([JsonType::Null]),
        ..Constraints::default()
    }))
}
