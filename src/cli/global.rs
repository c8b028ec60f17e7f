//! Options that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::terminal::{Appearance, ColorChoice, Verbosity};

const HEADING: &str = "Options for every command";

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct Global {
    /// Format of the report: human, json, markdown; some commands add more [default: human]
    #[arg(long, value_name = "FORMAT", global = true, help_heading = HEADING, hide_possible_values = true)]
    pub format: Option<Format>,

    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format", help_heading = HEADING)]
    pub json: bool,

    /// Write the report once more, in the format of the file's ending
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    pub report: Option<PathBuf>,

    /// Use this backsmith.toml, not the one found upwards
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "no_config", help_heading = HEADING)]
    pub config: Option<PathBuf>,

    /// Use no backsmith.toml
    #[arg(long, global = true, help_heading = HEADING)]
    pub no_config: bool,

    /// Colour: auto, always, never
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", hide_possible_values = true, help_heading = HEADING)]
    pub color: ColorChoice,

    /// Only the report, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = HEADING)]
    pub quiet: bool,

    /// More detail; -vv for a trace
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = HEADING)]
    pub verbose: u8,
}

impl Global {
    pub const fn appearance(&self) -> Appearance {
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, 1) => Verbosity::Verbose,
            (false, _) => Verbosity::Trace,
        };
        Appearance {
            color: self.color,
            verbosity,
        }
    }

    pub fn wants_json(&self) -> bool {
        self.json || self.format == Some(Format::Json)
    }
}

/// Every report format there is. Which of them a command has is decided in `settings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    Human,
    Json,
    Markdown,
    Html,
    Csv,
    Hlog,
    Digest,
    Sarif,
    Junit,
    Github,
}

impl Format {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Hlog => "hlog",
            Self::Digest => "digest",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
        }
    }
}
