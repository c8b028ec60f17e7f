//! The two streams. The report is data and goes to standard output; everything else goes to
//! standard error and is silenced by `-q`, errors apart.

use std::io::{self, IsTerminal, Write};

use super::{Appearance, BOLD, ColorChoice, Symbols, Verbosity};

/// Columns of a report when standard output is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Standard output and standard error, and what is known of them. Styles are always written; a
/// stream without colour strips them.
pub struct Terminal {
    output: Box<dyn Write>,
    error: Box<dyn Write>,
    verbosity: Verbosity,
    symbols: Symbols,
    width: usize,
    error_is_terminal: bool,
}

impl Terminal {
    /// The process's own streams.
    pub fn standard(appearance: &Appearance) -> Self {
        let choice = match appearance.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        let output_is_terminal = io::stdout().is_terminal();
        let symbols = if output_is_terminal && !speaks_utf8() {
            Symbols::ASCII
        } else {
            Symbols::UNICODE
        };
        let width = if output_is_terminal {
            terminal_width()
        } else {
            None
        };
        Self {
            output: Box::new(io::BufWriter::new(anstream::AutoStream::new(
                io::stdout(),
                choice,
            ))),
            error: Box::new(anstream::AutoStream::new(io::stderr(), choice)),
            verbosity: appearance.verbosity,
            symbols,
            width: width.unwrap_or(DEFAULT_WIDTH),
            error_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// Streams of the caller's choosing, without colour, for tests.
    pub fn with_writers(
        output: Box<dyn Write>,
        error: Box<dyn Write>,
        verbosity: Verbosity,
    ) -> Self {
        Self {
            output: Box::new(anstream::StripStream::new(output)),
            error: Box::new(anstream::StripStream::new(error)),
            verbosity,
            symbols: Symbols::UNICODE,
            width: DEFAULT_WIDTH,
            error_is_terminal: false,
        }
    }

    /// Where the report goes. Buffered: `flush` before the run ends.
    pub fn output(&mut self) -> &mut dyn Write {
        &mut *self.output
    }

    /// Where errors go, whatever the verbosity.
    pub fn error_stream(&mut self) -> &mut dyn Write {
        &mut *self.error
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// A line beside the report: progress, a file that was written. Silent with `-q`.
    pub fn note(&mut self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            // Whoever closed standard error does not want notes.
            let _ = writeln!(self.error, "{text}");
        }
    }

    /// A line that only `-v` shows.
    pub fn detail(&mut self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            let _ = writeln!(self.error, "{text}");
        }
    }

    /// The next step after something was wrong: one command that can be copied.
    pub fn hint(&mut self, text: &str) {
        self.labelled("hint", text);
    }

    /// The next step when all is well.
    pub fn next(&mut self, text: &str) {
        self.labelled("next", text);
    }

    /// `label: text`, with further lines hanging under the first.
    pub fn labelled(&mut self, label: &str, text: &str) {
        let indent = " ".repeat(label.len() + 2);
        let text = text.replace('\n', &format!("\n{indent}"));
        self.note(&format!("{BOLD}{label}:{BOLD:#} {text}"));
    }

    pub const fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    pub const fn symbols(&self) -> Symbols {
        self.symbols
    }

    /// Columns of the report.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Whether a person can be asked: what is typed is read, and the question is seen.
    pub fn converses(&self) -> bool {
        self.error_is_terminal && io::stdin().is_terminal()
    }

    /// Whether a live view may be drawn on standard error.
    pub fn draws_progress(&self) -> bool {
        self.error_is_terminal && self.verbosity > Verbosity::Quiet
    }
}

fn speaks_utf8() -> bool {
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return false;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

fn terminal_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size()?;
    Some(usize::from(width.0).clamp(40, 160))
}
