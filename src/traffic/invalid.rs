//! Requests that break the description in one place each.

use indexmap::IndexSet;
use serde_json::Value;

use super::breaks::{self, Break};
use super::request::{Attempt, ContentKind, Parts, body_pointer, is_json, place, written};
use super::rules::{Direction, Rules};
use crate::api::{JsonType, Parameter, ParameterFormat, ParameterPlace, Schema, Style};

/// Requests that break a rule, for one operation. More of them say little more about its validation.
const MOST: usize = 60;

/// The attempts, and how many more there would be.
pub(super) fn attempts(rules: &Rules<'_>, parts: &Parts<'_>) -> (Vec<Attempt>, usize) {
    let mut attempts = Vec::new();
    of_body(rules, parts, &mut attempts);
    for (index, parameter) in parts.operation.parameters.iter().enumerate() {
        of_parameter(rules, parts, index, parameter, &mut attempts);
    }
    let more = attempts.len().saturating_sub(MOST);
    attempts.truncate(MOST);
    (attempts, more)
}

fn of_body(rules: &Rules<'_>, parts: &Parts<'_>, attempts: &mut Vec<Attempt>) {
    let (Some(content), Some(body), Some(request)) =
        (&parts.body, &parts.operation.body, written(parts))
    else {
        return;
    };
    let at = |below: &str| place(rules.api, parts.operation, below);
    if body.required {
        let mut without = request.clone();
        without.body.clear();
        without.headers.retain(|(name, _)| name != "Content-Type");
        attempts.push(Attempt {
            request: without,
            breaks: "the body is missing".to_owned(),
            pointer: at("/requestBody"),
            lenient: false,
        });
    }
    if content.kind != ContentKind::Json {
        return;
    }
    let mut malformed = request.clone();
    malformed
        .body
        .truncate(malformed.body.len().saturating_sub(1).max(1));
    malformed.body.extend_from_slice(b",,");
    attempts.push(Attempt {
        request: malformed,
        breaks: "the body is no JSON".to_owned(),
        pointer: at("/requestBody"),
        lenient: false,
    });
    if !body
        .content
        .keys()
        .any(|name| name.contains('*') || name.starts_with("text/"))
    {
        let mut other = request.clone();
        for (name, value) in &mut other.headers {
            if name == "Content-Type" {
                "text/plain".clone_into(value);
            }
        }
        attempts.push(Attempt {
            request: other,
            breaks: "the body is sent as `text/plain`, which is not described".to_owned(),
            pointer: at("/requestBody/content"),
            lenient: true,
        });
    }
    let anything = Schema::Anything;
    let schema = content.media.schema.as_ref().unwrap_or(&anything);
    for Break {
        place: broken,
        words,
        lenient,
        value,
    } in breaks::of(rules, schema, &content.value)
    {
        let mut parts = parts.clone();
        if let Some(content) = &mut parts.body {
            content.value = value;
        }
        let subject = match broken.as_str() {
            "" => "the body".to_owned(),
            pointer => format!("`{pointer}` of the body"),
        };
        attempts.extend(written(&parts).map(|request| Attempt {
            request,
            breaks: format!("{subject} {words}"),
            pointer: at(&body_pointer(content.media_type)),
            lenient,
        }));
    }
}

fn of_parameter(
    rules: &Rules<'_>,
    parts: &Parts<'_>,
    index: usize,
    parameter: &Parameter,
    attempts: &mut Vec<Attempt>,
) {
    let Some(value) = parts.parameters.get(&index) else {
        return;
    };
    let kind = match parameter.place {
        ParameterPlace::Path => "path parameter",
        ParameterPlace::Query | ParameterPlace::QueryString => "query parameter",
        ParameterPlace::Header => "header",
        ParameterPlace::Cookie => "cookie",
    };
    let pointer = rules
        .api
        .origins
        .locate(parameter.origin.number(), "")
        .map_or_else(
            || place(rules.api, parts.operation, "/parameters"),
            |(pointer, _)| pointer,
        );
    if parameter.required && parameter.place != ParameterPlace::Path {
        let mut parts = parts.clone();
        parts.parameters.remove(&index);
        attempts.extend(written(&parts).map(|request| Attempt {
            request,
            breaks: format!("the {kind} `{}` is missing", parameter.name),
            pointer: pointer.clone(),
            lenient: false,
        }));
    }
    for Break {
        place: broken,
        words,
        lenient,
        value: changed,
    } in breaks::of(rules, parameter.schema(), value)
    {
        if !is_broken_as_text(rules, parameter, &broken, &changed) {
            continue;
        }
        let mut parts = parts.clone();
        parts.parameters.insert(index, changed);
        let Some(mut request) = written(&parts) else {
            continue;
        };
        // Without a value the parameter is not there, which may be allowed.
        if Some(&request) == written_without(&parts, index).as_ref() {
            continue;
        }
        let inside = if broken.is_empty() {
            String::new()
        } else {
            format!("`{broken}` of ")
        };
        request.path.broken = Some(parameter.name.clone());
        attempts.push(Attempt {
            request,
            breaks: format!("{inside}the {kind} `{}` {words}", parameter.name),
            pointer: pointer.clone(),
            lenient,
        });
    }
}

fn written_without(parts: &Parts<'_>, index: usize) -> Option<super::Request> {
    let mut parts = parts.clone();
    parts.parameters.remove(&index);
    written(&parts)
}

/// A parameter is text on its way, and text that reads as a value of the wanted type is one. JSON
/// keeps its types.
fn is_broken_as_text(
    rules: &Rules<'_>,
    parameter: &Parameter,
    broken: &str,
    changed: &Value,
) -> bool {
    let style = match &parameter.format {
        ParameterFormat::Content { media_type, .. } if is_json(media_type) => return true,
        ParameterFormat::Content { .. } => Style::Form,
        ParameterFormat::Styled { style, .. } => *style,
    };
    let Some(value) = changed.pointer(broken) else {
        return false;
    };
    let text = match value {
        // A list of one item is the same text as the item, and several may be one string.
        Value::Array(items) => {
            let flat = rules.flat(parameter.schema(), &mut |_| 0);
            let only_a_list = |kinds: &IndexSet<JsonType>| {
                kinds.contains(&JsonType::Array) && !kinds.contains(&JsonType::String)
            };
            return !items.is_empty() && flat.is_some_and(|flat| only_a_list(&flat.types));
        }
        // What is broken is that something is missing, or there beside the rest.
        Value::Object(_) if broken.is_empty() => return parameter_is_object(rules, parameter),
        // An object in a field travels as JSON.
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    if style == Style::Label && text.contains('.') {
        return false;
    }
    let read = serde_json::from_str::<Value>(&text)
        .ok()
        .filter(|value| !value.is_object() && !value.is_array());
    let listed = Value::Array(vec![Value::String(text.clone())]);
    let readings = [Some(Value::String(text)), read, Some(listed)];
    !readings.into_iter().flatten().any(|reading| {
        let mut whole = changed.clone();
        if let Some(at) = whole.pointer_mut(broken) {
            *at = reading;
        }
        rules.accepts(parameter.schema(), Direction::Request, &whole)
    })
}

fn parameter_is_object(rules: &Rules<'_>, parameter: &Parameter) -> bool {
    let flat = rules.flat(parameter.schema(), &mut |_| 0);
    flat.is_some_and(|flat| flat.types.contains(&JsonType::Object) && flat.types.len() == 1)
}
