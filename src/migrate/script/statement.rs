//! One statement: its place, and what its first words say about how it must be run.

use std::ops::Range;

use super::lexer::{self, TokenKind};

/// A statement of a file, without the comments before it and the semicolon behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub range: Range<usize>,
    pub kind: Kind,
}

/// What the first words of a statement say about how it must be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Begin,
    Commit,
    /// `ROLLBACK` or `ABORT` of the whole transaction.
    Rollback,
    CopyFromStandardInput,
    CopyToStandardOutput,
    /// `CREATE INDEX CONCURRENTLY`; the name, as it is written, when there is one.
    CreateIndexConcurrently {
        index: Option<String>,
    },
    /// Refused by Postgres in a transaction block.
    Alone,
    /// Allowed in a transaction, but what it makes cannot be used before the end of it.
    BetterAlone,
    /// Everything else: runs in a transaction.
    Plain,
}

impl Statement {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.range.clone()]
    }

    /// Whether it gets a place of its own in a file that opens no transactions.
    pub fn stands_alone(&self) -> bool {
        self.refuses_transactions() || self.kind == Kind::BetterAlone
    }

    pub const fn refuses_transactions(&self) -> bool {
        matches!(
            self.kind,
            Kind::Alone | Kind::CreateIndexConcurrently { .. }
        )
    }

    /// Whether it opens or closes a transaction.
    pub const fn controls_transaction(&self) -> bool {
        matches!(self.kind, Kind::Begin | Kind::Commit | Kind::Rollback)
    }
}

/// The words of a statement outside of parentheses, upper case unless quoted; other signs stay.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let mut words = Vec::new();
    for token in lexer::tokens(text) {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 => words.push(text[token.range].to_uppercase()),
            _ if depth == 0 && token.is_significant() => words.push(text[token.range].to_owned()),
            _ => {}
        }
    }
    words
}

pub(super) fn kind(text: &str) -> Kind {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let has = |word: &str| words.contains(&word);
    match &words[..] {
        ["BEGIN", ..] | ["START", "TRANSACTION", ..] => Kind::Begin,
        ["COMMIT" | "END", next @ ..] if next.first() != Some(&"PREPARED") => Kind::Commit,
        ["ROLLBACK" | "ABORT", next @ ..]
            if !next.contains(&"TO") && next.first() != Some(&"PREPARED") =>
        {
            Kind::Rollback
        }
        ["COPY", ..] if words.windows(2).any(|pair| pair == ["FROM", "STDIN"]) => {
            Kind::CopyFromStandardInput
        }
        ["COPY", ..] if words.windows(2).any(|pair| pair == ["TO", "STDOUT"]) => {
            Kind::CopyToStandardOutput
        }
        ["CREATE", "INDEX", "CONCURRENTLY", rest @ ..]
        | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", rest @ ..] => {
            Kind::CreateIndexConcurrently {
                index: index_name(text, rest),
            }
        }
        ["DROP", "INDEX", "CONCURRENTLY", ..]
        | ["VACUUM", ..]
        | ["ALTER", "SYSTEM", ..]
        | [
            "CREATE" | "DROP",
            "DATABASE" | "TABLESPACE" | "SUBSCRIPTION",
            ..,
        ]
        | ["REINDEX", "DATABASE" | "SYSTEM" | "SCHEMA", ..]
        | ["CLUSTER"]
        | ["COMMIT" | "ROLLBACK" | "END" | "ABORT", "PREPARED", ..] => Kind::Alone,
        ["REINDEX", ..] if has("CONCURRENTLY") || lexed_concurrently(text) => Kind::Alone,
        ["ALTER", "TABLE", ..] if has("DETACH") && has("PARTITION") && has("CONCURRENTLY") => {
            Kind::Alone
        }
        ["ALTER", "DATABASE", ..] if has("TABLESPACE") => Kind::Alone,
        ["ALTER", "TYPE", ..] if words.windows(2).any(|pair| pair == ["ADD", "VALUE"]) => {
            Kind::BetterAlone
        }
        _ => Kind::Plain,
    }
}

/// `REINDEX (CONCURRENTLY) …`: the word in the list of options.
fn lexed_concurrently(text: &str) -> bool {
    lexer::tokens(text)
        .take_while(|token| token.kind != TokenKind::Close)
        .any(|token| text[token.range].eq_ignore_ascii_case("concurrently"))
}

/// The name behind `CONCURRENTLY [IF NOT EXISTS]`, as it is written in the text.
fn index_name(text: &str, rest: &[&str]) -> Option<String> {
    let names = match rest {
        ["IF", "NOT", "EXISTS", names @ ..] => names,
        names => names,
    };
    let name = names.first().filter(|name| **name != "ON")?;
    // The words are upper case: look for the spelling of the file.
    let spelled = lexer::tokens(text)
        .filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName))
        .map(|token| &text[token.range])
        .find(|word| word == name || word.to_uppercase() == **name)?;
    Some(spelled.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_cannot_run_in_a_transaction() {
        for alone in [
            "create unique index concurrently i on t (a)",
            "DROP INDEX CONCURRENTLY i",
            "REINDEX (VERBOSE, CONCURRENTLY) TABLE t",
            "REINDEX INDEX CONCURRENTLY i",
            "VACUUM /* all */ FULL t",
            "alter table p detach partition p1 concurrently",
            "ALTER TYPE mood ADD VALUE 'x'",
            "ALTER SYSTEM SET work_mem = '1MB'",
            "CREATE DATABASE x",
        ] {
            let statement = Statement {
                range: 0..alone.len(),
                kind: kind(alone),
            };
            assert!(statement.stands_alone(), "{alone}");
        }
        for plain in [
            "CREATE INDEX i ON t (a)",
            "CREATE INDEX concurrently_made ON t (a)",
            "ALTER TABLE p DETACH PARTITION p1",
            "REINDEX TABLE t",
            "SELECT 'VACUUM'",
            "CLUSTER t USING i",
            "ROLLBACK TO SAVEPOINT a",
        ] {
            assert_eq!(kind(plain), Kind::Plain, "{plain}");
        }
    }

    #[test]
    fn reads_the_name_of_an_index_as_it_is_written() {
        let name = |text: &str| match kind(text) {
            Kind::CreateIndexConcurrently { index } => index,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            name("create index concurrently if not exists \"A b\" on t (a)").as_deref(),
            Some("\"A b\"")
        );
        assert_eq!(
            name("create index concurrently Ab on t (a)").as_deref(),
            Some("Ab")
        );
        assert_eq!(name("create index concurrently on t (a)"), None);
    }
}
