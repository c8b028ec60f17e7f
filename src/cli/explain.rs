//! `backsmith explain`.

use clap::Args;

const EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith explain
  backsmith explain fk-without-index
  backsmith explain api/pagination
  backsmith explain security --format markdown
  backsmith explain exit/3 --json
";

/// Show what a code means, or a section of the guides: what happens, why, how to do it safely
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE, before_help = EXAMPLES)]
pub struct Explain {
    /// A code (drop-column), a section (api/pagination), a guide (database), an exit code (exit/3)
    ///
    /// Everything there is without it. The last part of a section's name will do where only one
    /// section has it.
    #[arg(value_name = "NAME")]
    pub subject: Option<String>,

    /// List everything, as without a name
    #[arg(long, conflicts_with = "subject")]
    pub list: bool,
}
