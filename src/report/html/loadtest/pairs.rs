//! Two endpoints block by block: a dot for each pair of neighbours, so that one can see whether a
//! difference is everywhere or made by a few moments.

use super::super::part::{Cell, Part, Section, Table};
use super::super::plot::{Plot, Scale, Tick};
use super::super::text::Html;
use super::compared::{signed, whole};
use crate::loadtest::assessment::Assessment;
use crate::loadtest::comparison::{Comparison, Interval, Metric, PairDifference, by_pair};
use crate::loadtest::statistics::Percentile;
use crate::text::number::{count, counted};

const HEIGHT: f64 = 130.0;

struct Chart {
    id: &'static str,
    title: &'static str,
    metric: Metric,
    of: fn(&PairDifference) -> Option<f64>,
}

const CHARTS: [Chart; 4] = [
    Chart {
        id: "pairs-rate",
        title: "Throughput",
        metric: Metric::Rate,
        of: |pair| pair.rate,
    },
    Chart {
        id: "pairs-p50",
        title: "p50",
        metric: Metric::Latency(Percentile::P50),
        of: |pair| pair.p50,
    },
    Chart {
        id: "pairs-p90",
        title: "p90",
        metric: Metric::Latency(Percentile::P90),
        of: |pair| pair.p90,
    },
    Chart {
        id: "pairs-p99",
        title: "p99",
        metric: Metric::Latency(Percentile::P99),
        of: |pair| pair.p99,
    },
];

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let (Some(comparison), [a, b]) = (&assessment.comparison, assessment.results.as_slice()) else {
        return None;
    };
    let (id, title) = ("blocks", "Differences by block");
    let pairs = by_pair(&a.recording, &b.recording);
    if pairs.len() < 2 {
        return Some(Section {
            id,
            title,
            parts: vec![Part::Note(Html::text(
                "Fewer than two whole pairs of blocks: there is nothing to draw.",
            ))],
        });
    }
    let margin = comparison.margin.percent;
    let mut parts = vec![Part::Note(Html::text(&format!(
        "One dot is one pair of neighbouring blocks; right of them the difference of the whole run with its \
         95% interval. Grey: within ±{margin}%. A slow trend of the machine hits both halves of a pair and \
         drops out."
    )))];
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for chart in &CHARTS {
        if let Some(part) = draw(chart, &pairs, comparison) {
            if left.len() <= right.len() {
                left.push(part);
            } else {
                right.push(part);
            }
        }
    }
    parts.push(Part::Halves(left, right));
    parts.push(table(&pairs));
    Some(Section { id, title, parts })
}

fn draw(chart: &Chart, pairs: &[PairDifference], comparison: &Comparison) -> Option<Part> {
    let values: Vec<Option<f64>> = pairs.iter().map(chart.of).collect();
    let known = || values.iter().flatten().copied();
    if known().count() < 2 {
        return None;
    }
    let measure = comparison.measure(chart.metric);
    let all = measure.and_then(|measure| Some((measure.change?, measure.interval)));
    let margin = comparison.margin.percent;
    let reach = |interval: Option<Interval>| interval.map_or((0.0, 0.0), |all| (all.low, all.high));
    let (from, to) = reach(all.and_then(|all| all.1));
    let lowest = known().fold((-1.2 * margin).min(from), f64::min);
    let highest = known().fold((1.2 * margin).max(to), f64::max);
    let scale = Scale::around(lowest, highest, 4);
    let mut plot = Plot::new(chart.id, "t", chart.title, HEIGHT);
    let y = |value: f64| scale.y(value, HEIGHT);
    plot.belt("fz", y(margin), y(-margin));
    plot.vertical(&scale, |value| whole(value, &scale));
    // The pairs take the width up to here, the whole run stands behind them.
    let place = |index: usize| 0.02 + 0.84 * (index as f64 + 0.5) / pairs.len() as f64;
    plot.horizontal(&ticks(pairs.len(), place), Some("pair of blocks"));
    plot.level("ax zero", y(0.0));
    for (index, value) in values.iter().enumerate() {
        if let Some(value) = value {
            plot.dot("fb", (place(index), y(*value)), 3.0);
        }
    }
    let mut told = format!(
        "{}, from {}% to {}%",
        counted(pairs.len() as u64, "pair"),
        signed(known().fold(f64::MAX, f64::min), false),
        signed(known().fold(f64::MIN, f64::max), false)
    );
    if let Some((change, interval)) = all {
        if let Some(interval) = interval {
            plot.interval("b", (0.94, y(interval.low)), (0.94, y(interval.high)));
        }
        plot.dot("fb", (0.94, y(change)), 4.5);
        told.push_str(&format!("; the whole run {}%", signed(change, false)));
    }
    Some(Part::Figure {
        title: chart.title,
        unit: "B against A, %".to_owned(),
        drawing: plot.finish(&format!("{told}.")),
    })
}

fn ticks(pairs: usize, place: impl Fn(usize) -> f64) -> Vec<Tick> {
    let step = [1, 2, 5, 10, 20, 50]
        .into_iter()
        .find(|step| pairs / step <= 6);
    let step = step.unwrap_or(100);
    let mut numbers: Vec<usize> = (1..=pairs).filter(|number| number % step == 0).collect();
    if numbers.first() != Some(&1) {
        numbers.insert(0, 1);
    }
    let tick = |at: f64, name: String| Tick {
        at,
        name,
        minor: false,
    };
    let mut ticks: Vec<Tick> = numbers
        .into_iter()
        .map(|number| tick(place(number - 1), count(number as u64)))
        .collect();
    ticks.push(tick(0.94, "all".to_owned()));
    ticks
}

fn table(pairs: &[PairDifference]) -> Part {
    let heads: Vec<String> = std::iter::once("pair".to_owned())
        .chain(CHARTS.iter().map(|chart| format!(">{}, %", chart.title)))
        .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    for (index, pair) in pairs.iter().enumerate() {
        let mut row = vec![Cell::text(&count(index as u64 + 1))];
        row.extend(CHARTS.iter().map(|chart| {
            let value = (chart.of)(pair);
            Cell::number(value.map_or("—".to_owned(), |value| signed(value, false)))
        }));
        table.row(row);
    }
    Part::Details {
        summary: format!("Table: {}", counted(pairs.len() as u64, "pair")),
        parts: vec![Part::Table(table)],
    }
}
