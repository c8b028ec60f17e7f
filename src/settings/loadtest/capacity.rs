//! What a search for capacity takes when the user says nothing: how long a step is, over how many
//! connections, and what must hold.

use std::time::Duration;

use super::{Faults, MANY_REQUESTS};
use crate::cli;
use crate::loadtest::assessment::Asked;
use crate::loadtest::expectation::{Expectation, Quantity};
use crate::loadtest::plan::{Plan, Target};

const STEP: Duration = Duration::from_secs(20);
/// In a shorter step a queue has no time to show.
const SHORTEST_STEP: Duration = Duration::from_secs(1);
const CONNECTIONS: usize = 512;
/// No client of this kind sends more.
const HIGHEST: f64 = 10_000_000.0;

/// Expectations of each step, when there are none.
pub(super) fn complete(asked: &mut Asked) {
    let is_of_step =
        |expectation: &Expectation| expectation.quantity != Quantity::RequestsPerSecond;
    if asked.expectations.iter().any(is_of_step) {
        return;
    }
    let defaults = ["p99<1s", "error_rate<1%"];
    let read = defaults
        .iter()
        .filter_map(|text| Expectation::parse(text).ok());
    asked
        .expectations
        .extend(read.map(|expectation| Expectation {
            origin: Some("default of --find-capacity".to_owned()),
            ..expectation
        }));
}

/// Connections, the time of a step, and its warm-up.
pub(super) fn shape(
    arguments: &cli::Loadtest,
    connections: usize,
    duration: Option<Duration>,
    warmup: Option<Duration>,
    faults: &mut Faults,
) -> (usize, Option<Duration>, Option<Duration>) {
    let connections = match arguments.concurrency {
        Some(_) => connections,
        None => CONNECTIONS,
    };
    let step = match arguments.duration {
        Some(_) => duration,
        None => Some(STEP),
    };
    if step.is_some_and(|step| !step.is_zero() && step < SHORTEST_STEP) {
        faults.push(
            "with `--find-capacity` each `--duration` is at least 1s",
            None,
        );
    }
    let warmup = match arguments.warmup {
        Some(_) => warmup,
        None => step.map(|step| step / 10),
    };
    (connections, step, warmup)
}

/// The highest rate that may be tried: against a foreign host what needs no `--yes`.
pub(super) fn ceiling(arguments: &cli::Loadtest, plan: &Plan) -> Option<f64> {
    let mut requests = plan.targets.iter().flat_map(Target::requests);
    let near = requests.all(|request| request.address.is_near());
    arguments.find_capacity.then_some(if near || arguments.yes {
        HIGHEST
    } else {
        MANY_REQUESTS
    })
}
