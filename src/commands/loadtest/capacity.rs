//! `--find-capacity`: a short closed loop for the order of magnitude, then open-loop steps until an
//! expectation breaks, and the report of the highest step that held.

use std::time::Duration;

use super::live::Live;
use super::{render, this_machine, unreachable, verdict};
use crate::failure::{Failure, Verdict};
use crate::loadtest::assessment::{self, Assessment, Subject};
use crate::loadtest::capacity::{Capacity, Ending, Limit, MOST_STEPS, Search, Step, base_service};
use crate::loadtest::plan::{Extent, Pace, Plan};
use crate::loadtest::recording::Outcome;
use crate::loadtest::runner::{self, Unreachable};
use crate::loadtest::schedule::{Schedule, Stage};
use crate::report::wording::capacity as wording;
use crate::settings::loadtest::Run;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::{Terminal, interrupt};
use crate::text::number::{per_second, seconds};

/// Connections of the closed loop that comes first.
const PROBE_CONNECTIONS: usize = 64;

/// Searches up to this rate.
pub(super) fn run(
    request: &Run,
    ceiling: f64,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let interrupt = interrupt::listen();
    let estimate = probe(request, &interrupt, terminal)?;
    let mut search = Search::new(estimate, ceiling);
    let mut steps: Vec<Step> = Vec::new();
    let mut shown: Vec<(f64, Assessment)> = Vec::new();
    while let Some(rate) = search.next().filter(|_| interrupt.requested().is_none()) {
        let Some(step_request) = at_rate(request, rate) else {
            break;
        };
        let outcome = measure(&step_request, &interrupt, terminal);
        if interrupt.requested().is_some() {
            break;
        }
        let step = match outcome {
            Ok(outcome) => {
                let assessed = assess(&step_request, outcome);
                let base = base_service(&steps);
                let step = Step::of(rate, &assessed, base);
                shown.push((rate, assessed));
                step
            }
            Err(unreachable) => Some(Step::gone(rate, unreachable.words)),
        };
        let Some(step) = step else {
            break;
        };
        terminal.note(&format!(
            "step {} of at most {MOST_STEPS}   {} req/s   {}",
            steps.len() + 1,
            per_second(rate),
            wording::ending(&step.ending)
        ));
        search.tried(rate, step.holds());
        let holds = step.holds();
        steps.push(step);
        if !holds {
            rest(request, &interrupt);
        }
    }
    let signal = interrupt.requested();
    let stopped = if signal.is_some() {
        Limit::Interrupted
    } else if search.is_at_ceiling() {
        Limit::Ceiling
    } else {
        Limit::Steps
    };
    let capacity = Capacity::of(steps, stopped);
    let best = capacity.highest().or_else(|| capacity.first_broken());
    let best = best.map(|step| step.asked);
    // Of two tries at one rate the later one decided.
    let place = shown
        .iter()
        .rposition(|(rate, _)| Some(rate.to_bits()) == best.map(f64::to_bits));
    let Some(place) = place else {
        return Err(match signal {
            Some(signal) => Failure::interrupted(signal, "stopped before the first step was over"),
            None => nothing_measured(&capacity),
        });
    };
    let (_, mut assessed) = shown.swap_remove(place);
    assessed.interrupted = signal.is_some();
    let assessed = assessed.searched(capacity);
    render::all(&assessed, &request.reports, terminal)?;
    Ok(match signal {
        Some(signal) => Verdict::Interrupted(signal),
        None => verdict(&assessed, request.strict),
    })
}

fn nothing_measured(capacity: &Capacity) -> Failure {
    let failure = Failure::environment("not one step could be measured");
    if let Some(Ending::Gone(why)) = capacity.first_broken().map(|step| &step.ending) {
        return failure.cause(why.as_str());
    }
    failure
}

/// Answers a second of a closed loop.
fn probe(request: &Run, interrupt: &Interrupt, terminal: &mut Terminal) -> Result<f64, Failure> {
    let step = request.load.duration.unwrap_or_default();
    let duration = (step / 4).clamp(Duration::from_secs(1), Duration::from_secs(5));
    let mut probe = request.clone();
    probe.plan.connections = request.plan.connections.min(PROBE_CONNECTIONS);
    probe.plan.threads = request.plan.threads.min(probe.plan.connections);
    probe.plan.warmup = Duration::ZERO;
    probe.plan.extent = Extent::Time(duration);
    probe.load.connections = probe.plan.connections;
    probe.load.warmup = Duration::ZERO;
    probe.load.duration = Some(duration);
    let outcome = measure(&probe, interrupt, terminal);
    if let Some(signal) = interrupt.requested() {
        return Err(Failure::interrupted(
            signal,
            "stopped before the first step was over",
        ));
    }
    let outcome =
        outcome.map_err(|unreachable| unreachable::failure(&unreachable, &request.plan))?;
    let assessed = assess(&probe, outcome);
    let estimate = assessed
        .first()
        .map_or(0.0, |first| first.requests_per_second);
    terminal.note(&format!(
        "a closed loop of {} reached {} req/s; steps of {} from a quarter of that",
        seconds(duration),
        per_second(estimate),
        seconds(step)
    ));
    Ok(estimate)
}

/// The same request in open loop at this rate, unless nothing is due in a step at it.
fn at_rate(request: &Run, rate: f64) -> Option<Run> {
    let mut step = request.clone();
    let stage = Stage {
        duration: request.load.duration.unwrap_or_default(),
        from: rate,
        to: rate,
    };
    step.load.rate = Some(rate);
    step.load.stages = vec![stage];
    step.plan.stages = vec![stage];
    step.plan.pace = Pace::Open(Schedule::staged(request.plan.warmup, &[stage])?);
    Some(step)
}

fn measure(
    request: &Run,
    interrupt: &Interrupt,
    terminal: &mut Terminal,
) -> Result<Outcome, Unreachable> {
    let mut live = Live::new(request, terminal);
    let plan: &Plan = &request.plan;
    let outcome = runner::run(plan, &|| interrupt.requested().is_some(), &mut |event| {
        live.show(&event, interrupt);
    });
    live.finish(interrupt);
    outcome
}

fn assess(request: &Run, outcome: Outcome) -> Assessment {
    assessment::assess(Subject {
        load: request.load.clone(),
        machine: this_machine(),
        endpoints: request.endpoints.clone(),
        outcome,
        asked: request.asked.clone(),
    })
}

/// A server that was asked too much gets time to work off what waits.
fn rest(request: &Run, interrupt: &Interrupt) {
    const LOOK: Duration = Duration::from_millis(100);
    let step = request.load.duration.unwrap_or_default();
    let mut left = (step / 4).clamp(Duration::from_millis(500), Duration::from_secs(5));
    while !left.is_zero() && interrupt.requested().is_none() {
        std::thread::sleep(LOOK.min(left));
        left = left.saturating_sub(LOOK);
    }
}
