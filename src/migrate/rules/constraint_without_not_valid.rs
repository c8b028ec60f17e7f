//! `constraint-without-not-valid`: a foreign key or a check reads the whole table while writers, or
//! everybody, wait.

use super::severity_for;
use crate::catalog::effect::{LockMode, Requirement};
use crate::migrate::rehearsal::{Finding, Rehearsal};

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        let Some(effect) = step.effect() else {
            continue;
        };
        for requirement in &effect.requirements {
            let (Requirement::ForeignKey {
                relation,
                constraint,
                ..
            }
            | Requirement::Check {
                relation,
                constraint,
                ..
            }) = requirement
            else {
                continue;
            };
            // VALIDATE takes a lock that lets everybody work.
            if effect
                .lock_on(relation)
                .is_none_or(|mode| mode < LockMode::Share)
            {
                continue;
            }
            let severity = severity_for(rehearsal.bytes(relation));
            let message = format!(
                "`{relation}` is locked while all its rows are checked against `{constraint}`"
            );
            let finding = step
                .finding("constraint-without-not-valid", severity, message)
                .on(relation)
                .help("add it NOT VALID, then VALIDATE CONSTRAINT in a statement of its own");
            findings.push(finding);
        }
    }
}
