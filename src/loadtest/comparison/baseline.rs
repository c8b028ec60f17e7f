//! A run against an earlier one. They were not measured side by side, so seconds of each are drawn
//! by themselves; the figures come from the whole histograms, their uncertainty from the series.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::bootstrap::{self, Interval};
use super::error_rate::{self, Errors};
use super::{Comparison, Kind, Margin, Measure, Metric, is_evidence, relative};
use crate::loadtest::recording::Point;
use crate::loadtest::statistics::{Percentile, Summary, rate};

/// What a comparison needs of a run, measured now or stored earlier.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Nanoseconds.
    pub latency: Histogram<u64>,
    pub series: Vec<Point>,
    pub completed: u64,
    pub failed: u64,
    /// Failed exchanges and answers that were not accepted.
    pub errors: u64,
    pub elapsed: Duration,
    /// How long the load tester waited for a processor; empty when that is not known.
    pub held_back: Histogram<u64>,
}

/// What the load tester waited for a processor, a server on the same machine waits as well, and what
/// it asks does so once more.
const WAITING: f64 = 3.0;
/// Milliseconds that one tick of twenty waits, from which on a machine is busy.
const BUSY: f64 = 5.0;

impl Baseline {
    /// How long the load tester waited for a processor (p95, milliseconds), on a busy machine.
    pub fn busy_wait(&self) -> Option<f64> {
        let waited = self.held_back.value_at_quantile(0.95) as f64 / 1e6;
        (waited > BUSY).then_some(waited)
    }

    /// Milliseconds by which a percentile may be too high because processors were busy with other
    /// work. Long waits of a few requests hold up those behind them, so on a busy machine none is
    /// less than the mean.
    fn waited(&self, percentile: Percentile) -> f64 {
        let own = self.held_back.value_at_quantile(percentile.quantile()) as f64;
        (WAITING * own / 1e6).max(self.mean_wait())
    }

    /// Milliseconds by which the mean may be too high.
    fn mean_wait(&self) -> f64 {
        match self.busy_wait() {
            Some(_) => WAITING * self.held_back.mean() / 1e6,
            None => 0.0,
        }
    }
}

/// Compares a run with its baseline.
pub fn against(baseline: &Baseline, now: &Baseline, margin: Margin) -> Comparison {
    let seconds = (whole_seconds(baseline), whole_seconds(now));
    let summaries = (Summary::of(&baseline.latency), Summary::of(&now.latency));
    let mut measures = vec![throughput((baseline, now), &summaries, seconds, margin)];
    for percentile in Percentile::ALL {
        let waited = (baseline.waited(percentile), now.waited(percentile));
        measures.push(latency(percentile, &summaries, seconds, margin, waited));
    }
    measures.push(errors((baseline, now), seconds, margin));
    let kind = Kind::Baseline {
        seconds: (seconds.0.len(), seconds.1.len()),
    };
    Comparison::new(kind, measures, margin)
}

type Seconds<'a> = (&'a [Point], &'a [Point]);

/// The seconds that ran to their end: what is left of the last one counts too few.
fn whole_seconds(run: &Baseline) -> &[Point] {
    let whole = (run.elapsed.as_secs_f64() + 0.05).floor() as usize;
    &run.series[..run.series.len().min(whole.max(1))]
}

fn throughput(
    runs: (&Baseline, &Baseline),
    summaries: &(Summary, Summary),
    seconds: Seconds<'_>,
    margin: Margin,
) -> Measure {
    let of = |run: &Baseline| Some(rate(run.completed, run.elapsed)).filter(|rate| *rate > 0.0);
    let (a, b) = (of(runs.0), of(runs.1));
    let figure = |point: &Point| Some(point.completed as f64);
    // A connection is free for the next request as much later as its answer came too late.
    let slower = |run: &Baseline, summary: &Summary| {
        let mean = summary.mean.filter(|mean| *mean > 0.0);
        mean.map_or(0.0, |mean| less_waiting(mean, run.mean_wait()))
    };
    let interval = spread(seconds, (a, b), figure).map(|interval| Interval {
        low: interval.low + slower(runs.0, &summaries.0),
        high: interval.high - slower(runs.1, &summaries.1),
    });
    relative(Metric::Rate, (a, b), interval, margin)
}

fn latency(
    percentile: Percentile,
    summaries: &(Summary, Summary),
    seconds: Seconds<'_>,
    margin: Margin,
    waited: (f64, f64),
) -> Measure {
    let metric = Metric::Latency(percentile);
    let figures = (
        summaries.0.percentile(percentile),
        summaries.1.percentile(percentile),
    );
    let interval = if is_evidence(percentile, &summaries.0, &summaries.1) {
        of_point(percentile).and_then(|figure| spread(seconds, figures, figure))
    } else {
        None
    };
    // Either machine may have been busy while the other was idle: a rise that is no more than the
    // waiting of this run is not the server's, and neither is a fall by what the baseline waited.
    let interval = interval
        .zip(figures.0.zip(figures.1))
        .map(|(interval, (before, now))| Interval {
            low: interval.low + less_waiting(now, waited.1),
            high: interval.high - less_waiting(before, waited.0),
        });
    relative(metric, figures, interval, margin)
}

/// By how much the logarithm of a latency may be too high because the machine was busy, as a negative
/// number; both in milliseconds.
fn less_waiting(latency: f64, waited: f64) -> f64 {
    (1.0 - waited / latency).max(0.01).ln()
}

/// A figure of one second, where the sample has one.
type OfPoint = fn(&Point) -> Option<f64>;

/// The figure that a point has of a percentile; none has p99.9.
fn of_point(percentile: Percentile) -> Option<OfPoint> {
    let figure: OfPoint = match percentile {
        Percentile::P50 => |point| point.p50.map(|value| value as f64),
        Percentile::P90 => |point| point.p90.map(|value| value as f64),
        Percentile::P95 => |point| point.p95.map(|value| value as f64),
        Percentile::P99 => |point| point.p99.map(|value| value as f64),
        Percentile::P999 => return None,
    };
    Some(figure)
}

/// The interval of the logarithm of `b / a`, as the seconds spread around their mean.
fn spread(
    seconds: Seconds<'_>,
    (a, b): (Option<f64>, Option<f64>),
    figure: impl Fn(&Point) -> Option<f64>,
) -> Option<Interval> {
    let logarithms = |points: &[Point]| -> Vec<f64> {
        let figures = points.iter().filter_map(&figure);
        figures.filter(|value| *value > 0.0).map(f64::ln).collect()
    };
    let (first, second) = (logarithms(seconds.0), logarithms(seconds.1));
    let estimate = (b? / a?).ln();
    bootstrap::interval_apart((first.len(), second.len()), estimate, |left, right| {
        Some(mean(&second, right) - mean(&first, left))
    })
}

fn mean(values: &[f64], draw: &[u32]) -> f64 {
    let sum: f64 = values
        .iter()
        .zip(draw)
        .map(|(value, times)| value * f64::from(*times))
        .sum();
    sum / f64::from(draw.iter().sum::<u32>())
}

fn errors(runs: (&Baseline, &Baseline), seconds: Seconds<'_>, margin: Margin) -> Measure {
    let of_run = |run: &Baseline| Errors {
        count: run.errors,
        of: run.completed + run.failed,
    };
    let (a, b) = (of_run(runs.0), of_run(runs.1));
    let shares = |points: &[Point]| -> Vec<f64> {
        let share = |point: &Point| {
            Errors {
                count: point.failed + point.refused,
                of: point.completed + point.failed,
            }
            .share()
        };
        points.iter().map(share).collect()
    };
    let (first, second) = (shares(seconds.0), shares(seconds.1));
    let estimate = b.share() - a.share();
    let resampled =
        bootstrap::interval_apart((first.len(), second.len()), estimate, |left, right| {
            Some(mean(&second, right) - mean(&first, left))
        });
    error_rate::measure(a, b, resampled, margin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::comparison::Verdict;
    use crate::loadtest::recording::{Cells, Interval as Stretch, histogram};

    /// Seconds of 1,000 answers around `milliseconds`, with a little noise.
    fn run(seconds: usize, milliseconds: f64, failing: u64, seed: u64) -> Baseline {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut all = histogram();
        let mut series = Vec::new();
        for _ in 0..seconds {
            let mut second = histogram();
            let drift = 1.0 + (random.f64() - 0.5) * 0.02;
            for _ in 0..1_000 {
                let noise = 1.0 + random.f64() * random.f64() * 0.3;
                let value = milliseconds * 1e6 * drift * noise;
                second.record(value as u64).expect("it grows");
            }
            all.add(&second).expect("it grows");
            let mut stretch = Stretch {
                latency: Cells::of(&second),
                ..Stretch::default()
            };
            stretch.tally.completed = 1_000;
            stretch.tally.statuses = [(200, 1_000 - failing), (500, failing)].into();
            series.push(stretch.point());
        }
        Baseline {
            latency: all,
            completed: 1_000 * seconds as u64,
            failed: 0,
            errors: failing * seconds as u64,
            elapsed: Duration::from_secs(seconds as u64),
            series,
            held_back: histogram(),
        }
    }

    #[test]
    fn a_known_difference_is_called_in_the_right_direction() {
        for (before, after, failing, wanted) in [
            (10.0, 15.0, 0, Verdict::Worse),
            (15.0, 10.0, 0, Verdict::Better),
            (10.0, 10.0, 0, Verdict::Same),
            (10.0, 10.0, 30, Verdict::Worse),
        ] {
            for seed in 1..10 {
                let (a, b) = (run(3, before, 0, seed), run(3, after, failing, seed + 100));
                let comparison = against(&a, &b, Margin::default());
                assert_eq!(
                    comparison.verdict, wanted,
                    "{before} {after} {:#?}",
                    comparison.measures
                );
            }
        }
    }

    #[test]
    fn what_a_busy_machine_adds_is_not_the_servers() {
        let before = run(5, 10.0, 0, 1);
        let busy = |milliseconds: f64, waited: u64| {
            let mut now = run(5, milliseconds, 0, 2);
            for _ in 0..100 {
                now.held_back.record(waited * 1_000_000).expect("it grows");
            }
            against(&before, &now, Margin::default()).verdict
        };
        assert_eq!(busy(15.0, 0), Verdict::Worse);
        assert_eq!(busy(15.0, 4), Verdict::CannotTell);
        // More than waiting explains.
        assert_eq!(busy(100.0, 4), Verdict::Worse);
        assert_eq!(busy(5.0, 4), Verdict::Better);
        // Most ticks came in time, and some so late that others had to wait behind them.
        let mut uneven = run(5, 11.0, 0, 2);
        for number in 0..100 {
            let waited = if number % 10 == 0 { 20_000_000 } else { 1 };
            uneven.held_back.record(waited).expect("it grows");
        }
        let comparison = against(&before, &uneven, Margin::default());
        assert_eq!(comparison.verdict, Verdict::CannotTell);
        // Errors do not come from waiting.
        let mut failing = run(5, 15.0, 30, 2);
        failing.held_back.record(9_000_000).expect("it grows");
        let comparison = against(&before, &failing, Margin::default());
        assert_eq!(comparison.verdict, Verdict::Worse);
    }

    #[test]
    fn what_a_busy_machine_added_to_the_baseline_is_no_improvement() {
        let busy = |milliseconds: f64, waited: u64| {
            let mut run = run(5, milliseconds, 0, 2);
            for _ in 0..100 {
                run.held_back.record(waited * 1_000_000).expect("it grows");
            }
            run
        };
        let judged = |before: &Baseline, now: &Baseline| {
            let comparison = against(before, now, Margin::default());
            comparison.verdict
        };
        let idle = run(5, 10.0, 0, 1);
        assert_eq!(judged(&busy(15.0, 0), &idle), Verdict::Better);
        assert_eq!(judged(&busy(15.0, 4), &idle), Verdict::CannotTell);
        // More than waiting explains.
        assert_eq!(judged(&busy(100.0, 4), &idle), Verdict::Better);
        // What was slow because of waiting is slower yet without it.
        assert_eq!(judged(&busy(5.0, 4), &idle), Verdict::Worse);
        // Both waited: neither direction is certain.
        for milliseconds in [10.0, 20.0] {
            let both = judged(&busy(milliseconds, 9), &busy(15.0, 9));
            assert_eq!(both, Verdict::CannotTell);
        }
    }

    #[test]
    fn a_rate_that_waiting_explains_is_not_called() {
        let rate = |waited_before: u64, waited_now: u64, completed: u64| {
            let (mut before, mut now) = (run(5, 10.0, 0, 1), run(5, 15.0, 0, 2));
            for (run, waited) in [(&mut before, waited_before), (&mut now, waited_now)] {
                run.held_back.record(waited * 1_000_000).expect("it grows");
            }
            for second in &mut now.series {
                second.completed = completed;
            }
            now.completed = completed * 5;
            let comparison = against(&before, &now, Margin::default());
            comparison.measure(Metric::Rate).map(|rate| rate.verdict)
        };
        assert_eq!(rate(0, 0, 700), Some(Verdict::Worse));
        assert_eq!(rate(0, 6, 700), Some(Verdict::CannotTell));
        assert_eq!(rate(6, 0, 700), Some(Verdict::Worse));
        assert_eq!(rate(0, 0, 1_500), Some(Verdict::Better));
        assert_eq!(rate(6, 0, 1_500), Some(Verdict::CannotTell));
        assert_eq!(rate(0, 6, 1_500), Some(Verdict::Better));
    }

    #[test]
    fn one_second_is_no_evidence() {
        let comparison = against(&run(1, 10.0, 0, 1), &run(1, 15.0, 0, 2), Margin::default());
        assert_eq!(comparison.verdict, Verdict::CannotTell);
    }
}
