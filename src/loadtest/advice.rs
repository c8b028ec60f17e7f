//! What a run says about scaling, with its arithmetic. One level of load shows how many requests are
//! in flight (Little's law); where the limit lies it cannot show, and says so.

use std::time::Duration;

use super::assessment::{Assessment, Doubt, Measured, Verdict};
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

/// Below this many answers, or fewer than two on each connection, a run is a sample of its own start
/// and end.
const FEWEST: u64 = 20;
/// With more errors than this, figures are those of the errors.
const MANY_ERRORS: f64 = 0.05;

/// The share of errors of the first endpoint, when it is so high that its rate and its latencies say
/// nothing of answers that do the work.
pub fn spoiled(assessment: &Assessment) -> Option<f64> {
    let rate = assessment.first()?.error_rate();
    (rate > MANY_ERRORS).then_some(rate)
}

/// Whether most of what the first endpoint answered is 429.
pub fn is_limited(assessment: &Assessment) -> bool {
    assessment.first().is_some_and(|first| {
        let limited = first.recording.statuses.get(&429).copied().unwrap_or(0);
        limited * 2 > first.errors
    })
}

/// An open loop that could not send what was due because each connection waited for its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busy {
    pub connections: usize,
    /// Connections that carry the rate at the service time that was measured, and a fifth more.
    pub needed: u64,
}

/// Whether the connections were the limit of an open loop: too few of them for the time that an
/// answer takes.
pub fn busy(assessment: &Assessment) -> Option<Busy> {
    let (load, result) = (&assessment.load, assessment.first()?);
    let unsent = |doubt: &Doubt| matches!(doubt, Doubt::Unsent { .. });
    let is_unsent = assessment.doubts.iter().any(unsent);
    if !is_unsent || !load.stages.is_empty() || assessment.verdict == Verdict::NotValid {
        return None;
    }
    let service = result.service.as_ref()?.mean? / 1e3;
    let own_rate = load.slowest_rate()?;
    let at_work = result.finished as f64 / result.seconds.max(0.001) * service;
    let needed = (own_rate * service * 1.2).ceil() as u64;
    let connections = load.own_connections();
    (at_work >= 0.8 * connections as f64 && needed > connections as u64).then_some(Busy {
        connections,
        needed,
    })
}

/// The scaling figures of the first endpoint, when there are answers to count and they are those of
/// a service that works.
pub fn scaling(assessment: &Assessment) -> Option<Scaling> {
    let result = assessment.first()?;
    let mean = result.latency.mean?;
    let in_flight = result.in_flight();
    let connections = assessment.load.own_connections() as u64;
    let is_sample = result.recording.requests.completed >= FEWEST.max(2 * connections);
    // A limit that is asked for its manners is no measure of a service.
    if !is_sample || assessment.asked.rate_limit || spoiled(assessment).is_some() {
        return None;
    }
    // A closed loop keeps its connections busy; what was open at the end is not in the law's product.
    let doubled = match assessment.load.rate {
        None => 2.0 * connections as f64,
        Some(_) => 2.0 * in_flight,
    };
    Some(Scaling {
        requests_per_second: result.requests_per_second,
        mean,
        in_flight,
        suggested_rate: round_down(result.requests_per_second * 0.8),
        in_flight_doubled: doubled,
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
