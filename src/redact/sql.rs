//! Secrets in SQL: what stands behind a word like PASSWORD, and connection strings in quotes. Works
//! on text that need not be whole or right: it is only masked, never run.

use std::ops::Range;

use super::is_secret_key;

/// The places of the secrets of a statement, without the quotes around them.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut behind_key = false;
    // `set_config('app.secret', '…')`: the name is a literal as well.
    let mut in_set_config = false;
    let mut at = 0;
    while let Some(token) = next(text, at) {
        let is_name = in_set_config && !behind_key;
        match token.kind {
            Kind::Literal if behind_key => found.push(token.inner.clone()),
            Kind::Literal => found.extend(in_connection_string(text, &token.inner)),
            Kind::Word | Kind::Other => {}
        }
        let shown = &text[token.range.clone()];
        behind_key = match token.kind {
            // `SET app.secret TO '…'`
            Kind::Word if behind_key && shown.eq_ignore_ascii_case("to") => true,
            Kind::Word => names_secret(&text[token.inner]),
            // `password = '…'`, `password => '…'`
            Kind::Other if in_set_config => behind_key && shown == ",",
            Kind::Other => behind_key && "=>:".contains(shown),
            Kind::Literal => is_name && names_secret(&text[token.inner]),
        };
        in_set_config = match token.kind {
            Kind::Word => shown.eq_ignore_ascii_case("set_config"),
            Kind::Other => in_set_config && (shown == "(" || behind_key),
            Kind::Literal => behind_key,
        };
        at = token.range.end;
    }
    found
}

/// A word of its own, or the last part of a longer one: `sslpassword`, `aws_secret_key`.
fn names_secret(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    // A key in SQL is a key of a table.
    word != "key"
        && word != "code"
        && (is_secret_key(&word)
            || [
                "password",
                "passwd",
                "passphrase",
                "pwd",
                "_pass",
                ".pass",
                "secret",
                "token",
                "_key",
            ]
            .iter()
            .any(|ending| word.ends_with(ending)))
}

enum Kind {
    /// A word or a quoted name.
    Word,
    Literal,
    Other,
}

struct Token {
    kind: Kind,
    range: Range<usize>,
    /// Without quotes.
    inner: Range<usize>,
}

/// The next token from a place on; blanks and comments are none.
fn next(text: &str, mut at: usize) -> Option<Token> {
    let bytes = text.as_bytes();
    loop {
        let rest = &text[at..];
        let first = rest.chars().next()?;
        if first.is_whitespace() {
            at += first.len_utf8();
        } else if rest.starts_with("--") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else {
            break;
        }
    }
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let first = text[at..].chars().next()?;
    let (kind, inner, end) = match first {
        '\'' => {
            let escapes = at > 0 && bytes[at - 1].eq_ignore_ascii_case(&b'e');
            let end = behind_quoted(bytes, at, escapes);
            (Kind::Literal, at + 1..inside(bytes, at, end), end)
        }
        '"' => {
            let end = behind_quoted(bytes, at, false);
            (Kind::Word, at + 1..inside(bytes, at, end), end)
        }
        '$' => match dollar_quoted(text, at) {
            Some((inner, end)) => (Kind::Literal, inner, end),
            None => (Kind::Other, at..at + 1, at + 1),
        },
        letter if is_part(letter) => {
            let length = text[at..].find(|letter| !is_part(letter));
            let end = length.map_or(text.len(), |length| at + length);
            // The letter before a quote belongs to the literal.
            let is_prefix = end == at + 1 && bytes.get(end) == Some(&b'\'');
            if is_prefix && "eEbBxXnN".contains(letter) {
                return next(text, end);
            }
            // `U&'…'`, and a name in the same way.
            let is_unicode = end == at + 1
                && bytes.get(end) == Some(&b'&')
                && matches!(bytes.get(end + 1), Some(b'\'' | b'"'));
            if is_unicode && "uU".contains(letter) {
                return next(text, end + 1);
            }
            (Kind::Word, at..end, end)
        }
        letter => {
            let end = at + letter.len_utf8();
            (Kind::Other, at..end, end)
        }
    };
    Some(Token {
        kind,
        range: at..end,
        inner,
    })
}

/// Behind the quote that ends what begins at a quote; a doubled quote is part of it.
fn behind_quoted(bytes: &[u8], start: usize, escapes: bool) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 2;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The end of what is between the quotes; a text that is cut off has no last quote.
fn inside(bytes: &[u8], start: usize, end: usize) -> usize {
    if end > start + 1 && bytes[end - 1] == bytes[start] {
        end - 1
    } else {
        end
    }
}

fn dollar_quoted(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let length = text[at + 1..].find('$')?;
    let tag = &text[at..at + length + 2];
    let is_tag = |letter: char| letter.is_alphanumeric() || letter == '_';
    if !tag[1..tag.len() - 1].chars().all(is_tag) {
        return None;
    }
    let start = at + tag.len();
    let end = text[start..].find(tag).map(|end| start + end);
    Some(match end {
        Some(end) => (start..end, end + tag.len()),
        None => (start..text.len(), text.len()),
    })
}

/// `host=db password=s3cret`, where a value with blanks is in quotes, doubled by the literal.
fn in_connection_string(text: &str, literal: &Range<usize>) -> Vec<Range<usize>> {
    let inner = &text[literal.clone()];
    let mut found = Vec::new();
    for (equals, _) in inner.match_indices('=') {
        // A URL has its secrets in other places, which `in_place` knows.
        let word = inner[..equals].rfind(char::is_whitespace).unwrap_or(0);
        if inner[word..equals].contains("://") {
            continue;
        }
        let before = inner[..equals].trim_end();
        let key = before.rsplit(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        if !key.into_iter().next().is_some_and(names_secret) {
            continue;
        }
        let value = &inner[equals + 1..];
        let start = equals + 1 + (value.len() - value.trim_start().len());
        let quote = ["''", "\\'", "'"]
            .iter()
            .find(|quote| inner[start..].starts_with(**quote));
        let (start, end) = match quote {
            Some(quote) => {
                let start = start + quote.len();
                (start, inner[start..].find(quote).map(|end| start + end))
            }
            None => (
                start,
                inner[start..]
                    .find(char::is_whitespace)
                    .map(|end| start + end),
            ),
        };
        let end = end.unwrap_or(inner.len());
        found.push(literal.start + start..literal.start + end);
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::redact::in_place;

    #[test]
    fn secrets_of_statements_are_masked_where_they_stand() {
        for (given, shown) in [
            (
                "ALTER ROLE app PASSWORD 's3''cret'",
                "ALTER ROLE app PASSWORD '********'",
            ),
            (
                "create user a with encrypted password $$s3cret$$ login",
                "create user a with encrypted password $$******$$ login",
            ),
            (
                r"ALTER ROLE a PASSWORD E's3\'cret' LOGIN",
                "ALTER ROLE a PASSWORD E'********' LOGIN",
            ),
            (
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 's3cret', ADD sslpassword 'other')",
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '******', ADD sslpassword '*****')",
            ),
            (
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (\"api_key\" 's3cret', SET secret /* x */ 'y')",
                "CREATE USER MAPPING FOR a SERVER s OPTIONS (\"api_key\" '******', SET secret /* x */ '*')",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=s3cret dbname=d' PUBLICATION p",
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=****** dbname=d' PUBLICATION p",
            ),
            (
                "ALTER SUBSCRIPTION s CONNECTION 'host=h password = ''s3 cret'' dbname=d'",
                "ALTER SUBSCRIPTION s CONNECTION 'host=h password = ''*******'' dbname=d'",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:s3cret@h/d' PUBLICATION p",
                "CREATE SUBSCRIPTION s CONNECTION 'postgres://u:******@h/d' PUBLICATION p",
            ),
            (
                "select dblink_connect('c', 'host=h password=s3cret')",
                "select dblink_connect('c', 'host=h password=******')",
            ),
            (
                "UPDATE t SET password = 's3cret' WHERE id = 'a'",
                "UPDATE t SET password = '******' WHERE id = 'a'",
            ),
            ("ALTER ROLE a PASSWORD 's3cr", "ALTER ROLE a PASSWORD '****"),
            (
                "ALTER ROLE a SET \"app.api_secret\" TO 's3cret'",
                "ALTER ROLE a SET \"app.api_secret\" TO '******'",
            ),
            ("SET app.token to 's3cret'", "SET app.token to '******'"),
            (
                "SELECT set_config('app.secret', 's3cret', false), 'x'",
                "SELECT set_config('app.secret', '******', false), 'x'",
            ),
            (
                "ALTER ROLE a PASSWORD U&'s3!0063ret' UESCAPE '!'",
                "ALTER ROLE a PASSWORD U&'**********' UESCAPE '!'",
            ),
            (
                "UPDATE t SET pwd = 's3cret', \"db_pass\" = 'a', passphrase='b'",
                "UPDATE t SET pwd = '******', \"db_pass\" = '*', passphrase='*'",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'host=h options=http://x password=s3cret' PUBLICATION p",
                "CREATE SUBSCRIPTION s CONNECTION 'host=h options=http://x password=******' PUBLICATION p",
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'postgres://h/d?password=s3cret&x=a' PUBLICATION p",
                "CREATE SUBSCRIPTION s CONNECTION 'postgres://h/d?password=******&x=a' PUBLICATION p",
            ),
        ] {
            assert_eq!(in_place(given), shown);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "CHECK (kind IN ('password', 'token', 'key'))",
            "COMMENT ON COLUMN u.password IS 'hashed'",
            "ALTER TABLE u ADD password text NOT NULL DEFAULT 'x'",
            "ALTER ROLE a PASSWORD NULL VALID UNTIL 'infinity'",
            "SELECT $1 -- password 'x'",
            "CREATE TABLE t (id int PRIMARY KEY, code text DEFAULT 'a=b')",
            "it's a text with one quote",
            "SELECT set_config('search_path', 'app', false)",
            "UPDATE t SET compass = 'north', bypass = 'no'",
            "ALTER TABLE token RENAME TO card",
        ] {
            assert_eq!(in_place(text), text);
        }
    }
}
