//! Faults for people: what, why, where, and what helps.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Related, Severity};
use crate::failure::{Failure, Fault, Message};
use crate::redact;
use crate::terminal::{BOLD, RED, YELLOW};
use crate::text::Span;

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
        label,
        related,
        help,
        ..
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
    let source = &span.file.text;
    let near: Vec<&Related> = related
        .iter()
        .filter(|related| is_near(span, related))
        .collect();
    let ranges = near.iter().map(|related| &related.span.range);
    let (text, first_line, offset, range) = excerpt(source, &span.range, ranges);
    let text = redact::in_place(text);
    let text = &*text;
    let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let shown_column = text[line_start..range.start].chars().count() + 1;
    let mut primary = AnnotationKind::Primary.span(range);
    if let Some(label) = label {
        primary = primary.label(label);
    }
    let mut snippet = Snippet::source(text)
        .line_start(first_line)
        .path(&span.file.name)
        .fold(true)
        .annotation(primary);
    for related in near {
        let range = related.span.range.start - offset..related.span.range.end - offset;
        let context = AnnotationKind::Context.span(range);
        snippet = snippet.annotation(context.label(&related.label));
    }
    let mut group: Group<'_> = level.primary_title(message).id(*code).element(snippet);
    let far: Vec<_> = related
        .iter()
        .filter(|related| !is_near(span, related))
        .map(|related| {
            let range = &related.span.range;
            let source = &related.span.file.text;
            let (text, line, _, range) = excerpt(source, range, std::iter::empty());
            (redact::in_place(text), line, range, related)
        })
        .collect();
    for (text, line, range, related) in &far {
        group = group.element(
            Snippet::source(&**text)
                .line_start(*line)
                .path(&related.span.file.name)
                .annotation(
                    AnnotationKind::Context
                        .span(range.clone())
                        .label(&related.label),
                ),
        );
    }
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    let rendered = Renderer::styled().render(&[group]);
    let position = span.start();
    if shown_column == position.column {
        return writeln!(out, "{rendered}");
    }
    // The snippet counts from the cut, and can be told the line of its text alone.
    let place = |column| format!("{}:{}:{column}", span.file.name, position.line);
    let rendered = rendered.replacen(&place(shown_column), &place(position.column), 1);
    writeln!(out, "{rendered}")
}

/// Whether a second place is shown in the same excerpt: it must be in the same file, and the text
/// between the two small enough to be scanned.
fn is_near(span: &Span, related: &Related) -> bool {
    const FARTHEST: usize = 1 << 20;
    let range = &related.span.range;
    related.span.file.name == span.file.name
        && range.start.abs_diff(span.range.start) < FARTHEST
        && range.start <= range.end
        && span
            .file
            .text
            .get(range.clone())
            .is_some_and(|text| !text.contains('\n'))
}

/// The lines that hold the range and the second places, so that rendering does not scan a 13 MB
/// document: (text, its first line, its offset, the range in it). A range of several lines is shown
/// by its first. A very long line is cut around the fault.
fn excerpt<'a, 'b>(
    text: &'a str,
    range: &Range<usize>,
    related: impl Iterator<Item = &'b Range<usize>>,
) -> (&'a str, usize, usize, Range<usize>) {
    const LONGEST_LINE: usize = 400;
    let start = floor_char_boundary(text, range.start);
    let end_of_line = |at: usize| text[at..].find('\n').map_or(text.len(), |found| at + found);
    let start_of_line = |at: usize| text[..at].rfind('\n').map_or(0, |found| found + 1);
    let (mut from, mut to) = (start_of_line(start), end_of_line(start));
    let end = floor_char_boundary(text, range.end.clamp(start, to));
    let mut alone = true;
    for other in related {
        alone = false;
        from = from.min(start_of_line(other.start));
        to = to.max(end_of_line(other.end));
    }
    let first_line = text[..from].bytes().filter(|byte| *byte == b'\n').count() + 1;
    if alone && to - from > LONGEST_LINE {
        from = floor_char_boundary(text, start.saturating_sub(LONGEST_LINE / 4).max(from));
        to = floor_char_boundary(text, (start + LONGEST_LINE / 2).min(to));
    }
    (
        &text[from..to],
        first_line,
        from,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    fn shown(text: &str, at: usize) -> String {
        let file = SourceFile::new("a.json", text);
        let fault = Diagnostic::error("wrong-value", "`x` is wrong")
            .at(Span::new(&file, at..at + 1))
            .label("here");
        let mut out = Vec::new();
        write_diagnostic(&mut out, &fault).expect("memory takes it");
        String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).expect("UTF-8")
    }

    #[test]
    fn the_column_in_a_line_that_is_cut_is_that_of_the_file() {
        let long = format!("ä\n{}x{}\n", "ä".repeat(900), "b".repeat(900));
        let text = shown(&long, long.find('x').expect("an x"));
        assert!(text.contains("--> a.json:2:901\n"), "{text}");
        assert!(text.contains("^ here"), "{text}");

        // Near its start, the line is cut on the right alone.
        let text = shown(&long, long.find('\n').expect("a line") + 5);
        assert!(text.contains("--> a.json:2:3\n"), "{text}");
    }
}
