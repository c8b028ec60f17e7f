//! What the statement of a new table or column states itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Graph;
use super::implicit::is_made_for_partition;
use crate::catalog::{Body, Constraint, ConstraintKind, Id, Kind};

impl Graph<'_> {
    pub(super) fn find_inline(&mut self) {
        let mut inline = FxHashMap::default();
        for (id, object) in &self.after.objects {
            if !self.actions.creates(id) {
                continue;
            }
            let table = Id::new(Kind::Table, id.name.as_str());
            let new_table = self.actions.creates(&table);
            let column = Id::part(Kind::Column, id.name.as_str(), id.part.as_str());
            match &object.body {
                Body::Column(_) if new_table => {
                    inline.insert(id.clone(), table);
                }
                Body::Default { .. } => {
                    let of_new_table = new_table && !self.reaches(id, &table);
                    if of_new_table && self.is_stated(&column) {
                        inline.insert(id.clone(), table);
                    } else if !new_table
                        && self.actions.creates(&column)
                        && !self.reaches(id, &table)
                        && !Self::is_inherited_column(&column, self.after)
                    {
                        inline.insert(id.clone(), column);
                    }
                }
                Body::Constraint(constraint)
                    if new_table
                        && constraint.kind != ConstraintKind::ForeignKey
                        && !constraint.on_domain
                        && constraint.validated
                        && !is_made_for_partition(constraint)
                        && !self.repeats_a_key(id, constraint)
                        && !self.reaches(id, &table)
                        && !self.comes_by_inheritance(id, constraint) =>
                {
                    inline.insert(id.clone(), table);
                }
                _ => {}
            }
        }
        self.inline = inline;
    }

    /// Of two keys over the same columns, CREATE TABLE makes only one.
    pub(super) fn repeats_a_key(&self, id: &Id, constraint: &Constraint) -> bool {
        let columns =
            |definition: &str| definition.split_once('(').map(|(_, rest)| rest.to_owned());
        constraint.kind == ConstraintKind::Unique
            && self.after.parts(Kind::Constraint, &id.name).any(|other| {
                matches!(&other.body, Body::Constraint(key)
                    if *other.id != *id
                        && (key.kind == ConstraintKind::PrimaryKey
                            || key.kind == ConstraintKind::Unique && *other.id < *id)
                        && columns(&key.definition) == columns(&constraint.definition))
            })
    }

    /// Whether CREATE TABLE states the column: it is not inherited, or the table is a partition.
    pub(super) fn is_stated(&self, column: &Id) -> bool {
        let partition = Id::new(Kind::Attachment, column.name.as_str());
        match self.after.get(column).map(|object| &object.body) {
            Some(Body::Column(body)) => body.local || self.after.contains(&partition),
            _ => false,
        }
    }

    pub(super) fn comes_by_inheritance(&self, id: &Id, constraint: &Constraint) -> bool {
        let partition = self
            .after
            .contains(&Id::new(Kind::Attachment, id.name.as_str()));
        !partition && constraint.inherited > 0 && !constraint.local
    }

    /// Whether something that `id` needs, beside the table itself and its columns, needs the table.
    pub(super) fn reaches(&self, id: &Id, table: &Id) -> bool {
        let own = |other: &Id| {
            other == table
                || matches!(other.kind, Kind::Column | Kind::Constraint) && other.name == table.name
        };
        let Some(object) = self.after.get(id) else {
            return false;
        };
        let mut seen: BTreeSet<&Id> = BTreeSet::new();
        let mut stack: Vec<&Id> = object
            .depends_on
            .iter()
            .map(Arc::as_ref)
            .filter(|other| !own(other))
            .collect();
        while let Some(next) = stack.pop() {
            if own(next) {
                return true;
            }
            if seen.insert(next)
                && let Some(object) = self.after.get(next)
            {
                stack.extend(object.depends_on.iter().map(Arc::as_ref));
            }
        }
        false
    }
}
