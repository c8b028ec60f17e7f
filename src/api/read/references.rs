//! `$ref` as the reader meets it: followed, or a fault at its place.

use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::bundle::Location;
use super::names::Names;
use super::node::Node;
use super::resolve::{LONGEST_CHAIN, Target, Unresolved};
use crate::api::{Constraints, Schema, SchemaName};
use crate::diagnostic::Diagnostic;
use crate::redact;
use crate::text::Path;

/// The names of schemas, and the schemas that wait to be read.
#[derive(Default)]
pub(super) struct References {
    /// By the place of the schema.
    by_location: IndexMap<Location, SchemaName>,
    by_name: IndexMap<SchemaName, Location>,
    /// Schemas that have a name and wait to be read.
    pub(super) pending: Vec<Location>,
}

impl References {
    /// Gives the schema at a place its own name. The first place of a name is where it is read.
    pub(super) fn register(&mut self, location: Location, name: &str) {
        let name = SchemaName(name.to_owned());
        self.by_name
            .entry(name.clone())
            .or_insert_with(|| location.clone());
        self.by_location.insert(location, name);
    }

    /// Says that a name is read at another place than the one that it was first given for.
    pub(super) fn move_to(&mut self, name: &str, location: Location) {
        let name = SchemaName(name.to_owned());
        self.by_location.insert(location.clone(), name.clone());
        self.by_name.insert(name, location);
    }

    pub(super) fn name_at(&self, location: &Location) -> Option<&SchemaName> {
        self.by_location.get(location)
    }

    pub(super) fn location_of(&self, name: &SchemaName) -> Option<&Location> {
        self.by_name.get(name)
    }
}

impl<'a> Reader<'a> {
    /// Where the `$ref` of a place leads. A reference to nowhere is a fault.
    pub(super) fn target(&mut self, reference: Node<'a, '_>) -> Option<Target<'a>> {
        let text = self.string(reference)?;
        let documents = self.document;
        let resolved = documents.resolve(text, reference.path);
        self.faults.extend(documents.take_faults());
        let unresolved = match resolved {
            Ok(target) => return Some(target),
            Err(unresolved) => unresolved,
        };
        match unresolved {
            Unresolved::Place { suggestion } => {
                let help = suggestion
                    .map(|near| format!("did you mean `{}`?", redact::url(&near)))
                    .or_else(|| self.elsewhere(text, reference.path));
                let message = format!("`{}` does not exist", redact::url(text));
                self.error_with(reference.path, "unresolved-reference", message, help);
            }
            Unresolved::Document(fault) => {
                // `User` where `#/components/schemas/User` was meant.
                let pointer = format!("#{}/{text}", self.dialect.schema_folder());
                if let Ok(target) = documents.resolve(&pointer, &Path::ROOT) {
                    let message = format!("`{text}` is read as `{pointer}`");
                    self.warn(reference.path, "bare-reference", message);
                    return Some(target);
                }
                self.error_with(reference.path, fault.kind.code(), fault.message, fault.help);
            }
            Unresolved::Told => {}
        }
        None
    }

    /// A part that was cut out of the first document may still refer to it as if it were inside.
    fn elsewhere(&self, text: &str, from: &Path<'_>) -> Option<String> {
        let documents = self.document;
        if from.document() == 0 || !text.starts_with("#/") {
            return None;
        }
        let there = documents.resolve(text, &Path::ROOT).ok()?;
        let here = &documents.member(from.document()).address;
        let first = here.make_relative(&documents.member(there.location.document).address)?;
        Some(format!("did you mean `{first}{text}`?"))
    }

    /// The name of the schema that a `$ref` leads to; a schema without one gets one and is read
    /// later.
    pub(super) fn schema_name(&mut self, reference: Node<'a, '_>) -> Option<SchemaName> {
        let target = self.target(reference)?;
        if let Some(name) = self.references.name_at(&target.location) {
            return Some(name.clone());
        }
        let member = self.document.member(target.location.document);
        let names = Names::of(&target.location, &member.address);
        let name = names.free(|name| {
            let name = SchemaName(name.to_owned());
            self.references.location_of(&name).is_some()
        });
        self.references.register(target.location.clone(), &name);
        self.references.pending.push(target.location);
        Some(SchemaName(name))
    }

    /// `$dynamicRef` is a `$ref` where only one schema can be meant, whichever way it is reached.
    pub(super) fn dynamic_reference(&mut self, constraints: &mut Constraints, node: Node<'a, '_>) {
        let path = node.path.key("$dynamicRef");
        let Some(value) = node.get("$dynamicRef") else {
            return;
        };
        let node = Node::new(value, &path);
        let anchor = value.as_str().and_then(|text| text.split_once('#'));
        let anchor = anchor.map_or("", |(_, anchor)| anchor);
        if self.document.dynamic_anchors(anchor) > 1 {
            let message =
                format!("`$dynamicRef` is not enforced: `{anchor}` names several schemas");
            self.unsupported(node.path, message, None);
            return;
        }
        let Some(name) = self.schema_name(node) else {
            return;
        };
        match &constraints.reference {
            None => constraints.reference = Some(name),
            Some(_) => constraints.all_of.push(Schema::Reference(name)),
        }
    }

    /// Reads a place that may be a reference to such a place: the target in its stead. What stands
    /// beside the reference has no effect.
    pub(super) fn followed<T>(
        &mut self,
        node: Node<'a, '_>,
        read: impl FnOnce(&mut Self, Node<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        if let (Some(_), Value::Object(map)) = (node.get("$ref"), node.value) {
            for key in map.keys() {
                if !["$ref", "summary", "description"].contains(&key.as_str())
                    && !key.starts_with("x-")
                {
                    let message = format!("`{key}` beside `$ref` has no effect here");
                    self.warn(&node.path.key(key), "ignored-sibling", message);
                }
            }
        }
        self.follow(node, read)
    }

    /// The same for a place where members beside the reference are read too.
    pub(super) fn follow<T>(
        &mut self,
        node: Node<'a, '_>,
        read: impl FnOnce(&mut Self, Node<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        let mut location = Location::new(0, "");
        let mut value = node.value;
        for hop in 0..=LONGEST_CHAIN {
            let base = location.path();
            let path = if hop == 0 { node.path } else { &base };
            let Some(reference) = value.get("$ref") else {
                // What is read elsewhere is no part of the schema around the reference.
                let around = if hop == 0 { self.around } else { None };
                if hop > 0 && self.inside.contains(&location) {
                    break;
                }
                let outer = std::mem::replace(&mut self.around, around);
                let inside = self.inside.len();
                self.inside.extend((hop > 0).then(|| location.clone()));
                let read = read(self, Node::new(value, path));
                self.inside.truncate(inside);
                self.around = outer;
                return read;
            };
            let reference_path = path.key("$ref");
            let target = self.target(Node::new(reference, &reference_path))?;
            value = target.value;
            location = target.location;
        }
        self.cyclic(node.path);
        None
    }

    /// The same for a place where a member called `$ref` may be meant: a reference is text.
    pub(super) fn followed_text<T>(
        &mut self,
        node: Node<'a, '_>,
        read: impl FnOnce(&mut Self, Node<'a, '_>) -> Option<T>,
    ) -> Option<T> {
        if node.get("$ref").is_some_and(Value::is_string) {
            self.followed(node, read)
        } else {
            read(self, node)
        }
    }

    /// The entries of an object. Documents of many files refer to whole objects where the
    /// specification has no references: what is meant is clear, so they are followed everywhere.
    pub(super) fn entries(
        &mut self,
        node: Node<'a, '_>,
        mut read: impl FnMut(&mut Self, &'a str, Node<'a, '_>),
    ) {
        self.followed_text(node, |reader, node| {
            for (key, value) in reader.object(node)? {
                let path = node.path.key(key);
                read(reader, key, Node::new(value, &path));
            }
            Some(())
        });
    }

    /// The entries of a member, none when it is absent or null.
    pub(super) fn entries_of(
        &mut self,
        owner: Node<'a, '_>,
        key: &str,
        read: impl FnMut(&mut Self, &'a str, Node<'a, '_>),
    ) {
        let path = owner.path.key(key);
        if let Some(value) = owner.get(key).filter(|value| !value.is_null()) {
            self.entries(Node::new(value, &path), read);
        }
    }

    /// The items of an array that may be a reference to one.
    pub(super) fn items(
        &mut self,
        node: Node<'a, '_>,
        mut read: impl FnMut(&mut Self, Node<'a, '_>),
    ) {
        self.followed_text(node, |reader, node| {
            for (index, value) in reader.array(node)?.iter().enumerate() {
                let path = node.path.index(index);
                read(reader, Node::new(value, &path));
            }
            Some(())
        });
    }

    /// The items of a member, none when it is absent or null.
    pub(super) fn items_of(
        &mut self,
        owner: Node<'a, '_>,
        key: &str,
        read: impl FnMut(&mut Self, Node<'a, '_>),
    ) {
        let path = owner.path.key(key);
        if let Some(value) = owner.get(key).filter(|value| !value.is_null()) {
            self.items(Node::new(value, &path), read);
        }
    }

    pub(super) fn cyclic(&mut self, path: &Path<'_>) {
        let message = "this reference leads back to itself".to_owned();
        let help = "one of the places on the way must say what stands there".to_owned();
        self.error_with(path, "cyclic-reference", message, Some(help));
    }

    /// Faults in the order of the documents and of their texts, each once.
    pub(super) fn sorted_faults(&mut self) -> Vec<Diagnostic> {
        let sources = self.document.sources();
        let rank = |fault: &Diagnostic| {
            let span = fault.span.as_ref()?;
            let rank = sources
                .iter()
                .position(|source| std::sync::Arc::ptr_eq(source, &span.file));
            Some((rank, span.range.start))
        };
        let mut faults = std::mem::take(&mut self.faults);
        faults.sort_by_cached_key(|fault| (rank(fault), fault.code, fault.message.clone()));
        faults.dedup();
        faults
    }
}
