//! The OpenAPI document of a database: what its resources offer and what their columns allow.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::naming::{ResourceNames, segment};
use super::resource::{Field, Nested, Resource, Resources};
use crate::text::words;

/// OpenAPI 3.1, in the order of the resources.
pub(super) fn document(
    title: &str,
    resources: &Resources,
    names: &BTreeMap<&str, ResourceNames>,
) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    let mut tags = Vec::new();
    for resource in &resources.resources {
        let named = &names[resource.name.as_str()];
        tags.push(match &resource.comment {
            Some(comment) => json!({ "name": resource.name, "description": comment }),
            None => json!({ "name": resource.name }),
        });
        paths.insert(named.path.clone(), collection(resource, named));
        if !resource.key.is_empty() {
            let path = format!("{}{}", named.path, key_template(resource));
            paths.insert(path.clone(), item(resource, named));
            for (nested, operation) in resource.nested.iter().zip(&named.nested) {
                let Some(child) = resources
                    .resources
                    .iter()
                    .find(|child| child.name == nested.resource)
                else {
                    continue;
                };
                let page = names[child.name.as_str()].page_type();
                let path = format!("{path}/{}", segment(&nested.segment));
                paths.insert(path, nested_list(resource, child, nested, operation, &page));
            }
        }
        types(resource, named, &mut schemas);
    }
    schemas.insert("Error".to_owned(), envelope());
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": "1.0.0" },
        "tags": tags,
        "paths": paths,
        "components": { "schemas": schemas, "responses": error_responses() },
    })
}

/// `/{id}`, `/{order_id}/{product_id}`.
fn key_template(resource: &Resource) -> String {
    let segments: Vec<String> = resource
        .key
        .iter()
        .map(|column| format!("/{{{column}}}"))
        .collect();
    segments.concat()
}

fn collection(resource: &Resource, named: &ResourceNames) -> Value {
    let plural = words::spoken(&resource.name);
    let singular = words::spoken(&resource.singular);
    let mut path = Map::new();
    path.insert(
        "get".to_owned(),
        json!({
            "operationId": named.list,
            "summary": format!("List {plural}"),
            "tags": [resource.name],
            "parameters": list_parameters(resource, &[]),
            "responses": responses(200, "A page of rows.", Some(&named.page_type()), &["BadRequest"]),
        }),
    );
    if resource.can_create() {
        let mut answers = responses(
            201,
            "The new row.",
            Some(&named.row),
            &["BadRequest", "Conflict", "Unprocessable"],
        );
        answers["201"]["headers"] = json!({
            "Location": { "required": true, "description": "Where the row is.", "schema": { "type": "string" } }
        });
        path.insert(
            "post".to_owned(),
            json!({
                "operationId": named.operation("create"),
                "summary": format!("Create {} {singular}", article(&singular)),
                "tags": [resource.name],
                "requestBody": body(&named.create_type()),
                "responses": answers,
            }),
        );
    }
    Value::Object(path)
}

fn item(resource: &Resource, named: &ResourceNames) -> Value {
    let singular = words::spoken(&resource.singular);
    let article = article(&singular);
    let mut path = Map::new();
    path.insert("parameters".to_owned(), key_parameters(resource));
    path.insert(
        "get".to_owned(),
        json!({
            "operationId": named.operation("get"),
            "summary": format!("Get {article} {singular}"),
            "tags": [resource.name],
            "responses": responses(200, "The row.", Some(&named.row), &["BadRequest", "NotFound"]),
        }),
    );
    if resource.can_update() {
        let errors = ["BadRequest", "NotFound", "Conflict", "Unprocessable"];
        path.insert(
            "patch".to_owned(),
            json!({
                "operationId": named.operation("update"),
                "summary": format!("Change some fields of {article} {singular}"),
                "tags": [resource.name],
                "requestBody": body(&named.update_type()),
                "responses": responses(200, "The row as it is now.", Some(&named.row), &errors),
            }),
        );
    }
    if resource.writable {
        path.insert(
            "delete".to_owned(),
            json!({
                "operationId": named.operation("delete"),
                "summary": format!("Delete {article} {singular}"),
                "tags": [resource.name],
                "responses": responses(204, "The row is gone.", None, &["BadRequest", "NotFound", "Conflict"]),
            }),
        );
    }
    Value::Object(path)
}

fn nested_list(
    parent: &Resource,
    child: &Resource,
    nested: &Nested,
    operation: &str,
    page: &str,
) -> Value {
    let fixed: Vec<&str> = nested
        .columns
        .iter()
        .map(|(column, _)| column.as_str())
        .collect();
    let singular = words::spoken(&parent.singular);
    json!({
        "parameters": key_parameters(parent),
        "get": {
            "operationId": operation,
            "summary": format!("List the {} of {} {singular}", words::spoken(&child.name), article(&singular)),
            "tags": [child.name],
            "parameters": list_parameters(child, &fixed),
            "responses": responses(200, "A page of rows.", Some(page), &["BadRequest", "NotFound"]),
        },
    })
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) {
        "an"
    } else {
        "a"
    }
}

fn key_parameters(resource: &Resource) -> Value {
    let parameter = |column: &String| {
        let schema = resource
            .field(column)
            .map(|field| field.schema.clone())
            .unwrap_or_default();
        json!({ "name": column, "in": "path", "required": true, "schema": schema })
    };
    resource.key.iter().map(parameter).collect()
}

/// Limit and cursor, the order, and a filter for each column with an index that is not `fixed`.
fn list_parameters(resource: &Resource, fixed: &[&str]) -> Value {
    let mut parameters = vec![
        json!({
            "name": "limit", "in": "query", "description": "Rows of a page.",
            "schema": { "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }
        }),
        json!({
            "name": "cursor", "in": "query", "description": "`meta.nextCursor` of the page before.",
            "schema": { "type": "string", "minLength": 1 }
        }),
    ];
    if !resource.sorts.is_empty() {
        let orders: Vec<String> = resource
            .sorts
            .iter()
            .flat_map(|column| [column.clone(), format!("-{column}")])
            .collect();
        parameters.push(json!({
            "name": "sort", "in": "query", "description": "The order, downwards with a minus; by the key when it is left out.",
            "schema": { "type": "string", "enum": orders }
        }));
    }
    for column in resource
        .filters
        .iter()
        .filter(|column| !fixed.contains(&column.as_str()))
    {
        let schema = resource
            .field(column)
            .map(|field| field.schema.clone())
            .unwrap_or_default();
        parameters.push(json!({
            "name": column, "in": "query", "description": format!("Rows with this {}.", words::spoken(column)), "schema": schema
        }));
    }
    Value::Array(parameters)
}

fn responses(status: u16, description: &str, schema: Option<&str>, errors: &[&str]) -> Value {
    let mut responses = Map::new();
    let success = match schema {
        Some(name) => json!({
            "description": description,
            "content": { "application/json": { "schema": reference(name) } }
        }),
        None => json!({ "description": description }),
    };
    responses.insert(status.to_string(), success);
    for (status, name, _) in ERRORS {
        if errors.contains(&name) {
            responses.insert(
                status.to_owned(),
                json!({ "$ref": format!("#/components/responses/{name}") }),
            );
        }
    }
    Value::Object(responses)
}

const ERRORS: [(&str, &str, &str); 4] = [
    ("400", "BadRequest", "The request is not valid."),
    ("404", "NotFound", "There is no such row."),
    ("409", "Conflict", "Another row stands against it."),
    ("422", "Unprocessable", "The database refuses the values."),
];

fn error_responses() -> Value {
    let response = |(_, name, description): (&str, &str, &str)| {
        let content = json!({ "application/json": { "schema": reference("Error") } });
        (
            name.to_owned(),
            json!({ "description": description, "content": content }),
        )
    };
    Value::Object(ERRORS.into_iter().map(response).collect())
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn body(schema: &str) -> Value {
    json!({ "required": true, "content": { "application/json": { "schema": reference(schema) } } })
}

/// The row, what creates one, what changes one, and a page.
fn types(resource: &Resource, named: &ResourceNames, schemas: &mut Map<String, Value>) {
    let all: Vec<&Field> = resource.columns.iter().collect();
    let mut row = object(&all, |_| true);
    if let Some(comment) = &resource.comment {
        row["description"] = json!(comment);
    }
    schemas.insert(named.row.clone(), row);
    if resource.can_create() {
        let fields: Vec<&Field> = resource.creatable().collect();
        let required = |field: &Field| !field.nullable && !field.has_default;
        schemas.insert(named.create_type(), object(&fields, required));
    }
    if resource.can_update() {
        let fields: Vec<&Field> = resource.changeable().collect();
        schemas.insert(named.update_type(), object(&fields, |_| false));
    }
    schemas.insert(
        named.page_type(),
        json!({
            "type": "object",
            "required": ["data", "meta"],
            "additionalProperties": false,
            "properties": {
                "data": { "type": "array", "items": reference(&named.row) },
                "meta": {
                    "type": "object",
                    "required": ["nextCursor"],
                    "additionalProperties": false,
                    "properties": { "nextCursor": { "type": ["string", "null"] } }
                }
            }
        }),
    );
}

fn object(fields: &[&Field], required: impl Fn(&Field) -> bool) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.clone(), property(field)))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| required(field))
        .map(|field| field.name.as_str())
        .collect();
    let mut schema = json!({ "type": "object" });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema["properties"] = Value::Object(properties);
    schema
}

/// The schema of a column, with null where the column takes it.
fn property(field: &Field) -> Value {
    let mut schema = field.schema.clone();
    if let Some(comment) = &field.comment {
        schema.insert("description".to_owned(), json!(comment));
    }
    if field.nullable {
        if let Some(Value::String(kind)) = schema.get("type").cloned() {
            schema.insert("type".to_owned(), json!([kind, "null"]));
        }
        if let Some(Value::Array(words)) = schema.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    Value::Object(schema)
}

fn envelope() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["error", "meta"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "details"],
                "properties": {
                    "code": text,
                    "message": text,
                    "details": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["field", "message"],
                            "properties": { "field": text, "message": text }
                        }
                    }
                }
            },
            "meta": {
                "type": "object",
                "required": ["requestId"],
                "properties": { "requestId": text }
            }
        }
    })
}
