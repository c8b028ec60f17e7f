//! Reports as one HTML page: no script, no font, no address outside of it. Everything that came from
//! a database, a file or a user is escaped by the templates.

mod analyze;
mod comparison;

use std::io::{self, Write};

pub use analyze::analysis;
pub use comparison::comparison;

/// What every page has above its sections.
struct Page {
    version: &'static str,
    title: String,
    /// `backsmith migrate --analyze`
    command: &'static str,
    heading: String,
    about: Vec<String>,
    verdict: Verdict,
    sentence: String,
    /// What stands behind the sentence, at most three.
    lines: Vec<String>,
    /// Always six, in columns without a ragged row.
    figures: [(&'static str, String); 6],
}

/// The shape and the colour of a verdict; the sentence says it in words.
#[derive(Clone, Copy)]
enum Verdict {
    Holds,
    Look,
    Fails,
}

impl Verdict {
    const fn kind(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Look => "warn",
            Self::Fails => "bad",
        }
    }
}

fn write(out: &mut dyn Write, template: &impl askama::Template) -> io::Result<()> {
    let text = template.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}
