//! One thin function per subcommand: read, run the engine, render, judge.

mod completions;
mod decide;
mod doctor;
mod documents;
mod explain;
mod loadtest;
mod man;
mod migrate;
mod scaffold;

use crate::failure::{Failure, Verdict};
use crate::settings::Request;
use crate::terminal::Terminal;

pub(crate) fn run(request: Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let verdict = match request {
        Request::Scaffold(request) => scaffold::run(&request, terminal),
        Request::Migrate(request) => migrate::run(&request, terminal),
        Request::Loadtest(request) => loadtest::run(&request, terminal),
        Request::Decide(request) => decide::run(&request, terminal),
        Request::Doctor(request) => doctor::run(&request, terminal),
        Request::Explain(request) => explain::run(&request, terminal),
        Request::Completions(request) => completions::run(request, terminal),
        Request::Man(request) => man::run(&request, terminal),
    };
    // A partial report is worth showing when the work failed after it.
    terminal.flush()?;
    verdict
}
