//! `table-rewrite`: the whole table is written anew while nobody can use it.

use super::severity_for;
use crate::catalog::effect::LockMode;
use crate::migrate::rehearsal::{Finding, Rehearsal};

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        let Some(effect) = step.effect() else {
            continue;
        };
        for relation in &effect.rewrites {
            if effect.lock_on(relation) != Some(LockMode::AccessExclusive) {
                continue;
            }
            let severity = severity_for(rehearsal.bytes(relation));
            let message = format!("nobody can use `{relation}` while it is written anew");
            let finding = step
                .finding("table-rewrite", severity, message)
                .on(relation)
                .help(
                    "a new column filled in batches, or a type that the old values fit as they are",
                );
            findings.push(finding);
        }
    }
}
