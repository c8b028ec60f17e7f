//! `duplicate-index` and `redundant-index`: an index that another one equals, or whose columns another
//! one starts with. The one that a constraint or replication needs always stays.

use super::{Fact, Finding, Subject, drop_index};
use crate::catalog::statistics::Index;
use crate::diagnostic::Severity;
use crate::text::number::bytes;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for table in subject.tables() {
        if subject.is_negligible(table) {
            continue;
        }
        let indexes: Vec<&Index> = subject
            .statistics
            .indexes_of(table.id)
            .filter(|index| index.is_valid)
            .collect();
        for index in indexes.iter().filter(|index| index.is_dispensable()) {
            let equal = indexes
                .iter()
                .find(|other| equals(index, other) && stays(other, index));
            let longer = || {
                indexes
                    .iter()
                    .filter(|other| starts_with(other, index))
                    .min_by_key(|other| (other.signatures.len(), other.id))
            };
            let (code, other, relation) = match (equal, longer()) {
                (Some(other), _) => ("duplicate-index", other, "equals"),
                (None, Some(other)) => ("redundant-index", other, "is the start of"),
                (None, None) => continue,
            };
            findings.push(Finding {
                columns: index.keys.clone(),
                index: Some(index.name.clone()),
                message: format!(
                    "{} {relation} {} ({})",
                    index.name,
                    other.name,
                    bytes(index.bytes as f64)
                ),
                because: format!("{}; {} stays", bytes(index.bytes as f64), other.name),
                evidence: vec![
                    ("same_as", Fact::Text(other.name.clone())),
                    ("bytes", Fact::Number(index.bytes)),
                    ("scans", Fact::Number(index.scans)),
                    ("keys_of_the_other", Fact::List(other.keys.clone())),
                ],
                mend: drop_index(index, true),
                weight: index.bytes as f64,
                ..Finding::new(code, Severity::Info, table)
            });
        }
    }
}

fn equals(index: &Index, other: &Index) -> bool {
    index.id != other.id
        && index.method == other.method
        && index.signatures == other.signatures
        && index.included == other.included
        && index.predicate == other.predicate
}

/// Which of two equal ones stays: the one that is needed for more than speed, else the older one.
const fn stays(other: &Index, index: &Index) -> bool {
    !other.is_dispensable() || other.id < index.id
}

/// Whether `longer` does everything that `index` does. Only B-trees read by a prefix; a hash or GIN
/// index with more columns is something else.
fn starts_with(longer: &Index, index: &Index) -> bool {
    longer.id != index.id
        && longer.method == "btree"
        && index.method == "btree"
        && longer.signatures.len() > index.signatures.len()
        && longer.signatures.starts_with(&index.signatures)
        && longer.predicate == index.predicate
        && index
            .included
            .iter()
            .all(|column| longer.included.contains(column) || longer.keys.contains(column))
}
