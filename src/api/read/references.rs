//! `$ref`: where it leads, and the names that its targets have among the schemas.

use std::collections::HashSet;

use heck::ToUpperCamelCase;
use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::node::Node;
use crate::api::SchemaName;
use crate::text::{Document, Path, escape, suggest};

/// References behind references: longer chains are cycles or mischief.
const LONGEST_CHAIN: usize = 32;

/// All that is known of references.
pub(super) struct References<'a> {
    root: &'a Value,
    /// Whether the text has an `$id` anywhere; most documents have none.
    has_identifiers: bool,
    /// Schema names by the canonical pointer of the schema.
    names: IndexMap<String, SchemaName>,
    taken: HashSet<String>,
    /// Pointers of schemas that have a name and wait to be read.
    pub(super) pending: Vec<String>,
    /// `$id` without fragment, and `$id#anchor` or `#anchor`, with the pointer of the schema.
    identifiers: Option<IndexMap<String, String>>,
}

/// A place that a reference leads to.
pub(super) struct Target<'a> {
    pub(super) pointer: String,
    pub(super) value: &'a Value,
}

impl<'a> References<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self {
            root: &document.value,
            has_identifiers: document.file.text.contains("$id"),
            names: IndexMap::new(),
            taken: HashSet::new(),
            pending: Vec::new(),
            identifiers: None,
        }
    }

    /// Gives the schema at a pointer its own name.
    pub(super) fn register(&mut self, pointer: String, name: &str) {
        self.taken.insert(name.to_owned());
        self.names.insert(pointer, SchemaName(name.to_owned()));
    }

    /// The name of the schema at a pointer; a schema without one gets one and is read later.
    fn name(&mut self, pointer: &str) -> SchemaName {
        if let Some(name) = self.names.get(pointer) {
            return name.clone();
        }
        let wanted = name_of_place(pointer);
        let mut name = wanted.clone();
        let mut number = 2;
        while self.taken.contains(&name) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        self.register(pointer.to_owned(), &name);
        self.pending.push(pointer.to_owned());
        SchemaName(name)
    }

    pub(super) fn name_at(&self, pointer: &str) -> Option<&SchemaName> {
        self.names.get(pointer)
    }

    pub(super) fn value_at(&self, pointer: &str) -> Option<&'a Value> {
        self.locate(pointer, LONGEST_CHAIN)
            .ok()
            .map(|target| target.value)
    }

    /// Walks a pointer; a `$ref` on the way is followed, as bundlers' output asks for. The fault
    /// says which step does not exist, and the keys that do at that place.
    fn locate(&self, pointer: &str, hops: usize) -> Result<Target<'a>, Missing> {
        let mut value = self.root;
        let mut canonical = String::new();
        let path = Path::at(pointer);
        let steps = path.steps();
        for (index, step) in steps.iter().enumerate() {
            let mut child = child(value, step);
            if child.is_none()
                && let Some(reference) = value.get("$ref").and_then(Value::as_str)
                && let Some(inner) = reference.strip_prefix('#')
                && hops > 0
                && let Ok(target) = self.locate(&decode(inner), hops - 1)
            {
                canonical = target.pointer;
                value = target.value;
                child = self::child(value, step);
            }
            let Some(child) = child else {
                let there = value.as_object().into_iter().flat_map(|map| map.keys());
                let near = suggest::nearest(step, there.map(String::as_str));
                let mut rest = String::new();
                for step in &steps[index + 1..] {
                    rest.push('/');
                    rest.push_str(&escape(step));
                }
                let suggestion = near.map(|near| format!("#{canonical}/{}{rest}", escape(near)));
                return Err(Missing { suggestion });
            };
            canonical.push('/');
            canonical.push_str(&escape(step));
            value = child;
        }
        Ok(Target {
            pointer: canonical,
            value,
        })
    }

    /// `$id` and `$anchor`, collected when the first reference asks for one.
    fn identified(&mut self, identifier: &str) -> Option<String> {
        if self.identifiers.is_none() {
            let mut found = IndexMap::new();
            collect_identifiers(self.root, &Path::ROOT, "", &mut found);
            self.identifiers = Some(found);
        }
        self.identifiers.as_ref()?.get(identifier).cloned()
    }

    /// The nearest `$id` around a place: its pointer and its absolute form.
    fn base(&mut self, path: &Path<'_>) -> Option<(String, String)> {
        if !self.has_identifiers {
            return None;
        }
        let mut value = self.root;
        let mut pointer = String::new();
        let mut base = None;
        for step in path.steps() {
            value = child(value, &step)?;
            pointer.push('/');
            pointer.push_str(&escape(&step));
            if let Some(id) = value.get("$id").and_then(Value::as_str) {
                let outer = base.map_or_else(String::new, |(_, outer)| outer);
                base = Some((pointer.clone(), join(&outer, id)));
            }
        }
        base
    }
}

struct Missing {
    suggestion: Option<String>,
}

impl<'a> Reader<'a> {
    /// Where the `$ref` of a place leads. A reference to nowhere or to another document is a fault.
    pub(super) fn target(&mut self, reference: Node<'a, '_>) -> Option<Target<'a>> {
        let text = self.string(reference)?;
        let missing = if let Some(fragment) = text.strip_prefix('#') {
            match self.local(fragment, reference.path) {
                Ok(target) => return Some(target),
                Err(missing) => missing,
            }
        } else {
            if let Some(target) = self.by_identifier(text, reference.path) {
                return Some(target);
            }
            self.error_with(
                reference.path,
                "external-reference",
                format!("`{text}` refers to another document, which is not read"),
                Some("bundle the documents into one first".to_owned()),
            );
            return None;
        };
        let help = missing
            .suggestion
            .map(|near| format!("did you mean `{near}`?"));
        self.error_with(
            reference.path,
            "unresolved-reference",
            format!("`{text}` does not exist"),
            help,
        );
        None
    }

    fn local(&mut self, fragment: &str, from: &Path<'_>) -> Result<Target<'a>, Missing> {
        let pointer = decode(fragment);
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let base = self
                .references
                .base(from)
                .map_or(String::new(), |base| base.1);
            let found = self.references.identified(&format!("{base}#{pointer}"));
            let found = found.or_else(|| self.references.identified(&format!("#{pointer}")));
            return found
                .ok_or(Missing { suggestion: None })
                .and_then(|pointer| self.references.locate(&pointer, LONGEST_CHAIN));
        }
        // Below an `$id`, a pointer starts there.
        if let Some((base, _)) = self.references.base(from)
            && let Ok(target) = self
                .references
                .locate(&format!("{base}{pointer}"), LONGEST_CHAIN)
        {
            return Ok(target);
        }
        self.references.locate(&pointer, LONGEST_CHAIN)
    }

    fn by_identifier(&mut self, text: &str, from: &Path<'_>) -> Option<Target<'a>> {
        let base = self
            .references
            .base(from)
            .map_or(String::new(), |base| base.1);
        let absolute = join(&base, text);
        let (document, fragment) = absolute.split_once('#').unwrap_or((&absolute, ""));
        let fragment = decode(fragment);
        let pointer = if fragment.is_empty() || fragment.starts_with('/') {
            format!("{}{fragment}", self.references.identified(document)?)
        } else {
            self.references
                .identified(&format!("{document}#{fragment}"))?
        };
        self.references.locate(&pointer, LONGEST_CHAIN).ok()
    }

    /// The name of the schema that a `$ref` leads to.
    pub(super) fn schema_name(&mut self, reference: Node<'a, '_>) -> Option<SchemaName> {
        let target = self.target(reference)?;
        Some(self.references.name(&target.pointer))
    }

    /// Reads a place that may be a reference to such a place: the target in its stead.
    pub(super) fn followed<T>(
        &mut self,
        node: Node<'a, '_>,
        read: impl FnOnce(&mut Self, Node<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        let mut pointer = String::new();
        let mut value = node.value;
        for hop in 0..=LONGEST_CHAIN {
            let base = Path::at(&pointer);
            let path = if hop == 0 { node.path } else { &base };
            let Some(reference) = value.get("$ref") else {
                return read(self, Node::new(value, path));
            };
            let reference_path = path.key("$ref");
            let target = self.target(Node::new(reference, &reference_path))?;
            value = target.value;
            pointer = target.pointer;
        }
        self.cyclic(node.path);
        None
    }

    pub(super) fn cyclic(&mut self, path: &Path<'_>) {
        let message = "this reference leads back to itself".to_owned();
        self.error(path, "cyclic-reference", message);
    }
}

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Percent-decoding of a fragment; what is no UTF-8 stays as it is.
fn decode(fragment: &str) -> String {
    if !fragment.contains('%') {
        return fragment.to_owned();
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}

fn collect_identifiers(
    value: &Value,
    path: &Path<'_>,
    base: &str,
    found: &mut IndexMap<String, String>,
) {
    match value {
        Value::Object(map) => {
            let mut base = base.to_owned();
            if let Some(Value::String(id)) = map.get("$id") {
                base = join(&base, id);
                found
                    .entry(base.clone())
                    .or_insert_with(|| path.to_string());
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(anchor)) = map.get(key) {
                    found
                        .entry(format!("{base}#{anchor}"))
                        .or_insert_with(|| path.to_string());
                }
            }
            for (key, child) in map {
                // What stands in a constant is data.
                if !["const", "enum", "example", "examples", "default"].contains(&key.as_str()) {
                    collect_identifiers(child, &path.key(key), &base, found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_identifiers(item, &path.index(index), base, found);
            }
        }
        _ => {}
    }
}

/// A reference against the base that is in force.
fn join(base: &str, reference: &str) -> String {
    let joined = match url::Url::parse(base) {
        Ok(base) => base.join(reference).map(String::from),
        Err(_) => url::Url::parse(reference).map(String::from),
    };
    joined
        .unwrap_or_else(|_| reference.to_owned())
        .trim_end_matches('#')
        .to_owned()
}

/// Words of a pointer that say nothing about what stands there.
const STRUCTURE: &[&str] = &[
    "components",
    "schemas",
    "schema",
    "paths",
    "properties",
    "responses",
    "requestBody",
    "requestBodies",
    "content",
    "parameters",
    "headers",
    "application~1json",
    "items",
    "$defs",
    "definitions",
    "allOf",
    "anyOf",
    "oneOf",
];

/// `#/components/schemas/User/properties/address` becomes `UserAddress`.
fn name_of_place(pointer: &str) -> String {
    let path = Path::at(pointer);
    let steps = path.steps();
    let words: Vec<String> = steps
        .iter()
        .filter(|step| !STRUCTURE.contains(&escape(step).as_ref()))
        .map(|step| step.to_upper_camel_case())
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.len().saturating_sub(3);
    let name = words[first..].concat();
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("Schema{name}")
    } else {
        name
    }
}
