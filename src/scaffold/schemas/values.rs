//! Strings, numbers and arrays.

use super::questions::{base_of, is_file};
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
            "date-time" => {
                let offset = Expression::Object {
                    entries: vec![("offset".to_owned(), text("true"))],
                    expanded: false,
                };
                self.zod("iso.datetime", vec![offset])
            }
            "date" => self.zod("iso.date", vec![]),
            "duration" => self.zod("iso.duration", vec![]),
            "uuid" => self.zod("guid", vec![]),
            "ipv4" => self.zod("ipv4", vec![]),
            "ipv6" => self.zod("ipv6", vec![]),
            "email" => call(self.helper("email"), vec![]),
            "time"
            | "hostname"
            | "uri"
            | "uri-reference"
            | "json-pointer"
            | "relative-json-pointer"
            | "byte"
            | "iri"
            | "iri-reference"
            | "idn-email" => {
                ascii = matches!(name, "time" | "hostname" | "uri" | "uri-reference" | "byte");
                call(self.helper("format"), vec![text(string(name))])
            }
            _ if constraints.content_encoding.as_deref() == Some("base64") => {
                call(self.helper("format"), vec![text("\"byte\"")])
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
        const SAFE: f64 = 9_007_199_254_740_991.0;
        let within = |bound: &Option<serde_json::Number>| {
            bound
                .as_ref()
                .and_then(serde_json::Number::as_f64)
                .is_some_and(|bound| bound.abs() <= SAFE)
        };
        let lower = within(&constraints.minimum) || within(&constraints.exclusive_minimum);
        let upper = within(&constraints.maximum) || within(&constraints.exclusive_maximum);
        let integer = kind == JsonType::Integer;
        let mut expression = match constraints.format.as_deref() {
            Some("int32") => self.zod("int32", vec![]),
            Some("int64") if !(lower && upper) => call(self.helper("int64"), vec![]),
            _ if integer && lower && upper => self.zod("int", vec![]),
            _ if integer => call(self.helper("integer"), vec![]),
            _ => self.zod("number", vec![]),
        };
        let bounds = [
            ("min", &constraints.minimum),
            ("gt", &constraints.exclusive_minimum),
            ("max", &constraints.maximum),
            ("lt", &constraints.exclusive_maximum),
        ];
        for (method, bound) in bounds {
            if let Some(bound) = bound {
                expression = expression.then(method, vec![text(bound.to_string())]);
            }
        }
        if let Some(divisor) = &constraints.multiple_of {
            if divisor.as_f64().is_some_and(|divisor| divisor > 0.0) {
                if !(integer && divisor.as_f64() == Some(1.0)) {
                    expression = expression.then("multipleOf", vec![text(divisor.to_string())]);
                }
            } else {
                self.not_enforced("multipleOf", Some(format!("`{divisor}` divides nothing")));
            }
        }
        expression
    }

    pub(super) fn array(&self, constraints: &Constraints) -> Expression {
        let tuple = !constraints.prefix_items.is_empty();
        let mut expression = if tuple {
            let prefix = constraints
                .prefix_items
                .iter()
                .map(|schema| self.of(schema))
                .collect();
            let mut arguments = vec![Expression::Array(prefix)];
            arguments.extend(constraints.items.iter().map(|items| self.of(items)));
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
            let item = match &constraints.items {
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
        if constraints
            .unevaluated_items
            .as_ref()
            .is_some_and(|schema| *schema != Schema::Anything)
        {
            self.not_enforced("unevaluatedItems", None);
        }
        expression
    }
}
