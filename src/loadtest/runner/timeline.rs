//! The clock of a run and the parts of its time: warm-up, measured time, seconds, and the blocks of
//! a comparison. All instants are nanoseconds since the clock's origin.

use std::time::{Duration, Instant};

use crate::loadtest::plan::{Extent, Pace, Plan};

/// Nanoseconds since the run was set up; the same in all workers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    pub(super) fn now(self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    pub(super) fn instant(self, at: u64) -> Instant {
        self.origin + Duration::from_nanos(at)
    }
}

/// No end, no deadline.
pub(super) const NEVER: u64 = u64::MAX;

/// When the parts of a run begin and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    /// The first request may leave.
    pub(super) start: u64,
    /// The warm-up is over.
    pub(super) measured: u64,
    /// No request leaves any more; `NEVER` when a number of requests ends the run.
    pub(super) end: u64,
    /// Length of a block; `NEVER` with one target.
    block: u64,
}

/// The order of two targets: each leads as often as the other.
const TURNS: [usize; 4] = [0, 1, 1, 0];

impl Timeline {
    pub(super) fn new(plan: &Plan, start: u64) -> Self {
        let measured = start + nanoseconds(plan.warmup);
        let end = match (plan.extent, &plan.pace) {
            (Extent::Time(duration), _) => measured.saturating_add(nanoseconds(duration)),
            (Extent::Requests(_), Pace::Closed) => NEVER,
            // The schedule says when the last of so many requests is due, so this is a time, too.
            (Extent::Requests(count), Pace::Open(schedule)) => {
                let before = schedule.arrivals_before(plan.warmup);
                let last = before + count * plan.targets.len() as u64;
                start.saturating_add(nanoseconds(schedule.due(last)))
            }
        };
        let block = if plan.targets.len() > 1 {
            nanoseconds(plan.block).max(1)
        } else {
            NEVER
        };
        Self {
            start,
            measured,
            end,
            block,
        }
    }

    pub(super) const fn is_warm(&self, at: u64) -> bool {
        at >= self.measured
    }

    /// The target whose turn it is. The warm-up takes turns as well.
    pub(super) fn target_at(&self, at: u64) -> usize {
        if self.block == NEVER {
            return 0;
        }
        let from = if self.is_warm(at) {
            self.measured
        } else {
            self.start
        };
        self.target_of_block((at.saturating_sub(from) / self.block) as usize)
    }

    pub(super) fn target_of_block(&self, number: usize) -> usize {
        if self.block == NEVER {
            0
        } else {
            TURNS[number % TURNS.len()]
        }
    }

    pub(super) const fn has_blocks(&self) -> bool {
        self.block != NEVER
    }

    /// When a block of the measured time begins.
    pub(super) const fn block_start(&self, number: usize) -> u64 {
        self.measured
            .saturating_add(self.block.saturating_mul(number as u64))
    }

    /// When a second of the measured time begins.
    pub(super) const fn second_start(&self, number: usize) -> u64 {
        self.measured.saturating_add(1_000_000_000 * number as u64)
    }

    /// When each stage of the plan ends.
    pub(super) fn stage_ends(&self, plan: &Plan) -> Vec<u64> {
        let mut end = self.measured;
        let lengths = plan.stages.iter().map(|stage| nanoseconds(stage.duration));
        lengths
            .map(|length| {
                end = end.saturating_add(length);
                end
            })
            .collect()
    }

    /// From the start of the measured time; zero before it.
    pub(super) const fn since_measured(&self, at: u64) -> Duration {
        Duration::from_nanos(at.saturating_sub(self.measured))
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::plan::Target;
    use crate::loadtest::schedule::Schedule;
    use crate::redact::SecretUrl;

    fn plan(targets: usize) -> Plan {
        let target = Target::new(&SecretUrl::new("http://h/"), "GET", Vec::new(), Vec::new());
        let mut plan = Plan::new(target.expect("a target"));
        plan.targets = vec![plan.targets[0].clone(); targets];
        plan.warmup = Duration::from_secs(1);
        plan
    }

    #[test]
    fn two_targets_take_turns() {
        let timeline = Timeline::new(&plan(2), 0);
        let turns: Vec<usize> = (0..8)
            .map(|block| timeline.target_at(timeline.block_start(block) + 1))
            .collect();
        assert_eq!(turns, [0, 1, 1, 0, 0, 1, 1, 0]);
        assert_eq!(timeline.target_at(1), 0);
        assert_eq!(Timeline::new(&plan(1), 0).target_at(77_000_000_000), 0);
    }

    #[test]
    fn a_number_of_requests_on_a_schedule_is_a_time() {
        let mut plan = plan(1);
        plan.pace = Pace::Open(Schedule::even(100.0).expect("a rate"));
        plan.extent = Extent::Requests(50);
        let timeline = Timeline::new(&plan, 7);
        assert_eq!(timeline.measured, 1_000_000_007);
        assert_eq!(timeline.end, 1_500_000_007);
    }
}
