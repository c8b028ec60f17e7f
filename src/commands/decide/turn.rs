//! `decide next` and `decide answer`: the forcing questions for scripts and agents, without a terminal.

use crate::decide::forcing::{AnswerSheet, ForcingQuestion, Recorded, State, Step};
use crate::decide::profile::Profile;
use crate::decide::{self, Input};
use crate::failure::{Failure, Verdict};
use crate::files::KeptFile;
use crate::report::human::decide as human;
use crate::report::human::decide::question::{self, Look, Sitting};
use crate::report::json::v1::decide_question as json;
use crate::settings::Format;
use crate::settings::decide::{Change, Request, latencies_rise};
use crate::terminal::Terminal;

/// Shows what comes next and changes nothing.
pub(super) fn next(
    request: &Request,
    kept: &KeptFile,
    wanted: Option<ForcingQuestion>,
    profiles: &[Profile],
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let (sheet, _) = read(kept)?;
    let state = sheet.state();
    let step = match wanted {
        Some(question) => Step::Ask(question, asked_again(question, &state, profiles)),
        None => state.next(profiles),
    };
    show(request, kept, &state, &step, &[], profiles, terminal)
}

/// Keeps the changes, all or none, and shows what comes next.
pub(super) fn answer(
    request: &Request,
    kept: &KeptFile,
    changes: &[Change],
    profiles: &[Profile],
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let (sheet, is_there) = read(kept)?;
    let mut records = records(changes);
    rising(&sheet, &records)?;
    let mut changed = sheet.with(&records).map_err(Failure::diagnostics)?;
    // What was answered in the same command is not skipped, and may have opened what is.
    let skipped = skipped(changes, &changed.state(), profiles);
    changed = changed.with(&skipped).map_err(Failure::diagnostics)?;
    records.extend(skipped);
    if changed.text() != sheet.text() || !is_there {
        kept.write(changed.text(), is_there)?;
    }
    let state = changed.state();
    let step = state.next(profiles);
    show(request, kept, &state, &step, &records, profiles, terminal)
}

/// The sheet, blank when there is no file yet, and whether there is one.
pub(super) fn read(kept: &KeptFile) -> Result<(AnswerSheet, bool), Failure> {
    match kept.read()? {
        None => Ok((AnswerSheet::blank(&kept.name()), false)),
        Some(file) if AnswerSheet::is_ours(&file.text) => AnswerSheet::read(&file)
            .map(|sheet| (sheet, true))
            .map_err(Failure::diagnostics),
        Some(_) => {
            let message = format!("`{}` is no file of answers", kept.name());
            Err(Failure::input(message)
                .detail("it is left as it is")
                .hint("`--answers FILE` names another file"))
        }
    }
}

/// A p99 below the p95 is refused before anything is written.
pub(super) fn rising(sheet: &AnswerSheet, records: &[(Input, Recorded)]) -> Result<(), Failure> {
    let mut answers = sheet.state().answers();
    for (input, recorded) in records {
        let value = match recorded {
            Recorded::Known(value) => Some(value.clone()),
            Recorded::Open | Recorded::Unknown => None,
        };
        answers = answers.with(*input, value);
    }
    latencies_rise(&answers, Input::key).map_err(|failure| failure.closing("nothing was written"))
}

/// The inputs of a question as they would be asked once more.
fn asked_again(question: ForcingQuestion, state: &State, profiles: &[Profile]) -> Vec<Input> {
    let mut without = state.clone();
    for input in question.inputs() {
        without.inputs.remove(input);
        without.unknown.remove(input);
    }
    let asked = without.open(question, profiles);
    let known = |input: &Input| state.inputs.contains_key(input) || state.is_open(*input, profiles);
    let inputs = question.inputs().iter().copied();
    inputs
        .filter(|input| asked.contains(input) || known(input))
        .collect()
}

fn records(changes: &[Change]) -> Vec<(Input, Recorded)> {
    let mut records = Vec::new();
    for change in changes {
        match change {
            Change::Record(input, recorded) => records.push((*input, recorded.clone())),
            Change::ClearQuestion(question) => {
                let inputs = question.inputs().iter();
                records.extend(inputs.map(|input| (*input, Recorded::Open)));
            }
            Change::SkipQuestion(_) => {}
        }
    }
    records
}

fn skipped(changes: &[Change], state: &State, profiles: &[Profile]) -> Vec<(Input, Recorded)> {
    let questions = changes.iter().filter_map(|change| match change {
        Change::SkipQuestion(question) => Some(*question),
        _ => None,
    });
    questions
        .flat_map(|question| state.open(question, profiles))
        .map(|input| (input, Recorded::Unknown))
        .collect()
}

fn show(
    request: &Request,
    kept: &KeptFile,
    state: &State,
    step: &Step,
    changed: &[(Input, Recorded)],
    profiles: &[Profile],
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let file = kept.name();
    let decision = decide::decide(&state.inputs, profiles);
    let sitting = Sitting {
        state,
        step,
        profiles,
        file: &file,
        changed,
        ways_on: &decision.ways_on,
    };
    let look = Look {
        symbols: terminal.symbols(),
        width: terminal.width(),
    };
    let json_wanted = request.report.format == Format::Json;
    match step {
        _ if json_wanted => json::write(terminal.output(), &sitting, &decision)?,
        Step::Stopped(_) => {
            let view = human::View {
                explain: false,
                records: false,
                repeat: "...",
                symbols: look.symbols,
                width: look.width,
            };
            human::write(terminal.output(), &decision, &view)?;
        }
        _ => question::write_sitting(terminal.output(), &sitting, look)?,
    }
    if let Some((path, format)) = &request.report.report {
        let mut bytes = Vec::new();
        match format {
            Format::Json => json::write(&mut bytes, &sitting, &decision)?,
            _ => question::write_sitting(&mut bytes, &sitting, look)?,
        }
        let plain = anstream::adapter::strip_bytes(&bytes).into_vec();
        crate::files::write_atomically(path, &plain)?;
    }
    terminal.flush()?;
    if !json_wanted {
        let commands = sitting.commands();
        match step {
            Step::Ask(..) => {
                terminal.next(&format!(
                    "`{}`\n`{}` when nobody knows",
                    commands.answer, commands.skip
                ));
            }
            Step::Stopped(_) => terminal.hint(&format!("change an answer: `{}`", commands.answer)),
            Step::Ready => terminal.next(&format!("`{}`", commands.decide)),
        }
    }
    Ok(match step {
        Step::Stopped(_) => Verdict::Refused,
        Step::Ask(..) | Step::Ready => Verdict::Holds,
    })
}
