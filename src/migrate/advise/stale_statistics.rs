//! `stale-statistics`: the planner works with figures that no longer hold, or with none.

use super::{Fact, Finding, Mend, Subject};
use crate::diagnostic::Severity;
use crate::text::number::{count, counted};

/// Changed rows, as a share of all, from which the figures are no longer to be trusted. Autovacuum
/// analyses at a tenth by default.
const CHANGED: f64 = 0.3;
/// Growth up to which a table is as large as ANALYZE saw it.
const CHANGED_SIZE: f64 = 1.1;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    if subject.structural {
        return;
    }
    for table in subject.tables() {
        if subject.is_negligible(table) || table.kind == "p" {
            continue;
        }
        // A session reports its changes when it ends, so one that loads and analyzes leaves counters
        // that say "all changed since", though ANALYZE saw it all.
        let changes = table.inserted + table.updated + table.deleted;
        let counted_late = table.last_analyzed.is_some()
            && table.modified_since_analyze >= changes
            && table.growth < CHANGED_SIZE;
        if counted_late {
            continue;
        }
        let share = table.modified_since_analyze as f64 / (table.rows.max(1)) as f64;
        let (message, because) =
            if table.never_analyzed || table.last_analyzed.is_none() && share > CHANGED {
                (
                    format!(
                        "{}: {}, never analyzed",
                        table.label(),
                        counted(table.rows, "row")
                    ),
                    "the planner has no statistics of its values".to_owned(),
                )
            } else if share > CHANGED {
                (
                    format!(
                        "{}: {:.0}% of the rows changed since the last ANALYZE",
                        table.label(),
                        share * 100.0
                    ),
                    format!(
                        "{} changes, last analyzed {}",
                        count(table.modified_since_analyze),
                        table.last_analyzed.as_deref().unwrap_or("never")
                    ),
                )
            } else {
                continue;
            };
        findings.push(Finding {
            message,
            because,
            evidence: vec![
                ("rows", Fact::Number(table.rows)),
                (
                    "modified_since_analyze",
                    Fact::Number(table.modified_since_analyze),
                ),
                (
                    "last_analyzed",
                    table
                        .last_analyzed
                        .clone()
                        .map_or(Fact::Unknown, Fact::Text),
                ),
            ],
            mend: Mend::Decision(format!(
                "ANALYZE {}; then see why autovacuum did not",
                table.quoted()
            )),
            ..Finding::new("stale-statistics", Severity::Info, table)
        });
    }
}
