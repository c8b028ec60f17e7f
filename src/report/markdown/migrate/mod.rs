//! `backsmith migrate --analyze` and `--suggest-indexes` in Markdown.

pub mod comparison;
pub mod execution;
pub mod rehearsal;

use std::io::{self, Write};

use super::{cell, code_cell};
use crate::migrate::advise::{Analysis, Finding, Mend};
use crate::migrate::suggest::Suggestions;
use crate::text::number::{bytes, cost, count, counted};

pub fn analysis(out: &mut dyn Write, analysis: &Analysis) -> io::Result<()> {
    if analysis.findings.is_empty() {
        return writeln!(out, "## Nothing to object");
    }
    writeln!(out, "## {}\n", counted(analysis.findings.len(), "finding"))?;
    writeln!(out, "| severity | code | finding | evidence |")?;
    writeln!(out, "|---|---|---|---|")?;
    for finding in &analysis.findings {
        writeln!(
            out,
            "| {} | `{}` | {} | {} |",
            finding.severity.name(),
            finding.code,
            cell(&finding.message),
            cell(&finding.because)
        )?;
    }
    statements(out, analysis.findings.iter())
}

pub fn suggestions(out: &mut dyn Write, suggestions: &Suggestions) -> io::Result<()> {
    let chosen = &suggestions.chosen;
    if chosen.is_empty() {
        return writeln!(out, "## No index would halve the cost of a statement");
    }
    writeln!(
        out,
        "## {} for the workload\n",
        counted(chosen.len(), "index")
    )?;
    writeln!(
        out,
        "| index | size | cost before | after | calls | statement | verified |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|---|---|")?;
    for suggestion in chosen {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            code_cell(&suggestion.label),
            bytes(suggestion.bytes as f64),
            cost(suggestion.before),
            cost(suggestion.after),
            count(suggestion.calls),
            code_cell(&suggestion.query),
            suggestion.verified.name()
        )?;
    }
    statements(out, chosen.iter().map(|suggestion| &suggestion.finding))
}

/// The statements that mend, folded.
fn statements<'a>(
    out: &mut dyn Write,
    findings: impl Iterator<Item = &'a Finding>,
) -> io::Result<()> {
    let statements: Vec<&str> = findings
        .filter_map(|finding| match &finding.mend {
            Mend::Statement { up, .. } => Some(up.as_str()),
            Mend::Decision(_) | Mend::Batch { .. } => None,
        })
        .collect();
    if statements.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>Statements</summary>\n\n```sql")?;
    for statement in statements {
        writeln!(out, "{statement};")?;
    }
    writeln!(out, "```\n\n</details>")
}
