//! The settings of the forcing questions: the file of answers, and the changes that a script asks for.

use super::{Request, Task, profile_folders, wrong_value};
use crate::cli;
use crate::decide::Input;
use crate::decide::forcing::{AnswerSheet, ForcingQuestion, Recorded};
use crate::failure::{Failure, Message};
use crate::files::KeptFile;
use crate::settings::{Context, Format};
use crate::text::suggest;

/// One change of the answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Record(Input, Recorded),
    /// The inputs of a question that are still open become unknown.
    SkipQuestion(ForcingQuestion),
    /// All inputs of a question become open.
    ClearQuestion(ForcingQuestion),
}

pub(super) fn resolve(step: &cli::DecideStep, context: &Context) -> Result<Request, Failure> {
    let (sheet, task) = match step {
        cli::DecideStep::Next(next) => {
            let kept = kept_file(next.sheet.answers.as_deref())?;
            let question = next.question.and_then(ForcingQuestion::numbered);
            (&next.sheet, Task::Next(kept, question))
        }
        cli::DecideStep::Answer(answer) => {
            let kept = kept_file(answer.sheet.answers.as_deref())?;
            (&answer.sheet, Task::Answer(kept, changes(answer)?))
        }
    };
    Ok(Request {
        report: context.report_options(&[Format::Human, Format::Json])?,
        task,
        profiles: profile_folders(sheet.profiles.as_ref(), context)?,
    })
}

/// The file that was named, or today's.
pub(super) fn kept_file(named: Option<&std::path::Path>) -> Result<KeptFile, Failure> {
    match named {
        Some(path) if path == std::path::Path::new("-") => {
            let message = "`--answers -`: a file was expected";
            Err(Failure::input(message).hint("`--input -` reads answers from standard input"))
        }
        Some(path) => Ok(KeptFile::named(path)),
        None => KeptFile::usual(),
    }
}

/// The sheet in a file that has to be there.
pub(super) fn read_present(kept: &KeptFile) -> Result<AnswerSheet, Failure> {
    AnswerSheet::read(&kept.read_present()?).map_err(Failure::diagnostics)
}

fn changes(answer: &cli::DecideAnswer) -> Result<Vec<Change>, Failure> {
    let mut faults = Vec::new();
    let mut changes = Vec::new();
    for given in &answer.given {
        match record(given) {
            Ok(change) => changes.push(change),
            Err(fault) => faults.push(fault),
        }
    }
    let targets = [
        (&answer.skip, "--skip", Recorded::Unknown),
        (&answer.clear, "--clear", Recorded::Open),
    ];
    for (keys, flag, recorded) in targets {
        for key in keys {
            let numbered = key.parse().ok().and_then(ForcingQuestion::numbered);
            match (numbered, &recorded) {
                (Some(question), Recorded::Open) => changes.push(Change::ClearQuestion(question)),
                (Some(question), _) => changes.push(Change::SkipQuestion(question)),
                (None, recorded) => match input(key) {
                    Ok(input) => changes.push(Change::Record(input, recorded.clone())),
                    Err(mut fault) => {
                        fault.text =
                            format!("`{flag} {key}`: no input and no question from 1 to 7");
                        faults.push(fault);
                    }
                },
            }
        }
    }
    let mut seen = Vec::new();
    for change in &changes {
        if let Change::Record(input, _) = change {
            if seen.contains(input) {
                faults.push(Message {
                    text: format!("`{}` was given more than once", input.key()),
                    code: Some("usage"),
                    ..Message::default()
                });
            }
            seen.push(*input);
        }
    }
    if faults.is_empty() {
        Ok(changes)
    } else {
        Err(Failure::inputs(faults).closing("nothing was written"))
    }
}

fn record(given: &str) -> Result<Change, Message> {
    let (key, value) = given.split_once('=').unwrap_or((given, ""));
    let input = input(key)?;
    if value.trim().is_empty() {
        return Err(Message {
            text: format!("`{given}` has no value"),
            hint: Some(format!(
                "`{0}=VALUE` answers, `--skip {0}` says that nobody knows, `--clear {0}` asks again",
                input.key()
            )),
            code: Some("invalid-value"),
            ..Message::default()
        });
    }
    match Recorded::parse(input, value) {
        Ok(recorded) => Ok(Change::Record(input, recorded)),
        Err(expected) => Err(wrong_value(value, input.key(), expected)),
    }
}

/// An input by its key or its flag, with or without dashes.
fn input(key: &str) -> Result<Input, Message> {
    let name = key.trim().trim_start_matches("--").replace('-', "_");
    Input::named(&name).ok_or_else(|| Message {
        text: format!("`{key}` is no input"),
        details: vec![format!(
            "one of {}",
            Input::keys().collect::<Vec<_>>().join(", ")
        )],
        hint: suggest::nearest(&name, Input::keys()).map(|near| format!("did you mean `{near}`?")),
        code: Some("unknown-key"),
        ..Message::default()
    })
}
