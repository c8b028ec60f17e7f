//! The sentences of a search for capacity.

use super::loadtest::{Headline, Mood};
use crate::loadtest::assessment::Assessment;
use crate::loadtest::capacity::{Capacity, Ending, Limit, Scaling, Step};
use crate::loadtest::expectation::{Checked, Threshold};
use crate::text::number::{count, counted, decimal, milliseconds, per_second};

/// `p99 < 50 ms`.
fn condition(checked: &Checked) -> String {
    let expectation = &checked.expectation;
    format!(
        "{} {} {}",
        expectation.quantity.name(),
        expectation.operator.sign(),
        Threshold(expectation)
    )
}

/// How a step came out, in a few words.
pub fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Holds => "holds".to_owned(),
        Ending::Expectation(checked) => format!("breaks {}", condition(checked)),
        Ending::Status => "breaks the expected status".to_owned(),
        Ending::Rate => "breaks: not all was answered in time".to_owned(),
        Ending::Gone(why) => format!("breaks: nothing answers ({why})"),
        Ending::Client => "this machine is the limit".to_owned(),
    }
}

/// The result in one line.
pub fn headline(capacity: &Capacity, assessment: &Assessment) -> Headline {
    let line = |mood, text| Headline { mood, text };
    let broken = capacity.first_broken();
    let Some(highest) = capacity.highest() else {
        let lowest = broken.map_or(0.0, |step| step.asked);
        let why = broken.map_or_else(String::new, |step| ending(&step.ending));
        return line(
            Mood::Fails,
            format!(
                "failed: not even {} req/s hold, it {why}",
                per_second(lowest)
            ),
        );
    };
    let held = per_second(highest.asked);
    let conditions: Vec<String> = assessment.checked.iter().map(condition).collect();
    let at = if conditions.is_empty() {
        String::new()
    } else {
        format!(" at {}", conditions.join(", "))
    };
    let next = broken.map_or_else(String::new, |step| per_second(step.asked));
    if assessment.interrupted {
        let steps = counted(capacity.steps.len() as u64, "step");
        return line(
            Mood::Look,
            format!("interrupted after {steps}: {held} req/s held{at}"),
        );
    }
    if let Some(failed) = assessment.checked.iter().find(|checked| !checked.met) {
        return line(
            Mood::Fails,
            format!(
                "failed: {}, and the most that holds is {held} req/s",
                condition(failed)
            ),
        );
    }
    match capacity.limit {
        Limit::Server => line(
            Mood::Holds,
            format!(
                "holds {held} req/s{at}; breaks at {next}. Plan for {} per instance",
                capacity
                    .scaling
                    .map_or_else(|| held.clone(), |scaling| per_second(scaling.per_instance))
            ),
        ),
        Limit::Client => line(
            Mood::Look,
            format!(
                "not valid: holds at least {held} req/s{at}; at {next} this machine was the limit"
            ),
        ),
        Limit::Connections => line(
            Mood::Look,
            format!(
                "holds at least {held} req/s{at}; at {next} all {} connections were busy",
                count(assessment.load.connections as u64)
            ),
        ),
        Limit::Ceiling | Limit::Steps | Limit::Interrupted => line(
            Mood::Look,
            format!("holds at least {held} req/s{at}; nothing broke up to there"),
        ),
    }
}

/// `open loop, 20.0 s a step, at most 512 connections`.
pub fn load(assessment: &Assessment) -> String {
    let step = assessment.load.duration.unwrap_or_default();
    format!(
        "open loop, {} a step, at most {}; ms from due",
        crate::text::number::seconds(step),
        counted(assessment.load.connections as u64, "connection")
    )
}

/// What the last column of a step says.
pub fn remark(capacity: &Capacity, index: usize) -> String {
    let step = &capacity.steps[index];
    let mut words = Vec::new();
    if capacity.knee == Some(index) {
        words.push("knee".to_owned());
    }
    if capacity.held == Some(index) {
        words.push("holds".to_owned());
    } else if !step.holds() {
        words.push(ending(&step.ending));
    }
    words.join(", ")
}

/// Where latency begins to rise.
pub fn knee(capacity: &Capacity) -> Option<String> {
    let step = &capacity.steps[capacity.knee?];
    Some(format!(
        "{} req/s: up to there {} requests are in flight ({}/s x {} ms) and the median stays flat; \
         beyond it every request more is a request that waits.",
        per_second(step.asked),
        decimal(step.in_flight, 1),
        per_second(step.reached),
        decimal(step.latency.mean.unwrap_or(0.0), 2)
    ))
}

/// Why the search ended, when it was not the server.
pub fn limit(capacity: &Capacity, assessment: &Assessment) -> Option<String> {
    let broken = capacity.first_broken();
    Some(match capacity.limit {
        Limit::Server | Limit::Interrupted => return None,
        Limit::Client => {
            "the processor of this machine, so the server may hold more: a machine with \
             more cores, `--threads`, or several with `--shards`."
                .to_owned()
        }
        Limit::Connections => {
            let service = broken.and_then(|step| step.service_mean).unwrap_or(0.0);
            format!(
                "all {} connections were busy while the server answered as quickly as before ({}): \
                 a higher `--concurrency` shows what it holds.",
                count(assessment.load.connections as u64),
                milliseconds(service)
            )
        }
        Limit::Ceiling => "the highest rate that may be tried held; more against a host that is \
             neither this machine nor a private address needs `--yes`."
            .to_owned(),
        Limit::Steps => "nothing broke in as many steps as one search has.".to_owned(),
    })
}

/// How many instances a load takes, and why.
pub fn scaling(scaling: &Scaling, highest: &Step) -> String {
    let mut text = String::new();
    if let Some(parallelism) = scaling.parallelism {
        let workers = parallelism.round().max(1.0);
        text = format!(
            "The server works on about {workers:.0} at a time: {} answers a second x {} ms each \
             (Little's law). If that is a pool or worker limit, look there first; then count \
             instances: ",
            per_second(scaling.saturation),
            decimal(scaling.service, 2)
        );
    }
    text.push_str(&format!(
        "70% of {} is {} req/s each, {} for {} req/s, {} to lose one.",
        per_second(highest.asked),
        per_second(scaling.per_instance),
        counted(scaling.instances, "instance"),
        per_second(scaling.target),
        count(scaling.instances + 1)
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_gone_has_its_reason() {
        let step = Step::gone(500.0, "connection refused");
        assert_eq!(
            ending(&step.ending),
            "breaks: nothing answers (connection refused)"
        );
    }
}
