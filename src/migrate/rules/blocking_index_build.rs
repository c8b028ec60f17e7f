//! `blocking-index-build`: an index is built while writers wait.

use super::severity_for;
use crate::catalog::effect::LockMode;
use crate::migrate::rehearsal::{Finding, Rehearsal};

/// A Share lock with a scan is what CREATE INDEX and REINDEX look like.
pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        let Some(effect) = step.effect() else {
            continue;
        };
        for scan in &effect.scans {
            if effect.lock_on(&scan.relation) == Some(LockMode::Share) {
                let relation = &scan.relation;
                let severity = severity_for(rehearsal.bytes(relation));
                let message = format!("writes to `{relation}` wait while the index is built");
                let finding = step
                    .finding("blocking-index-build", severity, message)
                    .on(relation)
                    .help("CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY, outside of a transaction");
                findings.push(finding);
            }
        }
    }
}
