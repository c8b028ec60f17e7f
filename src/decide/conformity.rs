//! Holds a document against the JSON Schema that our structs generate, so that every fault of a
//! hand-written file is found in one run, with its place. Reads the keywords that schemars writes.

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::text::tree::{Node, NodeKind};
use crate::text::{printable, suggest};

/// All faults, in the order of the document.
pub(super) fn check(root: &Node, schema: &Json) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    visit(root, schema, schema, "", &mut faults);
    crate::diagnostic::sort(&mut faults);
    faults
}

fn visit(node: &Node, schema: &Json, whole: &Json, name: &str, faults: &mut Vec<Diagnostic>) {
    let schema = resolve(schema, whole);
    let value = node.to_value();
    let fault =
        |message: String| Diagnostic::error("invalid-profile", message).at(node.span.clone());
    let of = || {
        if name.is_empty() {
            String::new()
        } else {
            format!(" for `{name}`")
        }
    };
    if let Some(alternatives) = schema.get("anyOf").and_then(Json::as_array) {
        if let Some(chosen) = alternative(node, alternatives, whole) {
            visit(node, chosen, whole, name, faults);
        }
        return;
    }
    if let Some(condition) = schema.get("if") {
        let required = condition
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten();
        let holds = required
            .filter_map(Json::as_str)
            .all(|key| node.get(key).is_some());
        if let Some(chosen) = schema.get(if holds { "then" } else { "else" }) {
            visit(node, chosen, whole, name, faults);
        }
        return;
    }
    let words = enumeration(schema);
    if !words.is_empty() {
        if !words.iter().any(|word| Some(*word) == value.as_str()) {
            let given = node.text().trim_matches('"');
            let help = suggest::nearest(given, words.iter().copied()).map_or_else(
                || format!("one of {}", words.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            faults.push(fault(format!("`{}` is no value{}", printable(given), of())).help(help));
        }
        return;
    }
    let types: Vec<&str> = match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => return,
    };
    if !types.iter().any(|name| has_type(&value, name)) {
        faults.push(fault(format!("{} was expected{}", spoken(types[0]), of())));
        return;
    }
    if let (Some(minimum), Some(number)) =
        (schema.get("minimum").and_then(Json::as_f64), value.as_f64())
        && number < minimum
    {
        faults.push(fault(format!("at least {minimum} was expected{}", of())));
    }
    if let (Some(maximum), Some(number)) =
        (schema.get("maximum").and_then(Json::as_f64), value.as_f64())
        && number > maximum
    {
        faults.push(fault(format!("at most {maximum} was expected{}", of())));
    }
    let least = |key: &str| schema.get(key).and_then(Json::as_u64);
    if let Json::String(text) = &value {
        let length = text.trim().chars().count() as u64;
        if least("minLength").is_some_and(|least| length < least) {
            faults.push(fault(format!(
                "a text was expected{}, this one is empty",
                of()
            )));
        }
        if let Some(most) = least("maxLength").filter(|most| length > *most) {
            faults.push(fault(format!(
                "at most {most} characters were expected{}",
                of()
            )));
        }
    }
    if schema.get("const").is_some_and(|only| *only != value) {
        faults.push(fault(format!(
            "only `{}` has a meaning{}",
            schema["const"],
            of()
        )));
    }
    match &node.kind {
        NodeKind::Sequence(items) => {
            if items.is_empty() && least("minItems") > Some(0) {
                faults.push(fault(format!("at least one entry was expected{}", of())));
            }
            if let Some(schema) = schema.get("items") {
                for item in items {
                    visit(item, schema, whole, name, faults);
                }
            }
        }
        NodeKind::Mapping(entries) => {
            if least("minProperties").is_some_and(|least| (entries.len() as u64) < least) {
                faults.push(fault(format!("at least one entry was expected{}", of())));
            }
            mapping(node, schema, whole, faults);
        }
        NodeKind::Scalar(_) => {}
    }
}

fn mapping(node: &Node, schema: &Json, whole: &Json, faults: &mut Vec<Diagnostic>) {
    let none = serde_json::Map::new();
    let properties = schema
        .get("properties")
        .and_then(Json::as_object)
        .unwrap_or(&none);
    let mut seen: Vec<&str> = Vec::new();
    for entry in node.entries() {
        let at = |message: String| {
            Diagnostic::error("invalid-profile", message).at(entry.key_span.clone())
        };
        seen.push(&entry.key);
        match (
            properties.get(&entry.key),
            schema.get("additionalProperties"),
        ) {
            (Some(schema), _) | (None, Some(schema @ Json::Object(_))) => {
                visit(&entry.value, schema, whole, &entry.key, faults);
            }
            (None, Some(Json::Bool(false))) => {
                let known = properties.keys().map(String::as_str);
                let help = suggest::nearest(&entry.key, known.clone()).map_or_else(
                    || format!("one of {}", known.collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                let mut unknown = at(format!("`{}` is no key here", printable(&entry.key)));
                unknown.code = "unknown-key";
                faults.push(unknown.help(help));
            }

            (None, _) => {}
        }
    }
    let required = schema
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    for key in required.filter_map(Json::as_str) {
        if !seen.contains(&key) {
            let start = node.span.range.start;
            let place = crate::text::Span::new(
                &node.span.file,
                start..(start + 1).min(node.span.range.end),
            );
            faults.push(
                Diagnostic::error("invalid-profile", format!("`{key}` is missing")).at(place),
            );
        }
    }
}

/// The one that is meant: null for null, else the struct with the most keys of the node.
fn alternative<'a>(node: &Node, alternatives: &'a [Json], whole: &Json) -> Option<&'a Json> {
    let is_null = matches!(node.kind, NodeKind::Scalar(Json::Null));
    let known = |alternative: &Json| {
        let properties = resolve(alternative, whole).get("properties");
        let entries = node.entries().iter();
        entries
            .filter(|entry| properties.is_some_and(|known| known.get(&entry.key).is_some()))
            .count()
    };
    let mut best: Option<(usize, &Json)> = None;
    for alternative in alternatives {
        if (alternative.get("type") == Some(&Json::from("null"))) != is_null {
            continue;
        }
        let count = known(alternative);
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, alternative));
        }
    }
    best.map(|(_, chosen)| chosen)
}

fn resolve<'a>(schema: &'a Json, whole: &'a Json) -> &'a Json {
    let target = schema
        .get("$ref")
        .and_then(Json::as_str)
        .and_then(|reference| reference.strip_prefix('#'))
        .and_then(|pointer| whole.pointer(pointer));
    target.unwrap_or(schema)
}

/// The words of an `enum`, or of a `oneOf` of constants, which is how described variants are written.
fn enumeration(schema: &Json) -> Vec<&str> {
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        return words.iter().filter_map(Json::as_str).collect();
    }
    let alternatives = schema
        .get("oneOf")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    alternatives
        .filter_map(|alternative| alternative.get("const").and_then(Json::as_str))
        .collect()
}

fn has_type(value: &Json, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

fn spoken(name: &str) -> &'static str {
    match name {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        _ => "an object",
    }
}
