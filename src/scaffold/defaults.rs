//! Defaults: whether one is a value that its own schema allows, and what it is in full.

use serde_json::Value;

use super::kinds::{self, Kinds};
use super::models::Models;
use super::types::default_of;
use crate::api::{Constraints, Schema};

/// How deep references are followed.
const DEPTH: usize = 20;

/// Checks types, values, ranges and lengths; what it cannot judge, such as a pattern, fits.
pub(super) fn fits(models: &Models<'_>, value: &Value, schema: &Schema, depth: usize) -> bool {
    if depth > DEPTH {
        return false;
    }
    match schema {
        Schema::Anything => true,
        Schema::Nothing => false,
        Schema::Reference(name) => models
            .schema(name)
            .is_some_and(|schema| fits(models, value, schema, depth + 1)),
        Schema::Constraints(constraints) => fits_all(models, value, constraints, depth),
    }
}

fn fits_all(models: &Models<'_>, value: &Value, constraints: &Constraints, depth: usize) -> bool {
    let kind = kinds::kind_of_value(value);
    let types = Kinds::of(constraints.types.iter().copied());
    if !constraints.types.is_empty() && !types.contains(kind) {
        return false;
    }
    if kinds::values(constraints).is_some_and(|values| !values.contains(&value)) {
        return false;
    }
    let within = |schema: &Schema| fits(models, value, schema, depth + 1);
    let reference = constraints.reference.as_ref().is_none_or(|name| {
        models
            .schema(name)
            .is_some_and(|schema| fits(models, value, schema, depth + 1))
    });
    reference
        && in_range(value, constraints)
        && parts_fit(models, value, constraints, depth)
        && constraints.all_of.iter().all(within)
        && (constraints.any_of.is_empty() || constraints.any_of.iter().any(within))
        && (constraints.one_of.is_empty() || constraints.one_of.iter().any(within))
}

/// The items and the properties.
fn parts_fit(models: &Models<'_>, value: &Value, constraints: &Constraints, depth: usize) -> bool {
    let fit = |schema: Option<&Schema>, value: &Value| {
        schema.is_none_or(|schema| fits(models, value, schema, depth + 1))
    };
    match value {
        Value::Array(items) => {
            let count = items.len() as u64;
            constraints.min_items.is_none_or(|least| count >= least)
                && constraints.max_items.is_none_or(|most| count <= most)
                && items.iter().enumerate().all(|(index, item)| {
                    let schema = constraints.prefix_items.get(index);
                    fit(schema.or(constraints.items.as_ref()), item)
                })
        }
        Value::Object(members) => {
            let patterned = !constraints.pattern_properties.is_empty();
            constraints
                .required
                .iter()
                .all(|name| members.contains_key(name))
                && members
                    .iter()
                    .all(|(name, member)| match constraints.properties.get(name) {
                        Some(schema) => fit(Some(schema), member),
                        None if patterned => true,
                        None => fit(constraints.additional_properties.as_ref(), member),
                    })
        }
        _ => true,
    }
}

/// A default with the defaults of its own properties.
pub(super) fn filled(models: &Models<'_>, value: &Value, schema: &Schema, depth: usize) -> Value {
    let Schema::Constraints(constraints) = models.resolve(schema) else {
        return value.clone();
    };
    if depth > DEPTH {
        return value.clone();
    }
    let mut value = value.clone();
    let reference = constraints.reference.clone().map(Schema::Reference);
    for part in reference.iter().chain(&constraints.all_of) {
        value = filled(models, &value, part, depth + 1);
    }
    match &mut value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let schema = constraints.prefix_items.get(index);
                if let Some(schema) = schema.or(constraints.items.as_ref()) {
                    *item = filled(models, item, schema, depth + 1);
                }
            }
        }
        Value::Object(members) => {
            for (name, schema) in &constraints.properties {
                match members.get_mut(name) {
                    Some(member) => *member = filled(models, member, schema, depth + 1),
                    None => {
                        if let Some(default) = default_of(models, schema) {
                            let default = filled(models, default, schema, depth + 1);
                            members.insert(name.clone(), default);
                        }
                    }
                }
            }
        }
        _ => {}
    }
    value
}

fn in_range(value: &Value, constraints: &Constraints) -> bool {
    match value {
        Value::Number(number) => {
            let Some(number) = number.as_f64() else {
                return false;
            };
            let bound = |bound: &Option<serde_json::Number>| {
                bound.as_ref().and_then(serde_json::Number::as_f64)
            };
            bound(&constraints.minimum).is_none_or(|bound| number >= bound)
                && bound(&constraints.maximum).is_none_or(|bound| number <= bound)
                && bound(&constraints.exclusive_minimum).is_none_or(|bound| number > bound)
                && bound(&constraints.exclusive_maximum).is_none_or(|bound| number < bound)
        }
        Value::String(text) => {
            let length = text.chars().count() as u64;
            constraints.min_length.is_none_or(|least| length >= least)
                && constraints.max_length.is_none_or(|most| length <= most)
        }
        _ => true,
    }
}
