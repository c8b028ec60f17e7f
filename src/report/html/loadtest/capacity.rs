//! A search for capacity: the rates that were tried, the knee, and what follows for scaling.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use super::judged::time_cell;
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
        table.row([
            if capacity.held == Some(index) {
                Cell::strong(asked)
            } else {
                Cell::number(asked)
            },
            Cell::number(per_second(step.reached)),
            Cell::number(count(step.unsent)),
            time_cell(step.latency.p50),
            time_cell(step.latency.p90),
            time_cell(step.latency.p99),
            time_cell(step.latency.max),
            Cell::number(per_cent(step.error_rate)),
            Cell::number(decimal(step.in_flight, 1)),
            Cell::text(&wording::remark(capacity, index)),
        ]);
    }
    let knee = wording::knee(capacity).map(|knee| format!("Knee: {knee}"));
    let limit = wording::limit(capacity, assessment).map(|limit| format!("Limit: {limit}"));
    let scaling = capacity.scaling.as_ref().zip(capacity.highest());
    let scaling = scaling.map(|(scaling, highest)| wording::scaling(scaling, highest));
    let notes = [knee, limit, scaling].into_iter().flatten();
    let notes = notes.map(|text| Part::Note(Html::sentence(&text)));
    Some(Section {
        id: "capacity",
        title: "Capacity",
        parts: table.part().into_iter().chain(notes).collect(),
    })
}
