//! Loads a schema file as psql would, on a scratch database: backslash commands, COPY rows, settings
//! that this version does not know, owners and roles that do not exist.

use std::collections::BTreeSet;

use super::{Connection, DatabaseError, Error, quote_identifier};
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::migrate::script::{Kind, Piece, Script, Statement};
use crate::text::Span;

/// How many statements go in one round trip; a server keeps the locks of all of them.
const MOST_AT_ONCE: usize = 100;

/// More than these only repeat themselves.
const MOST_FAULTS: usize = 20;

/// What was left out, for the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    pub statements: usize,
    pub notes: Vec<String>,
    /// Indices of the pieces that need something which another file may make.
    postponed: Vec<usize>,
}

/// Runs the files in order, each with a session of its own. A statement that needs what a later file
/// makes is tried again after all the others, as long as that leads anywhere. Returns the notes.
pub async fn all(
    target: &super::Target,
    scripts: &[Script],
    private: bool,
) -> Result<Vec<String>, Failure> {
    let several = scripts.len() > 1;
    let mut notes: Vec<String> = Vec::new();
    let mut open: Vec<(&Script, Vec<usize>)> = Vec::new();
    for script in scripts {
        let mut connection = target.connect().await?;
        let pieces = (0..script.pieces.len()).collect();
        let loaded = run(&mut connection, script, private, pieces, several).await?;
        connection.close().await;
        notes.extend(loaded.notes);
        if !loaded.postponed.is_empty() {
            open.push((script, loaded.postponed));
        }
    }
    while !open.is_empty() {
        let count: usize = open.iter().map(|(_, pieces)| pieces.len()).sum();
        let mut rest = Vec::new();
        for (script, postponed) in open {
            let mut connection = target.connect().await?;
            let pieces = with_settings(script, &postponed);
            let loaded = run(&mut connection, script, private, pieces, true).await?;
            connection.close().await;
            if !loaded.postponed.is_empty() {
                rest.push((script, loaded.postponed));
            }
        }
        open = rest;
        let left: usize = open.iter().map(|(_, pieces)| pieces.len()).sum();
        if left == count {
            // Nothing more comes of it: now the faults are told.
            for (script, postponed) in &open {
                let mut connection = target.connect().await?;
                let pieces = with_settings(script, postponed);
                run(&mut connection, script, private, pieces, false).await?;
                connection.close().await;
            }
            break;
        }
    }
    Ok(notes)
}

/// The pieces, and before them what the file sets for its session.
fn with_settings(script: &Script, pieces: &[usize]) -> Vec<usize> {
    let last = pieces.last().copied().unwrap_or_default();
    let sets = |at: &usize| match &script.pieces[*at] {
        Piece::Statement(statement) => statement.sets_session(&script.source.text),
        _ => false,
    };
    (0..=last)
        .filter(|at| pieces.contains(at) || sets(at))
        .collect()
}

/// Runs the whole script. `private` says that the server is ours, so that roles may be made.
pub async fn load(
    connection: &mut Connection,
    script: &Script,
    private: bool,
) -> Result<Loaded, Failure> {
    let pieces = (0..script.pieces.len()).collect();
    run(connection, script, private, pieces, false).await
}

async fn run(
    connection: &mut Connection,
    script: &Script,
    private: bool,
    pieces: Vec<usize>,
    postpones: bool,
) -> Result<Loaded, Failure> {
    connection
        .execute("SET synchronous_commit = off; SET check_function_bodies = off")
        .await?;
    let mut loader = Loader {
        connection,
        script,
        private,
        postpones,
        in_transaction: false,
        loaded: Loaded::default(),
        faults: Vec::new(),
    };
    // Definitions that stand together, outside of a transaction of the file's own.
    let mut together: Vec<(usize, &Statement)> = Vec::new();
    for at in pieces {
        if let Piece::Statement(statement) = &script.pieces[at]
            && loader.is_definition(statement)
        {
            together.push((at, statement));
            if together.len() == MOST_AT_ONCE {
                loader.statements(&std::mem::take(&mut together)).await?;
            }
            continue;
        }
        loader.statements(&std::mem::take(&mut together)).await?;
        match &script.pieces[at] {
            Piece::Statement(statement) if statement.kind == Kind::CopyFromStandardInput => {
                let data = script.rows_behind(at);
                let text = statement.text(&script.source.text);
                if let Err(error) = loader.connection.copy_in(text, data.as_bytes()).await {
                    loader.fault(at, statement, error)?;
                }
            }
            Piece::Statement(statement) => loader.statement(at, statement).await?,
            Piece::Command { range, .. } => loader.command(range),
            Piece::CopyData(_) | Piece::Marker { .. } => {}
        }
        if loader.faults.len() >= MOST_FAULTS {
            break;
        }
    }
    loader.statements(&together).await?;
    if loader.faults.is_empty() {
        loader.bodies().await?;
    }
    if loader.faults.is_empty() {
        Ok(loader.loaded)
    } else {
        Err(Failure::diagnostics(loader.faults).closing("nothing was compared"))
    }
}

struct Loader<'a> {
    connection: &'a mut Connection,
    script: &'a Script,
    private: bool,
    /// Whether what names something missing may wait for other files.
    postpones: bool,
    in_transaction: bool,
    loaded: Loaded,
    faults: Vec<Diagnostic>,
}

impl Loader<'_> {
    /// Whether a statement means the same beside others: it defines something, and changes neither
    /// settings nor rows.
    fn is_definition(&self, statement: &Statement) -> bool {
        let source = &self.script.source.text;
        let text = statement.text(source);
        let first = text.split_whitespace().next().unwrap_or_default();
        statement.kind == Kind::Plain
            && !self.in_transaction
            && ["CREATE", "ALTER", "COMMENT", "GRANT", "REVOKE"]
                .iter()
                .any(|verb| first.eq_ignore_ascii_case(verb))
            && (self.private || !statement.changes_server(source))
    }

    /// Runs definitions in one round trip. One that fails takes those before it back with it; they
    /// run again, and it runs alone, so that what is said of it is exact.
    async fn statements(&mut self, statements: &[(usize, &Statement)]) -> Result<(), Failure> {
        let mut rest = statements;
        while !rest.is_empty() && self.faults.len() < MOST_FAULTS {
            let source = &self.script.source.text;
            let texts: Vec<&str> = rest
                .iter()
                .map(|(_, statement)| statement.text(source))
                .collect();
            let Err((place, error)) = self.connection.execute_all(&texts).await else {
                self.loaded.statements += rest.len();
                return Ok(());
            };
            if error.database().is_none() {
                return Err(error.into());
            }
            // What fails at the end of the transaction is nobody's: then each runs alone.
            let (before, after) = rest.split_at(place.min(rest.len()));
            if self
                .connection
                .execute_all(&texts[..before.len()])
                .await
                .is_ok()
            {
                self.loaded.statements += before.len();
            } else {
                for (at, statement) in before {
                    self.statement(*at, statement).await?;
                }
            }
            let Some(((at, failed), after)) = after.split_first() else {
                return Ok(());
            };
            self.statement(*at, failed).await?;
            rest = after;
        }
        Ok(())
    }

    async fn statement(&mut self, at: usize, statement: &Statement) -> Result<(), Failure> {
        match statement.kind {
            Kind::Begin => self.in_transaction = true,
            Kind::Commit | Kind::Rollback => self.in_transaction = false,
            _ => {}
        }
        let source = &self.script.source.text;
        let text = statement.text(source);
        self.loaded.statements += 1;
        if !self.private && statement.changes_server(source) {
            self.note(format!("left out: {}", first_words(text)));
            return Ok(());
        }
        let mut made = BTreeSet::new();
        loop {
            let Err(error) = self.attempt(text).await else {
                return Ok(());
            };
            let Some(said) = error.database() else {
                return Err(error.into());
            };
            if is_tolerable(text, said) {
                return Ok(());
            }
            // A role is made once; when it is missing still, the statement means another thing.
            let missing = super::fault::missing_role(said).map(str::to_owned);
            let Some(role) = missing.filter(|role| made.insert(role.clone())) else {
                return self.fault(at, statement, error);
            };
            if !self.private {
                self.note(format!(
                    "left out, role {role} does not exist: {}",
                    first_words(text)
                ));
                return Ok(());
            }
            let create = format!("CREATE ROLE {} NOLOGIN", quote_identifier(&role));
            match self.attempt(&create).await {
                Ok(()) => {}
                // Names that Postgres keeps for itself.
                Err(Error::Database(_)) => return self.fault(at, statement, error),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Runs a statement. In a transaction of the file, one that fails takes nothing else with it as
    /// long as it may be one that is let pass, or that runs again when its roles are made.
    async fn attempt(&mut self, text: &str) -> Result<(), Error> {
        if !self.in_transaction || !may_be_let_pass(text) {
            return self.connection.execute(text).await;
        }
        let guarded = ["SAVEPOINT backsmith", text, "RELEASE SAVEPOINT backsmith"];
        let Err((place, error)) = self.connection.execute_all(&guarded).await else {
            return Ok(());
        };
        // The transaction, or the connection, was lost before.
        if place == 0 || error.database().is_none() {
            return Err(error);
        }
        self.connection
            .execute("ROLLBACK TO SAVEPOINT backsmith")
            .await?;
        // Once more by itself: then the place of the fault is a place in the statement.
        let result = self.connection.execute(text).await;
        let end = match &result {
            Ok(()) => "RELEASE SAVEPOINT backsmith",
            Err(_) => "ROLLBACK TO SAVEPOINT backsmith; RELEASE SAVEPOINT backsmith",
        };
        self.connection.execute(end).await?;
        result
    }

    /// Functions of this file whose bodies are no code.
    async fn bodies(&mut self) -> Result<(), Failure> {
        let creates = |statement: &&Statement| {
            let text = statement
                .text(&self.script.source.text)
                .to_ascii_lowercase();
            text.contains("function") || text.contains("procedure")
        };
        if !self
            .script
            .statements()
            .any(|statement| creates(&statement))
        {
            return Ok(());
        }
        let version = self.connection.server().version_number;
        for broken in super::bodies::broken(self.connection).await? {
            let source = &self.script.source.text;
            let mut holders = self
                .script
                .statements()
                .filter(|statement| statement.text(source).contains(&broken.body));
            let (holder, another) = (holders.next(), holders.next());
            let message = format!("{} ({})", broken.error.message, broken.error.code);
            let mut fault = Diagnostic::error("sql-error", message);
            fault = match (holder, another) {
                (Some(statement), None) => {
                    let fault_of = super::fault_of(self.script, statement, &broken.error, version);
                    fault.at(Span::new(&self.script.source, fault_of.range))
                }
                // The text of the file spells the body in another way, or twice.
                _ => fault,
            };
            self.faults
                .push(fault.help(format!("in the body of {}", broken.name)));
        }
        Ok(())
    }

    fn note(&mut self, text: String) {
        if !self.loaded.notes.contains(&text) {
            self.loaded.notes.push(text);
        }
    }

    /// `\restrict` and the like mean nothing here; what reads other files must be said.
    fn command(&mut self, range: &std::ops::Range<usize>) {
        let text = &self.script.source.text[range.clone()];
        let name = text.split_whitespace().next().unwrap_or_default();
        if [
            "\\i",
            "\\ir",
            "\\include",
            "\\include_relative",
            "\\gexec",
            "\\gset",
        ]
        .contains(&name)
        {
            let fault = Diagnostic::error(
                "psql-command",
                format!("`{name}` is a command of psql that is not run here"),
            )
            .at(Span::new(&self.script.source, range.clone()))
            .help("give the folder of the files: they are loaded in the order of their names");
            self.faults.push(fault);
        }
    }

    fn fault(&mut self, at: usize, statement: &Statement, error: Error) -> Result<(), Failure> {
        let Some(said) = error.database() else {
            return Err(error.into());
        };
        if self.postpones && !self.in_transaction && said.is_about_missing() {
            self.loaded.postponed.push(at);
            return Ok(());
        }
        // It follows from an earlier fault: what that should have made is missing.
        let follows = said.is_about_missing() || said.is(DatabaseError::IN_FAILED_SQL_TRANSACTION);
        if !self.faults.is_empty() && follows {
            return Ok(());
        }
        let version = self.connection.server().version_number;
        let fault = super::fault_of(self.script, statement, said, version);
        let mut diagnostic =
            Diagnostic::error("sql-error", format!("{} ({})", fault.message, fault.code))
                .at(Span::new(&self.script.source, fault.range));
        if let Some(help) = fault.hint.or(fault.detail) {
            diagnostic = diagnostic.help(help);
        }
        self.faults.push(diagnostic);
        Ok(())
    }
}

/// What another version or another owner of the file may say, and what is there already.
fn is_tolerable(text: &str, said: &DatabaseError) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    let is_set = first.eq_ignore_ascii_case("set") && said.is(DatabaseError::UNDEFINED_OBJECT);
    let is_public = said.is(DatabaseError::DUPLICATE_SCHEMA) && said.message.contains("\"public\"");
    let is_role = said.is(DatabaseError::DUPLICATE_OBJECT) && said.message.starts_with("role ");
    is_set || is_public || is_role
}

/// Whether an error of a statement may be one that does not count, or be mended by making a role.
fn may_be_let_pass(text: &str) -> bool {
    let mut words = text.split_whitespace().map(str::to_ascii_lowercase);
    match words.next().unwrap_or_default().as_str() {
        // How a transaction runs is said outside of savepoints.
        "set" => words.next().is_some_and(|second| second != "transaction"),
        "create" | "alter" | "grant" | "revoke" | "comment" => true,
        _ => false,
    }
}

fn first_words(text: &str) -> String {
    text.split_whitespace()
        .take(6)
        .collect::<Vec<_>>()
        .join(" ")
}
