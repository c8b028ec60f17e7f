//! The stages of a load: what each asked for, what it reached, and how long its requests took.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use super::judged::time_cell;
use crate::loadtest::assessment::Assessment;
use crate::report::wording::loadtest as wording;
use crate::text::number::{count, per_cent, per_second, seconds};

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let mut table = Table::new(&[
        "stage",
        ">length",
        ">asked, /s",
        ">reached, /s",
        ">unsent",
        ">p50, ms",
        ">p90, ms",
        ">p99, ms",
        ">max, ms",
        ">errors",
    ]);
    for (index, figures) in assessment.stages(assessment.first()?).iter().enumerate() {
        table.row([
            Cell::text(&format!("{}, from {}", index + 1, seconds(figures.start))),
            Cell::number(seconds(figures.stage.duration)),
            Cell::number(wording::stage_rate(&figures.stage)),
            Cell::number(per_second(figures.reached)),
            Cell::number(count(figures.record.unsent())),
            time_cell(figures.latency.p50),
            time_cell(figures.latency.p90),
            time_cell(figures.latency.p99),
            time_cell(figures.latency.max),
            Cell::number(per_cent(figures.error_rate)),
        ]);
    }
    Some(Section {
        id: "stages",
        title: "Stages",
        parts: vec![
            Part::Note(Html::text(
                "A request belongs to the stage in which it was due, whenever its answer came.",
            )),
            table.part()?,
        ],
    })
}
