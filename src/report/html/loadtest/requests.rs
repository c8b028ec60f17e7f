//! The requests of a list or of a description, each with its own figures.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use super::judged::time_cell;
use crate::loadtest::assessment::{Assessment, Measured};
use crate::report::wording::survey as wording;
use crate::text::number::{per_cent, per_second};

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let names = assessment.results.len() > 1;
    let parts: Vec<Part> = ["A", "B"]
        .into_iter()
        .zip(&assessment.results)
        .filter_map(|(name, result)| {
            let mut table = Table::new(&[
                "request", ">weight", ">req/s", ">p50, ms", ">p95, ms", ">p99, ms", ">max, ms",
                ">errors", "answers",
            ]);
            table.caption = names.then(|| caption(name, result));
            let all: u32 = result.parts.iter().map(|part| part.named.weight).sum();
            for part in &result.parts {
                let answers = wording::by_status(&part.part.statuses);
                let weight = f64::from(part.named.weight) / f64::from(all.max(1));
                table.row([
                    Cell::html(Html::foreign(&part.named.name)),
                    Cell::number(per_cent(weight)),
                    Cell::number(per_second(part.requests_per_second)),
                    time_cell(part.latency.p50),
                    time_cell(part.latency.p95),
                    time_cell(part.latency.p99),
                    time_cell(part.latency.max),
                    Cell::number(per_cent(part.error_rate())),
                    Cell::text(&answers.join(", ")),
                ]);
            }
            table.part()
        })
        .collect();
    if parts.is_empty() {
        return None;
    }
    let note = Html::text("Drawn by weight for every request; each row is judged by itself.");
    Some(Section {
        id: "requests",
        title: "Requests",
        parts: [Part::Note(note)].into_iter().chain(parts).collect(),
    })
}

/// Whose requests they are, where there are two lists.
fn caption(name: &str, result: &Measured) -> Html {
    Html::ours(format!(
        "<span class=\"c{}\">{name}</span> {}",
        name.to_ascii_lowercase(),
        Html::foreign(&result.endpoint.url)
    ))
}
