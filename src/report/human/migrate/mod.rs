//! Reports of `backsmith migrate` for people.

pub mod analyze;
pub mod comparison;
pub mod execution;
pub mod rehearsal;
pub mod suggest_indexes;

use std::io::{self, Write};

use crate::diagnostic::Severity;
use crate::terminal::{BOLD, RED, YELLOW};

/// Columns of a report that is not on a terminal.
const WIDTH: usize = 100;

/// A severity in its colour, padded to the longest one.
fn severity(severity: Severity) -> String {
    let style = match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
        Severity::Info => anstyle::Style::new(),
    };
    format!("{style}{:<7}{style:#}", severity.name())
}

/// `label text`, the text broken at blanks, further lines under its beginning.
fn labelled(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    const LABEL: usize = 9;
    const INDENT: usize = 5;
    let mut label = label;
    for line in text
        .lines()
        .flat_map(|line| wrapped(line, WIDTH - INDENT - LABEL))
    {
        writeln!(out, "{:INDENT$}{BOLD}{label:<LABEL$}{BOLD:#}{line}", "")?;
        label = "";
    }
    Ok(())
}

/// Breaks a text at blanks; a word that is longer than the width stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// A line at most `width` characters long, cut with an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The block of files that were, or would be, written.
fn files(out: &mut dyn Write, files: &[crate::report::json::v1::migrate::File]) -> io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n  {BOLD}files{BOLD:#}")?;
    let width = files.iter().map(|file| file.path.chars().count()).max();
    let width = width.unwrap_or_default();
    for file in files {
        writeln!(out, "    {:<width$}  {}", file.path, file.action)?;
    }
    Ok(())
}
