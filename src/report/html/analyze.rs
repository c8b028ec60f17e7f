//! The findings of `migrate --analyze`.

use std::io::{self, Write};

use super::part::{Cell, Part, Section, Shape, Table};
use super::text::{Html, attribute};
use super::{Page, Tile, Verdict, capitalised};
use crate::diagnostic::Severity;
use crate::migrate::advise::{self, Mend, cures};
use crate::report::human::migrate::analyze::{View, looked_at};
use crate::text::number::{count, counted};

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
        lines: Vec::new(),
        judged: None,
        figures: figures(findings),
        sections,
        footer: super::FOOTER,
    };
    super::write(out, &page)
}

fn figures(findings: &[advise::Finding]) -> [Tile; 6] {
    let number = |name, wanted: &dyn Fn(&advise::Finding) -> bool| {
        let all = findings.iter().filter(|finding| wanted(finding)).count();
        Tile::new(name, count(all as u64))
    };
    let of = |name, severity: Severity| number(name, &|finding| finding.severity == severity);
    let begins = |name, word: &str| {
        number(name, &|finding| {
            cures::statement(finding).is_some_and(|sql| sql.starts_with(word))
        })
    };
    [
        of("Errors", Severity::Error),
        of("Warnings", Severity::Warning),
        of("Notes", Severity::Info),
        number("N+1 pairs", &|finding| finding.code == "n-plus-one"),
        begins("Indexes to add", "CREATE "),
        begins("Indexes to drop", "DROP INDEX "),
    ]
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
        table.row([Cell::code(&file.path), Cell::text(&file.action)]);
    }
    Some(Section {
        id: "files",
        title: "Files",
        parts: vec![table.part()?],
    })
}

fn setup(view: &View<'_>) -> Vec<(&'static str, Html)> {
    let mut setup = vec![("looked at", Html::text(&looked_at(view)))];
    if let Some(since) = &view.statistics.server.since {
        setup.push(("statistics since", Html::text(since)));
    }
    setup.push(("version", Html::text(super::PRODUCT)));
    setup
}
