//! The writer of expressions: its settings, and what is common to all schemas.

use std::cell::RefCell;
use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::gaps::{Gap, Gathered};
use super::questions::{
    base_of, has_array_keywords, has_number_keywords, has_object_keywords, has_string_keywords,
};
use crate::api::{Constraints, Encoding, JsonType, Schema, SchemaName};
use crate::scaffold::code::{Expression, call, json, property_key, string, text, zod};
use crate::scaffold::kinds::Kinds;
use crate::scaffold::models::{Direction, Form, Models};
use crate::scaffold::types::{Types, default_of};

/// Writes schemas as expressions.
#[derive(Debug)]
pub(in crate::scaffold) struct Schemas<'m, 'a> {
    pub(in crate::scaffold) models: &'m Models<'a>,
    /// Before the names of other schemas: empty in their own file, `schemas.` elsewhere.
    pub(in crate::scaffold) prefix: &'static str,
    pub(in crate::scaffold) direction: Direction,
    /// The forms that stand above in the same file; others are referred to lazily. `None`: all are there.
    pub(in crate::scaffold) written: Option<&'m BTreeSet<&'m Form>>,
    /// The names of forms have uploaded files as values.
    pub(in crate::scaffold) files: bool,
    /// What is being written, for the list of what is not enforced.
    pub(in crate::scaffold) place: String,
    /// Names that runtime functions may not have in this file.
    pub(in crate::scaffold) aliased: &'m BTreeSet<String>,
    pub(in crate::scaffold) gathered: &'m RefCell<Gathered>,
}

impl Schemas<'_, '_> {
    pub(in crate::scaffold) fn of(&self, schema: &Schema) -> Expression {
        self.convert(schema, Kinds::ALL, None, None)
    }

    /// The expression of a named schema; `type_name` is its type.
    pub(in crate::scaffold) fn declared(
        &self,
        name: &SchemaName,
        schema: &Schema,
        type_name: &str,
    ) -> Expression {
        self.convert(schema, Kinds::ALL, Some(name), Some(type_name))
    }

    /// The expression of something that may be left out.
    pub(in crate::scaffold) fn optional(&self, schema: &Schema, required: bool) -> Expression {
        let expression = self.of(schema);
        if required {
            return expression;
        }
        match default_of(self.models, schema) {
            Some(value) if value.is_array() || value.is_object() => {
                let value = crate::scaffold::defaults::filled(self.models, value, schema, 0);
                let fresh = call(self.helper("fresh"), vec![json(&value)]);
                expression.then("default", vec![fresh])
            }
            Some(value) => expression.then("default", vec![json(value)]),
            None => expression.then("optional", vec![]),
        }
    }

    /// A function of runtime/schema.ts, under the name that it has in this file.
    pub(in crate::scaffold) fn helper(&self, name: &'static str) -> String {
        self.gathered.borrow_mut().helpers.insert(name);
        if self.aliased.contains(name) {
            format!("{name}Schema")
        } else {
            name.to_owned()
        }
    }

    pub(in crate::scaffold) fn zod(&self, method: &str, arguments: Vec<Expression>) -> Expression {
        self.gathered.borrow_mut().zod = true;
        zod(method, arguments)
    }

    /// A keyword of a schema that no expression says.
    pub(super) fn not_enforced(
        &self,
        constraints: &Constraints,
        keyword: &'static str,
        reason: Option<String>,
    ) {
        self.gathered.borrow_mut().not_enforced.insert(Gap {
            keyword,
            subject: self.place.clone(),
            reason,
            origin: constraints.origin.number(),
            below: format!("/{keyword}"),
        });
    }

    pub(super) fn types(&self) -> Types<'_, '_> {
        Types {
            models: self.models,
            prefix: "models.",
            direction: self.direction,
            files: self.files,
        }
    }

    /// `name<Type>(arguments)`.
    pub(super) fn typed_call(
        &self,
        name: &'static str,
        type_text: impl FnOnce() -> String,
        type_name: Option<&str>,
        arguments: Vec<Expression>,
    ) -> Expression {
        let type_text = type_name.map_or_else(type_text, str::to_owned);
        call(format!("{}<{type_text}>", self.helper(name)), arguments)
    }

    /// Keywords without `type`: each applies to values of its own type only.
    pub(super) fn untyped(&self, constraints: &Constraints) -> Expression {
        let entries: Vec<(String, Expression)> = [
            ("string", JsonType::String, has_string_keywords(constraints)),
            ("number", JsonType::Number, has_number_keywords(constraints)),
            ("array", JsonType::Array, has_array_keywords(constraints)),
            ("object", JsonType::Object, has_object_keywords(constraints)),
        ]
        .into_iter()
        .filter(|(_, _, wanted)| *wanted)
        .map(|(name, kind, _)| (name.to_owned(), self.piece(constraints, kind)))
        .collect();
        let type_text = || {
            let base = Constraints {
                types: indexmap::IndexSet::new(),
                ..base_of(constraints)
            };
            self.types().of(&Schema::Constraints(Box::new(base))).flat()
        };
        self.typed_call(
            "typed",
            type_text,
            None,
            vec![Expression::Object {
                entries,
                expanded: false,
            }],
        )
    }

    /// One expression for each kind, joined.
    pub(super) fn of_kinds(&self, constraints: &Constraints, kinds: Kinds) -> Expression {
        let list = kinds.list();
        let nullable = list.contains(&JsonType::Null);
        let mut pieces: Vec<Expression> = list
            .iter()
            .filter(|kind| **kind != JsonType::Null)
            .map(|kind| self.piece(constraints, *kind))
            .collect();
        let expression = match pieces.len() {
            0 if nullable => return self.zod("null", vec![]),
            0 => return self.zod("never", vec![]),
            1 => pieces.remove(0),
            _ => self.zod("union", vec![Expression::Array(pieces)]),
        };
        if nullable {
            expression.then("nullable", vec![])
        } else {
            expression
        }
    }

    pub(super) fn piece(&self, constraints: &Constraints, kind: JsonType) -> Expression {
        match kind {
            JsonType::Null => self.zod("null", vec![]),
            JsonType::Boolean => self.zod("boolean", vec![]),
            JsonType::Integer | JsonType::Number => self.number(constraints, kind),
            JsonType::String => self.string(constraints),
            JsonType::Array => self.array(constraints),
            JsonType::Object => self.object(constraints),
        }
    }

    /// A form's schema: the media types of its files stand beside it.
    pub(in crate::scaffold) fn form(
        &self,
        schema: &Schema,
        encoding: &IndexMap<String, Encoding>,
    ) -> Expression {
        let mut expression = self.of(schema);
        if let Expression::Chain { calls, .. } = &mut expression {
            for (_, arguments) in calls {
                for argument in arguments {
                    if let Expression::Object { entries, .. } = argument {
                        for (key, value) in entries {
                            if let Some(types) = encoding
                                .iter()
                                .find(|(name, _)| property_key(name) == *key)
                                .and_then(|(_, encoding)| encoding.content_type.as_ref())
                            {
                                name_media_types(value, types);
                            }
                        }
                    }
                }
            }
        }
        expression
    }
}

/// Gives `file()` its media types.
fn name_media_types(expression: &mut Expression, types: &str) {
    let types: Vec<&str> = types
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if types.is_empty() || types.contains(&"*/*") {
        return;
    }
    match expression {
        Expression::Call { callee, arguments }
            if callee.starts_with("file") && arguments.is_empty() =>
        {
            arguments.push(Expression::Array(
                types.iter().map(|name| text(string(name))).collect(),
            ));
        }
        Expression::Chain { head, calls } => {
            name_media_types(head, &types.join(","));
            for (_, arguments) in calls {
                for argument in arguments {
                    name_media_types(argument, &types.join(","));
                }
            }
        }
        _ => {}
    }
}
