//! What one stage of a load measured. An exchange belongs to the stage in which it was due, and its
//! answer also to the stage in which it came.

use hdrhistogram::Histogram;

use super::{Tally, add, histogram};

/// One stage of one target.
#[derive(Clone, Debug)]
pub struct StageRecord {
    /// How many the schedule asked for.
    pub due: u64,
    /// Of those that were due here, whenever they were sent.
    pub tally: Tally,
    pub open_at_end: u64,
    /// Answers that came in the time of this stage.
    pub answered: u64,
    /// Of those that were due here, from then; as in the whole recording.
    pub latency: Histogram<u64>,
}

impl Default for StageRecord {
    fn default() -> Self {
        Self {
            due: 0,
            tally: Tally::default(),
            open_at_end: 0,
            answered: 0,
            latency: histogram(),
        }
    }
}

impl StageRecord {
    /// Requests that were due here and never left.
    pub fn unsent(&self) -> u64 {
        let sent = self.tally.completed + self.tally.failed + self.open_at_end;
        self.due.saturating_sub(sent)
    }

    fn add(&mut self, other: &Self) {
        self.due += other.due;
        self.tally.add(&other.tally);
        self.open_at_end += other.open_at_end;
        self.answered += other.answered;
        add(&mut self.latency, &other.latency);
    }
}

pub(super) fn merge(mine: &mut Vec<StageRecord>, theirs: &[StageRecord]) {
    if mine.len() < theirs.len() {
        mine.resize_with(theirs.len(), StageRecord::default);
    }
    for (record, other) in mine.iter_mut().zip(theirs) {
        record.add(other);
    }
}
