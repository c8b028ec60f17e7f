//! `scan-under-exclusive-lock`: everybody waits while a table is read as a whole: SET NOT NULL,
//! UNIQUE, PRIMARY KEY, EXCLUDE, ATTACH PARTITION.

use super::severity_for;
use crate::catalog::effect::{LockMode, Requirement};
use crate::migrate::rehearsal::{Finding, Rehearsal};

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        let Some(effect) = step.effect() else {
            continue;
        };
        for scan in &effect.scans {
            let relation = &scan.relation;
            let rewritten = effect.rewrites.contains(relation);
            if rewritten || effect.lock_on(relation) != Some(LockMode::AccessExclusive) {
                continue;
            }
            let of = |requirement: &Requirement| match requirement {
                Requirement::NotNull { relation, .. } => (relation.clone(), "not-null"),
                Requirement::Unique { relation, .. } => (relation.clone(), "unique"),
                Requirement::ForeignKey { relation, .. } | Requirement::Check { relation, .. } => {
                    (relation.clone(), "constraint")
                }
                Requirement::NoRows { relation, .. }
                | Requirement::Fits { relation, .. }
                | Requirement::Converts { relation, .. } => (relation.clone(), "other"),
            };
            let kinds: Vec<&str> = effect
                .requirements
                .iter()
                .map(of)
                .filter(|(table, _)| table == relation)
                .map(|(_, kind)| kind)
                .collect();
            // Told by `constraint-without-not-valid`.
            if kinds.contains(&"constraint") {
                continue;
            }
            let help = if kinds.contains(&"unique") {
                "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX"
            } else if kinds.contains(&"not-null") {
                "ADD CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL reads nothing"
            } else {
                "a valid CHECK constraint that says the same spares the scan"
            };
            let severity = severity_for(rehearsal.bytes(relation));
            let message = format!("nobody can use `{relation}` while it is read as a whole");
            findings.push(
                step.finding("scan-under-exclusive-lock", severity, message)
                    .on(relation)
                    .help(help),
            );
        }
    }
}
