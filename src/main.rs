//! The process: parse the command line, run it, turn the result into an exit code.

use std::process::ExitCode;

use backsmith::terminal::{Terminal, panic};
use backsmith::{cli, failure};

fn main() -> ExitCode {
    panic::install_hook();
    let arguments = match cli::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => return failure::exit_for_usage(error),
    };
    let mut terminal = Terminal::standard(&arguments.global.appearance());
    let json = arguments.global.wants_json();
    match backsmith::run(arguments, &mut terminal) {
        Ok(verdict) => verdict.exit_code(),
        Err(failure) => failure.report(&mut terminal, json),
    }
}
