//! `backsmith explain` for people: a page with what leads on from it, or the list of all.

use std::io::{self, Write};

use super::page;
use crate::diagnostic::subjects::{self, Kind, Subject};
use crate::terminal::BOLD;

/// A page, and the codes or the section that belong to it.
pub fn write(out: &mut dyn Write, subject: &Subject, width: usize) -> io::Result<()> {
    // The link of a page is said as a command below.
    let text = match &subject.guide {
        Some(_) => subject.text.split("\n## More\n").next().unwrap_or_default(),
        None => &subject.text,
    };
    page::write(out, text, width)?;
    let codes = subjects::codes_of(&subject.name);
    let more = match (&subject.guide, codes.is_empty()) {
        (Some(guide), _) => format!("backsmith explain {guide}"),
        (None, false) => format!("{} (backsmith explain CODE)", codes.join(", ")),
        (None, true) => String::new(),
    };
    let label = if subject.guide.is_some() {
        "more"
    } else {
        "codes"
    };
    if !more.is_empty() {
        writeln!(out)?;
        page::write(out, &format!("**{label}** {more}"), width)?;
    }
    writeln!(out, "\n{BOLD}page{BOLD:#} {}", subject.page)
}

/// Everything that can be asked about, kind by kind.
pub fn write_list(out: &mut dyn Write, subjects: &[Subject]) -> io::Result<()> {
    let widest = subjects.iter().map(|subject| subject.name.len()).max();
    let column = widest.unwrap_or(0);
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{BOLD}{}{BOLD:#}", heading(kind))?;
        for subject in subjects.iter().filter(|subject| subject.kind == kind) {
            let name = &subject.name;
            writeln!(out, "  {name:<column$}  {}", subject.title)?;
        }
    }
    Ok(())
}

const fn heading(kind: Kind) -> &'static str {
    match kind {
        Kind::Guide => "Guides",
        Kind::Section => "Sections of the guides",
        Kind::Code => "Codes of findings, hazards and stops",
        Kind::Fault => "Codes of faults that end a run",
        Kind::ExitCode => "Exit codes",
    }
}
