//! `fk-without-index`: Postgres indexes the referenced side of a foreign key, never the referencing
//! one. Deleting a parent row looks up its children; without an index that is a scan for each row.

use super::{Fact, Finding, Subject, create_index, index_name, since};
use crate::catalog::statistics::{ForeignKey, Index, Statistics, quoted};
use crate::diagnostic::Severity;
use crate::text::number::counted;

/// From here on each scan takes long enough to be felt.
const LARGE_ROWS: i64 = 100_000;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let statistics = subject.statistics;
    for key in without_index(statistics) {
        let (Some(child), Some(parent)) = (
            statistics.table(key.table),
            statistics.table(key.referenced),
        ) else {
            continue;
        };
        if child.is_partition || subject.is_negligible(child) {
            continue;
        }
        let deletes = parent.deleted;
        let severity = if child.rows >= LARGE_ROWS {
            Severity::Error
        } else {
            Severity::Warning
        };
        let keys: Vec<String> = key.columns.iter().map(|column| quoted(column)).collect();
        let name = index_name(statistics, child, &key.columns);
        let because = if subject.structural {
            format!("constraint {}", key.name)
        } else {
            let scanned = if deletes > 0 {
                " each scanned "
            } else {
                "; each would scan "
            };
            format!(
                "{}; {} in {} {}{scanned}{}",
                counted(child.rows, "row"),
                if deletes > 0 {
                    counted(deletes, "delete")
                } else {
                    "no deletes".to_owned()
                },
                parent.label(),
                since(statistics),
                child.label(),
            )
        };
        findings.push(Finding {
            columns: key.columns.clone(),
            message: format!(
                "{}.{} references {} and has no index",
                child.label(),
                columns(&key.columns),
                parent.label()
            ),
            because,
            evidence: vec![
                ("constraint", Fact::Text(key.name.clone())),
                ("referenced", Fact::Text(parent.qualified())),
                ("child_rows", Fact::Number(child.rows)),
                ("parent_deletes", Fact::Number(deletes)),
                (
                    "since",
                    statistics
                        .server
                        .since
                        .clone()
                        .map_or(Fact::Unknown, Fact::Text),
                ),
            ],
            mend: create_index(child, &name, &keys, None),
            weight: child.rows as f64 * (1.0 + deletes as f64),
            ..Finding::new("fk-without-index", severity, child)
        });
    }
}

/// Foreign keys whose columns no usable index leads with; several keys on the same columns count once.
pub fn without_index(statistics: &Statistics) -> Vec<&ForeignKey> {
    let mut found: Vec<&ForeignKey> = Vec::new();
    for key in &statistics.foreign_keys {
        let served = statistics
            .indexes_of(key.table)
            .any(|index| serves(index, &key.columns));
        let known = found
            .iter()
            .any(|other| other.table == key.table && other.columns == key.columns);
        if !served && !known {
            found.push(key);
        }
    }
    found
}

/// Whether the first keys of the index are these columns, in any order. A partial index serves only
/// when it leaves out nothing but NULLs, which reference nothing.
pub(super) fn serves(index: &Index, columns: &[String]) -> bool {
    if !index.is_valid || index.method == "brin" || index.keys.len() < columns.len() {
        return false;
    }
    let whole = match &index.predicate {
        None => true,
        Some(predicate) => columns.iter().any(|column| {
            predicate.trim_matches(['(', ')']) == format!("{} IS NOT NULL", quoted(column))
        }),
    };
    let leading = &index.keys[..columns.len()];
    whole
        && columns
            .iter()
            .all(|column| leading.contains(&quoted(column)))
}

fn columns(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    }
}
