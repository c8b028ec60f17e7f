//! Objects: properties, those that are not listed, and what they must have together.

use super::coverage::{Part, stands_alone};
use super::questions::base_of;
use super::writer::Schemas;
use crate::api::{Constraints, Schema};
use crate::scaffold::code::{Expression, call, property_key, string, text};
use crate::scaffold::models::Direction;
use crate::scaffold::patterns;

impl Schemas<'_, '_> {
    pub(super) fn object(&self, constraints: &Constraints) -> Expression {
        let alone = stands_alone(constraints, Part::Properties);
        let unevaluated = constraints.unevaluated_properties.as_ref();
        let rest = constraints
            .additional_properties
            .as_ref()
            .or(unevaluated.filter(|_| alone))
            .filter(|rest| **rest != Schema::Anything);
        let matching = self.patterns(constraints, rest);
        // The check of patterns looks after the rest too.
        let rest = rest.filter(|_| matching.is_none());
        let unlisted = constraints
            .required
            .iter()
            .filter(|name| !constraints.properties.contains_key(*name));
        let mut checks = Vec::new();
        let mut entries = self.properties(constraints);
        let mut names: Vec<&String> = constraints.properties.keys().collect();
        if rest.is_none() {
            for name in unlisted {
                entries.push((property_key(name), self.zod("unknown", vec![])));
                names.push(name);
            }
        } else {
            let unlisted: Vec<_> = unlisted.map(|name| text(string(name))).collect();
            if !unlisted.is_empty() {
                checks.push(call(self.helper("requires"), unlisted));
            }
        }
        if constraints.properties.contains_key("__proto__")
            || constraints.required.contains("__proto__")
        {
            self.gathered.borrow_mut().prototype = true;
        }
        let inherited = names.iter().any(|name| is_inherited(name));
        let expression = if inherited {
            let type_text = || {
                let base = base_of(constraints);
                self.types().of(&Schema::Constraints(Box::new(base))).flat()
            };
            let mut arguments = vec![shape(entries)];
            arguments.extend(rest.map(|rest| self.of(rest)));
            self.typed_call("ownProperties", type_text, None, arguments)
        } else {
            match rest {
                Some(Schema::Nothing) => self.zod("strictObject", vec![shape(entries)]),
                Some(schema) if entries.is_empty() => {
                    let key = self.zod("string", vec![]);
                    self.zod("record", vec![key, self.of(schema)])
                }
                Some(schema) => {
                    let catchall = self.of(schema);
                    self.zod("object", vec![shape(entries)])
                        .then("catchall", vec![catchall])
                }
                None => self.zod("looseObject", vec![shape(entries)]),
            }
        };
        checks.extend(matching);
        checks.extend(self.dependencies(constraints));
        let checked = |expression: Expression| {
            let expression = if checks.is_empty() {
                expression
            } else {
                expression.then("check", checks.clone())
            };
            sizes(constraints)
                .into_iter()
                .fold(expression, |expression, arguments| {
                    expression.then("refine", arguments)
                })
        };
        let has_checks = !checks.is_empty() || !sizes(constraints).is_empty();
        if has_checks && self.fills_in(constraints) {
            let type_text = || {
                let base = base_of(constraints);
                self.types().of(&Schema::Constraints(Box::new(base))).flat()
            };
            let received = checked(self.zod("looseObject", vec![shape(Vec::new())]));
            return self.typed_call("all", type_text, None, vec![expression, received]);
        }
        checked(expression)
    }

    /// The entries of `properties`.
    fn properties(&self, constraints: &Constraints) -> Vec<(String, Expression)> {
        let mut entries = Vec::new();
        for (name, schema) in &constraints.properties {
            if self.models.is_left_out(schema, self.direction) {
                if self.direction == Direction::Input {
                    entries.push((property_key(name), call(self.helper("readOnly"), vec![])));
                }
                continue;
            }
            let required = constraints.required.contains(name);
            entries.push((property_key(name), self.optional(schema, required)));
        }
        entries
    }

    /// `propertyNames`, `dependentRequired` and `dependentSchemas`.
    fn dependencies(&self, constraints: &Constraints) -> Vec<Expression> {
        let mut checks = Vec::new();
        let object = |entries| Expression::Object {
            entries,
            expanded: false,
        };
        if let Some(schema) = &constraints.property_names {
            checks.push(call(self.helper("propertyNames"), vec![self.of(schema)]));
        }
        if !constraints.dependent_required.is_empty() {
            let entries = constraints.dependent_required.iter().map(|(name, others)| {
                let others = others.iter().map(|name| text(string(name))).collect();
                (property_key(name), Expression::Array(others))
            });
            let dependencies = object(entries.collect());
            checks.push(call(self.helper("dependentRequired"), vec![dependencies]));
        }
        if !constraints.dependent_schemas.is_empty() {
            let entries = constraints
                .dependent_schemas
                .iter()
                .map(|(name, schema)| (property_key(name), self.of(schema)));
            let dependencies = object(entries.collect());
            checks.push(call(self.helper("dependentSchemas"), vec![dependencies]));
        }
        checks
    }

    /// The check of `patternProperties`.
    pub(super) fn patterns(
        &self,
        constraints: &Constraints,
        rest: Option<&Schema>,
    ) -> Option<Expression> {
        if constraints.pattern_properties.is_empty() {
            return None;
        }
        let mut matching = Vec::new();
        for (pattern, schema) in &constraints.pattern_properties {
            match patterns::literal(pattern) {
                Some(literal) => {
                    matching.push(Expression::Array(vec![text(literal), self.of(schema)]));
                }
                None => self.not_enforced(
                    constraints,
                    "patternProperties",
                    Some(format!(
                        "`{pattern}` is no regular expression of JavaScript"
                    )),
                ),
            }
        }
        let known = constraints
            .properties
            .keys()
            .map(|name| text(string(name)))
            .collect();
        let mut arguments = vec![Expression::Array(known), Expression::Array(matching)];
        if let Some(rest) = rest.filter(|rest| **rest != Schema::Anything) {
            arguments.push(self.of(rest));
        }
        Some(call(self.helper("patterns"), arguments))
    }
}

/// The arguments of `refine` for `minProperties` and `maxProperties`.
fn sizes(constraints: &Constraints) -> Vec<Vec<Expression>> {
    let least = constraints.min_properties.filter(|least| *least > 0);
    let most = constraints.max_properties;
    let sizes = [("at least", ">=", least), ("at most", "<=", most)];
    let arguments = sizes.into_iter().filter_map(|(words, sign, count)| {
        let count = count?;
        let noun = if count == 1 { "property" } else { "properties" };
        Some(vec![
            text(format!(
                "(value) => Object.keys(value).length {sign} {count}"
            )),
            text(string(&format!("must have {words} {count} {noun}"))),
        ])
    });
    arguments.collect()
}

/// Names that every JavaScript object answers to, whether it has such a property of its own or not.
fn is_inherited(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    ];
    // `__proto__`, `__defineGetter__` and their like.
    NAMES.contains(&name) || (name.starts_with("__") && name.ends_with("__"))
}

fn shape(entries: Vec<(String, Expression)>) -> Expression {
    Expression::Object {
        entries,
        expanded: true,
    }
}
