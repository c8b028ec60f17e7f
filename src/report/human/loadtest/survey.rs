//! What the operations of a description answered one by one, and what was asked of the database.

use std::io::{self, Write};

use super::{View, labelled, sign};
use crate::loadtest::assessment::Assessment;
use crate::report::wording::loadtest::Mood;
use crate::report::wording::survey as wording;
use crate::terminal::BOLD;
use crate::text::number::{count, counted, decimal};
use crate::traffic::{OperationQueries, Standing, Survey, Surveyed, one_line};

/// Operations that are shown without `-v` when there is nothing to say about them.
const SHOWN: usize = 20;
/// Statements that are shown of a load.
const STATEMENTS: usize = 5;

pub(super) fn write(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    if let Some(survey) = &assessment.survey {
        survey_of(out, survey, view)?;
    }
    if let Some(database) = &assessment.database {
        let text = format!(
            "{} queries a request of the load ({} on {}, PostgreSQL {})",
            decimal(database.load.per_request(), 1),
            counted(database.load.requests, "request"),
            database.url,
            database.version
        );
        writeln!(out)?;
        labelled(out, "database", &text, view)?;
        if assessment.survey.is_none() || view.verbose {
            statements(out, &database.load, STATEMENTS, view)?;
        }
    }
    Ok(())
}

fn survey_of(out: &mut dyn Write, survey: &Survey, view: &View) -> io::Result<()> {
    writeln!(out)?;
    let title = [survey.title.as_str(), survey.version.as_str()].join(" ");
    labelled(
        out,
        "checked",
        &format!(
            "{} of {} ({}), one by one before the load{}{}",
            counted(survey.operations.len(), "operation"),
            survey.document,
            title.trim(),
            refused(survey),
            match survey.left_out.len() {
                0 => String::new(),
                left => format!("; {} left out", count(left as u64)),
            }
        ),
        view,
    )?;
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0).min(32);
    let width = widest(
        &mut survey
            .operations
            .iter()
            .map(|operation| operation.name.chars().count()),
    );
    let quiet = |operation: &&Surveyed| operation.objections.is_empty();
    let hide = !view.verbose && survey.operations.len() > SHOWN;
    let hidden = survey.operations.iter().filter(quiet).count();
    for operation in &survey.operations {
        if hide && quiet(&operation) {
            continue;
        }
        let mood = if operation.objections.is_empty() {
            Mood::Holds
        } else {
            Mood::Fails
        };
        writeln!(
            out,
            "    {} {:<width$}  {}",
            sign(mood, view.symbols),
            operation.name,
            wording::operation(operation)
        )?;
        if let Some(queries) = operation.queries.as_ref().filter(|_| view.verbose) {
            statements(out, queries, usize::MAX, view)?;
        }
    }
    if hide && hidden > 0 {
        writeln!(
            out,
            "    {} more without objection (-v)",
            count(hidden as u64)
        )?;
    }
    if !survey.left_out.is_empty() {
        writeln!(out, "  {BOLD}left out{BOLD:#}")?;
        for left in &survey.left_out {
            writeln!(out, "    {}: {}", left.name, left.reason)?;
        }
    }
    if view.verbose {
        for operation in &survey.operations {
            for tried in &operation.invalid {
                if tried.standing != Standing::Refused {
                    let status = tried
                        .status
                        .map_or("-".to_owned(), |status| status.to_string());
                    writeln!(out, "    {} {status}: {}", operation.name, tried.breaks)?;
                }
            }
        }
    }
    Ok(())
}

/// `; 132 of 132 invalid requests refused`.
fn refused(survey: &Survey) -> String {
    let operations = || survey.operations.iter();
    let all: usize = operations().map(|operation| operation.invalid.len()).sum();
    let refused: usize = operations()
        .map(|operation| operation.with(Standing::Refused))
        .sum();
    if all == 0 {
        return String::new();
    }
    format!(
        "; {} of {} refused",
        count(refused as u64),
        counted(all, "invalid request")
    )
}

fn statements(
    out: &mut dyn Write,
    queries: &OperationQueries,
    most: usize,
    _view: &View,
) -> io::Result<()> {
    for statement in queries.statements.iter().take(most) {
        writeln!(
            out,
            "      {:>7} x  {}",
            decimal(queries.calls_per_request(statement), 1),
            one_line(&statement.query)
        )?;
    }
    Ok(())
}
