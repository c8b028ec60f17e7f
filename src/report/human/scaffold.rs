//! `backsmith scaffold` for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::error::write_diagnostic;
pub use super::scaffold_advice::advice;
use super::scaffold_database;
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::scaffold::{NotEnforced, Outcome, OutcomeFile, OutcomeMode};
use crate::terminal::{BOLD, CYAN, DIM, GREEN, RED, Symbols, Verbosity, YELLOW};

/// More lines than these become a count.
const MOST_LINES: usize = 12;

/// The report on standard output.
pub fn write(out: &mut dyn Write, outcome: &Outcome, symbols: Symbols) -> io::Result<()> {
    match outcome.verdict() {
        "conflict" => return write_conflicts(out, outcome, symbols),
        "out-of-date" => return write_differences(out, outcome, symbols),
        _ => {}
    }
    if let (Some(database), false) = (&outcome.source.database, outcome.rerun) {
        return scaffold_database::write(out, outcome, database, &counts(outcome), symbols);
    }
    let title = format!(
        "{} {}",
        outcome.source.title.trim(),
        outcome.source.document_version.trim()
    );
    let title = title.trim();
    let changed = outcome.changes().count();
    let total = outcome.files.len();
    let unenforced = gaps(outcome);
    let what = if !outcome.rerun {
        let files = if changed == 1 {
            "1 file".to_owned()
        } else {
            format!("{changed} files")
        };
        format!(
            "{files} for {} {}{unenforced}",
            outcome.framework.name(),
            outcome.framework.major()
        )
    } else if changed == 0 {
        format!("nothing to do, {total} files up to date{unenforced}")
    } else {
        format!("{changed} of {total} files changed, no line of yours was altered{unenforced}")
    };
    writeln!(
        out,
        "{GREEN}{}{GREEN:#} {BOLD}{title}: {what}{BOLD:#}",
        symbols.holds
    )?;
    if outcome.rerun {
        write_news(out, outcome)?;
    } else {
        write_owners(out, outcome)?;
    }
    write_findings(out, outcome, symbols)?;
    if let Some(database) = &outcome.source.database {
        scaffold_database::notes(out, database, symbols)?;
    }
    writeln!(out, "\n{}", counts(outcome))
}

/// `, 3 keywords are not enforced, 1 part is left out`.
fn gaps(outcome: &Outcome) -> String {
    let left_out = outcome
        .not_enforced
        .iter()
        .filter(|item| item.is_left_out())
        .count();
    let mut text = String::new();
    match outcome.not_enforced.len() - left_out {
        0 => {}
        1 => text.push_str(", 1 keyword is not enforced"),
        count => text.push_str(&format!(", {count} keywords are not enforced")),
    }
    match left_out {
        0 => {}
        1 => text.push_str(", 1 part is left out"),
        count => text.push_str(&format!(", {count} parts are left out")),
    }
    text
}

/// `10 route handlers, validation middleware, 11 TypeScript types`.
fn counts(outcome: &Outcome) -> String {
    let types = plural(outcome.types, "TypeScript type", "TypeScript types");
    if !outcome
        .files
        .iter()
        .any(|file| file.path.ends_with("middleware/validators.ts"))
    {
        return types;
    }
    let handlers = plural(outcome.operations.len(), "route handler", "route handlers");
    format!("{handlers}, validation middleware, {types}")
}

fn write_owners(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    let created: Vec<&OutcomeFile> = outcome.changes().collect();
    let yours = created.iter().filter(|file| file.owner == "user").count();
    let generated = created.len() - yours;
    writeln!(out)?;
    if yours > 0 {
        writeln!(
            out,
            "  {BOLD}yours{BOLD:#}      {yours:>2}  written once, never touched again"
        )?;
        let mut handlers: Vec<(&str, usize)> = Vec::new();
        for operation in &outcome.operations {
            match handlers
                .iter_mut()
                .find(|(file, _)| *file == operation.handler)
            {
                Some((_, count)) => *count += 1,
                None => handlers.push((&operation.handler, 1)),
            }
        }
        const SHOWN: usize = 6;
        let auth = created
            .iter()
            .find(|file| file.path.ends_with("middleware/auth.ts") && !outcome.schemes.is_empty());
        let shown = &handlers[..handlers.len().min(SHOWN)];
        let names = shown
            .iter()
            .map(|(file, _)| file.len())
            .chain(auth.map(|file| file.path.len()));
        let width = names.max().unwrap_or(0);
        for (file, count) in shown {
            writeln!(
                out,
                "                 {file:width$}  {}",
                plural(*count, "handler", "handlers")
            )?;
        }
        if let Some(file) = auth {
            writeln!(
                out,
                "                 {:width$}  {}",
                file.path,
                outcome.schemes.join(", ")
            )?;
        }
        let rest = yours.saturating_sub(shown.len() + usize::from(auth.is_some()));
        if rest > 0 {
            let among = if outcome.project && created.iter().any(|file| file.path == "package.json")
            {
                ", among them app, config, server and package.json"
            } else {
                ""
            };
            writeln!(out, "                 and {rest} more{among}")?;
        }
    }
    if generated > 0 {
        writeln!(
            out,
            "  {BOLD}generated{BOLD:#}  {generated:>2}  rewritten by every run"
        )?;
        let root = outcome
            .output
            .strip_suffix("/routes")
            .unwrap_or(&outcome.output);
        let has = |path: &str| {
            created
                .iter()
                .any(|file| file.path == format!("{root}/{path}"))
        };
        if has("routes/index.ts") {
            writeln!(
                out,
                "                 {root}/types/  {root}/runtime/  {root}/routes/index.ts"
            )?;
            writeln!(
                out,
                "                 {root}/middleware/schemas.ts  {root}/middleware/validators.ts"
            )?;
        } else {
            writeln!(out, "                 {root}/types/")?;
        }
    }
    Ok(())
}

fn write_news(out: &mut dyn Write, outcome: &Outcome) -> io::Result<()> {
    let new: Vec<_> = outcome
        .operations
        .iter()
        .filter(|operation| operation.is_new)
        .collect();
    let moved: Vec<_> = outcome
        .operations
        .iter()
        .filter(|operation| operation.was.is_some())
        .collect();
    if new.is_empty() && moved.is_empty() && outcome.orphans.is_empty() {
        return Ok(());
    }
    let ids = new.iter().chain(&moved).map(|operation| operation.id.len());
    let width = ids
        .chain(outcome.orphans.iter().map(|orphan| orphan.id.len()))
        .max()
        .unwrap_or(0);
    let routes = new
        .iter()
        .map(|operation| operation.route.len())
        .max()
        .unwrap_or(0);
    writeln!(out)?;
    let place = |file: &str, line: Option<usize>| {
        line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
    };
    for operation in new {
        writeln!(
            out,
            "  {BOLD}new{BOLD:#}     {:width$}   {:routes$}   {}",
            operation.id,
            operation.route,
            place(&operation.handler, operation.line)
        )?;
    }
    for operation in moved {
        let was = operation.was.as_deref().unwrap_or_default();
        writeln!(
            out,
            "  {YELLOW}moved{YELLOW:#}   {:width$}   was {was}, now {}",
            operation.id, operation.route
        )?;
        writeln!(
            out,
            "          {:width$}   {}",
            "",
            place(&operation.handler, operation.line)
        )?;
    }
    for orphan in &outcome.orphans {
        let was = orphan
            .route
            .as_ref()
            .map_or_else(String::new, |route| format!("was {route}"));
        let now = orphan
            .renamed_to
            .as_ref()
            .map_or_else(String::new, |id| format!(", now {id}"));
        writeln!(
            out,
            "  {YELLOW}orphan{YELLOW:#}  {:width$}   {was}{now}",
            orphan.id
        )?;
        writeln!(
            out,
            "          {:width$}   {}",
            "",
            place(&orphan.handler, orphan.line)
        )?;
    }
    if !outcome.orphans.is_empty() {
        writeln!(
            out,
            "\n          An orphan's code stays where it is and is no longer reachable; delete it when you like."
        )?;
    }
    Ok(())
}

fn write_findings(out: &mut dyn Write, outcome: &Outcome, symbols: Symbols) -> io::Result<()> {
    let (left_out, not_enforced): (Vec<_>, Vec<_>) = outcome
        .not_enforced
        .iter()
        .partition(|item| item.is_left_out());
    for (title, items, closing) in [
        (
            "not enforced",
            not_enforced,
            "A value that only these forbid is accepted.",
        ),
        (
            "left out",
            left_out,
            "The document describes these, and no code was made of them.",
        ),
    ] {
        if items.is_empty() {
            continue;
        }
        // One file is named once; several are named at each place.
        let mut files: Vec<&str> = items
            .iter()
            .filter_map(|item| Some(item.span.as_ref()?.file.name.as_str()))
            .collect();
        files.dedup();
        let only = match files[..] {
            [name] => format!("   {name}"),
            _ => String::new(),
        };
        writeln!(
            out,
            "\n  {YELLOW}{}{YELLOW:#} {BOLD}{title}{BOLD:#}{only}",
            symbols.look
        )?;
        let rows: Vec<[String; 3]> = items
            .iter()
            .map(|item| gap_row(item, files.len() == 1))
            .collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let (first, second) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
        for (item, [keyword, at, what]) in items.iter().zip(&rows) {
            let row = format!("{keyword:first$}   {at:second$}   {what}");
            writeln!(out, "      {}", row.trim_end())?;
            if let Some(reason) = &item.reason {
                writeln!(out, "          {reason}")?;
            }
        }
        writeln!(out, "\n      {closing}")?;
    }
    if !outcome.diagnostics.is_empty() {
        writeln!(out)?;
        for diagnostic in &outcome.diagnostics {
            write_diagnostic(out, diagnostic)?;
        }
    }
    Ok(())
}

/// The keyword, the place in the text, and the pointer or what the keyword belongs to.
fn gap_row(item: &NotEnforced, one_file: bool) -> [String; 3] {
    let at = item.span.as_ref().map_or_else(String::new, |span| {
        let start = span.start();
        let file = if one_file { "" } else { &span.file.name };
        format!("{file}:{}:{}", start.line, start.column)
    });
    let what = item.pointer.as_ref().unwrap_or(&item.place);
    [format!("`{}`", item.keyword), at, what.clone()]
}

fn write_conflicts(out: &mut dyn Write, outcome: &Outcome, symbols: Symbols) -> io::Result<()> {
    let count = outcome.conflicts().count();
    let files = if count == 1 {
        "1 generated file was edited by hand".to_owned()
    } else {
        format!("{count} generated files were edited by hand")
    };
    writeln!(
        out,
        "{RED}{}{RED:#} {BOLD}conflict: {files}; nothing was written{BOLD:#}\n",
        symbols.fails
    )?;
    for file in outcome.conflicts() {
        writeln!(out, "  {}", file.path)?;
        for line in file.edit.as_deref().unwrap_or_default().lines() {
            let style = line_style(line);
            writeln!(out, "  {style}{line}{style:#}")?;
        }
        writeln!(out)?;
    }
    let changes = outcome.changes().count();
    let unchanged = outcome.files.len() - count - changes;
    let others = match changes {
        0 => String::new(),
        1 => "1 other file would change, ".to_owned(),
        changes => format!("{changes} other files would change, "),
    };
    writeln!(
        out,
        "  {}; {others}{unchanged} are unchanged",
        plural(count, "conflict", "conflicts")
    )
}

fn write_differences(out: &mut dyn Write, outcome: &Outcome, symbols: Symbols) -> io::Result<()> {
    let count = outcome.changes().count();
    let (total, verb) = (
        outcome.files.len(),
        if count == 1 { "differs" } else { "differ" },
    );
    writeln!(
        out,
        "{RED}{}{RED:#} {BOLD}out of date: {count} of {total} files {verb} from {}{BOLD:#}\n",
        symbols.fails, outcome.source.path
    )?;
    let width = outcome
        .changes()
        .map(|file| file.path.len())
        .max()
        .unwrap_or(0);
    for file in outcome.changes() {
        let note = file
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!("   {note}"));
        writeln!(
            out,
            "  {:6}  {:width$}   +{} -{}{note}",
            file.action, file.path, file.added, file.removed
        )?;
    }
    Ok(())
}

/// The unified diff of a dry run.
pub fn write_diff(out: &mut dyn Write, diff: &str) -> io::Result<()> {
    // Carriage returns belong to the lines: `git apply` looks for them.
    for line in diff.split_terminator('\n') {
        let style = line_style(line);
        writeln!(out, "{style}{line}{style:#}")?;
    }
    Ok(())
}

fn line_style(line: &str) -> anstyle::Style {
    if line.starts_with("---") || line.starts_with("+++") {
        BOLD
    } else if line.starts_with("@@") {
        CYAN
    } else if line.starts_with('-') {
        RED
    } else if line.starts_with('+') {
        GREEN
    } else {
        anstyle::Style::new()
    }
}

/// The verdict of a dry run, for standard error.
pub fn dry_run_verdict(outcome: &Outcome, symbols: Symbols) -> String {
    let count = outcome.changes().count();
    let total = outcome.files.len();
    let (added, removed) = outcome.changes().fold((0, 0), |(added, removed), file| {
        (added + file.added, removed + file.removed)
    });
    let lines = if count == 0 {
        String::new()
    } else {
        format!(" (+{added} -{removed})")
    };
    format!(
        "{GREEN}{}{GREEN:#} {BOLD}dry run: {count} of {total} files would change{lines}, nothing was written{BOLD:#}",
        symbols.holds
    )
}

/// A line for each folder of files that were written, for standard error.
pub fn progress(outcome: &Outcome, verbosity: Verbosity) -> Vec<String> {
    if outcome.mode != OutcomeMode::Write || outcome.verdict() != "ok" {
        return Vec::new();
    }
    let line = |action: &str, what: &str| format!("{DIM}  {action:6}  {what}{DIM:#}");
    if verbosity >= Verbosity::Verbose {
        return outcome
            .files
            .iter()
            .map(|file| line(file.action, &file.path))
            .collect();
    }
    let mut groups: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut lines = Vec::new();
    for file in outcome.changes() {
        if let Some(note) = &file.note {
            lines.push(line(file.action, &format!("{}   + {note}", file.path)));
            continue;
        }
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        groups
            .entry((file.action, folder))
            .or_default()
            .insert(name);
    }
    for ((action, folder), names) in groups {
        lines.push(line(
            action,
            &joined(folder, &names.into_iter().collect::<Vec<_>>()),
        ));
    }
    if lines.len() > MOST_LINES {
        return vec![line(
            "write",
            &format!("{} files (-v lists them)", outcome.changes().count()),
        )];
    }
    lines
}

/// `src/types/{models,operations}.ts`.
fn joined(folder: &str, names: &[&str]) -> String {
    if folder.is_empty() {
        return names.join(" ");
    }
    let stems: Option<Vec<&str>> = names
        .iter()
        .map(|name| name.strip_suffix(".ts").filter(|stem| !stem.contains('.')))
        .collect();
    match (names, stems) {
        ([name], _) => format!("{folder}/{name}"),
        (_, Some(stems)) => format!("{folder}/{{{}}}.ts", stems.join(",")),
        _ => format!("{folder}/{{{}}}", names.join(",")),
    }
}

/// `--strict`: what is not enforced, as faults.
pub fn strict_failure(not_enforced: &[NotEnforced]) -> Failure {
    let faults = not_enforced.iter().map(|item| {
        let verdict = if item.is_left_out() {
            "left out"
        } else {
            "not enforced"
        };
        let reason = item.reason.as_ref();
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let message = format!("`{}` of {} is {verdict}{reason}", item.keyword, item.place);
        let mut fault = Diagnostic::error("unsupported-keyword", message);
        fault.span.clone_from(&item.span);
        fault.pointer.clone_from(&item.pointer);
        fault
    });
    Failure::diagnostics(faults)
        .closing("nothing was written")
        .hint_after("without `--strict` these are listed and the rest is generated")
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
