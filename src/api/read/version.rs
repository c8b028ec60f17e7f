//! Which version of the specification a document says that it follows.

use serde_json::Value;

use crate::api::Dialect;
use crate::diagnostic::Diagnostic;
use crate::text::{Document, Path, suggest};

const READABLE: &str = "Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 can be read";

/// What the keywords of a document mean that another one refers to: it may be a whole description
/// of another version, or a JSON Schema of its own; else it is a part of the first document.
pub(super) fn of_part(document: &Document, first: Dialect) -> Dialect {
    let text = |key: &str| document.value.get(key).and_then(Value::as_str);
    match (text("openapi"), text("swagger"), text("$schema")) {
        (Some(version), ..) if version.starts_with("3.0") => Dialect::OpenApi30,
        (Some(version), ..) if version.starts_with("3.1") => Dialect::OpenApi31,
        (Some(version), ..) if version.starts_with("3.2") => Dialect::OpenApi32,
        (_, Some(version), _) if version.starts_with('2') => Dialect::Swagger20,
        (.., Some(schema)) if schema.contains("/2019-09/") || schema.contains("/2020-12/") => {
            first.max(Dialect::OpenApi31)
        }
        _ => first,
    }
}

/// The dialect, or why there is none.
pub(super) fn detect(document: &Document) -> (Option<Dialect>, Vec<Diagnostic>) {
    let root = Path::ROOT;
    let fault =
        |code, message: String| Diagnostic::error(code, message).at(document.value_span(&root));
    let map = match &document.value {
        Value::Object(map) => map,
        Value::Null => {
            let fault = Diagnostic::error(
                "empty-document",
                format!("`{}` is empty", document.file.name),
            );
            return (None, vec![fault.help("an API description was expected")]);
        }
        _ => {
            let fault = fault("wrong-type", "an API description is a mapping".to_owned());
            return (None, vec![fault.help("it starts with `openapi: 3.1.0`")]);
        }
    };
    let Some(key) = ["openapi", "swagger"]
        .into_iter()
        .find(|key| map.contains_key(*key))
    else {
        let near = map
            .keys()
            .find(|key| suggest::nearest(key, ["openapi", "swagger"]).is_some());
        let path = root.key(near.map_or("", String::as_str));
        let fault = Diagnostic::error(
            "unknown-version",
            "neither `openapi` nor `swagger` says which version this document follows",
        );
        let fault = match near {
            Some(near) => fault
                .at(document.key_span(&path))
                .help(format!("is `{near}` meant to be `openapi`?")),
            None => fault
                .at(document.value_span(&root))
                .help("it starts with `openapi: 3.1.0`"),
        };
        return (None, vec![fault]);
    };
    let path = root.key(key);
    // The text, because the number 3.10 is 3.1.
    let text = match &map[key] {
        Value::String(text) => text.trim().to_owned(),
        _ => document.scalar_text(&path),
    };
    let mut parts = text.split('.');
    let dialect = match (key, parts.next(), parts.next()) {
        ("swagger", Some("2"), Some("0") | None) => Some(Dialect::Swagger20),
        ("openapi", Some("3"), Some("0")) => Some(Dialect::OpenApi30),
        ("openapi", Some("3"), Some("1")) => Some(Dialect::OpenApi31),
        ("openapi", Some("3"), Some("2")) => Some(Dialect::OpenApi32),
        _ => None,
    };
    if dialect.is_some() {
        return (dialect, Vec::new());
    }
    let fault = Diagnostic::error(
        "unknown-version",
        format!("`{text}` is no version of {key} that can be read"),
    );
    let fault = fault.at(document.span(&path)).pointer(path.to_string());
    (None, vec![fault.help(READABLE)])
}
