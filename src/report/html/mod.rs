//! Reports as one HTML page: no script, no font, no address outside of it. Everything that came from
//! a database, a server, a file or a user is escaped on its way in.

mod analysis;
mod comparison;
mod loadtest;
#[expect(
    unused_qualifications,
    reason = "the derived template of an enum names its variants by their module"
)]
mod part;
mod plot;
mod text;

use std::io::{self, Write};

use askama::Template;

pub use analysis::analysis;
pub use comparison::comparison;
pub use loadtest::{Request, loadtest};

use crate::diagnostic::Severity;
use part::{Cell, Part, Section};
use text::Html;

const FOOTER: &str = "self-contained report, no scripts and no external resources";
const PRODUCT: &str = concat!("backsmith ", env!("CARGO_PKG_VERSION"));

/// A whole page.
#[derive(Template)]
#[template(path = "report/page.html")]
struct Page {
    version: &'static str,
    /// Of the window, where no markup can stand.
    title: Html,
    /// `backsmith migrate --analyze`
    command: &'static str,
    kind: &'static str,
    heading: Html,
    about: Vec<Html>,
    verdict: Verdict,
    sentence: Html,
    /// What stands behind the sentence, at most three.
    lines: Vec<Html>,
    /// What was judged, as a table.
    judged: Option<Part>,
    /// Always six, in columns without a ragged row.
    figures: [Tile; 6],
    sections: Vec<Section>,
    /// What the reader has to know of the page itself.
    footer: &'static str,
}

/// One of the six figures. Without a value the note says why.
struct Tile {
    name: &'static str,
    value: Option<String>,
    unit: &'static str,
    note: String,
}

impl Tile {
    fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            value: Some(value.into()),
            unit: "",
            note: String::new(),
        }
    }
}

/// The shape and the colour of a verdict; the sentence says it in words.
#[derive(Clone, Copy)]
enum Verdict {
    Holds,
    Look,
    Fails,
    /// Nothing was judged.
    Shown,
    Same,
    Unknown,
}

impl Verdict {
    const fn class(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Look => "warn",
            Self::Fails => "bad",
            Self::Shown | Self::Same | Self::Unknown => "info",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Look => "warn",
            Self::Fails => "bad",
            Self::Shown => "info",
            Self::Same => "eq",
            Self::Unknown => "q",
        }
    }
}

/// How much a finding weighs, in the first column.
fn severity(severity: Severity) -> Cell {
    let (icon, colour) = match severity {
        Severity::Error => ("bad", "bad"),
        Severity::Warning => ("warn", "warn"),
        Severity::Info => ("info", "mut"),
    };
    Cell::state(icon, colour, severity.name())
}

/// A sentence of the terminal as one of a page.
fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}

fn write(out: &mut dyn Write, page: &Page) -> io::Result<()> {
    let text = page.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}
