//! `unused-index`: never scanned since the counters began. A unique index, one behind a constraint,
//! replication or a foreign key does its work without being scanned.

use std::collections::BTreeSet;

use super::{Fact, Finding, Subject, drop_index, fk_without_index, since, within};
use crate::diagnostic::Severity;
use crate::text::number::bytes;

pub(super) fn advise(
    subject: &Subject<'_>,
    named_already: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    if subject.structural {
        return;
    }
    let statistics = subject.statistics;
    for table in subject.tables() {
        if subject.is_negligible(table) {
            continue;
        }
        for index in statistics.indexes_of(table.id) {
            let supports_a_key = statistics
                .foreign_keys
                .iter()
                .any(|key| key.table == table.id && fk_without_index::serves(index, &key.columns));
            if index.scans > 0
                || !index.is_valid
                || !index.is_dispensable()
                || supports_a_key
                || named_already.contains(&index.name)
                // The scans of a partitioned index are counted on its parts.
                || table.kind == "p"
            {
                continue;
            }
            let replicas = if statistics.server.has_replicas || statistics.server.is_replica {
                "; replicas count for themselves and were not asked"
            } else {
                ""
            };
            findings.push(Finding {
                columns: index.keys.clone(),
                index: Some(index.name.clone()),
                message: format!(
                    "{}: 0 scans {}, {}",
                    index.name,
                    within(statistics),
                    bytes(index.bytes as f64)
                ),
                because: format!(
                    "0 scans {}, {}{replicas}",
                    since(statistics),
                    bytes(index.bytes as f64)
                ),
                evidence: vec![
                    ("scans", Fact::Number(0)),
                    ("bytes", Fact::Number(index.bytes)),
                    (
                        "since",
                        statistics
                            .server
                            .since
                            .clone()
                            .map_or(Fact::Unknown, Fact::Text),
                    ),
                    ("days", Fact::Decimal(statistics.server.days)),
                    ("replicas_asked", Fact::Flag(false)),
                ],
                mend: drop_index(index, true),
                weight: index.bytes as f64,
                ..Finding::new("unused-index", Severity::Info, table)
            });
        }
    }
}
