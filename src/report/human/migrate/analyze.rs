//! `backsmith migrate --analyze` for people: what matters most in full, the rest in a line each.

use std::io::{self, Write};

use super::{WIDTH, cut, files, labelled, severity};
use crate::catalog::statistics::Statistics;
use crate::diagnostic::Severity;
use crate::migrate::advise::{Analysis, Fact, Finding, Mend};
use crate::report::json::v1::migrate::File;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
use crate::text::number::{counted, milliseconds};

const IN_FULL: usize = 3;
const IN_A_LINE: usize = 12;

/// What is shown, and how much of it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub statistics: &'a Statistics,
    pub analysis: &'a Analysis,
    pub files: &'a [File],
    /// Findings reach `--fail-on`.
    pub negative: bool,
    /// Every finding in full.
    pub everything: bool,
    pub symbols: Symbols,
}

pub fn write(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let findings = &view.analysis.findings;
    let in_full = if view.everything {
        findings.len()
    } else {
        IN_FULL
    };
    verdict(out, view, in_full)?;
    for (at, finding) in findings.iter().take(in_full).enumerate() {
        writeln!(out)?;
        full(out, at + 1, finding)?;
    }
    let rest = findings.get(in_full..).unwrap_or_default();
    if !rest.is_empty() {
        writeln!(out, "\n  {BOLD}also{BOLD:#}")?;
        let codes = rest
            .iter()
            .take(IN_A_LINE)
            .map(|finding| finding.code.len());
        let width = codes.max().unwrap_or_default();
        for finding in rest.iter().take(IN_A_LINE) {
            let message = cut(&finding.message, WIDTH - 14 - width);
            writeln!(
                out,
                "    {} {:<width$}  {message}",
                severity(finding.severity),
                finding.code
            )?;
        }
        if rest.len() > IN_A_LINE {
            writeln!(
                out,
                "    and {} more (-v shows all)",
                rest.len() - IN_A_LINE
            )?;
        }
    }
    files(out, view.files)?;
    writeln!(out, "\n  {}", looked_at(view))
}

fn verdict(out: &mut dyn Write, view: &View<'_>, in_full: usize) -> io::Result<()> {
    let findings = &view.analysis.findings;
    if findings.is_empty() {
        return writeln!(
            out,
            "{GREEN}{}{GREEN:#} {BOLD}nothing to object in {}{BOLD:#}",
            view.symbols.holds,
            counted(view.statistics.tables.len(), "table")
        );
    }
    let parts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .filter_map(|wanted| {
            let number = findings
                .iter()
                .filter(|finding| finding.severity == wanted)
                .count();
            (number > 0).then(|| counted(number as i64, wanted.name()))
        })
        .collect();
    let (style, sign, word) = if view.negative {
        (RED, view.symbols.fails, "failed: ")
    } else {
        (YELLOW, view.symbols.look, "")
    };
    let pointer = if findings.len() > in_full {
        ". These three matter most"
    } else {
        ""
    };
    writeln!(
        out,
        "{style}{sign}{style:#} {BOLD}{word}{}: {}{pointer}{BOLD:#}",
        counted(findings.len(), "finding"),
        parts.join(", ")
    )
}

fn full(out: &mut dyn Write, number: usize, finding: &Finding) -> io::Result<()> {
    const TITLE: usize = 68;
    let title = format!("{number}. {}", finding.message);
    writeln!(
        out,
        "  {BOLD}{title:<TITLE$}{BOLD:#}  {} {}",
        severity(finding.severity),
        finding.code
    )?;
    match &finding.mend {
        Mend::Batch {
            statement, batched, ..
        } => {
            if let Some(parent) = text(finding, "parent") {
                labelled(out, "parent", parent)?;
                labelled(out, "", &figures(finding, "parent"))?;
            }
            labelled(out, "child", statement)?;
            labelled(out, "", &figures(finding, "child"))?;
            if let Some(batched) = batched {
                labelled(out, "instead", batched)?;
            }
            labelled(out, "evidence", &finding.because)
        }
        Mend::Statement { up, .. } => {
            labelled(out, "evidence", &finding.because)?;
            labelled(out, "mend", &format!("{up};"))
        }
        Mend::Decision(decision) => {
            labelled(out, "evidence", &finding.because)?;
            labelled(out, "decide", decision)
        }
    }
}

/// `1,204 calls, 24,080 rows, 38.4 s in all`.
fn figures(finding: &Finding, who: &str) -> String {
    let number = |name: &str| match fact(finding, &format!("{who}_{name}")) {
        Some(Fact::Number(number)) => *number,
        _ => 0,
    };
    let total = match fact(finding, &format!("{who}_total_ms")) {
        Some(Fact::Decimal(total)) => *total,
        _ => 0.0,
    };
    let (calls, rows) = (number("calls"), number("rows"));
    format!(
        "{}, {}, {} in all",
        counted(calls, "call"),
        counted(rows, "row"),
        milliseconds(total)
    )
}

fn fact<'a>(finding: &'a Finding, name: &str) -> Option<&'a Fact> {
    finding
        .evidence
        .iter()
        .find_map(|(known, fact)| (*known == name).then_some(fact))
}

fn text<'a>(finding: &'a Finding, name: &str) -> Option<&'a str> {
    match fact(finding, name) {
        Some(Fact::Text(text)) => Some(text),
        _ => None,
    }
}

/// What was looked at, and what was left out.
pub(in crate::report) fn looked_at(view: &View<'_>) -> String {
    let statistics = view.statistics;
    let mut text = format!(
        "looked at {}, {}",
        counted(statistics.tables.len(), "table"),
        counted(statistics.indexes.len(), "index")
    );
    let statements = statistics.statements().len();
    if statements > 0 {
        text.push_str(&format!(", {}", counted(statements, "statement")));
    }
    let small = &view.analysis.small_tables;
    match &small[..] {
        [] => {}
        [one] => text.push_str(&format!("; 1 table is too small to judge ({one})")),
        several => text.push_str(&format!(
            "; {} tables are too small to judge",
            several.len()
        )),
    }
    if view.analysis.ignored > 0 {
        text.push_str(&format!(
            "; {} left out by backsmith.toml",
            counted(view.analysis.ignored, "finding")
        ));
    }
    text
}
