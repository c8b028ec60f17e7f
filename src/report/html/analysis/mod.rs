//! The findings of `migrate --analyze`.

mod indexes;
mod loops;
mod tables;

use std::io::{self, Write};

use super::part::{Cell, Part, Section, Shape, Table};
use super::text::{Html, attribute};
use super::{Page, Tile, Verdict, capitalised};
use crate::diagnostic::Severity;
use crate::migrate::advise::{self, Fact, Mend, cures};
use crate::report::human::migrate::analyze::{View, looked_at};
use crate::text::number::{bytes, count, counted, milliseconds};

pub fn analysis(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let (statistics, findings) = (view.statistics, &view.analysis.findings);
    let server = &statistics.server;
    let sentence = match findings.first() {
        None => format!(
            "Nothing to object in {}",
            counted(statistics.tables.len(), "table")
        ),
        Some(first) => format!(
            "{}; the heaviest: {}",
            counted(findings.len(), "finding"),
            first.message
        ),
    };
    let mut sections = vec![Section {
        id: "findings",
        title: "Findings",
        parts: self::findings(findings),
    }];
    sections.extend(loops::section(findings));
    sections.extend(indexes::section(findings, statistics));
    sections.extend(tables::section(statistics));
    sections.extend(files(view));
    sections.push(Section {
        id: "setup",
        title: "How it was measured",
        parts: vec![Part::Facts(setup(view))],
    });
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        title: attribute(&format!(
            "Analysis: {} in {}",
            counted(findings.len(), "finding"),
            server.database
        )),
        command: "backsmith migrate --analyze",
        kind: "read-only",
        heading: Html::text(&server.database),
        about: vec![
            Html::text(&format!("PostgreSQL {}", server.version)),
            Html::text(&counted(statistics.tables.len(), "table")),
            Html::text(&counted(statistics.indexes.len(), "index")),
        ],
        verdict: match (findings.is_empty(), view.negative) {
            (true, _) => Verdict::Holds,
            (false, true) => Verdict::Fails,
            (false, false) => Verdict::Look,
        },
        sentence: Html::sentence(&capitalised(&sentence)),
        lines: lines(view),
        judged: None,
        figures: figures(findings, indexes::dropped(findings, statistics)),
        sections,
        footer: super::FOOTER,
    };
    super::write(out, &page)
}

/// Whether a finding has this code.
fn is(finding: &advise::Finding, code: &str) -> bool {
    finding.code == code
}

/// A figure of the evidence.
fn number(finding: &advise::Finding, name: &str) -> Option<f64> {
    let fact = finding.evidence.iter().find(|(known, _)| *known == name);
    match fact.map(|(_, fact)| fact) {
        Some(Fact::Number(number)) => Some(*number as f64),
        Some(Fact::Decimal(number)) => Some(*number),
        _ => None,
    }
}

/// What the findings come to, and where what mends them was written.
fn lines(view: &View<'_>) -> Vec<Html> {
    let findings = &view.analysis.findings;
    let mut lines = Vec::new();
    let cured = findings
        .iter()
        .filter(|finding| cures::statement(finding).is_some());
    let cured = cured.count();
    if cured > 0 {
        let rest = findings.len() - cured;
        lines.push(format!(
            "{} can be mended by a statement that is shown; {} need a decision.",
            counted(cured as u64, "finding"),
            count(rest as u64)
        ));
    }
    if let Some(file) = view.files.first() {
        lines.push(format!("The statements are in `{}`.", file.path));
    }
    lines.iter().map(|line| Html::sentence(line)).collect()
}

fn figures(findings: &[advise::Finding], dropped: i64) -> [Tile; 6] {
    let tile = |name, wanted: &dyn Fn(&advise::Finding) -> bool| {
        let all = findings.iter().filter(|finding| wanted(finding)).count();
        Tile::new(name, count(all as u64))
    };
    let of = |name, severity: Severity| tile(name, &|finding| finding.severity == severity);
    let begins = |name, word: &str| {
        tile(name, &|finding| {
            cures::statement(finding).is_some_and(|sql| sql.starts_with(word))
        })
    };
    [
        of("Errors", Severity::Error),
        of("Warnings", Severity::Warning),
        of("Notes", Severity::Info),
        Tile {
            note: loop_time(findings),
            ..tile("N+1 pairs", &|finding| is(finding, "n-plus-one"))
        },
        begins("Indexes to add", indexes::ADDS),
        Tile {
            note: if dropped > 0 {
                bytes(dropped as f64)
            } else {
                String::new()
            },
            ..begins("Indexes to drop", indexes::DROPS)
        },
    ]
}

/// What all loops cost together.
fn loop_time(findings: &[advise::Finding]) -> String {
    let loops = findings.iter().filter(|finding| is(finding, "n-plus-one"));
    let total: f64 = loops
        .filter_map(|finding| number(finding, "child_total_ms"))
        .sum();
    if total > 0.0 {
        format!("{} in their queries", milliseconds(total))
    } else {
        String::new()
    }
}

fn findings(findings: &[advise::Finding]) -> Vec<Part> {
    if findings.is_empty() {
        return vec![Part::Text(Html::text("Nothing to object."))];
    }
    let mut parts = vec![Part::Note(Html::text(
        "By severity, then by what is lost. The severity is a word and a shape; colour repeats it.",
    ))];
    parts.extend(findings.iter().map(finding));
    parts
}

fn finding(finding: &advise::Finding) -> Part {
    let mut texts = vec![Html::sentence(&finding.because)];
    let mut statements = Vec::new();
    match &finding.mend {
        Mend::Statement { up, .. } => statements.push(("SQL", up.as_str())),
        Mend::Decision(text) => texts.push(Html::sentence(text)),
        Mend::Batch {
            statement, batched, ..
        } => {
            statements.push(("Statement", statement.as_str()));
            statements.extend(batched.as_deref().map(|sql| ("Batched", sql)));
        }
    }
    let object = match &finding.columns[..] {
        [] => finding.table.clone(),
        columns => format!("{} ({})", finding.table, columns.join(", ")),
    };
    Part::Finding {
        severity: super::severity(finding.severity),
        title: Html::sentence(&finding.message),
        texts,
        source: Html::ours(format!(
            "{} · {}",
            Html::code(&object),
            Html::code(&format!("backsmith explain {}", finding.code))
        )),
        parts: statements
            .into_iter()
            .map(|(name, sql)| Part::Details {
                summary: name.to_owned(),
                parts: vec![Part::Code {
                    label: format!("{name} for {}", finding.code),
                    text: Html::text(sql),
                    wraps: false,
                }],
            })
            .collect(),
    }
}

fn files(view: &View<'_>) -> Option<Section> {
    let mut table = Table::new(&["file", "what is done"]).shaped(Shape::Fit);
    for file in view.files {
        table.row([Cell::code(&file.path), Cell::text(file.action)]);
    }
    Some(Section {
        id: "files",
        title: "Files",
        parts: vec![table.part()?],
    })
}

fn setup(view: &View<'_>) -> Vec<(&'static str, Html)> {
    let mut setup = vec![("scope", Html::text(&looked_at(view)))];
    if let Some(since) = &view.statistics.server.since {
        setup.push(("statistics since", Html::text(since)));
    }
    setup.push(("version", Html::text(super::PRODUCT)));
    setup
}
