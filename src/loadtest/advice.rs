//! What a run says about scaling, with its arithmetic. One level of load shows how many requests are
//! in flight (Little's law); where the limit lies it cannot show, and says so.

use std::time::Duration;

use super::assessment::{Assessment, Measured};
use super::recording::Gap;

/// A pause in which nothing was answered although something was due.
pub const STALL: Duration = Duration::from_millis(100);

/// The arithmetic behind the advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    pub requests_per_second: f64,
    /// Milliseconds.
    pub mean: f64,
    pub in_flight: f64,
    /// A rate for an open loop: 80 % of what was reached, in round figures.
    pub suggested_rate: u64,
    /// In flight at twice the rate and the same latency.
    pub in_flight_doubled: f64,
}

/// The scaling figures of the first endpoint, when there are answers to count.
pub fn scaling(assessment: &Assessment) -> Option<Scaling> {
    let result = assessment.first()?;
    let mean = result.latency.mean?;
    let in_flight = result.in_flight();
    Some(Scaling {
        requests_per_second: result.requests_per_second,
        mean,
        in_flight,
        suggested_rate: round_down(result.requests_per_second * 0.8),
        in_flight_doubled: in_flight * 2.0,
    })
    .filter(|scaling| scaling.suggested_rate > 0)
}

/// Two significant digits.
fn round_down(value: f64) -> u64 {
    if value < 100.0 {
        return value as u64;
    }
    let scale = 10_f64.powf(value.log10().floor() - 1.0);
    ((value / scale).floor() * scale) as u64
}

/// Stalls of an open loop, in the order of time. A pause between two requests that are far apart is
/// none, and neither is the wait for the last answers when nothing is due any more.
pub fn stalls(result: &Measured, rate: f64) -> Vec<Gap> {
    if rate <= 0.0 {
        // In a load with a pause, silence says nothing.
        return Vec::new();
    }
    let end = Duration::from_secs_f64(result.seconds);
    let spacing = Duration::from_secs_f64((10.0 / rate.max(0.001)).min(1e6));
    let gaps = result.recording.gaps.longest_first();
    let mut stalls: Vec<Gap> = gaps
        .into_iter()
        .filter(|gap| gap.to.min(end).saturating_sub(gap.from) >= STALL.max(spacing))
        .collect();
    stalls.sort_by_key(|gap| gap.from);
    stalls
}

/// The time between stalls, when it is about the same each time.
pub fn period(stalls: &[Gap]) -> Option<Duration> {
    let distances: Vec<f64> = stalls
        .windows(2)
        .map(|pair| pair[1].from.saturating_sub(pair[0].from).as_secs_f64())
        .collect();
    if distances.len() < 2 {
        return None;
    }
    let mean = distances.iter().sum::<f64>() / distances.len() as f64;
    let regular = distances
        .iter()
        .all(|distance| (distance - mean).abs() < 0.15 * mean);
    regular.then(|| Duration::from_secs_f64(mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggested_rates_are_round() {
        for (reached, wanted) in [
            (5_984.0 * 0.8, 4_700),
            (41.0, 41),
            (123_456.0, 120_000),
            (0.4, 0),
        ] {
            assert_eq!(round_down(reached), wanted);
        }
    }

    #[test]
    fn a_timer_shows_in_the_distance_of_stalls() {
        let gap = |from: u64| Gap {
            from: Duration::from_millis(from),
            to: Duration::from_millis(from + 800),
        };
        assert_eq!(
            period(&[gap(14_200), gap(31_600), gap(49_000)]),
            Some(Duration::from_millis(17_400))
        );
        assert_eq!(period(&[gap(1_000), gap(2_000), gap(9_000)]), None);
        assert_eq!(period(&[gap(1_000), gap(2_000)]), None);
    }
}
