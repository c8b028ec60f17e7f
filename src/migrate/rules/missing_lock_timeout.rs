//! `missing-lock-timeout`: a strong lock is waited for without end, and everybody waits behind it.

use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Finding, Rehearsal};

/// One finding is enough: `backsmith migrate` sets a limit by itself, other tools do not.
pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    if rehearsal.limits_lock_waits {
        return;
    }
    if let Some((step, relation, mode)) = rehearsal.strong_locks().next() {
        let message = format!(
            "the file waits without end for {} on `{relation}` when another tool runs it",
            mode.name()
        );
        let finding = step
            .finding("missing-lock-timeout", Severity::Info, message)
            .on(relation)
            .help("`SET lock_timeout = '2s';` at the top; `backsmith migrate --migrate` does so by itself");
        findings.push(finding);
    }
}
