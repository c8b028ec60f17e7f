//! What the text of a parameter, a form field or an XML element stands for.

use std::collections::BTreeSet;

use super::code::{Expression, call, property_key, text};
use super::kinds::{self, Kinds};
use super::models::Models;
use crate::api::{Constraints, JsonType, Schema};

/// How deep objects of objects are followed.
const DEPTH: usize = 4;

/// A shape, as runtime/shapes.ts has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Scalar(&'static str),
    Array(Box<Shape>),
    Object {
        properties: Vec<(String, Shape)>,
        /// What members of other names stand for, where the schema speaks of them.
        rest: Option<Box<Shape>>,
    },
    /// The first whose value the schema accepts.
    Either(Vec<Shape>),
}

/// What a value of several schemas may be: those of one property in all parts of a composition.
#[derive(Debug)]
pub(super) struct Facts<'s> {
    pub(super) flat: Vec<&'s Constraints>,
    /// The text of one value, when it may be one.
    pub(super) scalar: Option<&'static str>,
    pub(super) array: bool,
    pub(super) object: bool,
}

impl<'s> Facts<'s> {
    pub(super) fn of(models: &'s Models<'_>, schemas: &[&'s Schema], files: bool) -> Self {
        let flat: Vec<&Constraints> = schemas
            .iter()
            .flat_map(|schema| flattened(models, schema, 0))
            .collect();
        let all = schemas.iter().map(|schema| kinds::of(models.api, schema));
        // A part that says nothing of the type leaves it to the others.
        let telling = all.filter(|kinds| *kinds != Kinds::ALL);
        let kinds = telling.reduce(Kinds::or).unwrap_or(Kinds::ALL);
        let untyped = kinds == Kinds::ALL;
        let array = kinds.contains(JsonType::Array)
            && (!untyped || flat.iter().any(|one| one.items.is_some()));
        let object = kinds.contains(JsonType::Object)
            && (!untyped || flat.iter().any(|one| is_structured(one)));
        let scalar = if untyped {
            Some(if array || object { "any" } else { "string" })
        } else if files && kinds.contains(JsonType::String) && flat.iter().any(|one| is_file(one)) {
            Some("file")
        } else {
            scalar(kinds, &flat)
        };
        Self {
            flat,
            scalar,
            array,
            object,
        }
    }

    /// The schemas of the items, all of them.
    pub(super) fn items(&self) -> Vec<&'s Schema> {
        let lists = self
            .flat
            .iter()
            .flat_map(|one| one.items.iter().chain(&one.prefix_items));
        lists.collect()
    }

    /// Every property with its schemas in all parts.
    pub(super) fn properties(&self) -> Vec<(&'s str, Vec<&'s Schema>)> {
        let mut found: Vec<(&str, Vec<&Schema>)> = Vec::new();
        for (name, schema) in self.flat.iter().flat_map(|one| &one.properties) {
            match found.iter_mut().find(|(known, _)| known == name) {
                Some((_, schemas)) => schemas.push(schema),
                None => found.push((name, vec![schema])),
            }
        }
        found
    }

    /// The schemas of members of other names, where the schema speaks of them.
    pub(super) fn rest(&self) -> Vec<&'s Schema> {
        let named = self.flat.iter().flat_map(|one| {
            one.additional_properties
                .iter()
                .chain(&one.unevaluated_properties)
                .chain(one.pattern_properties.values())
        });
        named.filter(|schema| **schema != Schema::Nothing).collect()
    }

    /// Whether a property must be there.
    pub(super) fn requires(&self, property: &str) -> bool {
        self.flat.iter().any(|one| one.required.contains(property))
    }
}

/// The shape of a schema.
pub(super) fn of(models: &Models<'_>, schema: &Schema, files: bool) -> Shape {
    shape(models, &[schema], files, 0)
}

fn shape(models: &Models<'_>, schemas: &[&Schema], files: bool, depth: usize) -> Shape {
    let facts = Facts::of(models, schemas, files);
    let mut shapes: Vec<Shape> = facts.scalar.map(Shape::Scalar).into_iter().collect();
    if facts.array {
        let items = facts.items();
        shapes.push(Shape::Array(Box::new(
            if items.is_empty() || depth >= DEPTH {
                Shape::Scalar("string")
            } else {
                shape(models, &items, files, depth + 1)
            },
        )));
    }
    if facts.object {
        if depth >= DEPTH {
            shapes.push(Shape::Scalar("json"));
        } else {
            let properties = facts.properties().into_iter().map(|(name, schemas)| {
                let value = shape(models, &schemas, files, depth + 1);
                (name.to_owned(), value)
            });
            let rest = facts.rest();
            shapes.push(Shape::Object {
                properties: properties.collect(),
                rest: (!rest.is_empty()).then(|| Box::new(shape(models, &rest, files, depth + 1))),
            });
        }
    }
    match shapes.len() {
        0 => Shape::Scalar("string"),
        1 => shapes.remove(0),
        _ => Shape::Either(shapes),
    }
}

/// What a text stands for: text is text where nothing else is allowed.
fn scalar(kinds: Kinds, flat: &[&Constraints]) -> Option<&'static str> {
    let has = |kind| kinds.contains(kind);
    let numeric = has(JsonType::Integer) || has(JsonType::Number);
    let (boolean, null) = (has(JsonType::Boolean), has(JsonType::Null));
    if has(JsonType::String) {
        // `null` is a word like others, unless the words are limited.
        let limited = flat.iter().any(|one| {
            kinds::values(one).is_some()
                || one.pattern.is_some()
                || one.format.is_some()
                || one.min_length.is_some()
                || one.max_length.is_some()
        });
        let any = numeric || boolean || (null && limited);
        return Some(if any { "any" } else { "string" });
    }
    match (numeric, boolean, null) {
        (false, false, false) => None,
        (true, false, false) if has(JsonType::Number) => Some("number"),
        (true, false, false) => Some("integer"),
        (false, true, false) => Some("boolean"),
        _ => Some("scalar"),
    }
}

fn is_structured(constraints: &Constraints) -> bool {
    !constraints.properties.is_empty()
        || constraints.additional_properties.is_some()
        || !constraints.pattern_properties.is_empty()
        || !constraints.required.is_empty()
}

fn is_file(constraints: &Constraints) -> bool {
    super::schemas::is_file(constraints)
}

/// All schema objects that a value of the schema may have to do with, references followed.
pub(super) fn flattened<'s>(
    models: &'s Models<'_>,
    schema: &'s Schema,
    depth: usize,
) -> Vec<&'s Constraints> {
    if depth > 8 {
        return Vec::new();
    }
    let Schema::Constraints(constraints) = models.resolve(schema) else {
        return Vec::new();
    };
    let mut found = vec![&**constraints];
    if let Some(schema) = constraints
        .reference
        .as_ref()
        .and_then(|name| models.schema(name))
    {
        found.extend(flattened(models, schema, depth + 1));
    }
    for schemas in [
        &constraints.all_of,
        &constraints.any_of,
        &constraints.one_of,
    ] {
        for schema in schemas {
            found.extend(flattened(models, schema, depth + 1));
        }
    }
    found
}

/// The names under which a file imports the functions of runtime/parameters.ts, and those it needs.
#[derive(Debug)]
pub(super) struct Functions<'n> {
    pub(super) aliased: &'n BTreeSet<String>,
    pub(super) needed: &'n mut BTreeSet<&'static str>,
}

impl Functions<'_> {
    pub(super) fn name(&mut self, function: &'static str) -> String {
        self.needed.insert(function);
        imported(function, self.aliased)
    }
}

/// A function under another name where an operation has its name.
pub(super) fn imported(function: &str, aliased: &BTreeSet<String>) -> String {
    if aliased.contains(function) {
        format!("{function}Shape")
    } else {
        function.to_owned()
    }
}

impl Shape {
    pub(super) const fn is_scalar(&self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    pub(super) fn expression(&self, functions: &mut Functions<'_>) -> Expression {
        match self {
            Self::Scalar(name) => text(format!("\"{name}\"")),
            Self::Array(item) => Expression::Array(vec![item.expression(functions)]),
            Self::Object { properties, rest } => {
                let entries = properties
                    .iter()
                    .map(|(name, shape)| (property_key(name), shape.expression(functions)))
                    .collect();
                let listed = Expression::Object {
                    entries,
                    expanded: false,
                };
                match rest {
                    None => listed,
                    Some(rest) => {
                        let rest = rest.expression(functions);
                        call(functions.name("open"), vec![listed, rest])
                    }
                }
            }
            Self::Either(shapes) => {
                let shapes = shapes
                    .iter()
                    .map(|shape| shape.expression(functions))
                    .collect();
                call(functions.name("either"), shapes)
            }
        }
    }
}
