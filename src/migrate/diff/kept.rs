//! What a statement takes along although it stays, so that it is given back.

use std::collections::BTreeSet;

use super::graph::Graph;
use crate::catalog::{Body, Catalog, Grant, Id, Kind, Object};
use crate::migrate::emit;

/// Heirs that stay NOT NULL while their parent, whose change reaches them, does not.
pub(super) fn not_null_of_heirs(graph: &Graph, id: &Id) -> Vec<String> {
    let mut statements = Vec::new();
    let mut parents = vec![id.name.clone()];
    while let Some(parent) = parents.pop() {
        for heir in graph.heirs(&parent) {
            let column = Id::part(Kind::Column, *heir, id.part.as_str());
            let not_null = |catalog: &Catalog| match catalog.get(&column).map(|o| &o.body) {
                Some(Body::Column(body)) => body.not_null,
                _ => false,
            };
            if not_null(graph.before) && not_null(graph.after) {
                statements.push(format!(
                    "ALTER TABLE {heir} ALTER COLUMN {} SET NOT NULL",
                    id.part
                ));
            }
            parents.push((*heir).to_owned());
        }
    }
    statements
}

/// Revoking a right on a table takes it from its columns as well.
pub(super) fn rights_on_columns(graph: &Graph, before: &Object, after: &Object) -> Vec<String> {
    let gone: BTreeSet<(&str, &str)> = before
        .grants
        .difference(&after.grants)
        .map(|grant| (grant.grantee.as_str(), grant.privilege.as_str()))
        .collect();
    let is_relation = matches!(
        after.id.kind,
        Kind::Table | Kind::View | Kind::MaterializedView
    );
    if gone.is_empty() || !is_relation {
        return Vec::new();
    }
    let taken = |grant: &&Grant| gone.contains(&(grant.grantee.as_str(), grant.privilege.as_str()));
    let name = &after.id.name;
    if let (Body::View(old), Body::View(new)) = (&before.body, &after.body) {
        let kept = new.column_grants.iter().filter_map(|(column, grants)| {
            let old = old.column_grants.get(column)?;
            let kept = grants.intersection(old).filter(taken).cloned().collect();
            Some(emit::column_grants(name, column, &kept))
        });
        return kept.flatten().collect();
    }
    let columns = graph.after.parts(Kind::Column, name);
    let kept = columns.filter_map(|column| {
        let old = &graph.before.get(&column.id)?.grants;
        let kept = column.grants.intersection(old).filter(taken).cloned();
        Some(emit::column_grants(name, &column.id.part, &kept.collect()))
    });
    kept.flatten().collect()
}

/// A table that becomes unlogged, or ceases to be, takes the sequences of its columns along.
pub(super) fn sequences_of_table(graph: &Graph, before: &Object, after: &Object) -> Vec<String> {
    let (Body::Table(old), Body::Table(new)) = (&before.body, &after.body) else {
        return Vec::new();
    };
    if old.persistence == new.persistence {
        return Vec::new();
    }
    let owned = graph.before.of_kind(Kind::SequenceOwner).filter(|object| {
        matches!(&object.body, Body::SequenceOwner { table, .. } if *table == after.id.name)
    });
    owned
        .filter_map(|owner| {
            let id = Id::new(Kind::Sequence, owner.id.name.as_str());
            match graph.after.get(&id).map(|object| &object.body) {
                Some(Body::Sequence(sequence)) if sequence.persistence != new.persistence => {
                    Some(emit::sequence_persistence(&id.name, &sequence.persistence))
                }
                _ => None,
            }
        })
        .collect()
}
