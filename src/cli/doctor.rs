//! `backsmith doctor` and `backsmith completions`.

use clap::{Args, ValueEnum};
use clap_complete::Shell;

/// Check configuration, database, limits and tools; safe to paste
///
/// Ends with 1 only when something that was named does not work: the database, or the folder of
/// Postgres binaries. What is not there and was not asked for is a limit.
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE)]
pub struct Doctor {
    /// The database to reach; the default is DATABASE_URL, then backsmith.toml
    #[arg(long, value_name = "URL")]
    pub connection: Option<String>,
}

/// Print completions for a shell
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE)]
pub struct Completions {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_enum, hide_possible_values = true)]
    pub shell: CompletionShell,
}

/// The shells that completions exist for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum CompletionShell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl From<CompletionShell> for Shell {
    fn from(shell: CompletionShell) -> Self {
        match shell {
            CompletionShell::Bash => Self::Bash,
            CompletionShell::Zsh => Self::Zsh,
            CompletionShell::Fish => Self::Fish,
            CompletionShell::Elvish => Self::Elvish,
            CompletionShell::Powershell => Self::PowerShell,
        }
    }
}
