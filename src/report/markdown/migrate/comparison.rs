//! What differs between two schemas, for a pull request.

use std::io::{self, Write};

use super::super::{cell, code, code_cell, prose};
use crate::migrate::comparison::{Comparison, Outcome};
use crate::migrate::diff::ChangeKind;
use crate::text::number::counted;

/// The verb that goes with the number of statements.
pub(in crate::report) const fn turn(comparison: &Comparison) -> &'static str {
    if comparison.up.total == 1 {
        "turns"
    } else {
        "turn"
    }
}

/// The outcome in a sentence, without a full stop.
pub(in crate::report) fn verdict(comparison: &Comparison) -> String {
    let (from, to) = (&comparison.from.name, &comparison.to.name);
    match comparison.outcome {
        Outcome::Equal => format!("{from} equals {to}"),
        Outcome::Different => format!(
            "{} {} {from} into {to}",
            counted(comparison.up.total, "statement"),
            turn(comparison)
        ),
        Outcome::Drift => format!(
            "Drift: {from} differs from {to} in {}",
            counted(comparison.changes.len(), "object")
        ),
        Outcome::Refused => "Refused: the change destroys data and no flag allows it".to_owned(),
    }
}

/// The differences as a table, what would be lost, the files.
pub fn write(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    writeln!(out, "## {}\n", prose(&verdict(comparison)))?;
    match &comparison.proof {
        Some(proof) => writeln!(
            out,
            "Proven up and down on PostgreSQL {}.",
            proof.server_version
        )?,
        None => writeln!(out, "Not proven.")?,
    }
    if let (Some(from), Some(to)) = (&comparison.from.fingerprint, &comparison.to.fingerprint) {
        writeln!(out, "Fingerprints `{from}` and `{to}`.")?;
    }
    if !comparison.hazards.is_empty() {
        writeln!(
            out,
            "\n| hazard | object | evidence | allowed |\n|---|---|---|---|"
        )?;
        for hazard in &comparison.hazards {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                hazard.hazard.kind.code(),
                code_cell(&hazard.hazard.object()),
                cell(hazard.evidence.as_ref().unwrap_or(&hazard.hazard.message)),
                if hazard.allowed { "yes" } else { "no" }
            )?;
        }
    }
    if !comparison.proposals.is_empty() {
        writeln!(
            out,
            "\n| may be a rename | why | confirmed by |\n|---|---|---|"
        )?;
        for proposal in &comparison.proposals {
            let rename = &proposal.rename;
            writeln!(
                out,
                "| {} to {} | {} | {} |",
                code_cell(&rename.old.name()),
                code_cell(&rename.new.name()),
                cell(&proposal.reason),
                code_cell(&proposal.flag())
            )?;
        }
    }
    if !comparison.changes.is_empty() {
        writeln!(
            out,
            "\n<details><summary>{}</summary>\n\n| | kind | object | before | after |\n|---|---|---|---|---|",
            counted(comparison.changes.len(), "change")
        )?;
        for change in &comparison.changes {
            let sign = match change.kind {
                ChangeKind::Create => "+",
                ChangeKind::Drop => "-",
                ChangeKind::Alter | ChangeKind::Replace => "~",
            };
            let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
            writeln!(
                out,
                "| {sign} | {} | {} | {} | {} |",
                change.id.kind.name(),
                code_cell(&change.id.to_string()),
                text(&change.before),
                text(&change.after)
            )?;
        }
        writeln!(out, "\n</details>")?;
    }
    for file in &comparison.files {
        writeln!(
            out,
            "\n- {}: {}",
            code(&file.path),
            counted(file.statements.total, "statement")
        )?;
    }
    for (kind, names) in &comparison.unmanaged {
        writeln!(
            out,
            "\nNot compared: {} ({})",
            counted(names.len(), kind),
            prose(&names.join(", "))
        )?;
    }
    Ok(())
}
