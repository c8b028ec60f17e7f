//! Faults for people: what, why, where, and what helps.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::failure::{Failure, Fault, Message};
use crate::terminal::{BOLD, RED, YELLOW};

/// All faults of a failure, in order, and its closing line.
pub fn write(out: &mut dyn Write, failure: &Failure) -> io::Result<()> {
    for (index, fault) in failure.faults.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        match fault {
            Fault::Message(message) => write_message(out, message)?,
            Fault::Diagnostic(diagnostic) => write_diagnostic(out, diagnostic)?,
        }
    }
    let count = failure.faults.len();
    match &failure.closing {
        Some(closing) if count > 1 => writeln!(out, "\n{count} faults; {closing}")?,
        Some(closing) => writeln!(out, "{closing}")?,
        None if count > 1 => writeln!(out, "\n{count} faults")?,
        None => {}
    }
    if let Some(hint) = &failure.last_hint {
        writeln!(out, "{BOLD}hint:{BOLD:#} {hint}")?;
    }
    out.flush()
}

fn write_message(out: &mut dyn Write, message: &Message) -> io::Result<()> {
    writeln!(out, "{RED}error{RED:#}{BOLD}: {}{BOLD:#}", message.text)?;
    for cause in &message.causes {
        writeln!(out, "  caused by: {cause}")?;
    }
    for detail in &message.details {
        writeln!(out, "  {detail}")?;
    }
    if let Some(hint) = &message.hint {
        writeln!(out, "{BOLD}hint:{BOLD:#} {hint}")?;
    }
    Ok(())
}

/// One finding, with its line and a caret when it has a place.
pub fn write_diagnostic(out: &mut dyn Write, diagnostic: &Diagnostic) -> io::Result<()> {
    let Diagnostic {
        code,
        severity,
        message,
        span,
        help,
    } = diagnostic;
    let Some(span) = span else {
        let style = if *severity == Severity::Error {
            RED
        } else {
            YELLOW
        };
        writeln!(
            out,
            "{style}{}{style:#}{BOLD}[{code}]: {message}{BOLD:#}",
            severity.name()
        )?;
        if let Some(help) = help {
            writeln!(out, "  = help: {help}")?;
        }
        return Ok(());
    };
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let (text, first_line, range) = excerpt(&span.file.text, span.range.clone());
    let snippet = Snippet::source(text)
        .line_start(first_line)
        .path(&span.file.name)
        .fold(true)
        .annotation(AnnotationKind::Primary.span(range));
    let mut group: Group<'_> = level.primary_title(message).id(*code).element(snippet);
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = Renderer::styled();
    writeln!(out, "{}", renderer.render(&[group]))
}

/// The lines of the range with some around them, so that rendering does not scan a 13 MB document;
/// a range of several lines is shown by its first. Very long lines are cut around the fault.
fn excerpt(text: &str, range: std::ops::Range<usize>) -> (&str, usize, std::ops::Range<usize>) {
    const LONGEST_LINE: usize = 400;
    let start = floor_char_boundary(text, range.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let first_line = text[..line_start]
        .bytes()
        .filter(|byte| *byte == b'\n')
        .count()
        + 1;
    let end = floor_char_boundary(text, range.end.clamp(start, line_end));
    if line_end - line_start <= LONGEST_LINE {
        return (
            &text[line_start..line_end],
            first_line,
            start - line_start..end - line_start,
        );
    }
    let from = floor_char_boundary(text, start.saturating_sub(LONGEST_LINE / 4).max(line_start));
    let to = floor_char_boundary(text, (start + LONGEST_LINE / 2).min(line_end));
    (
        &text[from..to],
        first_line,
        start - from..end.min(to) - from,
    )
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
