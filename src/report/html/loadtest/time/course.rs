//! The seconds of a run put together into stretches, and the axis of time on which they are drawn.

use super::super::super::plot::{Plot, Point, seconds};
use crate::loadtest::advice;
use crate::loadtest::assessment::Assessment;
use crate::loadtest::recording::Point as Second;
use crate::loadtest::statistics::Percentile;

const WIDTHS: [usize; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
const MOST_STEPS: usize = 80;
/// A pause that is shaded, in seconds.
pub(super) const PAUSE: f64 = 0.3;
/// Less of a second than this has no rate.
const LEAST: f64 = 0.25;
/// Samples that the median of an interval needs.
pub(super) const FOR_MEDIAN: u64 = 20;

/// Some seconds in a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) completed: u64,
    pub(super) errors: u64,
    /// Answers a second: of all, of the lowest and of the highest second.
    pub(super) rate: Option<(f64, f64, f64)>,
    pub(super) p50: Option<Spread>,
    pub(super) tail: Option<Spread>,
    pub(super) max: Option<f64>,
}

/// A percentile of the seconds in a stretch, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) low: f64,
    pub(super) middle: f64,
    pub(super) high: f64,
}

/// One run over time.
pub(super) struct Course {
    pub(super) stretches: Vec<Stretch>,
    /// Seconds in one stretch.
    pub(super) width: usize,
    pub(super) tail: Option<Percentile>,
    /// Of several reports, whose percentiles of a second are lost.
    pub(super) is_added_up: bool,
}

impl Course {
    pub(super) fn of(series: &[Second], elapsed: f64, most: usize) -> Self {
        let width = WIDTHS
            .into_iter()
            .find(|width| series.len().div_ceil(*width) <= most)
            .unwrap_or_else(|| series.len().div_ceil(most));
        let tail = tail(series);
        let stretches = series.chunks(width).enumerate();
        Self {
            stretches: stretches
                .map(|(index, seconds)| stretch(index * width, seconds, elapsed, tail))
                .filter(|stretch| stretch.from < stretch.to)
                .collect(),
            width,
            tail,
            is_added_up: series
                .iter()
                .all(|second| second.p50.is_none() || second.completed == 0),
        }
    }

    pub(super) fn has_latency(&self) -> bool {
        self.stretches
            .iter()
            .any(|stretch| stretch.p50.is_some() || stretch.max.is_some())
    }

    /// Level over each stretch, where they are few enough to be seen as such.
    pub(super) fn steps(&self, length: f64, y: impl Fn(&Stretch) -> Option<f64>) -> Vec<Point> {
        if self.stretches.len() > MOST_STEPS {
            return self.line(length, y);
        }
        let level = |stretch: &Stretch| {
            let y = y(stretch)?;
            Some([(stretch.from / length, y), (stretch.to / length, y)])
        };
        self.stretches.iter().filter_map(level).flatten().collect()
    }

    pub(super) fn line(&self, length: f64, y: impl Fn(&Stretch) -> Option<f64>) -> Vec<Point> {
        let points = self.stretches.iter();
        points
            .filter_map(|stretch| {
                let middle = f64::midpoint(stretch.from, stretch.to) / length;
                Some((middle, y(stretch)?))
            })
            .collect()
    }
}

/// The highest percentile that at least half of the seconds carry.
pub(super) fn tail(series: &[Second]) -> Option<Percentile> {
    [Percentile::P99, Percentile::P95, Percentile::P90]
        .into_iter()
        .find(|percentile| {
            let enough = series
                .iter()
                .filter(|second| second.completed >= percentile.needs());
            !series.is_empty() && 2 * enough.count() >= series.len()
        })
}

pub(super) fn stretch(
    first: usize,
    seconds: &[Second],
    elapsed: f64,
    tail: Option<Percentile>,
) -> Stretch {
    let from = first as f64;
    let rate = |index: usize, second: &Second| {
        let length = (elapsed - from - index as f64).min(1.0);
        (length >= LEAST).then(|| second.completed as f64 / length)
    };
    let rates: Vec<f64> = seconds
        .iter()
        .enumerate()
        .filter_map(|(index, second)| rate(index, second))
        .collect();
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    let spread = |needs: u64, of: &dyn Fn(&Second) -> Option<u64>| {
        let carried = seconds.iter().filter(|second| second.completed >= needs);
        spread(
            carried
                .filter_map(of)
                .map(super::super::milliseconds)
                .collect(),
        )
    };
    let at_tail = |second: &Second| match tail? {
        Percentile::P99 => second.p99,
        Percentile::P95 => second.p95,
        _ => second.p90,
    };
    Stretch {
        from,
        to: (from + seconds.len() as f64).min(elapsed),
        completed: seconds.iter().map(|second| second.completed).sum(),
        errors: seconds
            .iter()
            .map(|second| second.failed + second.refused)
            .sum(),
        rate: (!rates.is_empty()).then(|| {
            let low = rates.iter().copied().fold(f64::MAX, f64::min);
            (mean, low, rates.iter().copied().fold(0.0, f64::max))
        }),
        p50: spread(FOR_MEDIAN, &|second| second.p50),
        tail: spread(tail.map_or(u64::MAX, Percentile::needs), &at_tail),
        max: seconds
            .iter()
            .filter_map(|second| second.max)
            .max()
            .map(super::super::milliseconds),
    }
}

pub(super) fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    Some(Spread {
        low: *values.first()?,
        middle: values[values.len() / 2],
        high: *values.last()?,
    })
}

/// The axis of time, the same for every chart of the section.
pub(super) struct Axis {
    pub(super) length: f64,
    /// Where the run ended, when it was to last longer.
    pub(super) ended: Option<f64>,
    /// From, to; seconds.
    pub(super) pauses: Vec<(f64, f64)>,
}

impl Axis {
    pub(super) fn of(assessment: &Assessment) -> Self {
        let elapsed = assessment.elapsed.as_secs_f64();
        let planned = assessment
            .load
            .duration
            .map_or(0.0, |planned| planned.as_secs_f64());
        let short = assessment.interrupted && planned > elapsed;
        let length = if short { planned } else { elapsed };
        Self {
            length,
            ended: short.then_some(elapsed),
            pauses: pauses(assessment, length),
        }
    }

    /// Frame, shades and ticks; only the last chart names the unit.
    pub(super) fn frame(&self, plot: &mut Plot, is_last: bool) {
        for (from, to) in &self.pauses {
            plot.shade("fs", from / self.length, to / self.length);
        }
        if let Some(ended) = self.ended {
            let from = ended / self.length;
            plot.shade("fz", from, 1.0);
            if from < 0.85 {
                let place = (f64::midpoint(from, 1.0), plot.height() / 2.0 + 4.0);
                plot.centred("mut", place, "not run");
            }
        }
        let (ticks, unit) = seconds(self.length);
        plot.horizontal(&ticks, is_last.then_some(unit));
    }
}

pub(super) fn pauses(assessment: &Assessment, length: f64) -> Vec<(f64, f64)> {
    let Some(result) = assessment
        .first()
        .filter(|first| first.recording.requests.completed > 0)
    else {
        return Vec::new();
    };
    let gaps = match assessment.load.slowest_rate() {
        Some(rate) => advice::stalls(result, rate),
        None => result.recording.gaps.longest_first(),
    };
    let mut pauses: Vec<(f64, f64)> = gaps
        .iter()
        .map(|gap| (gap.from.as_secs_f64(), gap.to.as_secs_f64().min(length)))
        .filter(|(from, to)| to - from >= PAUSE)
        .collect();
    pauses.sort_by(|a, b| a.0.total_cmp(&b.0));
    pauses
}

#[cfg(test)]
mod tests {
    use super::super::MOST_ROWS;
    use super::super::MOST_STRETCHES;
    use super::*;

    fn second(completed: u64) -> Second {
        Second {
            completed,
            p50: Some(2_000_000),
            p99: Some(9_000_000),
            max: Some(completed * 1_000),
            ..Second::default()
        }
    }

    #[test]
    fn an_hour_is_drawn_in_stretches_that_keep_their_extremes() {
        let mut series = vec![second(1_000); 3_600];
        series[1_800] = second(20);
        let course = Course::of(&series, 3_600.0, MOST_STRETCHES);
        assert_eq!((course.width, course.stretches.len()), (10, 360));
        let (mean, low, high) = course.stretches[180].rate.expect("a rate");
        assert_eq!((mean, low, high), (902.0, 20.0, 1_000.0));
        assert_eq!(course.tail, Some(Percentile::P99));
        assert_eq!(Course::of(&series, 3_600.0, MOST_ROWS).stretches.len(), 60);
    }

    #[test]
    fn the_last_part_of_a_second_counts_by_its_length() {
        let series = [second(1_000), second(500)];
        let course = Course::of(&series, 1.5, MOST_STRETCHES);
        assert_eq!(course.stretches[1].rate, Some((1_000.0, 1_000.0, 1_000.0)));
        assert_eq!(Course::of(&series, 1.1, 400).stretches[1].rate, None);
        assert_eq!(Course::of(&series, 1.0, 400).stretches.len(), 1);
    }
}
