//! The operations of a description as a table, and what was asked of the database.

use std::io::{self, Write};

use crate::loadtest::assessment::{Assessment, MeasuredAside};
use crate::report::wording::survey as wording;
use crate::text::number::{count, decimal};
use crate::text::printable::{STATEMENT, one_line};

use super::{cell, code, code_cell, prose};

/// Faults of the load that are shown.
const FAULTS: usize = 20;
/// Statements that are shown of a load.
const STATEMENTS: usize = 10;

pub(super) fn write(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    if let Some(aside) = assessment.aside() {
        apart(out, aside)?;
    }
    if let Some(survey) = &assessment.survey {
        writeln!(
            out,
            "\n### {} ({})\n\n| operation | | answers | invalid requests | queries a request |\n|---|---|---|---|---:|",
            prose(format!("{} {}", survey.title, survey.version).trim()),
            code(&survey.document)
        )?;
        for operation in &survey.operations {
            let answers: Vec<String> = operation
                .valid
                .iter()
                .map(|(status, number)| format!("{status}: {}", count(*number)))
                .collect();
            let invalid = match operation.invalid.as_slice() {
                [] => "-".to_owned(),
                _ => wording::invalid(operation),
            };
            let queries = operation.queries.as_ref();
            writeln!(
                out,
                "| {} | {} | {} | {invalid} | {} |",
                code_cell(&operation.name),
                if operation.objections.is_empty() {
                    "holds"
                } else {
                    "**fails**"
                },
                if answers.is_empty() {
                    "none".to_owned()
                } else {
                    answers.join(", ")
                },
                queries.map_or("-".to_owned(), |queries| decimal(queries.per_request(), 1))
            )?;
        }
        writeln!(out)?;
        for operation in &survey.operations {
            if let Some(ids) = &operation.ids {
                let (name, text) = (code(&operation.name), prose(&wording::ids(ids)));
                writeln!(out, "- {name}: {text}")?;
            }
        }
        for left in &survey.left_out {
            let (name, reason) = (code(&left.name), prose(&left.reason));
            writeln!(out, "- left out: {name}: {reason}")?;
        }
    }
    if let Some(database) = &assessment.database {
        writeln!(
            out,
            "\n{} queries a request of the load ({})\n\n| calls a request | statement |\n|---:|---|",
            decimal(database.load.per_request(), 1),
            code(&database.url)
        )?;
        for statement in database.load.statements.iter().take(STATEMENTS) {
            writeln!(
                out,
                "| {} | {} |",
                decimal(database.load.calls_per_request(statement), 1),
                code_cell(&one_line(&statement.query, STATEMENT))
            )?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The requests of the load that broke a rule, and those of them that were not refused.
fn apart(out: &mut dyn Write, aside: &MeasuredAside) -> io::Result<()> {
    writeln!(
        out,
        "\n### Invalid requests\n\n{}",
        prose(&wording::aside(aside))
    )?;
    let wrong = aside.not_refused();
    if !wrong.is_empty() {
        writeln!(out, "\n| operation | breaks | answers |\n|---|---|---|")?;
    }
    for (fault, tally) in wrong.iter().take(FAULTS) {
        writeln!(
            out,
            "| {} | {} | {} |",
            code_cell(&fault.request),
            cell(&prose(&one_line(&fault.breaks, STATEMENT))),
            wording::answers(&tally.statuses)
        )?;
    }
    if wrong.len() > FAULTS {
        let more = count((wrong.len() - FAULTS) as u64);
        writeln!(out, "\nand {more} more that were not refused")?;
    }
    Ok(())
}
