//! Discriminators: the property that names an alternative, and which names there are.

use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::bundle::Location;
use super::node::Node;
use crate::api::{Constraints, Discriminator, Schema, SchemaName};

impl<'a> Reader<'a> {
    /// The property and the explicit mappings.
    pub(super) fn discriminator(&mut self, node: Node<'a, '_>) -> Option<Discriminator> {
        // Swagger 2 has the name alone.
        if let Value::String(property) = node.value {
            let property = property.clone();
            let mapping = IndexMap::new();
            return Some(Discriminator { property, mapping });
        }
        self.object(node)?;
        self.unknown_members(
            node,
            &["propertyName", "mapping", "defaultMapping"],
            "a discriminator",
        );
        let Some(property) = self.text_of(node, "propertyName") else {
            let message = "a discriminator needs a `propertyName`".to_owned();
            self.error(node.path, "missing-member", message);
            return None;
        };
        let mut mapping = IndexMap::new();
        let path = node.path.key("mapping");
        if let Some(value) = node.get("mapping") {
            let entries = self.object(Node::new(value, &path));
            for (key, value) in entries.into_iter().flatten() {
                let path = path.key(key);
                let target = self.mapping_target(Node::new(value, &path));
                mapping.extend(target.map(|target| (key.clone(), target)));
            }
        }
        if node.get("defaultMapping").is_some() {
            let path = node.path.key("defaultMapping");
            let message = "`defaultMapping` has no effect: every alternative is tried";
            self.unsupported(&path, message.to_owned(), None);
        }
        Some(Discriminator { property, mapping })
    }

    /// A reference, or the bare name of a component.
    fn mapping_target(&mut self, node: Node<'a, '_>) -> Option<SchemaName> {
        if let Value::String(text) = node.value {
            for document in [node.path.document(), 0] {
                let folder = self.document.member(document).dialect.schema_folder();
                let pointer = format!("{folder}/{}", crate::text::escape(text));
                let location = Location::new(document, pointer);
                if let Some(name) = self.references.name_at(&location) {
                    return Some(name.clone());
                }
            }
        }
        self.schema_name(node)
    }

    /// The names of the alternatives are values of the discriminator too, unless the alternative
    /// itself says that its property has another value.
    pub(super) fn implied_mapping(&mut self, constraints: &mut Constraints) {
        let Some(discriminator) = &mut constraints.discriminator else {
            return;
        };
        for alternative in constraints.one_of.iter().chain(&constraints.any_of) {
            let Schema::Reference(name) = alternative else {
                continue;
            };
            let property = self
                .references
                .location_of(name)
                .and_then(|location| self.document.value_at(location))
                .and_then(|schema| schema.get("properties")?.get(&discriminator.property));
            let allowed = |value: &Value| value.as_str() == Some(name.0.as_str());
            let excluded = property.is_some_and(|property| {
                property.get("const").is_some_and(|value| !allowed(value))
                    || property
                        .get("enum")
                        .and_then(Value::as_array)
                        .is_some_and(|values| !values.iter().any(allowed))
            });
            if !excluded {
                let key = name.0.clone();
                discriminator
                    .mapping
                    .entry(key)
                    .or_insert_with(|| name.clone());
            }
        }
    }
}
