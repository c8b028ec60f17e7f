//! `backsmith loadtest`: load and judge, or add up the reports of shards and judge the sum.

mod baseline;
mod capacity;
mod database;
mod described;
mod emit;
mod hint;
mod live;
mod merge;
mod render;
mod run;
mod unreachable;

use std::path::Path;

use crate::failure::{Failure, Verdict};
use crate::files;
use crate::loadtest::assessment::{Assessment, Machine};
use crate::report::json::v1::loadtest::{Stored, read};
use crate::settings::loadtest::Request;
use crate::terminal::Terminal;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    match request {
        Request::Run(request) => {
            open_more_files();
            match request.find_capacity {
                Some(ceiling) => capacity::run(request, ceiling, terminal),
                None => run::run(request, terminal),
            }
        }
        Request::Merge(request) => merge::run(request, terminal),
        Request::Emit(request) => emit::run(request, terminal),
    }
}

/// The exit of a judged run, signals apart.
fn verdict(assessment: &Assessment, strict: bool) -> Verdict {
    if assessment.verdict.objects() {
        Verdict::Negative
    } else if strict && !assessment.is_valid() {
        Verdict::Refused
    } else {
        Verdict::Holds
    }
}

/// What writes a baseline, and what writes the report of a shard.
const BASELINE: &str = "backsmith loadtest URL --json > baseline.json";
const SHARD: &str = "backsmith loadtest URL --shard 1/2 --json > 1.json";

/// A report of an earlier run, for a use (`to compare with`), and the command that writes one.
fn stored(path: &Path, purpose: &str, maker: &str) -> Result<Stored, Failure> {
    let source = files::read_text(path)?;
    read(&source.text).map_err(|fault| {
        Failure::input(format!("`{}` is no report {purpose}", path.display()))
            .cause(fault.to_string())
            .hint(format!("`{maker}` writes one"))
    })
}

/// The machine that this runs on.
fn this_machine() -> Machine {
    Machine {
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        open_files: open_files(),
    }
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit};
    getrlimit(Resource::RLIMIT_NOFILE)
        .ok()
        .map(|(soft, _)| soft)
}

/// Every connection is an open file, and what a shell allows is seldom as much as the system does. A
/// system that refuses keeps its limit; connections that cannot be made are counted.
#[cfg(unix)]
fn open_more_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[cfg(not(unix))]
const fn open_more_files() {}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}
