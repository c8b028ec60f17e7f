//! The stages of a load: what was asked for, and how each came out.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::rounded;
use super::histogram::{decode, encode};
use super::results::SummaryEntry;
use super::targets::{by_number, by_text};
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::recording::{StageRecord, Tally};
use crate::loadtest::schedule::Stage;

#[derive(Debug, Serialize, JsonSchema)]
pub struct StageEntry {
    pub duration_s: f64,
    /// Requests a second at the start of the stage.
    pub rate_from: f64,
    /// At its end; the same as at the start but in a ramp.
    pub rate_to: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StageResultEntry {
    /// From the start of the measured time.
    pub start_s: f64,
    pub duration_s: f64,
    /// Requests a second that were asked for, on average.
    pub asked_rate: f64,
    /// Answers a second that came in the time of the stage.
    pub reached_rate: f64,
    pub due: u64,
    /// Requests that were due in this stage and never left.
    pub unsent: u64,
    /// Of those that were due in this stage, whenever their answers came.
    pub completed: u64,
    pub failed: u64,
    pub open_at_end: u64,
    /// Answers that came in the time of the stage.
    pub answered: u64,
    pub status_codes: IndexMap<String, u64>,
    pub error_rate: f64,
    pub latency_ms: SummaryEntry,
    /// As the histogram of the whole run.
    pub histogram: String,
}

impl From<&Stage> for StageEntry {
    fn from(stage: &Stage) -> Self {
        Self {
            duration_s: stage.duration.as_secs_f64(),
            rate_from: stage.from,
            rate_to: stage.to,
        }
    }
}

pub(super) fn results(result: &Measured, assessment: &Assessment) -> Vec<StageResultEntry> {
    let figures = assessment.stages(result).into_iter();
    figures
        .map(|figures| StageResultEntry {
            start_s: rounded(figures.start.as_secs_f64()),
            duration_s: rounded(figures.stage.duration.as_secs_f64()),
            asked_rate: rounded(figures.stage.mean()),
            reached_rate: rounded(figures.reached),
            due: figures.record.due,
            unsent: figures.record.unsent(),
            completed: figures.record.tally.completed,
            failed: figures.record.tally.failed,
            open_at_end: figures.record.open_at_end,
            answered: figures.record.answered,
            status_codes: by_text(&figures.record.tally.statuses),
            error_rate: (figures.error_rate * 1e6).round() / 1e6,
            latency_ms: SummaryEntry::from(&figures.latency),
            histogram: encode(&figures.record.latency),
        })
        .collect()
}

/// A stage of the load, read back.
#[derive(Deserialize)]
pub(super) struct StageFields {
    duration_s: f64,
    rate_from: f64,
    rate_to: f64,
}

impl StageFields {
    pub(super) fn stage(&self) -> Stage {
        Stage {
            duration: Duration::try_from_secs_f64(self.duration_s).unwrap_or_default(),
            from: self.rate_from,
            to: self.rate_to,
        }
    }
}

/// A stage of a result, read back.
#[derive(Deserialize)]
pub(super) struct StageResultFields {
    due: u64,
    completed: u64,
    failed: u64,
    open_at_end: u64,
    answered: u64,
    status_codes: BTreeMap<String, u64>,
    histogram: String,
}

impl StageResultFields {
    /// `None` when the histogram is none.
    pub(super) fn record(&self) -> Option<StageRecord> {
        Some(StageRecord {
            due: self.due,
            tally: Tally {
                completed: self.completed,
                failed: self.failed,
                statuses: by_number(&self.status_codes),
            },
            open_at_end: self.open_at_end,
            answered: self.answered,
            latency: decode(&self.histogram)?,
        })
    }
}
