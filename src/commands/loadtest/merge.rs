//! `--merge`: adds up the reports of shards, histogram by histogram, and judges the sum.

mod belonging;

use std::path::Path;
use std::time::{Duration, Instant};

use super::{BASELINE, SHARD, baseline, render, stored, verdict};
use crate::failure::{Failure, Fault, Message, Verdict};
use crate::loadtest::assessment::{self, Subject};
use crate::report::json::v1::loadtest::Stored;
use crate::settings::loadtest::Merge;
use crate::terminal::{Terminal, interrupt};
use crate::text::number::{counted, seconds};
use crate::traffic::Survey;

pub(super) fn run(request: &Merge, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    wait(request, terminal)?;
    let mut parts = Vec::new();
    let mut faults: Vec<Message> = Vec::new();
    for path in &request.files {
        let part = kept(stored(path, "to merge", SHARD), &mut faults);
        parts.extend(part.map(|part| (path.as_path(), part)));
    }
    faults.extend(belonging::faults(&parts, faults.is_empty()));
    let baseline = request.baseline.as_ref().and_then(|path| {
        let before = kept(stored(path, "to compare with", BASELINE), &mut faults)?;
        Some((path, before))
    });
    if !faults.is_empty() {
        return Err(Failure::inputs(faults).closing("nothing was merged"));
    }
    let mut remarks = remarks(&parts);
    let survey = survey(&parts, &mut remarks);
    let Some(subject) = sum(parts, request) else {
        return Err(Failure::input("`--merge` needs at least one report"));
    };
    let mut assessed = assessment::assess(subject);
    assessed.remarks.extend(remarks);
    if let Some(survey) = survey {
        assessed = assessed.described(survey);
    } else {
        let apart = assessed.aside().map(|aside| aside.findings(None));
        assessed.findings.extend(apart.into_iter().flatten());
    }
    if let Some((path, before)) = &baseline {
        assessed = baseline::compare(assessed, before, path, request.margin);
    }
    render::all(&assessed, &request.reports, terminal)?;
    Ok(verdict(&assessed, request.strict))
}

/// The report, or its faults among the others.
fn kept(read: Result<Stored, Failure>, faults: &mut Vec<Message>) -> Option<Stored> {
    match read {
        Ok(stored) => Some(stored),
        Err(failure) => {
            let messages = failure.faults.into_iter().filter_map(|fault| match fault {
                Fault::Message(message) => Some(message),
                Fault::Diagnostic(_) => None,
            });
            faults.extend(messages);
            None
        }
    }
}

/// Waits until all files are there. Reports are written whole, so a file that is there is complete.
fn wait(request: &Merge, terminal: &mut Terminal) -> Result<(), Failure> {
    const LOOK: Duration = Duration::from_millis(200);
    let missing = || -> Vec<String> {
        let files = request.files.iter().filter(|file| !file.exists());
        files.map(|file| file.display().to_string()).collect()
    };
    let begun = Instant::now();
    let interrupt = interrupt::listen();
    let mut told = false;
    loop {
        let missing = missing();
        // Without a wait the reading of the files says which is missing.
        if missing.is_empty() || request.wait.is_zero() {
            return Ok(());
        }
        if let Some(signal) = interrupt.requested() {
            return Err(Failure::interrupted(
                signal,
                "stopped before all files were there",
            ));
        }
        if begun.elapsed() >= request.wait {
            return Err(Failure::environment(format!(
                "{} of {} {} missing after {}",
                missing.len(),
                counted(request.files.len(), "file"),
                if missing.len() == 1 { "is" } else { "are" },
                seconds(request.wait)
            ))
            .detail(missing.join(", ")));
        }
        if !told {
            told = true;
            terminal.note(&format!(
                "waiting up to {} for {} of {}",
                seconds(request.wait),
                missing.len(),
                counted(request.files.len(), "file")
            ));
        }
        std::thread::sleep(LOOK.min(request.wait.saturating_sub(begun.elapsed())));
    }
}

fn remarks(parts: &[(&Path, Stored)]) -> Vec<String> {
    let mut remarks = Vec::new();
    let starts: Vec<i64> = parts
        .iter()
        .map(|(_, part)| part.outcome.started_at_ms)
        .collect();
    let (first, last) = (starts.iter().min(), starts.iter().max());
    if let (Some(first), Some(last)) = (first, last) {
        let apart = (last - first) as f64 / 1e3;
        let shortest = parts
            .iter()
            .map(|(_, part)| part.outcome.elapsed.as_secs_f64());
        if apart > 0.1 * shortest.fold(f64::MAX, f64::min) {
            remarks.push(format!(
                "the parts started {} apart, so they were not one load.",
                seconds(Duration::from_secs_f64(apart))
            ));
        }
    }
    remarks
}

/// The checks of the description, when every part made one, and what is left out.
fn survey(parts: &[(&Path, Stored)], remarks: &mut Vec<String>) -> Option<Survey> {
    if parts.iter().any(|(_, part)| part.has_queries) {
        remarks.push(
            "what the database was asked is left out: each part counted the statements of all."
                .to_owned(),
        );
    }
    let surveys: Vec<Survey> = parts
        .iter()
        .filter_map(|(_, part)| part.survey.clone())
        .collect();
    if surveys.len() == parts.len() {
        return Survey::sum(surveys);
    }
    if parts.iter().any(|(_, part)| part.is_described) {
        remarks.push(format!(
            "the check of the description is left out: {} of {} can be added up.",
            surveys.len(),
            counted(parts.len(), "part")
        ));
    }
    None
}

fn sum(parts: Vec<(&Path, Stored)>, request: &Merge) -> Option<Subject> {
    let mut parts = parts.into_iter().map(|(_, part)| part);
    let mut total = parts.next()?;
    // A shard reports the load of the whole run; only the connections of an open loop are its own.
    let divided = total.load.shard.is_some();
    let is_open = total.load.rate.is_some();
    for part in parts {
        for (mine, theirs) in total
            .outcome
            .recordings
            .iter_mut()
            .zip(&part.outcome.recordings)
        {
            mine.merge(theirs);
        }
        total.outcome.client.merge(&part.outcome.client);
        total.outcome.elapsed = total.outcome.elapsed.max(part.outcome.elapsed);
        total.outcome.interrupted |= part.outcome.interrupted;
        total.outcome.started_at_ms = total.outcome.started_at_ms.min(part.outcome.started_at_ms);
        if is_open || !divided {
            total.load.connections += part.load.connections;
        }
        if !divided {
            total.load.rate = total
                .load
                .rate
                .zip(part.load.rate)
                .map(|(mine, theirs)| mine + theirs);
            let requests = total.load.requests.zip(part.load.requests);
            total.load.requests = requests.map(|(mine, theirs)| mine + theirs);
        }
        total.load.threads += part.load.threads;
        if let (Some(mine), Some(theirs)) = (&mut total.load.drawn, &part.load.drawn)
            && let (Some(mine), Some(theirs)) = (&mut mine.table, &theirs.table)
        {
            mine.taken += theirs.taken;
        }
    }
    total.load.shard = None;
    Some(Subject {
        load: total.load,
        machine: total.machine,
        endpoints: total.endpoints,
        outcome: total.outcome,
        asked: request.asked.clone(),
    })
}
