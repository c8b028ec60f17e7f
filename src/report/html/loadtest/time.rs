//! The course of a run: throughput, latency and errors second by second, drawn over one axis of time.
//! A long run is drawn in stretches of more than a second; what was lowest and highest in them stays.

mod course;

use super::super::part::{Cell, Part, Section, Table};
use super::super::plot::{Plot, Point, Scale};
use super::super::text::Html;
use super::judged::{digits, time_cell};
use super::latency::limit;
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::recording::Point as Second;
use crate::loadtest::statistics::Percentile;
use crate::text::number::{self, count, counted, per_second};
use course::{Axis, Course, FOR_MEDIAN, PAUSE, Spread, Stretch};

const MOST_STRETCHES: usize = 400;
const MOST_ROWS: usize = 60;
/// Above these many the maxima are a line and no dots.
const MOST_DOTS: usize = 120;

/// The seconds without what they count as refused, where all of that was asked for: a status that is
/// expected, a limit that is to bite.
fn accepted(result: &Measured) -> Option<Vec<Second>> {
    (result.errors == result.recording.requests.failed).then(|| {
        let seconds = result.recording.series.iter();
        seconds
            .map(|second| Second {
                refused: 0,
                ..second.clone()
            })
            .collect()
    })
}

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let result = assessment.first()?;
    let accepted = accepted(result);
    let series = accepted.as_ref().unwrap_or(&result.recording.series);
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
