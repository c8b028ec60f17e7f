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
pub(super) mod workload;

use crate::failure::{Failure, Verdict};
use crate::postgres::fingerprint::Fingerprint;
use crate::postgres::{Target, runtime};
use crate::settings::migrate::{Database, Origin, Request};
use crate::terminal::{Terminal, interrupt};

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
pub(super) fn target(database: &Database) -> Result<Target, Failure> {
    let origin = match database.origin {
        Origin::Flag => None,
        Origin::Environment => Some("DATABASE_URL"),
        Origin::Configuration => Some("backsmith.toml"),
    };
    Target::parse(&database.url, origin)
}

/// The fingerprint of a database, from a session whose settings matter to nobody.
async fn fingerprint_of(target: &Target) -> Result<Fingerprint, Failure> {
    let mut connection = target.connect().await?;
    let fingerprint = Fingerprint::read(&mut connection).await?;
    connection.close().await;
    Ok(fingerprint)
}

/// Runs the work of a command that changes nothing until a signal comes. The work is asked first:
/// where it watches for signals itself, it says so in its own words.
fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    words: &str,
) -> Result<T, Failure> {
    let interrupt = interrupt::listen();
    runtime()?.block_on(async {
        tokio::select! {
            biased;
            result = work => result,
            signal = interrupt.wait() => Err(Failure::interrupted(signal, words)),
        }
    })
}
