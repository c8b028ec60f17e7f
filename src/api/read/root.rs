//! The document as a whole: what it is called, its components, its operations.

use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::members;
use super::node::Node;
use crate::api::{Api, Dialect, Schema, SchemaName, SecurityScheme};
use crate::text::{Path, escape};

impl<'a> Reader<'a> {
    /// Everything. The caller puts the document itself into the result.
    pub(super) fn root(&mut self, root: Node<'a, '_>) -> Api {
        self.unknown_members(root, members::root(self.dialect), "the document");
        if self.dialect == Dialect::Swagger20 {
            return self.swagger_root(root);
        }
        let components_path = root.path.key("components");
        let components = Node::new(
            root.get("components").unwrap_or(&Value::Null),
            &components_path,
        );
        if !components.value.is_null() && self.object(components).is_some() {
            self.unknown_members(components, members::COMPONENTS, "the components");
        }
        let info_path = root.path.key("info");
        let info = Node::new(root.get("info").unwrap_or(&Value::Null), &info_path);
        let security_schemes = self.security_schemes(components, "securitySchemes");
        self.default_security = self.security(root).unwrap_or_default();
        let mut schemas = self.component_schemas(components, "schemas");
        let operations = self.paths(root);
        let webhooks = self.webhooks(root);
        self.unused_components(components);
        self.named_places(&mut schemas);
        self.cyclic_names(&schemas);
        Api {
            dialect: self.dialect,
            title: self.described(info, "title", "Untitled API"),
            version: self.described(info, "version", "0.0.0"),
            description: self.text_of(info, "description"),
            servers: self.servers(root),
            tags: self.tag_descriptions(root),
            operations,
            webhooks,
            schemas,
            security_schemes,
            document: Value::Null,
        }
    }

    pub(super) fn default_security(&self) -> Vec<IndexMap<String, Vec<String>>> {
        self.default_security.clone()
    }

    pub(super) fn described(&mut self, info: Node<'a, '_>, key: &str, default: &str) -> String {
        self.text_of(info, key).unwrap_or_else(|| {
            let message = format!("`info` has no `{key}`: it is `{default}` here");
            self.warn(info.path, "missing-member", message);
            default.to_owned()
        })
    }

    fn servers(&mut self, root: Node<'a, '_>) -> Vec<String> {
        let path = root.path.key("servers");
        let mut urls = Vec::new();
        let Some(value) = root.get("servers").filter(|value| !value.is_null()) else {
            return urls;
        };
        let items = self
            .array(Node::new(value, &path))
            .map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            urls.extend(self.text_of(Node::new(item, &path), "url"));
        }
        urls
    }

    pub(super) fn tag_descriptions(
        &mut self,
        root: Node<'a, '_>,
    ) -> IndexMap<String, Option<String>> {
        let path = root.path.key("tags");
        let mut tags = IndexMap::new();
        let Some(value) = root.get("tags").filter(|value| !value.is_null()) else {
            return tags;
        };
        let items = self
            .array(Node::new(value, &path))
            .map_or(&[][..], Vec::as_slice);
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            let node = Node::new(item, &path);
            if let Some(name) = self.text_of(node, "name") {
                tags.insert(name, self.text_of(node, "description"));
            }
        }
        tags
    }

    pub(super) fn security_schemes(
        &mut self,
        components: Node<'a, '_>,
        kind: &str,
    ) -> IndexMap<String, SecurityScheme> {
        let path = components.path.key(kind);
        let mut schemes = IndexMap::new();
        for (name, value) in self.component(components, kind) {
            self.security_schemes.push(name.clone());
            let path = path.key(name);
            let read = self.followed(Node::new(value, &path), Self::security_scheme);
            schemes.extend(read.map(|scheme| (name.clone(), scheme)));
        }
        schemes
    }

    fn component(
        &mut self,
        components: Node<'a, '_>,
        kind: &str,
    ) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        let path = components.path.key(kind);
        let value = components.get(kind).filter(|value| !value.is_null());
        let map = value.and_then(|value| self.object(Node::new(value, &path)));
        map.into_iter().flatten()
    }

    pub(super) fn component_schemas(
        &mut self,
        components: Node<'a, '_>,
        kind: &str,
    ) -> IndexMap<SchemaName, Schema> {
        let path = components.path.key(kind);
        let entries: Vec<_> = self.component(components, kind).collect();
        // All names first, so that references have them whatever the order.
        for (name, _) in &entries {
            let pointer = format!("{path}/{}", escape(name));
            self.references.register(pointer, name);
        }
        let mut schemas = IndexMap::with_capacity(entries.len());
        for (name, value) in entries {
            let path = path.key(name);
            let schema = self.schema(Node::new(value, &path));
            schemas.insert(SchemaName(name.clone()), schema);
        }
        schemas
    }

    /// Components that no operation uses have faults too.
    fn unused_components(&mut self, components: Node<'a, '_>) {
        let each =
            |reader: &mut Self, kind: &str, read: &mut dyn FnMut(&mut Self, Node<'a, '_>)| {
                let path = components.path.key(kind);
                for (name, value) in reader.component(components, kind) {
                    let path = path.key(name);
                    read(reader, Node::new(value, &path));
                }
            };
        each(self, "parameters", &mut |reader, node| {
            reader.followed(node, Self::parameter);
        });
        each(self, "requestBodies", &mut |reader, node| {
            reader.followed(node, Self::body);
        });
        each(self, "responses", &mut |reader, node| {
            reader.followed(node, Self::response);
        });
        each(self, "headers", &mut |reader, node| {
            reader.followed(node, Self::header);
        });
    }

    /// Schemas outside of the components that references lead to, and what those lead to in turn.
    pub(super) fn named_places(&mut self, schemas: &mut IndexMap<SchemaName, Schema>) {
        let mut next = 0;
        while let Some(pointer) = self.references.pending.get(next).cloned() {
            next += 1;
            let name = self.references.name_at(&pointer).cloned();
            let value = self.references.value_at(&pointer);
            if let (Some(name), Some(value)) = (name, value) {
                let schema = self.schema(Node::new(value, &Path::at(&pointer)));
                schemas.insert(name, schema);
            }
        }
    }

    /// A schema that is nothing but a reference to itself, directly or through others.
    pub(super) fn cyclic_names(&mut self, schemas: &IndexMap<SchemaName, Schema>) {
        for (name, schema) in schemas {
            let mut next = schema;
            let mut hops = 0;
            while let Schema::Reference(target) = next {
                hops += 1;
                if target == name || hops > schemas.len() {
                    break;
                }
                let Some(schema) = schemas.get(target) else {
                    break;
                };
                next = schema;
            }
            if matches!(next, Schema::Reference(target) if target == name) {
                let folder = self.dialect.schema_folder();
                let pointer = format!("{folder}/{}/$ref", escape(&name.0));
                self.cyclic(&Path::at(&pointer));
            }
        }
    }
}
