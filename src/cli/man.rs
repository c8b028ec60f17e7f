//! `backsmith man`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
\u{1b}[1mExamples\u{1b}[0m
  backsmith man | man -l -
  backsmith man migrate | man -l -
  backsmith man --output ~/.local/share/man/man1/
";

/// Print the manual page of a command, or write the pages of all
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE, before_help = EXAMPLES)]
pub struct Man {
    /// The command whose page to print; backsmith itself without one
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    pub command: Vec<String>,

    /// Write a page for each command to this folder
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,

    /// Show what --output would change, and write nothing
    #[arg(long, requires = "output")]
    pub dry_run: bool,
}
