//! Ways to break a value in one place: each takes one rule of the schema and changes what the rule
//! speaks of. Whether the change really breaks something is for the schema to say.

use serde_json::{Number, Value, json};

use super::rules::{Direction, Rules};
use super::text::CHECKED_FORMATS;
use crate::api::{Constraints, JsonType, Schema};
use crate::text::escape;

/// A change in one place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Break {
    /// JSON pointer in the value.
    pub(super) place: String,
    /// What is wrong with the place, behind its name: "is no integer".
    pub(super) words: String,
    pub(super) lenient: bool,
    /// The whole value, changed.
    pub(super) value: Value,
}

/// Levels of a value that are walked.
const DEEPEST: usize = 5;

enum Change {
    Replace(Value),
    Remove(String),
    Insert(String, Value),
}

struct Found {
    place: String,
    words: String,
    lenient: bool,
    change: Change,
}

/// Every change that the schema refuses, outer places first.
pub(super) fn of(rules: &Rules<'_>, schema: &Schema, value: &Value) -> Vec<Break> {
    let mut found = Vec::new();
    walk(rules, schema, value, "", 0, &mut found);
    let mut breaks = Vec::new();
    for Found {
        place,
        words,
        lenient,
        change,
    } in found
    {
        let mut changed = value.clone();
        let Some(at) = changed.pointer_mut(&place) else {
            continue;
        };
        match change {
            Change::Replace(other) => *at = other,
            Change::Remove(key) => {
                at.as_object_mut().map(|object| object.shift_remove(&key));
            }
            Change::Insert(key, other) => {
                at.as_object_mut().map(|object| object.insert(key, other));
            }
        }
        if !rules.accepts(schema, Direction::Request, &changed) {
            breaks.push(Break {
                place,
                words,
                lenient,
                value: changed,
            });
        }
    }
    breaks
}

fn walk(
    rules: &Rules<'_>,
    schema: &Schema,
    value: &Value,
    place: &str,
    depth: usize,
    found: &mut Vec<Found>,
) {
    let Some(flat) = flat_for(rules, schema, value) else {
        return;
    };
    if depth > DEEPEST {
        return;
    }
    let mut add = |words: String, lenient: bool, change: Change| {
        found.push(Found {
            place: place.to_owned(),
            words,
            lenient,
            change,
        });
    };
    if let Some(kind) = wrong_type(&flat) {
        add(
            format!("is no {}", names(&flat)),
            false,
            Change::Replace(kind),
        );
    }
    if flat.enumeration.is_some() || flat.constant.is_some() {
        let other = match value {
            Value::Number(_) => json!(987_654_321),
            _ => json!("not-one-of-them"),
        };
        add(
            "is none of the values that are listed".to_owned(),
            false,
            Change::Replace(other),
        );
    } else {
        match value {
            Value::Number(_) => number(&flat, &mut add),
            Value::String(text) => string(&flat, text, &mut add),
            Value::Array(items) => array(&flat, items, &mut add),
            _ => {}
        }
    }
    match value {
        Value::Object(object) => {
            for name in flat
                .required
                .iter()
                .filter(|name| object.contains_key(*name))
            {
                let words = format!("lacks `{name}`");
                found.push(Found {
                    place: place.to_owned(),
                    words,
                    lenient: false,
                    change: Change::Remove(name.clone()),
                });
            }
            if flat.additional_properties == Some(Schema::Nothing) {
                let change = Change::Insert("backsmithUnknown".to_owned(), json!(true));
                found.push(Found {
                    place: place.to_owned(),
                    words: "has a property that is not described".to_owned(),
                    lenient: false,
                    change,
                });
            }
            for (name, value) in object {
                if let Some(schema) = flat.properties.get(name) {
                    let below = format!("{place}/{}", escape(name));
                    walk(rules, schema, value, &below, depth + 1, found);
                }
            }
        }
        Value::Array(items) => {
            if let (Some(first), Some(schema)) = (items.first(), flat.items.as_ref())
                && flat.prefix_items.is_empty()
            {
                walk(
                    rules,
                    schema,
                    first,
                    &format!("{place}/0"),
                    depth + 1,
                    found,
                );
            }
        }
        _ => {}
    }
}

/// The constraints that the value was made for: of alternatives, those that know its properties.
fn flat_for(rules: &Rules<'_>, schema: &Schema, value: &Value) -> Option<Constraints> {
    /// More alternatives than schemas have, but for a few.
    const ALTERNATIVES: usize = 12;
    let mut first = None;
    for alternative in 0..ALTERNATIVES {
        let Some(flat) = rules.flat(schema, &mut |number| alternative % number) else {
            continue;
        };
        let fits = match value {
            Value::Object(object) => {
                object.keys().all(|name| flat.properties.contains_key(name))
                    && flat.required.iter().all(|name| object.contains_key(name))
            }
            other => flat.types.is_empty() || flat.types.iter().any(|kind| is_of(other, *kind)),
        };
        if fits {
            return Some(flat);
        }
        first.get_or_insert(flat);
    }
    first
}

fn is_of(value: &Value, kind: JsonType) -> bool {
    match kind {
        JsonType::Null => value.is_null(),
        JsonType::Boolean => value.is_boolean(),
        JsonType::Integer => value.is_i64() || value.is_u64(),
        JsonType::Number => value.is_number(),
        JsonType::String => value.is_string(),
        JsonType::Array => value.is_array(),
        JsonType::Object => value.is_object(),
    }
}

/// A value of a type that the schema does not have.
fn wrong_type(flat: &Constraints) -> Option<Value> {
    if flat.types.is_empty() {
        return None;
    }
    let candidates = [
        (JsonType::String, json!("not-this-type")),
        (JsonType::Object, json!({"not": "this type"})),
        (JsonType::Boolean, json!(true)),
        (JsonType::Number, json!(12.5)),
    ];
    let other = candidates
        .into_iter()
        .find(|(kind, _)| !flat.types.contains(kind))?;
    Some(other.1)
}

fn names(flat: &Constraints) -> String {
    let names: Vec<&str> = flat.types.iter().map(|kind| kind.name()).collect();
    names.join(" or ")
}

fn number(flat: &Constraints, add: &mut impl FnMut(String, bool, Change)) {
    let float = |number: &Number| number.as_f64();
    let is_integer =
        flat.types.contains(&JsonType::Integer) && !flat.types.contains(&JsonType::Number);
    let value = |value: f64| {
        if value.fract() == 0.0 && value.abs() < 9e15 {
            json!(value as i64)
        } else {
            json!(value)
        }
    };
    for (limit, inclusive, sign) in [
        (&flat.minimum, true, -1.0),
        (&flat.exclusive_minimum, false, -1.0),
        (&flat.maximum, true, 1.0),
        (&flat.exclusive_maximum, false, 1.0),
    ] {
        if let Some(edge) = limit.as_ref().and_then(float) {
            let step = if inclusive { sign } else { 0.0 };
            let side = if sign < 0.0 { "below" } else { "above" };
            add(
                format!("is {side} its limit of {}", value(edge)),
                false,
                Change::Replace(value(edge + step)),
            );
        }
    }
    if let Some(step) = flat.multiple_of.as_ref().and_then(float) {
        let base = flat.minimum.as_ref().and_then(float).unwrap_or(0.0);
        let off = (base / step).ceil() * step + step / if is_integer { 1.0 } else { 2.0 };
        let off = if is_integer { off + 1.0 } else { off };
        add(
            format!("is no multiple of {}", value(step)),
            false,
            Change::Replace(value(off)),
        );
    }
    if is_integer {
        add(
            "has a fraction".to_owned(),
            false,
            Change::Replace(json!(1.5)),
        );
    }
}

fn string(flat: &Constraints, text: &str, add: &mut impl FnMut(String, bool, Change)) {
    /// Longer strings say nothing more about validation.
    const LONGEST: u64 = 100_000;
    if let Some(least) = flat.min_length.filter(|least| *least > 0) {
        let short: String = text.chars().take(least as usize - 1).collect();
        add(
            format!("is shorter than {least}"),
            false,
            Change::Replace(short.into()),
        );
    }
    if let Some(most) = flat.max_length.filter(|most| *most < LONGEST) {
        let long = text
            .chars()
            .chain(std::iter::repeat('a'))
            .take(most as usize + 1);
        add(
            format!("is longer than {most}"),
            false,
            Change::Replace(long.collect::<String>().into()),
        );
    }
    if flat.pattern.is_some() {
        // What no pattern of names, codes and numbers matches; the schema has the last word.
        add(
            "does not match its pattern".to_owned(),
            false,
            Change::Replace("\u{2603} !\u{2603}".into()),
        );
    }
    if let Some(format) = flat
        .format
        .as_deref()
        .filter(|format| CHECKED_FORMATS.contains(format))
    {
        let filler = "not a ".to_owned() + format;
        let least = flat.min_length.unwrap_or(0) as usize;
        let padded: String = filler
            .chars()
            .chain(std::iter::repeat(' '))
            .take(filler.len().max(least.min(LONGEST as usize)))
            .collect();
        add(
            format!("is no `{format}`"),
            true,
            Change::Replace(padded.into()),
        );
    }
}

fn array(flat: &Constraints, items: &[Value], add: &mut impl FnMut(String, bool, Change)) {
    /// Longer lists say nothing more about validation.
    const LONGEST: u64 = 1_000;
    if let Some(least) = flat.min_items.filter(|least| *least > 0) {
        let few: Vec<Value> = items.iter().take(least as usize - 1).cloned().collect();
        add(
            format!("has fewer than {least} items"),
            false,
            Change::Replace(few.into()),
        );
    }
    let Some(first) = items.first() else {
        return;
    };
    if let Some(most) = flat.max_items.filter(|most| *most < LONGEST) {
        let all = items.iter().chain(std::iter::repeat(first));
        let many: Vec<Value> = all.take(most as usize + 1).cloned().collect();
        add(
            format!("has more than {most} items"),
            false,
            Change::Replace(many.into()),
        );
    }
    if flat.unique_items {
        let twice = vec![first.clone(), first.clone()];
        add(
            "has an item twice".to_owned(),
            false,
            Change::Replace(twice.into()),
        );
    }
}
