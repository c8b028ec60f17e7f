//! `backsmith migrate`: each action reads, runs the engine, renders and judges in a file of its own.

mod analyze;
mod apply;
mod compare;
mod execute;
mod files;
mod findings;
mod rehearse;
mod rollback;
mod schema_copy;
mod schema_files;
mod script;
mod suggest_indexes;
mod undo_half;
mod workload;

use crate::failure::{Failure, Verdict};
use crate::postgres::Target;
use crate::settings::migrate::{Database, Origin, Request};
use crate::terminal::Terminal;

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    match request {
        Request::Compare(request) => compare::run(request, terminal),
        Request::Apply(request) => apply::run(request, terminal),
        Request::Rehearse(request) => rehearse::run(request, terminal),
        Request::Rollback(request) => rollback::run(request, terminal),
        Request::Analyze(request) => analyze::run(request, terminal),
        Request::SuggestIndexes(request) => suggest_indexes::run(request, terminal),
    }
}

/// Where to connect; errors say where the URL came from unless the command line shows it.
fn target(database: &Database) -> Result<Target, Failure> {
    let origin = match database.origin {
        Origin::Flag => None,
        Origin::Environment => Some("DATABASE_URL"),
        Origin::Configuration => Some("backsmith.toml"),
    };
    Target::parse(&database.url, origin)
}

/// The runtime of one command: the database is the only thing that is waited for.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::environment("cannot start the runtime").cause(error.to_string()))
}
