//! What the load asked of the database: the statements for one request, and for each operation the
//! statement that runs most often.

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::text::Html;
use super::judged::digits;
use crate::loadtest::assessment::Assessment;
use crate::text::number::{count, counted, decimal};
use crate::text::printable::one_line;
use crate::traffic::{OperationQueries, Survey};

/// Statements of the load, and operations, that are shown.
const ROWS: usize = 20;
/// Characters of a statement.
const LONGEST: usize = 400;

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let database = assessment.database.as_ref()?;
    let load = &database.load;
    let mut parts = vec![
        Part::Lead(Html::text(&format!(
            "{} queries a request",
            decimal(load.per_request(), 1)
        ))),
        Part::Note(Html::told(&format!(
            "{} on PostgreSQL {} ({}); what others asked of the same database in this time is in it.",
            counted(load.requests, "request"),
            database.version,
            database.url
        ))),
    ];
    parts.extend(statements(load));
    parts.extend(assessment.survey.as_ref().and_then(operations));
    Some(Section {
        id: "database",
        title: "Database",
        parts,
    })
}

fn statements(load: &OperationQueries) -> Vec<Part> {
    let mut table = Table::new(&[
        ">calls a request",
        ">calls",
        ">rows a call",
        ">ms a call",
        "statement",
    ])
    .shaped(Shape::Stack);
    for statement in load.statements.iter().take(ROWS) {
        let calls = statement.calls.max(1) as f64;
        table.row([
            Cell::number(decimal(load.calls_per_request(statement), 1)),
            Cell::number(count(statement.calls)),
            Cell::number(decimal(statement.rows as f64 / calls, 1)),
            Cell::number(digits(statement.total_ms / calls)),
            Cell::code(&one_line(&statement.query, LONGEST)),
        ]);
    }
    let hidden = load.statements.len().saturating_sub(ROWS);
    let mut parts: Vec<Part> = table.part().into_iter().collect();
    if parts.is_empty() {
        parts.push(Part::Note(Html::text("Not one statement was run.")));
    }
    if hidden > 0 {
        let text = format!(
            "And {} more with fewer calls, in the JSON document of the run.",
            counted(hidden, "statement")
        );
        parts.push(Part::Note(Html::text(&text)));
    }
    parts
}

/// Most queries a request first.
fn operations(survey: &Survey) -> Option<Part> {
    let operations = survey.operations.iter();
    let mut asked: Vec<(&str, &OperationQueries)> = operations
        .filter_map(|operation| Some((operation.name.as_str(), operation.queries.as_ref()?)))
        .filter(|(_, queries)| !queries.statements.is_empty())
        .collect();
    asked.sort_by(|a, b| b.1.per_request().total_cmp(&a.1.per_request()));
    let mut table = Table::new(&[
        "operation",
        ">queries a request",
        ">most calls a request",
        "of the statement",
    ])
    .shaped(Shape::Stack);
    for (name, queries) in asked.into_iter().take(ROWS) {
        let Some(most) = queries.statements.first() else {
            continue;
        };
        table.row([
            Cell::html(Html::foreign(name)),
            Cell::number(decimal(queries.per_request(), 1)),
            Cell::number(decimal(queries.calls_per_request(most), 1)),
            Cell::code(&one_line(&most.query, LONGEST)),
        ]);
    }
    table.part()
}
