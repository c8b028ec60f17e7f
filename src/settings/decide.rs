//! The settings of `backsmith decide`: the answers of the command line over those of the input file,
//! each checked, all faults in one run.

mod answers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value as Json;

use super::{Context, Format, ReportOptions};
use crate::cli;
use crate::decide::forcing::ForcingQuestion;
use crate::decide::input::{Expected, Kind};
use crate::decide::profile::unexpected;
use crate::decide::{self, Given, Input, Inputs, Origin};
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Fault, Message};
use crate::files::{self, KeptFile};
use crate::redact;
use crate::text::tree::{self, NodeKind};
use crate::text::{SourceFile, printable, shell, suggest};

pub use answers::Change;

/// What one run of `decide` was asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    pub report: ReportOptions,
    pub task: Task,
    /// Folders with profiles of the team, weakest first.
    pub profiles: Vec<PathBuf>,
}

#[derive(Clone, Debug)]
pub enum Task {
    Decide(Question),
    /// The seven questions on the terminal, then the decision; the question holds what is known already.
    Interactive(KeptFile, Question),
    /// The next forcing question, or the one that is named.
    Next(KeptFile, Option<ForcingQuestion>),
    Answer(KeptFile, Vec<Change>),
    ListProfiles,
    ShowProfile(String),
    CheckProfiles,
    Sample,
}

/// A decision that is asked for.
#[derive(Clone, Debug)]
pub struct Question {
    pub inputs: Inputs,
    /// Show all there is to know.
    pub explain: bool,
    pub record: Option<Record>,
    /// How a hint repeats the question: `--input decision.yaml`, or `...`.
    pub repeat: String,
}

/// Where the decision record goes.
#[derive(Clone, Debug)]
pub struct Record {
    pub target: RecordTarget,
    pub dry_run: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordTarget {
    StandardOutput,
    Folder(PathBuf),
}

/// More of a wrong value is not shown in the message; the line below it shows the place.
const LONGEST_ECHO: usize = 60;
/// The folder that is looked at without being named.
const USUAL_FOLDER: &str = "profiles";

pub(super) fn resolve(arguments: &cli::Decide, context: &Context) -> Result<Request, Failure> {
    if let Some(step) = &arguments.step {
        return answers::resolve(step, context);
    }
    let profiles = profile_folders(arguments.profiles.as_ref(), context)?;
    let instead = [
        (arguments.list_profiles, Task::ListProfiles),
        (arguments.check_profiles, Task::CheckProfiles),
        (arguments.sample, Task::Sample),
    ];
    let shown = arguments.show_profile.clone().map(Task::ShowProfile);
    let instead = shown.or_else(|| {
        instead
            .into_iter()
            .find(|(wanted, _)| *wanted)
            .map(|(_, task)| task)
    });
    if let Some(task) = instead {
        return Ok(Request {
            report: context.report_options(&[Format::Human, Format::Json])?,
            task,
            profiles,
        });
    }
    let report = context.report_options(&[
        Format::Human,
        Format::Json,
        Format::Markdown,
        Format::Digest,
    ])?;
    let mut faults = Vec::new();
    let mut inputs = Inputs::new();
    for (input, text) in &arguments.answers.0 {
        let origin = Origin::Flag(input.flag());
        match input.parse(text) {
            Ok(value) => {
                inputs.insert(*input, Given { value, origin });
            }
            Err(expected) => {
                faults.push(Fault::Message(wrong_value(text, input.flag(), expected)));
            }
        }
    }
    if arguments.interactive && arguments.input.as_deref() == Some("-") {
        let message = "`--input -` cannot be used with `--interactive`";
        return Err(Failure::input(message).hint("standard input is what you type"));
    }
    if let Some(source) = &arguments.input {
        let file = files::Input::parse(source).read()?;
        match read_answers(&file) {
            Ok(answers) => fill(&mut inputs, answers),
            Err(found) => {
                let found = found
                    .into_iter()
                    .map(|fault| Fault::Diagnostic(Box::new(fault)));
                faults.extend(found);
            }
        }
    }
    let kept = match &arguments.answers_file {
        None if !arguments.interactive => None,
        named => Some(answers::kept_file(named.as_deref())?),
    };
    if let Some(kept) = kept.as_ref().filter(|_| !arguments.interactive) {
        match answers::read_present(kept) {
            Ok(sheet) => fill(&mut inputs, sheet.state().inputs),
            Err(failure) => faults.extend(failure.faults),
        }
    }
    if !faults.is_empty() {
        let mut failure = Failure::inputs([]);
        failure.faults = faults;
        return Err(failure);
    }
    latencies_rise(&decide::Answers::from(&inputs), Input::flag)?;
    let flags = !arguments.answers.0.is_empty();
    let repeat = match (&arguments.input, &kept) {
        (None, Some(kept)) if !flags => format!("--answers {}", shell::word(&kept.name())),
        (Some(file), None) if file != "-" && !flags => format!("--input {}", shell::word(file)),
        _ => "...".to_owned(),
    };
    let question = Question {
        inputs,
        explain: arguments.explain,
        record: record(arguments)?,
        repeat,
    };
    let task = match kept {
        Some(kept) if arguments.interactive => Task::Interactive(kept, question),
        _ => Task::Decide(question),
    };
    Ok(Request {
        report,
        task,
        profiles,
    })
}

fn record(arguments: &cli::Decide) -> Result<Option<Record>, Failure> {
    let Some(output) = &arguments.output else {
        return Ok(None);
    };
    let target = if output == Path::new("-") {
        RecordTarget::StandardOutput
    } else if output.is_file() || output.extension().is_some_and(|ending| ending == "md") {
        let message = format!("`--output {}`: a folder was expected", output.display());
        return Err(Failure::input(message).hint(
            "`--output docs/adr/` takes the next number; `--report FILE.md` writes one file",
        ));
    } else {
        RecordTarget::Folder(output.clone())
    };
    Ok(Some(Record {
        target,
        dry_run: arguments.dry_run,
    }))
}

/// Adds what a file says where nothing stronger is known.
fn fill(inputs: &mut Inputs, weaker: Inputs) {
    for (input, given) in weaker {
        match inputs.get_mut(&input) {
            Some(flag) => flag.origin = over(flag, &given),
            None => {
                inputs.insert(input, given);
            }
        }
    }
}

/// The origin of a flag that the file contradicts says so; the flag wins.
fn over(flag: &Given, file: &Given) -> Origin {
    match (&flag.origin, &file.origin) {
        (Origin::Flag(name), Origin::File { name: path, line }) if flag.value != file.value => {
            Origin::FlagOverFile {
                flag: name,
                name: path.clone(),
                line: *line,
                value: file.value.to_string(),
            }
        }
        (origin, _) => origin.clone(),
    }
}

/// Weakest first: the user's configuration, ./profiles, backsmith.toml, `--profiles`.
fn profile_folders(named: Option<&PathBuf>, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let usual = [
        user_configuration().map(|folder| folder.join("backsmith").join(USUAL_FOLDER)),
        Some(PathBuf::from(USUAL_FOLDER)),
    ];
    let present = usual.into_iter().flatten().filter(|folder| folder.is_dir());
    let mut folders: Vec<PathBuf> = present.collect();
    let configured = context.config.decide.profiles.as_ref().map(|folder| {
        let base = context.config.folder().unwrap_or(Path::new(""));
        (base.join(folder), "backsmith.toml")
    });
    let named = named.cloned().map(|folder| (folder, "--profiles"));
    for (folder, origin) in configured.into_iter().chain(named) {
        if !folder.is_dir() {
            let message = format!("`{}` of {origin} is no folder", folder.display());
            return Err(Failure::input(message).hint("a folder with *.json profiles was expected"));
        }
        // The same folder under another name is one folder, at its strongest place.
        let real = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        folders.retain(|other| real(other) != real(&folder));
        folders.push(folder);
    }
    Ok(folders)
}

/// Where the configuration of this user lies, by the rules of the platform.
fn user_configuration() -> Option<PathBuf> {
    let folder = |name: &str| {
        let path = PathBuf::from(std::env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    folder("XDG_CONFIG_HOME").or_else(|| {
        if cfg!(windows) {
            folder("APPDATA")
        } else {
            Some(folder("HOME")?.join(".config"))
        }
    })
}

/// A value that the flag, or the key of an answer, does not have.
pub(crate) fn wrong_value(text: &str, flag: &str, expected: Expected) -> Message {
    let text = redact::in_place(text);
    let text = printable(&text);
    match expected {
        Expected::Shape(what) => Message {
            text: format!("`{text}` is no value of `{flag}`: {what}"),
            code: Some("invalid-value"),
            ..Message::default()
        },
        Expected::OneOf { choices, near } => Message {
            text: format!("`{text}` is no value of `{flag}`"),
            details: vec![format!("one of {}", choices.join(", "))],
            hint: near.map(|near| format!("did you mean `{near}`?")),
            code: Some("invalid-value"),
            ..Message::default()
        },
    }
}

/// The answers of a decision.yaml or decision.json, or every fault in it.
fn read_answers(file: &Arc<SourceFile>) -> Result<Inputs, Vec<Diagnostic>> {
    let (root, mut faults) = tree::read(file);
    let Some(root) = root else {
        return Err(faults);
    };
    if !matches!(root.kind, NodeKind::Mapping(_)) {
        let fault = Diagnostic::error("invalid-input", "answers by their names were expected");
        faults.push(
            fault
                .at(root.span)
                .help("`backsmith decide --sample` prints such a file"),
        );
        return Err(faults);
    }
    let mut inputs = Inputs::new();
    for entry in root.entries() {
        let Some(input) = Input::named(&entry.key) else {
            let near = suggest::nearest(&entry.key, Input::keys());
            let help = near.map_or_else(
                || format!("one of {}", Input::keys().collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let key = redact::in_place(&entry.key);
            let message = format!("`{}` is no input", printable(&key));
            let fault = Diagnostic::error("unknown-key", message);
            faults.push(fault.at(entry.key_span.clone()).help(help));
            continue;
        };
        let value = match (&entry.value.kind, input.kind()) {
            // Not known yet; the file may list it all the same.
            (NodeKind::Scalar(Json::Null), _) => continue,
            // `hot_path: true` names nothing.
            (NodeKind::Scalar(Json::Bool(_)), Kind::Text) => {
                Err(Expected::Shape("a name was expected"))
            }
            (NodeKind::Scalar(Json::String(text)), _) => input.parse(text),
            (NodeKind::Scalar(_), _) => input.parse(entry.value.text()),
            (NodeKind::Sequence(_) | NodeKind::Mapping(_), _) => Err(Expected::Shape(
                "one value was expected, not a list and no entries",
            )),
        };
        let origin = Origin::File {
            name: file.name.clone(),
            line: entry.key_span.start().line,
        };
        match value {
            Ok(value) => {
                inputs.insert(input, Given { value, origin });
            }
            Err(expected) => {
                let span = entry.value.span.clone();
                let text = redact::in_place(entry.value.text().trim_matches('"')).into_owned();
                let text: String = text.chars().take(LONGEST_ECHO).collect();
                let mut fault = unexpected(&text, input.key(), expected, span);
                fault.code = "invalid-input";
                faults.push(fault);
            }
        }
    }
    if faults.is_empty() {
        Ok(inputs)
    } else {
        crate::diagnostic::sort(&mut faults);
        Err(faults)
    }
}

/// A p99 below the p95 is a slip that no target should be built on. `named` says how the inputs are
/// called where the answers came from.
pub fn latencies_rise(
    answers: &decide::Answers,
    named: fn(Input) -> &'static str,
) -> Result<(), Failure> {
    let faults: Vec<_> = answers
        .falling_latencies()
        .into_iter()
        .map(|[(lower, low), (higher, high)]| Message {
            text: format!(
                "`{}` is above `{}`: {low} ms against {high} ms",
                named(lower),
                named(higher)
            ),
            code: Some("invalid-value"),
            ..Message::default()
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::inputs(faults))
    }
}
