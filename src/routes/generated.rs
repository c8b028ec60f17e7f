//! The code that backsmith writes, read back: its runtime functions stand for the keywords that
//! they enforce, and its validators for the operations that they check.

use std::rc::Rc;

use indexmap::IndexMap;

use super::calls::Site;
use super::interpreter::{Binding, Interpreter};
use super::value::{Closure, Value, json_number};
use super::zod::{Bound, Zod, bound, schema_of};
use crate::api::{Constraints, Discriminator, JsonType, Schema};

/// The entry of a handler that holds an operation: the validator and the name.
pub(super) const OPERATION: &str = "\u{0}operation";
/// A check of the runtime: its name and its arguments.
const CHECK: &str = "\u{0}check";

impl<'a> Interpreter<'a> {
    /// The meaning of a call into a generated runtime file; nothing for other functions.
    pub(super) fn generated_call(
        &mut self,
        closure: Closure<'a>,
        arguments: &[Value<'a>],
        site: Site<'a>,
    ) -> Option<Value<'a>> {
        if !self.is_generated(closure.file) || !self.text(closure.file).contains("runtime/") {
            return None;
        }
        let name = self.function_name(closure)?;
        let first = arguments.first();
        let schema = |schema: Schema| Value::Schema(Rc::new(Zod::of(schema)));
        let constraints = |constraints: Constraints| schema(Schema::from_constraints(constraints));
        Some(match name.as_str() {
            "operation" => {
                let id = validator_name(site)?;
                // The file of the handler is the resource that the operation belongs to.
                let resource = match arguments.get(1) {
                    Some(Value::Function(handler)) => stem(&self.text(handler.file)),
                    _ => String::new(),
                };
                let entries = [
                    ("validator", arguments.first()?.clone()),
                    ("id", Value::text(id)),
                    ("resource", Value::text(resource)),
                ];
                let entries = entries.map(|(key, value)| (key.to_owned(), value));
                let operation = Value::record(entries.into_iter().collect());
                Value::record(IndexMap::from([(OPERATION.to_owned(), operation)]))
            }
            "refuse" | "prepare" => Value::Undefined,
            "define" => first?.clone(),
            "readOnly" => Value::Schema(Rc::new(Zod {
                optional: true,
                read_only: true,
                ..Zod::default()
            })),
            "file" => {
                let types = first.and_then(Value::as_list).unwrap_or_default().iter();
                let mut file = Zod::of(super::zod::typed(JsonType::String));
                file.edit(|constraints| constraints.format = Some("binary".to_owned()));
                file.media_types = types
                    .filter_map(Value::as_text)
                    .map(str::to_owned)
                    .collect();
                Value::Schema(Rc::new(file))
            }
            "discriminated" => {
                let mut mapping = IndexMap::new();
                let mut one_of = Vec::new();
                for (value, member) in arguments.get(1).into_iter().flat_map(entries) {
                    let member = schema_of(&member);
                    if let Schema::Reference(name) = &member {
                        mapping.insert(value, name.clone());
                    }
                    if !one_of.contains(&member) {
                        one_of.push(member);
                    }
                }
                constraints(Constraints {
                    one_of,
                    discriminator: Some(Discriminator {
                        property: first?.as_text()?.to_owned(),
                        mapping,
                    }),
                    ..Constraints::default()
                })
            }
            "all" => constraints(Constraints {
                all_of: arguments.iter().map(schema_of).collect(),
                ..Constraints::default()
            }),
            // Keywords without a `type`, sorted by the type that they apply to.
            "typed" => {
                let mut merged = Constraints::default();
                for (_, member) in first.into_iter().flat_map(entries) {
                    if let Schema::Constraints(part) = schema_of(&member) {
                        overlay(&mut merged, *part);
                    }
                }
                constraints(merged)
            }
            "anything" => schema(Schema::Anything),
            "constant" => {
                let values: Vec<_> = arguments.iter().filter_map(Value::json).collect();
                constraints(match values.as_slice() {
                    [value] => Constraints {
                        constant: Some(value.clone()),
                        ..Constraints::default()
                    },
                    _ => Constraints {
                        enumeration: Some(values),
                        ..Constraints::default()
                    },
                })
            }
            "number" => schema(super::zod::typed(JsonType::Number)),
            "integer" => schema(super::zod::typed(JsonType::Integer)),
            "int64" => {
                let mut zod = Zod::of(super::zod::typed(JsonType::Integer));
                zod.edit(|constraints| constraints.format = Some("int64".to_owned()));
                Value::Schema(Rc::new(zod))
            }
            "email" => text_format("email"),
            "format" => text_format(first?.as_text()?),
            "items" => {
                let prefix = first?.as_list().unwrap_or_default();
                constraints(Constraints {
                    types: [JsonType::Array].into_iter().collect(),
                    prefix_items: prefix.iter().map(schema_of).collect(),
                    items: arguments.get(1).map(schema_of),
                    ..Constraints::default()
                })
            }
            "ownProperties" => {
                let mut object = super::zod::object_of(first);
                object.additional_properties = arguments.get(1).map(schema_of);
                constraints(object)
            }
            "minLength"
            | "maxLength"
            | "contains"
            | "patterns"
            | "propertyNames"
            | "requires"
            | "dependentRequired"
            | "dependentSchemas"
            | "not"
            | "conditional"
            | "unevaluatedProperties"
            | "unevaluatedItems" => {
                let mut check = vec![Value::text(name)];
                check.extend(arguments.iter().cloned());
                Value::record(IndexMap::from([(
                    CHECK.to_owned(),
                    Value::List(Rc::new(check)),
                )]))
            }
            _ => return None,
        })
    }

    /// `refine(unique, …)` and the counts of properties and items.
    pub(super) fn generated_refinement(&mut self, zod: &mut Zod, check: Option<&Value<'a>>) {
        let Some(Value::Function(closure)) = check else {
            return;
        };
        if self.is_generated(closure.file)
            && self.function_name(*closure).as_deref() == Some("unique")
        {
            zod.edit(|constraints| constraints.unique_items = true);
            return;
        }
        let start = closure.node.start() as usize;
        let text = self.files[closure.file.0]
            .text
            .get(start..)
            .unwrap_or_default();
        let comparison = |text: &str| -> Option<(Bound, u64)> {
            let (side, rest) = match text.strip_prefix(" >= ") {
                Some(rest) => (Bound::Least, rest),
                None => (Bound::Most, text.strip_prefix(" <= ")?),
            };
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            Some((side, digits.parse().ok()?))
        };
        if let Some(rest) = text.strip_prefix("(value) => Object.keys(value).length") {
            match comparison(rest) {
                Some((Bound::Least, count)) => {
                    zod.edit(|constraints| constraints.min_properties = Some(count));
                }
                Some((Bound::Most, count)) => {
                    zod.edit(|constraints| constraints.max_properties = Some(count));
                }
                None => {}
            }
        } else if let Some(rest) = text.strip_prefix("(value) => value.length")
            && let Some((side, count)) = comparison(rest)
        {
            bound(zod, Some(count), None, side);
        }
    }

    /// The name under which the file of a function declares it.
    pub(super) fn function_name(&self, closure: Closure<'a>) -> Option<String> {
        if let Some(name) = closure.node.name() {
            return Some(name.to_owned());
        }
        let scope = self.loaded.get(&closure.file)?.scope?;
        let names = &self.scopes[scope.0].names;
        let found = names.iter().find(|(_, binding)| {
            matches!(binding, Binding::Value(Value::Function(other))
                if other.node.start() == closure.node.start())
        });
        found.map(|(name, _)| name.clone())
    }
}

/// `src/routes/users.ts` is `users`.
fn stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_owned()
}

fn text_format<'a>(format: &str) -> Value<'a> {
    let mut zod = Zod::of(super::zod::typed(JsonType::String));
    zod.edit(|constraints| constraints.format = Some(format.to_owned()));
    Value::Schema(Rc::new(zod))
}

fn entries<'a>(value: &Value<'a>) -> Vec<(String, Value<'a>)> {
    match value {
        Value::Record(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        _ => Vec::new(),
    }
}

/// The keywords of one type beside those of another. Types themselves are left out.
fn overlay(merged: &mut Constraints, part: Constraints) {
    macro_rules! take {
        ($($field:ident),*) => { $( if part.$field.is_some() { merged.$field = part.$field; } )* };
    }
    take!(
        format,
        min_length,
        max_length,
        pattern,
        minimum,
        maximum,
        exclusive_minimum,
        exclusive_maximum,
        multiple_of,
        items,
        contains,
        min_contains,
        max_contains,
        min_items,
        max_items,
        additional_properties,
        property_names,
        min_properties,
        max_properties,
        not
    );
    merged.unique_items |= part.unique_items;
    merged.properties.extend(part.properties);
    merged.required.extend(part.required);
    merged.pattern_properties.extend(part.pattern_properties);
    merged.dependent_required.extend(part.dependent_required);
    merged.dependent_schemas.extend(part.dependent_schemas);
    if !part.prefix_items.is_empty() {
        merged.prefix_items = part.prefix_items;
    }
}

/// `z.gte(0)` as a check; the schema keeps what it is.
pub(super) fn zod_check<'a>(name: &str, arguments: &[Value<'a>]) -> Value<'a> {
    let mut check = vec![Value::text(name)];
    check.extend(arguments.iter().cloned());
    Value::record(IndexMap::from([(
        CHECK.to_owned(),
        Value::List(Rc::new(check)),
    )]))
}

/// Adds the keyword of a runtime check to a schema.
pub(super) fn apply_check(zod: &mut Zod, check: &Value<'_>) {
    let Some([Value::Text(name), arguments @ ..]) = check.member(CHECK).and_then(Value::as_list)
    else {
        return;
    };
    let first = arguments.first();
    let count = |value: Option<&Value<'_>>| match value {
        Some(Value::Number(number)) => json_number(*number).and_then(|number| number.as_u64()),
        _ => None,
    };
    let texts = |values: &[Value<'_>]| -> Vec<String> {
        values
            .iter()
            .filter_map(Value::as_text)
            .map(str::to_owned)
            .collect()
    };
    match &**name {
        "minLength" => bound(zod, count(first), None, Bound::Least),
        "maxLength" => bound(zod, count(first), None, Bound::Most),
        "contains" => {
            let schema = first.map(schema_of);
            let (least, most) = (count(arguments.get(1)), count(arguments.get(2)));
            zod.edit(|constraints| {
                constraints.contains = schema;
                constraints.min_contains = least;
                constraints.max_contains = most;
            });
        }
        "patterns" => {
            let pairs = arguments
                .get(1)
                .and_then(Value::as_list)
                .unwrap_or_default();
            let rest = arguments.get(2).map(schema_of);
            zod.edit(|constraints| {
                for pair in pairs {
                    if let Some([Value::Pattern(pattern), schema]) = pair.as_list() {
                        let pattern = pattern.to_string();
                        constraints
                            .pattern_properties
                            .insert(pattern, schema_of(schema));
                    }
                }
                constraints.additional_properties = rest;
            });
        }
        "propertyNames" => {
            let schema = first.map(schema_of);
            zod.edit(|constraints| constraints.property_names = schema);
        }
        "requires" => {
            let names = texts(arguments);
            zod.edit(|constraints| constraints.required.extend(names));
        }
        "dependentRequired" => {
            let pairs = first.into_iter().flat_map(entries);
            let pairs: Vec<_> = pairs
                .map(|(key, value)| (key, texts(value.as_list().unwrap_or_default())))
                .collect();
            zod.edit(|constraints| constraints.dependent_required.extend(pairs));
        }
        "dependentSchemas" => {
            let pairs = first.into_iter().flat_map(entries);
            let pairs: Vec<_> = pairs.map(|(key, value)| (key, schema_of(&value))).collect();
            zod.edit(|constraints| constraints.dependent_schemas.extend(pairs));
        }
        "not" => {
            let schema = first.map(schema_of);
            zod.edit(|constraints| constraints.not = schema);
        }
        // What is covered follows from the rest of the schema.
        "unevaluatedProperties" | "unevaluatedItems" => {
            let rest = Some(arguments.get(1).map_or(Schema::Nothing, schema_of));
            zod.edit(|constraints| match &**name {
                "unevaluatedItems" => constraints.unevaluated_items = rest,
                _ => constraints.unevaluated_properties = rest,
            });
        }
        "conditional" => {
            let branch = |index: usize| match arguments.get(index) {
                Some(Value::Schema(zod)) => Some(zod.schema().clone()),
                _ => None,
            };
            let (condition, then, otherwise) = (branch(0), branch(1), branch(2));
            zod.edit(|constraints| {
                constraints.if_schema = condition;
                constraints.then_schema = then;
                constraints.else_schema = otherwise;
            });
        }
        _ => {}
    }
}

/// `validators.listUsers` is the operation `listUsers`.
fn validator_name(site: Site<'_>) -> Option<String> {
    use oxc_ast::ast::Expression;
    let argument = site.call.arguments.first()?.as_expression()?;
    match argument.get_inner_expression() {
        Expression::StaticMemberExpression(member) => Some(member.property.name.to_string()),
        Expression::Identifier(id) => Some(id.name.to_string()),
        _ => None,
    }
}
