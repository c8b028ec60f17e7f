//! `missing-primary-key`: rows that cannot be told apart. Logical replication, tools that update rows
//! and people who mend them need a key.

use super::{Fact, Finding, Mend, Subject};
use crate::diagnostic::Severity;
use crate::text::number::counted;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for table in subject.tables() {
        if table.has_primary_key {
            continue;
        }
        let unique = subject
            .statistics
            .indexes_of(table.id)
            .find(|index| index.is_unique && index.is_valid && index.predicate.is_none());
        let identity = if table.replica_identity == "i" || table.replica_identity == "f" {
            "a replica identity"
        } else {
            "no replica identity"
        };
        let rows = if subject.structural {
            String::new()
        } else {
            format!("{}, ", counted(table.rows, "row"))
        };
        let decision = match unique {
            Some(index) => format!(
                "the unique index {} on ({}) could become the key, once its columns are NOT NULL",
                index.name,
                index.keys.join(", ")
            ),
            None => "choose the columns that name a row, or add an identity column (that rewrites the table)"
                .to_owned(),
        };
        findings.push(Finding {
            message: format!("{}: {rows}no primary key, {identity}", table.label()),
            because: format!("no index of {} is a primary key", table.label()),
            evidence: vec![
                ("rows", Fact::Number(table.rows)),
                (
                    "replica_identity",
                    Fact::Text(table.replica_identity.clone()),
                ),
                (
                    "unique_index",
                    unique.map_or(Fact::Unknown, |index| Fact::Text(index.name.clone())),
                ),
            ],
            mend: Mend::Decision(decision),
            ..Finding::new("missing-primary-key", Severity::Warning, table)
        });
    }
}
