//! What the writer asks about schemas.

use super::coverage::{Part, stands_alone};
use crate::api::{Constraints, JsonType, Schema, SchemaName};
use crate::scaffold::kinds::{self, Kinds};
use crate::scaffold::models::Models;

pub(super) fn is_null(schema: &Schema) -> bool {
    match schema {
        Schema::Constraints(constraints) => kinds::own(constraints) == Kinds::of([JsonType::Null]),
        _ => false,
    }
}

/// The value of a schema that is only a `const`.
pub(super) fn constant_of(schema: &Schema) -> Option<&serde_json::Value> {
    let Schema::Constraints(constraints) = schema else {
        return None;
    };
    let values = kinds::values(constraints)?;
    let plain = constraints.reference.is_none()
        && constraints.all_of.is_empty()
        && constraints.any_of.is_empty()
        && constraints.one_of.is_empty()
        && constraints.not.is_none()
        && constraints.if_schema.is_none();
    match values.as_slice() {
        [value] if plain && !value.is_object() && !value.is_array() => Some(value),
        _ => None,
    }
}

pub(super) fn all_different(values: &[&serde_json::Value]) -> bool {
    values
        .iter()
        .enumerate()
        .all(|(index, value)| !values[..index].contains(value))
}

/// Whether every value of the schema has the property.
pub(super) fn requires(models: &Models<'_>, schema: &Schema, property: &str, depth: usize) -> bool {
    if depth > 20 {
        return false;
    }
    match models.resolve(schema) {
        Schema::Constraints(constraints) => {
            constraints.required.contains(property)
                || constraints
                    .all_of
                    .iter()
                    .any(|part| requires(models, part, property, depth + 1))
                || constraints.reference.as_ref().is_some_and(|name| {
                    requires(
                        models,
                        &Schema::Reference(name.clone()),
                        property,
                        depth + 1,
                    )
                })
        }
        _ => false,
    }
}

/// Whether the discriminator's value is one that the alternative's own property may have.
pub(super) fn admits(models: &Models<'_>, name: &SchemaName, property: &str, value: &str) -> bool {
    fn within(
        models: &Models<'_>,
        schema: &Schema,
        property: &str,
        value: &serde_json::Value,
        depth: usize,
    ) -> bool {
        let Schema::Constraints(constraints) = models.resolve(schema) else {
            return true;
        };
        let own = constraints.properties.get(property);
        own.is_none_or(|schema| crate::scaffold::defaults::fits(models, value, schema, 0))
            && (depth > 20
                || constraints
                    .all_of
                    .iter()
                    .all(|part| within(models, part, property, value, depth + 1)))
    }
    let schema = Schema::Reference(name.clone());
    within(models, &schema, property, &value.into(), 0)
}

/// A string that stands for a file in a form.
pub(in crate::scaffold) fn is_file(constraints: &Constraints) -> bool {
    constraints.format.as_deref() == Some("binary")
        || (constraints.content_media_type.is_some() && constraints.content_encoding.is_none())
}

/// Whether a form with this schema has files.
pub(in crate::scaffold) fn holds_files(models: &Models<'_>, schema: &Schema) -> bool {
    fn within(models: &Models<'_>, schema: &Schema, depth: usize) -> bool {
        if depth > 6 {
            return false;
        }
        match models.resolve(schema) {
            Schema::Constraints(constraints) => {
                (is_file(constraints) && kinds::own(constraints).contains(JsonType::String))
                    || crate::scaffold::models::parts(constraints)
                        .into_iter()
                        .any(|(_, part)| within(models, part, depth + 1))
                    || constraints.reference.as_ref().is_some_and(|name| {
                        within(models, &Schema::Reference(name.clone()), depth + 1)
                    })
            }
            _ => false,
        }
    }
    within(models, schema, 0)
}

/// The schema object without its compositions and values.
pub(super) fn base_of(constraints: &Constraints) -> Constraints {
    Constraints {
        reference: None,
        enumeration: None,
        constant: None,
        all_of: Vec::new(),
        any_of: Vec::new(),
        one_of: Vec::new(),
        not: None,
        if_schema: None,
        then_schema: None,
        else_schema: None,
        ..constraints.clone()
    }
}

pub(super) fn has_keywords(constraints: &Constraints) -> bool {
    has_string_keywords(constraints)
        || has_number_keywords(constraints)
        || has_array_keywords(constraints)
        || has_object_keywords(constraints)
}

pub(super) fn has_string_keywords(constraints: &Constraints) -> bool {
    const NUMBERS: &[&str] = &["int32", "int64", "float", "double"];
    constraints.min_length.is_some()
        || constraints.max_length.is_some()
        || constraints.pattern.is_some()
        || constraints
            .format
            .as_deref()
            .is_some_and(|format| !NUMBERS.contains(&format))
}

pub(super) fn has_number_keywords(constraints: &Constraints) -> bool {
    constraints.minimum.is_some()
        || constraints.maximum.is_some()
        || constraints.exclusive_minimum.is_some()
        || constraints.exclusive_maximum.is_some()
        || constraints.multiple_of.is_some()
        || matches!(constraints.format.as_deref(), Some("int32" | "int64"))
}

pub(super) fn has_array_keywords(constraints: &Constraints) -> bool {
    constraints.items.is_some()
        || !constraints.prefix_items.is_empty()
        || constraints.contains.is_some()
        || constraints.min_items.is_some()
        || constraints.max_items.is_some()
        || constraints.unique_items
        || (constraints.unevaluated_items.is_some() && stands_alone(constraints, Part::Items))
}

pub(super) fn has_object_keywords(constraints: &Constraints) -> bool {
    !constraints.properties.is_empty()
        || !constraints.required.is_empty()
        || !constraints.pattern_properties.is_empty()
        || constraints.additional_properties.is_some()
        || constraints.property_names.is_some()
        || constraints.min_properties.is_some()
        || constraints.max_properties.is_some()
        || !constraints.dependent_required.is_empty()
        || !constraints.dependent_schemas.is_empty()
        || (constraints.unevaluated_properties.is_some()
            && stands_alone(constraints, Part::Properties))
}

/// The largest integer below which every integer is a double.
const SAFE: f64 = 9_007_199_254_740_991.0;

/// Whether numbers of the schema object lie where doubles hold every integer.
pub(super) fn is_safe(constraints: &Constraints) -> bool {
    let within = |bound: &Option<serde_json::Number>| {
        bound
            .as_ref()
            .and_then(serde_json::Number::as_f64)
            .is_some_and(|bound| bound.abs() <= SAFE)
    };
    (within(&constraints.minimum) || within(&constraints.exclusive_minimum))
        && (within(&constraints.maximum) || within(&constraints.exclusive_maximum))
}

/// Whether a number may be an integer that a double cannot hold: an `int64` without narrower bounds.
pub(in crate::scaffold) fn is_wide(constraints: &Constraints) -> bool {
    constraints.format.as_deref() == Some("int64") && !is_safe(constraints)
}

/// A bound that a double cannot hold.
pub(super) fn is_large(bound: &serde_json::Number) -> bool {
    !bound.is_f64() && bound.as_f64().is_some_and(|bound| bound.abs() > SAFE)
}

/// A number beyond the range where doubles hold every integer.
pub(super) fn is_unsafe(value: &serde_json::Value) -> bool {
    value.as_f64().is_some_and(|value| value.abs() > SAFE)
}
