//! `backsmith migrate --analyze`: read the statistics, judge them, report.

use std::io::{self, Write};
use std::time::Duration;

use super::{files, findings, workload};
use crate::catalog::statistics::{Statistics, Workload};
use crate::failure::{Failure, Verdict};
use crate::migrate::advise::{self, Finding, cures};
use crate::postgres::{self, Connection};
use crate::report::annotation;
use crate::report::human::migrate::analyze::View;
use crate::report::json::v1::migrate::analyze::Document;
use crate::report::{html, human, json, markdown};
use crate::settings::Format;
use crate::settings::migrate::{Analyze, Source};
use crate::terminal::{DIM, Terminal, Verbosity};
use crate::text::number::counted;

pub(super) fn run(request: &Analyze, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let words = "interrupted; nothing was analyzed";
    let statistics = super::until_interrupted(read(request, terminal), words)?;
    let mut analysis = advise::analyze(&statistics);
    analysis.ignored = findings::ignore(&mut analysis.findings, &request.ignore);
    let all: Vec<&Finding> = analysis.findings.iter().collect();
    let written = files::write(&request.writing, "cures", &all, terminal)?;
    let verdict = findings::verdict(request.fail_on, &analysis.findings);
    let negative = verdict == Verdict::Negative;
    let view = View {
        statistics: &statistics,
        analysis: &analysis,
        files: &written.files,
        negative,
        everything: terminal.verbosity() >= Verbosity::Verbose,
        symbols: terminal.symbols(),
    };
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        if let Some(format) = findings::ci(format) {
            let annotations = findings::annotations(&analysis.findings);
            return annotation::write(out, format, "backsmith migrate --analyze", &annotations);
        }
        match format {
            Format::Json => json::write_document(
                out,
                &Document::new(
                    &statistics,
                    &analysis,
                    negative,
                    written.files.clone(),
                    written.diff.clone(),
                ),
            ),
            Format::Markdown => markdown::migrate::analysis(out, &analysis),
            Format::Html => html::analysis(out, &view),
            _ => {
                if let Some(diff) = &written.diff {
                    write!(out, "{diff}")?;
                }
                human::migrate::analyze::write(out, &view)
            }
        }
    };
    findings::report(
        &request.report,
        written.on_standard_output,
        terminal,
        render,
    )?;
    terminal.flush()?;
    let cures = all
        .iter()
        .filter(|finding| cures::statement(finding).is_some())
        .count();
    let first = all.first().map(|finding| finding.code);
    next_step(request, &statistics, (cures, first), &written, terminal);
    Ok(verdict)
}

async fn read(request: &Analyze, terminal: &mut Terminal) -> Result<Statistics, Failure> {
    let database = match &request.source {
        Source::Database(database) => database,
        Source::Files(path) => return super::schema_files::read(path, request, terminal).await,
    };
    let mut connection = super::target(database)?.connect().await?;
    let mut statistics = postgres::statistics::read(&mut connection, &request.schemas).await?;
    if let Some(window) = request.window {
        statistics.workload =
            within(&mut connection, statistics.workload, window, terminal).await?;
    }
    connection.close().await;
    let server = &statistics.server;
    let age = if server.days < 1.0 {
        "less than a day".to_owned()
    } else {
        counted(server.days as u64, "day")
    };
    let since = server.since.as_deref().map_or(String::new(), |since| {
        let day = since.split('T').next().unwrap_or(since);
        format!("; statistics since {day} ({age})")
    });
    let (database, version) = (&server.database, &server.version);
    terminal.note(&format!(
        "{DIM}  read    {database}, PostgreSQL {version}{since}{DIM:#}"
    ));
    Ok(statistics)
}

/// Waits, looks again, and keeps what ran in between.
async fn within(
    connection: &mut Connection,
    before: Workload,
    window: Duration,
    terminal: &mut Terminal,
) -> Result<Workload, Failure> {
    workload::wait(window, terminal).await?;
    let after = postgres::statistics::read_workload(connection).await?;
    Ok(workload::between(before, after))
}

fn next_step(
    request: &Analyze,
    statistics: &Statistics,
    (cures, first): (usize, Option<&str>),
    written: &files::Outcome,
    terminal: &mut Terminal,
) {
    if let Workload::Missing(why) = &statistics.workload {
        terminal.hint(&format!(
            "{why}; with it, loops of queries are findings and not risks\n`backsmith doctor` says how to load it"
        ));
    }
    let mut steps = Vec::new();
    if let Some(file) = written.files.first().filter(|_| !request.writing.dry_run) {
        steps.push(format!(
            "backsmith migrate --migrate {} --dry-run",
            file.path
        ));
    } else if written.waiting > 0 {
        terminal.note(&format!(
            "  keep    {} in earlier files of the folder, nothing new to write",
            counted(written.waiting, "cure")
        ));
    } else if cures > 0 && request.writing.output.is_none() {
        steps.push(format!(
            "add `--output migrations/` to write the {} that need{} no decision of yours",
            counted(cures, "cure"),
            if cures == 1 { "s" } else { "" }
        ));
    }
    steps.extend(first.map(|code| format!("backsmith explain {code}")));
    if !steps.is_empty() {
        terminal.next(&steps.join("\n"));
    }
}
