//! The schedule of an open loop: request k of the run is due at a fixed instant, whoever sends it.
//! Pure arithmetic from the start of the run.

use std::time::Duration;

/// Arrivals at an even rate. A shard owns every n-th of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Of the whole run, all shards together.
    per_second: f64,
    first: u32,
    step: u32,
}

impl Schedule {
    /// `None` unless the rate is finite and above zero.
    pub fn even(per_second: f64) -> Option<Self> {
        (per_second.is_finite() && per_second > 0.0).then_some(Self {
            per_second,
            first: 0,
            step: 1,
        })
    }

    /// Every `of`-th arrival, from number `index` on.
    pub(super) fn share(self, index: u32, of: u32) -> Self {
        Self {
            per_second: self.per_second,
            first: self.first + index * self.step,
            step: self.step * of,
        }
    }

    /// Requests per second that this schedule asks for; a shard's own part.
    pub fn per_second(&self) -> f64 {
        self.per_second / f64::from(self.step)
    }

    /// When arrival `number` (from 0) is due, after the start. Computed from the number and not
    /// by adding up, so that no error accumulates.
    pub fn due(&self, number: u64) -> Duration {
        let arrival = number as f64 * f64::from(self.step) + f64::from(self.first);
        Duration::from_nanos((arrival * 1e9 / self.per_second).round() as u64)
    }

    /// Arrivals that are due before `end`.
    pub fn arrivals_before(&self, end: Duration) -> u64 {
        let all =
            (end.as_secs_f64() * self.per_second - f64::from(self.first)) / f64::from(self.step);
        let mut count = all.max(0.0).ceil() as u64;
        while count > 0 && self.due(count - 1) >= end {
            count -= 1;
        }
        while self.due(count) < end {
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_even() {
        let schedule = Schedule::even(400.0).expect("a rate");
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(1), Duration::from_micros(2500));
        assert_eq!(schedule.due(24_000), Duration::from_mins(1));
        assert_eq!(schedule.arrivals_before(Duration::from_mins(1)), 24_000);
        assert_eq!(schedule.arrivals_before(Duration::ZERO), 0);
    }

    #[test]
    fn shards_interleave_to_the_whole_schedule() {
        let whole = Schedule::even(300.0).expect("a rate");
        let shares: Vec<Schedule> = (0..3).map(|index| whole.share(index, 3)).collect();
        let mut due: Vec<Duration> = shares
            .iter()
            .flat_map(|share| (0..10).map(|number| share.due(number)))
            .collect();
        due.sort();
        assert_eq!(
            due,
            (0..30).map(|number| whole.due(number)).collect::<Vec<_>>()
        );
        let end = Duration::from_millis(1003);
        let counts: u64 = shares.iter().map(|share| share.arrivals_before(end)).sum();
        assert_eq!(counts, whole.arrivals_before(end));
        assert!((shares[1].per_second() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_rate_is_positive() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Schedule::even(rate).is_none());
        }
    }
}
