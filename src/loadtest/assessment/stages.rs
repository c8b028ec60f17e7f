//! The figures of each stage of a load, asked against reached.

use std::time::Duration;

use super::{Assessment, Measured};
use crate::loadtest::recording::StageRecord;
use crate::loadtest::schedule::Stage;
use crate::loadtest::statistics::{Summary, rate, share};

/// One stage of one endpoint.
#[derive(Clone, Debug)]
pub struct StageFigures<'result> {
    pub stage: Stage,
    pub record: &'result StageRecord,
    /// From the start of the measured time.
    pub start: Duration,
    /// Answers a second in the time of the stage.
    pub reached: f64,
    /// Of the requests that were due in the stage.
    pub error_rate: f64,
    pub latency: Summary,
}

impl Assessment {
    /// The stages that the run came to, in their order; none when the load has none.
    pub fn stages<'result>(&self, result: &'result Measured) -> Vec<StageFigures<'result>> {
        let accepts = self.asked.acceptance();
        let mut start = Duration::ZERO;
        let mut figures = Vec::new();
        for (stage, record) in self.load.stages.iter().zip(&result.recording.stages) {
            // The last stage of an interrupted run is shorter than it was asked to be.
            let ran = self.elapsed.saturating_sub(start).min(stage.duration);
            if ran.is_zero() {
                break;
            }
            let finished = record.tally.completed + record.tally.failed;
            figures.push(StageFigures {
                stage: *stage,
                record,
                start,
                reached: rate(record.answered, ran),
                error_rate: share(accepts.errors(&record.tally), finished),
                latency: Summary::of(&record.latency),
            });
            start += stage.duration;
        }
        figures
    }
}
