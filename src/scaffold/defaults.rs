//! Whether a default is a value that its own schema allows.

use serde_json::Value;

use super::kinds::{self, Kinds};
use super::models::Models;
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
        && constraints.all_of.iter().all(within)
        && (constraints.any_of.is_empty() || constraints.any_of.iter().any(within))
        && (constraints.one_of.is_empty() || constraints.one_of.iter().any(within))
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
