//! The stages of a load: what each asked for, what it reached, and how long its requests took.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use super::judged::times;
use crate::loadtest::assessment::Assessment;
use crate::report::wording::loadtest as wording;
use crate::text::number::{count, per_cent, per_second, seconds};

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    // A step of a search is one stage, and the search shows all of its steps.
    if assessment.capacity.is_some() {
        return None;
    }
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
        let [p50, p90, p99, max] = times(&figures.latency);
        table.row([
            Cell::text(&if figures.start.is_zero() {
                format!("{}, from the start", index + 1)
            } else {
                format!("{}, from {}", index + 1, seconds(figures.start))
            }),
            Cell::number(seconds(figures.stage.duration)),
            Cell::number(wording::stage_rate(&figures.stage)),
            Cell::number(per_second(figures.reached)),
            Cell::number(count(figures.record.unsent())),
            p50,
            p90,
            p99,
            max,
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
