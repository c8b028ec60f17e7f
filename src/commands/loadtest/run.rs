//! One load: run it, judge it, show it.

use std::time::Duration;

use super::database::{Look, QueryCounter};
use super::described;
use super::live::Live;
use super::{other_machine, render, stored, this_machine, verdict};
use crate::diagnostic::{Diagnostic, Severity};
use crate::failure::{Failure, Verdict};
use crate::loadtest::assessment::{self, Assessment, Doubt, Endpoint, Subject};
use crate::loadtest::comparison::{self, Baseline};
use crate::loadtest::plan::{Plan, Trust};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::runner::{self, Probe, Unreachable};
use crate::report::json::v1::loadtest::Stored;
use crate::settings::loadtest::{Against, Run};
use crate::terminal::{Terminal, interrupt};
use crate::text::number::seconds;
use crate::traffic::DatabaseUse;

pub(super) fn run(request: &Run, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let before = match &request.against {
        Against::Baseline(path) => Some(stored(path)?),
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
            .map_err(|unreachable| unreachable_failure(&unreachable, &request.plan))?;
        let found = document.check(rules, traffic, wanted, &probe, counter.as_mut(), &interrupt)?;
        plan = described::plan(&plan, &found.target);
        endpoints = vec![Endpoint::of(&found.target)];
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
        (Err(unreachable), None) => return Err(unreachable_failure(&unreachable, &plan)),
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

fn compare(mut assessed: Assessment, request: &Run, before: Option<&Stored>) -> Assessment {
    let accepts = request.asked.acceptance();
    match (&request.against, assessed.results.as_slice()) {
        (Against::Endpoint, [a, b]) => {
            let comparison =
                comparison::endpoints(&a.recording, &b.recording, accepts, request.margin);
            assessed.compared(comparison, None)
        }
        (Against::Baseline(path), [now]) => {
            let Some((before, stored)) =
                before.and_then(|stored| Some((stored.baseline()?, stored)))
            else {
                return assessed;
            };
            let now = Baseline {
                latency: now.recording.latency.clone(),
                series: now.recording.series.clone(),
                completed: now.recording.requests.completed,
                failed: now.recording.requests.failed,
                errors: now.errors,
                elapsed: assessed.elapsed,
            };
            let comparison = comparison::against_baseline(&before, &now, request.margin);
            assessed
                .remarks
                .extend(other_machine(path, &stored.machine, &assessed.machine));
            assessed.remarks.extend(other_load(stored, &assessed));
            assessed.compared_with(before, comparison, Some(path.display().to_string()))
        }
        _ => assessed,
    }
}

/// A baseline of another load says little, and the report says so.
fn other_load(stored: &Stored, now: &Assessment) -> Option<String> {
    let (before, load) = (&stored.load, &now.load);
    let loop_of = |rate: Option<f64>| match rate {
        None => "closed loop".to_owned(),
        Some(rate) => format!("{rate} req/s"),
    };
    if before.stages != load.stages {
        return Some("the baseline was measured with other stages.".to_owned());
    }
    let listed = |endpoints: &[Endpoint]| {
        let first = endpoints.first();
        first.map_or_else(Vec::new, |first| first.requests.clone())
    };
    let endpoints: Vec<Endpoint> = now
        .results
        .iter()
        .map(|result| result.endpoint.clone())
        .collect();
    if listed(&stored.endpoints) != listed(&endpoints) {
        return Some("the baseline was measured with other requests or weights.".to_owned());
    }
    if before.rate != load.rate {
        return Some(format!(
            "the baseline was measured with another load ({}, now {}).",
            loop_of(before.rate),
            loop_of(load.rate)
        ));
    }
    (before.connections != load.connections).then(|| {
        format!(
            "the baseline was measured with {} connections, now {}.",
            before.connections, load.connections
        )
    })
}

pub(super) fn unreachable_failure(unreachable: &Unreachable, plan: &Plan) -> Failure {
    let target = &plan.targets[unreachable.target].requests()[unreachable.request];
    let url = target.url.to_string();
    let failure = match unreachable.kind {
        ErrorKind::Dns => Failure::environment(format!("the host of `{url}` is not known"))
            .cause(unreachable.words.clone()),
        ErrorKind::Tls => Failure::environment(format!("no TLS connection to `{url}`"))
            .cause(unreachable.words.clone()),
        _ => Failure::environment(format!("nothing answers at `{url}`")).cause(format!(
            "{}, {} of {} connections in {}",
            unreachable.words,
            unreachable.connections,
            unreachable.connections,
            seconds(unreachable.elapsed.max(Duration::from_millis(10)))
        )),
    };
    let failure = failure.code("unreachable");
    match unreachable.kind {
        ErrorKind::Dns => failure.hint("check the host's name"),
        ErrorKind::Tls if plan.trust == Trust::Insecure => {
            failure.hint("`http://` speaks without TLS")
        }
        ErrorKind::Tls => {
            failure.hint("`--insecure` accepts any certificate; `http://` speaks without TLS")
        }
        _ => failure.hint(format!(
            "is the server up, and on this port? `curl -i {url}`"
        )),
    }
}

/// One command that helps, where there is one.
fn hint(assessed: &Assessment, terminal: &mut Terminal) {
    use crate::loadtest::assessment::Verdict as Word;
    if assessed.interrupted {
        return;
    }
    match assessed.verdict {
        Word::NoSuccess => {
            let statuses = assessed.first().map(|first| &first.recording.statuses);
            let only = statuses.filter(|statuses| statuses.len() == 1);
            if let Some(status) = only.and_then(|statuses| statuses.keys().next()) {
                terminal.hint(&format!(
                    "`--expect-status {status}` if that is what you want to measure"
                ));
            }
        }
        Word::NotValid => {
            if let [Doubt::Schedule { .. }] = assessed.doubts.as_slice() {
                terminal.hint("run it again when this machine has less to do, or from another one");
                return;
            }
            let reached = assessed
                .first()
                .map_or(0.0, |first| first.requests_per_second);
            let cores = assessed.machine.cores;
            let threads = if assessed.load.threads < cores {
                format!("`--threads {cores}` (this machine has {cores} cores), ")
            } else {
                String::new()
            };
            terminal.hint(&format!(
                "{threads}a rate below {}, or two machines with `--shard`",
                crate::text::number::per_second(reached * 0.9)
            ));
        }
        Word::Compared(comparison::Verdict::CannotTell) => {
            if let Some(seconds) = longer(assessed) {
                terminal.hint(&format!(
                    "`--duration {seconds}` would narrow the interval, by the square root of the time"
                ));
            }
        }
        _ => {
            let worth = |finding: &&Diagnostic| finding.severity >= Severity::Warning;
            if let Some(finding) = assessed.findings.iter().find(worth) {
                terminal.hint(&format!("`backsmith explain {}`", finding.code));
            }
        }
    }
}

/// The time in which the deciding interval would be as narrow as the margin, as far as the square
/// root of time carries.
fn longer(assessed: &Assessment) -> Option<u64> {
    let comparison = assessed.comparison.as_ref()?;
    let duration = assessed.load.duration?.as_secs_f64();
    let interval = comparison.measure(comparison.deciding?)?.interval;
    let factor = interval.map_or(4.0, |interval| {
        (interval.width() / (2.0 * comparison.margin.percent)).powi(2)
    });
    let seconds = (duration * factor.clamp(2.0, 20.0) / 10.0).ceil() * 10.0;
    Some(seconds as u64)
}
