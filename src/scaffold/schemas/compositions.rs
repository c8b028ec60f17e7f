//! References, allOf, anyOf, oneOf, enum, not and if: how schemas are put together.

use indexmap::IndexMap;

use super::questions::{
    admits, all_different, constant_of, has_keywords, holds_files, is_large, is_null, is_unsafe,
    requires,
};
use super::writer::Schemas;
use crate::api::{Constraints, JsonType, Schema, SchemaName};
use crate::scaffold::code::{Expression, call, json, property_key, string, text};
use crate::scaffold::kinds::{self, Kinds};
use crate::scaffold::models::Treatment;
use crate::scaffold::types::stripped;

impl Schemas<'_, '_> {
    pub(super) fn convert(
        &self,
        schema: &Schema,
        allowed: Kinds,
        inside: Option<&SchemaName>,
        type_name: Option<&str>,
    ) -> Expression {
        match schema {
            Schema::Anything if allowed == Kinds::ALL => self.zod("unknown", vec![]),
            Schema::Anything => self.of_kinds(&Constraints::default(), allowed),
            Schema::Nothing => self.zod("never", vec![]),
            Schema::Reference(name) => self.reference(name, allowed, inside, type_name),
            Schema::Constraints(constraints) => {
                self.constraints(constraints, allowed, inside, type_name)
            }
        }
    }

    pub(super) fn reference(
        &self,
        name: &SchemaName,
        allowed: Kinds,
        inside: Option<&SchemaName>,
        type_name: Option<&str>,
    ) -> Expression {
        match self.models.treatment(inside, name) {
            Treatment::Dropped => self.zod("never", vec![]),
            Treatment::Stripped => match self.models.schema(name).map(stripped) {
                Some(schema) => self.convert(&schema, allowed, inside, type_name),
                None => self.zod("unknown", vec![]),
            },
            Treatment::Keep => {
                if self.files
                    && let Some(schema) = self
                        .models
                        .schema(name)
                        .filter(|schema| holds_files(self.models, schema))
                {
                    return self.convert(schema, allowed, None, type_name);
                }
                let Some((form, identifier)) = self.models.form(name, self.direction) else {
                    return self.zod("unknown", vec![]);
                };
                let expression = text(format!("{}{identifier}", self.prefix));
                if self.written.is_some_and(|written| !written.contains(form)) {
                    self.zod("lazy", vec![Expression::Arrow(Box::new(expression))])
                } else {
                    expression
                }
            }
        }
    }

    pub(super) fn constraints(
        &self,
        constraints: &Constraints,
        allowed: Kinds,
        inside: Option<&SchemaName>,
        type_name: Option<&str>,
    ) -> Expression {
        let api = self.models.api;
        let kinds = kinds::of_constraints(api, constraints).and(allowed);
        let type_text = || {
            self.types()
                .convert(
                    &Schema::Constraints(Box::new(constraints.clone())),
                    allowed,
                    inside,
                )
                .flat()
        };
        let mut together: Vec<Expression> = Vec::new();
        if let Some(values) = kinds::values(constraints) {
            let values: Vec<_> = values
                .into_iter()
                .filter(|value| kinds.contains(kinds::kind_of_value(value)))
                .collect();
            together.push(self.values(&values, constraints));
        } else if self.needs_base(constraints, allowed) {
            let untyped =
                constraints.types.is_empty() && allowed == Kinds::ALL && kinds == Kinds::ALL;
            let base = if untyped {
                self.untyped(constraints)
            } else {
                self.of_kinds(constraints, kinds)
            };
            together.push(base);
        }
        if let Some(name) = &constraints.reference {
            together.push(self.reference(name, kinds, inside, None));
        }
        for schema in &constraints.all_of {
            // What says nothing adds nothing.
            if !matches!(schema, Schema::Anything) {
                together.push(self.convert(schema, kinds, inside, None));
            }
        }
        for (method, schemas) in [("union", &constraints.any_of), ("xor", &constraints.one_of)] {
            if !schemas.is_empty() {
                // Alone, the alternatives are the whole type.
                let alone =
                    together.is_empty() && (method == "xor" || constraints.one_of.is_empty());
                let type_name = type_name.filter(|_| alone);
                together.push(self.alternatives(
                    method,
                    schemas,
                    constraints,
                    kinds,
                    inside,
                    type_name,
                ));
            }
        }
        let conditions = self.conditions(constraints, kinds);
        // Conditions are about the value as it was received, without the defaults.
        if !conditions.is_empty() && self.fills_in(constraints) {
            let received = self.zod("unknown", vec![]);
            together.push(received.then("check", conditions));
            return self.typed_call("all", type_text, type_name, together);
        }
        let expression = match together.len() {
            0 => self.zod("unknown", vec![]),
            1 => together.remove(0),
            _ => self.typed_call("all", type_text, type_name, together),
        };
        if conditions.is_empty() {
            expression
        } else {
            expression.then("check", conditions)
        }
    }

    /// Whether a value of the schema object may get defaults filled in, at any depth.
    pub(super) fn fills_in(&self, constraints: &Constraints) -> bool {
        self.models.fills_in(constraints)
    }

    /// Whether `type` or a keyword of one type has to be checked beside the compositions.
    pub(super) fn needs_base(&self, constraints: &Constraints, allowed: Kinds) -> bool {
        if has_keywords(constraints) {
            return true;
        }
        if constraints.types.is_empty() {
            let composed = constraints.reference.is_some()
                || !constraints.all_of.is_empty()
                || !constraints.any_of.is_empty()
                || !constraints.one_of.is_empty();
            return !composed && allowed != Kinds::ALL;
        }
        let types = Kinds::of(constraints.types.iter().copied());
        let implied = |name: &SchemaName| {
            let kinds = kinds::of(self.models.api, &Schema::Reference(name.clone()));
            kinds.and(types) == kinds
        };
        let implied_by =
            |schema: &Schema| matches!(schema, Schema::Reference(name) if implied(name));
        let alternatives =
            |schemas: &[Schema]| !schemas.is_empty() && schemas.iter().all(implied_by);
        !(constraints.reference.as_ref().is_some_and(implied)
            || constraints.all_of.iter().any(implied_by)
            || alternatives(&constraints.any_of)
            || alternatives(&constraints.one_of))
    }

    /// `enum` and `const`.
    pub(super) fn values(
        &self,
        values: &[&serde_json::Value],
        constraints: &Constraints,
    ) -> Expression {
        let composed = |value: &&serde_json::Value| value.is_object() || value.is_array();
        // Numbers beyond 2^53 are compared by their digits.
        if values
            .iter()
            .any(|value| composed(value) || is_unsafe(value))
        {
            let type_text = || {
                self.types()
                    .of(&Schema::Constraints(Box::new(constraints.clone())))
                    .flat()
            };
            let argument = |value: &&serde_json::Value| match value {
                serde_json::Value::Number(number) if is_large(number) => text(format!("{number}n")),
                value => json(value),
            };
            let arguments = values.iter().map(argument).collect();
            return self.typed_call("constant", type_text, None, arguments);
        }
        let nullable = values.len() > 1 && values.iter().any(|value| value.is_null());
        let others: Vec<_> = values
            .iter()
            .filter(|value| !nullable || !value.is_null())
            .collect();
        let items: Vec<Expression> = others.iter().map(|value| json(value)).collect();
        let expression = match items.len() {
            0 => self.zod("never", vec![]),
            1 => self.zod("literal", items),
            _ if others.iter().all(|value| value.is_string()) => {
                self.zod("enum", vec![Expression::Array(items)])
            }
            _ => self.zod("literal", vec![Expression::Array(items)]),
        };
        if nullable {
            expression.then("nullable", vec![])
        } else {
            expression
        }
    }

    pub(super) fn alternatives(
        &self,
        method: &str,
        schemas: &[Schema],
        constraints: &Constraints,
        kinds: Kinds,
        inside: Option<&SchemaName>,
        type_name: Option<&str>,
    ) -> Expression {
        let api = self.models.api;
        let (nulls, others): (Vec<&Schema>, Vec<&Schema>) = schemas
            .iter()
            .filter(|schema| {
                !matches!(schema, Schema::Reference(name)
                    if self.models.treatment(inside, name) == Treatment::Dropped)
            })
            .partition(|schema| is_null(schema));
        // `null` beside schemas that refuse it is nullability.
        let allows_null = others
            .iter()
            .any(|schema| kinds::of(api, schema).contains(JsonType::Null));
        let nullable = nulls.len() == 1 && (!allows_null || method == "union");
        let members: Vec<&Schema> = if nullable {
            others
        } else {
            nulls.into_iter().chain(others).collect()
        };
        let constants: Option<Vec<&serde_json::Value>> =
            members.iter().map(|schema| constant_of(schema)).collect();
        let expression = match constants {
            Some(values) if values.len() > 1 && all_different(&values) => {
                self.values(&values, constraints)
            }
            _ => {
                let alternatives = || {
                    let members = members
                        .iter()
                        .map(|schema| self.convert(schema, kinds, inside, None))
                        .collect();
                    self.zod(method, vec![Expression::Array(members)])
                };
                // Where one must hold alone, the name settles which, also when it may be missing.
                let otherwise = (method == "xor").then_some(&alternatives as &dyn Fn() -> _);
                match self.discriminated(
                    &members,
                    constraints,
                    kinds,
                    type_name.filter(|_| !nullable),
                    otherwise,
                ) {
                    Some(expression) => expression,
                    None if members.is_empty() => self.zod("never", vec![]),
                    None if members.len() == 1 => self.convert(members[0], kinds, inside, None),
                    None => alternatives(),
                }
            }
        };
        if nullable {
            expression.then("nullable", vec![])
        } else {
            expression
        }
    }

    /// The alternatives by the value of the discriminator. When one of them does not require it, values
    /// without a known name are for `otherwise` to judge; without that there is no expression.
    pub(super) fn discriminated(
        &self,
        members: &[&Schema],
        constraints: &Constraints,
        kinds: Kinds,
        type_name: Option<&str>,
        otherwise: Option<&dyn Fn() -> Expression>,
    ) -> Option<Expression> {
        let discriminator = constraints.discriminator.as_ref()?;
        let names: Vec<&SchemaName> = members
            .iter()
            .map(|schema| match schema {
                Schema::Reference(name) => Some(name),
                _ => None,
            })
            .collect::<Option<_>>()?;
        let property = &discriminator.property;
        let requires = |name: &&SchemaName| {
            requires(
                self.models,
                &Schema::Reference((*name).clone()),
                property,
                0,
            )
        };
        let mut mapping: IndexMap<&str, &SchemaName> = IndexMap::new();
        for (value, name) in &discriminator.mapping {
            if names.contains(&name) && admits(self.models, name, property, value) {
                mapping.insert(value, name);
            }
        }
        let mapped = names
            .iter()
            .all(|name| mapping.values().any(|mapped| mapped == name));
        if names.len() < 2 || !mapped {
            return None;
        }
        let rest = if names.iter().all(requires) {
            None
        } else {
            Some(otherwise?())
        };
        let union = Schema::Constraints(Box::new(Constraints {
            one_of: names
                .iter()
                .map(|name| Schema::Reference((*name).clone()))
                .collect(),
            ..Constraints::default()
        }));
        let entries = mapping
            .into_iter()
            .map(|(value, name)| (property_key(value), self.reference(name, kinds, None, None)))
            .collect();
        let members = Expression::Object {
            entries,
            expanded: true,
        };
        let type_text = || self.types().of(&union).flat();
        Some(
            self.typed_call(
                "discriminated",
                type_text,
                type_name,
                [text(string(property)), members]
                    .into_iter()
                    .chain(rest)
                    .collect(),
            ),
        )
    }

    /// `not`, `if` with its branches, and what no part of the schema speaks of.
    fn conditions(&self, constraints: &Constraints, kinds: Kinds) -> Vec<Expression> {
        let mut checks = Vec::new();
        if let Some(schema) = &constraints.not {
            checks.push(call(
                self.helper("not"),
                vec![self.condition(schema, kinds)],
            ));
        }
        if let Some(condition) = &constraints.if_schema {
            let branches = [&constraints.then_schema, &constraints.else_schema];
            if branches.iter().any(|branch| branch.is_some()) {
                let mut arguments = vec![self.condition(condition, kinds)];
                match branches {
                    [Some(then), None] => arguments.push(self.condition(then, kinds)),
                    [then, otherwise] => {
                        arguments.push(match then {
                            Some(then) => self.condition(then, kinds),
                            None => text("undefined"),
                        });
                        arguments
                            .extend(otherwise.iter().map(|schema| self.condition(schema, kinds)));
                    }
                }
                checks.push(call(self.helper("conditional"), arguments));
            }
        }
        checks.extend(self.unevaluated(constraints, kinds));
        checks
    }

    /// A schema that is applied to a value whose kind is known.
    pub(super) fn condition(&self, schema: &Schema, kinds: Kinds) -> Expression {
        let narrowed = kinds::of(self.models.api, schema).and(kinds);
        if narrowed == Kinds::NONE {
            return self.convert(schema, Kinds::ALL, None, None);
        }
        self.convert(schema, kinds, None, None)
    }
}
