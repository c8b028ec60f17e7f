//! The model as an OpenAPI document: an ordered value, and its text in YAML or JSON. Version 3.1 is
//! written here, the terms of 3.0 are in `openapi30`.

mod openapi30;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{
    Api, Body, Constraints, Encoding, Header, MediaType, Operation, Parameter, ParameterFormat,
    ParameterPlace, Response, Schema, SchemaName, SecurityScheme, StatusKey, Style,
};
use crate::diagnostic::Diagnostic;

/// The versions that are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WrittenVersion {
    OpenApi30,
    #[default]
    OpenApi31,
}

/// The document in a version, and a warning for everything that the version cannot hold.
pub fn write_version(api: &Api, version: WrittenVersion) -> (Value, Vec<Diagnostic>) {
    match version {
        WrittenVersion::OpenApi30 => openapi30::write(api),
        WrittenVersion::OpenApi31 => (write(api), Vec::new()),
    }
}

/// The text of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    Yaml,
    Json,
}

/// An OpenAPI 3.1 document. Members stand in the order in which people write them.
pub fn write(api: &Api) -> Value {
    let mut root = Map::new();
    root.insert("openapi".into(), "3.1.0".into());
    let mut info = Map::new();
    info.insert("title".into(), api.title.clone().into());
    info.insert("version".into(), api.version.clone().into());
    text(&mut info, "description", api.description.as_ref());
    root.insert("info".into(), info.into());
    if !api.servers.is_empty() {
        let servers = api.servers.iter().map(|url| json!({"url": url}));
        root.insert("servers".into(), servers.collect());
    }
    if !api.tags.is_empty() {
        let tags = api.tags.iter().map(|(name, description)| {
            let mut tag = Map::new();
            tag.insert("name".into(), name.clone().into());
            text(&mut tag, "description", description.as_ref());
            Value::Object(tag)
        });
        root.insert("tags".into(), tags.collect());
    }
    root.insert("paths".into(), path_items(&api.operations));
    if !api.webhooks.is_empty() {
        root.insert("webhooks".into(), path_items(&api.webhooks));
    }
    let components = components(api);
    if !components.is_empty() {
        root.insert("components".into(), components.into());
    }
    Value::Object(root)
}

/// A document as text, with a final line end.
pub fn render(document: &Value, notation: Notation) -> String {
    match notation {
        Notation::Json => serde_json::to_string_pretty(document).unwrap_or_default() + "\n",
        Notation::Yaml => serde_yaml::to_string(document).unwrap_or_default(),
    }
}

fn text(map: &mut Map<String, Value>, key: &str, value: Option<&String>) {
    if let Some(value) = value {
        map.insert(key.into(), value.clone().into());
    }
}

fn flag(map: &mut Map<String, Value>, key: &str, value: bool) {
    if value {
        map.insert(key.into(), true.into());
    }
}

fn path_items(operations: &[Operation]) -> Value {
    let mut paths: IndexMap<&str, Vec<&Operation>> = IndexMap::new();
    for operation in operations {
        paths.entry(&operation.path).or_default().push(operation);
    }
    let items = paths.into_iter().map(|(path, operations)| {
        let methods = operations.into_iter().map(|operation| {
            (
                operation.method.key().to_owned(),
                operation_value(operation),
            )
        });
        (path.to_owned(), Value::Object(methods.collect()))
    });
    Value::Object(items.collect())
}

fn operation_value(operation: &Operation) -> Value {
    let mut map = Map::new();
    text(&mut map, "operationId", operation.id.as_ref());
    if !operation.tags.is_empty() {
        map.insert("tags".into(), operation.tags.clone().into());
    }
    text(&mut map, "summary", operation.summary.as_ref());
    text(&mut map, "description", operation.description.as_ref());
    flag(&mut map, "deprecated", operation.deprecated);
    if !operation.security.is_empty() {
        map.insert("security".into(), json!(operation.security));
    }
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter().map(parameter);
        map.insert("parameters".into(), parameters.collect());
    }
    if let Some(body) = &operation.body {
        map.insert("requestBody".into(), body_value(body));
    }
    let responses = operation.responses.iter();
    let responses = responses.map(|(status, value)| (status_key(*status), response(value)));
    map.insert("responses".into(), Value::Object(responses.collect()));
    if !operation.callbacks.is_empty() {
        let mut callbacks: Map<String, Value> = Map::new();
        for callback in &operation.callbacks {
            let entry = callbacks
                .entry(callback.name.clone())
                .or_insert_with(|| json!({}));
            entry[&callback.expression][callback.operation.method.key()] =
                operation_value(&callback.operation);
        }
        map.insert("callbacks".into(), callbacks.into());
    }
    for (key, value) in &operation.extensions {
        map.insert(key.clone(), value.clone());
    }
    Value::Object(map)
}

fn parameter(parameter: &Parameter) -> Value {
    let mut map = Map::new();
    map.insert("name".into(), parameter.name.clone().into());
    let place = match parameter.place {
        ParameterPlace::Path => "path",
        ParameterPlace::Query => "query",
        ParameterPlace::QueryString => "querystring",
        ParameterPlace::Header => "header",
        ParameterPlace::Cookie => "cookie",
    };
    map.insert("in".into(), place.into());
    text(&mut map, "description", parameter.description.as_ref());
    flag(&mut map, "required", parameter.required);
    flag(&mut map, "deprecated", parameter.deprecated);
    flag(&mut map, "allowEmptyValue", parameter.allow_empty_value);
    flag(&mut map, "allowReserved", parameter.allow_reserved);
    match &parameter.format {
        ParameterFormat::Styled {
            style,
            explode,
            schema,
            ..
        } => {
            let simple = matches!(
                parameter.place,
                ParameterPlace::Path | ParameterPlace::Header
            );
            let usual = if simple { Style::Simple } else { Style::Form };
            if *style != usual {
                map.insert("style".into(), style_name(*style).into());
            }
            if *explode != (*style == Style::Form) {
                map.insert("explode".into(), (*explode).into());
            }
            map.insert("schema".into(), schema_value(schema));
        }
        ParameterFormat::Content { media_type, schema } => {
            let content = json!({media_type: {"schema": schema_value(schema)}});
            map.insert("content".into(), content);
        }
    }
    Value::Object(map)
}

fn body_value(body: &Body) -> Value {
    let mut map = Map::new();
    text(&mut map, "description", body.description.as_ref());
    flag(&mut map, "required", body.required);
    map.insert("content".into(), content(&body.content));
    Value::Object(map)
}

fn content(content: &IndexMap<String, MediaType>) -> Value {
    let entries = content.iter().map(|(name, media)| {
        let mut map = Map::new();
        if let Some(schema) = &media.schema {
            map.insert("schema".into(), schema_value(schema));
        }
        if let Some(example) = &media.example {
            map.insert("example".into(), example.clone());
        }
        if !media.encoding.is_empty() {
            let parts = media
                .encoding
                .iter()
                .map(|(name, part)| (name.clone(), encoding(part)));
            map.insert("encoding".into(), Value::Object(parts.collect()));
        }
        (name.clone(), Value::Object(map))
    });
    Value::Object(entries.collect())
}

fn encoding(encoding: &Encoding) -> Value {
    let mut map = Map::new();
    text(&mut map, "contentType", encoding.content_type.as_ref());
    if let Some(style) = encoding.style {
        map.insert("style".into(), style_name(style).into());
    }
    if let Some(explode) = encoding.explode {
        map.insert("explode".into(), explode.into());
    }
    Value::Object(map)
}

fn response(response: &Response) -> Value {
    let mut map = Map::new();
    map.insert("description".into(), response.description.clone().into());
    if !response.headers.is_empty() {
        let headers = response
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), header(value)));
        map.insert("headers".into(), Value::Object(headers.collect()));
    }
    if !response.content.is_empty() {
        map.insert("content".into(), content(&response.content));
    }
    Value::Object(map)
}

fn header(header: &Header) -> Value {
    let mut map = Map::new();
    text(&mut map, "description", header.description.as_ref());
    flag(&mut map, "required", header.required);
    map.insert("schema".into(), schema_value(&header.schema));
    Value::Object(map)
}

fn status_key(status: StatusKey) -> String {
    match status {
        StatusKey::Code(code) => code.to_string(),
        StatusKey::Range(first) => format!("{first}XX"),
        StatusKey::Default => "default".to_owned(),
    }
}

fn style_name(style: Style) -> &'static str {
    match style {
        Style::Simple => "simple",
        Style::Label => "label",
        Style::Matrix => "matrix",
        Style::Form => "form",
        Style::SpaceDelimited => "spaceDelimited",
        Style::PipeDelimited => "pipeDelimited",
        // No version 3 has a word for it.
        Style::TabDelimited => "tabDelimited",
        Style::DeepObject => "deepObject",
    }
}

fn components(api: &Api) -> Map<String, Value> {
    let mut components = Map::new();
    if !api.schemas.is_empty() {
        let schemas = api.schemas.iter();
        let schemas = schemas.map(|(name, schema)| (name.0.clone(), schema_value(schema)));
        components.insert("schemas".into(), Value::Object(schemas.collect()));
    }
    if !api.security_schemes.is_empty() {
        let schemes = api.security_schemes.iter();
        let schemes = schemes.map(|(name, scheme)| (name.clone(), security_scheme(scheme)));
        components.insert("securitySchemes".into(), Value::Object(schemes.collect()));
    }
    components
}

fn security_scheme(scheme: &SecurityScheme) -> Value {
    match scheme {
        SecurityScheme::Basic => json!({"type": "http", "scheme": "basic"}),
        SecurityScheme::Bearer { format: None } => json!({"type": "http", "scheme": "bearer"}),
        SecurityScheme::Bearer {
            format: Some(format),
        } => json!({"type": "http", "scheme": "bearer", "bearerFormat": format}),
        SecurityScheme::Http { scheme } => json!({"type": "http", "scheme": scheme}),
        SecurityScheme::ApiKey { place, name } => {
            let place = match place {
                ParameterPlace::Query | ParameterPlace::QueryString => "query",
                ParameterPlace::Cookie => "cookie",
                ParameterPlace::Header | ParameterPlace::Path => "header",
            };
            json!({"type": "apiKey", "in": place, "name": name})
        }
        // The model keeps the scopes, not the flows and their URLs.
        SecurityScheme::OAuth2 { scopes } => {
            let scopes: Map<String, Value> = scopes
                .iter()
                .map(|scope| (scope.clone(), "".into()))
                .collect();
            json!({"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/", "scopes": scopes}}})
        }
        SecurityScheme::OpenIdConnect { url } => {
            json!({"type": "openIdConnect", "openIdConnectUrl": url})
        }
        SecurityScheme::MutualTls => json!({"type": "mutualTLS"}),
    }
}

fn reference(name: &SchemaName) -> Value {
    format!("#/components/schemas/{}", crate::text::escape(&name.0)).into()
}

/// A schema in JSON Schema 2020-12.
pub fn schema_value(schema: &Schema) -> Value {
    match schema {
        Schema::Anything => json!({}),
        Schema::Nothing => false.into(),
        Schema::Reference(name) => json!({"$ref": reference(name)}),
        Schema::Constraints(constraints) => constraints_value(constraints),
    }
}

fn constraints_value(constraints: &Constraints) -> Value {
    let mut map = Map::new();
    if let Some(name) = &constraints.reference {
        map.insert("$ref".into(), reference(name));
    }
    text(&mut map, "title", constraints.title.as_ref());
    text(&mut map, "description", constraints.description.as_ref());
    let types: Vec<&str> = constraints.types.iter().map(|kind| kind.name()).collect();
    match types.as_slice() {
        [] => {}
        [one] => {
            map.insert("type".into(), (*one).into());
        }
        several => {
            map.insert("type".into(), json!(several));
        }
    }
    text(&mut map, "format", constraints.format.as_ref());
    if let Some(values) = &constraints.enumeration {
        map.insert("enum".into(), values.clone().into());
    }
    if let Some(value) = &constraints.constant {
        map.insert("const".into(), value.clone());
    }
    let counts = [
        ("minLength", constraints.min_length),
        ("maxLength", constraints.max_length),
        ("minItems", constraints.min_items),
        ("maxItems", constraints.max_items),
        ("minContains", constraints.min_contains),
        ("maxContains", constraints.max_contains),
        ("minProperties", constraints.min_properties),
        ("maxProperties", constraints.max_properties),
    ];
    for (key, count) in counts {
        if let Some(count) = count {
            map.insert(key.into(), count.into());
        }
    }
    text(&mut map, "pattern", constraints.pattern.as_ref());
    text(
        &mut map,
        "contentEncoding",
        constraints.content_encoding.as_ref(),
    );
    text(
        &mut map,
        "contentMediaType",
        constraints.content_media_type.as_ref(),
    );
    let numbers = [
        ("minimum", &constraints.minimum),
        ("exclusiveMinimum", &constraints.exclusive_minimum),
        ("maximum", &constraints.maximum),
        ("exclusiveMaximum", &constraints.exclusive_maximum),
        ("multipleOf", &constraints.multiple_of),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            map.insert(key.into(), number.clone().into());
        }
    }
    nested(&mut map, constraints);
    flag(&mut map, "uniqueItems", constraints.unique_items);
    flag(&mut map, "readOnly", constraints.read_only);
    flag(&mut map, "writeOnly", constraints.write_only);
    flag(&mut map, "deprecated", constraints.deprecated);
    if let Some(default) = &constraints.default {
        map.insert("default".into(), default.clone());
    }
    if !constraints.examples.is_empty() {
        map.insert("examples".into(), constraints.examples.clone().into());
    }
    for (key, value) in &constraints.extensions {
        map.insert(key.clone(), value.clone());
    }
    Value::Object(map)
}

fn nested(map: &mut Map<String, Value>, constraints: &Constraints) {
    let list = |schemas: &[Schema]| schemas.iter().map(schema_value).collect::<Value>();
    let object = |schemas: &IndexMap<String, Schema>| {
        let entries = schemas
            .iter()
            .map(|(key, schema)| (key.clone(), schema_value(schema)));
        Value::Object(entries.collect())
    };
    if !constraints.required.is_empty() {
        let names: Vec<&String> = constraints.required.iter().collect();
        map.insert("required".into(), json!(names));
    }
    for (key, schemas) in [
        ("properties", &constraints.properties),
        ("patternProperties", &constraints.pattern_properties),
        ("dependentSchemas", &constraints.dependent_schemas),
    ] {
        if !schemas.is_empty() {
            map.insert(key.into(), object(schemas));
        }
    }
    if !constraints.dependent_required.is_empty() {
        map.insert(
            "dependentRequired".into(),
            json!(constraints.dependent_required),
        );
    }
    for (key, schema) in [
        ("additionalProperties", &constraints.additional_properties),
        ("unevaluatedProperties", &constraints.unevaluated_properties),
        ("propertyNames", &constraints.property_names),
    ] {
        if let Some(schema) = schema {
            let value = if *schema == Schema::Anything {
                true.into()
            } else {
                schema_value(schema)
            };
            map.insert(key.into(), value);
        }
    }
    for (key, schemas) in [
        ("prefixItems", &constraints.prefix_items),
        ("allOf", &constraints.all_of),
        ("anyOf", &constraints.any_of),
        ("oneOf", &constraints.one_of),
    ] {
        if !schemas.is_empty() {
            map.insert(key.into(), list(schemas));
        }
    }
    for (key, schema) in [
        ("items", &constraints.items),
        ("contains", &constraints.contains),
        ("unevaluatedItems", &constraints.unevaluated_items),
        ("not", &constraints.not),
        ("if", &constraints.if_schema),
        ("then", &constraints.then_schema),
        ("else", &constraints.else_schema),
    ] {
        if let Some(schema) = schema {
            map.insert(key.into(), schema_value(schema));
        }
    }
    if let Some(discriminator) = &constraints.discriminator {
        let mut value = json!({"propertyName": discriminator.property});
        // Values that are the names of the alternatives need no mapping.
        let mapping: Map<String, Value> = discriminator
            .mapping
            .iter()
            .filter(|(value, name)| **value != name.0)
            .map(|(value, name)| (value.clone(), reference(name)))
            .collect();
        if !mapping.is_empty() {
            value["mapping"] = mapping.into();
        }
        map.insert("discriminator".into(), value);
    }
}
