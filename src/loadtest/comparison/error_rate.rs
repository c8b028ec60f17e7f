//! The difference of two error rates. Blocks show how errors come in bunches, and the binomial
//! interval shows what a small number can hide (no error in 100 is not 0 %); the wider one counts.

use super::bootstrap::Interval;
use super::{Margin, Measure, Metric, judge};
use crate::loadtest::statistics::share;

/// Errors out of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Errors {
    pub count: u64,
    pub of: u64,
}

impl Errors {
    pub(super) fn share(self) -> f64 {
        share(self.count, self.of)
    }
}

/// `resampled` is the interval of B's share less A's, from the blocks.
pub(super) fn measure(
    a: Errors,
    b: Errors,
    resampled: Option<Interval>,
    margin: Margin,
) -> Measure {
    let interval = newcombe(a, b).map(|counted| {
        let interval = resampled.map_or(counted, |resampled| resampled.hull(counted));
        Interval {
            low: interval.low * 100.0,
            high: interval.high * 100.0,
        }
    });
    let change = Some((b.share() - a.share()) * 100.0);
    Measure {
        metric: Metric::ErrorRate,
        a: (a.of > 0).then(|| a.share()),
        b: (b.of > 0).then(|| b.share()),
        change,
        interval,
        verdict: judge(Metric::ErrorRate, change, interval, margin.error_points),
    }
}

/// Newcombe's interval of a difference (1998, method 10), from Wilson's of each share.
fn newcombe(a: Errors, b: Errors) -> Option<Interval> {
    let (wilson_a, wilson_b) = (wilson(a)?, wilson(b)?);
    let (share_a, share_b) = (a.share(), b.share());
    let difference = share_b - share_a;
    let reach = |x: f64, y: f64| (x * x + y * y).sqrt();
    Some(Interval {
        low: difference - reach(share_b - wilson_b.low, wilson_a.high - share_a),
        high: difference + reach(wilson_b.high - share_b, share_a - wilson_a.low),
    })
}

fn wilson(errors: Errors) -> Option<Interval> {
    const Z: f64 = 1.96;
    if errors.of == 0 {
        return None;
    }
    let (share, count) = (errors.share(), errors.of as f64);
    let middle = share + Z * Z / (2.0 * count);
    let reach = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    let scale = 1.0 + Z * Z / count;
    Some(Interval {
        low: ((middle - reach) / scale).max(0.0),
        high: (middle + reach) / scale,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::comparison::Verdict;

    #[test]
    fn differences_are_judged_in_points() {
        use Verdict::{Better, CannotTell, Same, Worse};
        for (a, b, wanted) in [
            ((0, 5_000), (0, 5_000), Same),
            ((0, 5_000), (50, 5_000), Worse),
            ((50, 5_000), (0, 5_000), Better),
            ((0, 100), (0, 100), CannotTell),
            ((0, 100), (2, 100), CannotTell),
            ((5_000, 5_000), (5_000, 5_000), Same),
        ] {
            let errors = |(count, of)| Errors { count, of };
            let measure = measure(errors(a), errors(b), None, Margin::default());
            assert_eq!(
                measure.verdict, wanted,
                "{a:?} {b:?} {:?}",
                measure.interval
            );
        }
    }
}
