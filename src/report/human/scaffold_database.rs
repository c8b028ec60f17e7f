//! `backsmith scaffold --from-db` for people: what became of the tables.

use std::io::{self, Write};

use crate::scaffold::Outcome;
use crate::scaffold::from_catalog::Summary;
use crate::terminal::{BOLD, GREEN, Symbols, YELLOW};

/// More rows than this become a count; JSON has them all.
const MOST_ROWS: usize = 40;
/// Columns of text beside a label.
const INDENT: usize = 16;
const WIDTH: usize = 100;

/// The report of a first run; `counts` is its last line.
pub(super) fn write(
    out: &mut dyn Write,
    outcome: &Outcome,
    database: &Summary,
    counts: &str,
    symbols: Symbols,
) -> io::Result<()> {
    let resources = database.resources.len();
    let files = outcome.changes().count();
    writeln!(
        out,
        "{GREEN}{}{GREEN:#} {BOLD}{}: {resources} {}, {} operations that work, {files} files for {} {}{BOLD:#}\n",
        symbols.holds,
        database.name,
        if resources == 1 {
            "resource"
        } else {
            "resources"
        },
        database.operations(),
        outcome.framework.name(),
        outcome.framework.major()
    )?;
    table(out, database)?;
    writeln!(out)?;
    labelled(out, "checked", &database.checked)?;
    for (status, names) in &database.answered {
        labelled(out, &format!("answered {status}"), names)?;
    }
    labelled(out, "not writable", &database.filled)?;
    notes(out, database, symbols)?;
    writeln!(out, "\n{counts}")
}

fn table(out: &mut dyn Write, database: &Summary) -> io::Result<()> {
    let rows: Vec<[String; 4]> = database
        .resources
        .iter()
        .map(|resource| {
            let view = if resource.is_view { " (a view)" } else { "" };
            let mut both = resource.filters.clone();
            // That rows are ordered by their key goes without saying.
            let known = |column: &&String| {
                !resource.filters.contains(*column) && !resource.key.contains(*column)
            };
            both.extend(resource.sorts.iter().filter(known).cloned());
            let dash = |text: String| {
                if text.is_empty() {
                    "-".to_owned()
                } else {
                    text
                }
            };
            [
                resource.name.clone(),
                format!("{}{view}", resource.operations.join(" ")),
                dash(both.join(", ")),
                dash(resource.nested.join(", ")),
            ]
        })
        .collect();
    let titles = [
        "resource",
        "operations",
        "filter and sort by",
        "nested reads",
    ];
    let width = |column: usize| {
        let cells = rows
            .iter()
            .take(MOST_ROWS)
            .map(|row| row[column].chars().count());
        cells.chain([titles[column].len()]).max().unwrap_or(0)
    };
    let (first, second, third) = (width(0), width(1), width(2).min(36));
    writeln!(
        out,
        "  {BOLD}{:first$}  {:second$}  {:third$}  {}{BOLD:#}",
        titles[0], titles[1], titles[2], titles[3]
    )?;
    for [name, operations, order, nested] in rows.iter().take(MOST_ROWS) {
        writeln!(
            out,
            "  {name:first$}  {operations:second$}  {order:third$}  {nested}"
        )?;
    }
    if rows.len() > MOST_ROWS {
        writeln!(out, "  and {} more", rows.len() - MOST_ROWS)?;
    }
    Ok(())
}

/// A label and a list that wraps between its entries.
fn labelled(out: &mut dyn Write, label: &str, entries: &[String]) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = vec![String::new()];
    for (index, entry) in entries.iter().enumerate() {
        let comma = if index + 1 < entries.len() { "," } else { "" };
        let line = lines.last_mut().expect("there is a line");
        if line.is_empty() {
            line.push_str(&format!("{entry}{comma}"));
        } else if INDENT + line.len() + entry.len() + 2 > WIDTH {
            lines.push(format!("{entry}{comma}"));
        } else {
            line.push_str(&format!(" {entry}{comma}"));
        }
    }
    for (index, line) in lines.iter().enumerate() {
        if index == 0 {
            writeln!(
                out,
                "  {BOLD}{label}{BOLD:#}{:pad$}{line}",
                "",
                pad = INDENT - 2 - label.len()
            )?;
        } else {
            writeln!(out, "{:INDENT$}{line}", "")?;
        }
    }
    Ok(())
}

/// What is worth a look.
pub(super) fn notes(out: &mut dyn Write, database: &Summary, symbols: Symbols) -> io::Result<()> {
    if !database.notes.is_empty() {
        writeln!(out)?;
    }
    for note in &database.notes {
        writeln!(out, "  {YELLOW}{}{YELLOW:#} {note}", symbols.look)?;
    }
    Ok(())
}
