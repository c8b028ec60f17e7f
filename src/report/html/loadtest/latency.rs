//! How latencies spread: the curve over percentiles, its table, and the histogram.

use hdrhistogram::Histogram;

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::plot::{Anchor, Plot, Point, Scale, decades, percentiles};
use super::super::text::Html;
use super::judged::{digits, time_cell};
use super::{Side, at, milliseconds, needs, sides};
use crate::loadtest::assessment::{Assessment, Verdict};
use crate::loadtest::expectation::{Checked, Operator, Quantity, Threshold};
use crate::loadtest::statistics::SAMPLES_ABOVE;
use crate::text::number::{self, count, per_cent};

/// A curve of fewer samples would be a drawing of single requests.
const ENOUGH: u64 = 100;
const POINTS: usize = 400;
const HEIGHT: f64 = 260.0;
const ROWS: [(&str, f64); 7] = [
    ("p50", 0.50),
    ("p75", 0.75),
    ("p90", 0.90),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
];
const PER_DECADE: f64 = 8.0;

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let mut sides = sides(assessment);
    let first = assessment.first()?;
    if let (1, Some(service)) = (sides.len(), &first.recording.service) {
        sides.push(Side {
            name: "service",
            line: "pm",
            text: "fm",
            latency: service,
        });
    }
    let most = sides.iter().map(|side| side.latency.len()).max()?;
    let mut parts = vec![Part::Note(meaning(assessment, sides.len()))];
    if most == 0 {
        parts = vec![Part::Note(Html::text(
            "No request was answered: there are no latencies.",
        ))];
    } else if most < ENOUGH {
        let text = format!(
            "{}: too few for a curve ({ENOUGH} needed).",
            number::counted(most, "sample")
        );
        parts.push(Part::Note(Html::text(&text)));
        parts.push(Part::Table(table(&sides).shaped(Shape::Fit)));
    } else {
        let limits = limits(assessment, &sides);
        let printed = Part::Note(Html::text(
            "A percentile is printed when at least 10 samples lie above it; beyond that the curve is dotted.",
        ));
        parts.push(Part::Columns(
            vec![curve(&sides, &limits)],
            vec![Part::Table(table(&sides)), printed],
        ));
    }
    Some(Section {
        id: "latency",
        title: "Latency",
        parts,
    })
}

fn meaning(assessment: &Assessment, sides: usize) -> Html {
    if assessment.verdict == Verdict::NotValid {
        return Html::text(
            "This machine was the limit: latency holds its own lateness, and only the service time is the server's.",
        );
    }
    Html::ours(match (assessment.load.rate, assessment.comparison.is_some()) {
        (Some(_), false) if sides > 1 => {
            "<b>Latency</b> counts from the instant at which a request was due, so a pause is felt by \
             everyone who would have asked during it. <b>Service time</b> counts from the moment a free \
             connection sent it; the dashed line shows how much of a pause that hides."
        }
        (Some(_), _) => {
            "Latency counts from the instant at which a request was due, so a pause is felt by everyone who \
             would have asked during it."
        }
        (None, _) => {
            "Closed loop: latency counts from the sending, so these are service times at saturation. A pause \
             of the server is seen by as many requests as there are connections, and by no more."
        }
    }
    .to_owned())
}

/// A limit on a latency: where it lies, its name, and of which quantile it is.
struct Limit {
    value: f64,
    name: String,
}

fn limits(assessment: &Assessment, sides: &[Side<'_>]) -> Vec<Limit> {
    let highest = sides
        .iter()
        .map(|side| milliseconds(side.latency.max()))
        .fold(0.0, f64::max);
    let is_limit = |checked: &&Checked| {
        let expectation = &checked.expectation;
        let upper = matches!(expectation.operator, Operator::Less | Operator::AtMost);
        // That of one request of several is no limit of the curve of all of them, and far away from
        // everything measured a limit would press the curve to the floor.
        let of_all = expectation.target.is_none();
        of_all
            && upper
            && expectation.quantity.unit() == "ms"
            && expectation.threshold < 30.0 * highest
    };
    let mut limits: Vec<Limit> = assessment
        .checked
        .iter()
        .filter(is_limit)
        .map(|checked| Limit {
            value: checked.expectation.threshold,
            name: format!(
                "limit {} ({})",
                Threshold(&checked.expectation),
                checked.expectation.subject()
            ),
        })
        .collect();
    limits.sort_by(|a, b| a.value.total_cmp(&b.value));
    limits.truncate(3);
    limits
}

/// The limit of the course over time: the first one on a percentile or the maximum.
pub(super) fn limit(assessment: &Assessment) -> Option<f64> {
    let wanted = assessment
        .checked
        .iter()
        .map(|checked| &checked.expectation);
    wanted
        .filter(|expectation| expectation.target.is_none())
        .filter(|expectation| matches!(expectation.operator, Operator::Less | Operator::AtMost))
        .find(|expectation| {
            matches!(
                expectation.quantity,
                Quantity::Percentile(_) | Quantity::Max
            )
        })
        .map(|expectation| expectation.threshold)
}

fn curve(sides: &[Side<'_>], limits: &[Limit]) -> Part {
    let most = sides
        .iter()
        .map(|side| side.latency.len())
        .max()
        .unwrap_or(1);
    let lowest = sides
        .iter()
        .filter(|side| !side.latency.is_empty())
        .map(|side| milliseconds(side.latency.value_at_quantile(0.01)))
        .fold(f64::MAX, f64::min);
    let highest = sides
        .iter()
        .map(|side| milliseconds(side.latency.max()))
        .chain(limits.iter().map(|limit| limit.value))
        .fold(0.0, f64::max);
    let scale = Scale::of_times(lowest, highest, 4);
    let mut plot = Plot::new("curve", "", "Latency by percentile", HEIGHT);
    plot.vertical(&scale, |value| scale.name(value));
    plot.horizontal(
        &percentiles(most),
        Some("percentile, % (log scale of 1/(1−p))"),
    );
    let reach = (most as f64).log10();
    for side in sides.iter().rev().filter(|side| !side.latency.is_empty()) {
        let points = points(side.latency, reach, &scale);
        let sure = (side.latency.len() as f64 / SAMPLES_ABOVE).log10() / reach;
        let split = points.partition_point(|(x, _)| *x <= sure).max(1);
        plot.line(side.line, &points[..split]);
        plot.line(&format!("{} few", side.line), &points[split - 1..]);
        let end = points.last().map_or(0.0, |point| point.1);
        plot.end(end, side.text, side.name);
    }
    for limit in limits {
        let y = scale.y(limit.value, HEIGHT);
        plot.level("slo", y);
        let above = if y < 18.0 { y + 14.0 } else { y - 5.0 };
        plot.text("fx", (1.0, above), Anchor::End, &limit.name);
    }
    if let Some(only) = sides.first().filter(|side| side.name == "latency")
        && let Some((name, quantile, value)) = marked(only.latency)
    {
        let point = (-(1.0 - quantile).log10() / reach, scale.y(value, HEIGHT));
        plot.dot(only.text, point, 4.0);
        let label = format!("{name} {}", number::milliseconds(value));
        // A curve comes from below on the left, so the name stands above it there; at the ceiling it
        // stands below, on the right.
        if point.1 < 24.0 {
            plot.text("l fa", (point.0, point.1 + 18.0), Anchor::Start, &label);
        } else {
            plot.text("l fa", (point.0, point.1 - 8.0), Anchor::End, &label);
        }
    }
    Part::Figure {
        title: "Latency by percentile",
        unit: unit(&scale),
        drawing: plot.finish(&description(sides, limits)),
    }
}

pub(super) fn unit(scale: &Scale) -> String {
    if scale.logarithmic {
        "latency, ms (log scale)".to_owned()
    } else {
        "latency, ms".to_owned()
    }
}

/// The highest of the usual percentiles that the sample carries.
fn marked(latency: &Histogram<u64>) -> Option<(&'static str, f64, f64)> {
    [("p99", 0.99), ("p95", 0.95), ("p90", 0.90)]
        .into_iter()
        .find_map(|(name, quantile)| Some((name, quantile, at(latency, quantile)?)))
}

/// Equally far apart on the axis, and the maximum at the end.
fn points(latency: &Histogram<u64>, reach: f64, scale: &Scale) -> Vec<Point> {
    let own = (latency.len() as f64).log10();
    let mut points: Vec<Point> = (0..=POINTS)
        .map(|index| {
            let x = own * index as f64 / POINTS as f64;
            let value = latency.value_at_quantile(1.0 - 10_f64.powf(-x));
            (x / reach, scale.y(milliseconds(value), HEIGHT))
        })
        .collect();
    points.push((own / reach, scale.y(milliseconds(latency.max()), HEIGHT)));
    points
}

fn description(sides: &[Side<'_>], limits: &[Limit]) -> String {
    let side = |side: &Side<'_>| {
        let named = ROWS.iter().filter_map(|(name, quantile)| {
            let value = at(side.latency, *quantile)?;
            Some(format!("{name} {}", number::milliseconds(value)))
        });
        let figures: Vec<String> = named.collect();
        format!(
            "{}: {}, maximum {}",
            side.name,
            figures.join(", "),
            number::milliseconds(milliseconds(side.latency.max()))
        )
    };
    let all: Vec<String> = sides.iter().map(side).collect();
    let mut sentences = vec![format!("{}.", all.join("; "))];
    sentences.extend(
        limits
            .iter()
            .map(|limit| format!("{}.", super::capitalised(&limit.name))),
    );
    sentences.join(" ")
}

fn table(sides: &[Side<'_>]) -> Table {
    let coloured = sides.len() == 2 && sides[1].name != "service";
    let mut heads = vec!["percentile".to_owned()];
    for side in sides {
        heads.push(match side.name {
            "latency" | "service" => format!(">{}, ms", side.name),
            name => format!(">{name}, ms"),
        });
    }
    heads.push(if coloured {
        ">difference, ms".to_owned()
    } else {
        ">samples above".to_owned()
    });
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    let first = sides.first().map(|side| side.latency);
    let last = |values: &[Option<f64>], above: u64| match values {
        [Some(a), Some(b)] if coloured => signed(b - a),
        _ if coloured => "—".to_owned(),
        _ => count(above),
    };
    for (name, quantile) in ROWS {
        let values: Vec<Option<f64>> = sides
            .iter()
            .map(|side| at(side.latency, quantile))
            .collect();
        let samples = first.map_or(0, Histogram::len);
        if quantile > 0.999 && values.iter().all(Option::is_none) {
            continue;
        }
        let above = ((1.0 - quantile) * samples as f64).round() as u64;
        let mut row = vec![Cell::text(name)];
        row.extend(values.iter().map(|value| match (value, quantile) {
            (Some(value), 0.5 | 0.99) => Cell::strong(digits(*value)),
            (None, _) => Cell::number("—"),
            (value, _) => time_cell(*value),
        }));
        row.push(Cell::number(if values.iter().any(Option::is_some) {
            last(&values, above)
        } else {
            format!("needs {}", count(needs(quantile)))
        }));
        table.row(row);
    }
    let of = |figure: fn(&Histogram<u64>) -> f64| -> Vec<Option<f64>> {
        let some = |side: &Side<'_>| (!side.latency.is_empty()).then(|| figure(side.latency) / 1e6);
        sides.iter().map(some).collect()
    };
    for (name, values) in [
        ("max", of(|latency| latency.max() as f64)),
        ("mean", of(Histogram::mean)),
    ] {
        let mut row = vec![Cell::text(name)];
        row.extend(values.iter().copied().map(time_cell));
        row.push(Cell::number(match name {
            "max" if !coloured => "0".to_owned(),
            _ if coloured => last(&values, 0),
            _ => String::new(),
        }));
        table.row(row);
    }
    table
}

fn signed(value: f64) -> String {
    let text = digits(value.abs());
    if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return "0".to_owned();
    }
    format!("{}{text}", if value < 0.0 { '−' } else { '+' })
}

/// How many answers lie in each stretch of time.
pub(super) fn histogram(latency: &Histogram<u64>) -> Vec<Part> {
    if latency.len() < ENOUGH {
        return vec![Part::Note(Html::text(&format!(
            "{}: too few for a histogram ({ENOUGH} needed).",
            number::counted(latency.len(), "latency")
        )))];
    }
    let buckets = Buckets::of(latency);
    let total = latency.len() as f64;
    let fullest = buckets.filled.iter().copied().max().unwrap_or(0);
    let height = 150.0;
    let scale = Scale::linear(fullest as f64 / total * 100.0, 3);
    let mut plot = Plot::new("histogram", "t", "Latency histogram", height);
    plot.vertical(&scale, |value| scale.name(value));
    let (low, high) = (buckets.edge(0), buckets.edge(buckets.filled.len()));
    let (ticks, unit) = if buckets.logarithmic {
        (
            decades(low, high),
            "latency, ms (log scale, 8 buckets a decade)",
        )
    } else {
        (linear_ticks(low, high), "latency, ms")
    };
    plot.horizontal(&ticks, Some(unit));
    let gap = 0.15 / buckets.filled.len() as f64;
    let bars: Vec<(f64, f64, f64)> = buckets
        .filled
        .iter()
        .enumerate()
        .filter(|(_, many)| **many > 0)
        .map(|(index, many)| {
            let top = scale.y(*many as f64 / total * 100.0, height);
            (
                buckets.place(buckets.edge(index)),
                buckets.place(buckets.edge(index + 1)) - gap,
                top,
            )
        })
        .collect();
    plot.bars("fa", &bars);
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        if let Some(value) = at(latency, quantile) {
            let x = buckets.place(value);
            plot.upright(x, true);
            // Where their lines are close, one name stands under the other.
            let near = at(latency, 0.99).is_some_and(|p99| {
                buckets.place(p99) - buckets.place(at(latency, 0.5).unwrap_or(p99)) < 0.35
            });
            let y = if quantile > 0.6 && near { 18.0 } else { 4.0 };
            let anchor = if x < 0.5 { Anchor::Start } else { Anchor::End };
            let label = format!("{name} {}", number::milliseconds(value));
            plot.text("fg", (x, y), anchor, &label);
        }
    }
    let description = format!(
        "{} filled buckets from {} to {}; the fullest holds {}.",
        buckets.filled.iter().filter(|many| **many > 0).count(),
        number::milliseconds(milliseconds(latency.min())),
        number::milliseconds(milliseconds(latency.max())),
        per_cent(fullest as f64 / total)
    );
    let figure = Part::Figure {
        title: "Latency histogram",
        unit: "share of requests, %".to_owned(),
        drawing: plot.finish(&description),
    };
    vec![
        figure,
        Part::Details {
            summary: format!("Table: {} buckets", buckets.filled.len()),
            parts: vec![Part::Table(buckets.table(total))],
        },
    ]
}

/// 8 to a decade when latencies spread far, else about 16 equal ones.
struct Buckets {
    logarithmic: bool,
    low: f64,
    width: f64,
    filled: Vec<u64>,
}

impl Buckets {
    fn of(latency: &Histogram<u64>) -> Self {
        let (low, high) = (milliseconds(latency.min()), milliseconds(latency.max()));
        let low = low.max(1e-6);
        let logarithmic = high / low >= 20.0;
        let (low, width, number) = if logarithmic {
            let first = (low.log10() * PER_DECADE).floor();
            let last = (high.log10() * PER_DECADE).floor();
            (first, 1.0, (last - first) as usize + 1)
        } else {
            let step = round_width((high - low).max(high * 0.01) / 16.0);
            let first = (low / step).floor() * step;
            (first, step, ((high - first) / step).floor() as usize + 1)
        };
        let mut buckets = Self {
            logarithmic,
            low,
            width,
            filled: vec![0; number],
        };
        // Cell by cell, so that every answer is in one bucket and the shares add up.
        for cell in latency.iter_recorded() {
            let value = milliseconds(cell.value_iterated_to().min(latency.max())).max(1e-6);
            let place = if logarithmic {
                value.log10() * PER_DECADE - buckets.low
            } else {
                (value - buckets.low) / buckets.width
            };
            let index = (place.max(0.0) as usize).min(number - 1);
            buckets.filled[index] += cell.count_since_last_iteration();
        }
        buckets
    }

    /// The lower end of a bucket, in milliseconds.
    fn edge(&self, index: usize) -> f64 {
        if self.logarithmic {
            10_f64.powf((self.low + index as f64) / PER_DECADE)
        } else {
            self.low + self.width * index as f64
        }
    }

    /// Where a latency lies on the axis, 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let (low, high) = (self.edge(0), self.edge(self.filled.len()));
        let share = if self.logarithmic {
            (value.max(1e-6) / low).ln() / (high / low).ln()
        } else {
            (value - low) / (high - low)
        };
        share.clamp(0.0, 1.0)
    }

    fn table(&self, total: f64) -> Table {
        let mut table = Table::new(&["latency, ms", ">requests", ">share", ">cumulative"]);
        let mut sum = 0;
        for (index, many) in self.filled.iter().enumerate() {
            sum += many;
            table.row([
                Cell::text(&format!(
                    "{}–{}",
                    digits(self.edge(index)),
                    digits(self.edge(index + 1))
                )),
                Cell::number(count(*many)),
                Cell::number(per_cent(*many as f64 / total)),
                Cell::number(per_cent(sum as f64 / total)),
            ]);
        }
        table
    }
}

fn round_width(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let fits = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    fits.into_iter()
        .find(|width| *width >= wanted)
        .unwrap_or(wanted)
}

fn linear_ticks(low: f64, high: f64) -> Vec<super::super::plot::Tick> {
    let scale = Scale::linear(high - low, 5);
    let step = scale.ticks.get(1).copied().unwrap_or(1.0);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last)
        .map(|index| {
            let value = index as f64 * step;
            super::super::plot::Tick {
                at: (value - low) / (high - low),
                name: scale.name(value),
                minor: index % 2 != 0,
            }
        })
        .collect()
}
