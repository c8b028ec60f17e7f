//! middleware/xml.ts: how schemas are written in XML, for bodies and responses of that media type.

use std::collections::BTreeSet;

use super::code::{Expression, property_key, string, text};
use super::models::{Direction, Models};
use super::shapes::Facts;
use crate::api::{Schema, SchemaName, Xml};

/// How deep schemas without a name are followed; a name ends the descent.
const DEPTH: usize = 12;

/// The description of a schema; `prefix` stands before the names of others.
pub(super) struct Descriptions<'m, 'a> {
    pub(super) models: &'m Models<'a>,
    pub(super) prefix: &'static str,
    /// The schemas that are referred to by name.
    pub(super) named: BTreeSet<SchemaName>,
}

/// What it means when no element has a property's name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Absence {
    Nothing,
    EmptyList,
}

/// The file below its header, with all that `wanted` is made of; nothing when nothing is wanted.
pub(super) fn file(models: &Models<'_>, wanted: &BTreeSet<SchemaName>) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let mut out = String::from("\nimport type { XmlNode } from \"../runtime/xml-values.js\";\n");
    let mut descriptions = Descriptions {
        models,
        prefix: "",
        named: wanted.clone(),
    };
    let mut written: BTreeSet<SchemaName> = BTreeSet::new();
    loop {
        let next: Vec<SchemaName> = models
            .api
            .schemas
            .keys()
            .filter(|name| descriptions.named.contains(*name) && !written.contains(*name))
            .cloned()
            .collect();
        if next.is_empty() {
            return Some(out);
        }
        for name in next {
            if let Some(schema) = models.schema(&name) {
                let start = format!("export const {}: XmlNode = ", identifier(models, &name));
                let value = match schema {
                    Schema::Reference(_) => descriptions.node(schema, 0),
                    _ => descriptions.described(&[schema], Absence::Nothing, 0),
                };
                out.push_str(&format!("\n{start}{};\n", value.print(0, start.len(), 1)));
            }
            written.insert(name);
        }
    }
}

fn identifier<'m>(models: &'m Models<'_>, name: &SchemaName) -> &'m str {
    models
        .form(name, Direction::Output)
        .map_or("unknown", |(_, identifier)| identifier)
}

impl Descriptions<'_, '_> {
    /// A body or a response.
    pub(super) fn root(&mut self, schema: &Schema) -> Expression {
        match schema {
            Schema::Reference(name) => self.name(name),
            _ => self.described(&[schema], Absence::Nothing, 0),
        }
    }

    fn name(&mut self, name: &SchemaName) -> Expression {
        self.named.insert(name.clone());
        text(format!("{}{}", self.prefix, identifier(self.models, name)))
    }

    fn node(&mut self, schema: &Schema, depth: usize) -> Expression {
        match schema {
            Schema::Reference(name) => Expression::Arrow(Box::new(self.name(name))),
            _ => self.described(&[schema], Absence::Nothing, depth),
        }
    }

    /// One node for all schemas of a property.
    fn described(&mut self, schemas: &[&Schema], absence: Absence, depth: usize) -> Expression {
        let facts = Facts::of(self.models, schemas, false);
        let mut entries: Vec<(String, Expression)> = Vec::new();
        let structured = (facts.array || facts.object) && depth < DEPTH;
        let is = facts.scalar.or((!structured).then_some("any"));
        entries.extend(is.map(|is| ("is".to_owned(), text(format!("\"{is}\"")))));
        if facts.array && structured {
            let items = facts.items();
            let items = self.any_of(&items, depth);
            entries.push(("items".to_owned(), items));
        }
        if facts.object && structured {
            let mut properties = Vec::new();
            for (name, schemas) in facts.properties() {
                let list = facts.requires(name) && self.may_be_empty(&schemas);
                let value = match schemas.as_slice() {
                    [Schema::Reference(_)] if list => {
                        self.described(&schemas, Absence::EmptyList, depth + 1)
                    }
                    [schema] if !list => self.node(schema, depth + 1),
                    schemas => self.described(
                        schemas,
                        if list {
                            Absence::EmptyList
                        } else {
                            Absence::Nothing
                        },
                        depth + 1,
                    ),
                };
                properties.push((property_key(name), value));
            }
            let properties = Expression::Object {
                entries: properties,
                expanded: false,
            };
            entries.push(("properties".to_owned(), properties));
            let rest = facts.rest();
            if rest.iter().any(|schema| **schema != Schema::Anything) {
                let rest = self.any_of(&rest, depth);
                entries.push(("rest".to_owned(), rest));
            }
        }
        if let Some(xml) = facts.flat.iter().find_map(|one| one.xml.as_deref()) {
            entries.extend(options(xml, facts.array));
        }
        if absence == Absence::EmptyList {
            entries.push(("required".to_owned(), text("true")));
        }
        match entries.as_slice() {
            [(key, only)] if key == "is" => only.clone(),
            _ => Expression::Object {
                entries,
                expanded: false,
            },
        }
    }

    fn any_of(&mut self, schemas: &[&Schema], depth: usize) -> Expression {
        match schemas {
            [] => text("\"any\""),
            [schema] => self.node(schema, depth + 1),
            schemas => self.described(schemas, Absence::Nothing, depth + 1),
        }
    }

    /// Whether it is a list whose empty form leaves no trace.
    fn may_be_empty(&self, schemas: &[&Schema]) -> bool {
        let facts = Facts::of(self.models, schemas, false);
        let wrapped = facts
            .flat
            .iter()
            .any(|one| one.xml.as_ref().is_some_and(|xml| xml.wrapped));
        let needs_one = facts.flat.iter().any(|one| one.min_items > Some(0));
        facts.array && facts.scalar.is_none() && !facts.object && !wrapped && !needs_one
    }
}

fn options(xml: &Xml, array: bool) -> Vec<(String, Expression)> {
    let mut entries = Vec::new();
    let texts = [
        ("name", &xml.name),
        ("namespace", &xml.namespace),
        ("prefix", &xml.prefix),
    ];
    for (key, value) in texts {
        // An empty name is none.
        if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
            entries.push((key.to_owned(), text(string(value))));
        }
    }
    let flags = [
        ("attribute", xml.attribute),
        ("wrapped", xml.wrapped && array),
        ("text", xml.text),
    ];
    for (key, flag) in flags {
        if flag {
            entries.push((key.to_owned(), text("true")));
        }
    }
    entries
}
