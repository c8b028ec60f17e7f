//! Figures of a recording: percentiles that the sample carries, rates, shares. Pure.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::recording::{Recording, Tally};

/// A percentile is only a percentile with this many samples above it: p99 needs 1,000.
pub const SAMPLES_ABOVE: f64 = 10.0;

/// The percentiles of reports, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Percentile {
    P50,
    P90,
    P95,
    P99,
    P999,
}

impl Percentile {
    pub const ALL: [Self; 5] = [Self::P50, Self::P90, Self::P95, Self::P99, Self::P999];

    /// Between 0 and 1.
    pub const fn quantile(self) -> f64 {
        match self {
            Self::P50 => 0.50,
            Self::P90 => 0.90,
            Self::P95 => 0.95,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p99.9",
        }
    }

    /// Samples that a tail percentile needs to be more than the luck of a few; a median is a median
    /// of any number.
    pub fn needs(self) -> u64 {
        match self {
            Self::P50 => 1,
            tail => (SAMPLES_ABOVE / (1.0 - tail.quantile())).round() as u64,
        }
    }
}

/// A distribution of times in milliseconds. `None` where the sample is too small.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    pub samples: u64,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub p999: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub mean: Option<f64>,
}

impl Summary {
    /// Sums up a histogram of nanoseconds.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let samples = histogram.len();
        let at = |percentile| milliseconds_at(histogram, percentile);
        let some = |value: f64| (samples > 0).then_some(value / 1e6);
        Self {
            samples,
            p50: at(Percentile::P50),
            p90: at(Percentile::P90),
            p95: at(Percentile::P95),
            p99: at(Percentile::P99),
            p999: at(Percentile::P999),
            min: some(histogram.min() as f64),
            max: some(histogram.max() as f64),
            mean: some(histogram.mean()),
        }
    }

    pub const fn percentile(&self, percentile: Percentile) -> Option<f64> {
        match percentile {
            Percentile::P50 => self.p50,
            Percentile::P90 => self.p90,
            Percentile::P95 => self.p95,
            Percentile::P99 => self.p99,
            Percentile::P999 => self.p999,
        }
    }
}

/// A percentile in milliseconds, if the sample carries it.
fn milliseconds_at(histogram: &Histogram<u64>, percentile: Percentile) -> Option<f64> {
    (histogram.len() >= percentile.needs())
        .then(|| histogram.value_at_quantile(percentile.quantile()) as f64 / 1e6)
}

/// Which answers count as errors beside exchanges that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acceptance {
    /// Everything below 400.
    #[default]
    Success,
    /// This status and no other.
    Only(u16),
    /// Everything below 400, and 429, which was asked for.
    RateLimited,
}

impl Acceptance {
    pub const fn accepts(self, status: u16) -> bool {
        match self {
            Self::Success => status < 400,
            Self::Only(wanted) => status == wanted,
            Self::RateLimited => status < 400 || status == 429,
        }
    }

    /// Errors of a stretch of time: failed exchanges and answers that are not accepted.
    pub fn errors(self, tally: &Tally) -> u64 {
        let refused = tally
            .statuses
            .iter()
            .filter(|(status, _)| !self.accepts(**status));
        tally.failed + refused.map(|(_, count)| count).sum::<u64>()
    }

    /// Errors of a whole recording.
    pub fn errors_of(self, recording: &Recording) -> u64 {
        let statuses = recording.statuses.iter();
        let refused = statuses.filter(|(status, _)| !self.accepts(**status));
        recording.requests.failed + refused.map(|(_, count)| count).sum::<u64>()
    }
}

/// A part of a whole, 0 when there is no whole.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Events a second, 0 for no time.
pub fn rate(count: u64, elapsed: Duration) -> f64 {
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 {
        count as f64 / seconds
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::histogram;

    #[test]
    fn a_percentile_needs_ten_samples_above_it() {
        for (samples, p90, p99, p999) in [
            (0_u64, false, false, false),
            (99, false, false, false),
            (100, true, false, false),
            (999, true, false, false),
            (1_000, true, true, false),
            (10_000, true, true, true),
        ] {
            let mut filled = histogram();
            for value in 1..=samples {
                filled.record(value * 1_000_000).expect("it grows");
            }
            let summary = Summary::of(&filled);
            let carried = [summary.p90, summary.p99, summary.p999].map(|value| value.is_some());
            assert_eq!(carried, [p90, p99, p999], "{samples} samples");
            assert_eq!(summary.p50.is_some(), samples > 0);
        }
    }

    #[test]
    fn what_was_asked_for_is_no_error() {
        let tally = Tally {
            completed: 60,
            failed: 1,
            statuses: [(200, 10), (400, 20), (429, 30)].into(),
        };
        assert_eq!(Acceptance::Success.errors(&tally), 51);
        assert_eq!(Acceptance::Only(400).errors(&tally), 41);
        assert_eq!(Acceptance::RateLimited.errors(&tally), 21);
    }
}
