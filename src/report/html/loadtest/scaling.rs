//! What the run says about scaling: one sentence, the arithmetic behind it, what would change it.

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::text::Html;
use crate::loadtest::advice::{self, Scaling};
use crate::loadtest::assessment::{Assessment, Verdict};
use crate::report::wording::loadtest as wording;
use crate::text::number::{self, count, decimal, per_cent, per_second};

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let (id, title) = ("scaling", "Scaling recommendation");
    if assessment.is_silent() || assessment.verdict == Verdict::NoSuccess {
        return Some(Section {
            id,
            title,
            parts: vec![Part::Note(Html::text(
                "None: a run without one good answer says nothing about capacity.",
            ))],
        });
    }
    if let Some(text) = wording::spoiled(assessment) {
        return Some(Section {
            id,
            title,
            parts: vec![Part::Note(Html::sentence(&text))],
        });
    }
    let scaling = advice::scaling(assessment)?;
    let result = assessment.first()?;
    let stalls = match assessment.load.slowest_rate() {
        Some(rate) => advice::stalls(result, rate).len(),
        None => 0,
    };
    let (lead, changes) = match (assessment.load.rate, stalls) {
        (None, _) => closed(assessment, &scaling),
        (Some(_), 0) => open(assessment, &scaling),
        (Some(_), _) => stalled(assessment),
    };
    let items = changes.iter().map(|text| Html::sentence(text)).collect();
    Some(Section {
        id,
        title,
        parts: vec![
            Part::Lead(Html::sentence(&lead)),
            Part::Table(arithmetic(assessment, &scaling)),
            Part::List(items),
        ],
    })
}

fn closed(assessment: &Assessment, scaling: &Scaling) -> (String, Vec<String>) {
    let connections = count(assessment.load.own_connections() as u64);
    let lead = format!(
        "If {}/s is the service's limit, twice the load takes twice the instances and about {} connections in front of them.",
        per_second(scaling.requests_per_second),
        decimal(scaling.in_flight_doubled, 0)
    );
    let changes = vec![
        format!(
            "Whether it is the limit, one level of concurrency cannot tell: it is if twice the `--concurrency` that \
             brings no more than {}/s shows it.",
            per_second(scaling.requests_per_second)
        ),
        format!(
            "A closed loop asks less when the server is slow: these are service times with {connections} \
             requests in flight. For the latency at a load that does not wait, add `--rate {}`.",
            scaling.suggested_rate
        ),
    ];
    (lead, changes)
}

fn open(assessment: &Assessment, scaling: &Scaling) -> (String, Vec<String>) {
    let asked = assessment.load.rate.unwrap_or_default();
    let held = scaling.requests_per_second >= 0.98 * asked;
    let lead = if held {
        format!(
            "{}/s was carried with {} requests in flight on average.",
            per_second(asked),
            in_flight(scaling.in_flight)
        )
    } else {
        format!(
            "{}/s was not carried: {}/s were answered. Either ask less or scale by {}.",
            per_second(asked),
            per_second(scaling.requests_per_second),
            decimal(asked / scaling.requests_per_second.max(0.001), 2)
        )
    };
    let mut changes = vec![format!(
        "At twice the rate and the same latency about {} requests are in flight: pools and worker limits \
         below that make them wait.",
        in_flight(scaling.in_flight_doubled)
    )];
    changes.push(if held {
        "This rate says nothing of the limit: a higher `--rate` at which latency climbs shows it."
            .to_owned()
    } else {
        format!(
            "A run at `--rate {}` shows the latency below the limit.",
            scaling.suggested_rate
        )
    });
    (lead, changes)
}

fn stalled(assessment: &Assessment) -> (String, Vec<String>) {
    let period = assessment
        .first()
        .zip(assessment.load.slowest_rate())
        .and_then(|(first, rate)| advice::period(&advice::stalls(first, rate)));
    let mut changes = Vec::new();
    if let Some(period) = period {
        changes.push(format!(
            "A pause that returns every {:.1} s points at one place: a collector run, a CPU quota \
             (`cpu.max`), a lock of a periodic job, a checkpoint. Compare its times with the server's own log.",
            period.as_secs_f64()
        ));
    }
    changes.push(
        "More instances shorten the time in which a backlog drains, and not the pause itself."
            .to_owned(),
    );
    (
        "Do not add instances before the pauses are explained: they make the tail, not the load."
            .to_owned(),
        changes,
    )
}

/// Whole requests where there are many, decimals where there are few.
fn in_flight(value: f64) -> String {
    decimal(value, usize::from(value < 99.5))
}

fn arithmetic(assessment: &Assessment, scaling: &Scaling) -> Table {
    let mut table = Table::new(&["quantity", "arithmetic", ">result"]).shaped(Shape::Fit);
    let rate = per_second(scaling.requests_per_second);
    let mut row = |name: &str, formula: String, result: String| {
        table.row([
            Cell::text(name),
            Cell {
                class: "calc",
                html: Html::text(&formula),
            },
            Cell::number(result),
        ]);
    };
    row(
        "in flight (Little’s law)",
        format!(
            "L = λ × W = {rate}/s × {}",
            number::milliseconds(scaling.mean)
        ),
        in_flight(scaling.in_flight),
    );
    let connections = assessment.load.own_connections() as f64;
    row(
        "connections in use",
        format!("L ÷ {}", count(connections as u64)),
        per_cent((scaling.in_flight / connections.max(1.0)).min(1.0)),
    );
    match assessment.load.rate {
        Some(asked) => row(
            "reached of the asked rate",
            format!("{rate} ÷ {}", per_second(asked)),
            per_cent((scaling.requests_per_second / asked.max(0.001)).min(1.0)),
        ),
        None => row(
            "rate for an open loop",
            format!("0.8 × {rate}, rounded down"),
            format!("{}/s", count(scaling.suggested_rate)),
        ),
    }
    row(
        "in flight at twice the rate, same latency",
        match assessment.load.rate {
            Some(_) => format!("2 × {}", in_flight(scaling.in_flight)),
            None => format!("2 × {} connections", count(connections as u64)),
        },
        in_flight(scaling.in_flight_doubled),
    );
    table
}
