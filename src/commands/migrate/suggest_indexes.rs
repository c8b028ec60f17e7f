//! `backsmith migrate --suggest-indexes`: read the workload, ask the planner, choose, report.

use std::io::{self, Write};
use std::path::Path;

use super::{files, findings, workload};
use crate::catalog::statistics::{Statement, Statistics, Workload};
use crate::failure::{Failure, Verdict};
use crate::migrate::advise::Finding;
use crate::migrate::script;
use crate::migrate::suggest::{self, Suggestions};
use crate::postgres;
use crate::report::annotation;
use crate::report::human::migrate::suggest_indexes::View;
use crate::report::json::v1::migrate::suggest_indexes::Document;
use crate::report::{human, json, markdown};
use crate::settings::Format;
use crate::settings::migrate::SuggestIndexes;
use crate::terminal::{DIM, Terminal};
use crate::text::number::counted;

pub(super) fn run(request: &SuggestIndexes, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let (statistics, mut suggestions) = super::until_interrupted(
        read(request, terminal),
        "interrupted; nothing was suggested",
    )?;
    suggestions.chosen.retain(|suggestion| {
        let finding = &suggestion.finding;
        !request
            .ignore
            .iter()
            .any(|entry| finding.is_named(&entry.code, entry.object.as_deref()))
    });
    let all: Vec<&Finding> = suggestions
        .chosen
        .iter()
        .map(|suggestion| &suggestion.finding)
        .collect();
    let written = files::write(&request.writing, "add_indexes", &all, terminal)?;
    let verdict = findings::verdict(request.fail_on, all.iter().copied());
    let negative = verdict == Verdict::Negative;
    let symbols = terminal.symbols();
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        if let Some(format) = findings::ci(format) {
            let annotations = findings::annotations(all.iter().copied());
            let suite = "backsmith migrate --suggest-indexes";
            return annotation::write(out, format, suite, &annotations);
        }
        match format {
            Format::Json => json::write_document(
                out,
                &Document::new(
                    &statistics,
                    &suggestions,
                    negative,
                    written.files.clone(),
                    written.diff.clone(),
                ),
            ),
            Format::Markdown => markdown::migrate::suggestions(out, &suggestions),
            _ => {
                if let Some(diff) = &written.diff {
                    write!(out, "{diff}")?;
                }
                human::migrate::suggest_indexes::write(
                    out,
                    &View {
                        suggestions: &suggestions,
                        files: &written.files,
                        negative,
                        symbols,
                    },
                )
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
    next_step(request, &statistics, &suggestions, &written, terminal);
    Ok(verdict)
}

async fn read(
    request: &SuggestIndexes,
    terminal: &mut Terminal,
) -> Result<(Statistics, Suggestions), Failure> {
    let mut connection = super::target(&request.database)?.connect().await?;
    let mut statistics = postgres::statistics::read(&mut connection, &request.schemas).await?;
    let statements = if let Some(path) = &request.queries {
        statements_of_file(path)?
    } else {
        if let Some(window) = request.window {
            workload::wait(window, terminal).await?;
            let after = postgres::statistics::read_workload(&mut connection).await?;
            statistics.workload = workload::between(statistics.workload, after);
        }
        match &statistics.workload {
            Workload::Recorded(statements) => statements.clone(),
            Workload::Missing(why) => {
                return Err(Failure::environment("there is no workload to look at")
                        .cause(why.clone())
                        .hint("`--queries FILE` takes the statements from a file; `backsmith doctor` says how to record them"));
            }
            Workload::NotApplicable => Vec::new(),
        }
    };
    let costed = statistics.server.hypopg.as_ref().map_or_else(
        || "HypoPG is missing: costs with an index are estimates".to_owned(),
        |version| format!("costed with HypoPG {version}"),
    );
    let origin = match &request.queries {
        Some(path) => path.display().to_string(),
        None => "pg_stat_statements".to_owned(),
    };
    terminal.note(&format!(
        "{DIM}  read    {} of {origin}, {costed}{DIM:#}",
        counted(statements.len(), "statement")
    ));
    let plan = suggest::plan(&statistics, &statements);
    let measured = postgres::plans::measure(&mut connection, &plan.questions).await?;
    connection.close().await;
    let suggestions = suggest::choose(&statistics, &plan, &measured);
    Ok((statistics, suggestions))
}

/// Each statement of the file, as if it had run once.
fn statements_of_file(path: &Path) -> Result<Vec<Statement>, Failure> {
    let source = crate::files::read_text(path)?;
    let (script, faults) = script::split(&source);
    if !faults.is_empty() {
        return Err(Failure::diagnostics(faults));
    }
    let texts: Vec<String> = script
        .statements()
        .map(|statement| source.text[statement.range.clone()].to_owned())
        .collect();
    if texts.is_empty() {
        return Err(Failure::input(format!(
            "`{}` holds no statement",
            path.display()
        )));
    }
    let statement = |query: String| Statement {
        query,
        calls: 1,
        ..Statement::default()
    };
    Ok(texts.into_iter().map(statement).collect())
}

fn next_step(
    request: &SuggestIndexes,
    statistics: &Statistics,
    suggestions: &Suggestions,
    written: &files::Outcome,
    terminal: &mut Terminal,
) {
    if statistics.server.hypopg.is_none() && !suggestions.chosen.is_empty() {
        terminal
            .hint("CREATE EXTENSION hypopg lets the planner judge an index that does not exist");
    }
    if let Some(file) = written.files.first().filter(|_| !request.writing.dry_run) {
        terminal.next(&format!(
            "backsmith migrate --migrate {} --dry-run",
            file.path
        ));
    } else if written.waiting > 0 {
        terminal.note(&format!(
            "  keep    {} in earlier files of the folder, nothing new to write",
            counted(written.waiting, "index")
        ));
    } else if !suggestions.chosen.is_empty() && request.writing.output.is_none() {
        terminal.next("add `--output migrations/` to write them");
    }
}
