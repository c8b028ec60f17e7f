//! Which JSON a column's type becomes, and how its values travel.

use serde_json::{Map, Value, json};

/// How the values of a column travel between JSON and SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// As the driver has it.
    Plain,
    /// JSON text.
    Json,
    /// Bytes as base64.
    Bytes,
    /// An array, read as JSON.
    Array,
    /// Read as text, never written: there is no JSON form that every value survives.
    Text,
}

impl Transport {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Json => "json",
            Self::Bytes => "bytes",
            Self::Array => "array",
            Self::Text => "text",
        }
    }
}

/// A type in both worlds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mapped {
    pub schema: Map<String, Value>,
    pub transport: Transport,
    /// Whether rows can be sorted by it and pages follow each other by it.
    pub orders: bool,
}

/// The largest whole number that JSON readers keep: 2^53 - 1.
const LARGEST: i64 = 9_007_199_254_740_991;

/// Maps what `format_type` prints. `enumeration` gives the labels of an enum type.
pub(super) fn map(data_type: &str, enumeration: impl Fn(&str) -> Option<Vec<String>>) -> Mapped {
    if let Some(element) = data_type.strip_suffix("[]") {
        let element = map(element, enumeration);
        // Elements whose JSON differs from what the column itself would give are left alone.
        let same = element.transport == Transport::Plain
            && element.schema.get("pattern").is_none()
            && element.schema.get("format") != Some(&json!("date-time"));
        return if same {
            plain(
                json!({ "type": "array", "items": element.schema }),
                Transport::Array,
                false,
            )
        } else {
            unmapped(data_type)
        };
    }
    if let Some(labels) = enumeration(data_type) {
        return plain(
            json!({ "type": "string", "enum": labels }),
            Transport::Plain,
            true,
        );
    }
    let (name, arguments) = split(data_type);
    let whole = |low: i64, high: i64, format: &str| json!({ "type": "integer", "format": format, "minimum": low, "maximum": high });
    let (schema, transport, orders) = match name.as_str() {
        "smallint" => (whole(-32_768, 32_767, "int32"), Transport::Plain, true),
        "integer" => (
            whole(-2_147_483_648, 2_147_483_647, "int32"),
            Transport::Plain,
            true,
        ),
        "bigint" => (whole(-LARGEST, LARGEST, "int64"), Transport::Plain, true),
        "real" => (
            json!({ "type": "number", "format": "float" }),
            Transport::Plain,
            true,
        ),
        "double precision" => (
            json!({ "type": "number", "format": "double" }),
            Transport::Plain,
            true,
        ),
        "numeric" => (decimal(&arguments), Transport::Plain, true),
        "boolean" => (json!({ "type": "boolean" }), Transport::Plain, true),
        "text" | "public.citext" | "citext" => {
            (json!({ "type": "string" }), Transport::Plain, true)
        }
        "character varying" | "character" | "bpchar" => {
            let mut schema = json!({ "type": "string" });
            if let Some(limit) = arguments.first() {
                schema["maxLength"] = json!(limit);
            }
            (schema, Transport::Plain, name != "character")
        }
        "uuid" => (
            json!({ "type": "string", "format": "uuid" }),
            Transport::Plain,
            true,
        ),
        "date" => (
            json!({ "type": "string", "format": "date" }),
            Transport::Plain,
            true,
        ),
        "timestamp with time zone" => (
            json!({ "type": "string", "format": "date-time" }),
            Transport::Plain,
            true,
        ),
        "timestamp without time zone" => (
            json!({
                "type": "string",
                "pattern": "^\\d{4,6}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?$",
                "description": "Local time without a zone."
            }),
            Transport::Plain,
            true,
        ),
        "time without time zone" => (
            json!({ "type": "string", "pattern": "^\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?$" }),
            Transport::Plain,
            true,
        ),
        "json" | "jsonb" => (json!({}), Transport::Json, false),
        "bytea" => (
            json!({ "type": "string", "pattern": "^[A-Za-z0-9+/]*={0,2}$", "description": "Bytes in base64." }),
            Transport::Bytes,
            false,
        ),
        _ => return unmapped(data_type),
    };
    plain(schema, transport, orders)
}

fn plain(schema: Value, transport: Transport, orders: bool) -> Mapped {
    Mapped {
        schema: match schema {
            Value::Object(map) => map,
            _ => Map::new(),
        },
        transport,
        orders,
    }
}

fn unmapped(data_type: &str) -> Mapped {
    let schema = json!({ "type": "string", "description": format!("`{data_type}` as text.") });
    plain(schema, Transport::Text, false)
}

/// Decimals are text in JSON: a number would lose digits on the way.
fn decimal(arguments: &[u64]) -> Value {
    let pattern = match *arguments {
        [precision, scale] if scale > 0 && precision > scale => {
            format!("^-?\\d{{1,{}}}(\\.\\d{{1,{scale}}})?$", precision - scale)
        }
        [precision, 0] => format!("^-?\\d{{1,{precision}}}$"),
        _ => "^-?\\d+(\\.\\d+)?$".to_owned(),
    };
    json!({ "type": "string", "pattern": pattern, "description": "A decimal number as text." })
}

/// `character varying(32)` in name and arguments.
fn split(data_type: &str) -> (String, Vec<u64>) {
    let Some((before, rest)) = data_type.split_once('(') else {
        return (data_type.to_owned(), Vec::new());
    };
    let Some((arguments, after)) = rest.split_once(')') else {
        return (data_type.to_owned(), Vec::new());
    };
    let numbers = arguments
        .split(',')
        .filter_map(|number| number.trim().parse().ok());
    (format!("{}{after}", before.trim_end()), numbers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_become_schemas() {
        let labels =
            |name: &str| (name == "public.mood").then(|| vec!["sad".to_owned(), "glad".to_owned()]);
        for (data_type, schema, transport) in [
            (
                "character varying(32)",
                json!({"type": "string", "maxLength": 32}),
                Transport::Plain,
            ),
            (
                "public.mood",
                json!({"type": "string", "enum": ["sad", "glad"]}),
                Transport::Plain,
            ),
            (
                "public.mood[]",
                json!({"type": "array", "items": {"type": "string", "enum": ["sad", "glad"]}}),
                Transport::Array,
            ),
            (
                "timestamp(3) with time zone",
                json!({"type": "string", "format": "date-time"}),
                Transport::Plain,
            ),
            ("jsonb", json!({}), Transport::Json),
        ] {
            let mapped = map(data_type, labels);
            assert_eq!(
                (Value::Object(mapped.schema), mapped.transport),
                (schema, transport),
                "{data_type}"
            );
        }
        assert_eq!(map("tsvector", labels).transport, Transport::Text);
        assert_eq!(map("numeric[]", labels).transport, Transport::Text);
        let price = map("numeric(10,2)", labels);
        assert_eq!(price.schema["pattern"], "^-?\\d{1,8}(\\.\\d{1,2})?$");
    }
}
