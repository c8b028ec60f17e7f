//! Where reports go: standard output, a file in its place, and one more file.

use std::io::{self, Write};

use crate::failure::Failure;
use crate::files;
use crate::loadtest::assessment::Assessment;
use crate::report::html;
use crate::report::human::loadtest::{self as human, View};
use crate::report::json::v1::loadtest as json;
use crate::report::markdown::loadtest as markdown;
use crate::report::{csv, hlog, junit};
use crate::settings::Format;
use crate::settings::loadtest::Reports;
use crate::terminal::{Symbols, Terminal, Verbosity};

/// Columns of a report in a file.
const FILE_WIDTH: usize = 100;

pub(super) fn all(
    assessment: &Assessment,
    reports: &Reports,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let verbose = reports.verbosity >= Verbosity::Verbose;
    let for_file = View {
        symbols: Symbols::UNICODE,
        width: FILE_WIDTH,
        verbose,
    };
    let files = [&reports.output, &reports.options.report];
    for (path, format) in files.into_iter().flatten() {
        let mut bytes = Vec::new();
        write(&mut bytes, assessment, *format, &for_file, reports)?;
        let plain = anstream::adapter::strip_bytes(&bytes).into_vec();
        files::write_atomically(path, &plain)?;
        terminal.note(&format!("wrote {}", path.display()));
    }
    if reports.output.is_none() {
        let view = View {
            symbols: terminal.symbols(),
            width: terminal.width(),
            verbose,
        };
        let format = reports.options.format;
        write(terminal.output(), assessment, format, &view, reports)?;
        terminal.flush()?;
    }
    Ok(())
}

fn write(
    out: &mut dyn Write,
    assessment: &Assessment,
    format: Format,
    view: &View,
    reports: &Reports,
) -> io::Result<()> {
    match format {
        Format::Json => json::write(out, assessment),
        Format::Markdown => markdown::write(out, assessment),
        Format::Csv => csv::write_loadtest(out, assessment),
        Format::Hlog => hlog::write(out, assessment),
        Format::Html => {
            let request = html::Request {
                facts: &reports.request,
                command: &reports.command,
            };
            html::loadtest(out, assessment, &request)
        }
        Format::Junit => junit::write_loadtest(out, assessment),
        _ => human::write(out, assessment, view),
    }
}
