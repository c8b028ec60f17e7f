//! clap's faults in our words: one message, a hint that names what helps, the usage line.

use std::ffi::OsString;

use clap::FromArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Cli;
use crate::failure::Failure;
use crate::terminal::{Appearance, ColorChoice, Verbosity};
use crate::text::suggest;

/// Why there is no command line to run.
pub enum UsageError {
    /// `--help` or `--version`: text for standard output, with styles.
    Information(String),
    /// A fault, to be shown as text or as a JSON document.
    Fault {
        failure: Failure,
        json: bool,
        appearance: Appearance,
    },
}

/// Reads the command line.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, UsageError> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let matches = super::command().try_get_matches_from(&arguments);
    matches
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| usage_error(&error, &arguments))
}

fn usage_error(error: &clap::Error, arguments: &[OsString]) -> UsageError {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            UsageError::Information(error.render().ansi().to_string())
        }
        _ => UsageError::Fault {
            failure: failure(error),
            json: wants_json(arguments),
            appearance: appearance(arguments),
        },
    }
}

fn failure(error: &clap::Error) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let list = |kind| match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let name = argument
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let failure = match error.kind() {
        ErrorKind::UnknownArgument => {
            let failure = Failure::input(format!("unexpected argument `{argument}` found"));
            match text(ContextKind::SuggestedArg) {
                Some(suggested) => failure.hint(format!("did you mean `{suggested}`?")),
                None => failure,
            }
        }
        ErrorKind::InvalidSubcommand => {
            let unknown = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let command = command_of(error);
            let names: Vec<&str> = command
                .get_subcommands()
                .map(clap::Command::get_name)
                .collect();
            let failure = Failure::input(format!("no command is called `{unknown}`"))
                .detail(format!("one of {}", names.join(", ")));
            match suggest::nearest(&unknown, names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure,
            }
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            Failure::input(format!("`{name}` needs a value"))
        }
        ErrorKind::InvalidValue => {
            let valid = list(ContextKind::ValidValue);
            let failure = Failure::input(format!("`{value}` is no value of `{name}`"))
                .detail(format!("one of {}", valid.join(", ")));
            match suggest::nearest(&value, valid.iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure,
            }
        }
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error)
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            Failure::input(format!("`{value}` is no value of `{name}`{reason}"))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = list(ContextKind::InvalidArg).join(", ");
            Failure::input(format!("`{missing}` is missing"))
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_else(|| "another option".to_owned());
            if argument == other {
                return Failure::input(format!("`{name}` was given more than once")).code("usage");
            }
            if argument.is_empty() {
                return Failure::input(format!(
                    "`{other}` stands before a command that does not take it"
                ))
                .code("usage")
                .hint("options of a command follow its name");
            }
            Failure::input(format!("`{argument}` cannot be used with `{other}`"))
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let command = super::command();
            let names: Vec<&str> = command
                .get_subcommands()
                .map(clap::Command::get_name)
                .collect();
            Failure::input("a command is missing")
                .detail(format!("one of {}", names.join(", ")))
                .hint("`backsmith --help` leads with examples")
        }
        _ => Failure::input(first_line(error)),
    };
    match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => {
            let usage = usage.to_string();
            let usage = usage.trim().trim_start_matches("Usage:").trim();
            let command: Vec<&str> = usage
                .split_whitespace()
                .take_while(|word| !word.starts_with(['[', '<', '-']))
                .collect();
            failure.code("usage").closing(format!(
                "\nusage: {usage}    (more: {} -h)",
                command.join(" ")
            ))
        }
        _ => failure.code("usage"),
    }
}

/// The command whose usage the fault shows: the one that was being read.
fn command_of(error: &clap::Error) -> clap::Command {
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string(),
        _ => String::new(),
    };
    let words = usage.lines().next().unwrap_or_default();
    let names = words
        .split_whitespace()
        .skip_while(|word| *word != "backsmith");
    let mut command = super::command();
    for name in names.skip(1) {
        let Some(inner) = command.find_subcommand(name) else {
            break;
        };
        command = inner.clone();
    }
    command
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned()
}

fn wants_json(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .any(|argument| argument == "--json" || argument == "--format=json")
        || arguments
            .windows(2)
            .any(|pair| pair[0] == "--format" && pair[1] == "json")
}

fn appearance(arguments: &[OsString]) -> Appearance {
    let asks = |wanted: &str| {
        arguments
            .iter()
            .any(|argument| argument.to_str() == Some(&format!("--color={wanted}")))
            || arguments
                .windows(2)
                .any(|pair| pair[0] == "--color" && pair[1] == *wanted)
    };
    let color = if asks("never") {
        ColorChoice::Never
    } else if asks("always") {
        ColorChoice::Always
    } else {
        ColorChoice::Auto
    };
    Appearance {
        color,
        verbosity: Verbosity::Normal,
    }
}
