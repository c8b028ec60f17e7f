//! What `--explain` adds: every segment of every input, and every point.

use std::io::{self, Write};

use super::blocks::{pick_words, wrap};
use crate::decide::Decision;
use crate::decide::constraint::{Outcome, Weight};
use crate::decide::domain::Values;
use crate::decide::evaluate::{Pick, Standing};
use crate::decide::sensitivity::{Run, nearest_team_flip};
use crate::terminal::{BOLD, RED, YELLOW};

/// Each flip in a few words: `team size >= 15: no fit`.
pub(super) fn flips(decision: &Decision<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for sensitivity in &decision.sensitivity {
        for run in sensitivity.notable_flips() {
            let label = sensitivity.input.label();
            let condition = match &run.values {
                Values::Range(range) => range.condition(),
                values => values.to_string(),
            };
            let outcome = match &run.pick {
                Pick::Stopped(_) => "stops (kill criterion)".to_owned(),
                pick => pick_words(pick),
            };
            // Ways to another profile say more than ways to none, and other answers more than none.
            let rank = match run.pick {
                _ if run.values == Values::Absent => 2,
                Pick::Recommended(_) => 0,
                _ => 1,
            };
            found.push((rank, format!("{label} {condition}: {outcome}")));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, text)| text).collect()
}

/// The table of all segments.
pub(super) fn sensitivity(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    // What fits into 100 columns beside the others.
    const LONGEST_NAME: usize = 15;
    const COLUMNS: [usize; 3] = [21, 21, 24];
    let [input, now, becomes] = COLUMNS;
    writeln!(
        out,
        "  {BOLD}sensitivity{BOLD:#}   one input at a time, at each of the thresholds that occur in the {} profiles",
        decision.profiles.len()
    )?;
    writeln!(
        out,
        "  {BOLD}{:input$}{:now$}{:becomes$}pick{BOLD:#}",
        "input", "now", "becomes"
    )?;
    for sensitivity in &decision.sensitivity {
        let value = sensitivity
            .now
            .as_ref()
            .map_or_else(|| "-".to_owned(), ToString::to_string);
        let mut names = Some((sensitivity.input.key(), value));
        // Without a required answer nothing is recommended; it need not stand in each row.
        let required = sensitivity.input.describe().required;
        let shown = |run: &&Run| !(required && run.values == Values::Absent);
        let runs: Vec<&Run> = sensitivity.runs.iter().filter(shown).collect();
        let single = runs.len() == 1;
        for run in runs {
            let (name, value) = names.take().unwrap_or_default();
            let values = match &run.values {
                Values::Choices(_) if single => "any".to_owned(),
                values => values.to_string(),
            };
            let several = matches!(&run.values, Values::Choices(choices) if choices.len() > 1);
            let pick = match &run.pick {
                Pick::NoFit { nearest }
                    if !several
                        && !nearest.is_empty()
                        && nearest.chars().count() <= LONGEST_NAME =>
                {
                    format!("{YELLOW}no fit{YELLOW:#} (nearest: {nearest})")
                }
                Pick::Stopped(_) | Pick::Refused(_) => {
                    format!("{RED}{}{RED:#}", pick_words(&run.pick))
                }
                pick if run.flips => format!("{YELLOW}{}{YELLOW:#}", pick_words(pick)),
                pick => pick_words(pick),
            };
            let mut lines = wrap(&values, becomes - 2).into_iter();
            let first = lines.next().unwrap_or_default();
            writeln!(out, "  {name:input$}{value:now$}{first:becomes$}{pick}")?;
            for line in lines {
                writeln!(out, "  {:input$}{:now$}{line}", "", "")?;
            }
        }
    }
    match nearest_team_flip(&decision.sensitivity) {
        Some(1) => writeln!(out, "\n  Nearest flip by team size: 1 person away."),
        Some(people) => writeln!(out, "\n  Nearest flip by team size: {people} people away."),
        None => Ok(()),
    }
}

/// Where the points of the pick come from.
pub(super) fn points(
    out: &mut dyn Write,
    decision: &Decision<'_>,
    standing: &Standing<'_>,
) -> io::Result<()> {
    let indent = " ".repeat(16);
    writeln!(
        out,
        "  {BOLD}why{BOLD:#}           {BOLD}points   of   {:28}constraint{BOLD:#}",
        "input"
    )?;
    for (constraint, outcome) in &standing.outcomes {
        let value = decision
            .answers
            .get(constraint.input)
            .map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let points = if *outcome == Outcome::Pass {
            constraint.points
        } else {
            0
        };
        let weight = if constraint.weight == Weight::Hard {
            " (hard)"
        } else {
            ""
        };
        let remark = match outcome {
            Outcome::Pass => String::new(),
            Outcome::Fail => format!("   {YELLOW}missed{YELLOW:#}"),
            Outcome::Unknown => format!("   {YELLOW}unknown{YELLOW:#}"),
        };
        writeln!(
            out,
            "{indent}{points:>6}  {:>3}   {:28}{}{weight}{remark}",
            constraint.points,
            format!("{} {value}", constraint.input.label()),
            constraint.test.spoken()
        )?;
    }
    Ok(())
}
