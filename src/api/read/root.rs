//! The document as a whole: what it is called, its components, its operations.

use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::bundle::Location;
use super::members;
use super::node::Node;
use crate::api::{Api, Dialect, Origins, Schema, SchemaName, SecurityScheme};
use crate::text::Path;

impl<'a> Reader<'a> {
    /// Everything. The caller puts the document itself into the result.
    pub(super) fn root(&mut self, root: Node<'a, '_>) -> Api {
        self.unknown_members(root, members::root(self.dialect), "the document");
        if self.dialect == Dialect::Swagger20 {
            return self.swagger_root(root);
        }
        if let Some(dialect) = self.text_of(root, "jsonSchemaDialect")
            && !["spec.openapis.org/oas/", "/2020-12/"]
                .iter()
                .any(|known| dialect.contains(known))
        {
            let path = root.path.key("jsonSchemaDialect");
            let message = format!("`{dialect}` is not honoured: schemas are read as draft 2020-12");
            self.unsupported(&path, message, None);
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
            origins: Origins::default(),
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
        let mut urls = Vec::new();
        self.items_of(root, "servers", |reader, node| {
            let read = reader.followed(node, |reader, node| reader.text_of(node, "url"));
            urls.extend(read);
        });
        urls
    }

    pub(super) fn tag_descriptions(
        &mut self,
        root: Node<'a, '_>,
    ) -> IndexMap<String, Option<String>> {
        let mut tags = IndexMap::new();
        self.items_of(root, "tags", |reader, node| {
            reader.followed(node, |reader, node| {
                reader.object(node)?;
                reader.unknown_members(node, members::TAG, "a tag");
                let name = reader.text_of(node, "name")?;
                tags.insert(name, reader.text_of(node, "description"));
                Some(())
            });
        });
        tags
    }

    pub(super) fn security_schemes(
        &mut self,
        components: Node<'a, '_>,
        kind: &str,
    ) -> IndexMap<String, SecurityScheme> {
        let mut schemes = IndexMap::new();
        self.entries_of(components, kind, |reader, name, node| {
            reader.security_schemes.push(name.to_owned());
            let read = reader.followed(node, Self::security_scheme);
            schemes.extend(read.map(|scheme| (name.to_owned(), scheme)));
        });
        schemes
    }

    pub(super) fn component_schemas(
        &mut self,
        components: Node<'a, '_>,
        kind: &str,
    ) -> IndexMap<SchemaName, Schema> {
        let path = components.path.key(kind);
        let mut names = Vec::new();
        // All names first, so that references have them whatever the order.
        self.entries_of(components, kind, |reader, name, node| {
            names.push(name);
            reader.references.register(Location::of(node.path), name);
            // References in the document name the entry, not where the list of entries stands.
            let usual = Location::of(&path.key(name));
            if reader.references.name_at(&usual).is_none() {
                reader.references.register(usual, name);
            }
        });
        self.entries_of(components, kind, Self::adopt);
        let mut schemas = IndexMap::with_capacity(names.len());
        for name in names {
            let name = SchemaName(name.to_owned());
            let location = self.references.location_of(&name).cloned();
            let value = location
                .as_ref()
                .and_then(|location| self.document.value_at(location));
            if let (Some(location), Some(value)) = (location, value) {
                let schema = self.schema(Node::new(value, &location.path()));
                schemas.insert(name, schema);
            }
        }
        schemas
    }

    /// A component that only says in which other document it stands: what stands there has the name.
    fn adopt(&mut self, name: &'a str, node: Node<'a, '_>) {
        let Some(map) = node.value.as_object().filter(|map| map.len() == 1) else {
            return;
        };
        let Some(text) = map.get("$ref").and_then(Value::as_str) else {
            return;
        };
        // Faults are told when the component is read.
        let Ok(target) = self.document.resolve(text, node.path) else {
            return;
        };
        let location = target.location;
        if location.document != node.path.document() && self.references.name_at(&location).is_none()
        {
            self.references.move_to(name, location);
        }
    }

    /// Components that no operation uses have faults too.
    fn unused_components(&mut self, components: Node<'a, '_>) {
        self.entries_of(components, "parameters", |reader, _, node| {
            reader.followed(node, Self::parameter);
        });
        self.entries_of(components, "requestBodies", |reader, _, node| {
            reader.followed(node, Self::body);
        });
        self.entries_of(components, "responses", |reader, _, node| {
            reader.followed(node, Self::response);
        });
        self.entries_of(components, "headers", |reader, _, node| {
            reader.followed(node, Self::header);
        });
        self.entries_of(components, "mediaTypes", |reader, _, node| {
            reader.followed(node, Self::media_type);
        });
        self.entries_of(components, "examples", |reader, _, node| {
            reader.followed(node, Self::object);
        });
        self.entries_of(components, "links", |reader, _, node| {
            reader.link(node);
        });
        self.unused_operations(components);
    }

    /// Schemas outside of the components that references lead to, and what those lead to in turn.
    pub(super) fn named_places(&mut self, schemas: &mut IndexMap<SchemaName, Schema>) {
        let mut next = 0;
        while let Some(location) = self.references.pending.get(next).cloned() {
            next += 1;
            let name = self.references.name_at(&location).cloned();
            let value = self.document.value_at(&location);
            if let (Some(name), Some(value)) = (name, value) {
                let schema = self.schema(Node::new(value, &location.path()));
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
                let Some(location) = self.references.location_of(name).cloned() else {
                    continue;
                };
                let pointer = format!("{}/$ref", location.pointer);
                self.cyclic(&Path::within(location.document, &pointer));
            }
        }
    }
}
