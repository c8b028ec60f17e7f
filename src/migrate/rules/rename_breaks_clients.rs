//! `rename-breaks-clients`: programs that run now still use the old name.

use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Finding, Rehearsal};

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in rehearsal.steps.iter().filter(|step| step.renames) {
        let Some(lock) = step.effect().and_then(|effect| effect.strongest_lock()) else {
            continue;
        };
        let message = format!(
            "programs that use the old name in `{}` fail from here on",
            lock.relation
        );
        let finding = step
            .finding("rename-breaks-clients", Severity::Warning, message)
            .on(&lock.relation)
            .help("keep the old name as a view or a second column until no program uses it");
        findings.push(finding);
    }
}
