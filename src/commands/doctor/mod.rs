//! `backsmith doctor`: what this machine, this project and this database allow. It ends with 1 only when
//! something that was asked for does not work: a database or a folder of binaries that was named. What
//! nobody asked for and is not there is a limit.

mod config;
mod database;
mod machine;
mod scratch;

use std::io::{self, Write};

use crate::failure::{Failure, Verdict};
use crate::files;
use crate::report::doctor::{self, Check};
use crate::report::{human, json};
use crate::settings::Format;
use crate::settings::doctor::Request;
use crate::terminal::Terminal;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let mut checks: Vec<Check> = vec![machine::program()];
    checks.push(config::check(&request.config));
    let (of_database, live) = database::checks(request.database.as_ref())?;
    checks.extend(of_database);
    checks.push(machine::binaries(&request.config));
    checks.push(scratch::check(&request.config, live));
    checks.extend(machine::limits());
    checks.push(machine::node());
    let symbols = terminal.symbols();
    let render = |out: &mut dyn Write, format: Format| -> io::Result<()> {
        match format {
            Format::Json => {
                json::write_document(out, &json::v1::doctor::Document::from(&checks[..]))
            }
            _ => human::doctor::write(out, &checks, symbols),
        }
    };
    render(terminal.output(), request.report.format)?;
    if let Some((path, format)) = &request.report.report {
        let mut bytes = Vec::new();
        render(&mut anstream::StripStream::new(&mut bytes), *format)?;
        files::write_atomically(path, &bytes)?;
    }
    Ok(if doctor::verdict(&checks) == "broken" {
        Verdict::Negative
    } else {
        Verdict::Holds
    })
}
