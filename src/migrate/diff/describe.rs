//! What changes, in the words of a report.

use super::plan::{Change, ChangeKind};
use super::{Action, Actions, compare};
use crate::catalog::{Body, Catalog, Id, Kind, Object};

/// What a report lists: not the parts of tables that come or go as a whole.
pub(super) fn changes(before: &Catalog, after: &Catalog, actions: &Actions) -> Vec<Change> {
    let mut changes = Vec::new();
    for (id, action) in &actions.0 {
        let (old, new) = (before.get(id), after.get(id));
        let whole =
            !id.part.is_empty() || id.kind == Kind::Attachment || id.kind == Kind::SequenceOwner;
        let of_index = new.or(old).and_then(|object| match &object.body {
            Body::Index(index) => Some(index.table.clone()),
            _ => None,
        });
        let moved = |table: &str| {
            let table = Id::new(Kind::Table, table);
            actions.drops(&table) || actions.creates(&table)
        };
        if whole && moved(&id.name) || of_index.as_deref().is_some_and(moved) {
            continue;
        }
        let kind = match action {
            Action::Create => ChangeKind::Create,
            Action::Drop => ChangeKind::Drop,
            Action::Alter | Action::Retype => ChangeKind::Alter,
            Action::Rebuild => match (old, new) {
                // Rebuilt for the sake of something else.
                (Some(old), Some(new)) if compare::objects(old, new).is_none() => {
                    ChangeKind::Replace
                }
                _ => ChangeKind::Alter,
            },
        };
        changes.push(Change {
            kind,
            id: Id::clone(id),
            table: of_index,
            before: old.map(|object| describe(before, object)),
            after: new.map(|object| describe(after, object)),
        });
    }
    changes
}

/// One line about an object.
fn describe(catalog: &Catalog, object: &Object) -> String {
    match &object.body {
        Body::Table(table) => {
            let columns = catalog.parts(Kind::Column, &object.id.name).count();
            let mut text = format!("{columns} columns");
            if table.persistence == "u" {
                text.push_str(", unlogged");
            }
            if let Some(key) = &table.partition_key {
                text.push_str(&format!(", partitioned by {key}"));
            }
            text
        }
        Body::Column(column) => {
            let mut text = column.data_type.clone();
            if column.not_null {
                text.push_str(" not null");
            }
            if column.identity.is_some() {
                text.push_str(" identity");
            }
            if let Some((expression, _)) = &column.generated {
                text.push_str(&format!(" generated ({expression})"));
            }
            text
        }
        Body::Default { expression } => expression.clone(),
        Body::Constraint(constraint) => constraint.definition.clone(),
        Body::Index(index) => {
            let text = &index.definition;
            text.split_once(" USING ")
                .map_or_else(|| text.clone(), |(_, rest)| rest.to_owned())
        }
        Body::Enum { labels } => labels.join(", "),
        Body::Extension { version, .. } => version.clone(),
        Body::Attachment { parent, bound } => format!("{parent} {bound}"),
        Body::SequenceOwner { table, column } => format!("{table}.{column}"),
        Body::Domain(domain) => domain.base.clone(),
        _ => String::new(),
    }
}
