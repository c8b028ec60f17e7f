//! Which statements share a transaction and which stand alone.

use super::split::{self, Marker, Piece, Script};
use super::statement::{Kind, Statement};
use crate::diagnostic::Diagnostic;
use crate::text::Span;

/// Statements that run together. Indices point into the script's pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub place: Place,
    /// Statements and COPY data, without `BEGIN` and `COMMIT`.
    pub pieces: Vec<usize>,
}

/// How a section runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All or nothing; numbered from 1.
    Transaction(usize),
    /// Each statement for itself, outside of any transaction.
    Alone,
}

/// The sections of a script in order, and every statement that cannot run where it stands.
pub fn sections(script: &Script) -> (Vec<Section>, Vec<Diagnostic>) {
    let explicit = script
        .statements()
        .any(|statement| statement.kind == Kind::Begin);
    let mut builder = Builder {
        script,
        sections: Vec::new(),
        faults: Vec::new(),
        transactions: 0,
        mode: if explicit {
            Mode::Autocommit
        } else {
            Mode::Shared
        },
    };
    for (index, piece) in script.pieces.iter().enumerate() {
        builder.take(index, piece);
    }
    if builder.mode == Mode::Open {
        builder.unclosed();
    }
    let Builder {
        mut sections,
        faults,
        ..
    } = builder;
    sections.retain(|section| !section.pieces.is_empty());
    (sections, faults)
}

/// The sections without their first statements, which an earlier run has done, and what those have set
/// for the session.
pub fn behind(script: &Script, sections: &[Section], done: usize) -> (Vec<Section>, Vec<String>) {
    let text = &script.source.text;
    let mut seen = 0;
    let mut settings = Vec::new();
    let mut open = Vec::new();
    for section in sections {
        let mut pieces = Vec::new();
        for index in &section.pieces {
            if let Piece::Statement(statement) = &script.pieces[*index] {
                seen += 1;
                if seen <= done && statement.sets_session(text) {
                    settings.push(statement.text(text).to_owned());
                }
            }
            // The rows of COPY go with the statement before them.
            if seen > done {
                pieces.push(*index);
            }
        }
        if !pieces.is_empty() {
            open.push(Section {
                place: section.place,
                pieces,
            });
        }
    }
    (open, settings)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// No `BEGIN` in the file: what may share a transaction does.
    Shared,
    /// Between `COMMIT` and `BEGIN`, or below `-- backsmith: alone`.
    Autocommit,
    /// Between `BEGIN` and `COMMIT`.
    Open,
}

struct Builder<'a> {
    script: &'a Script,
    sections: Vec<Section>,
    faults: Vec<Diagnostic>,
    transactions: usize,
    mode: Mode,
}

impl Builder<'_> {
    fn take(&mut self, index: usize, piece: &Piece) {
        match piece {
            Piece::Statement(statement) => self.statement(index, statement),
            Piece::CopyData(_) => {
                if let Some(section) = self.sections.last_mut() {
                    section.pieces.push(index);
                }
            }
            Piece::Marker { marker, .. } if self.mode != Mode::Open => {
                self.mode = match marker {
                    Marker::Transaction
                    | Marker::Up(split::Mode::Transaction)
                    | Marker::Down(split::Mode::Transaction) => Mode::Shared,
                    Marker::Alone
                    | Marker::Up(split::Mode::Alone)
                    | Marker::Down(split::Mode::Alone) => Mode::Autocommit,
                };
                // A marker always ends the transaction before it.
                self.sections.push(Section {
                    place: Place::Alone,
                    pieces: Vec::new(),
                });
            }
            Piece::Marker { .. } => {}
            Piece::Command { range, name } => self.command(range.clone(), name),
        }
    }

    fn statement(&mut self, index: usize, statement: &Statement) {
        match (&statement.kind, self.mode) {
            (Kind::Begin, Mode::Open) => self.fault(statement, "`BEGIN` inside of a transaction"),
            (Kind::Begin, _) => {
                self.mode = Mode::Open;
                self.open_transaction();
            }
            (Kind::Commit, Mode::Open) => self.mode = Mode::Autocommit,
            (Kind::Commit, _) => self.fault(statement, "`COMMIT` without a `BEGIN`"),
            (Kind::Rollback, _) => {
                self.fault(
                    statement,
                    "a migration that rolls itself back cannot be recorded as applied",
                );
            }
            (Kind::CopyToStandardOutput, _) => {
                self.fault(
                    statement,
                    "COPY to standard output has no place in a migration",
                );
            }
            (_, Mode::Open) if statement.refuses_transactions() => {
                self.fault(
                    statement,
                    "Postgres refuses this statement inside of a transaction",
                );
                self.push(index);
            }
            (_, Mode::Open) => self.push(index),
            (_, Mode::Autocommit) => self.alone(index),
            (_, Mode::Shared) if statement.stands_alone() => self.alone(index),
            (_, Mode::Shared) => {
                if !matches!(
                    self.sections.last(),
                    Some(Section {
                        place: Place::Transaction(_),
                        ..
                    })
                ) {
                    self.open_transaction();
                }
                self.push(index);
            }
        }
    }

    /// `\restrict` guards psql itself; the others ask for what only psql can do.
    fn command(&mut self, range: std::ops::Range<usize>, name: &str) {
        if !["\\restrict", "\\unrestrict"].contains(&name) {
            let fault = Diagnostic::error(
                "psql-command",
                format!("`{name}` is a command of psql, not SQL"),
            )
            .at(Span::new(&self.script.source, range))
            .help("write what it does as SQL, or run the file with psql");
            self.faults.push(fault);
        }
    }

    fn open_transaction(&mut self) {
        self.transactions += 1;
        self.sections.push(Section {
            place: Place::Transaction(self.transactions),
            pieces: Vec::new(),
        });
    }

    fn alone(&mut self, index: usize) {
        self.sections.push(Section {
            place: Place::Alone,
            pieces: vec![index],
        });
    }

    fn push(&mut self, index: usize) {
        if let Some(section) = self.sections.last_mut() {
            section.pieces.push(index);
        }
    }

    fn fault(&mut self, statement: &Statement, what: &str) {
        let fault = Diagnostic::error("transaction-control", what).at(self.script.span(statement));
        self.faults.push(fault);
    }

    fn unclosed(&mut self) {
        let begin = self
            .script
            .statements()
            .filter(|statement| statement.kind == Kind::Begin)
            .last();
        if let Some(begin) = begin {
            let fault =
                Diagnostic::error("transaction-control", "this transaction has no `COMMIT`")
                    .at(self.script.span(begin));
            self.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::split;
    use super::*;
    use crate::text::SourceFile;

    fn laid_out(text: &str) -> (Vec<String>, usize) {
        let (script, _) = split(&SourceFile::new("a.sql", text));
        let (sections, faults) = sections(&script);
        let section = |section: &Section| {
            let texts: Vec<&str> = section
                .pieces
                .iter()
                .map(|index| &text[script.pieces[*index].range().clone()])
                .collect();
            format!("{:?}: {}", section.place, texts.join(" | "))
        };
        (sections.iter().map(section).collect(), faults.len())
    }

    #[test]
    fn explicit_transactions_stay_as_they_are() {
        let (sections, faults) = laid_out("begin; a; b; commit; c; d; begin; e; end;");
        assert_eq!(
            sections,
            [
                "Transaction(1): a | b",
                "Alone: c",
                "Alone: d",
                "Transaction(2): e"
            ]
        );
        assert_eq!(faults, 0);
    }

    #[test]
    fn what_is_behind_keeps_its_settings_and_rows() {
        let text = "begin; set search_path = a; b; commit; c; copy t from stdin;\n1\n\\.\nd;";
        let (script, _) = split(&SourceFile::new("a.sql", text));
        let (sections, _) = sections(&script);
        let (open, settings) = behind(&script, &sections, 3);
        let pieces: Vec<usize> = open.iter().map(|section| section.pieces.len()).collect();
        assert_eq!(pieces, [2, 1]);
        assert_eq!(settings, ["set search_path = a"]);
        assert_eq!(behind(&script, &sections, 0).0, sections);
    }

    #[test]
    fn statements_without_transactions_share_them() {
        let (sections, _) = laid_out("a; b; create index concurrently i on t (a); c;");
        assert_eq!(
            sections,
            [
                "Transaction(1): a | b",
                "Alone: create index concurrently i on t (a)",
                "Transaction(2): c"
            ]
        );
        let (sections, _) =
            laid_out("a; -- backsmith: alone\nb; c; -- backsmith: transaction\nd; e;");
        assert_eq!(
            sections,
            [
                "Transaction(1): a",
                "Alone: b",
                "Alone: c",
                "Transaction(2): d | e"
            ]
        );
    }

    #[test]
    fn faults_of_transactions_are_all_told() {
        for text in [
            "begin; vacuum; commit;",
            "begin; a;",
            "commit;",
            "begin; begin; commit;",
            "begin; a; rollback; commit;",
            "\\i other.sql",
            "copy t to stdout",
        ] {
            assert_eq!(laid_out(text).1, 1, "{text}");
        }
    }
}
