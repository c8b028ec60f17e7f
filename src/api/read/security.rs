//! Security schemes, and what an operation asks of them.

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use super::Reader;
use super::members;
use super::node::Node;
use crate::api::{Dialect, ParameterPlace, SecurityScheme};
use crate::text::suggest;

impl<'a> Reader<'a> {
    pub(super) fn security_scheme(&mut self, node: Node<'a, '_>) -> Option<SecurityScheme> {
        let kinds: &[&str] = if self.dialect == Dialect::Swagger20 {
            &["basic", "apiKey", "oauth2"]
        } else {
            &["http", "apiKey", "oauth2", "openIdConnect", "mutualTLS"]
        };
        self.object(node)?;
        self.unknown_members(node, members::SECURITY_SCHEME, "a security scheme");
        let kind = self.text_of(node, "type").unwrap_or_default();
        match kind.as_str() {
            "http" => {
                let scheme = self.text_of(node, "scheme").unwrap_or_default();
                Some(match scheme.to_ascii_lowercase().as_str() {
                    "basic" => SecurityScheme::Basic,
                    "bearer" => SecurityScheme::Bearer {
                        format: self.text_of(node, "bearerFormat"),
                    },
                    _ => SecurityScheme::Http { scheme },
                })
            }
            // Of Swagger 2.
            "basic" => Some(SecurityScheme::Basic),
            "apiKey" => {
                let place = match self.text_of(node, "in").as_deref() {
                    Some("query") => ParameterPlace::Query,
                    Some("header") => ParameterPlace::Header,
                    Some("cookie") => ParameterPlace::Cookie,
                    other => {
                        let found = other.unwrap_or_default();
                        let message = format!("`{found}` is no place of a key");
                        let help = "one of query, header, cookie".to_owned();
                        let path = node.path.key("in");
                        self.error_with(&path, "wrong-type", message, Some(help));
                        return None;
                    }
                };
                let name = self.text_of(node, "name").unwrap_or_default();
                Some(SecurityScheme::ApiKey { place, name })
            }
            "oauth2" => Some(SecurityScheme::OAuth2 {
                scopes: scopes(node),
            }),
            "openIdConnect" => Some(SecurityScheme::OpenIdConnect {
                url: self.text_of(node, "openIdConnectUrl").unwrap_or_default(),
            }),
            "mutualTLS" => Some(SecurityScheme::MutualTls),
            _ => {
                let help = match suggest::nearest(&kind, kinds.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of {}", kinds.join(", ")),
                };
                let message = format!("`{kind}` is no kind of security scheme");
                let path = node.path.key("type");
                self.error_with(&path, "wrong-type", message, Some(help));
                None
            }
        }
    }

    /// The alternatives of `security`; `None` when the member is absent.
    pub(super) fn security(
        &mut self,
        owner: Node<'a, '_>,
    ) -> Option<Vec<IndexMap<String, Vec<String>>>> {
        let path = owner.path.key("security");
        let value = owner.get("security").filter(|value| !value.is_null())?;
        let items = self.array(Node::new(value, &path))?;
        let mut alternatives = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = path.index(index);
            let mut alternative = IndexMap::new();
            for (name, value) in self.object(Node::new(item, &path)).into_iter().flatten() {
                let path = path.key(name);
                if !self.security_schemes.contains(name) {
                    self.unknown_scheme(name, &path);
                }
                let node = Node::new(value, &path);
                let empty = value.as_object().is_some_and(serde_json::Map::is_empty);
                let scopes = if empty {
                    let message = format!("the scopes of `{name}` are a list: there are none");
                    self.warn(&path, "wrong-type", message);
                    Vec::new()
                } else {
                    self.strings(node)
                };
                alternative.insert(name.clone(), scopes);
            }
            alternatives.push(alternative);
        }
        Some(alternatives)
    }

    fn unknown_scheme(&mut self, name: &str, path: &crate::text::Path<'_>) {
        let known = self.security_schemes.iter().map(String::as_str);
        let help = suggest::nearest(name, known).map(|near| format!("did you mean `{near}`?"));
        let message = format!("the security scheme `{name}` is not defined");
        self.key_error(path, "unknown-security-scheme", message, help);
    }
}

/// The scopes of all flows.
fn scopes(node: Node<'_, '_>) -> IndexSet<String> {
    let flows = node.get("flows").and_then(Value::as_object);
    let of_flows = flows.into_iter().flat_map(|flows| flows.values());
    // Swagger 2 has one flow, written into the scheme itself.
    std::iter::once(node.value)
        .chain(of_flows)
        .filter_map(|flow| flow.get("scopes").and_then(Value::as_object))
        .flat_map(|scopes| scopes.keys().cloned())
        .collect()
}
