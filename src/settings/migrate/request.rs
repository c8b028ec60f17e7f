//! What is asked of `migrate`, with every setting decided.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::{FailOn, InDoubt, Layout, PostgresFrom};
use crate::migrate::diff::Options as Planning;
use crate::migrate::execution::Limits;
use crate::redact::SecretUrl;
use crate::settings::ReportOptions;

/// What one run of `migrate` was asked to do.
#[derive(Clone, Debug)]
pub enum Request {
    Compare(Compare),
    Apply(Apply),
    Rehearse(Rehearse),
    Rollback(Rollback),
    Analyze(Analyze),
    SuggestIndexes(SuggestIndexes),
}

/// `--compare TARGET`.
#[derive(Clone, Debug)]
pub struct Compare {
    pub report: ReportOptions,
    pub source: Source,
    pub target: Target,
    pub scratch: Scratch,
    pub schemas: Vec<String>,
    pub writing: Writing,
    pub check: bool,
    pub renames: Vec<Rename>,
    /// Names of accepted hazards; `all` accepts every one.
    pub allow: Vec<String>,
    pub planning: Planning,
    /// Whether the migration must have run up and down before it is written.
    pub verify: bool,
}

/// `--migrate FILE`.
#[derive(Clone, Debug)]
pub struct Apply {
    pub report: ReportOptions,
    pub database: Database,
    /// As it was given: a file, or the plain name of a pair.
    pub file: PathBuf,
    pub running: Running,
}

/// How a migration or a rollback runs.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    pub limits: Limits,
    /// How long to wait for another run.
    pub wait: Duration,
    /// What became of a statement whose end nobody saw.
    pub in_doubt: Option<InDoubt>,
}

/// `--migrate FILE --dry-run`.
#[derive(Clone, Debug)]
pub struct Rehearse {
    pub report: ReportOptions,
    pub database: Database,
    pub file: PathBuf,
    pub scratch: Scratch,
    pub fail_on: FailOn,
    /// In a transaction on the live database itself, with these limits.
    pub on_live: Option<Limits>,
}

/// `--rollback [VERSION]`.
#[derive(Clone, Debug)]
pub struct Rollback {
    pub report: ReportOptions,
    pub database: Database,
    /// The version to roll back; the one applied last when there is none.
    pub version: Option<String>,
    /// Where the migration files are.
    pub folder: PathBuf,
    pub running: Running,
    /// Where a rollback of half a migration is tried first.
    pub scratch: Scratch,
}

/// `--analyze`.
#[derive(Clone, Debug)]
pub struct Analyze {
    pub report: ReportOptions,
    pub source: Source,
    pub scratch: Scratch,
    pub schemas: Vec<String>,
    pub writing: Writing,
    pub window: Option<Duration>,
    pub fail_on: FailOn,
    pub ignore: Vec<Ignore>,
}

/// `--suggest-indexes`.
#[derive(Clone, Debug)]
pub struct SuggestIndexes {
    pub report: ReportOptions,
    pub database: Database,
    pub schemas: Vec<String>,
    pub writing: Writing,
    /// A file of statements in place of pg_stat_statements.
    pub queries: Option<PathBuf>,
    pub window: Option<Duration>,
    pub fail_on: FailOn,
    pub ignore: Vec<Ignore>,
}

/// A live database and where its URL was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    pub url: SecretUrl,
    pub origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment,
    Configuration,
}

/// Where the present schema is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Database(Database),
    /// A schema file or a folder of them.
    Files(PathBuf),
}

/// The wanted schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Database(SecretUrl),
    /// A schema file or a folder of them.
    Files(PathBuf),
}

/// Where schemas may be tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scratch {
    /// The server that was named for it: the source's own, or `--connection` beside schema files.
    pub server: Option<Database>,
    pub from: PostgresFrom,
    /// The major version that a private server must have.
    pub version: Option<u32>,
    pub binaries: Option<PathBuf>,
}

/// Where a migration goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writing {
    /// Nothing is written without it.
    pub output: Option<Output>,
    /// Behind the timestamp; each action has its own default.
    pub name: Option<String>,
    pub layout: Layout,
    /// Show the diff of the files, write nothing.
    pub dry_run: bool,
}

/// A folder, or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Standard,
    Folder(PathBuf),
}

/// `--rename old=new`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub old: String,
    pub new: String,
}

/// A finding that is left out: all of a code, or those on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    pub code: String,
    pub object: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flag => "--connection",
            Self::Environment => "DATABASE_URL",
            Self::Configuration => "backsmith.toml",
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(url) => write!(formatter, "{url}"),
            Self::Files(path) => write!(formatter, "{}", path.display()),
        }
    }
}
