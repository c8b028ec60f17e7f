//! Schemas as zod expressions, exact: what zod has no words for goes to runtime/schema.ts.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::code::{Expression, call, json, property_key, string, text, zod};
use super::kinds::{self, Kinds};
use super::models::{Direction, Form, Models, Treatment};
use super::patterns;
use super::types::{Types, default_of, stripped};
use crate::api::{Constraints, Encoding, JsonType, Schema, SchemaName};
use indexmap::IndexMap;

/// Something of the document that generated code does not hold requests to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotEnforced {
    /// The keyword, `unevaluatedProperties` for example.
    pub keyword: &'static str,
    /// The schema or the operation that it belongs to.
    pub place: String,
    /// Why, when the keyword alone does not say it.
    pub reason: Option<String>,
}

/// What expressions need beside themselves.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Functions of runtime/schema.ts.
    pub(super) helpers: BTreeSet<&'static str>,
    /// Whether `z` itself is used.
    pub(super) zod: bool,
    pub(super) not_enforced: BTreeSet<NotEnforced>,
}

/// Writes schemas as expressions.
#[derive(Debug)]
pub(super) struct Schemas<'m, 'a> {
    pub(super) models: &'m Models<'a>,
    /// Before the names of other schemas: empty in their own file, `schemas.` elsewhere.
    pub(super) prefix: &'static str,
    pub(super) direction: Direction,
    /// The forms that stand above in the same file; others are referred to lazily. `None`: all are there.
    pub(super) written: Option<&'m BTreeSet<&'m Form>>,
    /// The names of forms have uploaded files as values.
    pub(super) files: bool,
    /// What is being written, for the list of what is not enforced.
    pub(super) place: String,
    /// Names that runtime functions may not have in this file.
    pub(super) aliased: BTreeSet<String>,
    pub(super) gathered: &'m RefCell<Gathered>,
}

impl Schemas<'_, '_> {
    pub(super) fn of(&self, schema: &Schema) -> Expression {
        self.convert(schema, Kinds::ALL, None, None)
    }

    /// The expression of a named schema; `type_name` is its type.
    pub(super) fn declared(
        &self,
        name: &SchemaName,
        schema: &Schema,
        type_name: &str,
    ) -> Expression {
        self.convert(schema, Kinds::ALL, Some(name), Some(type_name))
    }

    /// The expression of something that may be left out.
    pub(super) fn optional(&self, schema: &Schema, required: bool) -> Expression {
        let expression = self.of(schema);
        if required {
            return expression;
        }
        match default_of(self.models, schema) {
            Some(value) => expression.then("default", vec![json(value)]),
            None => expression.then("optional", vec![]),
        }
    }

    /// A function of runtime/schema.ts, under the name that it has in this file.
    pub(super) fn helper(&self, name: &'static str) -> String {
        self.gathered.borrow_mut().helpers.insert(name);
        if self.aliased.contains(name) {
            format!("{name}Schema")
        } else {
            name.to_owned()
        }
    }

    pub(super) fn zod(&self, method: &str, arguments: Vec<Expression>) -> Expression {
        self.gathered.borrow_mut().zod = true;
        zod(method, arguments)
    }

    fn not_enforced(&self, keyword: &'static str, reason: Option<String>) {
        self.gathered.borrow_mut().not_enforced.insert(NotEnforced {
            keyword,
            place: self.place.clone(),
            reason,
        });
    }

    fn types(&self) -> Types<'_, '_> {
        Types {
            models: self.models,
            prefix: "models.",
            direction: self.direction,
            files: self.files,
        }
    }

    /// `name<Type>(arguments)`.
    fn typed_call(
        &self,
        name: &'static str,
        type_text: impl FnOnce() -> String,
        type_name: Option<&str>,
        arguments: Vec<Expression>,
    ) -> Expression {
        let type_text = type_name.map_or_else(type_text, str::to_owned);
        call(format!("{}<{type_text}>", self.helper(name)), arguments)
    }

    fn convert(
        &self,
        schema: &Schema,
        allowed: Kinds,
        inside: Option<&SchemaName>,
        type_name: Option<&str>,
    ) -> Expression {
        match schema {
            Schema::Anything if allowed == Kinds::ALL => self.zod("unknown", vec![]),
            Schema::Anything => self.of_kinds(&Constraints::default(), allowed, type_name),
            Schema::Nothing => self.zod("never", vec![]),
            Schema::Reference(name) => self.reference(name, allowed, inside, type_name),
            Schema::Constraints(constraints) => {
                self.constraints(constraints, allowed, inside, type_name)
            }
        }
    }

    fn reference(
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

    fn constraints(
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
                self.of_kinds(constraints, kinds, None)
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
        let expression = match together.len() {
            0 => self.zod("unknown", vec![]),
            1 => together.remove(0),
            _ => self.typed_call("all", type_text, type_name, together),
        };
        self.with_conditions(expression, constraints, kinds)
    }

    /// Whether `type` or a keyword of one type has to be checked beside the compositions.
    fn needs_base(&self, constraints: &Constraints, allowed: Kinds) -> bool {
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
    fn values(&self, values: &[&serde_json::Value], constraints: &Constraints) -> Expression {
        if values
            .iter()
            .any(|value| value.is_object() || value.is_array())
        {
            let type_text = || {
                self.types()
                    .of(&Schema::Constraints(Box::new(constraints.clone())))
                    .flat()
            };
            let arguments = values.iter().map(|value| json(value)).collect();
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

    fn alternatives(
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
            _ => match self.discriminated(
                &members,
                constraints,
                kinds,
                type_name.filter(|_| !nullable),
            ) {
                Some(expression) => expression,
                None if members.is_empty() => self.zod("never", vec![]),
                None if members.len() == 1 => self.convert(members[0], kinds, inside, None),
                None => {
                    let members = members
                        .into_iter()
                        .map(|schema| self.convert(schema, kinds, inside, None))
                        .collect();
                    self.zod(method, vec![Expression::Array(members)])
                }
            },
        };
        if nullable {
            expression.then("nullable", vec![])
        } else {
            expression
        }
    }

    /// The alternatives by the value of the discriminator, when each of them requires it.
    fn discriminated(
        &self,
        members: &[&Schema],
        constraints: &Constraints,
        kinds: Kinds,
        type_name: Option<&str>,
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
        if names.len() < 2 || !mapped || !names.iter().all(requires) {
            return None;
        }
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
        Some(self.typed_call(
            "discriminated",
            type_text,
            type_name,
            vec![text(string(property)), members],
        ))
    }

    /// Keywords without `type`: each applies to values of its own type only.
    fn untyped(&self, constraints: &Constraints) -> Expression {
        let entries: Vec<(String, Expression)> = [
            ("string", JsonType::String, has_string_keywords(constraints)),
            ("number", JsonType::Number, has_number_keywords(constraints)),
            ("array", JsonType::Array, has_array_keywords(constraints)),
            ("object", JsonType::Object, has_object_keywords(constraints)),
        ]
        .into_iter()
        .filter(|(_, _, wanted)| *wanted)
        .map(|(name, kind, _)| (name.to_owned(), self.piece(constraints, kind, None)))
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
    fn of_kinds(
        &self,
        constraints: &Constraints,
        kinds: Kinds,
        type_name: Option<&str>,
    ) -> Expression {
        let list = kinds.list();
        let nullable = list.contains(&JsonType::Null);
        let mut pieces: Vec<Expression> = list
            .iter()
            .filter(|kind| **kind != JsonType::Null)
            .map(|kind| self.piece(constraints, *kind, type_name))
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

    fn piece(
        &self,
        constraints: &Constraints,
        kind: JsonType,
        type_name: Option<&str>,
    ) -> Expression {
        match kind {
            JsonType::Null => self.zod("null", vec![]),
            JsonType::Boolean => self.zod("boolean", vec![]),
            JsonType::Integer | JsonType::Number => self.number(constraints, kind),
            JsonType::String => self.string(constraints),
            JsonType::Array => self.array(constraints),
            JsonType::Object => self.object(constraints, type_name),
        }
    }

    fn string(&self, constraints: &Constraints) -> Expression {
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

    fn number(&self, constraints: &Constraints, kind: JsonType) -> Expression {
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

    fn array(&self, constraints: &Constraints) -> Expression {
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

    fn object(&self, constraints: &Constraints, _type_name: Option<&str>) -> Expression {
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
    fn patterns(&self, constraints: &Constraints, rest: Option<&Schema>) -> Option<Expression> {
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

    /// `not`, and `if` with its branches.
    fn with_conditions(
        &self,
        expression: Expression,
        constraints: &Constraints,
        kinds: Kinds,
    ) -> Expression {
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
        if checks.is_empty() {
            expression
        } else {
            expression.then("check", checks)
        }
    }

    /// A schema that is applied to a value whose kind is known.
    fn condition(&self, schema: &Schema, kinds: Kinds) -> Expression {
        let narrowed = kinds::of(self.models.api, schema).and(kinds);
        if narrowed == Kinds::NONE {
            return self.convert(schema, Kinds::ALL, None, None);
        }
        self.convert(schema, kinds, None, None)
    }

    /// A form's schema: the media types of its files stand beside it.
    pub(super) fn form(
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
    // A range cannot be checked against a list.
    if types.is_empty() || types.iter().any(|name| name.contains('*')) {
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

fn shape(entries: Vec<(String, Expression)>) -> Expression {
    Expression::Object {
        entries,
        expanded: true,
    }
}

fn is_null(schema: &Schema) -> bool {
    match schema {
        Schema::Constraints(constraints) => kinds::own(constraints) == Kinds::of([JsonType::Null]),
        _ => false,
    }
}

/// The value of a schema that is only a `const`.
fn constant_of(schema: &Schema) -> Option<&serde_json::Value> {
    let Schema::Constraints(constraints) = schema else {
        return None;
    };
    let values = kinds::values(constraints)?;
    let plain = constraints.reference.is_none()
        && constraints.all_of.is_empty()
        && constraints.any_of.is_empty()
        && constraints.one_of.is_empty()
        && constraints.not.is_none()
        && constraints.if_schema.is_none();
    match values.as_slice() {
        [value] if plain && !value.is_object() && !value.is_array() => Some(value),
        _ => None,
    }
}

fn all_different(values: &[&serde_json::Value]) -> bool {
    values
        .iter()
        .enumerate()
        .all(|(index, value)| !values[..index].contains(value))
}

/// Whether every value of the schema has the property.
fn requires(models: &Models<'_>, schema: &Schema, property: &str, depth: usize) -> bool {
    if depth > 20 {
        return false;
    }
    match models.resolve(schema) {
        Schema::Constraints(constraints) => {
            constraints.required.contains(property)
                || constraints
                    .all_of
                    .iter()
                    .any(|part| requires(models, part, property, depth + 1))
                || constraints.reference.as_ref().is_some_and(|name| {
                    requires(
                        models,
                        &Schema::Reference(name.clone()),
                        property,
                        depth + 1,
                    )
                })
        }
        _ => false,
    }
}

/// Whether the discriminator's value is one that the alternative's own property may have.
fn admits(models: &Models<'_>, name: &SchemaName, property: &str, value: &str) -> bool {
    match models.schema(name).map(|schema| models.resolve(schema)) {
        Some(Schema::Constraints(constraints)) => constraints
            .properties
            .get(property)
            .is_none_or(|schema| super::defaults::fits(models, &value.into(), schema, 0)),
        _ => true,
    }
}

/// A string that stands for a file in a form.
pub(super) fn is_file(constraints: &Constraints) -> bool {
    constraints.format.as_deref() == Some("binary")
        || (constraints.content_media_type.is_some() && constraints.content_encoding.is_none())
}

/// Whether a form with this schema has files.
pub(super) fn holds_files(models: &Models<'_>, schema: &Schema) -> bool {
    fn within(models: &Models<'_>, schema: &Schema, depth: usize) -> bool {
        if depth > 6 {
            return false;
        }
        match models.resolve(schema) {
            Schema::Constraints(constraints) => {
                (is_file(constraints) && kinds::own(constraints).contains(JsonType::String))
                    || super::models::parts(constraints)
                        .into_iter()
                        .any(|(_, part)| within(models, part, depth + 1))
                    || constraints.reference.as_ref().is_some_and(|name| {
                        within(models, &Schema::Reference(name.clone()), depth + 1)
                    })
            }
            _ => false,
        }
    }
    within(models, schema, 0)
}

/// The schema object without its compositions and values.
fn base_of(constraints: &Constraints) -> Constraints {
    Constraints {
        reference: None,
        enumeration: None,
        constant: None,
        all_of: Vec::new(),
        any_of: Vec::new(),
        one_of: Vec::new(),
        not: None,
        if_schema: None,
        then_schema: None,
        else_schema: None,
        ..constraints.clone()
    }
}

fn has_keywords(constraints: &Constraints) -> bool {
    has_string_keywords(constraints)
        || has_number_keywords(constraints)
        || has_array_keywords(constraints)
        || has_object_keywords(constraints)
}

fn has_string_keywords(constraints: &Constraints) -> bool {
    const NUMBERS: &[&str] = &["int32", "int64", "float", "double"];
    constraints.min_length.is_some()
        || constraints.max_length.is_some()
        || constraints.pattern.is_some()
        || constraints.content_encoding.is_some()
        || constraints
            .format
            .as_deref()
            .is_some_and(|format| !NUMBERS.contains(&format))
}

fn has_number_keywords(constraints: &Constraints) -> bool {
    constraints.minimum.is_some()
        || constraints.maximum.is_some()
        || constraints.exclusive_minimum.is_some()
        || constraints.exclusive_maximum.is_some()
        || constraints.multiple_of.is_some()
        || matches!(constraints.format.as_deref(), Some("int32" | "int64"))
}

fn has_array_keywords(constraints: &Constraints) -> bool {
    constraints.items.is_some()
        || !constraints.prefix_items.is_empty()
        || constraints.contains.is_some()
        || constraints.min_items.is_some()
        || constraints.max_items.is_some()
        || constraints.unique_items
        || constraints.unevaluated_items.is_some()
}

fn has_object_keywords(constraints: &Constraints) -> bool {
    !constraints.properties.is_empty()
        || !constraints.required.is_empty()
        || !constraints.pattern_properties.is_empty()
        || constraints.additional_properties.is_some()
        || constraints.property_names.is_some()
        || constraints.min_properties.is_some()
        || constraints.max_properties.is_some()
        || !constraints.dependent_required.is_empty()
        || !constraints.dependent_schemas.is_empty()
        || constraints.unevaluated_properties.is_some()
}
