//! A search for capacity.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::rounded;
use super::results::SummaryEntry;
use crate::loadtest::capacity::{Capacity, Ending, Scaling, Step};

/// The rest of the document is about the highest step that held; without one, the lowest.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CapacityEntry {
    /// The highest rate that held, with every lower one.
    pub highest_rate: Option<f64>,
    /// The lowest rate that did not.
    pub breaks_at: Option<f64>,
    /// The expectation that broke first, when it was one.
    pub broke: Option<String>,
    /// What ended the search: `server`, `client` (the processor of this machine), `connections` (all of
    /// them were busy), `ceiling` (the highest rate that may be tried held), `steps` (nothing broke in as
    /// many steps as one search has) or `interrupted`.
    pub limit: &'static str,
    /// The last rate before latency rises.
    pub knee_rate: Option<f64>,
    pub knee_in_flight: Option<f64>,
    pub scaling: Option<ScalingEntry>,
    /// In the order of their rates.
    pub steps: Vec<StepEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ScalingEntry {
    /// Requests that the server works on at a time: the highest rate of answers times the service time
    /// without a queue (Little's law); null when it was not saturated.
    pub parallelism: Option<f64>,
    pub saturation_rate: f64,
    pub service_ms: f64,
    /// 70 % of what held.
    pub rate_per_instance: f64,
    /// For this rate that many instances are needed.
    pub target_rate: f64,
    pub instances: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StepEntry {
    pub asked_rate: f64,
    /// Answers a second that came in the time of the step.
    pub reached_rate: f64,
    pub due: u64,
    pub unsent: u64,
    pub error_rate: f64,
    /// From the moment each request was due.
    pub latency_ms: SummaryEntry,
    pub service_mean_ms: Option<f64>,
    pub in_flight_mean: f64,
    pub holds: bool,
    /// `holds`, `expectation`, `status`, `rate` (not all was answered in time), `gone` (nothing answers) or
    /// `client` (this machine was the limit).
    pub ending: &'static str,
    /// The expectation that broke, when it was one.
    pub broke: Option<String>,
    /// Why nothing answered, when that was it.
    pub reason: Option<String>,
}

fn broken(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Expectation(checked) => Some(checked.expectation.expression.clone()),
        _ => None,
    }
}

impl From<&Capacity> for CapacityEntry {
    fn from(capacity: &Capacity) -> Self {
        let knee = capacity.knee.map(|index| &capacity.steps[index]);
        Self {
            highest_rate: capacity.highest().map(|step| step.asked),
            breaks_at: capacity.first_broken().map(|step| step.asked),
            broke: capacity
                .first_broken()
                .and_then(|step| broken(&step.ending)),
            limit: capacity.limit.name(),
            knee_rate: knee.map(|step| step.asked),
            knee_in_flight: knee.map(|step| rounded(step.in_flight)),
            scaling: capacity.scaling.map(ScalingEntry::from),
            steps: capacity.steps.iter().map(StepEntry::from).collect(),
        }
    }
}

impl From<Scaling> for ScalingEntry {
    fn from(scaling: Scaling) -> Self {
        Self {
            parallelism: scaling.parallelism.map(rounded),
            saturation_rate: rounded(scaling.saturation),
            service_ms: rounded(scaling.service),
            rate_per_instance: scaling.per_instance,
            target_rate: scaling.target,
            instances: scaling.instances,
        }
    }
}

impl From<&Step> for StepEntry {
    fn from(step: &Step) -> Self {
        Self {
            asked_rate: step.asked,
            reached_rate: rounded(step.reached),
            due: step.due,
            unsent: step.unsent,
            error_rate: (step.error_rate * 1e6).round() / 1e6,
            latency_ms: SummaryEntry::from(&step.latency),
            service_mean_ms: step.service_mean.map(rounded),
            in_flight_mean: rounded(step.in_flight),
            holds: step.holds(),
            ending: match &step.ending {
                Ending::Holds => "holds",
                Ending::Expectation(_) => "expectation",
                Ending::Status => "status",
                Ending::Rate => "rate",
                Ending::Gone(_) => "gone",
                Ending::Client => "client",
            },
            broke: broken(&step.ending),
            reason: match &step.ending {
                Ending::Gone(why) => Some(why.clone()),
                _ => None,
            },
        }
    }
}
