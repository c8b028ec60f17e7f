//! `backsmith migrate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const READ: &str = "What to read";
const ACTION: &str = "What to do, one of";
const WRITE: &str = "What to write";
const COMPARE: &str = "How to compare";
const APPLY: &str = "How to apply";
const ANALYZE: &str = "How to analyze";
const SCRATCH: &str = "Where schemas are tried out";

const EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  What is wrong with the schema, its indexes and its queries:
    backsmith migrate --connection $DATABASE_URL --analyze
  A proven migration, up and down, to the schema of a file:
    backsmith migrate --connection $DATABASE_URL --compare schema/v2.sql --output migrations/
  The same between two schema files, without a server:
    backsmith migrate old.sql --compare new.sql --output migrations/
  Indexes that the recorded workload would use:
    backsmith migrate --connection $DATABASE_URL --suggest-indexes --output migrations/
  What a migration would lock, rewrite and scan; then the migration itself:
    backsmith migrate --connection $DATABASE_URL --migrate migrations/add_indexes.sql --dry-run
    backsmith migrate --connection $DATABASE_URL --migrate migrations/add_indexes.sql
  In CI, fail when the database and the schema file have drifted apart:
    backsmith migrate --connection $DATABASE_URL --compare schema/v2.sql --check
";

const EXIT_STATUS: &str = "\
\u{1b}[1mExit status\u{1b}[0m
  0  done; writing a migration is no objection
  1  --check found differences, findings at or above --fail-on, or a migration (would) fail
  2  usage, or a schema file or migration that cannot be read
  3  refused: the change destroys data or is unsafe, and no --allow names it
  4  the database cannot be reached, or no Postgres was found to try schemas out";

/// Compare, analyse, rehearse and apply Postgres schema changes
///
/// Every migration that is written has already run, forwards and backwards, on a real Postgres
/// against the real starting schema. Analysis and rehearsal only read the live database.
#[derive(Clone, Debug, Args)]
#[command(
    help_template = super::HELP_TEMPLATE,
    before_help = EXAMPLES,
    after_help = EXIT_STATUS
)]
pub struct Migrate {
    /// A schema file, or a folder of files, in place of a database
    #[arg(value_name = "SOURCE", help_heading = READ)]
    pub source: Option<PathBuf>,

    /// The database; else DATABASE_URL, then backsmith.toml. With SOURCE: the server to try it on
    // The environment is read in `settings`, so that errors can say where the URL came from.
    #[arg(long, value_name = "URL", help_heading = READ)]
    pub connection: Option<String>,

    /// Look only at this schema; repeatable [default: all but the system's]
    #[arg(long, value_name = "NAME", help_heading = READ)]
    pub schema: Vec<String>,

    /// Report the difference to a schema file, a folder of files, or a second database
    #[arg(long, value_name = "TARGET", help_heading = ACTION)]
    pub compare: Option<String>,

    /// Apply a migration file; with --dry-run, rehearse it
    #[arg(long, value_name = "FILE", help_heading = ACTION)]
    pub migrate: Option<PathBuf>,

    /// Roll back one version [default: the one applied last]
    #[arg(long, value_name = "VERSION", num_args = 0..=1, help_heading = ACTION)]
    pub rollback: Option<Option<String>>,

    /// Report faults of the schema, its indexes and its queries
    #[arg(long, help_heading = ACTION)]
    pub analyze: bool,

    /// Report indexes that the workload would use
    #[arg(long, help_heading = ACTION)]
    pub suggest_indexes: bool,

    /// Write migrations there; - is standard output. --rollback looks there for its file
    #[arg(short, long, value_name = "DIR", help_heading = WRITE)]
    pub output: Option<PathBuf>,

    /// Name of the migration, behind its timestamp [default: from the target's name]
    #[arg(long, value_name = "NAME", help_heading = WRITE)]
    pub name: Option<String>,

    /// Files of which tool: backsmith, sqlx, flyway, dbmate, golang-migrate [default: backsmith]
    #[arg(long, value_name = "TOOL", hide_possible_values = true, help_heading = WRITE)]
    pub layout: Option<Layout>,

    /// Write nothing: show the diff of the files, or rehearse --migrate
    #[arg(long, help_heading = WRITE)]
    pub dry_run: bool,

    /// Write nothing, exit 1 when there is a difference
    #[arg(long, requires = "compare", help_heading = COMPARE)]
    pub check: bool,

    /// An object that has a new name, as old=new; repeatable
    #[arg(long, value_name = "OLD=NEW", requires = "compare", help_heading = COMPARE)]
    pub rename: Vec<String>,

    /// Accept a hazard by its name, drop-column for example, or all; repeatable
    #[arg(long, value_name = "HAZARD", requires = "compare", help_heading = COMPARE)]
    pub allow: Vec<String>,

    /// Plain statements, without the steps that spare a database in use
    #[arg(long, requires = "compare", help_heading = COMPARE)]
    pub offline: bool,

    /// Do not run the migration up and down before it is written
    #[arg(long, requires = "compare", help_heading = COMPARE)]
    pub no_verify: bool,

    /// Rehearse on the live database, in a transaction that is rolled back
    #[arg(long, requires_all = ["migrate", "dry_run"], help_heading = APPLY)]
    pub on_live: bool,

    /// How long a statement waits for a lock before it is tried again [default: 2s, or the file's]
    #[arg(long, value_name = "TIME", help_heading = APPLY)]
    pub lock_timeout: Option<String>,

    /// How long a statement may run [default: the role's or the database's own limit]
    #[arg(long, value_name = "TIME", help_heading = APPLY)]
    pub statement_timeout: Option<String>,

    /// How often a section that got no lock is tried again [default: 5]
    #[arg(long, value_name = "NUMBER", help_heading = APPLY)]
    pub retries: Option<usize>,

    /// First pause between two tries; each one doubles, up to a minute [default: 1s]
    #[arg(long, value_name = "TIME", help_heading = APPLY)]
    pub backoff: Option<String>,

    /// How long to wait for another run on the same database [default: 30s]
    #[arg(long, value_name = "TIME", help_heading = APPLY)]
    pub wait: Option<String>,

    /// A statement whose end an earlier run did not see: applied, repeat [default: look it up]
    #[arg(long, value_name = "WHAT", hide_possible_values = true, help_heading = APPLY)]
    pub in_doubt: Option<InDoubt>,

    /// Take the workload from a file of SQL statements, not from pg_stat_statements
    #[arg(long, value_name = "FILE", help_heading = ANALYZE)]
    pub queries: Option<PathBuf>,

    /// Judge only what runs within this time from now, 60s for example
    #[arg(long, value_name = "TIME", help_heading = ANALYZE)]
    pub window: Option<String>,

    /// Exit 1 on findings of this severity: error, warning, info, never [default: never]
    #[arg(long, value_name = "SEVERITY", hide_possible_values = true, help_heading = ANALYZE)]
    pub fail_on: Option<FailOn>,

    /// A private Postgres from local binaries, or downloaded once: local, download [default: local]
    #[arg(
        long,
        value_name = "FROM",
        env = "BACKSMITH_POSTGRES",
        hide_env_values = true,
        hide_possible_values = true,
        help_heading = SCRATCH
    )]
    pub postgres: Option<PostgresFrom>,

    /// Major version of a private Postgres [default: the database's, else the newest there is]
    #[arg(
        long,
        value_name = "MAJOR",
        env = "BACKSMITH_POSTGRES_VERSION",
        hide_env_values = true,
        help_heading = SCRATCH
    )]
    pub postgres_version: Option<u32>,

    /// Folder of the Postgres server binaries
    #[arg(long, value_name = "DIR", help_heading = SCRATCH)]
    pub pg_bin: Option<PathBuf>,
}

/// Whose naming and file format migrations follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    #[default]
    Backsmith,
    Sqlx,
    Flyway,
    Dbmate,
    GolangMigrate,
}

/// From which severity on findings make the verdict negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Error,
    Warning,
    Info,
    #[default]
    Never,
}

/// What became of a statement whose end nobody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InDoubt {
    Applied,
    Repeat,
}

/// Where a private Postgres comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PostgresFrom {
    #[default]
    Local,
    Download,
}
