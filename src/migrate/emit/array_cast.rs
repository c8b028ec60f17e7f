//! Casts of arrays that Postgres prints in a form which it reads differently.
//!
//! `status IN ('a', 'b')` on a varchar column is kept as one cast of a varchar array and printed as
//! `(ARRAY['a'::character varying, …])::text[]`; read again, the cast goes to each element instead.
//! With the array's own type between the two, the text gives back what it was printed from.
//! Source: transformTypeCast in src/backend/parser/parse_expr.c, PostgreSQL 15.

use std::ops::Range;

use crate::migrate::script::{Token, TokenKind, tokens};

/// The statement, with every cast of a whole array kept whole. Literals and bodies stay as they are.
pub(super) fn keep_array_casts(sql: String) -> String {
    if !sql.contains("(ARRAY[") {
        return sql;
    }
    let all: Vec<Token> = tokens(&sql).filter(Token::is_significant).collect();
    let mut insertions: Vec<(usize, String)> = Vec::new();
    for (at, window) in all.windows(3).enumerate() {
        let starts = window[0].kind == TokenKind::Open
            && &sql[window[1].range.clone()] == "ARRAY"
            && &sql[window[2].range.clone()] == "[";
        if starts && let Some((end, element)) = whole_cast(&sql, &all, at + 2) {
            insertions.push((window[1].range.start, "(".to_owned()));
            insertions.push((end, format!(")::{element}[]")));
        }
    }
    if insertions.is_empty() {
        return sql;
    }
    // Arrays inside of arrays: the inner one ends first.
    insertions.sort_by_key(|(place, _)| *place);
    let mut text = String::with_capacity(sql.len() + 40 * insertions.len());
    let mut done = 0;
    for (place, addition) in insertions {
        text.push_str(&sql[done..place]);
        text.push_str(&addition);
        done = place;
    }
    text.push_str(&sql[done..]);
    text
}

/// Where the array ends whose `[` is the token `open`, and the type of its elements; none when
/// nothing casts the array or its elements do not say their type.
fn whole_cast(sql: &str, all: &[Token], open: usize) -> Option<(usize, String)> {
    let text = |token: &Token| &sql[token.range.clone()];
    let mut depth = 0_usize;
    let mut cast: Option<usize> = None;
    let mut element: Option<Range<usize>> = None;
    for at in open..all.len() {
        let token = &all[at];
        let top = depth == 1;
        match text(token) {
            "[" | "(" => depth += 1,
            "]" | ")" => {
                depth -= 1;
                if depth == 0 {
                    if let Some(start) = cast {
                        element = Some(start..token.range.start);
                    }
                    let casts = all.get(at + 1..at + 4)?;
                    let is_cast = casts[0].kind == TokenKind::Close
                        && text(&casts[1]) == ":"
                        && text(&casts[2]) == ":";
                    let element = unmodified(sql[element?].trim())?;
                    return is_cast.then_some((token.range.end, element));
                }
            }
            "," if top => {
                if let Some(start) = cast.take() {
                    element = Some(start..token.range.start);
                }
            }
            ":" if top && text(&all[at - 1]) == ":" => cast = Some(token.range.end),
            _ => {}
        }
    }
    None
}

/// A type without its modifiers; none where they cannot be left out.
fn unmodified(name: &str) -> Option<String> {
    let (start, rest) = name.split_once('(').unwrap_or((name, ""));
    let end = rest.split_once(')').map_or("", |(_, end)| end);
    let bare = format!("{}{end}", start.trim_end());
    // Without a length these are one character or one bit long; an array's elements are no type.
    let is_short = matches!(bare.as_str(), "character" | "bit");
    (!is_short && !bare.is_empty() && !bare.ends_with(']')).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::keep_array_casts;

    #[test]
    fn casts_of_whole_arrays_stay_whole() {
        for (printed, written) in [
            (
                "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
                "CHECK (((status)::text = ANY (((ARRAY['a'::character varying, 'b'::character varying])::character varying[])::text[])))",
            ),
            (
                "SELECT (ARRAY['a]'::character varying(3), x])::text[], (ARRAY['b'::character varying])::text[]",
                "SELECT ((ARRAY['a]'::character varying(3), x])::character varying[])::text[], ((ARRAY['b'::character varying])::character varying[])::text[]",
            ),
            (
                "(ARRAY['2026-01-01'::timestamp(3) without time zone])::date[]",
                "((ARRAY['2026-01-01'::timestamp(3) without time zone])::timestamp without time zone[])::date[]",
            ),
        ] {
            assert_eq!(keep_array_casts(printed.to_owned()), written);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "a = ANY (ARRAY['a'::text, 'b'::text])",
            "(ARRAY[1, 2])::bigint[]",
            "(ARRAY['a'::text])",
            "(ARRAY['a'::character(3)])::text[]",
            "(ARRAY[ARRAY['a'::text]])::text[]",
            "SELECT '(ARRAY[''a''::character varying])::text[]'",
            "AS $$ SELECT (ARRAY['a'::character varying])::text[] $$",
            "(ARRAY['a'::character varying",
        ] {
            assert_eq!(keep_array_casts(text.to_owned()), text);
        }
    }
}
