//! `-- backsmith: renamed from old` beside an object in a schema file: on its line, or on the line
//! before it.

use std::ops::Range;

use crate::migrate::script::{Script, Token, TokenKind, tokens};
use crate::text::Span;

/// What a comment states, as names that `--rename` would take.
#[derive(Clone, Debug)]
pub struct Annotation {
    pub old: String,
    pub new: String,
    pub span: Span,
}

const MARK: &str = "backsmith: renamed from ";

/// All annotations of a file, in their order.
pub fn annotations(script: &Script) -> Vec<Annotation> {
    let text = script.source.text.as_str();
    if !text.contains(MARK) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for token in tokens(text).filter(|token| token.kind == TokenKind::Comment) {
        let comment = &text[token.range.clone()];
        let Some(old) = comment
            .trim_start_matches("--")
            .trim_start_matches("/*")
            .trim()
            .strip_prefix(MARK)
        else {
            continue;
        };
        let old = old.trim_end_matches("*/").trim();
        // Inside of a statement or on its last line; else the next one is meant.
        let line_start = text[..token.range.start].rfind('\n').map_or(0, |at| at + 1);
        let statement = script
            .statements()
            .find(|statement| {
                statement.range.contains(&token.range.start)
                    || statement.range.end > line_start && statement.range.end <= token.range.start
            })
            .or_else(|| {
                script
                    .statements()
                    .find(|statement| statement.range.start > token.range.start)
            });
        let Some(statement) = statement else {
            continue;
        };
        if let Some((old, new)) = stated(text, &statement.range, &token.range, old) {
            found.push(Annotation {
                old,
                new,
                span: Span::new(&script.source, token.range),
            });
        }
    }
    found
}

/// The object of the statement, or the item of its list that the comment stands at.
fn stated(
    text: &str,
    statement: &Range<usize>,
    comment: &Range<usize>,
    old: &str,
) -> Option<(String, String)> {
    let significant: Vec<(TokenKind, Range<usize>)> = tokens(&text[statement.clone()])
        .filter(Token::is_significant)
        .map(|token| {
            let range = token.range.start + statement.start..token.range.end + statement.start;
            (token.kind, range)
        })
        .collect();
    let word = |at: usize| {
        significant
            .get(at)
            .map(|(_, range)| text[range.clone()].to_uppercase())
            .unwrap_or_default()
    };
    if word(0) != "CREATE" {
        return None;
    }
    const SKIPPED: &[&str] = &[
        "OR",
        "REPLACE",
        "UNLOGGED",
        "UNIQUE",
        "TEMP",
        "TEMPORARY",
        "FOREIGN",
        "MATERIALIZED",
        "RECURSIVE",
        "IF",
        "NOT",
        "EXISTS",
        "CONCURRENTLY",
        "TABLE",
        "VIEW",
        "TYPE",
        "DOMAIN",
        "INDEX",
        "SEQUENCE",
        "FUNCTION",
        "PROCEDURE",
    ];
    let mut at = 1;
    while SKIPPED.contains(&word(at).as_str()) {
        at += 1;
    }
    let kinds: Vec<String> = (1..at).map(word).collect();
    let start = significant.get(at)?.1.start;
    let mut end = at;
    while text.get(significant.get(end + 1)?.1.clone()) == Some(".") {
        end += 2;
    }
    let name = &text[start..significant.get(end)?.1.end];
    let lists = ["TABLE", "TYPE"]
        .iter()
        .any(|kind| kinds.iter().any(|word| word == kind));
    let open = significant[end..]
        .iter()
        .find(|(kind, _)| *kind == TokenKind::Open)
        .map(|(_, range)| range.start);
    if let Some(open) = open
        && lists
        && comment.start > open
        && let Some(item) = item(text, &significant, open, comment)
    {
        // A text is a label.
        let bare = |text: &str| text.trim_matches('\'').to_owned();
        return Some((
            format!("{name}.{}", bare(old)),
            format!("{name}.{}", bare(&item)),
        ));
    }
    let new = if kinds.iter().any(|word| word == "INDEX") && !name.contains('.') {
        index_name(text, &significant, name)
    } else {
        name.to_owned()
    };
    // An old name without a schema is one of the same schema.
    let old = match new.rsplit_once('.') {
        Some((schema, _)) if !old.contains('.') => format!("{schema}.{old}"),
        _ => old.to_owned(),
    };
    Some((old, new))
}

/// An index lives in the schema of its table.
fn index_name(text: &str, significant: &[(TokenKind, Range<usize>)], name: &str) -> String {
    let on = significant
        .iter()
        .position(|(_, range)| text[range.clone()].eq_ignore_ascii_case("on"));
    let qualified = on.filter(|on| {
        significant
            .get(on + 2)
            .is_some_and(|(_, range)| &text[range.clone()] == ".")
    });
    match qualified.and_then(|on| significant.get(on + 1)) {
        Some((_, schema)) => format!("{}.{name}", &text[schema.clone()]),
        None => name.to_owned(),
    }
}

/// The first word of the item on the comment's line, or of the one behind it.
fn item(
    text: &str,
    significant: &[(TokenKind, Range<usize>)],
    open: usize,
    comment: &Range<usize>,
) -> Option<String> {
    let mut depth = 0_usize;
    let mut expects = false;
    let mut starts: Vec<&Range<usize>> = Vec::new();
    for (kind, range) in significant.iter().filter(|(_, range)| range.start >= open) {
        match kind {
            TokenKind::Open => {
                depth += 1;
                expects = depth == 1;
                continue;
            }
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 1 && &text[range.clone()] == "," {
            expects = true;
        } else if expects {
            starts.push(range);
            expects = false;
        }
    }
    let line_start = text[..comment.start].rfind('\n').map_or(0, |at| at + 1);
    let on_line = !text[line_start..comment.start].trim().is_empty();
    let found = if on_line {
        starts
            .iter()
            .rev()
            .find(|range| range.start < comment.start)
    } else {
        starts.iter().find(|range| range.start > comment.start)
    }?;
    let word = &text[(*found).clone()];
    // CONSTRAINT name …
    if word.eq_ignore_ascii_case("constraint") {
        let next = significant
            .iter()
            .find(|(_, range)| range.start >= found.end)?;
        return Some(text[next.1.clone()].to_owned());
    }
    Some(word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::script::split;
    use crate::text::SourceFile;

    #[test]
    fn the_comment_names_what_it_stands_beside() {
        let text = "-- backsmith: renamed from clients\n\
            create table app.customers ( -- a table\n  id int,\n  email text, -- backsmith: renamed from mail\n\
            -- backsmith: renamed from n\n  note text,\n\
            constraint positive check (id > 0) -- backsmith: renamed from customers_id_check\n);\n\
            create type state as enum ('new', 'open' /* backsmith: renamed from 'running' */, 'done');\n\
            create index a on app.customers (email); -- backsmith: renamed from b\n";
        let (script, _) = split(&SourceFile::new("a.sql", text));
        let found: Vec<(String, String)> = annotations(&script)
            .into_iter()
            .map(|annotation| (annotation.old, annotation.new))
            .collect();
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        assert_eq!(
            found,
            [
                pair("app.clients", "app.customers"),
                pair("app.customers.mail", "app.customers.email"),
                pair("app.customers.n", "app.customers.note"),
                pair("app.customers.customers_id_check", "app.customers.positive"),
                pair("state.running", "state.open"),
                pair("app.b", "app.a"),
            ]
        );
    }
}
