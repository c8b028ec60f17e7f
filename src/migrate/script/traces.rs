//! What a statement that cannot run in a transaction leaves in the catalog, so that one whose end
//! nobody saw can be judged by looking.

use super::lexer::{self, Token, TokenKind};
use super::statement::{Kind, Statement};

/// Where to look. Names are as they are written in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Traces {
    /// An index on a table.
    Index { name: Option<String>, table: String },
    /// An index that is gone when it was done.
    NoIndex { name: String },
    /// A partition that is no longer attached.
    Detached { table: String, part: String },
    /// Running it once more does no harm: VACUUM, REINDEX, ALTER SYSTEM.
    Repeatable,
    /// Nothing tells.
    Nothing,
}

impl Statement {
    pub fn traces(&self, source: &str) -> Traces {
        traces(&self.kind, self.text(source)).unwrap_or(Traces::Nothing)
    }
}

fn traces(kind: &Kind, text: &str) -> Option<Traces> {
    let tokens: Vec<Token> = lexer::tokens(text).filter(Token::is_significant).collect();
    let words = Words {
        text,
        tokens: &tokens,
    };
    if let Kind::CreateIndexConcurrently { index } = kind {
        let on = words.position("ON", 0)?;
        let table = words.name(words.skip(on + 1, &["ONLY"]))?.0;
        return Some(Traces::Index {
            name: index.clone(),
            table,
        });
    }
    match (words.upper(0)?.as_str(), words.upper(1)?.as_str()) {
        ("DROP", "INDEX") => {
            let at = words.position("CONCURRENTLY", 0)? + 1;
            let name = words.name(words.skip(at, &["IF", "EXISTS"]))?.0;
            Some(Traces::NoIndex { name })
        }
        ("ALTER", "TABLE") => {
            let (table, _) = words.name(words.skip(2, &["IF", "EXISTS", "ONLY"]))?;
            let partition = words.position("PARTITION", 0)?;
            let part = words.name(partition + 1)?.0;
            Some(Traces::Detached { table, part })
        }
        ("VACUUM" | "REINDEX" | "CLUSTER", _) | ("ALTER", "SYSTEM") => Some(Traces::Repeatable),
        _ => None,
    }
}

struct Words<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

impl Words<'_> {
    fn upper(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at)?;
        Some(self.text[token.range.clone()].to_uppercase())
    }

    fn position(&self, word: &str, from: usize) -> Option<usize> {
        (from..self.tokens.len()).find(|at| {
            self.tokens[*at].kind == TokenKind::Word && self.upper(*at).as_deref() == Some(word)
        })
    }

    fn skip(&self, mut at: usize, words: &[&str]) -> usize {
        while self
            .upper(at)
            .is_some_and(|word| words.contains(&word.as_str()))
        {
            at += 1;
        }
        at
    }

    /// A name with its schema, and where the text goes on behind it.
    fn name(&self, at: usize) -> Option<(String, usize)> {
        let mut end = at;
        let mut name = String::new();
        loop {
            let token = self.tokens.get(end)?;
            if !matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) {
                return None;
            }
            name.push_str(&self.text[token.range.clone()]);
            end += 1;
            if self.upper(end).as_deref() != Some(".") {
                return Some((name, end));
            }
            name.push('.');
            end += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Traces {
        Statement::of(text).traces(text)
    }

    #[test]
    fn tells_where_to_look() {
        assert_eq!(
            of(
                "create unique index concurrently if not exists \"A i\" on only s.\"T t\" using btree (a)"
            ),
            Traces::Index {
                name: Some("\"A i\"".to_owned()),
                table: "s.\"T t\"".to_owned()
            }
        );
        assert_eq!(
            of("CREATE INDEX CONCURRENTLY ON t (a)"),
            Traces::Index {
                name: None,
                table: "t".to_owned()
            }
        );
        assert_eq!(
            of("drop index concurrently if exists s.i"),
            Traces::NoIndex {
                name: "s.i".to_owned()
            }
        );
        assert_eq!(
            of("ALTER TABLE IF EXISTS s.p DETACH PARTITION s.p1 CONCURRENTLY"),
            Traces::Detached {
                table: "s.p".to_owned(),
                part: "s.p1".to_owned()
            }
        );
        assert_eq!(of("VACUUM (FULL) t"), Traces::Repeatable);
        assert_eq!(of("REINDEX TABLE CONCURRENTLY t"), Traces::Repeatable);
        assert_eq!(of("CREATE DATABASE x"), Traces::Nothing);
        assert_eq!(of("CALL p()"), Traces::Nothing);
    }
}
