//! Runs the statements of a migration on a scratch copy of a schema and measures what each one does.
//! The live database is not touched here.

mod effect;
mod live;
mod measure;
mod observed;
mod probe;
mod snapshot;

use std::collections::BTreeSet;

use super::{Connection, Error};
use crate::catalog::effect::Outcome;
use crate::migrate::rehearsal::Measured;
use crate::migrate::script::{Script, Section};
use measure::Rehearsal;

pub use live::{LiveEnd, LiveRun, run as run_live};
pub use probe::ask;

/// Where the rehearsal may run what changes a whole server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The server is ours alone.
    Private,
    /// Others work on it: nothing may leave the scratch database.
    Shared,
}

/// Rehearses all sections in order; the first statement that fails is the last one told. `lacking`
/// are the names of what the copy has not and the original has: a statement that needs one of them
/// is not measured, which says nothing against it.
pub async fn run(
    scratch: &mut Connection,
    ownership: Ownership,
    lacking: BTreeSet<String>,
    script: &Script,
    sections: &[Section],
) -> Result<Vec<Measured>, Error> {
    let mut rehearsal = Rehearsal::start(scratch, ownership, lacking, script).await?;
    let mut all = Vec::new();
    for section in sections {
        let done = rehearsal.section(section).await?;
        let failed = done
            .iter()
            .any(|statement| matches!(statement.outcome, Outcome::Failed(_)));
        all.extend(done);
        if failed {
            break;
        }
    }
    Ok(all)
}
