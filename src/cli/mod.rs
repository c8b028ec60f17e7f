//! The command line as clap reads it: plain values and help text, no decisions. Only `settings` and
//! `main` use it.

mod decide;
mod doctor;
mod explain;
mod global;
mod loadtest;
mod man;
mod manual;
mod migrate;
mod scaffold;
mod usage;

use clap::{CommandFactory, Parser, Subcommand};

pub use decide::{
    Answer as DecideAnswer, Decide, Next as DecideNext, Sheet as DecideSheet, Step as DecideStep,
};
pub use doctor::{Completions, Doctor};
pub use explain::Explain;
pub use global::{Format, Global};
pub use loadtest::Loadtest;
pub use man::Man;
pub use manual::{ManualPage, manual_pages};
pub use migrate::{FailOn, InDoubt, Layout, Migrate, PostgresFrom};
pub use scaffold::{Framework, OpenApiVersion, Scaffold};
pub use usage::{UsageError, parse};

/// Examples come first: people read the top of a help text.
const HELP_TEMPLATE: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}\n";

const EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith scaffold openapi.yaml --framework express --output src/routes/ --project
  backsmith migrate --connection $DATABASE_URL --compare schema/v2.sql --output migrations/
  backsmith migrate --connection $DATABASE_URL --migrate migrations/add_user_indexes.sql --dry-run
  backsmith loadtest https://api.example.com/users --concurrency 50 --duration 30
  backsmith decide --sample > decision.yaml && backsmith decide --input decision.yaml
";

/// As `HELP_TEMPLATE`, with the commands in two groups, which clap cannot do by itself; a test holds
/// that every command is named.
const TOP_TEMPLATE: &str = "\
{about-with-newline}
{before-help}\u{1b}[1mUsage\u{1b}[0m  {usage}

\u{1b}[1mCommands\u{1b}[0m
  scaffold     OpenAPI document or Postgres schema to Express, Fastify or Koa; routes to OpenAPI
  migrate      Compare, analyse, rehearse and apply Postgres schema changes
  loadtest     Throughput and latency of an HTTP endpoint, with a verdict
  decide       Match a backend's constraints against profiles; refuses to guess

\u{1b}[1mMore\u{1b}[0m
  doctor       Check configuration, database, limits and tools; safe to paste
  explain      What a code means and how to mend it; the sections of the guides
  completions  Print completions for bash, zsh, fish, elvish or powershell
  man          Print the manual page of a command, or write all of them

\u{1b}[1mOptions for every command\u{1b}[0m
{options}{after-help}
";

const EXIT_STATUS: &str = "\
\u{1b}[1mExit status\u{1b}[0m
  0 done   1 done, the verdict is negative   2 usage or input   3 refused   4 environment
  70 a bug   130, 143 interrupted, after the partial report";

/// Scaffold, migrate, load-test and decide: the daily work of a backend, checked before it is offered.
#[derive(Debug, Parser)]
#[command(
    name = "backsmith",
    version,
    help_template = TOP_TEMPLATE,
    before_help = EXAMPLES,
    after_help = EXIT_STATUS,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    infer_long_args = false,
    subcommand_help_heading = "Commands",
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    #[command(flatten)]
    pub global: Global,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Scaffold(Box<Scaffold>),
    Migrate(Box<Migrate>),
    Loadtest(Box<Loadtest>),
    Decide(Box<Decide>),
    Doctor(Doctor),
    Explain(Explain),
    Completions(Completions),
    Man(Man),
}

/// The whole command line as clap's own description, for completions and the reference.
pub fn command() -> clap::Command {
    Cli::command().styles(STYLES)
}

/// Bold headings, nothing else: help reads the same on light and dark terminals.
pub(crate) const STYLES: clap::builder::Styles = clap::builder::Styles::plain()
    .header(anstyle::Style::new().bold())
    .usage(anstyle::Style::new().bold());
