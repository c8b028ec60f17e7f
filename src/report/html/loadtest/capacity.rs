//! A search for capacity: the rates that were tried, the knee, and what follows for scaling.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use super::judged::times;
use crate::loadtest::assessment::Assessment;
use crate::report::wording::capacity as wording;
use crate::text::number::{count, decimal, per_cent, per_second};

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let capacity = assessment.capacity.as_ref()?;
    let mut table = Table::new(&[
        ">asked, /s",
        ">reached, /s",
        ">unsent",
        ">p50, ms",
        ">p90, ms",
        ">p99, ms",
        ">max, ms",
        ">errors",
        ">in flight",
        "result",
    ]);
    for (index, step) in capacity.steps.iter().enumerate() {
        let asked = per_second(step.asked);
        let [p50, p90, p99, max] = times(&step.latency);
        table.row([
            if capacity.held == Some(index) {
                Cell::strong(asked)
            } else {
                Cell::number(asked)
            },
            Cell::number(per_second(step.reached)),
            Cell::number(count(step.unsent)),
            p50,
            p90,
            p99,
            max,
            Cell::number(per_cent(step.error_rate)),
            Cell::number(decimal(step.in_flight, 1)),
            Cell::text(&wording::remark(capacity, index)),
        ]);
    }
    let shown = assessment.load.rate.map(|rate| {
        format!(
            "Everything below is the step at {}/s{}.",
            per_second(rate),
            if capacity.held.is_some() {
                ", the highest that held"
            } else {
                ""
            }
        )
    });
    let knee = wording::knee(capacity).map(|knee| format!("Knee: {knee}"));
    let limit = wording::limit(capacity, assessment).map(|limit| format!("Limit: {limit}"));
    let scaling = capacity.scaling.as_ref().zip(capacity.highest());
    let scaling = scaling.map(|(scaling, highest)| wording::scaling(scaling, highest));
    let notes = [knee, limit, scaling, shown].into_iter().flatten();
    let notes = notes.map(|text| Part::Note(Html::sentence(&text)));
    Some(Section {
        id: "capacity",
        title: "Capacity",
        parts: table.part().into_iter().chain(notes).collect(),
    })
}
