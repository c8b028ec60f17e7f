//! The schedule of an open loop: request k of the run is due at a fixed instant, whoever sends it.
//! Pure arithmetic from the start of the run: arrival k is due when the integral of the rate
//! reaches k, so the number of arrivals is the integral.

use std::sync::Arc;
use std::time::Duration;

/// A stretch of time at one rate, or on a straight line from one rate to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    pub duration: Duration,
    /// Requests a second at the start.
    pub from: f64,
    /// At the end.
    pub to: f64,
}

impl Stage {
    /// The integral of the rate.
    pub fn arrivals(&self) -> f64 {
        self.mean() * self.duration.as_nanos() as f64 / 1e9
    }

    /// Requests a second over the whole stage.
    pub fn mean(&self) -> f64 {
        f64::midpoint(self.from, self.to)
    }

    /// Arrivals between the start and `at`.
    fn arrivals_until(&self, at: Duration) -> f64 {
        let seconds = at.as_nanos() as f64 / 1e9;
        let slope = (self.to - self.from) / self.duration.as_secs_f64();
        (self.from + slope * seconds / 2.0) * seconds
    }

    /// When this many arrivals are reached, after the start.
    fn reaches(&self, arrivals: f64) -> Duration {
        if arrivals <= 0.0 {
            return Duration::ZERO;
        }
        // The root of a quadratic equation, in the form that does not cancel when the slope is
        // small; without a slope it is the quotient.
        let slope = (self.to - self.from) / self.duration.as_secs_f64();
        let discriminant = (self.from * self.from + 2.0 * slope * arrivals).max(0.0);
        let speed = f64::midpoint(self.from, discriminant.sqrt());
        Duration::from_nanos((arrivals * 1e9 / speed).round() as u64)
    }
}

/// Arrivals of a whole run. A shard owns every n-th of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    shape: Shape,
    first: u32,
    step: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// Requests a second of the whole run, all shards together, without an end.
    Even(f64),
    Staged(Arc<[Placed]>),
}

/// A stage in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Placed {
    stage: Stage,
    start: Duration,
    /// Arrivals before the start.
    before: f64,
}

impl Schedule {
    /// `None` unless the rate is finite and above zero.
    pub fn even(per_second: f64) -> Option<Self> {
        (per_second.is_finite() && per_second > 0.0).then_some(Self {
            shape: Shape::Even(per_second),
            first: 0,
            step: 1,
        })
    }

    /// Stages one after another; a warm-up runs before them at the rate with which they begin.
    /// `None` unless every rate is finite and not below zero, every stage has a length, and
    /// something is due at all.
    pub fn staged(warmup: Duration, stages: &[Stage]) -> Option<Self> {
        let is_rate = |rate: f64| rate.is_finite() && rate >= 0.0;
        let sound = stages
            .iter()
            .all(|stage| is_rate(stage.from) && is_rate(stage.to) && !stage.duration.is_zero());
        let total: f64 = stages.iter().map(Stage::arrivals).sum();
        if !sound || total <= 0.0 {
            return None;
        }
        let before = stages.first().filter(|_| !warmup.is_zero());
        let before = before.map(|first| Stage {
            duration: warmup,
            from: first.from,
            to: first.from,
        });
        let mut placed = Vec::new();
        let (mut start, mut arrivals) = (Duration::ZERO, 0.0);
        for stage in before.iter().chain(stages) {
            placed.push(Placed {
                stage: *stage,
                start,
                before: arrivals,
            });
            start += stage.duration;
            arrivals += stage.arrivals();
        }
        Some(Self {
            shape: Shape::Staged(placed.into()),
            first: 0,
            step: 1,
        })
    }

    /// The same with every rate multiplied.
    pub fn times(self, factor: f64) -> Self {
        let shape = match self.shape {
            Shape::Even(rate) => Shape::Even(rate * factor),
            Shape::Staged(placed) => Shape::Staged(
                placed
                    .iter()
                    .map(|place| Placed {
                        stage: Stage {
                            from: place.stage.from * factor,
                            to: place.stage.to * factor,
                            ..place.stage
                        },
                        before: place.before * factor,
                        ..*place
                    })
                    .collect(),
            ),
        };
        Self { shape, ..self }
    }

    /// Every `of`-th arrival, from number `index` on.
    pub(super) fn share(self, index: u32, of: u32) -> Self {
        Self {
            shape: self.shape,
            first: self.first + index * self.step,
            step: self.step * of,
        }
    }

    /// When arrival `number` (from 0) is due, after the start. Computed from the number and not
    /// by adding up, so that no error accumulates. What the stages do not reach is never due.
    pub fn due(&self, number: u64) -> Duration {
        let arrival = number as f64 * f64::from(self.step) + f64::from(self.first);
        match &self.shape {
            Shape::Even(per_second) => {
                Duration::from_nanos((arrival * 1e9 / per_second).round() as u64)
            }
            Shape::Staged(placed) => {
                let index = placed.partition_point(|placed| placed.before <= arrival);
                // The last of several that begin with this arrival is the one that has it: those
                // before it are pauses.
                let Some(at) = placed.get(index.saturating_sub(1)) else {
                    return Duration::MAX;
                };
                let left = arrival - at.before;
                if left >= at.stage.arrivals() {
                    return Duration::MAX;
                }
                at.start + at.stage.reaches(left).min(at.stage.duration)
            }
        }
    }

    /// Arrivals that are due before `end`.
    pub fn arrivals_before(&self, end: Duration) -> u64 {
        let all = (self.integral(end) - f64::from(self.first)) / f64::from(self.step);
        let mut count = all.max(0.0).ceil() as u64;
        while count > 0 && self.due(count - 1) >= end {
            count -= 1;
        }
        while self.due(count) < end {
            count += 1;
        }
        count
    }

    /// Arrivals of the whole run before `end`, with the fraction of the next one.
    fn integral(&self, end: Duration) -> f64 {
        match &self.shape {
            Shape::Even(per_second) => end.as_secs_f64() * per_second,
            Shape::Staged(placed) => {
                let index = placed.partition_point(|placed| placed.start < end);
                placed.get(index.saturating_sub(1)).map_or(0.0, |at| {
                    let inside = end.saturating_sub(at.start).min(at.stage.duration);
                    at.before + at.stage.arrivals_until(inside)
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let shares: Vec<Schedule> = (0..3).map(|index| whole.clone().share(index, 3)).collect();
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
    }

    #[test]
    fn a_rate_is_positive() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Schedule::even(rate).is_none());
        }
        assert!(Schedule::staged(Duration::ZERO, &[]).is_none());
        assert!(Schedule::staged(Duration::ZERO, &[stage(10, 0.0, 0.0)]).is_none());
    }

    fn stage(seconds: u64, from: f64, to: f64) -> Stage {
        Stage {
            duration: Duration::from_secs(seconds),
            from,
            to,
        }
    }

    #[test]
    fn stages_follow_each_other() {
        let stages = [
            stage(10, 100.0, 100.0),
            stage(5, 0.0, 0.0),
            stage(30, 1_000.0, 1_000.0),
        ];
        let schedule = Schedule::staged(Duration::ZERO, &stages).expect("stages");
        let seconds = Duration::from_secs;
        assert_eq!(schedule.due(999), Duration::from_millis(9_990));
        assert_eq!(schedule.due(1_000), seconds(15));
        assert_eq!(schedule.due(1_001), Duration::from_millis(15_001));
        assert_eq!(schedule.arrivals_before(seconds(10)), 1_000);
        assert_eq!(schedule.arrivals_before(seconds(15)), 1_000);
        assert_eq!(schedule.arrivals_before(seconds(45)), 31_000);
        assert_eq!(schedule.due(31_000), Duration::MAX);
        // The warm-up has the first rate and moves the rest.
        let warm = Schedule::staged(seconds(2), &stages).expect("stages");
        assert_eq!(warm.arrivals_before(seconds(2)), 200);
        assert_eq!(warm.arrivals_before(seconds(47)), 31_200);
    }

    #[test]
    fn a_ramp_is_its_integral() {
        let schedule = Schedule::staged(Duration::ZERO, &[stage(10, 0.0, 100.0)]).expect("a ramp");
        // 5 t² arrivals after t seconds.
        assert_eq!(schedule.due(0), Duration::ZERO);
        assert_eq!(schedule.due(5), Duration::from_secs(1));
        assert_eq!(schedule.due(125), Duration::from_secs(5));
        assert_eq!(schedule.arrivals_before(Duration::from_secs(10)), 500);
        let down = Schedule::staged(Duration::ZERO, &[stage(10, 100.0, 0.0)]).expect("a ramp");
        assert_eq!(down.due(375), Duration::from_secs(5));
        assert_eq!(down.arrivals_before(Duration::from_secs(10)), 500);
    }

    proptest! {
        #[test]
        fn the_number_of_arrivals_is_the_integral(
            given in prop::collection::vec((1_u64..5_000, 0_u32..3_000, 0_u32..3_000), 1..8),
            of in 1_u32..5,
        ) {
            let stages: Vec<Stage> = given
                .iter()
                .map(|(milliseconds, from, to)| Stage {
                    duration: Duration::from_millis(*milliseconds),
                    from: f64::from(*from),
                    to: f64::from(*to),
                })
                .collect();
            let Some(whole) = Schedule::staged(Duration::ZERO, &stages) else {
                return Ok(());
            };
            let end: Duration = stages.iter().map(|stage| stage.duration).sum();
            let integral: f64 = stages.iter().map(Stage::arrivals).sum();
            let count = whole.arrivals_before(end);
            prop_assert!((count as f64 - integral).abs() <= 1.0, "{count} {integral}");
            let mut last = Duration::ZERO;
            for number in 0..count {
                prop_assert!(whole.due(number) >= last);
                last = whole.due(number);
            }
            let parts: u64 = (0..of)
                .map(|index| whole.clone().share(index, of).arrivals_before(end))
                .sum();
            prop_assert_eq!(parts, count);
        }
    }
}
