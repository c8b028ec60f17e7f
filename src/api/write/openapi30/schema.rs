//! Schemas of JSON Schema 2020-12 in the keywords of OpenAPI 3.0.

use openapiv3::{
    AdditionalProperties, AnySchema, Discriminator as Discriminator30, ReferenceOr,
    Schema as Schema30, SchemaData, SchemaKind,
};
use serde_json::{Number, Value};

use super::Writer;
use crate::api::{Constraints, JsonType, Schema, SchemaName};
use crate::text::escape;

impl Writer {
    pub(super) fn schema(&mut self, pointer: &str, schema: &Schema) -> ReferenceOr<Schema30> {
        match schema {
            Schema::Anything => ReferenceOr::Item(any(AnySchema::default())),
            Schema::Nothing => ReferenceOr::Item(any(AnySchema {
                not: Some(Box::new(ReferenceOr::Item(any(AnySchema::default())))),
                ..AnySchema::default()
            })),
            Schema::Reference(name) => reference(name),
            Schema::Constraints(constraints) => match nullable_alternative(constraints) {
                Some(flat) => {
                    let mut schema = self.constraints(pointer, &flat);
                    schema.schema_data.nullable = true;
                    ReferenceOr::Item(schema)
                }
                None => ReferenceOr::Item(self.constraints(pointer, constraints)),
            },
        }
    }

    fn boxed(&mut self, pointer: &str, schema: &Schema) -> ReferenceOr<Box<Schema30>> {
        match self.schema(pointer, schema) {
            ReferenceOr::Item(schema) => ReferenceOr::boxed_item(schema),
            ReferenceOr::Reference { reference } => ReferenceOr::Reference { reference },
        }
    }

    fn list(&mut self, pointer: &str, schemas: &[Schema]) -> Vec<ReferenceOr<Schema30>> {
        let mut written = Vec::new();
        for (index, schema) in schemas.iter().enumerate() {
            written.push(self.schema(&format!("{pointer}/{index}"), schema));
        }
        written
    }

    fn constraints(&mut self, pointer: &str, constraints: &Constraints) -> Schema30 {
        self.keywords_of_later_versions(pointer, constraints);
        let mut data = self.annotations(pointer, constraints);
        let mut kind = AnySchema {
            pattern: constraints.pattern.clone(),
            format: self.format(pointer, constraints),
            min_length: size(constraints.min_length),
            max_length: size(constraints.max_length),
            min_items: size(constraints.min_items),
            max_items: size(constraints.max_items),
            min_properties: size(constraints.min_properties),
            max_properties: size(constraints.max_properties),
            unique_items: constraints.unique_items.then_some(true),
            required: constraints.required.iter().cloned().collect(),
            all_of: self.list(&format!("{pointer}/allOf"), &constraints.all_of),
            any_of: self.list(&format!("{pointer}/anyOf"), &constraints.any_of),
            one_of: self.list(&format!("{pointer}/oneOf"), &constraints.one_of),
            ..AnySchema::default()
        };
        if let Some(name) = &constraints.reference {
            kind.all_of.insert(0, reference(name));
        }
        types(constraints, &mut kind, &mut data);
        values(constraints, &mut kind, &mut data);
        bounds(constraints, &mut kind, &mut data);
        for (name, schema) in &constraints.properties {
            let pointer = format!("{pointer}/properties/{}", escape(name));
            let schema = self.boxed(&pointer, schema);
            kind.properties.insert(name.clone(), schema);
        }
        // Without the patterns it would refuse what the patterns allow.
        if constraints.pattern_properties.is_empty() {
            kind.additional_properties =
                constraints
                    .additional_properties
                    .as_ref()
                    .map(|schema| match schema {
                        Schema::Anything => AdditionalProperties::Any(true),
                        Schema::Nothing => AdditionalProperties::Any(false),
                        other => {
                            let pointer = format!("{pointer}/additionalProperties");
                            AdditionalProperties::Schema(Box::new(self.schema(&pointer, other)))
                        }
                    });
        }
        // Those after the prefix cannot be told from those in it.
        let items = constraints.items.as_ref();
        let items = items.filter(|_| constraints.prefix_items.is_empty());
        kind.items = match items {
            Some(items) => Some(self.boxed(&format!("{pointer}/items"), items)),
            // An array must say something of its items.
            None if kind.typ.as_deref() == Some("array") => {
                Some(ReferenceOr::boxed_item(any(AnySchema::default())))
            }
            None => None,
        };
        kind.not = constraints
            .not
            .as_ref()
            .map(|schema| Box::new(self.schema(&format!("{pointer}/not"), schema)));
        Schema30 {
            schema_data: data,
            schema_kind: SchemaKind::Any(kind),
        }
    }

    fn annotations(&mut self, pointer: &str, constraints: &Constraints) -> SchemaData {
        if constraints.examples.len() > 1 {
            let what = "every one of the `examples` but the first";
            self.leave_out(&format!("{pointer}/examples"), what);
        }
        SchemaData {
            read_only: constraints.read_only,
            write_only: constraints.write_only,
            deprecated: constraints.deprecated,
            example: constraints.examples.first().cloned(),
            title: constraints.title.clone(),
            description: constraints.description.clone(),
            default: constraints.default.clone(),
            discriminator: constraints.discriminator.as_ref().map(|discriminator| {
                let mapping = discriminator
                    .mapping
                    .iter()
                    .filter(|(value, name)| **value != name.0)
                    .map(|(value, name)| (value.clone(), pointer_of(name)));
                Discriminator30 {
                    property_name: discriminator.property.clone(),
                    mapping: mapping.collect(),
                    ..Discriminator30::default()
                }
            }),
            extensions: constraints.extensions.clone(),
            ..SchemaData::default()
        }
    }

    /// Bytes in a text have a format of their own.
    fn format(&mut self, pointer: &str, constraints: &Constraints) -> Option<String> {
        let encoding = constraints.content_encoding.as_deref();
        let media_type = constraints.content_media_type.as_deref();
        let free = constraints.format.is_none();
        let (format, encoding_said, media_type_said) = match (encoding, media_type) {
            (Some("base64"), _) if free => (Some("byte"), true, media_type.is_none()),
            (None, Some("application/octet-stream")) if free => (Some("binary"), true, true),
            _ => (None, encoding.is_none(), media_type.is_none()),
        };
        if !encoding_said {
            let pointer = format!("{pointer}/contentEncoding");
            self.leave_out(&pointer, "`contentEncoding`");
        }
        if !media_type_said {
            let pointer = format!("{pointer}/contentMediaType");
            self.leave_out(&pointer, "`contentMediaType`");
        }
        let format = format.map(str::to_owned);
        format.or_else(|| constraints.format.clone())
    }

    fn keywords_of_later_versions(&mut self, pointer: &str, constraints: &Constraints) {
        let prefixed = !constraints.prefix_items.is_empty();
        let patterned = !constraints.pattern_properties.is_empty();
        let keywords = [
            ("prefixItems", prefixed),
            ("items", prefixed && constraints.items.is_some()),
            ("contains", constraints.contains.is_some()),
            ("minContains", constraints.min_contains.is_some()),
            ("maxContains", constraints.max_contains.is_some()),
            ("unevaluatedItems", constraints.unevaluated_items.is_some()),
            ("patternProperties", patterned),
            (
                "additionalProperties",
                patterned && constraints.additional_properties.is_some(),
            ),
            ("propertyNames", constraints.property_names.is_some()),
            (
                "dependentRequired",
                !constraints.dependent_required.is_empty(),
            ),
            (
                "dependentSchemas",
                !constraints.dependent_schemas.is_empty(),
            ),
            (
                "unevaluatedProperties",
                constraints.unevaluated_properties.is_some(),
            ),
            ("if", constraints.if_schema.is_some()),
            ("then", constraints.then_schema.is_some()),
            ("else", constraints.else_schema.is_some()),
        ];
        for (keyword, _) in keywords.into_iter().filter(|(_, used)| *used) {
            self.leave_out(&format!("{pointer}/{keyword}"), &format!("`{keyword}`"));
        }
    }
}

fn any(kind: AnySchema) -> Schema30 {
    Schema30 {
        schema_data: SchemaData::default(),
        schema_kind: SchemaKind::Any(kind),
    }
}

fn pointer_of(name: &SchemaName) -> String {
    format!("#/components/schemas/{}", escape(&name.0))
}

fn reference(name: &SchemaName) -> ReferenceOr<Schema30> {
    ReferenceOr::Reference {
        reference: pointer_of(name),
    }
}

fn size(count: Option<u64>) -> Option<usize> {
    count.map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

/// `anyOf` or `oneOf` of a schema and null, with nothing but annotations around it, as one schema
/// that `nullable` can stand in.
fn nullable_alternative(constraints: &Constraints) -> Option<Constraints> {
    let around = Constraints {
        any_of: Vec::new(),
        one_of: Vec::new(),
        read_only: false,
        write_only: false,
        deprecated: false,
        title: None,
        description: None,
        default: None,
        examples: Vec::new(),
        ..constraints.clone()
    };
    if around != Constraints::default() {
        return None;
    }
    let ((alternatives, []) | ([], alternatives)) = (&*constraints.any_of, &*constraints.one_of)
    else {
        return None;
    };
    let [first, second] = alternatives else {
        return None;
    };
    let schema = match (is_null(first), is_null(second)) {
        (true, false) => second,
        (false, true) => first,
        _ => return None,
    };
    // What is referred to refuses null, whatever stands beside the reference.
    let Schema::Constraints(inner) = schema else {
        return None;
    };
    let mut flat = (**inner).clone();
    // Null must not be refused by the values, nor the types be written as alternatives.
    if flat.types.len() > 1 || flat.enumeration.is_some() || flat.constant.is_some() {
        return None;
    }
    flat.read_only |= constraints.read_only;
    flat.write_only |= constraints.write_only;
    flat.deprecated |= constraints.deprecated;
    flat.title = constraints.title.clone().or(flat.title);
    flat.description = constraints.description.clone().or(flat.description);
    flat.default = constraints.default.clone().or(flat.default);
    if !constraints.examples.is_empty() {
        flat.examples.clone_from(&constraints.examples);
    }
    Some(flat)
}

fn is_null(schema: &Schema) -> bool {
    let Schema::Constraints(constraints) = schema else {
        return false;
    };
    let only_null = Constraints {
        types: [JsonType::Null].into(),
        ..Constraints::default()
    };
    **constraints == only_null
}

/// One type, with or without null; several become alternatives, which mean the same.
fn types(constraints: &Constraints, kind: &mut AnySchema, data: &mut SchemaData) {
    let nullable = constraints.types.contains(&JsonType::Null);
    let kinds = constraints.types.iter();
    let kinds: Vec<&JsonType> = kinds.filter(|kind| **kind != JsonType::Null).collect();
    match kinds.as_slice() {
        [] if nullable => {
            data.nullable = true;
            if constraints.enumeration.is_none() && constraints.constant.is_none() {
                kind.enumeration = vec![Value::Null];
            }
        }
        [] => {}
        [one] => {
            data.nullable = nullable;
            kind.typ = Some(one.name().to_owned());
        }
        several => {
            let alternatives = several.iter().map(|one| {
                let mut alternative = any(AnySchema {
                    typ: Some(one.name().to_owned()),
                    ..AnySchema::default()
                });
                alternative.schema_data.nullable = nullable;
                if let (JsonType::Array, SchemaKind::Any(kind)) =
                    (**one, &mut alternative.schema_kind)
                {
                    kind.items = Some(ReferenceOr::boxed_item(any(AnySchema::default())));
                }
                ReferenceOr::Item(alternative)
            });
            let alternatives = alternatives.collect();
            if kind.any_of.is_empty() {
                kind.any_of = alternatives;
            } else {
                kind.all_of.push(ReferenceOr::Item(any(AnySchema {
                    any_of: alternatives,
                    ..AnySchema::default()
                })));
            }
        }
    }
}

/// `const` is an `enum` of one value.
fn values(constraints: &Constraints, kind: &mut AnySchema, data: &mut SchemaData) {
    if let Some(values) = &constraints.enumeration {
        kind.enumeration.clone_from(values);
    }
    if let Some(value) = &constraints.constant {
        if constraints.enumeration.is_none() {
            kind.enumeration = vec![value.clone()];
        } else {
            kind.all_of.push(ReferenceOr::Item(any(AnySchema {
                enumeration: vec![value.clone()],
                ..AnySchema::default()
            })));
        }
        data.nullable |= value.is_null() && constraints.types.is_empty();
    }
}

/// An exclusive bound is an inclusive one and a flag; of two bounds the narrower one is kept.
fn bounds(constraints: &Constraints, kind: &mut AnySchema, data: &mut SchemaData) {
    let float = |number: &Number| number.as_f64().unwrap_or_default();
    let (minimum, is_exclusive) = match (&constraints.minimum, &constraints.exclusive_minimum) {
        (Some(inclusive), Some(exclusive)) if float(inclusive) > float(exclusive) => {
            (Some(inclusive), false)
        }
        (_, Some(exclusive)) => (Some(exclusive), true),
        (inclusive, None) => (inclusive.as_ref(), false),
    };
    kind.minimum = minimum.and_then(|number| exact("minimum", number, data));
    kind.exclusive_minimum = is_exclusive.then_some(true);
    let (maximum, is_exclusive) = match (&constraints.maximum, &constraints.exclusive_maximum) {
        (Some(inclusive), Some(exclusive)) if float(inclusive) < float(exclusive) => {
            (Some(inclusive), false)
        }
        (_, Some(exclusive)) => (Some(exclusive), true),
        (inclusive, None) => (inclusive.as_ref(), false),
    };
    kind.maximum = maximum.and_then(|number| exact("maximum", number, data));
    kind.exclusive_maximum = is_exclusive.then_some(true);
    let multiple_of = constraints.multiple_of.as_ref();
    kind.multiple_of = multiple_of.and_then(|number| exact("multipleOf", number, data));
}

/// A bound is a float to the type; whole numbers go beside it, so that every digit stays.
fn exact(key: &str, number: &Number, data: &mut SchemaData) -> Option<f64> {
    if number.is_f64() {
        return number.as_f64();
    }
    let value = Value::Number(number.clone());
    data.extensions.insert(key.to_owned(), value);
    None
}
