//! Values written into paths, query strings, headers and cookies, by style and explode, as OpenAPI
//! lays them down (after RFC 6570).

use serde_json::Value;

use crate::api::{Parameter, ParameterFormat, ParameterPlace, Style};

/// How the characters of a value are kept apart from those that separate values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    /// Everything but the unreserved characters of RFC 3986.
    Whole,
    /// Reserved characters stay, as `allowReserved` wants it.
    Reserved,
    /// Headers and cookies have their text as it is.
    Plain,
}

/// The text of a parameter at its place: a piece of the path, `name=value` pairs joined by `&` for a
/// query and a cookie, the value of a header. `None` when the style has no form for the value.
pub(super) fn written(parameter: &Parameter, value: &Value) -> Option<String> {
    let name = &parameter.name;
    let escaping = match parameter.place {
        ParameterPlace::Header => Escaping::Plain,
        _ if parameter.allow_reserved => Escaping::Reserved,
        _ => Escaping::Whole,
    };
    match (&parameter.format, parameter.place) {
        (ParameterFormat::Content { media_type, .. }, ParameterPlace::QueryString) => {
            if media_type.starts_with("application/x-www-form-urlencoded") {
                object_fields(value.as_object()?, escaping)
            } else {
                Some(escaped(&value.to_string(), escaping))
            }
        }
        (ParameterFormat::Content { .. }, place) => {
            let text = escaped(&value.to_string(), escaping);
            Some(match place {
                ParameterPlace::Query | ParameterPlace::Cookie => {
                    format!("{}={text}", escaped(name, Escaping::Whole))
                }
                _ => text,
            })
        }
        (ParameterFormat::Styled { style, explode, .. }, _) => {
            styled(name, value, *style, *explode, escaping)
        }
    }
}

/// The fields of a form.
fn object_fields(fields: &serde_json::Map<String, Value>, escaping: Escaping) -> Option<String> {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        pairs.push(match value {
            Value::Object(_) => format!(
                "{}={}",
                escaped(name, Escaping::Whole),
                escaped(&value.to_string(), escaping)
            ),
            _ => styled(name, value, Style::Form, true, escaping)?,
        });
    }
    Some(pairs.join("&"))
}

pub(super) fn styled(
    name: &str,
    value: &Value,
    style: Style,
    explode: bool,
    escaping: Escaping,
) -> Option<String> {
    let key = escaped(name, Escaping::Whole);
    let text = |value: &Value| scalar(value).map(|text| escaped(&text, escaping));
    let separator = match style {
        Style::SpaceDelimited => "%20",
        Style::PipeDelimited => "%7C",
        Style::TabDelimited => "%09",
        _ => ",",
    };
    if style == Style::DeepObject {
        let Value::Object(fields) = value else {
            return Some(format!("{key}={}", text(value)?));
        };
        let mut pairs = Vec::new();
        for (field, value) in fields {
            let values = match value {
                Value::Array(items) => items.iter().collect(),
                one => vec![one],
            };
            for value in values {
                let field = escaped(field, Escaping::Whole);
                pairs.push(format!("{key}%5B{field}%5D={}", text(value)?));
            }
        }
        return Some(pairs.join("&"));
    }
    let named = matches!(
        style,
        Style::Form | Style::SpaceDelimited | Style::PipeDelimited | Style::TabDelimited
    );
    let (prefix, between) = match style {
        Style::Label => (".", if explode { "." } else { "," }),
        Style::Matrix => (";", if explode { ";" } else { "," }),
        _ if named && explode => ("", "&"),
        _ => ("", separator),
    };
    match value {
        // A list without members is one that is not given (RFC 6570, 2.3); a name without a value
        // would be a list of one empty text.
        Value::Array(items) if items.is_empty() && named => Some(String::new()),
        Value::Object(fields) if fields.is_empty() && named => Some(String::new()),
        Value::Array(items) => {
            let each_named = explode && (named || style == Style::Matrix);
            let mut parts = Vec::new();
            for item in items {
                let item = text(item)?;
                parts.push(if each_named {
                    format!("{key}={item}")
                } else {
                    item
                });
            }
            let joined = parts.join(between);
            Some(match style {
                Style::Matrix if !explode => format!(";{key}={joined}"),
                _ if named && !explode => format!("{key}={joined}"),
                _ => format!("{prefix}{joined}"),
            })
        }
        Value::Object(fields) => {
            let mut parts = Vec::new();
            for (field, value) in fields {
                let field = escaped(field, escaping);
                parts.push(if explode {
                    format!("{field}={}", text(value)?)
                } else {
                    format!("{field}{separator}{}", text(value)?)
                });
            }
            let joined = parts.join(if explode { between } else { separator });
            Some(match style {
                Style::Matrix if !explode => format!(";{key}={joined}"),
                _ if named && !explode => format!("{key}={joined}"),
                _ => format!("{prefix}{joined}"),
            })
        }
        single => {
            let single = text(single)?;
            Some(match style {
                Style::Matrix => format!(";{key}={single}"),
                _ if named => format!("{key}={single}"),
                _ => format!("{prefix}{single}"),
            })
        }
    }
}

/// `None` for what has no text of its own.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn escaped(text: &str, escaping: Escaping) -> String {
    if escaping == Escaping::Plain {
        return text.to_owned();
    }
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let stays = byte.is_ascii_alphanumeric()
            || b"-._~".contains(&byte)
            || (escaping == Escaping::Reserved && b":/?@!$'()*,;".contains(&byte));
        if stays {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The table of OpenAPI 3.1, "Style Examples".
    #[test]
    fn styles_are_those_of_the_specification() {
        let array = json!(["blue", "black", "brown"]);
        let object = json!({"R": 100, "G": 200, "B": 150});
        for (style, explode, of_array, of_object) in [
            (
                Style::Matrix,
                false,
                ";color=blue,black,brown",
                ";color=R,100,G,200,B,150",
            ),
            (
                Style::Matrix,
                true,
                ";color=blue;color=black;color=brown",
                ";R=100;G=200;B=150",
            ),
            (
                Style::Label,
                false,
                ".blue,black,brown",
                ".R,100,G,200,B,150",
            ),
            (
                Style::Label,
                true,
                ".blue.black.brown",
                ".R=100.G=200.B=150",
            ),
            (
                Style::Simple,
                false,
                "blue,black,brown",
                "R,100,G,200,B,150",
            ),
            (Style::Simple, true, "blue,black,brown", "R=100,G=200,B=150"),
            (
                Style::Form,
                false,
                "color=blue,black,brown",
                "color=R,100,G,200,B,150",
            ),
            (
                Style::Form,
                true,
                "color=blue&color=black&color=brown",
                "R=100&G=200&B=150",
            ),
            (
                Style::SpaceDelimited,
                false,
                "color=blue%20black%20brown",
                "color=R%20100%20G%20200%20B%20150",
            ),
            (
                Style::PipeDelimited,
                false,
                "color=blue%7Cblack%7Cbrown",
                "color=R%7C100%7CG%7C200%7CB%7C150",
            ),
        ] {
            let write = |value| styled("color", value, style, explode, Escaping::Whole);
            assert_eq!(
                write(&array).as_deref(),
                Some(of_array),
                "{style:?} {explode}"
            );
            assert_eq!(
                write(&object).as_deref(),
                Some(of_object),
                "{style:?} {explode}"
            );
        }
        assert_eq!(
            styled("color", &object, Style::DeepObject, true, Escaping::Whole).as_deref(),
            Some("color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150")
        );
        assert_eq!(
            styled("a", &json!([[1]]), Style::Form, true, Escaping::Whole),
            None
        );
        for explode in [true, false] {
            let empty = styled("a", &json!([]), Style::Form, explode, Escaping::Whole);
            assert_eq!(empty.as_deref(), Some(""));
        }
    }

    #[test]
    fn separators_in_values_are_escaped() {
        let value = json!("a b/c?d=é");
        assert_eq!(
            styled("q", &value, Style::Form, true, Escaping::Whole).as_deref(),
            Some("q=a%20b%2Fc%3Fd%3D%C3%A9")
        );
        assert_eq!(escaped("a/b&c", Escaping::Reserved), "a/b%26c");
    }
}
