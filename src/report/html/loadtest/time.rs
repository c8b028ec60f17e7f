//! The course of a run: throughput, latency and errors second by second, drawn over one axis of time.
//! A long run is drawn in stretches of more than a second; what was lowest and highest in them stays.

use super::super::part::{Cell, Part, Section, Table};
use super::super::plot::{Plot, Point, Scale, seconds};
use super::super::text::Html;
use super::judged::{digits, time_cell};
use super::latency::limit;
use crate::loadtest::advice;
use crate::loadtest::assessment::Assessment;
use crate::loadtest::recording::Point as Second;
use crate::loadtest::statistics::Percentile;
use crate::text::number::{self, count, counted, per_second};

const WIDTHS: [usize; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
const MOST_STRETCHES: usize = 400;
const MOST_ROWS: usize = 60;
/// Above these many the maxima are a line and no dots.
const MOST_DOTS: usize = 120;
const MOST_STEPS: usize = 80;
/// A pause that is shaded, in seconds.
const PAUSE: f64 = 0.3;
/// Less of a second than this has no rate.
const LEAST: f64 = 0.25;
/// Samples that the median of an interval needs.
const FOR_MEDIAN: u64 = 20;

/// Some seconds in a row.
#[derive(Clone, Debug, PartialEq)]
struct Stretch {
    from: f64,
    to: f64,
    completed: u64,
    errors: u64,
    /// Answers a second: of all, of the lowest and of the highest second.
    rate: Option<(f64, f64, f64)>,
    p50: Option<Spread>,
    tail: Option<Spread>,
    max: Option<f64>,
}

/// A percentile of the seconds in a stretch, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    low: f64,
    middle: f64,
    high: f64,
}

/// One run over time.
struct Course {
    stretches: Vec<Stretch>,
    /// Seconds in one stretch.
    width: usize,
    tail: Option<Percentile>,
    /// Of several reports, whose percentiles of a second are lost.
    is_added_up: bool,
}

impl Course {
    fn of(series: &[Second], elapsed: f64, most: usize) -> Self {
        let width = WIDTHS
            .into_iter()
            .find(|width| series.len().div_ceil(*width) <= most)
            .unwrap_or_else(|| series.len().div_ceil(most));
        let tail = tail(series);
        let stretches = series.chunks(width).enumerate();
        Self {
            stretches: stretches
                .map(|(index, seconds)| stretch(index * width, seconds, elapsed, tail))
                .filter(|stretch| stretch.from < stretch.to)
                .collect(),
            width,
            tail,
            is_added_up: series
                .iter()
                .all(|second| second.p50.is_none() || second.completed == 0),
        }
    }

    fn has_latency(&self) -> bool {
        self.stretches
            .iter()
            .any(|stretch| stretch.p50.is_some() || stretch.max.is_some())
    }

    /// Level over each stretch, where they are few enough to be seen as such.
    fn steps(&self, length: f64, y: impl Fn(&Stretch) -> Option<f64>) -> Vec<Point> {
        if self.stretches.len() > MOST_STEPS {
            return self.line(length, y);
        }
        let level = |stretch: &Stretch| {
            let y = y(stretch)?;
            Some([(stretch.from / length, y), (stretch.to / length, y)])
        };
        self.stretches.iter().filter_map(level).flatten().collect()
    }

    fn line(&self, length: f64, y: impl Fn(&Stretch) -> Option<f64>) -> Vec<Point> {
        let points = self.stretches.iter();
        points
            .filter_map(|stretch| {
                let middle = f64::midpoint(stretch.from, stretch.to) / length;
                Some((middle, y(stretch)?))
            })
            .collect()
    }
}

/// The highest percentile that at least half of the seconds carry.
fn tail(series: &[Second]) -> Option<Percentile> {
    [Percentile::P99, Percentile::P95, Percentile::P90]
        .into_iter()
        .find(|percentile| {
            let enough = series
                .iter()
                .filter(|second| second.completed >= percentile.needs());
            !series.is_empty() && 2 * enough.count() >= series.len()
        })
}

fn stretch(first: usize, seconds: &[Second], elapsed: f64, tail: Option<Percentile>) -> Stretch {
    let from = first as f64;
    let rate = |index: usize, second: &Second| {
        let length = (elapsed - from - index as f64).min(1.0);
        (length >= LEAST).then(|| second.completed as f64 / length)
    };
    let rates: Vec<f64> = seconds
        .iter()
        .enumerate()
        .filter_map(|(index, second)| rate(index, second))
        .collect();
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    let spread = |needs: u64, of: &dyn Fn(&Second) -> Option<u64>| {
        let carried = seconds.iter().filter(|second| second.completed >= needs);
        spread(carried.filter_map(of).map(super::milliseconds).collect())
    };
    let at_tail = |second: &Second| match tail? {
        Percentile::P99 => second.p99,
        Percentile::P95 => second.p95,
        _ => second.p90,
    };
    Stretch {
        from,
        to: (from + seconds.len() as f64).min(elapsed),
        completed: seconds.iter().map(|second| second.completed).sum(),
        errors: seconds
            .iter()
            .map(|second| second.failed + second.refused)
            .sum(),
        rate: (!rates.is_empty()).then(|| {
            let low = rates.iter().copied().fold(f64::MAX, f64::min);
            (mean, low, rates.iter().copied().fold(0.0, f64::max))
        }),
        p50: spread(FOR_MEDIAN, &|second| second.p50),
        tail: spread(tail.map_or(u64::MAX, Percentile::needs), &at_tail),
        max: seconds
            .iter()
            .filter_map(|second| second.max)
            .max()
            .map(super::milliseconds),
    }
}

fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    Some(Spread {
        low: *values.first()?,
        middle: values[values.len() / 2],
        high: *values.last()?,
    })
}

/// The axis of time, the same for every chart of the section.
struct Axis {
    length: f64,
    /// Where the run ended, when it was to last longer.
    ended: Option<f64>,
    /// From, to; seconds.
    pauses: Vec<(f64, f64)>,
}

impl Axis {
    fn of(assessment: &Assessment) -> Self {
        let elapsed = assessment.elapsed.as_secs_f64();
        let planned = assessment
            .load
            .duration
            .map_or(0.0, |planned| planned.as_secs_f64());
        let short = assessment.interrupted && planned > elapsed;
        let length = if short { planned } else { elapsed };
        Self {
            length,
            ended: short.then_some(elapsed),
            pauses: pauses(assessment, length),
        }
    }

    /// Frame, shades and ticks; only the last chart names the unit.
    fn frame(&self, plot: &mut Plot, is_last: bool) {
        for (from, to) in &self.pauses {
            plot.shade("fs", from / self.length, to / self.length);
        }
        if let Some(ended) = self.ended {
            let from = ended / self.length;
            plot.shade("fz", from, 1.0);
            if from < 0.85 {
                let place = (f64::midpoint(from, 1.0), plot.height() / 2.0 + 4.0);
                plot.centred("mut", place, "not run");
            }
        }
        let (ticks, unit) = seconds(self.length);
        plot.horizontal(&ticks, is_last.then_some(unit));
    }
}

fn pauses(assessment: &Assessment, length: f64) -> Vec<(f64, f64)> {
    let Some(result) = assessment
        .first()
        .filter(|first| first.recording.requests.completed > 0)
    else {
        return Vec::new();
    };
    let gaps = match assessment.load.slowest_rate() {
        Some(rate) => advice::stalls(result, rate),
        None => result.recording.gaps.longest_first(),
    };
    let mut pauses: Vec<(f64, f64)> = gaps
        .iter()
        .map(|gap| (gap.from.as_secs_f64(), gap.to.as_secs_f64().min(length)))
        .filter(|(from, to)| to - from >= PAUSE)
        .collect();
    pauses.sort_by(|a, b| a.0.total_cmp(&b.0));
    pauses
}

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let result = assessment.first()?;
    let series = &result.recording.series;
    let axis = Axis::of(assessment);
    let (id, title) = ("time", "Over time");
    let sentence = |text: String| Section {
        id,
        title,
        parts: vec![Part::Note(Html::text(&text))],
    };
    let elapsed = assessment.elapsed.as_secs_f64();
    if elapsed < 2.0 || series.len() < 2 {
        return Some(sentence(format!(
            "The run took {}: there is no course of time to draw (2 full seconds needed).",
            number::seconds(assessment.elapsed)
        )));
    }
    if result.recording.requests.completed == 0 {
        return Some(sentence(
            "No request was answered: there is neither throughput nor latency to draw.".to_owned(),
        ));
    }
    let now = Course::of(series, elapsed, MOST_STRETCHES);
    let before = assessment
        .before
        .as_ref()
        .map(|before| Course::of(&before.series, before.elapsed.as_secs_f64(), MOST_STRETCHES));
    let mut parts = notes(&now, &axis, before.is_some());
    let errors = now.stretches.iter().any(|stretch| stretch.errors > 0);
    if let Some(before) = &before {
        overlays(&mut parts, (before, &now), &axis, errors);
    } else {
        let drawn = now.has_latency();
        let is_last = !drawn && !errors;
        parts.push(throughput(&now, &axis, &asked(assessment), is_last));
        if drawn {
            parts.push(latency(&now, &axis, limit(assessment), !errors));
        }
    }
    if errors {
        parts.push(self::errors(&now, &axis));
    }
    parts.push(table(&Course::of(series, elapsed, MOST_ROWS)));
    Some(Section { id, title, parts })
}

fn notes(course: &Course, axis: &Axis, with_baseline: bool) -> Vec<Part> {
    let mut texts = Vec::new();
    if !axis.pauses.is_empty() {
        texts.push(format!(
            "Shaded: {} without any response, longer than {PAUSE} s.",
            counted(axis.pauses.len() as u64, "pause")
        ));
    }
    if with_baseline {
        texts.push("Solid: the baseline, over its own time. Dashed: this run.".to_owned());
    }
    if course.width > 1 {
        texts.push(format!(
            "Drawn in stretches of {} s: lines are the mean rate and the middle second, bands reach from \
             the lowest to the highest second.",
            course.width
        ));
    }
    if course.stretches.iter().all(|stretch| stretch.p50.is_none()) {
        texts.push(if course.is_added_up {
            "Reports were added up: the maximum of a second can be, its percentiles cannot."
                .to_owned()
        } else {
            format!("Fewer than {FOR_MEDIAN} answers a second carry no percentile.")
        });
    }
    if texts.is_empty() {
        return Vec::new();
    }
    vec![Part::Note(Html::text(&texts.join(" ")))]
}

fn each(course: &Course) -> String {
    match course.width {
        1 => "each second".to_owned(),
        width => format!("each {width} s"),
    }
}

/// The rate that was asked for, as corners of a line: (second, requests a second).
fn asked(assessment: &Assessment) -> Vec<(f64, f64)> {
    let load = &assessment.load;
    if load.stages.is_empty() {
        let end = assessment.elapsed.as_secs_f64();
        return load
            .rate
            .map_or(Vec::new(), |rate| vec![(0.0, rate), (end, rate)]);
    }
    let mut from = 0.0;
    let mut corners = Vec::new();
    for stage in &load.stages {
        let to = from + stage.duration.as_secs_f64();
        corners.extend([(from, stage.from), (to, stage.to)]);
        from = to;
    }
    corners
}

fn throughput(course: &Course, axis: &Axis, asked: &[(f64, f64)], is_last: bool) -> Part {
    let height = 110.0;
    let rates = course.stretches.iter().filter_map(|stretch| stretch.rate);
    let highest = rates
        .clone()
        .map(|rate| rate.2)
        .chain(asked.iter().map(|asked| asked.1))
        .fold(0.0, f64::max);
    let lowest = rates.map(|rate| rate.1).fold(f64::MAX, f64::min);
    let scale = Scale::linear(highest, 3);
    let mut plot = Plot::new("throughput", "", "Throughput", height);
    axis.frame(&mut plot, is_last);
    plot.vertical(&scale, |value| scale.name(value));
    let y = |value: f64| scale.y(value, height);
    let mean = course.steps(axis.length, |stretch| Some(y(stretch.rate?.0)));
    if course.width > 1 {
        let upper = course.line(axis.length, |stretch| Some(y(stretch.rate?.2)));
        let lower = course.line(axis.length, |stretch| Some(y(stretch.rate?.1)));
        plot.area("ea", &upper, &lower);
    } else {
        let floor: Vec<Point> = mean.iter().map(|(x, _)| (*x, height)).collect();
        plot.area("ea", &mean, &floor);
    }
    plot.line("pa thin", &mean);
    let mut told = format!(
        "Responses per second over {:.0} s: lowest {}, highest {}.",
        axis.length,
        per_second(lowest),
        per_second(highest)
    );
    if let (Some(first), Some(last)) = (asked.first(), asked.last()) {
        let line = |(at, rate): &(f64, f64)| ((at / axis.length).min(1.0), y(*rate));
        let points: Vec<Point> = asked.iter().map(line).collect();
        plot.line("asked", &points);
        plot.end(y(last.1), "", "asked");
        let rates = match asked {
            [_, _] if first.1.to_bits() == last.1.to_bits() => per_second(first.1),
            _ => format!(
                "{} at first, {} at last",
                per_second(first.1),
                per_second(last.1)
            ),
        };
        told.push_str(&format!(" Asked rate {rates}."));
    }
    Part::Figure {
        title: "Throughput",
        unit: format!("responses/s, {}", each(course)),
        drawing: plot.finish(&told),
    }
}

fn latency(course: &Course, axis: &Axis, limit: Option<f64>, is_last: bool) -> Part {
    let height = 170.0;
    let spreads = |of: fn(&Stretch) -> Option<Spread>| course.stretches.iter().filter_map(of);
    let p50 = |stretch: &Stretch| stretch.p50;
    let tail = |stretch: &Stretch| stretch.tail;
    let maxima = || course.stretches.iter().filter_map(|stretch| stretch.max);
    let highest = maxima().fold(0.0, f64::max);
    let limit = limit.filter(|limit| *limit < 30.0 * highest);
    let lowest = spreads(p50)
        .map(|spread| spread.low)
        .chain(maxima())
        .fold(f64::MAX, f64::min);
    let scale = Scale::of_times(lowest, highest.max(limit.unwrap_or(0.0)), 4);
    let mut plot = Plot::new("latency-over-time", "", "Latency over time", height);
    axis.frame(&mut plot, is_last);
    plot.vertical(&scale, |value| scale.name(value));
    let y = |value: f64| scale.y(value, height);
    let line = |of: &dyn Fn(&Stretch) -> Option<f64>| {
        course.line(axis.length, |stretch| Some(y(of(stretch)?)))
    };
    if course.width > 1 {
        plot.area(
            "ea",
            &line(&|stretch| Some(tail(stretch)?.high)),
            &line(&|stretch| Some(tail(stretch)?.low)),
        );
    }
    let ends = [
        (
            "pm",
            "fm",
            Some("p50"),
            line(&|stretch| Some(p50(stretch)?.middle)),
        ),
        (
            "pa",
            "fa",
            course.tail.map(Percentile::name),
            line(&|stretch| Some(tail(stretch)?.middle)),
        ),
    ];
    for (path, text, name, points) in ends {
        plot.line(path, &points);
        if let (Some(name), Some(end)) = (name, points.last()) {
            plot.end(end.1, text, name);
        }
    }
    let dots = line(&|stretch| stretch.max);
    if dots.len() > MOST_DOTS {
        plot.line("px", &dots);
    } else {
        for dot in &dots {
            plot.dot("fb", *dot, 2.0);
        }
    }
    if let Some(end) = dots.last() {
        plot.end(end.1, "fb", "max");
    }
    if let Some(limit) = limit {
        plot.level("slo", y(limit));
        plot.end(y(limit), "fx", "limit");
    }
    let mut told = Vec::new();
    for (name, of) in [
        ("p50", &p50 as &dyn Fn(&Stretch) -> Option<Spread>),
        ("tail", &tail),
    ] {
        let name = match (name, course.tail) {
            ("tail", Some(tail)) => tail.name(),
            ("tail", None) => continue,
            (name, _) => name,
        };
        let all: Vec<Spread> = course.stretches.iter().filter_map(of).collect();
        let low = all.iter().map(|spread| spread.low).fold(f64::MAX, f64::min);
        let high = all.iter().map(|spread| spread.high).fold(0.0, f64::max);
        if !all.is_empty() {
            let [low, high] = [low, high].map(number::milliseconds);
            told.push(format!("{name} {low} to {high}"));
        }
    }
    told.push(format!("maximum {}", number::milliseconds(highest)));
    Part::Figure {
        title: "Latency",
        unit: if scale.logarithmic {
            format!("ms (log scale), {}", each(course))
        } else {
            format!("ms, {}", each(course))
        },
        drawing: plot.finish(&format!(
            "Lowest and highest over the run: {}.",
            told.join("; ")
        )),
    }
}

fn errors(course: &Course, axis: &Axis) -> Part {
    let height = 34.0;
    let highest = course
        .stretches
        .iter()
        .map(|stretch| stretch.errors)
        .max()
        .unwrap_or(0);
    let scale = Scale::linear(highest as f64, 1);
    let mut plot = Plot::new("errors", "", "Errors over time", height);
    axis.frame(&mut plot, true);
    if let Some(top) = scale.ticks.last() {
        plot.row(scale.y(*top, height), &scale.name(*top));
    }
    let with = || course.stretches.iter().filter(|stretch| stretch.errors > 0);
    let bars: Vec<(f64, f64, f64)> = with()
        .map(|stretch| {
            let (from, to) = (stretch.from / axis.length, stretch.to / axis.length);
            (
                from,
                to - (to - from) * 0.1,
                scale.y(stretch.errors as f64, height),
            )
        })
        .collect();
    plot.bars("fx", &bars);
    let all: u64 = with().map(|stretch| stretch.errors).sum();
    let told = format!(
        "{} in {} of {} intervals; highest {}.",
        counted(all, "error"),
        count(with().count() as u64),
        count(course.stretches.len() as u64),
        count(highest)
    );
    Part::Figure {
        title: "Errors",
        unit: match course.width {
            1 => "per second".to_owned(),
            width => format!("per {width} s"),
        },
        drawing: plot.finish(&told),
    }
}

/// The baseline and this run, figure by figure.
fn overlays(parts: &mut Vec<Part>, courses: (&Course, &Course), axis: &Axis, errors: bool) {
    let (before, now) = courses;
    let end = |course: &Course| course.stretches.last().map_or(0.0, |stretch| stretch.to);
    let axis = &Axis {
        length: axis.length.max(end(before)),
        ended: axis.ended,
        pauses: axis.pauses.clone(),
    };
    type Figure = fn(&Stretch) -> Option<f64>;
    let tail = (before.tail == now.tail).then_some(now.tail).flatten();
    let mut charts: Vec<(&'static str, &'static str, String, Figure)> = vec![(
        "throughput",
        "Throughput",
        format!("responses/s, {}", each(now)),
        |stretch| Some(stretch.rate?.0),
    )];
    if before.has_latency() && now.has_latency() {
        charts.push(("median", "p50", format!("ms, {}", each(now)), |stretch| {
            Some(stretch.p50?.middle)
        }));
        if let Some(tail) = tail {
            charts.push((
                "tail",
                tail.name(),
                format!("ms, {}", each(now)),
                |stretch| Some(stretch.tail?.middle),
            ));
        }
    }
    let last = charts.len() - 1;
    for (index, (id, title, unit, figure)) in charts.into_iter().enumerate() {
        let height = 110.0;
        let values =
            |course: &Course| -> Vec<f64> { course.stretches.iter().filter_map(figure).collect() };
        let both = [values(before), values(now)];
        let all = || both.iter().flatten().copied();
        let highest = all().fold(0.0, f64::max);
        let scale = if index == 0 {
            Scale::linear(highest, 3)
        } else {
            Scale::of_times(all().fold(f64::MAX, f64::min), highest, 3)
        };
        let mut plot = Plot::new(id, "", title, height);
        axis.frame(&mut plot, index == last && !errors);
        plot.vertical(&scale, |value| scale.name(value));
        for (course, line, text, name) in
            [(before, "pa", "fa", "baseline"), (now, "pb", "fb", "now")]
        {
            let points = course.line(axis.length, |stretch| {
                Some(scale.y(figure(stretch)?, height))
            });
            plot.line(line, &points);
            if let Some(end) = points.last() {
                plot.end(end.1, text, name);
            }
        }
        let told = |values: &[f64]| {
            let low = values.iter().copied().fold(f64::MAX, f64::min);
            let high = values.iter().copied().fold(0.0, f64::max);
            format!("{} to {}", digits(low), digits(high))
        };
        let [before, now] = &both;
        let description = format!("Baseline {}, now {}.", told(before), told(now));
        parts.push(Part::Figure {
            title,
            unit: if scale.logarithmic {
                format!("{unit} (log scale)")
            } else {
                unit
            },
            drawing: plot.finish(&description),
        });
    }
}

fn table(course: &Course) -> Part {
    let tail = course.tail.unwrap_or(Percentile::P99);
    let head = format!(">{}, ms", tail.name());
    let mut table = Table::new(&[
        "time, s",
        ">responses",
        ">errors",
        ">p50, ms",
        &head,
        ">max, ms",
    ]);
    let mut caption = format!(
        "p50 needs {FOR_MEDIAN} samples in a second, {} needs {}.",
        tail.name(),
        count(tail.needs())
    );
    if course.width > 1 {
        caption.push_str(" Percentiles are those of the middle second of each stretch.");
    }
    table.caption = Some(Html::text(&caption));
    for stretch in &course.stretches {
        let place = |seconds: f64| {
            if seconds.fract() == 0.0 {
                count(seconds as u64)
            } else {
                format!("{seconds:.1}")
            }
        };
        table.row([
            Cell::text(&format!("{}–{}", place(stretch.from), place(stretch.to))),
            Cell::number(count(stretch.completed)),
            Cell::number(count(stretch.errors)),
            time_cell(stretch.p50.map(|spread| spread.middle)),
            time_cell(stretch.tail.map(|spread| spread.middle)),
            time_cell(stretch.max),
        ]);
    }
    Part::Details {
        summary: format!(
            "Table: the same values, {}",
            counted(table.rows.len() as u64, "row")
        ),
        parts: vec![Part::Table(table)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(completed: u64) -> Second {
        Second {
            completed,
            p50: Some(2_000_000),
            p99: Some(9_000_000),
            max: Some(completed * 1_000),
            ..Second::default()
        }
    }

    #[test]
    fn an_hour_is_drawn_in_stretches_that_keep_their_extremes() {
        let mut series = vec![second(1_000); 3_600];
        series[1_800] = second(20);
        let course = Course::of(&series, 3_600.0, MOST_STRETCHES);
        assert_eq!((course.width, course.stretches.len()), (10, 360));
        let (mean, low, high) = course.stretches[180].rate.expect("a rate");
        assert_eq!((mean, low, high), (902.0, 20.0, 1_000.0));
        assert_eq!(course.tail, Some(Percentile::P99));
        assert_eq!(Course::of(&series, 3_600.0, MOST_ROWS).stretches.len(), 60);
    }

    #[test]
    fn the_last_part_of_a_second_counts_by_its_length() {
        let series = [second(1_000), second(500)];
        let course = Course::of(&series, 1.5, MOST_STRETCHES);
        assert_eq!(course.stretches[1].rate, Some((1_000.0, 1_000.0, 1_000.0)));
        assert_eq!(Course::of(&series, 1.1, 400).stretches[1].rate, None);
        assert_eq!(Course::of(&series, 1.0, 400).stretches.len(), 1);
    }
}
