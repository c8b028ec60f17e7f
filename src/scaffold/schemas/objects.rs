//! Objects: properties, those that are not listed, and what they must have together.

use super::writer::Schemas;
use crate::api::{Constraints, Schema};
use crate::scaffold::code::{Expression, call, property_key, string, text};
use crate::scaffold::models::Direction;
use crate::scaffold::patterns;

impl Schemas<'_, '_> {
    pub(super) fn object(&self, constraints: &Constraints, _type_name: Option<&str>) -> Expression {
        let mut entries: Vec<(String, Expression)> = Vec::new();
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
        let unlisted: Vec<&String> = constraints
            .required
            .iter()
            .filter(|name| !constraints.properties.contains_key(*name))
            .collect();
        // Without compositions that evaluate more, these two keywords are one.
        let alone = constraints.all_of.is_empty()
            && constraints.any_of.is_empty()
            && constraints.one_of.is_empty()
            && constraints.reference.is_none()
            && constraints.if_schema.is_none()
            && constraints.dependent_schemas.is_empty();
        let rest = match (
            &constraints.additional_properties,
            &constraints.unevaluated_properties,
        ) {
            (None, Some(schema)) if alone => Some(schema),
            (None, Some(schema)) if *schema != Schema::Anything => {
                self.not_enforced("unevaluatedProperties", None);
                None
            }
            (rest, _) => rest.as_ref(),
        };
        let mut checks = Vec::new();
        let matching = self.patterns(constraints, rest);
        let mut expression = match rest {
            Some(Schema::Nothing) if matching.is_none() => {
                self.zod("strictObject", vec![shape(entries)])
            }
            Some(schema) if matching.is_none() && *schema != Schema::Anything => {
                if entries.is_empty() {
                    let key = self.zod("string", vec![]);
                    self.zod("record", vec![key, self.of(schema)])
                } else {
                    let catchall = self.of(schema);
                    self.zod("object", vec![shape(entries)])
                        .then("catchall", vec![catchall])
                }
            }
            _ => {
                for name in &unlisted {
                    entries.push((property_key(name), self.zod("unknown", vec![])));
                }
                self.zod("looseObject", vec![shape(entries)])
            }
        };
        let strict =
            matches!(rest, Some(schema) if *schema != Schema::Anything) && matching.is_none();
        if strict && !unlisted.is_empty() {
            let names = unlisted.iter().map(|name| text(string(name))).collect();
            checks.push(call(self.helper("requires"), names));
        }
        checks.extend(matching);
        if let Some(schema) = &constraints.property_names {
            checks.push(call(self.helper("propertyNames"), vec![self.of(schema)]));
        }
        if !constraints.dependent_required.is_empty() {
            let entries = constraints
                .dependent_required
                .iter()
                .map(|(name, others)| {
                    let others = others.iter().map(|name| text(string(name))).collect();
                    (property_key(name), Expression::Array(others))
                })
                .collect();
            let dependencies = Expression::Object {
                entries,
                expanded: false,
            };
            checks.push(call(self.helper("dependentRequired"), vec![dependencies]));
        }
        if !constraints.dependent_schemas.is_empty() {
            let entries = constraints
                .dependent_schemas
                .iter()
                .map(|(name, schema)| (property_key(name), self.of(schema)))
                .collect();
            let dependencies = Expression::Object {
                entries,
                expanded: false,
            };
            checks.push(call(self.helper("dependentSchemas"), vec![dependencies]));
        }
        if !checks.is_empty() {
            expression = expression.then("check", checks);
        }
        let sizes = [
            (
                "at least",
                ">=",
                constraints.min_properties.filter(|least| *least > 0),
            ),
            ("at most", "<=", constraints.max_properties),
        ];
        for (words, sign, count) in sizes {
            if let Some(count) = count {
                let noun = if count == 1 { "property" } else { "properties" };
                expression = expression.then(
                    "refine",
                    vec![
                        text(format!(
                            "(value) => Object.keys(value).length {sign} {count}"
                        )),
                        text(string(&format!("must have {words} {count} {noun}"))),
                    ],
                );
            }
        }
        expression
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

fn shape(entries: Vec<(String, Expression)>) -> Expression {
    Expression::Object {
        entries,
        expanded: true,
    }
}
