//! What the operations of a description answered one by one, and what was asked of the database.

use std::io::{self, Write};

use super::{View, labelled, sign, wrap};
use crate::loadtest::assessment::{Assessment, MeasuredAside};
use crate::report::wording::loadtest::Mood;
use crate::report::wording::survey as wording;
use crate::terminal::{BOLD, DIM};
use crate::text::number::{count, counted, decimal};
use crate::text::printable::{STATEMENT, cut, one_line, visible};
use crate::traffic::{OperationQueries, Standing, Survey, Surveyed};

/// Operations that are shown without `-v` when there is nothing to say about them.
const SHOWN: usize = 20;
/// Faults of the load that are shown without `-v`.
const FAULTS: usize = 5;
/// Statements that are shown of a load.
const STATEMENTS: usize = 5;
/// Characters of a name, and of what a document says to a rule.
const NAME: usize = 60;
const REASON: usize = 400;

pub(super) fn write(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    if let Some(aside) = assessment.aside() {
        writeln!(out)?;
        labelled(out, "invalid", &wording::aside(aside), view)?;
        apart(out, aside, view)?;
    }
    if let Some(survey) = &assessment.survey {
        if assessment.unloaded.is_none() {
            writeln!(out)?;
        }
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
            statements(out, &database.load, STATEMENTS)?;
        }
    }
    Ok(())
}

/// The faults that were not refused each time.
fn apart(out: &mut dyn Write, aside: &MeasuredAside, view: &View) -> io::Result<()> {
    let wrong = aside.not_refused();
    let shown = if view.verbose { wrong.len() } else { FAULTS };
    for (fault, tally) in wrong.iter().take(shown) {
        let (name, breaks) = (name(&fault.request), one_line(&fault.breaks, REASON));
        let text = format!("{name} {}: {breaks}", wording::answers(&tally.statuses));
        hanging(out, &text, view)?;
    }
    if wrong.len() > shown {
        let more = count((wrong.len() - shown) as u64);
        writeln!(out, "    and {more} more that were not refused (-v)")?;
    }
    Ok(())
}

fn survey_of(out: &mut dyn Write, survey: &Survey, view: &View) -> io::Result<()> {
    let title = [survey.title.as_str(), survey.version.as_str()].join(" ");
    labelled(
        out,
        "checked",
        &format!(
            "{} of {} ({}), one by one before the load{}{}",
            counted(survey.operations.len(), "operation"),
            survey.document,
            title.trim(),
            wording::refused(survey).map_or(String::new(), |text| format!("; {text}")),
            match survey.left_out.len() {
                0 => String::new(),
                left => format!("; {} left out", count(left as u64)),
            }
        ),
        view,
    )?;
    let names = survey.operations.iter();
    let widths = names.map(|operation| name(&operation.name).chars().count());
    let width = widths.max().unwrap_or(0).min(32);
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
            name(&operation.name),
            wording::operation(operation)
        )?;
        if let Some(ids) = &operation.ids {
            let text = one_line(&wording::ids(ids), REASON);
            for line in wrap(&text, view.width.saturating_sub(8)) {
                writeln!(out, "        {DIM}{line}{DIM:#}")?;
            }
        }
        if let Some(queries) = operation.queries.as_ref().filter(|_| view.verbose) {
            statements(out, queries, usize::MAX)?;
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
            let reason = one_line(&left.reason, REASON);
            hanging(out, &format!("{}: {reason}", name(&left.name)), view)?;
        }
    }
    if view.verbose {
        for operation in &survey.operations {
            for tried in &operation.invalid {
                if tried.standing != Standing::Refused {
                    let status = tried
                        .status
                        .map_or("-".to_owned(), |status| status.to_string());
                    let breaks = one_line(&tried.breaks, REASON);
                    let text = format!("{} {status}: {breaks}", name(&operation.name));
                    hanging(out, &text, view)?;
                }
            }
        }
    }
    Ok(())
}

fn name(name: &str) -> String {
    cut(&visible(name), NAME)
}

/// An entry of a list, with its further lines under the first.
fn hanging(out: &mut dyn Write, text: &str, view: &View) -> io::Result<()> {
    for (index, line) in wrap(text, view.width.saturating_sub(6)).iter().enumerate() {
        writeln!(out, "    {}{line}", if index > 0 { "  " } else { "" })?;
    }
    Ok(())
}

fn statements(out: &mut dyn Write, queries: &OperationQueries, most: usize) -> io::Result<()> {
    for statement in queries.statements.iter().take(most) {
        writeln!(
            out,
            "      {:>7} x  {}",
            decimal(queries.calls_per_request(statement), 1),
            one_line(&statement.query, STATEMENT)
        )?;
    }
    Ok(())
}
