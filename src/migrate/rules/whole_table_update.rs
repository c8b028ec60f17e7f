//! `whole-table-update`: every row is locked and written in one transaction.

use super::severity_for;
use crate::migrate::rehearsal::{Finding, Rehearsal};

/// The text is asked for WHERE, since on an empty copy every statement changes no row.
pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in rehearsal.steps.iter().filter(|step| step.changes_all_rows) {
        let Some(lock) = step.effect().and_then(|effect| effect.strongest_lock()) else {
            continue;
        };
        let severity = severity_for(rehearsal.bytes(&lock.relation));
        let message = format!(
            "every row of `{}` is changed and stays locked until the end",
            lock.relation
        );
        let finding = step
            .finding("whole-table-update", severity, message)
            .on(&lock.relation)
            .help("batches of some thousand rows by key range, each in a transaction of its own");
        findings.push(finding);
    }
}
