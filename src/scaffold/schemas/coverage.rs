//! What the parts of a schema speak of: the properties and items that `unevaluatedProperties` and
//! `unevaluatedItems` leave alone. What is known from the document alone is collected here; what
//! depends on the value, an alternative for example, is asked at run time.

use indexmap::IndexSet;

use super::writer::Schemas;
use crate::api::{Constraints, Schema, SchemaName};
use crate::scaffold::code::{Expression, call, property_key, string, text};
use crate::scaffold::kinds::Kinds;
use crate::scaffold::patterns;

/// Which of the two keywords asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Properties,
    Items,
}

/// What a schema speaks of, with what its alternatives add where they hold.
#[derive(Debug, Default)]
struct Coverage {
    everything: bool,
    names: IndexSet<String>,
    patterns: IndexSet<String>,
    /// The number of items that `prefixItems` describes.
    prefix: usize,
    /// The schemas of `contains`.
    containing: Vec<Expression>,
    /// A condition, what is covered where it holds, and where it does not.
    when: Vec<(Expression, Self, Self)>,
}

impl Coverage {
    fn is_empty(&self) -> bool {
        !self.everything
            && self.names.is_empty()
            && self.patterns.is_empty()
            && self.prefix == 0
            && self.containing.is_empty()
            && self.when.is_empty()
    }

    fn join(&mut self, other: Self) {
        self.everything |= other.everything;
        self.names.extend(other.names);
        self.patterns.extend(other.patterns);
        self.prefix = self.prefix.max(other.prefix);
        self.containing.extend(other.containing);
        self.when.extend(other.when);
    }

    /// Leaves out what is covered whether a condition holds or not.
    fn reduce(&mut self) {
        let Self {
            names,
            patterns,
            prefix,
            when,
            ..
        } = self;
        for (_, then, otherwise) in when.iter_mut() {
            for branch in [then, otherwise] {
                branch.names.retain(|name| !names.contains(name));
                branch
                    .patterns
                    .retain(|pattern| !patterns.contains(pattern));
                if branch.prefix <= *prefix {
                    branch.prefix = 0;
                }
                branch.reduce();
            }
        }
        when.retain(|(_, then, otherwise)| !(then.is_empty() && otherwise.is_empty()));
    }

    fn into_expression(self) -> Expression {
        let mut entries = Vec::new();
        if self.everything {
            entries.push(("everything", text("true")));
        } else {
            let names: Vec<_> = self.names.iter().map(|name| text(string(name))).collect();
            if !names.is_empty() {
                entries.push(("names", Expression::Array(names)));
            }
            let patterns: Vec<_> = self.patterns.into_iter().map(text).collect();
            if !patterns.is_empty() {
                entries.push(("patterns", Expression::Array(patterns)));
            }
            if self.prefix > 0 {
                entries.push(("prefix", text(self.prefix.to_string())));
            }
            if !self.containing.is_empty() {
                entries.push(("containing", Expression::Array(self.containing)));
            }
            let when: Vec<_> = self
                .when
                .into_iter()
                .map(|(condition, then, otherwise)| {
                    let mut branch = vec![condition, then.into_expression()];
                    if !otherwise.is_empty() {
                        branch.push(otherwise.into_expression());
                    }
                    Expression::Array(branch)
                })
                .collect();
            if !when.is_empty() {
                entries.push(("when", Expression::Array(when)));
            }
        }
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        Expression::Object {
            entries,
            expanded: false,
        }
    }
}

/// Whether no other keyword of the schema object speaks of properties (or items) of its own accord,
/// so that `unevaluatedProperties` is `additionalProperties` and `unevaluatedItems` is `items`.
pub(super) fn stands_alone(constraints: &Constraints, part: Part) -> bool {
    let applied = match part {
        Part::Properties => constraints.dependent_schemas.is_empty(),
        Part::Items => constraints.contains.is_none(),
    };
    applied
        && constraints.all_of.is_empty()
        && constraints.any_of.is_empty()
        && constraints.one_of.is_empty()
        && constraints.reference.is_none()
        && constraints.if_schema.is_none()
}

impl Schemas<'_, '_> {
    /// The checks of `unevaluatedProperties` and `unevaluatedItems`, where they are more than
    /// `additionalProperties` and `items` by another name.
    pub(super) fn unevaluated(&self, constraints: &Constraints, kinds: Kinds) -> Vec<Expression> {
        let keywords = [
            (
                Part::Properties,
                "unevaluatedProperties",
                &constraints.unevaluated_properties,
            ),
            (
                Part::Items,
                "unevaluatedItems",
                &constraints.unevaluated_items,
            ),
        ];
        let mut checks = Vec::new();
        for (part, helper, rest) in keywords {
            let Some(rest) = rest.as_ref().filter(|rest| **rest != Schema::Anything) else {
                continue;
            };
            if stands_alone(constraints, part) {
                continue;
            }
            let mut coverage = self.coverage(constraints, part, kinds, &mut Vec::new());
            if coverage.everything {
                continue;
            }
            coverage.reduce();
            let mut arguments = vec![coverage.into_expression()];
            if *rest != Schema::Nothing {
                arguments.push(self.of(rest));
            }
            checks.push(call(self.helper(helper), arguments));
        }
        checks
    }

    /// What a schema object speaks of, its own `unevaluated…` apart.
    fn coverage(
        &self,
        constraints: &Constraints,
        part: Part,
        kinds: Kinds,
        path: &mut Vec<SchemaName>,
    ) -> Coverage {
        let mut found = Coverage::default();
        match part {
            Part::Properties => {
                found.names.extend(constraints.properties.keys().cloned());
                found.everything |= constraints.additional_properties.is_some();
                for pattern in constraints.pattern_properties.keys() {
                    match patterns::literal(pattern) {
                        Some(literal) => drop(found.patterns.insert(literal)),
                        // Listed as not enforced where the pattern stands.
                        None => found.everything = true,
                    }
                }
                for (name, schema) in &constraints.dependent_schemas {
                    let entry = (property_key(name), self.zod("unknown", vec![]));
                    let shape = Expression::Object {
                        entries: vec![entry],
                        expanded: false,
                    };
                    let condition = self.zod("looseObject", vec![shape]);
                    let then = self.coverage_of(schema, part, kinds, path);
                    found.when.push((condition, then, Coverage::default()));
                }
            }
            Part::Items => {
                found.prefix = constraints.prefix_items.len();
                found.everything |= constraints.items.is_some();
                let contains = constraints.contains.as_ref();
                found
                    .containing
                    .extend(contains.map(|schema| self.of(schema)));
            }
        }
        if let Some(name) = &constraints.reference {
            found.join(self.coverage_of(&Schema::Reference(name.clone()), part, kinds, path));
        }
        for schema in &constraints.all_of {
            found.join(self.coverage_of(schema, part, kinds, path));
        }
        for schema in constraints.any_of.iter().chain(&constraints.one_of) {
            let then = self.coverage_of(schema, part, kinds, path);
            if !then.is_empty() {
                let condition = self.condition(schema, kinds);
                found.when.push((condition, then, Coverage::default()));
            }
        }
        if let Some(condition) = &constraints.if_schema {
            let branch = |schema: &Option<Schema>, path: &mut Vec<SchemaName>| {
                schema.as_ref().map_or_else(Coverage::default, |schema| {
                    self.coverage_of(schema, part, kinds, path)
                })
            };
            let mut then = self.coverage_of(condition, part, kinds, path);
            then.join(branch(&constraints.then_schema, path));
            let otherwise = branch(&constraints.else_schema, path);
            if !(then.is_empty() && otherwise.is_empty()) {
                let condition = self.condition(condition, kinds);
                found.when.push((condition, then, otherwise));
            }
        }
        found
    }

    /// What a schema that holds for the same value speaks of.
    fn coverage_of(
        &self,
        schema: &Schema,
        part: Part,
        kinds: Kinds,
        path: &mut Vec<SchemaName>,
    ) -> Coverage {
        match schema {
            Schema::Anything | Schema::Nothing => Coverage::default(),
            Schema::Reference(name) => {
                // A schema that is made of itself adds nothing new.
                let Some(schema) = self.models.schema(name).filter(|_| !path.contains(name)) else {
                    return Coverage::default();
                };
                path.push(name.clone());
                let coverage = self.coverage_of(schema, part, kinds, path);
                path.pop();
                coverage
            }
            Schema::Constraints(constraints) => {
                let rest = match part {
                    Part::Properties => &constraints.unevaluated_properties,
                    Part::Items => &constraints.unevaluated_items,
                };
                if rest.is_some() {
                    return Coverage {
                        everything: true,
                        ..Coverage::default()
                    };
                }
                self.coverage(constraints, part, kinds, path)
            }
        }
    }
}
