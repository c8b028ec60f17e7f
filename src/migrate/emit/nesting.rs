//! Conditions in conditions that Postgres prints in a form which it reads differently.
//!
//! `a BETWEEN 1 AND 2 AND b` is kept as one AND in another and printed as
//! `(((a >= 1) AND (a <= 2)) AND b)`; read again, the first AND of another one becomes a part of it,
//! whatever the parentheses. The same holds for OR and NOT BETWEEN, and for rows that are compared.
//! A cast of the inner one to boolean keeps it apart and leaves no trace itself.
//! Source: `makeAndExpr` and `makeOrExpr` in src/backend/parser/gram.y, `coerce_type` in
//! src/backend/parser/parse_coerce.c, PostgreSQL 15.

use crate::migrate::script::{Token, tokens};

/// What stands between two parentheses, as far as it was read.
#[derive(Default)]
struct Group<'a> {
    /// AND or OR, the first of them.
    joins: Option<&'a str>,
    /// The group that it starts with, while nothing else was read: its end, and what joins its parts.
    start: Option<(usize, Option<&'a str>)>,
    is_empty: bool,
}

/// The statement, with every condition kept in the one that it starts. Literals and bodies stay as
/// they are.
pub(super) fn keep_nesting(sql: String) -> String {
    if !sql.contains(") AND ") && !sql.contains(") OR ") {
        return sql;
    }
    let places = places(&sql);
    if places.is_empty() {
        return sql;
    }
    let mut text = String::with_capacity(sql.len() + 9 * places.len());
    let mut done = 0;
    for place in places {
        text.push_str(&sql[done..place]);
        text.push_str("::boolean");
        done = place;
    }
    text + &sql[done..]
}

/// The ends of the inner conditions, in their order.
fn places(sql: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut open: Vec<Group> = vec![Group::default()];
    for token in tokens(sql).filter(Token::is_significant) {
        let text = &sql[token.range.clone()];
        match text {
            "(" => open.push(Group {
                is_empty: true,
                ..Group::default()
            }),
            ")" if open.len() > 1 => {
                let closed = open.pop().unwrap_or_default();
                if let Some(group) = open.last_mut() {
                    group.start = group.is_empty.then_some((token.range.end, closed.joins));
                    group.is_empty = false;
                }
            }
            _ => {
                let Some(group) = open.last_mut() else {
                    continue;
                };
                if matches!(text, "AND" | "OR") {
                    if let Some((end, joins)) = group.start
                        && joins == Some(text)
                    {
                        places.push(end);
                    }
                    group.joins = group.joins.or(Some(text));
                }
                group.start = None;
                group.is_empty = false;
            }
        }
    }
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::keep_nesting;

    #[test]
    fn a_condition_stays_in_the_one_that_it_starts() {
        for (printed, written) in [
            (
                "CHECK ((((a >= 1) AND (a <= 2)) AND (b > 0)))",
                "CHECK ((((a >= 1) AND (a <= 2))::boolean AND (b > 0)))",
            ),
            (
                "WHERE ((((a < 1) OR (a > 2)) OR ((b < 1) OR (b > 2))) OR c)",
                "WHERE ((((a < 1) OR (a > 2))::boolean OR ((b < 1) OR (b > 2)))::boolean OR c)",
            ),
            (
                "WHERE ((((a = 1) AND (b = 2)) AND (c = 3)) OR ((d AND e) AND f))",
                "WHERE ((((a = 1) AND (b = 2))::boolean AND (c = 3)) OR ((d AND e)::boolean AND f))",
            ),
        ] {
            assert_eq!(keep_nesting(printed.to_owned()), written);
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in [
            "WHERE ((a >= 1) AND (a <= 2) AND (b > 0))",
            "WHERE ((b > 0) AND ((a >= 1) AND (a <= 2)))",
            "WHERE (((a < 1) OR (a > 2)) AND (b > 0))",
            "(count(*) OVER (ROWS BETWEEN (1) PRECEDING AND CURRENT ROW) > 1) AND x",
            "AS $$ SELECT ((a AND b) AND c) $$",
            "'((a AND b) AND c)' ) AND ",
            "(((a AND b)) AND",
        ] {
            assert_eq!(keep_nesting(text.to_owned()), text);
        }
    }
}
