//! A migration that was run, in Markdown.

use std::io::{self, Write};

use super::super::{code_cell, prose};
use crate::migrate::execution::{Execution, State};
use crate::migrate::script::Script;

/// `heading` is the verdict in the words of the human report.
pub fn write(
    out: &mut dyn Write,
    execution: &Execution,
    script: &Script,
    heading: &str,
    notes: &[String],
) -> io::Result<()> {
    writeln!(out, "## {}\n", prose(heading))?;
    for note in notes {
        writeln!(out, "{}\n", prose(note))?;
    }
    writeln!(
        out,
        "| # | statement | state | seconds |\n|--:|---|---|--:|"
    )?;
    for step in &execution.steps {
        let state = match step.state {
            State::AppliedBefore => "applied before",
            State::Applied => "applied",
            State::RolledBack => "rolled back",
            State::Failed => "**failed**",
            State::Cancelled => "cancelled",
            State::InDoubt => "**in doubt**",
            State::NotNeeded => "not needed",
            State::NotRun => "not run",
        };
        writeln!(
            out,
            "| {} | {} | {state} | {:.3} |",
            step.number,
            code_cell(&step.statement.summary(&script.source.text)),
            step.seconds
        )?;
    }
    Ok(())
}
