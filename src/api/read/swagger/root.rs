//! The document as a whole: definitions, servers, and the media types that hold everywhere.

use serde_json::Value;

use crate::api::read::Reader;
use crate::api::read::node::Node;
use crate::api::{Api, Origins};
use crate::text::Path;

impl<'a> Reader<'a> {
    /// Everything, as `Reader::root` reads it from version 3.
    pub(in crate::api::read) fn swagger_root(&mut self, root: Node<'a, '_>) -> Api {
        let info_path = root.path.key("info");
        let info = Node::new(root.get("info").unwrap_or(&Value::Null), &info_path);
        let security_schemes = self.security_schemes(root, "securityDefinitions");
        self.default_security = self.security(root).unwrap_or_default();
        // Operations look these up again; a fault in them is found once, here.
        self.media_types(root, "consumes");
        self.media_types(root, "produces");
        let mut schemas = self.component_schemas(root, "definitions");
        let operations = self.paths(root);
        self.swagger_unused(root);
        self.named_places(&mut schemas);
        self.cyclic_names(&schemas);
        Api {
            dialect: self.dialect,
            title: self.described(info, "title", "Untitled API"),
            version: self.described(info, "version", "0.0.0"),
            description: self.text_of(info, "description"),
            servers: self.swagger_servers(root),
            tags: self.tag_descriptions(root),
            operations,
            webhooks: Vec::new(),
            schemas,
            security_schemes,
            origins: Origins::default(),
        }
    }

    /// `schemes`, `host` and `basePath` as URLs. As in version 3, where a service is reached is no
    /// part of its routes.
    fn swagger_servers(&mut self, root: Node<'a, '_>) -> Vec<String> {
        let base = self.text_of(root, "basePath").unwrap_or_default();
        let base = match base.trim_end_matches('/') {
            "" => String::new(),
            base if base.starts_with('/') => base.to_owned(),
            base => format!("/{base}"),
        };
        let host = self.text_of(root, "host").unwrap_or_default();
        let host = host.trim().trim_end_matches('/');
        if host.is_empty() {
            return if base.is_empty() {
                Vec::new()
            } else {
                vec![base]
            };
        }
        // Real documents write the scheme into the host too.
        if host.contains("://") {
            return vec![format!("{host}{base}")];
        }
        let schemes = self.media_types(root, "schemes").unwrap_or_default();
        if schemes.is_empty() {
            return vec![format!("//{host}{base}")];
        }
        schemes
            .iter()
            .map(|scheme| format!("{scheme}://{host}{base}"))
            .collect()
    }

    /// The names in `consumes` or `produces`; `None` when the member is absent.
    pub(super) fn media_types(&mut self, owner: Node<'a, '_>, key: &str) -> Option<Vec<String>> {
        let path = owner.path.key(key);
        let value = owner.get(key).filter(|value| !value.is_null())?;
        let node = Node::new(value, &path);
        // One name without a list around it is clear enough.
        let names = match value {
            Value::String(name) => {
                let message = format!("`{key}` is a list of media types");
                self.warn(&path, "wrong-type", message);
                vec![name.clone()]
            }
            _ => self.strings(node),
        };
        let trimmed = names.iter().map(|name| name.trim().to_owned());
        Some(trimmed.filter(|name| !name.is_empty()).collect())
    }

    /// The media types of an operation: its own, else those of the document.
    pub(super) fn media_types_of(&mut self, operation: Node<'a, '_>, key: &str) -> Vec<String> {
        let own = self.media_types(operation, key);
        own.unwrap_or_else(|| {
            let document = Node::new(self.document.root(0), &Path::ROOT);
            // A fault in it is the document's, not each operation's.
            let faults = self.faults.len();
            let global = self.media_types(document, key);
            self.faults.truncate(faults);
            global.unwrap_or_default()
        })
    }
}
