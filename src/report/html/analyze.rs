//! The findings of `migrate --analyze`.

use std::io::{self, Write};

use askama::Template;

use super::{Page, Verdict};
use crate::diagnostic::Severity;
use crate::migrate::advise::{self, Mend, cures};
use crate::report::human::migrate::analyze::{View, looked_at};
use crate::report::json::v1::migrate::File;
use crate::text::number::{count, counted};

#[derive(Template)]
#[template(path = "report/analysis.html")]
struct Analysis<'a> {
    page: Page,
    findings: Vec<Finding<'a>>,
    files: &'a [File],
    setup: Vec<(&'static str, String)>,
}

struct Finding<'a> {
    severity: &'static str,
    icon: &'static str,
    colour: &'static str,
    code: &'static str,
    message: &'a str,
    because: &'a str,
    decision: Option<&'a str>,
    object: String,
    statements: Vec<(&'static str, &'a str)>,
}

pub fn analysis(out: &mut dyn Write, view: &View<'_>) -> io::Result<()> {
    let (statistics, findings) = (view.statistics, &view.analysis.findings);
    let server = &statistics.server;
    let number = |wanted: &dyn Fn(&advise::Finding) -> bool| {
        count(findings.iter().filter(|finding| wanted(finding)).count() as i64)
    };
    let of = |severity: Severity| number(&|finding| finding.severity == severity);
    let begins = |word: &str| {
        number(&|finding| cures::statement(finding).is_some_and(|sql| sql.starts_with(word)))
    };
    let sentence = match findings.first() {
        None => format!(
            "nothing to object in {}",
            counted(statistics.tables.len(), "table")
        ),
        Some(first) => format!(
            "{}; the heaviest: {}",
            counted(findings.len(), "finding"),
            first.message
        ),
    };
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        title: format!(
            "Analysis: {} in {}",
            counted(findings.len(), "finding"),
            server.database
        ),
        command: "backsmith migrate --analyze",
        heading: server.database.clone(),
        about: vec![
            format!("PostgreSQL {}", server.version),
            counted(statistics.tables.len(), "table"),
            counted(statistics.indexes.len(), "index"),
        ],
        verdict: match (findings.is_empty(), view.negative) {
            (true, _) => Verdict::Holds,
            (false, true) => Verdict::Fails,
            (false, false) => Verdict::Look,
        },
        sentence,
        lines: Vec::new(),
        figures: [
            ("Errors", of(Severity::Error)),
            ("Warnings", of(Severity::Warning)),
            ("Notes", of(Severity::Info)),
            ("N+1 pairs", number(&|finding| finding.code == "n-plus-one")),
            ("Indexes to add", begins("CREATE ")),
            ("Indexes to drop", begins("DROP INDEX ")),
        ],
    };
    let mut setup = vec![("Looked at", looked_at(view))];
    if let Some(since) = &server.since {
        setup.push(("Statistics since", since.clone()));
    }
    let template = Analysis {
        page,
        findings: findings.iter().map(finding).collect(),
        files: view.files,
        setup,
    };
    super::write(out, &template)
}

fn finding(finding: &advise::Finding) -> Finding<'_> {
    let (icon, colour) = match finding.severity {
        Severity::Error => ("bad", "bad"),
        Severity::Warning => ("warn", "warn"),
        Severity::Info => ("info", "mut"),
    };
    let mut decision = None;
    let mut statements = Vec::new();
    match &finding.mend {
        Mend::Statement { up, .. } => statements.push(("SQL", up.as_str())),
        Mend::Decision(text) => decision = Some(text.as_str()),
        Mend::Batch {
            statement, batched, ..
        } => {
            statements.push(("Statement", statement.as_str()));
            statements.extend(batched.as_deref().map(|sql| ("Batched", sql)));
        }
    }
    Finding {
        severity: finding.severity.name(),
        icon,
        colour,
        code: finding.code,
        message: &finding.message,
        because: &finding.because,
        decision,
        object: match &finding.columns[..] {
            [] => finding.table.clone(),
            columns => format!("{} ({})", finding.table, columns.join(", ")),
        },
        statements,
    }
}
