//! The rules of a description, ready to be asked: what a schema says to a value, and one flat set of
//! constraints for a schema that is put together from several.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use indexmap::IndexMap;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::api::{self, Api, Constraints, JsonType, Schema, SchemaName};
use crate::text::escape;

/// In which direction a value travels: what is read-only is not sent, what is write-only not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

/// A rule that a value does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Breach {
    /// JSON pointer in the value.
    pub(super) place: String,
    /// JSON pointer in the schema.
    pub(super) rule: String,
    /// A lower-case fragment.
    pub(super) message: String,
}

/// Everything that the description demands.
pub struct Rules<'a> {
    pub(super) api: &'a Api,
    /// The named schemas as JSON Schema, for each direction.
    definitions: [Value; 2],
    compiled: RefCell<Compiled>,
}

/// By the text of the schema; `None` for one that cannot be compiled.
type Compiled = HashMap<(String, Direction), Rc<Option<Validator>>>;

/// Longest text of a value in a message.
const LONGEST_MESSAGE: usize = 160;

impl<'a> Rules<'a> {
    pub fn new(api: &'a Api) -> Self {
        Self {
            api,
            definitions: [Direction::Request, Direction::Response]
                .map(|direction| definitions(api, direction)),
            compiled: RefCell::default(),
        }
    }

    /// What a schema says to a value, at most this many breaches. `None`: the schema itself cannot be
    /// compiled, so nothing is known.
    pub(super) fn breaches(
        &self,
        schema: &Schema,
        direction: Direction,
        value: &Value,
        most: usize,
    ) -> Option<Vec<Breach>> {
        let validator = self.validator(schema, direction);
        let validator = validator.as_ref().as_ref()?;
        let breaches = validator.iter_errors(value).take(most).map(|error| Breach {
            place: error.instance_path().to_string(),
            rule: error.schema_path().to_string(),
            message: shortened(&error.to_string()),
        });
        Some(breaches.collect())
    }

    pub(super) fn accepts(&self, schema: &Schema, direction: Direction, value: &Value) -> bool {
        self.breaches(schema, direction, value, 1)
            .is_none_or(|breaches| breaches.is_empty())
    }

    fn validator(&self, schema: &Schema, direction: Direction) -> Rc<Option<Validator>> {
        let mut root = directed(schema, self.api, direction);
        let key = (root.to_string(), direction);
        if let Some(known) = self.compiled.borrow().get(&key) {
            return Rc::clone(known);
        }
        let definitions = &self.definitions[usize::from(direction == Direction::Response)];
        if let Value::Object(map) = &mut root {
            map.insert("components".to_owned(), json!({"schemas": definitions}));
        }
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .should_validate_formats(true)
            .build(&root)
            .ok();
        let validator = Rc::new(validator);
        self.compiled
            .borrow_mut()
            .insert(key, Rc::clone(&validator));
        validator
    }

    /// The constraints of a schema and of all that it must hold together with; of alternatives, the
    /// one that `choice` falls on. `None` for what no value satisfies, or what never ends.
    pub(super) fn flat(
        &self,
        schema: &Schema,
        choice: &mut dyn FnMut(usize) -> usize,
    ) -> Option<Constraints> {
        self.flat_at(schema, choice, 0)
    }

    fn flat_at(
        &self,
        schema: &Schema,
        choice: &mut dyn FnMut(usize) -> usize,
        depth: usize,
    ) -> Option<Constraints> {
        /// References that lead to references; a schema that is deeper goes in a circle.
        const DEEPEST: usize = 32;
        if depth > DEEPEST {
            return None;
        }
        match schema {
            Schema::Anything => Some(Constraints::default()),
            Schema::Nothing => None,
            Schema::Reference(name) => self.flat_at(self.api.schemas.get(name)?, choice, depth + 1),
            Schema::Constraints(constraints) => {
                let mut flat = (**constraints).clone();
                if let Some(name) = flat.reference.take() {
                    let other = self.flat_at(self.api.schemas.get(&name)?, choice, depth + 1)?;
                    flat = merged(flat, other);
                }
                for part in std::mem::take(&mut flat.all_of) {
                    let part = self.flat_at(&part, choice, depth + 1)?;
                    flat = merged(flat, part);
                }
                for alternatives in [
                    std::mem::take(&mut flat.one_of),
                    std::mem::take(&mut flat.any_of),
                ] {
                    if alternatives.is_empty() {
                        continue;
                    }
                    let chosen = alternatives.get(choice(alternatives.len()))?;
                    let named = Self::discriminated(&flat, chosen);
                    let chosen = self.flat_at(chosen, choice, depth + 1)?;
                    flat = merged(flat, chosen);
                    if let Some((property, value)) = named {
                        let constant = Constraints {
                            constant: Some(value.into()),
                            ..Constraints::default()
                        };
                        flat.required.insert(property.clone());
                        flat.properties
                            .insert(property, Schema::from_constraints(constant));
                    }
                }
                Some(flat)
            }
        }
    }

    /// The property that names an alternative, and the name.
    fn discriminated(flat: &Constraints, chosen: &Schema) -> Option<(String, String)> {
        let discriminator = flat.discriminator.as_ref()?;
        let Schema::Reference(name) = chosen else {
            return None;
        };
        let mut mapping = discriminator.mapping.iter();
        let (value, _) = mapping.find(|(_, target)| *target == name)?;
        Some((discriminator.property.clone(), value.clone()))
    }

    /// Whether a property is only ever answered, or only ever sent.
    pub(super) fn is_left_out(&self, schema: &Schema, direction: Direction) -> bool {
        is_left_out(schema, self.api, direction)
    }
}

fn shortened(text: &str) -> String {
    let text = text.replace('"', "`");
    if text.chars().count() <= LONGEST_MESSAGE {
        return text;
    }
    // The end of the message says what is wrong; its start is the value.
    let characters: Vec<char> = text.chars().collect();
    let head: String = characters[..40].iter().collect();
    let tail: String = characters[characters.len() - (LONGEST_MESSAGE - 43)..]
        .iter()
        .collect();
    format!("{head}...{tail}")
}

fn is_left_out(schema: &Schema, api: &Api, direction: Direction) -> bool {
    let of = |constraints: &Constraints| match direction {
        Direction::Request => constraints.read_only,
        Direction::Response => constraints.write_only,
    };
    match schema {
        Schema::Reference(name) => match api.schemas.get(name) {
            Some(Schema::Constraints(constraints)) => of(constraints),
            _ => false,
        },
        Schema::Constraints(constraints) => of(constraints),
        Schema::Anything | Schema::Nothing => false,
    }
}

/// The schema as JSON, without demanding what does not travel in this direction.
fn directed(schema: &Schema, api: &Api, direction: Direction) -> Value {
    let mut schema = schema.clone();
    api::change_schema(&mut schema, &mut |schema| {
        if let Schema::Constraints(constraints) = schema {
            let properties = &constraints.properties;
            constraints.required.retain(|name| {
                properties
                    .get(name)
                    .is_none_or(|property| !is_left_out(property, api, direction))
            });
        }
    });
    without_annotations(api::schema_value(&schema))
}

fn definitions(api: &Api, direction: Direction) -> Value {
    let definitions: Map<String, Value> = api
        .schemas
        .iter()
        .map(|(SchemaName(name), schema)| (name.clone(), directed(schema, api, direction)))
        .collect();
    Value::Object(definitions)
}

/// OpenAPI's own members say nothing to a validator.
fn without_annotations(mut schema: Value) -> Value {
    if let Value::Object(map) = &mut schema {
        for key in ["discriminator", "xml", "example"] {
            map.remove(key);
        }
    }
    schema
}

/// Both hold.
fn merged(mut mine: Constraints, other: Constraints) -> Constraints {
    if mine.types.is_empty() {
        mine.types = other.types;
    } else if !other.types.is_empty() {
        let integer_too = other.types.contains(&JsonType::Number);
        let number_of_mine = mine.types.contains(&JsonType::Number);
        let narrowed = other.types.contains(&JsonType::Integer) && number_of_mine;
        mine.types.retain(|kind| {
            other.types.contains(kind) || (*kind == JsonType::Integer && integer_too)
        });
        if narrowed {
            mine.types.insert(JsonType::Integer);
        }
    }
    mine.enumeration = match (mine.enumeration, other.enumeration) {
        (Some(mine), Some(other)) => Some(
            mine.into_iter()
                .filter(|value| other.contains(value))
                .collect(),
        ),
        (mine, other) => mine.or(other),
    };
    mine.constant = mine.constant.or(other.constant);
    mine.format = mine.format.or(other.format);
    mine.pattern = mine.pattern.or(other.pattern);
    mine.content_encoding = mine.content_encoding.or(other.content_encoding);
    mine.min_length = mine.min_length.max(other.min_length);
    mine.max_length = least(mine.max_length, other.max_length);
    mine.min_items = mine.min_items.max(other.min_items);
    mine.max_items = least(mine.max_items, other.max_items);
    mine.min_properties = mine.min_properties.max(other.min_properties);
    mine.max_properties = least(mine.max_properties, other.max_properties);
    mine.minimum = narrower(mine.minimum, other.minimum, f64::max);
    mine.exclusive_minimum = narrower(mine.exclusive_minimum, other.exclusive_minimum, f64::max);
    mine.maximum = narrower(mine.maximum, other.maximum, f64::min);
    mine.exclusive_maximum = narrower(mine.exclusive_maximum, other.exclusive_maximum, f64::min);
    mine.multiple_of = mine.multiple_of.or(other.multiple_of);
    mine.unique_items |= other.unique_items;
    mine.items = both(mine.items, other.items);
    mine.contains = mine.contains.or(other.contains);
    mine.min_contains = mine.min_contains.max(other.min_contains);
    if mine.prefix_items.is_empty() {
        mine.prefix_items = other.prefix_items;
    }
    mine.properties = properties(mine.properties, other.properties);
    mine.required.extend(other.required);
    mine.pattern_properties.extend(other.pattern_properties);
    mine.dependent_required.extend(other.dependent_required);
    mine.additional_properties = match (mine.additional_properties, other.additional_properties) {
        (Some(Schema::Nothing), _) | (_, Some(Schema::Nothing)) => Some(Schema::Nothing),
        (mine, other) => both(mine, other),
    };
    mine.discriminator = mine.discriminator.or(other.discriminator);
    mine.one_of.extend(other.one_of);
    mine.any_of.extend(other.any_of);
    mine.default = mine.default.or(other.default);
    // An example of a part is no example of the whole.
    mine.read_only |= other.read_only;
    mine.write_only |= other.write_only;
    mine
}

fn properties(
    mut mine: IndexMap<String, Schema>,
    other: IndexMap<String, Schema>,
) -> IndexMap<String, Schema> {
    for (name, schema) in other {
        let joined = both(mine.shift_remove(&name), Some(schema));
        mine.extend(joined.map(|joined| (name, joined)));
    }
    mine
}

fn both(mine: Option<Schema>, other: Option<Schema>) -> Option<Schema> {
    match (mine, other) {
        (Some(mine), Some(other)) if mine != other => Some(Schema::from_constraints(Constraints {
            all_of: vec![mine, other],
            ..Constraints::default()
        })),
        (mine, other) => mine.or(other),
    }
}

fn least(mine: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (mine, other) {
        (Some(mine), Some(other)) => Some(mine.min(other)),
        (mine, other) => mine.or(other),
    }
}

fn narrower(
    mine: Option<serde_json::Number>,
    other: Option<serde_json::Number>,
    choose: fn(f64, f64) -> f64,
) -> Option<serde_json::Number> {
    match (mine, other) {
        (Some(mine), Some(other)) => {
            let (a, b) = (mine.as_f64()?, other.as_f64()?);
            Some(if choose(a, b).total_cmp(&a).is_eq() {
                mine
            } else {
                other
            })
        }
        (mine, other) => mine.or(other),
    }
}

/// The pointer of a schema's own text in the document is not known for inline schemas, so places are
/// told by the operation and the member: `/paths/~1users/get/responses/200`.
pub(super) fn pointer(path: &str, method: &str, below: &str) -> String {
    format!("/paths/{}/{method}{below}", escape(path))
}
