//! A value with its place, and the typed views of it. A wrong type is a fault at its place, and
//! reading goes on without the value.

use serde_json::{Map, Number, Value};

use super::Reader;
use crate::api::OriginId;
use crate::diagnostic::Diagnostic;
use crate::text::{Path, suggest};

/// Members whose text changes nothing of what is made of a document.
const FOR_PEOPLE: [&str; 3] = ["description", "summary", "title"];

/// A value of the document and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a, 'p> {
    pub(super) value: &'a Value,
    pub(super) path: &'p Path<'p>,
}

impl<'a> Node<'a, 'static> {
    pub(super) const fn root(value: &'a Value) -> Self {
        Self {
            value,
            path: &Path::ROOT,
        }
    }
}

impl<'a, 'p> Node<'a, 'p> {
    pub(super) const fn new(value: &'a Value, path: &'p Path<'p>) -> Self {
        Self { value, path }
    }

    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.value.as_object()?.get(key)
    }
}

impl<'a> Reader<'a> {
    /// Remembers where a part of the model stands.
    pub(super) fn origin(&mut self, path: &Path<'_>) -> OriginId {
        self.origins
            .add(OriginId::default(), path.document(), path.to_string())
    }

    /// A fault at the value of a place.
    pub(super) fn error(&mut self, path: &Path<'_>, code: &'static str, message: String) {
        let fault = Diagnostic::error(code, message).at(self.document.span(path));
        self.faults.push(fault.pointer(path.to_string()));
    }

    /// An error with help.
    pub(super) fn error_with(
        &mut self,
        path: &Path<'_>,
        code: &'static str,
        message: String,
        help: Option<String>,
    ) {
        self.error(path, code, message);
        if let Some(fault) = self.faults.last_mut() {
            fault.help = help;
        }
    }

    /// An error about a key itself, with help.
    pub(super) fn key_error(
        &mut self,
        path: &Path<'_>,
        code: &'static str,
        message: String,
        help: Option<String>,
    ) {
        self.error_with(path, code, message, help);
        if let Some(fault) = self.faults.last_mut() {
            fault.span = Some(self.document.key_span(path));
        }
    }

    /// A doubt at the key of a place: the document is used all the same.
    pub(super) fn warn(&mut self, path: &Path<'_>, code: &'static str, message: String) {
        let fault = Diagnostic::warning(code, message).at(self.document.key_span(path));
        self.faults.push(fault.pointer(path.to_string()));
    }

    /// A keyword that has no effect on what is made of the document.
    pub(super) fn unsupported(&mut self, path: &Path<'_>, message: String, help: Option<String>) {
        self.warn(path, "unsupported-keyword", message);
        if let (Some(fault), Some(help)) = (self.faults.last_mut(), help) {
            fault.help = Some(help);
        }
    }

    /// Lists a member that is read by nobody, when it is there.
    pub(super) fn without_effect(&mut self, owner: Node<'_, '_>, key: &str, message: &str) {
        if owner.get(key).is_some() {
            self.unsupported(&owner.path.key(key), message.to_owned(), None);
        }
    }

    fn wrong_type(&mut self, node: Node<'_, '_>, wanted: &str) {
        let name = node.path.last_key().unwrap_or_default();
        let subject = if name.is_empty() {
            "this".to_owned()
        } else {
            format!("`{name}`")
        };
        let message = format!("{subject} must be {wanted}, found {}", describe(node.value));
        // A key with nothing after it says nothing; a text for people changes nothing.
        if node.value.is_null() || FOR_PEOPLE.contains(&&*name) {
            self.warn(
                node.path,
                "wrong-type",
                format!("{message}: it is left out"),
            );
            return;
        }
        let quoted = matches!(node.value, Value::String(text)
            if text.parse::<f64>().is_ok() || ["true", "false"].contains(&text.as_str()));
        let help = if name == "type" && node.value.is_object() {
            Some("a property called `type` belongs below `properties`".to_owned())
        } else {
            (quoted && !wanted.contains("string")).then(|| "remove the quotes".to_owned())
        };
        self.error_with(node.path, "wrong-type", message, help);
    }

    pub(super) fn object(&mut self, node: Node<'a, '_>) -> Option<&'a Map<String, Value>> {
        let object = node.value.as_object();
        if object.is_none() {
            self.wrong_type(node, "an object");
        }
        object
    }

    pub(super) fn array(&mut self, node: Node<'a, '_>) -> Option<&'a Vec<Value>> {
        let array = node.value.as_array();
        if array.is_none() {
            self.wrong_type(node, "an array");
        }
        array
    }

    pub(super) fn string(&mut self, node: Node<'a, '_>) -> Option<&'a str> {
        let text = node.value.as_str();
        if text.is_none() {
            self.wrong_type(node, "a string");
        }
        text
    }

    /// Text that people forget to quote: `version: 1.10` is read as it is written.
    pub(super) fn lenient_text(&mut self, node: Node<'a, '_>) -> Option<String> {
        match node.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(self.document.scalar_text(node.path)),
            Value::Null => None,
            Value::Object(map) if map.get("$ref").is_some_and(Value::is_string) => {
                self.followed(node, Self::lenient_text)
            }
            _ => {
                self.wrong_type(node, "a string");
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, node: Node<'a, '_>) -> Option<bool> {
        let value = node.value.as_bool();
        if value.is_none() {
            self.wrong_type(node, "`true` or `false`");
        }
        value
    }

    /// A length or a count; 5.0 is one as well.
    pub(super) fn count(&mut self, node: Node<'a, '_>) -> Option<u64> {
        let value = node.value.as_u64().or_else(|| {
            let number = node.value.as_f64()?;
            // A bound beyond 64 bits is no bound that a value can break.
            (number.fract() == 0.0 && number >= 0.0).then_some(number as u64)
        });
        if value.is_none() {
            self.wrong_type(node, "a non-negative integer");
        }
        value
    }

    pub(super) fn number(&mut self, node: Node<'a, '_>) -> Option<Number> {
        if let Value::Number(number) = node.value {
            Some(number.clone())
        } else {
            self.wrong_type(node, "a number");
            None
        }
    }

    /// Typed members of an object, absent ones without a fault.
    pub(super) fn text_of(&mut self, node: Node<'a, '_>, key: &str) -> Option<String> {
        let path = node.path.key(key);
        let member = Node::new(node.get(key)?, &path);
        // `description:` with nothing after it is null in YAML.
        if member.value.is_null() {
            return None;
        }
        self.lenient_text(member)
    }

    pub(super) fn flag(&mut self, node: Node<'a, '_>, key: &str) -> bool {
        self.optional_flag(node, key).unwrap_or(false)
    }

    pub(super) fn optional_flag(&mut self, node: Node<'a, '_>, key: &str) -> Option<bool> {
        let path = node.path.key(key);
        self.boolean(Node::new(node.get(key)?, &path))
    }

    /// A warning for every member that is not known, `x-` members apart.
    pub(super) fn unknown_members(&mut self, node: Node<'a, '_>, known: &[&str], of: &str) {
        let Some(map) = node.value.as_object() else {
            return;
        };
        for key in map.keys() {
            if known.contains(&key.as_str()) || key.starts_with("x-") {
                continue;
            }
            let path = node.path.key(key);
            let help = suggest::nearest(key, known.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            self.unsupported(&path, format!("`{key}` is no member of {of}"), help);
        }
    }
}

/// A value as an error shows it: short, with its type.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing (null)".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) if text.chars().count() <= 60 => format!("the string `{text}`"),
        Value::String(_) => "a long string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
