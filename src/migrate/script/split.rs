//! Text to pieces: statements, COPY data, backslash commands and our own markers, in order. What
//! lies between them is blanks, comments and semicolons. All faults come back beside the pieces.

use std::ops::Range;
use std::sync::Arc;

use super::lexer::{self, Token, TokenKind};
use super::statement::{Kind, Statement, kind};
use crate::diagnostic::Diagnostic;
use crate::text::{SourceFile, Span};

/// A file and its pieces.
#[derive(Clone, Debug)]
pub struct Script {
    pub source: Arc<SourceFile>,
    pub pieces: Vec<Piece>,
}

/// A part of a file that does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Statement(Statement),
    /// The lines behind `COPY … FROM STDIN`.
    CopyData(CopyData),
    /// A psql command; the name with its backslash.
    Command {
        range: Range<usize>,
        name: String,
    },
    Marker {
        range: Range<usize>,
        marker: Marker,
    },
}

/// Rows for a COPY statement, without the final `\.` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyData {
    /// All lines, with the final `\.` line.
    pub range: Range<usize>,
    pub rows: Range<usize>,
}

/// A comment that says how the following statements run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// `-- backsmith: transaction`
    Transaction,
    /// `-- backsmith: alone`
    Alone,
    /// `-- migrate:up`, of dbmate; with `transaction:false` what follows stands alone.
    Up(Mode),
    /// `-- migrate:down`
    Down(Mode),
}

/// How what follows a marker of dbmate runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Transaction,
    Alone,
}

/// Which half of a file that holds the way up and the way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    Up,
    Down,
}

impl Script {
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Statement(statement) => Some(statement),
            _ => None,
        })
    }

    /// Keeps one half of a file that has two; every other file is its own up half.
    pub fn keep(&mut self, half: Half) {
        let of = |piece: &Piece| match piece {
            Piece::Marker { marker, .. } => match marker {
                Marker::Up(_) => Some(Half::Up),
                Marker::Down(_) => Some(Half::Down),
                Marker::Transaction | Marker::Alone => None,
            },
            _ => None,
        };
        if !self.pieces.iter().any(|piece| of(piece).is_some()) {
            return;
        }
        let mut current = None;
        self.pieces.retain(|piece| {
            current = of(piece).or(current);
            current == Some(half)
        });
    }

    /// Whether the file holds its own way back.
    pub fn has_way_back(&self) -> bool {
        self.pieces.iter().any(|piece| {
            matches!(
                piece,
                Piece::Marker {
                    marker: Marker::Down(_),
                    ..
                }
            )
        })
    }

    /// The rows behind a `COPY … FROM STDIN`, by the place of the COPY among the pieces.
    pub fn rows_behind(&self, copy: usize) -> &str {
        match self.pieces.get(copy + 1) {
            Some(Piece::CopyData(data)) => &self.source.text[data.rows.clone()],
            _ => "",
        }
    }

    pub fn span(&self, statement: &Statement) -> Span {
        Span::new(&self.source, statement.range.clone())
    }
}

impl Piece {
    pub const fn range(&self) -> &Range<usize> {
        match self {
            Self::Statement(statement) => &statement.range,
            Self::CopyData(data) => &data.range,
            Self::Command { range, .. } | Self::Marker { range, .. } => range,
        }
    }
}

/// Splits a file as psql does. Never fails: what is wrong is told beside the pieces.
pub fn split(source: &Arc<SourceFile>) -> (Script, Vec<Diagnostic>) {
    let mut splitter = Splitter {
        source,
        at: 0,
        pieces: Vec::new(),
        faults: Vec::new(),
    };
    splitter.run();
    let Splitter { pieces, faults, .. } = splitter;
    let script = Script {
        source: Arc::clone(source),
        pieces,
    };
    (script, faults)
}

struct Splitter<'a> {
    source: &'a Arc<SourceFile>,
    at: usize,
    pieces: Vec<Piece>,
    faults: Vec<Diagnostic>,
}

/// What psql keeps track of within one statement.
#[derive(Default)]
struct Progress {
    /// Bytes from the first to the last significant token.
    range: Option<Range<usize>>,
    parentheses: usize,
    /// Nesting of `BEGIN ATOMIC … END` and of `CASE … END` in it.
    blocks: usize,
    /// Initial letters are enough to tell `CREATE [OR REPLACE] FUNCTION | PROCEDURE`.
    first_words: Vec<String>,
}

impl Progress {
    fn take(&mut self, token: &Token, text: &str) {
        let start = self
            .range
            .as_ref()
            .map_or(token.range.start, |range| range.start);
        self.range = Some(start..token.range.end);
        match token.kind {
            TokenKind::Open => self.parentheses += 1,
            TokenKind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            TokenKind::Word => self.word(&text[token.range.clone()].to_ascii_uppercase()),
            _ => {}
        }
    }

    fn word(&mut self, word: &str) {
        if self.first_words.len() < 4 {
            self.first_words.push(word.to_owned());
        }
        if self.parentheses > 0 || !self.creates_routine() {
            return;
        }
        match word {
            "BEGIN" => self.blocks += 1,
            "CASE" if self.blocks > 0 => self.blocks += 1,
            "END" => self.blocks = self.blocks.saturating_sub(1),
            _ => {}
        }
    }

    fn creates_routine(&self) -> bool {
        let words: Vec<&str> = self.first_words.iter().map(String::as_str).collect();
        matches!(
            words[..],
            ["CREATE", "FUNCTION" | "PROCEDURE", ..]
                | ["CREATE", "OR", "REPLACE", "FUNCTION" | "PROCEDURE"]
        )
    }

    const fn ends_at_semicolon(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }
}

impl Splitter<'_> {
    fn run(&mut self) {
        let source = Arc::clone(self.source);
        let text = source.text.as_str();
        let mut progress = Progress::default();
        while let Some(token) = lexer::next(text, self.at) {
            self.at = token.range.end;
            if token.unterminated {
                self.unterminated(&token, text);
            }
            match token.kind {
                TokenKind::Whitespace => {}
                TokenKind::Comment => {
                    if progress.range.is_none()
                        && let Some(marker) = marker(&text[token.range.clone()])
                    {
                        self.pieces.push(Piece::Marker {
                            range: token.range,
                            marker,
                        });
                    }
                }
                TokenKind::Semicolon if progress.ends_at_semicolon() => {
                    let statement = std::mem::take(&mut progress);
                    self.finish(statement, text);
                }
                // psql runs a command at once; in the middle of a statement it ends that too.
                TokenKind::Backslash if progress.ends_at_semicolon() => {
                    let statement = std::mem::take(&mut progress);
                    self.finish(statement, text);
                    self.command(token.range.start, text);
                }
                _ => progress.take(&token, text),
            }
        }
        self.finish(progress, text);
    }

    fn finish(&mut self, progress: Progress, text: &str) {
        let Some(range) = progress.range else {
            return;
        };
        let kind = kind(&text[range.clone()]);
        let copies = kind == Kind::CopyFromStandardInput;
        self.pieces
            .push(Piece::Statement(Statement { range, kind }));
        if copies {
            self.copy_data(text);
        }
    }

    /// The lines after the one that ends the statement, up to `\.`.
    fn copy_data(&mut self, text: &str) {
        let Some(line_end) = text[self.at..].find('\n') else {
            self.fault(
                self.at..self.at,
                "COPY from standard input has no rows behind it",
            );
            return;
        };
        let start = self.at + line_end + 1;
        let mut at = start;
        for line in text[start..].split_inclusive('\n') {
            let end = at + line.len();
            if line.trim_end_matches(['\n', '\r']) == "\\." {
                self.pieces.push(Piece::CopyData(CopyData {
                    range: start..end,
                    rows: start..at,
                }));
                self.at = end;
                return;
            }
            at = end;
        }
        self.fault(
            start..start,
            "the rows of COPY have no `\\.` line at their end",
        );
        self.pieces.push(Piece::CopyData(CopyData {
            range: start..at,
            rows: start..at,
        }));
        self.at = at;
    }

    fn command(&mut self, start: usize, text: &str) {
        let rest = &text[start..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let line = line.trim_end();
        let name = line.split_whitespace().next().unwrap_or(line).to_owned();
        self.at = start + line.len().max(1);
        self.pieces.push(Piece::Command {
            range: start..self.at,
            name,
        });
    }

    fn unterminated(&mut self, token: &Token, text: &str) {
        let what = match token.kind {
            TokenKind::Comment => "the comment that starts here has no end",
            TokenKind::QuotedName => "the quoted name that starts here has no end",
            TokenKind::DollarText => "the dollar-quoted text that starts here has no end",
            _ => "the text that starts here has no closing quote",
        };
        let line = text[token.range.clone()].lines().next().unwrap_or_default();
        self.fault(token.range.start..token.range.start + line.len(), what);
    }

    fn fault(&mut self, range: Range<usize>, what: &str) {
        let fault = Diagnostic::error("invalid-sql", what).at(Span::new(self.source, range));
        self.faults.push(fault);
    }
}

fn marker(comment: &str) -> Option<Marker> {
    let text = comment.strip_prefix("--")?.trim();
    if let Some(options) = text.strip_prefix("migrate:") {
        let mut words = options.split_whitespace();
        let direction = words.next();
        let mode = if words.any(|word| word == "transaction:false") {
            Mode::Alone
        } else {
            Mode::Transaction
        };
        return match direction {
            Some("up") => Some(Marker::Up(mode)),
            Some("down") => Some(Marker::Down(mode)),
            _ => None,
        };
    }
    let text = text.strip_prefix("backsmith:")?;
    match text.trim() {
        "transaction" => Some(Marker::Transaction),
        "alone" => Some(Marker::Alone),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let (script, _) = split(&SourceFile::new("a.sql", text));
        script
            .pieces
            .iter()
            .map(|piece| text[piece.range().clone()].to_owned())
            .collect()
    }

    #[test]
    fn ends_statements_where_psql_does() {
        assert_eq!(
            pieces("a 'x;''y'; -- c;\nb \"q;\"\"\" /* ; /* ; */ ; */ z"),
            ["a 'x;''y'", "b \"q;\"\"\" /* ; /* ; */ ; */ z"]
        );
        assert_eq!(
            pieces("select E'a\\';b'; select 'a\\'; x"),
            ["select E'a\\';b'", "select 'a\\'", "x"]
        );
        assert_eq!(
            pieces("do $$ a; b $$; do $x$ $$ ; $y$ $x$; select a$1$; b"),
            ["do $$ a; b $$", "do $x$ $$ ; $y$ $x$", "select a$1$", "b"]
        );
        assert_eq!(
            pieces("create rule r as on insert to t do (a; b); c"),
            ["create rule r as on insert to t do (a; b)", "c"]
        );
        assert_eq!(
            pieces(
                "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3;"
            ),
            [
                "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
                "select 3"
            ]
        );
        assert_eq!(
            pieces("begin; create table t (); end;"),
            ["begin", "create table t ()", "end"]
        );
        assert_eq!(pieces(";; \n ;"), [""; 0]);
    }

    #[test]
    fn takes_copy_data_and_commands_as_they_stand() {
        let text = "\\restrict abc\nCOPY t (a) FROM stdin;\n1;'\n\\N\n\\.\n\\connect db\nselect 1;";
        assert_eq!(
            pieces(text),
            [
                "\\restrict abc",
                "COPY t (a) FROM stdin",
                "1;'\n\\N\n\\.\n",
                "\\connect db",
                "select 1"
            ]
        );
        let (script, faults) = split(&SourceFile::new("a.sql", text));
        assert!(faults.is_empty(), "{faults:?}");
        let Piece::CopyData(data) = &script.pieces[2] else {
            panic!("{:?}", script.pieces)
        };
        assert_eq!(&text[data.rows.clone()], "1;'\n\\N\n");
    }

    #[test]
    fn reports_every_missing_end() {
        for text in [
            "select 'a",
            "/* a /* b */",
            "do $$ a",
            "select \"a",
            "copy t from stdin;\n1\n",
        ] {
            let (_, faults) = split(&SourceFile::new("a.sql", text));
            assert_eq!(faults.len(), 1, "{text}");
        }
    }

    proptest! {
        /// Whatever the text: pieces are in order, apart, on characters, and only blanks, comments
        /// and semicolons lie between them.
        #[test]
        fn pieces_and_gaps_make_the_text(text in "(?s)([a-z;'\"$/*\\\\()\n -]|begin|end|E'|\\$a\\$|copy t from stdin;\n|create function|\\\\\\.\n|ä){0,60}") {
            let (script, _) = split(&SourceFile::new("a.sql", text.clone()));
            let mut at = 0;
            let mut rebuilt = String::new();
            for piece in &script.pieces {
                let range = piece.range();
                prop_assert!(range.start >= at && range.end >= range.start);
                let gap = &text[at..range.start];
                let idle = lexer::tokens(gap).all(|token| !token.is_significant() || token.kind == TokenKind::Semicolon);
                prop_assert!(idle, "gap {gap:?}");
                rebuilt.push_str(gap);
                rebuilt.push_str(&text[range.clone()]);
                at = range.end;
            }
            rebuilt.push_str(&text[at..]);
            prop_assert_eq!(rebuilt, text);
        }

        /// Whatever the text: sections and summaries are made without a panic.
        #[test]
        fn every_text_can_be_laid_out(text in "(?s)((alter|create|drop|table|index|concurrently|on|only|if|not|exists|copy|grant|a|b|\\.|\\(|\\)|;|ä|\"x\")[ .]?){0,20}") {
            let (script, _) = split(&SourceFile::new("a.sql", text.clone()));
            let (sections, _) = super::super::sections(&script);
            let laid_out: usize = sections.iter().map(|section| section.pieces.len()).sum();
            prop_assert!(laid_out <= script.pieces.len());
            for statement in script.statements() {
                prop_assert!(!statement.summary(&text).is_empty());
            }
        }
    }
}
