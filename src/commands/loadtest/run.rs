//! One load: run it, judge it, show it.

use super::baseline;
use super::database::{Look, QueryCounter};
use super::described::{self, Checked};
use super::hint::hint;
use super::live::Live;
use super::{BASELINE, render, stored, this_machine, unreachable, verdict};
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, Verdict};
use crate::loadtest::assessment::{self, Assessment, Endpoint, Subject};
use crate::loadtest::comparison;
use crate::loadtest::recording::Outcome;
use crate::loadtest::runner::{self, Probe};
use crate::report::json::v1::loadtest::Stored;
use crate::settings::loadtest::{Against, Run};
use crate::terminal::{Terminal, interrupt};
use crate::traffic::DatabaseUse;

pub(super) fn run(request: &Run, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let before = match &request.against {
        Against::Baseline(path) => Some(stored(path, "to compare with", BASELINE)?),
        Against::Nothing | Against::Endpoint => None,
    };
    let interrupt = interrupt::listen();
    let stop = || interrupt.requested().is_some();
    let mut counter = match &request.database {
        Some(database) => Some(QueryCounter::open(database)?),
        None => None,
    };
    let description = match &request.described {
        Some(wanted) => Some((described::read(wanted)?, wanted)),
        None => None,
    };
    let rules = description.as_ref().map(|(document, _)| document.rules());
    let mut plan = request.plan.clone();
    let mut endpoints = request.endpoints.clone();
    let mut checked = None;
    if let (Some((document, wanted)), Some(rules)) = (&description, &rules) {
        let traffic = document.traffic(rules, wanted, &request.asked)?;
        described::announce(&traffic, document, terminal);
        let probe = Probe::new(&request.plan, &stop)
            .map_err(|unreachable| unreachable::failure(&unreachable, &request.plan))?;
        let found = document.check(rules, traffic, wanted, &probe, counter.as_mut())?;
        if let (true, Some(signal)) = (found.interrupted, interrupt.requested()) {
            let words = "stopped while the operations were checked";
            let failure = Failure::interrupted(signal, words);
            return Err(unloaded(request, found, words, failure, terminal));
        }
        let Some(target) = &found.target else {
            let words = format!(
                "no operation of `{}` gave an answer to load with",
                document.name()
            );
            let failure = Failure::environment(words.clone()).code("unreachable");
            return Err(unloaded(request, found, &words, failure, terminal));
        };
        plan = described::plan(&plan, target);
        endpoints = vec![Endpoint::of(target)];
        checked = Some(found);
    }
    let look = match &mut counter {
        Some(counter) => Some(counter.look()?),
        None => None,
    };
    let mut live = Live::new(request, terminal);
    let outcome = runner::run(&plan, &stop, &mut |event| live.show(&event, &interrupt));
    live.finish(&interrupt);
    let outcome = match (outcome, interrupt.requested()) {
        (Ok(outcome), _) => outcome,
        (Err(_), Some(signal)) => {
            return Err(Failure::interrupted(
                signal,
                "stopped before the first answer",
            ));
        }
        (Err(unreachable), None) => {
            let failure = unreachable::failure(&unreachable, &plan);
            return Err(match checked {
                // What the operations answered before is known all the same.
                Some(found) => {
                    let words = format!(
                        "nothing answered when the load began: {}",
                        unreachable.words
                    );
                    unloaded(request, found, &words, failure, terminal)
                }
                None => failure,
            });
        }
    };
    let mut load = request.load.clone();
    if let Some(table) = load.drawn.as_mut().and_then(|drawn| drawn.table.as_mut()) {
        table.taken = outcome.rows_taken;
    }
    let assessed = assessment::assess(Subject {
        load,
        machine: this_machine(),
        endpoints,
        outcome,
        asked: request.asked.clone(),
    });
    let mut assessed = compare(assessed, request, before.as_ref());
    if let (Some(checked), Some(rules)) = (checked, &rules) {
        assessed = checked.judge(rules, assessed);
    }
    let mut uncounted = None;
    if let (Some(counter), Some(look)) = (&mut counter, look) {
        match queries(&assessed, counter, look) {
            Ok((database, finding)) => {
                assessed = assessed.queried(database);
                assessed.findings.extend(finding);
            }
            // The load was measured, whatever became of the database.
            Err(failure) => {
                let remark = "the queries of the load could not be counted.";
                assessed.remarks.push(remark.to_owned());
                uncounted = Some(failure);
            }
        }
    }
    render::all(&assessed, &request.reports, terminal)?;
    hint(&assessed, terminal);
    match (interrupt.requested(), uncounted) {
        (Some(signal), _) => Ok(Verdict::Interrupted(signal)),
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(verdict(&assessed, request.strict)),
    }
}

/// Shows what the operations answered one by one when no load came after it, and hands on why.
fn unloaded(
    request: &Run,
    checked: Checked,
    words: &str,
    failure: Failure,
    terminal: &mut Terminal,
) -> Failure {
    let assessed = assessment::assess(Subject {
        load: request.load.clone(),
        machine: this_machine(),
        endpoints: Vec::new(),
        outcome: Outcome {
            interrupted: checked.interrupted,
            ..Outcome::default()
        },
        asked: request.asked.clone(),
    });
    let assessed = assessed.described(checked.survey).unloaded(words);
    match render::all(&assessed, &request.reports, terminal) {
        Ok(()) => failure,
        // The report was asked for first, and its fault is the first to be mended.
        Err(fault) => fault,
    }
}

/// What the load asked of the database.
fn queries(
    assessed: &Assessment,
    counter: &mut QueryCounter,
    before: Look,
) -> Result<(DatabaseUse, Option<Diagnostic>), Failure> {
    let requests = assessed.results.iter().map(|result| {
        let warmup = &result.recording.warmup;
        result.finished + warmup.completed + warmup.failed
    });
    let load = counter.since(before, requests.sum())?;
    counter.refuse_blindness(!load.statements.is_empty())?;
    Ok(counter.used(load))
}

fn compare(assessed: Assessment, request: &Run, before: Option<&Stored>) -> Assessment {
    let accepts = request.asked.acceptance();
    match (&request.against, assessed.results.as_slice()) {
        (Against::Endpoint, [a, b]) => {
            let comparison =
                comparison::endpoints(&a.recording, &b.recording, accepts, request.margin);
            assessed.compared(comparison, None)
        }
        (Against::Baseline(path), [_]) => match before {
            Some(before) => baseline::compare(assessed, before, path, request.margin),
            None => assessed,
        },
        _ => assessed,
    }
}
