//! A rehearsal in Markdown, for pull requests.

use std::io::{self, Write};

use super::super::{cell, code_cell, prose};
use crate::catalog::effect::Outcome;
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::Rehearsal;
use crate::report::human::migrate::rehearsal::{estimate, facts, verdict_text};
use crate::text::number;

pub fn write(out: &mut dyn Write, rehearsal: &Rehearsal, not_copied: &[String]) -> io::Result<()> {
    writeln!(out, "## {}\n", prose(&verdict_text(rehearsal)))?;
    for line in facts(rehearsal) {
        writeln!(out, "- {}", prose(&line))?;
    }
    writeln!(
        out,
        "\n| # | statement | locks | rewrites | scans | time |\n|--:|---|---|---|---|--:|"
    )?;
    for step in &rehearsal.steps {
        let (locks, rewrites, scans) = match &step.outcome {
            Outcome::Measured(effect) => {
                let locks = effect
                    .locks
                    .iter()
                    .map(|lock| format!("{} on {}", lock.mode.name(), lock.relation));
                let scans = effect.scans.iter().map(|scan| scan.relation.clone());
                (
                    locks.collect::<Vec<_>>().join(", "),
                    effect.rewrites.join(", "),
                    scans.collect::<Vec<_>>().join(", "),
                )
            }
            Outcome::NotMeasured(reason) => {
                (format!("not known: {reason}"), String::new(), String::new())
            }
            Outcome::Failed(_) => ("fails".to_owned(), String::new(), String::new()),
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            step.number,
            code_cell(&step.summary),
            cell(&locks),
            cell(&rewrites),
            cell(&scans),
            estimate(step.seconds)
        )?;
    }
    findings(out, rehearsal)?;
    live(out, rehearsal)?;
    for line in &rehearsal.remains {
        writeln!(out, "\nNot taken back: {}.", prose(line))?;
    }
    if !not_copied.is_empty() {
        writeln!(out, "\nNot on the copy: {}.", prose(&not_copied.join(", ")))?;
    }
    Ok(())
}

fn findings(out: &mut dyn Write, rehearsal: &Rehearsal) -> io::Result<()> {
    if rehearsal.findings.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n| severity | code | # | finding | help |\n|---|---|--:|---|---|"
    )?;
    let mut findings: Vec<_> = rehearsal.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.diagnostic.severity));
    for finding in findings {
        let diagnostic = &finding.diagnostic;
        let severity = match diagnostic.severity {
            Severity::Error => "**error**",
            other => other.name(),
        };
        writeln!(
            out,
            "| {severity} | `{}` | {} | {} | {} |",
            diagnostic.code,
            finding.statement,
            cell(&diagnostic.message),
            cell(diagnostic.help.as_deref().unwrap_or("-"))
        )?;
    }
    Ok(())
}

fn live(out: &mut dyn Write, rehearsal: &Rehearsal) -> io::Result<()> {
    if rehearsal.relations.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n<details><summary>Live tables</summary>\n\n| table | rows | size |\n|---|--:|--:|"
    )?;
    for (name, live) in &rehearsal.relations {
        let rows = live
            .rows
            .map_or("-".to_owned(), |rows| number::count(rows.unsigned_abs()));
        writeln!(
            out,
            "| {} | {rows} | {} |",
            code_cell(name),
            number::bytes(live.bytes as f64)
        )?;
    }
    writeln!(out, "\n</details>")
}
