//! B against A, or a run against an earlier one: every metric with its interval and its verdict.

use super::super::Tile;
use super::super::part::{Cell, Part, Section, Table};
use super::super::plot::{Plot, Scale};
use super::super::text::Html;
use crate::loadtest::assessment::Assessment;
use crate::loadtest::comparison::{Comparison, Kind, Measure, Metric, Verdict};
use crate::loadtest::statistics::Percentile;
use crate::report::wording::comparison::metric_name;
use crate::text::number::{decimal, milliseconds, per_cent, per_second};

/// Pixels of one row of the chart.
const ROW: f64 = 30.0;

pub(super) fn figures(comparison: &Comparison) -> [Tile; 6] {
    [
        ("Throughput", Metric::Rate),
        ("p50", Metric::Latency(Percentile::P50)),
        ("p90", Metric::Latency(Percentile::P90)),
        ("p95", Metric::Latency(Percentile::P95)),
        ("p99", Metric::Latency(Percentile::P99)),
        ("Error rate", Metric::ErrorRate),
    ]
    .map(|(name, metric)| tile(name, comparison.measure(metric)))
}

fn tile(name: &'static str, measure: Option<&Measure>) -> Tile {
    let Some(measure) = measure else {
        return Tile {
            name,
            value: None,
            unit: "",
            note: "not measured".to_owned(),
        };
    };
    let points = measure.metric == Metric::ErrorRate;
    let sides = match (measure.a, measure.b) {
        (Some(_), Some(_)) => format!(
            "; {} → {}",
            figure(measure.metric, measure.a),
            figure(measure.metric, measure.b)
        ),
        _ => "; too few answers".to_owned(),
    };
    Tile {
        name,
        value: measure.change.map(|change| signed(change, points)),
        unit: if points { "points" } else { "%" },
        note: format!("{}{sides}", word(measure.verdict)),
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Same => "same",
        Verdict::CannotTell => "cannot tell",
    }
}

fn state(verdict: Verdict) -> Cell {
    let (icon, colour) = match verdict {
        Verdict::Better => ("ok", "ok"),
        Verdict::Worse => ("bad", "bad"),
        Verdict::Same => ("eq", "mut"),
        Verdict::CannotTell => ("q", "mut"),
    };
    Cell::state(icon, colour, word(verdict))
}

fn figure(metric: Metric, value: Option<f64>) -> String {
    match (metric, value) {
        (_, None) => "—".to_owned(),
        (Metric::Rate, Some(value)) => format!("{} req/s", per_second(value)),
        (Metric::Latency(_), Some(value)) => milliseconds(value),
        (Metric::ErrorRate, Some(value)) => per_cent(value),
    }
}

/// With a true minus sign; points of a hundred have more decimals than per cent.
pub(super) fn signed(value: f64, points: bool) -> String {
    let decimals = match value.abs() {
        _ if points => 2,
        large if large >= 99.95 => 0,
        _ => 1,
    };
    let text = decimal(value.abs(), decimals);
    if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return "0".to_owned();
    }
    format!("{}{text}", if value < 0.0 { '−' } else { '+' })
}

fn interval(measure: &Measure) -> String {
    let points = measure.metric == Metric::ErrorRate;
    measure.interval.map_or_else(
        || "too few answers".to_owned(),
        |interval| {
            format!(
                "{} to {}",
                signed(interval.low, points),
                signed(interval.high, points)
            )
        },
    )
}

/// What the verdict over all rests on.
pub(super) fn explanation(comparison: &Comparison) -> String {
    match comparison.verdict {
        Verdict::Worse => {
            "Worse, because one of the metrics that decide (p50, p95, p99, errors) is worse."
        }
        Verdict::Better => {
            "Better, because of the metrics that decide (p50, p95, p99, errors) one is better and none worse."
        }
        Verdict::Same => {
            "The same, because p50 and errors are the same and nothing that decides is worse."
        }
        Verdict::CannotTell => {
            "The intervals of what decides are too wide to be the same and too near to 0 to differ, or \
             there are too few answers. A longer run narrows them."
        }
    }
    .to_owned()
}

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let comparison = assessment.comparison.as_ref()?;
    let mut parts = vec![
        Part::Note(rules(comparison)),
        Part::Table(table(comparison)),
    ];
    parts.extend(chart(comparison));
    Some(Section {
        id: "metrics",
        title: "Metrics",
        parts,
    })
}

fn names(comparison: &Comparison) -> (&'static str, &'static str) {
    match comparison.kind {
        Kind::Endpoints { .. } => ("A", "B"),
        Kind::Baseline { .. } => ("baseline", "now"),
    }
}

fn rules(comparison: &Comparison) -> Html {
    let margin = &comparison.margin;
    let percent = decimal(margin.percent, usize::from(margin.percent.fract() > 0.0));
    let points = decimal(margin.error_points, 2);
    let points = points.trim_end_matches('0').trim_end_matches('.');
    let design = match comparison.kind {
        Kind::Endpoints {
            blocks,
            block_seconds,
        } => format!(
            "Both were loaded in turn, in {blocks} blocks of {block_seconds:.2} s (A B B A), so that what \
             changes slowly is in both halves of a pair; intervals come from a bootstrap over pairs."
        ),
        Kind::Baseline { seconds: (a, b) } => format!(
            "The runs were not measured side by side: intervals come from {a} seconds of the baseline and {b} \
             of this run, each drawn by itself."
        ),
    };
    Html::ours(format!(
        "{design} <b>Same</b>: the whole 95% interval lies within ±{percent}% (errors ±{points} points). \
         <b>Better</b>, <b>worse</b>: the interval leaves out 0, with room to spare because \
         four figures decide and chance has four tries, and is not within the margin. Otherwise: \
         <b>cannot tell</b>."
    ))
}

fn table(comparison: &Comparison) -> Table {
    let (a, b) = names(comparison);
    let heads = [
        "metric".to_owned(),
        format!("{b} is"),
        format!(">{a}"),
        format!(">{b}"),
        ">difference".to_owned(),
        ">95% interval".to_owned(),
        "decides".to_owned(),
    ];
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    for measure in &comparison.measures {
        let points = measure.metric == Metric::ErrorRate;
        let unit = if points { " points" } else { "%" };
        table.row([
            Cell::text(metric_name(measure.metric)),
            state(measure.verdict),
            Cell::number(figure(measure.metric, measure.a)),
            Cell::number(figure(measure.metric, measure.b)),
            Cell::strong(
                measure
                    .change
                    .map_or("—".to_owned(), |change| signed(change, points) + unit),
            ),
            Cell::number(interval(measure)),
            Cell::text(if measure.metric.decides() { "yes" } else { "" }),
        ]);
    }
    table
}

/// Each difference with its interval, over one axis; points of a hundred do not belong on it.
fn chart(comparison: &Comparison) -> Option<Part> {
    let measures: Vec<&Measure> = comparison
        .measures
        .iter()
        .filter(|measure| measure.metric != Metric::ErrorRate && measure.interval.is_some())
        .collect();
    let margin = comparison.margin.percent;
    let ends = || measures.iter().filter_map(|measure| measure.interval);
    let lowest = ends()
        .map(|interval| interval.low)
        .fold(-1.2 * margin, f64::min);
    let highest = ends()
        .map(|interval| interval.high)
        .fold(1.2 * margin, f64::max);
    if measures.is_empty() {
        return None;
    }
    let scale = Scale::around(lowest, highest, 7);
    let mut plot = Plot::new(
        "differences",
        "fo",
        "Difference for each metric",
        ROW * measures.len() as f64,
    );
    plot.shade("fz", scale.share(-margin), scale.share(margin));
    let ticks: Vec<_> = scale
        .ticks
        .iter()
        .map(|value| super::super::plot::Tick {
            at: scale.share(*value),
            name: whole(*value, &scale),
            // 0 and every second one from it stay where there is little room.
            minor: ((value / (scale.ticks[1] - scale.ticks[0])).round() as i64) % 2 != 0,
        })
        .collect();
    let percent = decimal(margin, usize::from(margin.fract() > 0.0));
    plot.horizontal(
        &ticks,
        Some(&format!(
            "difference, %; grey: within ±{percent}%, called same"
        )),
    );
    let mut told = Vec::new();
    for (index, measure) in measures.iter().enumerate() {
        let y = ROW * (index as f64 + 0.5);
        let name = metric_name(measure.metric);
        plot.row(y, name);
        let Some(interval) = measure.interval else {
            continue;
        };
        let (from, to) = (scale.share(interval.low), scale.share(interval.high));
        plot.interval("b", (from, y), (to, y));
        if let Some(change) = measure.change {
            plot.dot("fb", (scale.share(change), y), 4.5);
            told.push(format!(
                "{name} {}% (95% interval {}), {}",
                signed(change, false),
                self::interval(measure),
                word(measure.verdict)
            ));
        }
    }
    plot.upright(scale.share(0.0), false);
    let (a, b) = names(comparison);
    Some(Part::Figure {
        title: "Difference for each metric",
        unit: format!(
            "{b} against {a}, %, with 95% interval; the error rate is in points and only in the table"
        ),
        drawing: plot.finish(&told.join("; ")),
    })
}

/// The tick of a difference.
pub(super) fn whole(value: f64, scale: &Scale) -> String {
    let text = scale.name(value.abs());
    match value {
        zero if zero.abs() < 1e-9 => "0".to_owned(),
        below if below < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}
