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
    /// A statement that is a text of its own.
    pub fn of(text: &str) -> Self {
        Self {
            range: 0..text.len(),
            kind: kind(text),
        }
    }

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

    /// Whether it changes rows: what it does depends on the data that is there.
    pub fn changes_rows(&self, source: &str) -> bool {
        let words = words(self.text(source));
        let first = words.first().map_or("", String::as_str);
        [
            "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "WITH", "DO", "CALL", "SELECT",
        ]
        .contains(&first)
    }

    /// Whether what it does depends on rows in a way that only a run shows.
    pub fn is_opaque(&self, source: &str) -> bool {
        let words = words(self.text(source));
        ["DO", "CALL"].contains(&words.first().map_or("", String::as_str))
    }

    /// Whether it changes every row of a table: an UPDATE or DELETE without WHERE.
    pub fn changes_all_rows(&self, source: &str) -> bool {
        let words = words(self.text(source));
        let first = words.first().map_or("", String::as_str);
        ["UPDATE", "DELETE"].contains(&first) && !words.iter().any(|word| word == "WHERE")
    }

    /// Whether it gives something that clients name another name.
    pub fn renames(&self, source: &str) -> bool {
        let words = words(self.text(source));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        matches!(words[..], ["ALTER", "TABLE" | "VIEW" | "MATERIALIZED", ..])
            && words.contains(&"RENAME")
            && !words
                .windows(2)
                .any(|pair| pair == ["RENAME", "CONSTRAINT"])
    }

    /// Whether it sets a limit for waiting on locks.
    pub fn limits_lock_waits(&self, source: &str) -> bool {
        let words = words(self.text(source));
        words.first().is_some_and(|word| word == "SET")
            && words.iter().any(|word| word == "LOCK_TIMEOUT")
    }

    /// Whether it sets a parameter until the end of the session.
    pub fn sets_session(&self, source: &str) -> bool {
        let words = words(self.text(source));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        matches!(words[..], ["SET", second, ..] if second != "LOCAL")
            || words.first() == Some(&"RESET")
    }

    /// Whether it changes whose rights the following statements have.
    pub fn sets_role(&self, source: &str) -> bool {
        let words = words(self.text(source));
        words.first().is_some_and(|word| word == "SET") && words.iter().any(|word| word == "ROLE")
    }

    /// Whether it waits for others without holding up who reads and writes.
    pub fn is_concurrent(&self, source: &str) -> bool {
        self.refuses_transactions() && lexed_concurrently(self.text(source))
    }

    /// Whether it sets a parameter until the end of its transaction.
    pub fn sets_locally(&self, source: &str) -> bool {
        let words = words(self.text(source));
        matches!(
            words.iter().map(String::as_str).collect::<Vec<_>>()[..],
            ["SET", "LOCAL", ..]
        )
    }

    /// Whether it changes roles, databases, tablespaces or settings of the whole server.
    pub fn changes_server(&self, source: &str) -> bool {
        let words = words(self.text(source));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            [
                "CREATE" | "ALTER" | "DROP",
                "ROLE" | "USER" | "GROUP",
                next,
                ..,
            ] => next != "MAPPING",
            [
                "CREATE" | "ALTER" | "DROP",
                "DATABASE" | "TABLESPACE" | "SUBSCRIPTION" | "SYSTEM",
                ..,
            ]
            | ["REASSIGN" | "DROP", "OWNED", ..]
            | [
                "COMMENT" | "SECURITY",
                "ON" | "LABEL",
                "DATABASE" | "ROLE" | "TABLESPACE",
                ..,
            ] => true,
            // A role is granted to a role: without ON.
            ["GRANT" | "REVOKE", ..] => !words.contains(&"ON") || words.contains(&"DATABASE"),
            _ => false,
        }
    }

    /// A name for tables of statements: what is changed, then how, without blanks and schema names
    /// that say nothing.
    pub fn summary(&self, source: &str) -> String {
        summary(self.text(source))
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

fn summary(text: &str) -> String {
    let words: Vec<&str> = lexer::tokens(text)
        .filter(lexer::Token::is_significant)
        .map(|token| &text[token.range])
        .collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    // `public . users` is shown as `users`; signs keep to what they belong to.
    let join = |words: &[&str]| {
        let mut line = String::new();
        for word in words {
            let glued = [".", ",", ")", ";"].contains(word) || line.ends_with(['.', '(']);
            let called = *word == "(" && line.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !(line.is_empty() || glued || called) {
                line.push(' ');
            }
            line.push_str(word);
        }
        line.replace("public.", "")
    };
    let name_end = |from: usize| {
        let mut end = from + 1;
        while words.get(end) == Some(&".") {
            end += 2;
        }
        end.min(words.len())
    };
    let skip_if_exists = |from: usize| {
        let mut at = from;
        while ["IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY"].contains(upper.get(at).unwrap_or(&""))
        {
            at += 1;
        }
        at
    };
    match upper[..] {
        ["ALTER", "TABLE", _, ..] => {
            let start = skip_if_exists(2);
            let end = name_end(start);
            format!(
                "{} {}",
                join(&words[start.min(end)..end]),
                join(&words[end..])
            )
        }
        ["CREATE" | "DROP" | "ALTER", ..] => {
            let table = upper
                .iter()
                .position(|word| *word == "ON")
                .filter(|_| upper.contains(&"INDEX") || upper.contains(&"TRIGGER"));
            match table {
                Some(at) if at + 1 < words.len() => {
                    let start = skip_if_exists(at + 1);
                    let what: Vec<&str> = upper[..at]
                        .iter()
                        .copied()
                        .filter(|word| {
                            [
                                "CREATE",
                                "UNIQUE",
                                "INDEX",
                                "CONCURRENTLY",
                                "TRIGGER",
                                "DROP",
                                "POLICY",
                            ]
                            .contains(word)
                        })
                        .collect();
                    format!(
                        "{} {}",
                        join(&words[start..name_end(start)]),
                        what.join(" ")
                    )
                }
                _ => {
                    let verb_end = upper
                        .iter()
                        .position(|word| KINDS.contains(word))
                        .map_or(1, |at| at + 1);
                    let start = skip_if_exists(verb_end);
                    if start >= words.len() {
                        return join(&words);
                    }
                    format!(
                        "{} {}",
                        join(&words[start..name_end(start)]),
                        upper[..verb_end].join(" ")
                    )
                }
            }
        }
        _ => join(&words),
    }
}

/// Kinds of objects that a CREATE, DROP or ALTER names right before the object.
const KINDS: &[&str] = &[
    "TABLE",
    "VIEW",
    "FUNCTION",
    "PROCEDURE",
    "TYPE",
    "SEQUENCE",
    "SCHEMA",
    "EXTENSION",
    "DOMAIN",
    "INDEX",
    "POLICY",
    "TRIGGER",
    "STATISTICS",
    "AGGREGATE",
    "PUBLICATION",
    "RULE",
];

/// `REINDEX (CONCURRENTLY) …`: the word in the list of options.
fn lexed_concurrently(text: &str) -> bool {
    lexer::tokens(text)
        .filter(|token| token.kind == TokenKind::Word)
        .any(|token| text[token.range].eq_ignore_ascii_case("concurrently"))
}

/// The name behind `CONCURRENTLY [IF NOT EXISTS]`, as it is written in the text.
fn index_name(text: &str, rest: &[&str]) -> Option<String> {
    let names = rest.strip_prefix(&["IF", "NOT", "EXISTS"]).unwrap_or(rest);
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
    fn summaries_lead_with_what_is_changed() {
        let cases = [
            (
                "ALTER TABLE public.customers DROP COLUMN fax",
                "customers DROP COLUMN fax",
            ),
            (
                "CREATE INDEX CONCURRENTLY a_idx ON public.orders (status)",
                "orders CREATE INDEX CONCURRENTLY",
            ),
            (
                "CREATE TABLE IF NOT EXISTS public.refunds (id int)",
                "refunds CREATE TABLE",
            ),
            (
                "CREATE OR REPLACE VIEW v AS SELECT 1",
                "v CREATE OR REPLACE VIEW",
            ),
            ("update  users\n set a = 1", "update users set a = 1"),
            ("DROP", "DROP"),
        ];
        for (text, expected) in cases {
            assert_eq!(summary(text), expected);
        }
    }

    #[test]
    fn knows_what_leaves_the_database() {
        let statement = |text: &str| Statement {
            range: 0..text.len(),
            kind: kind(text),
        };
        for text in [
            "CREATE ROLE a",
            "drop database x",
            "GRANT a TO b",
            "ALTER SYSTEM SET a = 1",
            "ALTER USER a PASSWORD 'x'",
        ] {
            assert!(statement(text).changes_server(text), "{text}");
        }
        for text in [
            "GRANT SELECT ON t TO a",
            "CREATE USER MAPPING FOR a SERVER s",
            "DROP TABLE role",
        ] {
            assert!(!statement(text).changes_server(text), "{text}");
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
