//! The layout of a decision's blocks: a bold label, text hanging beside it, entries in two columns.

use std::io::{self, Write};

use crate::decide::evaluate::Pick;
use crate::terminal::BOLD;

/// Columns before the text of a block.
const INDENT: usize = 16;
/// Columns of the left one of two entries.
const LEFT: usize = 46;

/// A label and its lines, wrapped.
pub(super) fn block(
    out: &mut dyn Write,
    label: &str,
    lines: &[String],
    width: usize,
) -> io::Result<()> {
    let mut label = Some(label);
    for line in lines
        .iter()
        .flat_map(|line| wrap(line, width.saturating_sub(INDENT)))
    {
        match label.take() {
            Some(label) => writeln!(
                out,
                "  {BOLD}{label}{BOLD:#}{:pad$}{line}",
                "",
                pad = INDENT - 2 - label.len()
            )?,
            None => writeln!(out, "{:INDENT$}{line}", "")?,
        }
    }
    Ok(())
}

/// Entries two to a line where both fit.
pub(super) fn columns(entries: &[String]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut left: Option<&String> = None;
    for entry in entries {
        let length = entry.chars().count();
        match left.take() {
            Some(other) if length + LEFT <= 100 - INDENT => {
                lines.push(format!("{other:LEFT$}{entry}"));
            }
            other => {
                lines.extend(other.cloned());
                if length < LEFT - 1 {
                    left = Some(entry);
                } else {
                    lines.push(entry.clone());
                }
            }
        }
    }
    lines.extend(left.cloned());
    lines
}

/// Lines of at most `width` columns; a word that is longer stands alone. Runs of blanks that hold
/// columns together are kept.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// An outcome in a few words.
pub fn pick_words(pick: &Pick) -> String {
    match pick {
        Pick::Recommended(name) => name.clone(),
        Pick::NoFit { .. } => "no fit".to_owned(),
        Pick::Stopped(criteria) => {
            let words: Vec<_> = criteria.iter().map(|criterion| criterion.short()).collect();
            format!("stops ({})", words.join("; "))
        }
        Pick::Refused(needed) => {
            let words: Vec<_> = needed.iter().map(|input| input.label()).collect();
            format!("refused ({} unknown)", words.join(", "))
        }
    }
}
