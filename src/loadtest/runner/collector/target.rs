//! One target's part of what a worker measures: the segment that is being counted, and the seconds,
//! blocks and stages that segments are sorted into.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::super::apart::Apart;
use super::super::session::Reply;
use super::super::statuses::Statuses;
use super::super::timeline::Timeline;
use crate::loadtest::http1::Capture;
use crate::loadtest::recording::{
    Block, Cells, Interval, Recording, Sample, Slot, Tally, histogram,
};

/// Heads of 429s that are kept.
const LIMIT_SAMPLES: usize = 64;

/// Statuses of which an answer is kept: a server that makes up statuses fills no memory.
const STATUS_SAMPLES: usize = 32;

/// What is measured of one target.
pub(super) struct TargetCollector {
    pub(super) recording: Recording,
    pub(super) apart: Option<Apart>,
    pub(super) segment: Histogram<u64>,
    /// Answers of the segment.
    pub(super) statuses: Statuses,
    pub(super) warmup_statuses: Statuses,
    /// Answers by the stage in which their requests were due.
    pub(super) stage_statuses: Vec<Statuses>,
    pub(super) failed: u64,
    pub(super) second: Interval,
    pub(super) block: Option<Block>,
    /// Statuses of which an answer was captured.
    pub(super) sampled: Vec<u16>,
    /// The last tenth of a second of which the head of a 429 was kept.
    pub(super) sampled_slot: Option<usize>,
}

impl TargetCollector {
    /// Counts an answer where its request was due and where it came.
    pub(super) fn count_stages(
        &mut self,
        due: usize,
        came: Option<usize>,
        latency: u64,
        status: u16,
    ) {
        let stages = &mut self.recording.stages;
        if let Some(came) = came {
            stages[came].answered += 1;
        }
        let stage = &mut stages[due];
        stage.tally.completed += 1;
        self.stage_statuses[due].count(status);
        record(&mut stage.latency, latency);
    }

    /// Sorts the counts of the segment into second, block and total.
    pub(super) fn close_segment(&mut self) {
        if self.segment.is_empty() && self.statuses.is_empty() && self.failed == 0 {
            return;
        }
        let interval = Interval {
            tally: Tally {
                completed: self.statuses.total(),
                failed: self.failed,
                statuses: self.statuses.sorted(),
            },
            latency: Cells::of(&self.segment),
        };
        self.statuses.move_to(&mut self.recording.statuses);
        self.failed = 0;
        // Both grow to what they are given, so nothing is out of range.
        let _ = self.recording.latency.add(&self.segment);
        self.segment.reset();
        if let Some(block) = &mut self.block {
            block.interval.add(&interval);
        }
        self.second.add(&interval);
    }

    pub(super) fn close_block(&mut self, timeline: Timeline, now: u64) {
        if let Some(mut block) = self.block.take() {
            let from = timeline.block_start(block.number);
            let until = timeline.block_start(block.number + 1).min(now);
            block.seconds = Duration::from_nanos(until.saturating_sub(from)).as_secs_f64();
            if block.seconds > 0.0 {
                self.recording.blocks.push(block);
            }
        }
    }

    /// Whether an answer of this status is to be kept.
    pub(super) fn wants_sample(&self, status: u16) -> bool {
        !self.sampled.contains(&status) && self.sampled.len() < STATUS_SAMPLES
    }

    pub(super) fn keep(&mut self, at: Duration, status: u16, protocol: &str, capture: Capture) {
        if !self.wants_sample(status) {
            return;
        }
        if self.sampled.is_empty() {
            protocol.clone_into(&mut self.recording.protocol);
        }
        self.sampled.push(status);
        self.recording.samples.push(sample(at, status, capture));
    }

    /// Counts an answer for the rate limit, and keeps the head of a 429 now and then.
    pub(super) fn watch_limit(&mut self, at: Duration, latency: u64, reply: &Reply) {
        let by_status = self.recording.latency_by_status.entry(reply.status);
        record(by_status.or_insert_with(histogram), latency);
        let Some(limit) = &mut self.recording.rate_limit else {
            return;
        };
        let number = Slot::number_at(at);
        if limit.slots.len() <= number {
            limit.slots.resize(number + 1, Slot::default());
        }
        if reply.status != 429 {
            limit.slots[number].allowed += 1;
            limit.allowed_before += u64::from(limit.first_limited.is_none());
            return;
        }
        limit.slots[number].limited += 1;
        limit.first_limited.get_or_insert(at);
        let Some(capture) = &reply.capture else {
            return;
        };
        let retry_after = capture
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after");
        limit
            .retry_after
            .count(retry_after.map(|(_, value)| value.as_str()));
        if self.sampled_slot != Some(number) && limit.samples.len() < LIMIT_SAMPLES {
            self.sampled_slot = Some(number);
            limit.samples.push(sample(at, 429, (**capture).clone()));
        }
    }
}

fn sample(at: Duration, status: u16, capture: Capture) -> Sample {
    Sample {
        status,
        at,
        headers: capture.headers,
        body: capture.body,
    }
}

/// The histogram grows to what it is given; one that cannot would only lose this value.
pub(in crate::loadtest::runner) fn record(histogram: &mut Histogram<u64>, value: u64) {
    let _ = histogram.record(value.max(1));
}
