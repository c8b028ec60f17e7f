//! `backsmith decide`: read the profiles, run the engine, render, judge.

mod session;
mod turn;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::decide::evaluate::Pick;
use crate::decide::{self, Decision, Shelf, golden, lint};
use crate::diagnostic::Severity;
use crate::failure::{Failure, Verdict};
use crate::files::{self, Plan, PlannedFile};
use crate::report::human::decide as human;
use crate::report::json::v1::decide as json;
use crate::report::{digest, markdown};
use crate::settings::Format;
use crate::settings::decide::{Question, Record, RecordTarget, Request, Task};
use crate::terminal::{Terminal, Verbosity};
use crate::text::{SourceFile, suggest};

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    if matches!(request.task, Task::Sample) {
        write!(terminal.output(), "{}", human::SAMPLE)?;
        return Ok(Verdict::Holds);
    }
    if let Task::ShowProfile(name) = &request.task {
        return show(name, request, terminal);
    }
    if matches!(request.task, Task::CheckProfiles) {
        return check(request, terminal);
    }
    let shelf = read_shelf(&request.profiles)?;
    match &request.task {
        Task::Decide(question) => answer(request, question, &shelf, terminal),
        Task::Interactive(kept, question) => {
            session::run(request, kept, question, &shelf, terminal)
        }
        Task::Next(kept, question) => {
            turn::next(request, kept, *question, shelf.profiles(), terminal)
        }
        Task::Answer(kept, changes) => {
            turn::answer(request, kept, changes, shelf.profiles(), terminal)
        }
        Task::ListProfiles => {
            match request.report.format {
                Format::Json => json::write_profiles(terminal.output(), &shelf, None)?,
                _ => human::write_profiles(terminal.output(), &shelf)?,
            }
            Ok(Verdict::Holds)
        }
        Task::CheckProfiles | Task::Sample | Task::ShowProfile(_) => Ok(Verdict::Holds),
    }
}

fn answer(
    request: &Request,
    question: &Question,
    shelf: &Shelf,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let decision = decide::decide(&question.inputs, shelf.profiles());
    let view = human::View {
        records: question.record.is_some(),
        explain: question.explain || terminal.verbosity() >= Verbosity::Verbose,
        repeat: &question.repeat,
        symbols: terminal.symbols(),
        width: terminal.width(),
    };
    let recorded = match &question.record {
        Some(record) => write_record(record, &decision, terminal)?,
        None => Recorded::default(),
    };
    match recorded.instead_of_report {
        // The record or its diff has standard output; the verdict is still worth a line.
        Some(text) if request.report.format != Format::Json => {
            let mut verdict = Vec::new();
            human::write_verdict(&mut verdict, &decision, &view)?;
            write!(terminal.output(), "{text}")?;
            terminal.flush()?;
            terminal.note(String::from_utf8_lossy(&verdict).trim_end());
        }
        _ => render(
            request.report.format,
            &decision,
            &view,
            recorded.diff,
            terminal.output(),
        )?,
    }
    if let Some((path, format)) = &request.report.report {
        let mut bytes = Vec::new();
        render(*format, &decision, &view, None, &mut bytes)?;
        let plain = anstream::adapter::strip_bytes(&bytes).into_vec();
        files::write_atomically(path, &plain)?;
    }
    terminal.flush()?;
    if !matches!(request.report.format, Format::Json | Format::Digest) {
        for (label, text) in human::next_steps(&decision, &view) {
            terminal.labelled(label, &text);
        }
    }
    Ok(match decision.pick {
        Pick::Recommended(_) => Verdict::Holds,
        Pick::NoFit { .. } => Verdict::Negative,
        Pick::Stopped(_) | Pick::Refused(_) => Verdict::Refused,
    })
}

fn render(
    format: Format,
    decision: &Decision<'_>,
    view: &human::View<'_>,
    diff: Option<String>,
    out: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    match format {
        Format::Json => json::write(out, decision, diff),
        Format::Markdown => markdown::decide::write(out, decision),
        Format::Digest => digest::write(out, decision, view.repeat),
        _ => human::write(out, decision, view),
    }
}

/// What became of the decision record.
#[derive(Default)]
struct Recorded {
    /// What a dry run would write.
    diff: Option<String>,
    /// Text that takes standard output from the report.
    instead_of_report: Option<String>,
}

fn write_record(
    record: &Record,
    decision: &Decision<'_>,
    terminal: &mut Terminal,
) -> Result<Recorded, Failure> {
    let Some(profile) = decision.pick.profile() else {
        terminal.note("  no record: nothing is recommended");
        return Ok(Recorded::default());
    };
    let mut contents = Vec::new();
    markdown::decide::write(&mut contents, decision)?;
    let contents = String::from_utf8_lossy(&contents).into_owned();
    let RecordTarget::Folder(folder) = &record.target else {
        return Ok(Recorded {
            instead_of_report: Some(contents),
            ..Recorded::default()
        });
    };
    let present = records(folder)?;
    let same = present
        .iter()
        .find(|(_, path)| std::fs::read_to_string(path).is_ok_and(|text| text == contents));
    if let Some((_, path)) = same {
        terminal.note(&format!("  keep    {}", path.display()));
        return Ok(Recorded {
            diff: record.dry_run.then(String::new),
            instead_of_report: record.dry_run.then(String::new),
        });
    }
    let number = present.last().map_or(1, |(number, _)| number + 1);
    let name = PathBuf::from(format!(
        "{number:04}-backend-shape-{}.md",
        file_name(profile)
    ));
    // From here, so that `git apply` finds the folder in the diff.
    let plan = Plan::new(
        Path::new(""),
        vec![PlannedFile {
            path: folder.join(&name),
            contents,
        }],
    )?;
    if record.dry_run {
        let diff = plan.diff();
        return Ok(Recorded {
            diff: Some(diff.clone()),
            instead_of_report: Some(diff),
        });
    }
    plan.apply()?;
    terminal.note(&format!("  create  {}", folder.join(name).display()));
    Ok(Recorded::default())
}

/// Digits that the number of a record has at most.
const LONGEST_NUMBER: usize = 6;

/// The numbered records of a folder, in order.
fn records(folder: &Path) -> Result<Vec<(u32, PathBuf)>, Failure> {
    let mut found = Vec::new();
    for path in list(folder)? {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let digits = name
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(name.len());
        // A date or the like is no number of a record.
        if path.extension().is_some_and(|ending| ending == "md")
            && digits <= LONGEST_NUMBER
            && let Ok(number) = name[..digits].parse()
        {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// A profile's name as part of a file name.
fn file_name(profile: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    profile.chars().map(safe).collect()
}

/// Prints a profile, whatever is wrong in others: with `> profiles/acme.json` the shell has made that
/// file, still empty, before this runs.
fn show(name: &str, request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let (shelf, faults) = Shelf::fill_with_what_reads(&read_folders(&request.profiles)?);
    let Some(shelved) = shelf.get(name) else {
        if !faults.is_empty() {
            return Err(Failure::diagnostics(faults));
        }
        let names: Vec<&str> = shelf.names().collect();
        let failure = Failure::input(format!("no profile is called `{name}`"))
            .detail(format!("one of {}", names.join(", ")));
        return Err(match suggest::nearest(name, names) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint("`backsmith decide --list-profiles` shows them"),
        });
    };
    write!(terminal.output(), "{}", shelved.source.text)?;
    Ok(Verdict::Holds)
}

/// Every fault of every file in one run; only where there is none, what comes out of them.
fn check(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let mut unreadable = Vec::new();
    let mut golden = Vec::new();
    for folder in &request.profiles {
        match read_folder(&folder.join("golden")) {
            Ok(files) => golden.push(files),
            Err(failure) => unreadable.extend(failure.faults),
        }
    }
    let (shelf, mut faults) = match read_folders(&request.profiles) {
        Ok(folders) => Shelf::fill_with_what_reads(&folders),
        Err(failure) => {
            unreadable.extend(failure.faults);
            Shelf::fill_with_what_reads(&[])
        }
    };
    let is_whole = faults.is_empty() && unreadable.is_empty();
    // Decisions of the team may override what the shipped ones expect, so only theirs run then.
    let mut goldens = decide::shipped_decisions();
    for file in golden.into_iter().flatten() {
        let name = |file: &SourceFile| Path::new(&file.name).file_name().map(ToOwned::to_owned);
        goldens.retain(|shipped| name(shipped) != name(&file));
        goldens.push(file);
    }
    let mut findings = Vec::new();
    let mut decisions = 0;
    for file in &goldens {
        let run = golden::run(file, shelf.profiles());
        decisions += run.decisions;
        findings.extend(run.findings);
        // A profile that cannot be read may be the one that is expected.
        let faults_of_file = run.faults.into_iter();
        faults.extend(faults_of_file.filter(|fault| is_whole || fault.code != "unknown-profile"));
    }
    if !faults.is_empty() || !unreadable.is_empty() {
        let mut failure = Failure::diagnostics(faults);
        failure.faults.extend(unreadable);
        return Err(failure);
    }
    findings.extend(lint::profiles(shelf.profiles()));
    let gaps = lint::gaps(shelf.profiles());
    let failed = findings
        .iter()
        .any(|finding| finding.severity > Severity::Info);
    let check = human::Check {
        decisions,
        findings: &findings,
        gaps: &gaps,
    };
    if request.report.format == Format::Json {
        json::write_profiles(terminal.output(), &shelf, Some(&check))?;
    } else {
        let view = (terminal.symbols(), terminal.width());
        human::write_check(terminal.output(), &shelf, &check, view)?;
    }
    Ok(if failed {
        Verdict::Negative
    } else {
        Verdict::Holds
    })
}

fn read_shelf(folders: &[PathBuf]) -> Result<Shelf, Failure> {
    Shelf::fill(&read_folders(folders)?).map_err(Failure::diagnostics)
}

fn read_folders(folders: &[PathBuf]) -> Result<Vec<Vec<Arc<SourceFile>>>, Failure> {
    let mut read = Vec::new();
    let mut failures: Option<Failure> = None;
    for folder in folders {
        match read_folder(folder) {
            Ok(files) => read.push(files),
            Err(failure) => join(&mut failures, failure),
        }
    }
    failures.map_or(Ok(read), Err)
}

/// The JSON files of a folder, by name; none when there is no such folder.
fn read_folder(folder: &Path) -> Result<Vec<Arc<SourceFile>>, Failure> {
    let mut read = Vec::new();
    let mut failures: Option<Failure> = None;
    for path in list(folder)? {
        if path.is_file() && path.extension().is_some_and(|ending| ending == "json") {
            match files::read_text(&path) {
                Ok(file) => read.push(file),
                Err(failure) => join(&mut failures, failure),
            }
        }
    }
    failures.map_or(Ok(read), Err)
}

/// One failure with the faults of both.
fn join(failures: &mut Option<Failure>, failure: Failure) {
    match failures {
        Some(first) => first.faults.extend(failure.faults),
        None => *failures = Some(failure),
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let message = format!("cannot read `{}`", folder.display());
            return Err(Failure::input(message).cause(error.to_string()));
        }
    };
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    Ok(paths)
}
