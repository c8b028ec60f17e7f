//! What comes, goes or changes with something else, and takes no statement of its own.

use super::Graph;
use crate::catalog::{Body, Catalog, Constraint, ConstraintKind, Id, Kind};
use crate::migrate::diff::Action;

impl Graph<'_> {
    /// The table that a column, or a partition's part, is inherited from.
    pub(in crate::migrate::diff) fn parent_of(table: &str, catalog: &Catalog) -> Option<String> {
        let attachment = catalog.get(&Id::new(Kind::Attachment, table));
        if let Some(Body::Attachment { parent, .. }) = attachment.map(|object| &object.body) {
            return Some(parent.clone());
        }
        match catalog
            .get(&Id::new(Kind::Table, table))
            .map(|object| &object.body)
        {
            Some(Body::Table(table)) => table.parents.first().cloned(),
            _ => None,
        }
    }

    pub(super) fn is_inherited_column(id: &Id, catalog: &Catalog) -> bool {
        match catalog.get(id).map(|object| &object.body) {
            Some(Body::Column(column)) => !column.local && column.inherited > 0,
            _ => false,
        }
    }

    /// Whether a step of the object's own would be one too many, because the parent's step does it.
    pub(super) fn follows_parent(
        id: &Id,
        catalog: &Catalog,
        same: impl Fn(&Id) -> bool,
    ) -> Option<Id> {
        let inherited = match catalog.get(id).map(|object| &object.body) {
            Some(Body::Column(column)) => !column.local && column.inherited > 0,
            Some(Body::Constraint(constraint)) => constraint.is_derived(),
            _ => false,
        };
        if !inherited {
            return None;
        }
        let parent = Self::parent_of(&id.name, catalog)?;
        let of_parent = Id::part(id.kind, parent, id.part.as_str());
        same(&of_parent).then_some(of_parent)
    }

    /// The part of the parent whose removal removes this one too.
    fn goes_with_parent(&self, id: &Id) -> Option<Id> {
        if self.leaves(&id.name) {
            return None;
        }
        Self::follows_parent(id, self.before, |other| {
            self.actions.drops(other) && !self.stays_below(other)
        })
    }

    /// Whether a column or check that goes becomes some heir's own.
    pub(in crate::migrate::diff) fn stays_below(&self, id: &Id) -> bool {
        let is_own = |catalog: &Catalog, id: &Id| match &catalog.get(id)?.body {
            Body::Column(column) => Some(column.local),
            Body::Constraint(constraint) => Some(constraint.local),
            _ => None,
        };
        self.heirs(&id.name).iter().any(|heir| {
            let below = Id::part(id.kind, *heir, id.part.as_str());
            is_own(self.before, &below) == Some(false) && is_own(self.after, &below) == Some(true)
        })
    }

    /// Whether a column or check is an heir's own once its parent's went.
    pub(in crate::migrate::diff) fn is_left_by_parent(&self, id: &Id) -> bool {
        self.parent_that_stays(&id.name)
            .is_some_and(|parent| self.stays_below(&Id::part(id.kind, parent, id.part.as_str())))
    }

    /// The part of the parent that this one comes with. What becomes a partition only now has it
    /// already.
    fn comes_with_parent(&self, id: &Id) -> Option<Id> {
        if self.joins(&id.name) {
            return None;
        }
        Self::follows_parent(id, self.after, |other| self.actions.creates(other))
    }

    /// What removes the object, when it does not take a statement of its own.
    pub(in crate::migrate::diff) fn implicit_drop(&self, id: &Id) -> Option<Id> {
        let object = self.before.get(id)?;
        let drops = |other: &Id| self.actions.drops(other);
        let table = Id::new(Kind::Table, id.name.as_str());
        let own_column = || {
            object
                .depends_on
                .iter()
                .find(|other| other.kind == Kind::Column && drops(other))
                .map(|other| Id::clone(other))
        };
        match &object.body {
            Body::Column(_) => {
                if drops(&table) {
                    return Some(table);
                }
                self.goes_with_parent(id)
            }
            Body::Default { .. } => {
                let column = Id::part(Kind::Column, id.name.as_str(), id.part.as_str());
                drops(&column).then_some(column)
            }
            Body::Constraint(constraint) => {
                let domain = Id::new(Kind::Domain, id.name.as_str());
                if constraint.on_domain {
                    return drops(&domain).then_some(domain);
                }
                if constraint.kind == ConstraintKind::ForeignKey {
                    let other = constraint.references.as_ref();
                    let apart = other.is_none_or(|other| {
                        *other == id.name
                            || !object
                                .depends_on
                                .iter()
                                .any(|needed| needed.name == *other && drops(needed))
                    });
                    if drops(&table) && apart {
                        return Some(table);
                    }
                    return self.goes_with_parent(id);
                }
                if drops(&table) {
                    return Some(table);
                }
                // Without its column it would stay inherited below for ever.
                self.goes_with_parent(id).or_else(|| {
                    own_column()
                        .filter(|column| column.name == id.name && !self.stays_below(column))
                })
            }
            Body::Index(index) => {
                let table = Id::new(Kind::Table, index.table.as_str());
                let view = Id::new(Kind::MaterializedView, index.table.as_str());
                if drops(&table) {
                    return Some(table);
                }
                if drops(&view) {
                    return Some(view);
                }
                let parent = index
                    .parent
                    .as_ref()
                    .filter(|_| !self.leaves(&index.table))
                    .map(|parent| Id::new(Kind::Index, parent.as_str()));
                parent.filter(|parent| drops(parent)).or_else(own_column)
            }
            Body::Trigger { .. } | Body::Policy(_) | Body::Rule { .. } => {
                [Kind::Table, Kind::View, Kind::MaterializedView]
                    .into_iter()
                    .map(|kind| Id::new(kind, id.name.as_str()))
                    .find(drops)
            }
            Body::Statistics { .. } => object
                .depends_on
                .iter()
                .find(|other| other.kind == Kind::Table && drops(other))
                .map(|other| Id::clone(other))
                .or_else(own_column),
            Body::SequenceOwner { .. } => {
                let sequence = Id::new(Kind::Sequence, id.name.as_str());
                drops(&sequence).then_some(sequence)
            }
            Body::Sequence(_) => {
                let owner = self
                    .before
                    .get(&Id::new(Kind::SequenceOwner, id.name.as_str()))?;
                let column = owner
                    .depends_on
                    .iter()
                    .find(|other| other.kind == Kind::Column && drops(other))?;
                Some(Id::clone(column))
            }
            Body::Attachment { .. } => drops(&table).then_some(table),
            Body::DefaultPrivileges {
                schema: Some(schema),
                ..
            } => {
                let schema = Id::new(Kind::Schema, schema.as_str());
                drops(&schema).then_some(schema)
            }
            _ => None,
        }
    }

    /// What makes the object, when it does not take a statement of its own.
    pub(in crate::migrate::diff) fn implicit_create(&self, id: &Id) -> Option<Id> {
        if let Some(container) = self.inline.get(id) {
            return Some(container.clone());
        }
        let creates = |other: &Id| self.actions.creates(other);
        let object = self.after.get(id)?;
        let Body::Constraint(constraint) = &object.body else {
            return self.comes_with_parent(id);
        };
        // Inherited checks of a new table come with INHERITS.
        let table = Id::new(Kind::Table, id.name.as_str());
        if creates(&table) && self.comes_by_inheritance(id, constraint) {
            return Some(table);
        }
        let of_parent = |kind: Kind| {
            let parent = Self::parent_of(&id.name, self.after)?;
            let mut parts = self.after.parts(kind, &parent);
            let made = parts.find(|other| creates(&other.id))?;
            Some(Id::clone(&made.id))
        };
        let parent_key = constraint.of_parent && constraint.kind == ConstraintKind::ForeignKey;
        let attachment = Id::new(Kind::Attachment, id.name.as_str());
        if parent_key && creates(&attachment) {
            return Some(attachment);
        }
        if is_made_for_partition(constraint) {
            if creates(&attachment) {
                return Some(attachment);
            }
            return of_parent(Kind::Constraint);
        }
        // Keys of parts that exist are made first, so that the parent's takes them over by name.
        if constraint.kind.is_key() {
            return None;
        }
        // A foreign key of a partitioned table has other names on its parts.
        self.comes_with_parent(id)
            .or_else(|| of_parent(Kind::ForeignKey).filter(|_| parent_key))
    }

    /// Whether the parent's column becomes or ceases to be NOT NULL as this one does, which reaches
    /// it.
    pub(in crate::migrate::diff) fn is_changed_with_parent(&self, id: &Id) -> bool {
        let not_null = |catalog: &Catalog, id: &Id| match catalog.get(id).map(|object| &object.body)
        {
            Some(Body::Column(column)) => Some(column.not_null),
            _ => None,
        };
        let Some(parent) = self.parent_that_stays(&id.name) else {
            return false;
        };
        let parent = Id::part(id.kind, parent, id.part.as_str());
        let change = |id: &Id| (not_null(self.before, id), not_null(self.after, id));
        self.actions.changes(&parent) && change(&parent) == change(id)
    }

    /// The parent of a table that is its parent before and after.
    pub(super) fn parent_that_stays(&self, table: &str) -> Option<String> {
        let parent = Self::parent_of(table, self.after)?;
        self.heirs(&parent).contains(&table).then_some(parent)
    }

    /// Whether the parent's change reaches the object.
    pub(in crate::migrate::diff) fn implicit_change(&self, id: &Id) -> Option<Id> {
        let action = self.actions.get(id)?;
        if !Self::is_inherited_column(id, self.before) || !Self::is_inherited_column(id, self.after)
        {
            return None;
        }
        let parent = Self::parent_of(&id.name, self.after)?;
        let of_parent = Id::part(id.kind, parent, id.part.as_str());
        (action == Action::Retype && self.actions.get(&of_parent) == Some(Action::Retype))
            .then_some(of_parent)
    }
}

/// Whether a key of a partition comes with the key of its parent.
pub(super) fn is_made_for_partition(constraint: &Constraint) -> bool {
    constraint.of_parent && !constraint.no_inherit && constraint.kind.is_key()
}
