//! `wraparound`: transaction ids that were not frozen in time. When they run out the server stops
//! taking writes.
//! Source: https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND

use super::{Fact, Finding, Mend, Subject};
use crate::diagnostic::Severity;
use crate::text::number::count;

/// Ids that exist between a row and its end of visibility.
const LAST_ID: i64 = 2_147_483_647;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let server = &subject.statistics.server;
    if server.freeze_max_age == 0 {
        return;
    }
    // Autovacuum freezes a table at freeze_max_age by itself; half as much again means that it fails.
    let alarming = server.freeze_max_age + server.freeze_max_age / 2;
    for table in &subject.statistics.tables {
        if table.freeze_age < alarming {
            continue;
        }
        let left = LAST_ID - table.freeze_age;
        let severity = if table.freeze_age > LAST_ID / 2 {
            Severity::Error
        } else {
            Severity::Warning
        };
        findings.push(Finding {
            message: format!(
                "{}: {} transactions old, autovacuum does not keep up",
                table.label(),
                count(table.freeze_age)
            ),
            because: format!(
                "frozen by itself at {}; {} ids are left before the server refuses writes",
                count(server.freeze_max_age),
                count(left)
            ),
            evidence: vec![
                ("age", Fact::Number(table.freeze_age)),
                ("freeze_max_age", Fact::Number(server.freeze_max_age)),
                ("ids_left", Fact::Number(left)),
            ],
            mend: Mend::Decision(format!(
                "VACUUM (FREEZE) {}; look for old transactions, replication slots and prepared transactions first",
                table.quoted()
            )),
            weight: table.freeze_age as f64,
            ..Finding::new("wraparound", severity, table)
        });
    }
}
