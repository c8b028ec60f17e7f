//! Strings, numbers and arrays.

use super::coverage::{Part, stands_alone};
use super::questions::{base_of, is_file, is_large, is_safe};
use super::writer::Schemas;
use crate::api::{Constraints, JsonType, Schema};
use crate::scaffold::code::{Expression, call, string, text};
use crate::scaffold::patterns;

impl Schemas<'_, '_> {
    pub(super) fn string(&self, constraints: &Constraints) -> Expression {
        if self.files && is_file(constraints) {
            return call(self.helper("file"), vec![]);
        }
        let name = constraints.format.as_deref().unwrap_or_default();
        let mut ascii = true;
        let mut expression = match name {
            "date" => self.zod("iso.date", vec![]),
            "uuid" => self.zod("guid", vec![]),
            "ipv4" => self.zod("ipv4", vec![]),
            "ipv6" => self.zod("ipv6", vec![]),
            "email" => call(self.helper("email"), vec![]),
            "date-time"
            | "time"
            | "duration"
            | "hostname"
            | "idn-hostname"
            | "idn-email"
            | "uri"
            | "uri-reference"
            | "uri-template"
            | "iri"
            | "iri-reference"
            | "json-pointer"
            | "relative-json-pointer"
            | "regex"
            | "byte" => {
                ascii = matches!(
                    name,
                    "date-time"
                        | "time"
                        | "duration"
                        | "hostname"
                        | "uri"
                        | "uri-reference"
                        | "byte"
                );
                call(self.helper("format"), vec![text(string(name))])
            }
            _ => {
                ascii = false;
                self.zod("string", vec![])
            }
        };
        let mut checks = Vec::new();
        match constraints.min_length {
            None | Some(0) => {}
            Some(least) if least == 1 || ascii => {
                expression = expression.then("min", vec![text(least.to_string())]);
            }
            Some(least) => checks.push(call(
                self.helper("minLength"),
                vec![text(least.to_string())],
            )),
        }
        match constraints.max_length {
            None => {}
            Some(most) if most == 0 || ascii => {
                expression = expression.then("max", vec![text(most.to_string())]);
            }
            Some(most) => checks.push(call(self.helper("maxLength"), vec![text(most.to_string())])),
        }
        if !checks.is_empty() {
            expression = expression.then("check", checks);
        }
        if let Some(pattern) = &constraints.pattern {
            match patterns::literal(pattern) {
                Some(literal) => expression = expression.then("regex", vec![text(literal)]),
                None => self.not_enforced(
                    constraints,
                    "pattern",
                    Some(format!(
                        "`{pattern}` is no regular expression of JavaScript"
                    )),
                ),
            }
        }
        expression
    }

    pub(super) fn number(&self, constraints: &Constraints, kind: JsonType) -> Expression {
        let safe = is_safe(constraints);
        let integer = kind == JsonType::Integer;
        let divisor = constraints
            .multiple_of
            .as_ref()
            .filter(|divisor| !(integer && divisor.as_f64() == Some(1.0)));
        // The library's own numbers are doubles, and its divisions approximate.
        let plain = safe && divisor.is_none();
        let mut expression = match constraints.format.as_deref() {
            Some("int32") => self.zod("int32", vec![]),
            Some("int64") if !safe => call(self.helper("int64"), vec![]),
            _ if integer && plain => self.zod("int", vec![]),
            _ if integer => call(self.helper("integer"), vec![]),
            _ if plain => self.zod("number", vec![]),
            _ => call(self.helper("number"), vec![]),
        };
        let bounds = [
            ("min", "gte", &constraints.minimum),
            ("gt", "gt", &constraints.exclusive_minimum),
            ("max", "lte", &constraints.maximum),
            ("lt", "lt", &constraints.exclusive_maximum),
        ];
        for (method, check, bound) in bounds {
            match bound {
                Some(bound) if is_large(bound) => {
                    let check = self.zod(check, vec![text(format!("{bound}n"))]);
                    expression = expression.then("check", vec![check]);
                }
                Some(bound) => expression = expression.then(method, vec![text(bound.to_string())]),
                None => {}
            }
        }
        if let Some(divisor) = divisor {
            if divisor.as_f64().is_some_and(|divisor| divisor > 0.0) {
                expression = expression.then("multipleOf", vec![text(divisor.to_string())]);
            } else {
                self.not_enforced(
                    constraints,
                    "multipleOf",
                    Some(format!("`{divisor}` divides nothing")),
                );
            }
        }
        expression
    }

    pub(super) fn array(&self, constraints: &Constraints) -> Expression {
        let tuple = !constraints.prefix_items.is_empty();
        let unevaluated = constraints.unevaluated_items.as_ref();
        let rest = constraints
            .items
            .as_ref()
            .or(unevaluated.filter(|_| stands_alone(constraints, Part::Items)));
        let mut expression = if tuple {
            let prefix = constraints
                .prefix_items
                .iter()
                .map(|schema| self.of(schema))
                .collect();
            let mut arguments = vec![Expression::Array(prefix)];
            arguments.extend(rest.map(|items| self.of(items)));
            let only_array = Constraints {
                types: [JsonType::Array].into_iter().collect(),
                ..base_of(constraints)
            };
            let type_text = || {
                self.types()
                    .of(&Schema::Constraints(Box::new(only_array.clone())))
                    .flat()
            };
            self.typed_call("items", type_text, None, arguments)
        } else {
            let item = match rest {
                Some(items) => self.of(items),
                None => self.zod("unknown", vec![]),
            };
            self.zod("array", vec![item])
        };
        let size = |expression: Expression, method: &str, sign: &str, count: u64| {
            if tuple {
                let words = if sign == ">=" { "at least" } else { "at most" };
                let noun = if count == 1 { "item" } else { "items" };
                expression.then(
                    "refine",
                    vec![
                        text(format!("(value) => value.length {sign} {count}")),
                        text(string(&format!("must have {words} {count} {noun}"))),
                    ],
                )
            } else {
                expression.then(method, vec![text(count.to_string())])
            }
        };
        if let Some(least) = constraints.min_items.filter(|least| *least > 0) {
            expression = size(expression, "min", ">=", least);
        }
        if let Some(most) = constraints.max_items {
            expression = size(expression, "max", "<=", most);
        }
        if constraints.unique_items {
            let unique = self.helper("unique");
            expression = expression.then(
                "refine",
                vec![text(unique), text("\"must not repeat items\"")],
            );
        }
        if let Some(schema) = &constraints.contains {
            let mut arguments = vec![self.of(schema)];
            if constraints.min_contains.is_some() || constraints.max_contains.is_some() {
                arguments.push(text(constraints.min_contains.unwrap_or(1).to_string()));
            }
            arguments.extend(constraints.max_contains.map(|most| text(most.to_string())));
            expression = expression.then("check", vec![call(self.helper("contains"), arguments)]);
        }
        expression
    }
}
