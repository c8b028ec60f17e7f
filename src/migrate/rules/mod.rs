//! One rule, one file, one code: what a rehearsed migration does to those who use the database.
//! Rules look at what was measured; text is only asked where an empty copy cannot show it.

mod blocking_index_build;
mod cascade_drops;
mod constraint_without_not_valid;
mod data_loss;
mod data_violations;
mod missing_lock_timeout;
mod not_rehearsed;
mod rename_breaks_clients;
mod scan_under_exclusive_lock;
mod statement_fails;
mod table_rewrite;
mod whole_table_update;

use super::rehearsal::{Finding, Rehearsal};
use crate::diagnostic::Severity;

type Rule = fn(&Rehearsal, &mut Vec<Finding>);

const RULES: &[Rule] = &[
    statement_fails::check,
    data_violations::check,
    data_loss::check,
    cascade_drops::check,
    table_rewrite::check,
    blocking_index_build::check,
    constraint_without_not_valid::check,
    scan_under_exclusive_lock::check,
    whole_table_update::check,
    rename_breaks_clients::check,
    missing_lock_timeout::check,
    not_rehearsed::check,
];

/// Every code of a rule, for the reference and for settings that name one.
pub const CODES: &[&str] = &[
    "statement-fails",
    "not-null-violated",
    "unique-violated",
    "foreign-key-violated",
    "check-violated",
    "value-does-not-fit",
    "data-not-looked-up",
    "drop-table",
    "drop-column",
    "cascade-drops",
    "table-rewrite",
    "blocking-index-build",
    "constraint-without-not-valid",
    "scan-under-exclusive-lock",
    "whole-table-update",
    "rename-breaks-clients",
    "missing-lock-timeout",
    "not-rehearsed",
];

/// All findings, in the order of the statements.
pub(super) fn check(rehearsal: &Rehearsal) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        rule(rehearsal, &mut findings);
    }
    findings.sort_by(|a, b| {
        (a.statement, a.diagnostic.code, &a.table).cmp(&(b.statement, b.diagnostic.code, &b.table))
    });
    findings
}

/// Below this size a scan or a rewrite is over before anybody notices.
const NOTICEABLE_BYTES: i64 = 10 * 1024 * 1024;

/// How much blocking weighs on a table of this size.
fn severity_for(bytes: i64) -> Severity {
    if bytes >= NOTICEABLE_BYTES {
        Severity::Warning
    } else {
        Severity::Info
    }
}
