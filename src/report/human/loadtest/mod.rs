//! A load test for people: the verdict, what was measured, the facts, the detail, in that order.

mod capacity;
mod comparison;
mod figures;
mod rate_limit;
mod reading;
mod stages;
mod survey;
mod table;
mod targets;

use std::io::{self, Write};

use crate::loadtest::assessment::Assessment;
use crate::report::wording::loadtest::{self as wording, Mood};
use crate::terminal::{BOLD, DIM, GREEN, RED, Symbols, YELLOW};
use crate::text::printable::{one_line, visible};

/// How a report is shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub symbols: Symbols,
    pub width: usize,
    /// Everything, and not only what matters.
    pub verbose: bool,
}

/// Labels take twelve columns, so that their values stand under each other.
const LABEL: usize = 12;
/// Findings quote what servers and documents say, and those may say more than anybody reads.
const MESSAGE: usize = 1_000;
const POINTER: usize = 200;

/// The whole report.
pub fn write(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    write_headline(out, assessment, view)?;
    writeln!(out)?;
    if let Some(found) = &assessment.capacity {
        capacity::write(out, found, assessment, view)?;
    } else if assessment.comparison.is_some() {
        comparison::write(out, assessment, view)?;
    } else if assessment.rate_limit.is_some() {
        rate_limit::write(out, assessment, view)?;
    } else {
        figures::write(out, assessment, view)?;
    }
    survey::write(out, assessment, view)?;
    if assessment.comparison.is_none() {
        remarks(out, assessment, view)?;
    }
    findings(out, assessment, view)
}

/// What has to be known of where the figures come from.
fn remarks(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    for remark in &assessment.remarks {
        for (index, line) in wrap(remark, view.width.saturating_sub(4))
            .iter()
            .enumerate()
        {
            let lead = if index == 0 {
                sign(Mood::Look, view.symbols)
            } else {
                " ".to_owned()
            };
            writeln!(out, "  {lead} {line}")?;
        }
    }
    Ok(())
}

/// The verdict alone.
pub fn write_headline(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let headline = wording::headline(assessment);
    writeln!(
        out,
        "{} {BOLD}{}{BOLD:#}",
        sign(headline.mood, view.symbols),
        visible(&headline.text)
    )
}

/// The sign of a mood, in its colour.
fn sign(mood: Mood, symbols: Symbols) -> String {
    let (style, sign) = match mood {
        Mood::Holds => (GREEN, symbols.holds),
        Mood::Look => (YELLOW, symbols.look),
        Mood::Fails => (RED, symbols.fails),
        Mood::Unknown => (YELLOW, symbols.unknown),
    };
    format!("{style}{sign}{style:#}")
}

/// `  label       text`, with the lines after the first under the text.
fn labelled(out: &mut dyn Write, label: &str, text: &str, view: &View) -> io::Result<()> {
    // A label that is longer than its column is part of a sentence.
    let gap = if label.len() < LABEL {
        LABEL - label.len()
    } else {
        1
    };
    let indent = 2 + label.len() + gap;
    let lines = wrap(text, view.width.saturating_sub(indent));
    for (index, line) in lines.iter().enumerate() {
        if index == 0 {
            writeln!(out, "  {BOLD}{label}{BOLD:#}{}{line}", " ".repeat(gap))?;
        } else {
            writeln!(out, "{}{line}", " ".repeat(indent))?;
        }
    }
    Ok(())
}

/// Lines of at most this width, broken at single blanks; runs of blanks separate columns and are kept.
/// What is in them may come from a server or a document, so nothing of it moves the cursor.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = visible(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut gap = String::new();
    for word in text.split(' ') {
        if word.is_empty() {
            gap.push(' ');
            continue;
        }
        let fits = line.chars().count() + gap.chars().count() + word.chars().count() <= width;
        if line.is_empty() {
            line.push_str(word);
        } else if fits {
            line.push_str(&gap);
            line.push_str(word);
        } else {
            lines.push(std::mem::take(&mut line));
            line.push_str(word);
        }
        gap.clear();
        gap.push(' ');
    }
    lines.push(line);
    lines
}

/// What was loaded, in one line where it fits and else in two.
fn subject(out: &mut dyn Write, what: &str, how: &str, view: &View) -> io::Result<()> {
    let (what, how) = (visible(what), visible(how));
    if 5 + what.chars().count() + how.chars().count() <= view.width {
        return writeln!(out, "  {what}   {how}");
    }
    writeln!(out, "  {what}")?;
    writeln!(out, "  {how}")
}

fn findings(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    use crate::diagnostic::Severity;
    let shown: Vec<_> = assessment
        .findings
        .iter()
        .filter(|finding| view.verbose || finding.severity >= Severity::Warning)
        .collect();
    let hidden = assessment.findings.len() - shown.len();
    if shown.is_empty() && (hidden == 0 || assessment.interrupted) {
        return Ok(());
    }
    if !shown.is_empty() {
        writeln!(out)?;
    }
    for finding in shown {
        let mood = match finding.severity {
            Severity::Error => Mood::Fails,
            Severity::Warning | Severity::Info => Mood::Look,
        };
        let text = format!(
            "{}[{}]: {}",
            finding.severity.name(),
            finding.code,
            one_line(&finding.message, MESSAGE)
        );
        for (index, line) in wrap(&text, view.width.saturating_sub(4)).iter().enumerate() {
            if index == 0 {
                writeln!(out, "  {} {line}", sign(mood, view.symbols))?;
            } else {
                writeln!(out, "    {line}")?;
            }
        }
        if let Some(pointer) = &finding.pointer {
            writeln!(out, "    {DIM}at {}{DIM:#}", one_line(pointer, POINTER))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn wraps_between_words_and_keeps_columns() {
        assert_eq!(wrap("a b   c", 10), ["a b   c"]);
        assert_eq!(wrap("aaa bbb ccc", 7), ["aaa bbb", "ccc"]);
        assert_eq!(wrap("aaa bbb   ccc", 7), ["aaa bbb", "ccc"]);
        assert_eq!(wrap("", 7), [""]);
        assert_eq!(wrap("a\u{1b}[2J\nb", 20), ["a\\u{1b}[2J b"]);
    }
}
