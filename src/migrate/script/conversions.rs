//! `ALTER TABLE … ALTER COLUMN … TYPE … USING …`: how each column of a statement becomes another
//! type, as the text says it.

use super::lexer::{self, Token, TokenKind};
use super::statement::Statement;
use crate::catalog::folded;

/// One column that becomes another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// As it is written.
    column: String,
    /// The expression behind USING, as it is written.
    pub using: Option<String>,
}

impl Conversion {
    /// Whether a name that is quoted where SQL needs it means the column.
    pub fn is_of(&self, name: &str) -> bool {
        folded(&self.column) == folded(name)
    }
}

impl Statement {
    /// Every conversion of the statement.
    pub fn conversions(&self, source: &str) -> Vec<Conversion> {
        conversions(self.text(source))
    }
}

fn conversions(text: &str) -> Vec<Conversion> {
    let tokens: Vec<Token> = lexer::tokens(text).filter(Token::is_significant).collect();
    let upper = |at: usize| -> String {
        tokens
            .get(at)
            .filter(|token| token.kind == TokenKind::Word)
            .map_or_else(String::new, |token| {
                text[token.range.clone()].to_uppercase()
            })
    };
    if upper(0) != "ALTER" || upper(1) != "TABLE" {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 2;
    let mut depth = 0_usize;
    while at < tokens.len() {
        depth = after(depth, &tokens[at]);
        if depth == 0 && upper(at) == "ALTER" {
            let name = if upper(at + 1) == "COLUMN" {
                at + 2
            } else {
                at + 1
            };
            let mut verb = name + 1;
            if upper(verb) == "SET" && upper(verb + 1) == "DATA" {
                verb += 2;
            }
            if let Some(column) = tokens.get(name)
                && upper(verb) == "TYPE"
            {
                let end = action_end(text, &tokens, verb);
                found.push(Conversion {
                    column: text[column.range.clone()].to_owned(),
                    using: using(text, &tokens[verb..end]),
                });
                at = end;
                continue;
            }
        }
        at += 1;
    }
    found
}

const fn after(depth: usize, token: &Token) -> usize {
    match token.kind {
        TokenKind::Open => depth + 1,
        TokenKind::Close => depth.saturating_sub(1),
        _ => depth,
    }
}

/// The comma that ends an action of ALTER TABLE, or the end of the statement.
fn action_end(text: &str, tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        depth = after(depth, token);
        let bracket = &text[token.range.clone()];
        match bracket {
            "[" => depth += 1,
            "]" => depth = depth.saturating_sub(1),
            "," | ";" if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len()
}

fn using(text: &str, tokens: &[Token]) -> Option<String> {
    let mut depth = 0;
    let at = tokens.iter().position(|token| {
        depth = after(depth, token);
        depth == 0
            && token.kind == TokenKind::Word
            && text[token.range.clone()].eq_ignore_ascii_case("using")
    })?;
    let (first, last) = (tokens.get(at + 1)?, tokens.last()?);
    Some(text[first.range.start..last.range.end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, Option<String>)> {
        let found = conversions(text).into_iter();
        found
            .map(|conversion| (conversion.column, conversion.using))
            .collect()
    }

    #[test]
    fn reads_every_conversion_with_its_expression() {
        let text = "ALTER TABLE ONLY s.t ALTER a TYPE numeric(10, 2), ADD COLUMN c int, \
            ALTER COLUMN \"B b\" SET DATA TYPE int[] USING string_to_array(x, ',')::int[], alter d type text collate \"C\";";
        assert_eq!(
            of(text),
            [
                ("a".to_owned(), None),
                (
                    "\"B b\"".to_owned(),
                    Some("string_to_array(x, ',')::int[]".to_owned())
                ),
                ("d".to_owned(), None),
            ]
        );
        assert_eq!(of("ALTER TABLE t ALTER COLUMN a SET NOT NULL"), []);
        assert_eq!(of("ALTER TYPE t ALTER ATTRIBUTE a TYPE int"), []);
    }

    #[test]
    fn names_are_compared_as_sql_does() {
        let conversion = Conversion {
            column: "Total".to_owned(),
            using: None,
        };
        assert!(conversion.is_of("total") && !conversion.is_of("\"Total\""));
    }
}
