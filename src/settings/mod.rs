//! Flags, environment, backsmith.toml and defaults become one validated request per subcommand.
//! The only reader of `cli`; nothing below knows where a value came from unless a report shows it.

pub mod config;
pub mod decide;
pub mod doctor;
pub mod explain;
pub mod loadtest;
pub mod man;
pub mod migrate;
pub mod scaffold;

use std::path::PathBuf;

use crate::cli::{Cli, Command, Global};
use crate::failure::Failure;
use crate::terminal::Verbosity;
use config::Config;

pub use crate::cli::Format;

/// What one run was asked to do.
#[derive(Debug)]
pub enum Request {
    Scaffold(scaffold::Request),
    Migrate(migrate::Request),
    Loadtest(loadtest::Request),
    Decide(decide::Request),
    Doctor(doctor::Request),
    Explain(explain::Request),
    Completions(doctor::Completions),
    Man(man::Request),
}

/// What every subcommand's settings start from.
#[derive(Clone, Debug)]
pub struct Context {
    pub global: Global,
    pub config: Config,
    pub verbosity: Verbosity,
}

/// How the report is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    pub format: Format,
    /// One more report, in the format of the file's ending.
    pub report: Option<(PathBuf, Format)>,
}

pub(crate) fn resolve(arguments: Cli) -> Result<Request, Failure> {
    let Cli { command, global } = arguments;
    let config = Config::load(global.config.as_deref(), global.no_config)?;
    let verbosity = global.appearance().verbosity;
    let context = Context {
        global,
        config,
        verbosity,
    };
    Ok(match command {
        Command::Scaffold(arguments) => Request::Scaffold(scaffold::resolve(*arguments, &context)?),
        Command::Migrate(arguments) => Request::Migrate(migrate::resolve(*arguments, &context)?),
        Command::Loadtest(arguments) => Request::Loadtest(loadtest::resolve(*arguments, &context)?),
        Command::Decide(arguments) => Request::Decide(decide::resolve(&arguments, &context)?),
        Command::Doctor(arguments) => Request::Doctor(doctor::resolve(&arguments, &context)?),
        Command::Explain(arguments) => Request::Explain(explain::resolve(arguments, &context)?),
        Command::Completions(arguments) => {
            Request::Completions(doctor::resolve_completions(&arguments))
        }
        Command::Man(arguments) => Request::Man(man::resolve(arguments, &context)),
    })
}

impl Context {
    /// The formats of this run, each checked against those that the command has.
    pub fn report_options(&self, available: &[Format]) -> Result<ReportOptions, Failure> {
        let format = if self.global.json {
            Format::Json
        } else {
            self.global.format.unwrap_or(Format::Human)
        };
        if !available.contains(&format) {
            return Err(unavailable(format, available));
        }
        let report = match &self.global.report {
            None => None,
            Some(path) => {
                let format = format_of_ending("--report", path)?;
                if !available.contains(&format) {
                    return Err(unavailable(format, available));
                }
                Some((path.clone(), format))
            }
        };
        Ok(ReportOptions { format, report })
    }
}

fn unavailable(format: Format, available: &[Format]) -> Failure {
    let names: Vec<&str> = available.iter().map(|format| format.name()).collect();
    Failure::input(format!("this command has no format `{}`", format.name()))
        .detail(format!("one of {}", names.join(", ")))
}

fn format_of_ending(flag: &str, path: &std::path::Path) -> Result<Format, Failure> {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "json" => Ok(Format::Json),
        "html" | "htm" => Ok(Format::Html),
        "md" | "markdown" => Ok(Format::Markdown),
        "sarif" => Ok(Format::Sarif),
        "xml" => Ok(Format::Junit),
        "csv" => Ok(Format::Csv),
        "hlog" => Ok(Format::Hlog),
        "txt" => Ok(Format::Human),
        _ => Err(Failure::input(format!(
            "`{flag} {}`: the ending names no format",
            path.display()
        ))
        .detail("one of .json, .html, .md, .sarif, .xml (JUnit), .csv, .hlog, .txt")),
    }
}

/// The command line's own description, for completions.
pub(crate) fn command_line() -> clap::Command {
    crate::cli::command()
}
