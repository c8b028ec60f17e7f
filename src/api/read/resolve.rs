//! From the text of a reference to the place that it means: addresses, JSON pointers, `$id`,
//! anchors and `$self`, across documents.

use indexmap::IndexMap;
use serde_json::Value;
use url::Url;

use super::bundle::{Absent, Bundle, Location};
use crate::api::{LoadFault, LoadFaultKind};
use crate::redact;
use crate::text::{Path, escape, suggest};

/// References behind references: longer chains are cycles or mischief.
pub(super) const LONGEST_CHAIN: usize = 32;

/// A place that a reference leads to.
pub(super) struct Target<'a> {
    pub(super) location: Location,
    pub(super) value: &'a Value,
}

/// Why a reference leads nowhere.
pub(super) enum Unresolved {
    /// The document is there, the place in it is not.
    Place { suggestion: Option<String> },
    /// There is no document.
    Document(LoadFault),
    /// The faults of the document say it.
    Told,
}

impl From<Absent> for Unresolved {
    fn from(absent: Absent) -> Self {
        match absent {
            Absent::Fault(fault) => Self::Document(fault),
            Absent::Broken => Self::Told,
        }
    }
}

/// The nearest `$id` around a place.
struct Scope {
    base: Url,
    /// Of the schema that has the `$id`; empty: the document itself.
    pointer: String,
}

impl Bundle<'_> {
    /// Where a reference that stands at `from` leads.
    pub(super) fn resolve(&self, text: &str, from: &Path<'_>) -> Result<Target<'_>, Unresolved> {
        self.resolve_within(text, from, LONGEST_CHAIN)
    }

    fn resolve_within(
        &self,
        text: &str,
        from: &Path<'_>,
        hops: usize,
    ) -> Result<Target<'_>, Unresolved> {
        let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
        let fragment = decode(fragment);
        let scope = self.scope(from);
        if address.is_empty() {
            return self.in_same_document(&scope, from.document(), &fragment, hops);
        }
        let mut absolute = scope.base.join(address).map_err(|error| {
            let shown = redact::url(text);
            let message = format!("`{shown}` is no address of a document: {error}");
            Unresolved::Document(LoadFault::new(LoadFaultKind::Missing, message))
        })?;
        absolute.set_fragment(None);
        let start = match self.identified(absolute.as_str()) {
            Some(location) => location,
            None => Location::new(self.find(from.document(), &scope.base, &absolute)?, ""),
        };
        self.below(&start, &fragment, hops).map_err(|unresolved| {
            let Unresolved::Place { suggestion } = unresolved else {
                return unresolved;
            };
            let suggestion = suggestion.map(|near| format!("{address}{near}"));
            Unresolved::Place { suggestion }
        })
    }

    fn in_same_document(
        &self,
        scope: &Scope,
        document: usize,
        fragment: &str,
        hops: usize,
    ) -> Result<Target<'_>, Unresolved> {
        // Below an `$id`, a pointer starts there.
        if !scope.pointer.is_empty() {
            let start = Location::new(document, scope.pointer.clone());
            if let Ok(target) = self.below(&start, fragment, hops) {
                return Ok(target);
            }
        }
        self.below(&Location::new(document, ""), fragment, hops)
    }

    /// A fragment in the document or the schema that an address stands for.
    fn below(
        &self,
        start: &Location,
        fragment: &str,
        hops: usize,
    ) -> Result<Target<'_>, Unresolved> {
        if fragment.is_empty() || fragment.starts_with('/') {
            let pointer = format!("{}{fragment}", start.pointer);
            let found = self.locate(start.document, &pointer, hops);
            if fragment == "/" && found.is_err() {
                // Read as the whole document by most tools, and so written.
                return self.locate(start.document, &start.pointer, hops);
            }
            return found;
        }
        let scope = self.scope(&start.path());
        let document = &self.member(start.document).base;
        let found = self
            .identified(&format!("{}#{fragment}", scope.base))
            .or_else(|| self.identified(&format!("{document}#{fragment}")));
        let location = found.ok_or(Unresolved::Place { suggestion: None })?;
        self.locate(location.document, &location.pointer, hops)
    }

    /// The value at a place whose pointer is canonical.
    pub(super) fn value_at(&self, location: &Location) -> Option<&Value> {
        let path = location.path();
        let steps = path.steps();
        steps
            .iter()
            .try_fold(self.root(location.document), |value, step| {
                child(value, step)
            })
    }

    /// Walks a pointer; a `$ref` on the way is followed, as bundlers' output asks for. The fault
    /// says which step does not exist, and the keys that do at that place.
    fn locate(
        &self,
        document: usize,
        pointer: &str,
        hops: usize,
    ) -> Result<Target<'_>, Unresolved> {
        let mut value = self.root(document);
        let mut location = Location::new(document, "");
        let path = Path::at(pointer);
        let steps = path.steps();
        for (index, step) in steps.iter().enumerate() {
            let mut next = child(value, step);
            if next.is_none()
                && hops > 0
                && let Some(reference) = value.get("$ref").and_then(Value::as_str)
                && let Ok(target) = self.resolve_within(reference, &location.path(), hops - 1)
            {
                value = target.value;
                next = child(value, step);
                location = target.location;
            }
            let Some(next) = next else {
                let there = value.as_object().into_iter().flat_map(|map| map.keys());
                let near = suggest::nearest(step, there.map(String::as_str))
                    .filter(|_| location.document == document);
                let suggestion = near.map(|near| {
                    let mut text = format!("#{}/{}", location.pointer, escape(near));
                    for step in &steps[index + 1..] {
                        text.push('/');
                        text.push_str(&escape(step));
                    }
                    text
                });
                return Err(Unresolved::Place { suggestion });
            };
            location.pointer.push('/');
            location.pointer.push_str(&escape(step));
            value = next;
        }
        Ok(Target { location, value })
    }

    /// How many schemas have this `$dynamicAnchor`: with one, it does not matter how it is reached.
    pub(super) fn dynamic_anchors(&self, name: &str) -> usize {
        fn count(value: &Value, name: &str) -> usize {
            match value {
                Value::Object(map) => {
                    let own = map.get("$dynamicAnchor").and_then(Value::as_str) == Some(name);
                    usize::from(own) + map.values().map(|value| count(value, name)).sum::<usize>()
                }
                Value::Array(items) => items.iter().map(|item| count(item, name)).sum(),
                _ => 0,
            }
        }
        (0..self.documents())
            .map(|index| count(self.root(index), name))
            .sum()
    }

    fn scope(&self, path: &Path<'_>) -> Scope {
        let member = self.member(path.document());
        let mut scope = Scope {
            base: member.base.clone(),
            pointer: String::new(),
        };
        if !member.has_identifiers {
            return scope;
        }
        let mut value = &member.document.value;
        let mut pointer = String::new();
        let mut enter = |value: &Value, pointer: &str| {
            if let Some(base) = own_base(value, &scope.base) {
                scope.base = base;
                pointer.clone_into(&mut scope.pointer);
            }
        };
        enter(value, &pointer);
        for step in path.steps() {
            let Some(next) = child(value, &step) else {
                break;
            };
            value = next;
            pointer.push('/');
            pointer.push_str(&escape(&step));
            enter(value, &pointer);
        }
        scope
    }
}

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

/// What the `$id` of a schema makes of the base around it; `#name` is an anchor, no base.
fn own_base(value: &Value, outer: &Url) -> Option<Url> {
    let id = value
        .get("$id")?
        .as_str()
        .filter(|id| !id.starts_with('#'))?;
    let mut base = outer.join(id).ok()?;
    base.set_fragment(None);
    Some(base)
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

/// `$id` and anchors with the places of their schemas: the first of each counts.
pub(super) fn collect_identifiers(
    value: &Value,
    path: &Path<'_>,
    base: &Url,
    found: &mut IndexMap<String, Location>,
) {
    match value {
        Value::Object(map) => {
            let mut remember = |name: String| {
                found.entry(name).or_insert_with(|| Location::of(path));
            };
            let own = own_base(value, base);
            if let Some(own) = &own {
                remember(own.to_string());
            }
            let base = own.as_ref().unwrap_or(base);
            for key in ["$anchor", "$dynamicAnchor", "$id"] {
                if let Some(Value::String(name)) = map.get(key) {
                    // Draft 7 and before write an anchor as the `$id` `#name`.
                    match name.strip_prefix('#') {
                        Some(anchor) if key == "$id" => remember(format!("{base}#{anchor}")),
                        None if key != "$id" => remember(format!("{base}#{name}")),
                        _ => {}
                    }
                }
            }
            for (key, child) in map {
                // What stands in a constant is data.
                if !["const", "enum", "example", "examples", "default"].contains(&key.as_str()) {
                    collect_identifiers(child, &path.key(key), base, found);
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
