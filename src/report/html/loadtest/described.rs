//! The operations of a description, asked one by one: what each answered, what is wrong with that, the
//! invalid requests that were not refused, and what was not asked at all.

use super::super::capitalised;
use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::text::Html;
use crate::loadtest::assessment::Assessment;
use crate::report::wording::survey as wording;
use crate::text::number::{counted, decimal};
use crate::traffic::{Standing, Survey, Surveyed, Tried};

/// Rows of a table: a page stays one that can be sent around. Operations that object come first then.
const ROWS: usize = 60;

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let survey = assessment.survey.as_ref()?;
    let mut parts = vec![Part::Note(Html::told(&about(survey)))];
    parts.extend(operations(survey));
    parts.extend(apart(assessment));
    parts.extend(not_refused(survey));
    parts.extend(left_out(survey));
    Some(Section {
        id: "description",
        title: "Description",
        parts,
    })
}

fn about(survey: &Survey) -> String {
    let mut text = format!(
        "{} {} ({}): {}, each asked by itself before the load, with seed {}.",
        survey.title,
        survey.version,
        survey.document,
        counted(survey.operations.len(), "operation"),
        survey.seed
    );
    if let Some(invalid) = wording::refused(survey) {
        text += &format!(" {invalid}.");
    }
    text
}

fn operations(survey: &Survey) -> Vec<Part> {
    let queried = survey.operations.iter().any(|one| one.queries.is_some());
    let mut heads = vec!["operation", "verdict", "answers", "invalid requests"];
    if queried {
        heads.push(">queries a request");
    }
    let mut table = Table::new(&heads).shaped(Shape::Stack);
    let mut all: Vec<&Surveyed> = survey.operations.iter().collect();
    let hidden = all.len().saturating_sub(ROWS);
    if hidden > 0 {
        all.sort_by_key(|operation| operation.objections.is_empty());
    }
    for operation in all.into_iter().take(ROWS) {
        let mut row = vec![
            Cell::html(name(operation)),
            if operation.objections.is_empty() {
                Cell::state("ok", "ok", "holds")
            } else {
                Cell::state("bad", "bad", "fails")
            },
            Cell::text(&answers(operation)),
            Cell::text(&match operation.invalid.as_slice() {
                [] => "—".to_owned(),
                _ => wording::invalid(operation),
            }),
        ];
        if queried {
            let queries = operation.queries.as_ref();
            row.push(Cell::number(queries.map_or("—".to_owned(), |queries| {
                decimal(queries.per_request(), 1)
            })));
        }
        table.row(row);
    }
    let mut parts: Vec<Part> = table.part().into_iter().collect();
    parts.extend(more(hidden, "operation", "without an objection"));
    parts
}

/// The name, and under it what is wrong beyond doubt.
fn name(operation: &Surveyed) -> Html {
    let mut markup = format!("<b>{}</b>", Html::foreign(&operation.name));
    let path = format!(
        "{} {}",
        operation.method.to_ascii_uppercase(),
        operation.path
    );
    if operation.name != path {
        markup += &format!(" <span class=\"mut\">{}</span>", Html::foreign(&path));
    }
    if let Some(ids) = &operation.ids {
        let text = Html::told(&wording::ids(ids));
        markup += &format!("<br><span class=\"mut\">{text}</span>");
    }
    for objection in &operation.objections {
        markup += &format!("<br>{}", Html::told(objection));
    }
    Html::ours(markup)
}

fn answers(operation: &Surveyed) -> String {
    let mut texts = wording::by_status(&operation.valid);
    if !operation.failures.is_empty() {
        texts.push(format!("no answer: {}", operation.failures.len()));
    }
    texts.join(", ")
}

/// The requests of the load that broke a rule, and those of them that were not refused.
fn apart(assessment: &Assessment) -> Vec<Part> {
    let Some(aside) = assessment.aside() else {
        return Vec::new();
    };
    let mut parts = vec![
        Part::Heading(Html::text("Invalid requests within the load")),
        Part::Note(Html::text(&format!(
            "{}.",
            capitalised(&wording::aside(aside))
        ))),
    ];
    let wrong = aside.not_refused();
    let mut table =
        Table::new(&["operation", "what it breaks", "place", "answers"]).shaped(Shape::Stack);
    for (fault, tally) in wrong.iter().take(ROWS) {
        table.row([
            Cell::html(Html::foreign(&fault.request)),
            Cell::html(Html::told(&fault.breaks)),
            Cell::html(place(&fault.pointer)),
            Cell::text(&wording::by_status(&tally.statuses).join(", ")),
        ]);
    }
    parts.extend(table.part());
    parts.extend(more(
        wrong.len().saturating_sub(ROWS),
        "fault",
        "that were not refused",
    ));
    parts
}

/// The requests that break a rule and were not refused.
fn not_refused(survey: &Survey) -> Vec<Part> {
    let mut table = Table::new(&["operation", "outcome", "what it breaks", "place", ">status"])
        .shaped(Shape::Stack);
    let all: Vec<(&Surveyed, &Tried)> = survey
        .operations
        .iter()
        .flat_map(|operation| {
            operation
                .invalid
                .iter()
                .map(move |tried| (operation, tried))
        })
        .filter(|(_, tried)| tried.standing != Standing::Refused)
        .collect();
    for (operation, tried) in all.iter().take(ROWS) {
        table.row([
            Cell::html(Html::foreign(&operation.name)),
            outcome(tried),
            Cell::html(Html::told(&tried.breaks)),
            Cell::html(place(&tried.pointer)),
            Cell::number(
                tried
                    .status
                    .map_or("—".to_owned(), |status| status.to_string()),
            ),
        ]);
    }
    let Some(table) = table.part() else {
        return Vec::new();
    };
    let heading = Html::text("Invalid requests that were not refused");
    let mut parts = vec![Part::Heading(heading), table];
    parts.extend(more(
        all.len().saturating_sub(ROWS),
        "request",
        "that were not refused",
    ));
    parts
}

fn outcome(tried: &Tried) -> Cell {
    let (icon, colour, word) = match tried.standing {
        Standing::Refused => ("ok", "ok", "refused"),
        // Formats, and the type of the content, which many servers take for remarks.
        Standing::Accepted if tried.lenient => ("warn", "warn", "accepted"),
        Standing::Accepted => ("bad", "bad", "accepted"),
        Standing::Broke => ("bad", "bad", "answered 5xx"),
        Standing::Unknown => ("q", "mut", "not settled"),
    };
    Cell::state(icon, colour, word)
}

fn left_out(survey: &Survey) -> Vec<Part> {
    let mut table = Table::new(&["left out", "why", "place"]).shaped(Shape::Stack);
    for left in survey.left_out.iter().take(ROWS) {
        table.row([
            Cell::html(Html::foreign(&left.name)),
            Cell::html(Html::told(&left.reason)),
            Cell::html(place(&left.pointer)),
        ]);
    }
    let Some(table) = table.part() else {
        return Vec::new();
    };
    let hidden = survey.left_out.len().saturating_sub(ROWS);
    let mut parts = vec![
        Part::Heading(Html::text("Operations that were left out")),
        table,
    ];
    parts.extend(more(hidden, "operation", "that were left out"));
    parts
}

/// A JSON pointer, which may be broken anywhere.
pub(super) fn place(pointer: &str) -> Html {
    Html::ours(format!(
        "<code class=\"any\">{}</code>",
        Html::foreign(pointer)
    ))
}

fn more(hidden: usize, what: &str, which: &str) -> Option<Part> {
    (hidden > 0).then(|| {
        let text = format!(
            "And {} more {which}, in the JSON document of the run.",
            counted(hidden, what)
        );
        Part::Note(Html::text(&text))
    })
}
