//! From text to parts: what stands between double braces is read, the rest is text.

use std::ops::Range;

use super::{Names, Source};
use crate::text::suggest;

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Value {
        source: Source,
        raw: bool,
        /// Bytes of the text, braces included.
        range: Range<usize>,
    },
}

/// What is wrong with a value, and where in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub range: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

const KINDS: [&str; 5] = ["uuid", "seq", "int", "csv", "env"];
const EXAMPLES: &str =
    "`{{uuid}}`, `{{seq}}`, `{{int 1 100}}`, `{{csv.column}}`, `{{env.NAME}}`; `\\{{` is text";

/// Reads a text; all faults, not the first.
pub fn parse(text: &str, names: &Names<'_>) -> Result<Vec<Part>, Vec<Fault>> {
    let (mut parts, mut faults) = (Vec::new(), Vec::new());
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let open = at + found;
        if text[at..open].ends_with('\\') {
            plain.push_str(&text[at..open - 1]);
            plain.push_str("{{");
            at = open + 2;
            continue;
        }
        plain.push_str(&text[at..open]);
        let Some(length) = text[open..].find("}}") else {
            let line = text[open..].split('\n').next().map_or(2, str::len);
            faults.push(Fault {
                range: open..open + line,
                message: "`{{` without `}}`".to_owned(),
                help: Some(format!("one of {EXAMPLES}")),
            });
            at = text.len();
            break;
        };
        let range = open..open + length + 2;
        at = range.end;
        match value(&text[open + 2..open + length], names) {
            Ok((source, raw)) => {
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Value { source, raw, range });
            }
            Err((message, help)) => faults.push(Fault {
                range,
                message,
                help,
            }),
        }
    }
    plain.push_str(&text[at..]);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    if faults.is_empty() {
        Ok(parts)
    } else {
        Err(faults)
    }
}

type Words = (String, Option<String>);

fn value(inner: &str, names: &Names<'_>) -> Result<(Source, bool), Words> {
    let whole = inner.trim();
    let (name, raw) = match whole.strip_suffix("raw") {
        Some(rest) if rest.ends_with(char::is_whitespace) => (rest.trim_end(), true),
        _ => (whole, false),
    };
    let source = if let Some(column) = name.strip_prefix("csv.") {
        self::column(column, names)?
    } else if let Some(variable) = name.strip_prefix("env.") {
        let value = (names.environment)(variable).ok_or_else(|| {
            (
                format!("the environment variable `{variable}` is not set"),
                None,
            )
        })?;
        Source::Fixed(value)
    } else {
        named(name)?
    };
    Ok((source, raw))
}

fn column(column: &str, names: &Names<'_>) -> Result<Source, Words> {
    let Some(table) = names.table else {
        if names.is_table_broken {
            return Ok(Source::Fixed(String::new()));
        }
        let message = format!("`{{{{csv.{column}}}}}` has no table");
        return Err((message, Some("`--csv FILE` gives one".to_owned())));
    };
    table.column(column).map(Source::Column).ok_or_else(|| {
        let columns = table.columns();
        let near = suggest::nearest(column, columns.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{{{{csv.{near}}}}}`?"),
            None => format!("its columns are {}", columns.join(", ")),
        };
        let message = format!("`{}` has no column `{column}`", table.name());
        (message, Some(help))
    })
}

fn named(text: &str) -> Result<Source, Words> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let rest: Vec<&str> = words.collect();
    match (name, rest.as_slice()) {
        ("uuid", []) => Ok(Source::Uuid),
        ("seq", []) => Ok(Source::Sequence),
        ("int", [low, high]) => match (low.parse(), high.parse()) {
            (Ok(low), Ok(high)) if low <= high => Ok(Source::Integer { low, high }),
            _ => Err(whole_numbers(text)),
        },
        ("int", _) => Err(whole_numbers(text)),
        ("uuid" | "seq", _) => Err((
            format!("`{name}` takes nothing but `raw` after it"),
            Some(format!("`{{{{{name}}}}}`")),
        )),
        _ => {
            let near = suggest::nearest(name, KINDS).map(|near| match near {
                "int" => "int 1 100",
                "csv" => "csv.column",
                "env" => "env.NAME",
                plain => plain,
            });
            let help = match near {
                Some(near) => format!("did you mean `{{{{{near}}}}}`?"),
                None => format!("one of {EXAMPLES}"),
            };
            Err((format!("`{{{{{text}}}}}` is no value"), Some(help)))
        }
    }
}

fn whole_numbers(text: &str) -> Words {
    (
        format!("`{{{{{text}}}}}` wants two whole numbers, the lower one first"),
        Some("`{{int 1 100}}`".to_owned()),
    )
}
