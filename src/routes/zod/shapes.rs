//! What the calls of Zod mean for the constraints of a schema: shapes of objects, bounds, enumerations.

use indexmap::IndexSet;

use super::super::value::Value;
use super::{SchemaOrAnything, Zod, typed};
use crate::api::{Constraints, JsonType, Schema, SchemaName};

/// The schema of a value; anything when it is none.
pub(in crate::routes) fn schema_of(value: &Value<'_>) -> Schema {
    match value {
        Value::Schema(zod) => zod.schema().clone(),
        _ => Schema::Anything,
    }
}

/// The properties of `z.object({…})`.
pub(in crate::routes) fn object_of(shape: Option<&Value<'_>>) -> Constraints {
    let mut constraints = Constraints {
        types: IndexSet::from([JsonType::Object]),
        ..Constraints::default()
    };
    let Some(Value::Record(entries)) = shape else {
        return constraints;
    };
    for (key, entry) in entries.iter() {
        let mut schema = schema_of(entry);
        if let Value::Schema(zod) = entry {
            if !zod.optional {
                constraints.required.insert(key.clone());
            }
            if zod.read_only {
                schema = Schema::from_constraints(Constraints {
                    read_only: true,
                    ..Constraints::default()
                });
            }
            if !zod.media_types.is_empty() {
                let types = zod.media_types.join(", ");
                constraints
                    .extensions
                    .insert(format!("content-type {key}"), types.into());
            }
        }
        constraints.properties.insert(key.clone(), schema);
    }
    constraints
}

pub(super) fn add(constraints: &mut Constraints, more: Constraints) {
    for (key, schema) in more.properties {
        constraints.required.shift_remove(&key);
        if more.required.contains(&key) {
            constraints.required.insert(key.clone());
        }
        constraints.properties.insert(key, schema);
    }
}

/// `z.literal`, `z.enum`.
pub(super) fn enumeration(value: Option<&Value<'_>>) -> Schema {
    let values: Vec<serde_json::Value> = match value {
        Some(Value::List(items)) => items.iter().filter_map(Value::json).collect(),
        Some(Value::Record(entries)) => entries.values().filter_map(Value::json).collect(),
        Some(other) => match other.json() {
            Some(value) => {
                return Schema::from_constraints(Constraints {
                    constant: Some(value),
                    ..Constraints::default()
                });
            }
            None => return Schema::Anything,
        },
        None => return Schema::Anything,
    };
    let types = if values.iter().all(serde_json::Value::is_string) && !values.is_empty() {
        IndexSet::from([JsonType::String])
    } else {
        IndexSet::new()
    };
    Schema::from_constraints(Constraints {
        types,
        enumeration: Some(values),
        ..Constraints::default()
    })
}

pub(super) fn make_nullable(zod: &mut Zod) {
    let constraints = zod.constraints();
    let combines = constraints.reference.is_some()
        || constraints.constant.is_some()
        || !constraints.any_of.is_empty()
        || !constraints.one_of.is_empty()
        || !constraints.all_of.is_empty()
        || constraints.types.is_empty();
    if combines {
        if constraints == Constraints::default() {
            return;
        }
        let mut options = vec![zod.schema().clone()];
        // A union takes null as one more of its members.
        if constraints.one_of.is_empty() && !constraints.any_of.is_empty() {
            options.clone_from(&constraints.any_of);
        }
        options.push(typed(JsonType::Null));
        zod.schema = SchemaOrAnything(Schema::from_constraints(Constraints {
            any_of: options,
            ..Constraints::default()
        }));
        return;
    }
    zod.edit(|constraints| {
        constraints.types.insert(JsonType::Null);
        if let Some(values) = &mut constraints.enumeration {
            values.push(serde_json::Value::Null);
        }
    });
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::routes) enum Bound {
    Least,
    Most,
}

/// `min` and `max` mean another keyword for each type.
pub(in crate::routes) fn bound(
    zod: &mut Zod,
    count: Option<u64>,
    number: Option<serde_json::Number>,
    side: Bound,
) {
    let least = side == Bound::Least;
    if zod.is_of(JsonType::String) {
        zod.edit(|constraints| {
            let place = if least {
                &mut constraints.min_length
            } else {
                &mut constraints.max_length
            };
            *place = count;
        });
    } else if zod.is_of(JsonType::Array) {
        zod.edit(|constraints| {
            let place = if least {
                &mut constraints.min_items
            } else {
                &mut constraints.max_items
            };
            *place = count;
        });
    } else {
        zod.edit(|constraints| {
            let place = if least {
                &mut constraints.minimum
            } else {
                &mut constraints.maximum
            };
            *place = number;
        });
    }
}

pub(super) fn format(zod: &mut Zod, format: &str) {
    zod.edit(|constraints| constraints.format = Some(format.to_owned()));
}

/// Names of all schemas that a schema refers to.
pub(in crate::routes) fn references(schema: &Schema, found: &mut IndexSet<SchemaName>) {
    crate::api::visit_references(schema, &mut |name| {
        found.insert(name.clone());
    });
}
