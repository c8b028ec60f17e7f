//! Two endpoints, or a run and its baseline: one row for each metric, with its interval and verdict.

use std::io::{self, Write};

use super::figures::statuses;
use super::{View, labelled, remarks, sign, subject, wrap};
use crate::loadtest::assessment::Assessment;
use crate::loadtest::comparison::{Comparison, Kind, Measure, Metric, Verdict};
use crate::report::wording::comparison::metric_name;
use crate::report::wording::loadtest::{self as wording, Mood};
use crate::terminal::{BOLD, GREEN, RED, YELLOW};
use crate::text::number::{count, decimal, per_cent, per_second, seconds, signed_per_cent};

pub(super) fn write(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let Some(comparison) = &assessment.comparison else {
        return Ok(());
    };
    what(out, assessment, comparison, view)?;
    writeln!(out)?;
    table(out, assessment, comparison)?;
    writeln!(out)?;
    answers(out, assessment, view)?;
    remarks(out, assessment, view)?;
    for doubt in &assessment.doubts {
        let (what, detail) = wording::doubt(doubt, assessment);
        let lead = sign(Mood::Look, view.symbols);
        writeln!(out, "  {lead} {what}: {detail}")?;
    }
    explanation(out, comparison, view)
}

fn what(
    out: &mut dyn Write,
    assessment: &Assessment,
    comparison: &Comparison,
    view: &View,
) -> io::Result<()> {
    match (comparison.kind.clone(), assessment.results.as_slice()) {
        (
            Kind::Endpoints {
                blocks,
                block_seconds,
            },
            [a, b],
        ) => {
            let (a, b) = (
                format!("A  {}", a.endpoint.url),
                format!("B  {}", b.endpoint.url),
            );
            subject(out, &a, &format!("  {b}"), view)?;
            writeln!(
                out,
                "  {} in {blocks} blocks of {block_seconds:.2} s, ABBA",
                wording::load(assessment)
            )
        }
        (_, results) => {
            let Some(result) = results.first() else {
                return Ok(());
            };
            let what = format!("{} {}", result.endpoint.method, result.endpoint.url);
            subject(out, &what, &wording::load(assessment), view)
        }
    }
}

fn table(out: &mut dyn Write, assessment: &Assessment, comparison: &Comparison) -> io::Result<()> {
    let (first, second, change) = if assessment.baseline.is_some() {
        ("baseline", "now", "change")
    } else {
        ("A", "B", "B against A")
    };
    writeln!(
        out,
        "  {BOLD}{:<10} {first:>12} {second:>10} {change:>14}   {:<20} verdict{BOLD:#}",
        "", "95% interval"
    )?;
    for measure in &comparison.measures {
        if measure.a.is_none() && measure.b.is_none() && measure.metric != Metric::ErrorRate {
            continue;
        }
        let (style, word) = match measure.verdict {
            Verdict::Better => (GREEN, "better"),
            Verdict::Worse => (RED, "worse"),
            Verdict::Same => (anstyle::Style::new(), "same"),
            Verdict::CannotTell => (YELLOW, "cannot tell"),
        };
        writeln!(
            out,
            "  {:<10} {:>12} {:>10} {:>14}   {:<20} {style}{word}{style:#}",
            name(measure.metric),
            figure(measure.metric, measure.a),
            figure(measure.metric, measure.b),
            shown_change(measure),
            interval(measure)
        )?;
    }
    Ok(())
}

fn name(metric: Metric) -> String {
    match metric {
        Metric::Latency(percentile) => format!("{}, ms", percentile.name()),
        metric => metric_name(metric).to_owned(),
    }
}

fn figure(metric: Metric, value: Option<f64>) -> String {
    match (metric, value) {
        (_, None) => "-".to_owned(),
        (Metric::Rate, Some(value)) => per_second(value),
        (Metric::ErrorRate, Some(value)) => per_cent(value),
        (Metric::Latency(_), Some(value)) => decimal(value, if value < 1.0 { 3 } else { 2 }),
    }
}

fn shown_change(measure: &Measure) -> String {
    match (measure.metric, measure.change) {
        (_, None) => "-".to_owned(),
        (Metric::ErrorRate, Some(0.0)) => "0".to_owned(),
        (Metric::ErrorRate, Some(points)) => format!("{points:+.2} points"),
        (_, Some(change)) => signed_per_cent(change),
    }
}

fn interval(measure: &Measure) -> String {
    match (measure.metric, measure.interval) {
        (_, None) => "too few answers".to_owned(),
        (Metric::ErrorRate, Some(interval)) => {
            format!("{:+.2} to {:+.2}", interval.low, interval.high)
        }
        (_, Some(interval)) => format!(
            "{} to {}",
            signed_per_cent(interval.low),
            signed_per_cent(interval.high)
        ),
    }
}

fn answers(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let texts: Vec<String> = match assessment.results.as_slice() {
        [a, b] => [("A", a), ("B", b)]
            .into_iter()
            .map(|(name, result)| {
                format!(
                    "{name} {}   {}",
                    count(result.recording.requests.completed),
                    statuses(result)
                )
            })
            .collect(),
        results => results
            .iter()
            .map(|result| {
                let requests = &result.recording.requests;
                format!(
                    "{} of {}   {}",
                    count(requests.completed),
                    count(result.finished),
                    statuses(result)
                )
            })
            .collect(),
    };
    for (index, text) in texts.iter().enumerate() {
        labelled(out, if index == 0 { "answers" } else { "" }, text, view)?;
    }
    for result in &assessment.results {
        let failed: Vec<String> = result
            .recording
            .errors
            .iter()
            .filter(|(_, tally)| tally.count > 0)
            .map(|(kind, tally)| {
                format!(
                    "{}: {}",
                    wording::error(*kind, assessment),
                    count(tally.count)
                )
            })
            .collect();
        if !failed.is_empty() {
            labelled(out, "errors", &failed.join("   "), view)?;
        }
    }
    Ok(())
}

fn explanation(out: &mut dyn Write, comparison: &Comparison, view: &View) -> io::Result<()> {
    let percent = decimal(comparison.margin.percent, 0);
    let same = format!("`same` means that the whole interval lies within {percent}%.");
    let text = match comparison.verdict {
        Verdict::Worse => format!(
            "Worse, because one of the metrics that decide (p50, p95, p99, errors) is worse. {same}"
        ),
        Verdict::Better => format!(
            "Better, because of the metrics that decide (p50, p95, p99, errors) one is better and none \
             worse. {same}"
        ),
        Verdict::Same => format!(
            "The same, because p50 and errors are the same and nothing that decides is worse. {same}"
        ),
        Verdict::CannotTell => format!(
            "{same} A difference takes an interval that leaves out 0 with room to spare: four figures \
             decide, and chance has four tries."
        ),
    };
    let text = match &comparison.kind {
        Kind::Baseline {
            seconds: (before, now),
        } if *before < 2 || *now < 2 => {
            let shortest = seconds(std::time::Duration::from_secs(2));
            format!("An interval needs at least {shortest} of both runs. {text}")
        }
        _ => text,
    };
    for line in wrap(&text, view.width.saturating_sub(2)) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}
