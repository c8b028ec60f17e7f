//! Which of JSON's types a schema allows, seen through references and compositions.

use serde_json::Value;

use crate::api::{Api, Constraints, JsonType, Schema, SchemaName};

/// A set of JSON types. `Number` holds the integers as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(0b111_1111);

    pub(super) fn of(types: impl IntoIterator<Item = JsonType>) -> Self {
        Self(
            types
                .into_iter()
                .fold(0, |bits, kind| bits | Self::bits(kind)),
        )
    }

    const fn bits(kind: JsonType) -> u8 {
        match kind {
            JsonType::Null => 1,
            JsonType::Boolean => 2,
            JsonType::Integer => 4,
            JsonType::Number => 8 | 4,
            JsonType::String => 16,
            JsonType::Array => 32,
            JsonType::Object => 64,
        }
    }

    pub(super) const fn contains(self, kind: JsonType) -> bool {
        self.0 & Self::bits(kind) == Self::bits(kind)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The types in a fixed order; integers only where other numbers are not allowed.
    pub(super) fn list(self) -> Vec<JsonType> {
        let all = [
            JsonType::String,
            JsonType::Number,
            JsonType::Integer,
            JsonType::Boolean,
            JsonType::Array,
            JsonType::Object,
            JsonType::Null,
        ];
        all.into_iter()
            .filter(|kind| self.contains(*kind))
            .filter(|kind| *kind != JsonType::Integer || !self.contains(JsonType::Number))
            .collect()
    }
}

pub(super) fn kind_of_value(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(number) => {
            let whole = number.is_i64()
                || number.is_u64()
                || number.as_f64().is_some_and(|number| number.fract() == 0.0);
            if whole {
                JsonType::Integer
            } else {
                JsonType::Number
            }
        }
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}

/// The types that values of the schema may have; never too few.
pub(super) fn of(api: &Api, schema: &Schema) -> Kinds {
    within(api, schema, &mut Vec::new())
}

pub(super) fn of_constraints(api: &Api, constraints: &Constraints) -> Kinds {
    of_all(api, constraints, &mut Vec::new())
}

fn within<'a>(api: &'a Api, schema: &'a Schema, path: &mut Vec<&'a SchemaName>) -> Kinds {
    match schema {
        Schema::Anything => Kinds::ALL,
        Schema::Nothing => Kinds::NONE,
        Schema::Reference(name) => of_name(api, name, path),
        Schema::Constraints(constraints) => of_all(api, constraints, path),
    }
}

fn of_name<'a>(api: &'a Api, name: &'a SchemaName, path: &mut Vec<&'a SchemaName>) -> Kinds {
    // A schema that is made of itself allows what the rest of it allows.
    if path.contains(&name) || path.len() > 40 {
        return Kinds::ALL;
    }
    path.push(name);
    let kinds = api
        .schemas
        .get(name)
        .map_or(Kinds::ALL, |schema| within(api, schema, path));
    path.pop();
    kinds
}

fn of_all<'a>(api: &'a Api, constraints: &'a Constraints, path: &mut Vec<&'a SchemaName>) -> Kinds {
    let mut kinds = own(constraints);
    if let Some(name) = &constraints.reference {
        kinds = kinds.and(of_name(api, name, path));
    }
    for schema in &constraints.all_of {
        kinds = kinds.and(within(api, schema, path));
    }
    for alternatives in [&constraints.any_of, &constraints.one_of] {
        if !alternatives.is_empty() {
            let mut any = Kinds::NONE;
            for schema in alternatives {
                any = any.or(within(api, schema, path));
            }
            kinds = kinds.and(any);
        }
    }
    kinds
}

/// What `type`, `const` and `enum` of one schema object allow.
pub(super) fn own(constraints: &Constraints) -> Kinds {
    let mut kinds = if constraints.types.is_empty() {
        Kinds::ALL
    } else {
        Kinds::of(constraints.types.iter().copied())
    };
    if let Some(values) = values(constraints) {
        kinds = kinds.and(Kinds::of(values.into_iter().map(kind_of_value)));
    }
    kinds
}

/// The values of `const` or `enum`, those that `type` forbids left out.
pub(super) fn values(constraints: &Constraints) -> Option<Vec<&Value>> {
    let listed: Vec<&Value> = match (&constraints.constant, &constraints.enumeration) {
        (Some(value), Some(values)) => values.iter().filter(|listed| *listed == value).collect(),
        (Some(value), None) => vec![value],
        (None, Some(values)) => values.iter().collect(),
        (None, None) => return None,
    };
    let types = if constraints.types.is_empty() {
        Kinds::ALL
    } else {
        Kinds::of(constraints.types.iter().copied())
    };
    let mut found: Vec<&Value> = Vec::new();
    for value in listed {
        if types.contains(kind_of_value(value)) && !found.contains(&value) {
            found.push(value);
        }
    }
    Some(found)
}
