//! The sentences of a comparison: of two endpoints, or of a run and an earlier one.

use super::loadtest::{Headline, Mood};
use crate::loadtest::assessment::Assessment;
use crate::loadtest::comparison::{self, Comparison, Measure, Metric};
use crate::loadtest::statistics::Percentile;
use crate::text::number::{decimal, milliseconds, per_cent, signed_per_cent};

/// The line over a comparison.
pub fn headline(
    verdict: comparison::Verdict,
    comparison: &Comparison,
    assessment: &Assessment,
) -> Headline {
    let measure = comparison
        .deciding
        .and_then(|metric| comparison.measure(metric));
    let subject = assessment
        .baseline
        .as_ref()
        .map_or_else(String::new, |file| format!(" than {file}"));
    let (mood, text) = match (verdict, measure) {
        (comparison::Verdict::Worse, Some(measure)) => (
            Mood::Fails,
            format!("worse{subject}: {}", difference(measure, assessment)),
        ),
        (comparison::Verdict::Better, Some(measure)) => (
            Mood::Holds,
            format!("better{subject}: {}", difference(measure, assessment)),
        ),
        (comparison::Verdict::CannotTell, Some(measure)) => (
            Mood::Unknown,
            format!("cannot tell: {}", uncertainty(measure)),
        ),
        (comparison::Verdict::CannotTell, None) => (Mood::Unknown, "cannot tell".to_owned()),
        (
            comparison::Verdict::Same | comparison::Verdict::Worse | comparison::Verdict::Better,
            _,
        ) => (Mood::Holds, same(comparison, assessment)),
    };
    Headline { mood, text }
}

fn difference(measure: &Measure, assessment: &Assessment) -> String {
    let (a, b) = (measure.a.unwrap_or(0.0), measure.b.unwrap_or(0.0));
    let name = metric_name(measure.metric);
    match (measure.metric, &assessment.baseline) {
        (Metric::ErrorRate, Some(_)) => format!("{} errors, was {}", per_cent(b), per_cent(a)),
        (Metric::ErrorRate, None) => format!("B has {} errors, A {}", per_cent(b), per_cent(a)),
        (_, Some(_)) => format!(
            "{name} {}, was {} ({})",
            milliseconds(b),
            milliseconds(a),
            signed_per_cent(measure.change.unwrap_or(0.0))
        ),
        (_, None) => format!(
            "B's {name} is {:.1}% {} ({})",
            measure.change.unwrap_or(0.0).abs(),
            if b > a { "higher" } else { "lower" },
            milliseconds((b - a).abs())
        ),
    }
}

fn uncertainty(measure: &Measure) -> String {
    let name = match measure.metric {
        Metric::ErrorRate => "the error rate",
        metric => metric_name(metric),
    };
    let Some(interval) = measure.interval else {
        return format!("too few answers to say anything of {name}");
    };
    let unit = if measure.metric == Metric::ErrorRate {
        " points"
    } else {
        "%"
    };
    let round = |value: f64| {
        if value.abs() < 9.95 {
            decimal(value.abs(), 1)
        } else {
            decimal(value.abs(), 0)
        }
    };
    if interval.low < 0.0 {
        format!(
            "{name} may be {}{unit} better or {}{unit} worse",
            round(interval.low),
            round(interval.high)
        )
    } else {
        format!(
            "{name} may be {} to {}{unit} worse",
            round(interval.low),
            round(interval.high)
        )
    }
}

fn same(comparison: &Comparison, assessment: &Assessment) -> String {
    let median = comparison.measure(Metric::Latency(Percentile::P50));
    let (a, b) = median.map_or((None, None), |measure| (measure.a, measure.b));
    let other = assessment.baseline.as_ref().map_or_else(
        || "A and B are the same".to_owned(),
        |file| format!("the same as {file}"),
    );
    let medians = a
        .zip(b)
        .map(|(a, b)| format!(": p50 {} and {}", milliseconds(a), milliseconds(b)));
    format!(
        "{other} within {}%{}",
        decimal(comparison.margin.percent, 0),
        medians.unwrap_or_default()
    )
}

/// The name of a metric in tables and sentences.
pub const fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Rate => "req/s",
        Metric::Latency(percentile) => percentile.name(),
        Metric::ErrorRate => "errors",
    }
}
