//! `invalid-index`: what a failed CREATE INDEX CONCURRENTLY leaves behind. No query uses it, every
//! write pays for it.

use super::{Fact, Finding, Mend, Subject, drop_index};
use crate::diagnostic::Severity;
use crate::text::number::bytes;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for table in &subject.statistics.tables {
        for index in subject.statistics.indexes_of(table.id) {
            // The index of a partitioned table is invalid until each part has one: no leftover.
            if index.is_valid || index.is_building || table.kind == "p" {
                continue;
            }
            let mend = if index.is_dispensable() || !index.backs_constraint {
                drop_index(index, false)
            } else {
                Mend::Decision("drop the constraint that it belongs to, or rebuild it with REINDEX INDEX CONCURRENTLY".to_owned())
            };
            findings.push(Finding {
                columns: index.keys.clone(),
                index: Some(index.name.clone()),
                message: format!("{}: left by a failed build, costs every write", index.name),
                because: format!(
                    "pg_index.indisvalid is false, {}",
                    bytes(index.bytes as f64)
                ),
                evidence: vec![
                    ("indisvalid", Fact::Flag(false)),
                    ("bytes", Fact::Number(index.bytes)),
                    ("definition", Fact::Text(index.definition.clone())),
                ],
                mend,
                ..Finding::new("invalid-index", Severity::Warning, table)
            });
        }
    }
}
