//! What the text of a parameter or a form field stands for.

use super::code::{Expression, property_key, text};
use super::kinds::{self, Kinds};
use super::models::Models;
use crate::api::{Constraints, JsonType, Schema};

/// How deep objects of objects are followed.
const DEPTH: usize = 4;

/// The shape of a schema, as runtime/parameters.ts has it.
pub(super) fn of(models: &Models<'_>, schema: &Schema, files: bool) -> Expression {
    shape(models, schema, files, 0)
}

fn shape(models: &Models<'_>, schema: &Schema, files: bool, depth: usize) -> Expression {
    let kinds = kinds::of(models.api, schema);
    let flat = flattened(models, schema, 0);
    if kinds == Kinds::ALL {
        return scalar("string");
    }
    let has = |kind| kinds.contains(kind);
    if has(JsonType::String) {
        // Text is text where text is allowed; a list of words beside numbers is not any text.
        let others = has(JsonType::Integer) || has(JsonType::Boolean);
        if files
            && flat
                .iter()
                .any(|constraints| super::schemas::is_file(constraints))
        {
            return scalar("file");
        }
        if has(JsonType::Array) || has(JsonType::Object) {
            return scalar("string");
        }
        let words = others
            && flat
                .iter()
                .any(|constraints| kinds::values(constraints).is_some());
        return scalar(if words { "scalar" } else { "string" });
    }
    if has(JsonType::Array) {
        let item = flat
            .iter()
            .find_map(|constraints| constraints.items.as_ref());
        return match item {
            Some(item) if depth < DEPTH => {
                Expression::Array(vec![shape(models, item, files, depth + 1)])
            }
            _ => Expression::Array(vec![scalar("string")]),
        };
    }
    if has(JsonType::Object) {
        if depth >= DEPTH {
            return scalar("json");
        }
        let mut entries: Vec<(String, Expression)> = Vec::new();
        for constraints in &flat {
            for (name, property) in &constraints.properties {
                let key = property_key(name);
                if !entries.iter().any(|(known, _)| *known == key) {
                    entries.push((key, shape(models, property, files, depth + 1)));
                }
            }
        }
        return Expression::Object {
            entries,
            expanded: false,
        };
    }
    match (
        has(JsonType::Number),
        has(JsonType::Integer),
        has(JsonType::Boolean),
    ) {
        (_, true, true) => scalar("scalar"),
        (true, _, _) => scalar("number"),
        (_, true, _) => scalar("integer"),
        (_, _, true) => scalar("boolean"),
        _ => scalar("string"),
    }
}

/// All schema objects that a value of the schema may have to do with, references followed.
fn flattened<'s>(models: &'s Models<'_>, schema: &'s Schema, depth: usize) -> Vec<&'s Constraints> {
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

fn scalar(name: &str) -> Expression {
    text(format!("\"{name}\""))
}
