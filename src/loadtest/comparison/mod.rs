//! Is B better or worse than A: two endpoints that were loaded in turn, or a run and its baseline.
//! The rules are few and fixed, so that a verdict can be checked by hand; see `judge` and `overall`.

mod baseline;
mod bootstrap;
mod endpoints;
mod error_rate;

pub use baseline::{Baseline, against as against_baseline};
pub use bootstrap::Interval;
pub use endpoints::{PairDifference, by_pair, compare as endpoints};

use super::statistics::{Percentile, Summary};

/// How B did against A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Better,
    Worse,
    Same,
    CannotTell,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::CannotTell => "cannot-tell",
        }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    Rate,
    Latency(Percentile),
    ErrorRate,
}

impl Metric {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "requests_per_second",
            Self::Latency(Percentile::P50) => "p50",
            Self::Latency(Percentile::P90) => "p90",
            Self::Latency(Percentile::P95) => "p95",
            Self::Latency(Percentile::P99) => "p99",
            Self::Latency(Percentile::P999) => "p99_9",
            Self::ErrorRate => "error_rate",
        }
    }

    /// Whether the verdict over all looks at it.
    pub const fn decides(self) -> bool {
        matches!(
            self,
            Self::ErrorRate | Self::Latency(Percentile::P50 | Percentile::P95 | Percentile::P99)
        )
    }

    const fn lower_is_better(self) -> bool {
        !matches!(self, Self::Rate)
    }
}

/// Differences that do not matter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin {
    /// Of a rate or a percentile, in per cent.
    pub percent: f64,
    /// Of the error rate, in points of a hundred.
    pub error_points: f64,
}

impl Default for Margin {
    fn default() -> Self {
        Self {
            percent: 5.0,
            error_points: 0.5,
        }
    }
}

/// One metric of both sides. `change` and `interval` are per cent, for the error rate points of a
/// hundred; `None` without evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub metric: Metric,
    /// Requests a second, milliseconds, or a share between 0 and 1.
    pub a: Option<f64>,
    pub b: Option<f64>,
    pub change: Option<f64>,
    pub interval: Option<Interval>,
    pub verdict: Verdict,
}

/// What was set against what.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Endpoints { blocks: usize, block_seconds: f64 },
    Baseline { seconds: (usize, usize) },
}

/// The whole comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    pub kind: Kind,
    pub verdict: Verdict,
    /// The metric that brought the verdict about, or stands in its way.
    pub deciding: Option<Metric>,
    pub measures: Vec<Measure>,
    pub margin: Margin,
}

impl Comparison {
    fn new(kind: Kind, measures: Vec<Measure>, margin: Margin) -> Self {
        let (verdict, deciding) = overall(&measures);
        Self {
            kind,
            verdict,
            deciding,
            measures,
            margin,
        }
    }

    pub fn measure(&self, metric: Metric) -> Option<&Measure> {
        self.measures
            .iter()
            .find(|measure| measure.metric == metric)
    }
}

/// By how much an interval is drawn out to tell a difference, in parts of its reach. Each of the four
/// figures that decide is wrong once in twenty times; drawn out like this (2.5 standard errors for the
/// 1.96 of one figure, after Bonferroni), all four together are.
const ROOM: f64 = 2.5 / 1.96 - 1.0;

/// `same` when the whole interval lies within the margin; `better` or `worse` when it leaves out
/// zero with room to spare and is not within the margin; else it cannot be told. Per cent or points.
fn judge(metric: Metric, change: Option<f64>, interval: Option<Interval>, margin: f64) -> Verdict {
    let Some((change, Interval { low, high })) = change.zip(interval) else {
        return Verdict::CannotTell;
    };
    if low >= -margin && high <= margin {
        return Verdict::Same;
    }
    let least = low - (change - low).max(0.0) * ROOM;
    let most = high + (high - change).max(0.0) * ROOM;
    if least <= 0.0 && most >= 0.0 {
        return Verdict::CannotTell;
    }
    if (least > 0.0) == metric.lower_is_better() {
        Verdict::Worse
    } else {
        Verdict::Better
    }
}

/// Worse when p50, p95, p99 or the error rate is worse; else better when one of them is better;
/// else same when p50 and the error rate are same; else it cannot be told.
fn overall(measures: &[Measure]) -> (Verdict, Option<Metric>) {
    // The metric that people feel most stands first.
    const ORDER: [Metric; 4] = [
        Metric::ErrorRate,
        Metric::Latency(Percentile::P99),
        Metric::Latency(Percentile::P95),
        Metric::Latency(Percentile::P50),
    ];
    let verdict_of = |metric: Metric| {
        let measure = measures.iter().find(|measure| measure.metric == metric);
        measure.map_or(Verdict::CannotTell, |measure| measure.verdict)
    };
    for wanted in [Verdict::Worse, Verdict::Better] {
        if let Some(metric) = ORDER
            .into_iter()
            .find(|metric| verdict_of(*metric) == wanted)
        {
            return (wanted, Some(metric));
        }
    }
    let needed = [Metric::Latency(Percentile::P50), Metric::ErrorRate];
    match needed
        .into_iter()
        .find(|metric| verdict_of(*metric) != Verdict::Same)
    {
        None => (Verdict::Same, None),
        Some(metric) => (Verdict::CannotTell, Some(metric)),
    }
}

/// A measure of a figure whose logarithms were compared.
fn relative(
    metric: Metric,
    (a, b): (Option<f64>, Option<f64>),
    log_interval: Option<Interval>,
    margin: Margin,
) -> Measure {
    let percent = |log: f64| (log.exp() - 1.0) * 100.0;
    let change = a
        .zip(b)
        .filter(|(a, b)| *a > 0.0 && *b > 0.0)
        .map(|(a, b)| (b / a - 1.0) * 100.0);
    let interval = log_interval.map(|interval| Interval {
        low: percent(interval.low),
        high: percent(interval.high),
    });
    Measure {
        metric,
        a,
        b,
        change,
        interval,
        verdict: judge(metric, change, interval, margin.percent),
    }
}

/// Whether both samples carry a percentile: ten samples above it on each side.
fn is_evidence(percentile: Percentile, a: &Summary, b: &Summary) -> bool {
    let above = |summary: &Summary| summary.samples as f64 * (1.0 - percentile.quantile());
    // The product is off by a rounding error where it should be exactly ten.
    above(a) > super::statistics::SAMPLES_ABOVE - 1e-6
        && above(b) > super::statistics::SAMPLES_ABOVE - 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(metric: Metric, verdict: Verdict) -> Measure {
        Measure {
            metric,
            a: None,
            b: None,
            change: None,
            interval: None,
            verdict,
        }
    }

    #[test]
    fn intervals_are_judged_by_the_margin() {
        use Verdict::{Better, CannotTell, Same, Worse};
        let p50 = Metric::Latency(Percentile::P50);
        for (low, high, latency, rate) in [
            (-4.8, 4.9, Same, Same),
            (1.0, 3.0, Same, Same),
            (1.0, 6.0, Worse, Better),
            (0.8, 6.0, Worse, Better),
            (0.7, 6.0, CannotTell, CannotTell),
            (-17.4, -0.1, CannotTell, CannotTell),
            (-6.0, -1.0, Better, Worse),
            (-6.0, 6.0, CannotTell, CannotTell),
            (5.1, 9.0, Worse, Better),
        ] {
            let interval = Some(Interval { low, high });
            let change = Some(f64::midpoint(low, high));
            let of = |metric| judge(metric, change, interval, 5.0);
            assert_eq!(of(p50), latency, "{low} to {high}");
            assert_eq!(of(Metric::Rate), rate, "{low} to {high}");
        }
        assert_eq!(judge(p50, Some(9.0), None, 5.0), CannotTell);
    }

    #[test]
    fn the_verdict_over_all_follows_its_rules() {
        use Verdict::{Better, CannotTell, Same, Worse};
        for (p50, p95, p99, errors, wanted) in [
            (Same, Same, Same, Same, Same),
            (Same, CannotTell, CannotTell, Same, Same),
            (Better, Better, Worse, Same, Worse),
            (Same, Same, Same, Worse, Worse),
            (Same, Better, CannotTell, Same, Better),
            (CannotTell, Same, Same, Same, CannotTell),
            (Same, Same, Same, CannotTell, CannotTell),
        ] {
            let measures = [
                measure(Metric::Rate, Worse),
                measure(Metric::Latency(Percentile::P50), p50),
                measure(Metric::Latency(Percentile::P90), Worse),
                measure(Metric::Latency(Percentile::P95), p95),
                measure(Metric::Latency(Percentile::P99), p99),
                measure(Metric::ErrorRate, errors),
            ];
            assert_eq!(
                overall(&measures).0,
                wanted,
                "{p50:?} {p95:?} {p99:?} {errors:?}"
            );
        }
    }
}
