//! Reads what Postgres prints: identifiers, the columns of constraints and indexes, simple checks.
//! What is not understood is `None`, and stays the database's own business.

use serde_json::{Map, Number, Value, json};

use crate::catalog::unquoted;

/// Always quoted, so that it can stand in any statement.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quoted only where `quote_ident` would: what is no plain lower-case word. Reserved words apart, which
/// no constraint is called.
pub(super) fn as_written(name: &str) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !name.starts_with(|c: char| c.is_ascii_digit()) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// Schema and name of a qualified name, both unquoted.
pub(super) fn qualified(name: &str) -> (String, String) {
    let parts = split(name, '.');
    match parts.as_slice() {
        [schema, rest @ ..] if !rest.is_empty() => (unquoted(schema), unquoted(&rest.join("."))),
        _ => ("public".to_owned(), unquoted(name)),
    }
}

/// A constraint or an index: its columns, and what a foreign key refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub own: Vec<String>,
    pub referenced: Vec<String>,
}

/// The columns of `PRIMARY KEY (a, b)`, `UNIQUE (a)`, `FOREIGN KEY (a) REFERENCES t(b)`.
pub(super) fn constraint_columns(definition: &str) -> Option<Columns> {
    let (own, rest) = parenthesised(definition)?;
    let referenced = match rest.trim_start().strip_prefix("REFERENCES ") {
        Some(target) => parenthesised(target)
            .map(|(columns, _)| names(columns))
            .unwrap_or_default(),
        None => Vec::new(),
    };
    Some(Columns {
        own: names(own),
        referenced,
    })
}

/// How an index can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IndexUse {
    pub method: String,
    /// The leading columns that are plain, in order; it ends at the first expression.
    pub columns: Vec<String>,
    /// Only a part of the rows is in it.
    pub partial: bool,
}

/// Reads `CREATE INDEX … ON t USING btree (a, lower(b)) WHERE …`.
pub(super) fn index_use(definition: &str) -> Option<IndexUse> {
    let (_, after) = definition.split_once(" USING ")?;
    let method = after.split([' ', '(']).next()?.to_owned();
    let (inner, rest) = parenthesised(after)?;
    let mut columns = Vec::new();
    for item in split(inner, ',') {
        let item = item.trim();
        let end = identifier_end(item);
        let tail = item[end..].trim();
        // An operator class changes what the index answers; an order does not.
        let plain_tail = tail
            .split(' ')
            .all(|word| matches!(word, "" | "ASC" | "DESC" | "NULLS" | "FIRST" | "LAST"));
        if end == 0 || !plain_tail {
            break;
        }
        columns.push(unquoted(&item[..end]));
    }
    Some(IndexUse {
        method,
        columns,
        partial: rest.contains(" WHERE "),
    })
}

/// A check as keywords of a column's JSON Schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Check {
    pub column: String,
    pub keywords: Map<String, Value>,
}

/// Reads `CHECK ((quantity > 0))`, `CHECK ((length(code) = 2))`, `CHECK ((status = ANY (ARRAY['a', 'b'])))`
/// and conjunctions of such. `None` when any part of it says more.
pub(super) fn check(definition: &str) -> Option<Vec<Check>> {
    let expression = definition.strip_prefix("CHECK ")?;
    let expression = expression
        .trim_end_matches(" NOT VALID")
        .trim_end_matches(" NO INHERIT");
    conjunction(&stripped(expression))
}

fn conjunction(expression: &str) -> Option<Vec<Check>> {
    let parts = split_words(expression, " AND ");
    if parts.len() > 1 {
        let mut checks = Vec::new();
        for part in parts {
            checks.extend(conjunction(&stripped(&part))?);
        }
        return Some(checks);
    }
    comparison(expression).map(|check| vec![check])
}

fn comparison(expression: &str) -> Option<Check> {
    for operator in [" >= ", " <= ", " <> ", " = ANY ", " = ", " > ", " < "] {
        let parts = split_words(expression, operator);
        let [left, right] = parts.as_slice() else {
            continue;
        };
        let (left, right) = (stripped(left), stripped(right));
        if operator == " = ANY " {
            let words = array(&right)?;
            return Some(Check {
                column: column(&left)?,
                keywords: object(json!({ "enum": words })),
            });
        }
        if let Some(inner) = call(&left, &["length", "char_length", "character_length"]) {
            let limit: u64 = number(&right)?.as_u64()?;
            let keywords = match operator {
                " >= " => json!({ "minLength": limit }),
                " > " => json!({ "minLength": limit + 1 }),
                " <= " => json!({ "maxLength": limit }),
                " < " => json!({ "maxLength": limit.checked_sub(1)? }),
                " = " => json!({ "minLength": limit, "maxLength": limit }),
                _ => return None,
            };
            return Some(Check {
                column: column(&stripped(inner))?,
                keywords: object(keywords),
            });
        }
        let column = column(&left)?;
        let keywords = match (operator, text(&right), number(&right)) {
            (" <> ", Some(""), _) => json!({ "minLength": 1 }),
            (" = ", Some(word), _) => json!({ "enum": [word] }),
            (" >= ", None, Some(limit)) => json!({ "minimum": limit }),
            (" > ", None, Some(limit)) => json!({ "exclusiveMinimum": limit }),
            (" <= ", None, Some(limit)) => json!({ "maximum": limit }),
            (" < ", None, Some(limit)) => json!({ "exclusiveMaximum": limit }),
            _ => return None,
        };
        return Some(Check {
            column,
            keywords: object(keywords),
        });
    }
    None
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Without the parentheses around all of it and without casts.
fn stripped(expression: &str) -> String {
    let mut text = expression.trim();
    loop {
        let before = text;
        if let Some((inner, rest)) = text.starts_with('(').then(|| parenthesised(text)).flatten()
            && rest.trim().is_empty()
        {
            text = inner.trim();
        }
        if let Some(at) = cast(text) {
            text = text[..at].trim_end();
        }
        if text == before {
            return text.to_owned();
        }
    }
}

/// Where a cast of the whole expression begins: `x::character varying(3)`.
fn cast(text: &str) -> Option<usize> {
    let at = outside(text)
        .filter(|(_, rest)| rest.starts_with("::"))
        .map(|(at, _)| at)
        .last()?;
    let target = &text[at + 2..];
    let plain = target
        .chars()
        .all(|c| c.is_alphanumeric() || " _.\"[](),".contains(c));
    (plain && !target.contains(" AND ") && !target.contains(" OR ")).then_some(at)
}

fn column(text: &str) -> Option<String> {
    let end = identifier_end(text);
    (end == text.len() && end > 0).then(|| unquoted(text))
}

/// The argument of one of these functions.
fn call<'a>(text: &'a str, names: &[&str]) -> Option<&'a str> {
    let at = text.find('(')?;
    let (inner, rest) = parenthesised(text)?;
    (names.contains(&&text[..at]) && rest.is_empty()).then_some(inner)
}

/// The text of `'it''s'`.
fn text(literal: &str) -> Option<&str> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    // A doubled quote is rare enough in a check to leave it to the database.
    (!inner.contains('\'')).then_some(inner)
}

fn number(literal: &str) -> Option<Number> {
    let bare = text(literal).unwrap_or(literal);
    if let Ok(whole) = bare.parse::<i64>() {
        return Some(whole.into());
    }
    bare.parse::<f64>()
        .ok()
        .filter(|number| number.is_finite())
        .and_then(Number::from_f64)
}

/// The words of `ARRAY['a'::text, 'b'::text]`.
fn array(text_of_array: &str) -> Option<Vec<String>> {
    let inner = text_of_array.strip_prefix("ARRAY[")?.strip_suffix(']')?;
    split(inner, ',')
        .iter()
        .map(|item| text(&stripped(item)).map(str::to_owned))
        .collect()
}

/// What stands in the first parentheses, and what follows them.
fn parenthesised(text: &str) -> Option<(&str, &str)> {
    let open = text.char_indices().find(|(_, letter)| *letter == '(')?.0;
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    for (at, letter) in text[open..].char_indices() {
        match (quote, letter) {
            (Some(opened), _) => quote = (letter != opened).then_some(opened),
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return Some((&text[open + 1..open + at], &text[open + at + 1..]));
                }
            }
            _ => {}
        }
    }
    None
}

/// Every place outside of quotes, parentheses and brackets, with the text from there.
fn outside(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut depth = 0_i32;
    let mut quote: Option<char> = None;
    text.char_indices().filter_map(move |(at, letter)| {
        let was_outside = depth == 0 && quote.is_none();
        match (quote, letter) {
            (Some(opened), _) => quote = (letter != opened).then_some(opened),
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {}
        }
        (was_outside).then_some((at, &text[at..]))
    })
}

fn split(text: &str, separator: char) -> Vec<String> {
    split_words(text, separator.encode_utf8(&mut [0; 4]))
}

/// Splits outside of quotes, parentheses and brackets.
fn split_words(text: &str, separator: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, rest) in outside(text) {
        if at >= start && rest.starts_with(separator) {
            parts.push(text[start..at].to_owned());
            start = at + separator.len();
        }
    }
    parts.push(text[start..].to_owned());
    parts
}

fn names(columns: &str) -> Vec<String> {
    split(columns, ',')
        .iter()
        .map(|column| unquoted(column.trim()))
        .collect()
}

/// Where the identifier that a text starts with ends; 0 when there is none.
fn identifier_end(text: &str) -> usize {
    if let Some(rest) = text.strip_prefix('"') {
        let mut letters = rest.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter == '"' {
                if letters.peek().is_some_and(|(_, next)| *next == '"') {
                    letters.next();
                } else {
                    return at + 2;
                }
            }
        }
        return 0;
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .unwrap_or(text.len());
    // A call is an expression.
    if text[end..].starts_with('(') || text.starts_with(|c: char| c.is_ascii_digit()) {
        0
    } else {
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_and_indexes_give_their_columns() {
        let columns = constraint_columns(
            "FOREIGN KEY (\"a b\", c) REFERENCES public.t(x, \"y,z\") ON DELETE CASCADE",
        );
        assert_eq!(
            columns,
            Some(Columns {
                own: vec!["a b".into(), "c".into()],
                referenced: vec!["x".into(), "y,z".into()]
            })
        );
        let index = |definition: &str| {
            index_use(definition)
                .map(|index| (index.method, index.columns.join("+"), index.partial))
        };
        assert_eq!(
            index("CREATE INDEX i ON public.t USING btree (a, b DESC NULLS LAST, lower(c))"),
            Some(("btree".into(), "a+b".into(), false))
        );
        assert_eq!(
            index("CREATE UNIQUE INDEX i ON ONLY public.t USING hash (\"A\") WHERE (a > 1)"),
            Some(("hash".into(), "A".into(), true))
        );
        assert_eq!(
            index("CREATE INDEX i ON public.t USING gin (a gin_trgm_ops)"),
            Some(("gin".into(), String::new(), false))
        );
    }

    #[test]
    fn simple_checks_become_keywords() {
        let read = |definition: &str| {
            check(definition).map(|checks| {
                let said = checks.iter().map(|check| {
                    format!("{} {}", check.column, Value::Object(check.keywords.clone()))
                });
                said.collect::<Vec<_>>().join("; ")
            })
        };
        for (definition, keywords) in [
            (
                "CHECK ((quantity > 0))",
                "quantity {\"exclusiveMinimum\":0}",
            ),
            ("CHECK ((price >= (0)::numeric))", "price {\"minimum\":0}"),
            (
                "CHECK (((rating >= 1) AND (rating <= 5)))",
                "rating {\"minimum\":1}; rating {\"maximum\":5}",
            ),
            (
                "CHECK ((status = ANY (ARRAY['new'::text, 'paid'::text])))",
                "status {\"enum\":[\"new\",\"paid\"]}",
            ),
            (
                "CHECK (((status)::text = ANY ((ARRAY['new'::character varying, 'paid'::character varying])::text[])))",
                "status {\"enum\":[\"new\",\"paid\"]}",
            ),
            (
                "CHECK ((length(country) = 2))",
                "country {\"minLength\":2,\"maxLength\":2}",
            ),
            (
                "CHECK ((char_length((name)::text) <= 40))",
                "name {\"maxLength\":40}",
            ),
            ("CHECK ((name <> ''::text))", "name {\"minLength\":1}"),
            ("CHECK ((\"Kind\" = 'a'::text))", "Kind {\"enum\":[\"a\"]}"),
        ] {
            assert_eq!(read(definition).as_deref(), Some(keywords), "{definition}");
        }
        for left_alone in [
            "CHECK ((a < b))",
            "CHECK (((a > 0) OR (b > 0)))",
            "CHECK ((lower(email) = email))",
            "CHECK ((email ~ '^.+@.+$'::text))",
            "CHECK ((starts_at > now()))",
        ] {
            assert_eq!(read(left_alone), None, "{left_alone}");
        }
    }
}
