//! The forms that spare a database in use: indexes are built and dropped while others write, keys take
//! over an index that is there, what rows must satisfy is stated first and checked later. What the one
//! transaction needs at once keeps its plain form.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;
use super::{Action, Options};
use crate::catalog::{Body, Catalog, Constraint, ConstraintKind, Id, Index, Kind, Object};

/// Decides over both catalogs what may take its time.
pub(super) struct Online<'a> {
    graph: &'a Graph<'a>,
    offline: bool,
    /// Partitions and tables that inherit, by what they are parts of.
    children: BTreeMap<&'a str, Vec<&'a str>>,
    /// Names that new keys take for their indexes.
    key_names: BTreeSet<&'a str>,
    /// Unique indexes that go, by their definition behind the name.
    unique: BTreeMap<String, &'a Id>,
}

/// How an index comes into being.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// In the transaction.
    Plain,
    /// While others write.
    Concurrent,
    /// While others write, under another name, beside the one that it replaces.
    Replacement,
    /// Empty, on a partitioned table; the indexes of the partitions are attached to it.
    Empty,
}

impl<'a> Online<'a> {
    pub(super) fn new(graph: &'a Graph<'a>, options: Options) -> Self {
        let (before, after, actions) = (graph.before, graph.after, graph.actions);
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for object in after.objects.values() {
            let parents = match &object.body {
                Body::Attachment { parent, .. } => std::slice::from_ref(parent),
                Body::Table(table) => table.parents.as_slice(),
                _ => &[],
            };
            for parent in parents {
                children.entry(parent).or_default().push(&object.id.name);
            }
        }
        let key_names = after
            .of_kind(Kind::Constraint)
            .filter(|object| actions.creates(&object.id))
            .map(|object| object.id.part.as_str());
        Self {
            graph,
            offline: options.offline,
            children,
            key_names: key_names.collect(),
            unique: before
                .of_kind(Kind::Index)
                .filter(|object| actions.get(&object.id) == Some(Action::Drop))
                .filter_map(|object| {
                    let create = format!("CREATE UNIQUE INDEX {} ", object.id.local_name());
                    let Body::Index(index) = &object.body else {
                        return None;
                    };
                    let rest = index.definition.strip_prefix(&create)?;
                    Some((rest.to_owned(), object.id.as_ref()))
                })
                .collect(),
        }
    }

    pub(super) fn build(&self, object: &Object, index: &Index) -> Build {
        if self.offline || !self.is_kept(&index.table) || index.replica_identity || index.clustered
        {
            return Build::Plain;
        }
        if index.on_partitioned && index.parent.is_none() {
            return if self.is_new_tree(object) {
                Build::Empty
            } else {
                Build::Plain
            };
        }
        if index.parent.is_some() {
            return self.build_of_part(index);
        }
        if self.graph.new.is_needed(&object.id) {
            return Build::Plain;
        }
        match self
            .graph
            .before
            .get(&object.id)
            .map(|old| (old, &old.body))
        {
            None => Build::Concurrent,
            Some((old, Body::Index(_))) if self.is_replaced(old) => Build::Replacement,
            Some(_) => Build::Plain,
        }
    }

    /// The index of a partition goes with the tree that it is a part of.
    fn build_of_part(&self, index: &Index) -> Build {
        let mut root = None;
        let mut next = index.parent.as_ref();
        while let Some(parent) = next {
            match self.graph.after.get(&Id::new(Kind::Index, parent.as_str())) {
                Some(object) => {
                    let Body::Index(body) = &object.body else {
                        return Build::Plain;
                    };
                    root = Some((object, body));
                    next = body.parent.as_ref();
                }
                None => return Build::Plain,
            }
        }
        let online = root.is_some_and(|(root, index)| self.build(root, index) == Build::Empty);
        let attachment = Id::new(Kind::Attachment, index.table.as_str());
        let stays = self.graph.before.contains(&attachment)
            && self.graph.actions.get(&attachment).is_none();
        match (online, index.on_partitioned) {
            (true, true) => Build::Empty,
            // A table that only now becomes a partition brings its index with it.
            (true, false) if stays => Build::Concurrent,
            _ => Build::Plain,
        }
    }

    /// Whether an index of a partitioned table is new, and each of its parts is new or stays.
    fn is_new_tree(&self, object: &Object) -> bool {
        self.graph.actions.get(&object.id) == Some(Action::Create)
            && !self.graph.new.is_needed(&object.id)
            && self.graph.parts_of_index(&object.id).iter().all(|id| {
                match (self.graph.actions.get(id), self.graph.after.get(id)) {
                    (Some(Action::Create), Some(part)) if is_on_partitioned(part) => {
                        self.is_new_tree(part)
                    }
                    (Some(action), _) => !action.drops(),
                    (None, _) => true,
                }
            })
    }

    /// Whether an index of before stays until its successor is there.
    pub(super) fn is_replaced(&self, old: &Object) -> bool {
        let Some(new) = self.graph.after.get(&old.id) else {
            return false;
        };
        let (Body::Index(before), Body::Index(after)) = (&old.body, &new.body) else {
            return false;
        };
        let simple = |index: &Index| {
            index.parent.is_none()
                && !index.on_partitioned
                && !index.clustered
                && !index.replica_identity
        };
        !self.offline
            && self.graph.actions.get(&old.id) == Some(Action::Rebuild)
            && simple(before)
            && simple(after)
            && self.is_kept(&after.table)
            && self.outlives_transaction(old)
            && !self.graph.new.is_needed(&old.id)
    }

    /// Whether an index that goes can be dropped at the very end.
    pub(super) fn drops_late(&self, old: &Object, index: &Index) -> bool {
        !self.offline
            && !self.is_taken(&old.id.name)
            && self.graph.actions.get(&old.id) == Some(Action::Drop)
            && !index.on_partitioned
            && self.outlives_transaction(old)
            && !self.key_names.contains(old.id.local_name())
    }

    /// Whether something new, beside indexes and keys, takes the name.
    fn is_taken(&self, name: &str) -> bool {
        [
            Kind::Table,
            Kind::View,
            Kind::MaterializedView,
            Kind::Sequence,
            Kind::Composite,
        ]
        .into_iter()
        .any(|kind| self.graph.actions.creates(&Id::new(kind, name)))
    }

    /// Whether nothing that the transaction changes or drops stands in the way of the old object.
    fn outlives_transaction(&self, old: &Object) -> bool {
        !self.graph.old.is_needed(&old.id)
            && !old.depends_on.iter().any(|needed| self.moves(needed))
    }

    fn moves(&self, id: &Id) -> bool {
        self.graph
            .actions
            .get(id)
            .is_some_and(|action| action.drops() || action == Action::Retype)
    }

    /// Whether the table is there before and after.
    fn is_kept(&self, table: &str) -> bool {
        let id = Id::new(Kind::Table, table);
        self.graph.after.contains(&id) && !self.graph.actions.creates(&id)
    }

    /// CREATE INDEX without its name: what a new key of a table in use can take over.
    pub(super) fn index_of_key(&self, object: &Object, key: &Constraint) -> Option<KeyIndex> {
        let columns = match key.kind {
            ConstraintKind::Unique => key.definition.strip_prefix("UNIQUE ")?,
            ConstraintKind::PrimaryKey => key.definition.strip_prefix("PRIMARY KEY ")?,
            _ => return None,
        };
        let table = object.id.name.as_str();
        let replaced = self.graph.actions.get(&object.id) == Some(Action::Rebuild);
        let old_stays = self
            .graph
            .before
            .get(&object.id)
            .is_none_or(|old| self.outlives_as_key(old));
        let needed = !self.graph.new.dependants(&object.id).is_empty();
        if self.offline
            || !self.is_kept(table)
            || self.is_family(table)
            || key.clustered
            || key.replica_identity
            || needed
            || !old_stays
            || columns.contains(" WITHOUT OVERLAPS")
        {
            return None;
        }
        let (nulls, columns) = match columns.strip_prefix("NULLS NOT DISTINCT ") {
            Some(rest) => (" NULLS NOT DISTINCT", rest),
            None => ("", columns),
        };
        let (columns, timing) = match columns.find(" DEFERRABLE") {
            Some(at) => columns.split_at(at),
            None => (columns, ""),
        };
        let on = format!("ON {table} USING btree {columns}{nulls}");
        let adopts = self.unique.get(&on).filter(|id| {
            let old = self.graph.before.get(id);
            !replaced && old.is_some_and(|old| self.outlives_transaction(old))
        });
        Some(KeyIndex {
            adopts: adopts.map(|id| (*id).clone()),
            on,
            timing: timing.to_owned(),
            replaces: replaced,
        })
    }

    /// Whether a new key takes over this index of before.
    pub(super) fn is_adopted(&self, old: &Object, index: &Index) -> bool {
        self.graph.after.parts(Kind::Constraint, &index.table).any(|object| {
            self.graph.actions.creates(&object.id)
                && matches!(&object.body, Body::Constraint(key)
                    if self.index_of_key(object, key).is_some_and(|key| key.adopts.as_ref() == Some(&old.id)))
        })
    }

    /// Whether a key that goes can stay until the end, because its successor is built first.
    pub(super) fn drops_key_late(&self, old: &Object, key: &Constraint) -> bool {
        let is_key = matches!(
            key.kind,
            ConstraintKind::Unique | ConstraintKind::PrimaryKey
        );
        let table = old.id.name.as_str();
        let local_name = Id::new(Kind::Table, table).local_name().len();
        let index = format!("{}{}", &table[..table.len() - local_name], old.id.part);
        let taken = self
            .graph
            .actions
            .creates(&Id::new(Kind::Index, index.as_str()))
            || self.is_taken(&index);
        let succeeded = || {
            let key = self.graph.after.parts(Kind::Constraint, table).any(|object| {
                self.graph.actions.creates(&object.id)
                    && matches!(&object.body, Body::Constraint(key) if self.index_of_key(object, key).is_some())
            });
            key || self.graph.new_indexes(table).any(|object| {
                self.graph.actions.creates(&object.id)
                    && matches!(&object.body, Body::Index(index)
                        if self.build(object, index) == Build::Concurrent)
            })
        };
        is_key
            && !self.offline
            && self.graph.actions.get(&old.id) == Some(Action::Drop)
            && self.is_kept(table)
            && !self.is_family(table)
            && !taken
            && self.outlives_as_key(old)
            && succeeded()
    }

    fn outlives_as_key(&self, old: &Object) -> bool {
        self.graph.old.dependants(&old.id).is_empty()
            && !old.depends_on.iter().any(|needed| self.moves(needed))
    }

    /// Whether a new check or foreign key is stated unchecked, and checked later.
    pub(super) fn is_checked_later(&self, id: &Id, constraint: &Constraint) -> bool {
        let table = id.name.as_str();
        let alone = match constraint.kind {
            ConstraintKind::Check => !self.is_family(table) || self.is_root(table),
            // VALIDATE does not reach the parts for the partitions that it refers to.
            ConstraintKind::ForeignKey => {
                !self.is_family(table) && constraint.referenced_parts.is_empty()
            }
            _ => false,
        };
        let stated_below = || {
            self.descendants(table).iter().any(|child| {
                let part = Id::part(id.kind, *child, id.part.as_str());
                matches!(
                    self.graph.after.get(&part).map(|object| &object.body),
                    Some(Body::Constraint(constraint)) if constraint.local
                )
            })
        };
        !self.offline
            && alone
            && constraint.validated
            && !constraint.on_domain
            && !self.graph.actions.creates(&Id::new(Kind::Table, table))
            && !constraint.definition.contains("NO INHERIT")
            && !stated_below()
    }

    /// Whether nothing in the transaction needs the column to be NOT NULL.
    pub(super) fn is_not_null_later(&self, id: &Id) -> bool {
        let table = id.name.as_str();
        let key = self
            .graph
            .after
            .parts(Kind::Constraint, table)
            .filter(|object| self.graph.actions.creates(&object.id) && object.needs(id))
            .any(|object| match &object.body {
                Body::Constraint(key) => {
                    !self.is_checked_later(&object.id, key)
                        && self.index_of_key(object, key).is_none()
                }
                _ => true,
            });
        let fits = matches!(
            self.graph.after.get(id).map(|object| &object.body),
            Some(Body::Column(column)) if column.identity.is_none() && column.inherited == 0
        );
        !self.offline && !key && fits && (!self.is_family(table) || self.is_root(table))
    }

    /// Whether the column follows one of a parent that becomes NOT NULL later.
    pub(super) fn follows_not_null(&self, id: &Id) -> bool {
        let Some(parent) = Graph::parent_of(&id.name, self.graph.after) else {
            return false;
        };
        let of_parent = Id::part(Kind::Column, parent, id.part.as_str());
        let becomes = |catalog: &Catalog| {
            matches!(
                catalog.get(&of_parent).map(|object| &object.body),
                Some(Body::Column(column)) if column.not_null
            )
        };
        !self.offline
            && !becomes(self.graph.before)
            && becomes(self.graph.after)
            && (self.is_not_null_later(&of_parent) || self.follows_not_null(&of_parent))
    }

    /// Partitioned tables, partitions, inheritance.
    fn is_family(&self, table: &str) -> bool {
        let of_table = match self
            .graph
            .after
            .get(&Id::new(Kind::Table, table))
            .map(|object| &object.body)
        {
            Some(Body::Table(body)) => {
                body.partition_key.is_some() || !body.parents.is_empty() || body.foreign.is_some()
            }
            _ => true,
        };
        of_table
            || self.graph.after.contains(&Id::new(Kind::Attachment, table))
            || self.children.contains_key(table)
    }

    /// Whether the table is the top of a family that stays as it is, so that what is said of it
    /// reaches all of them.
    fn is_root(&self, table: &str) -> bool {
        let kept = |name: &str| {
            let (id, attachment) = (Id::new(Kind::Table, name), Id::new(Kind::Attachment, name));
            let plain = |catalog: &Catalog| {
                matches!(
                    catalog.get(&id).map(|object| &object.body),
                    Some(Body::Table(table)) if table.foreign.is_none() && table.parents.len() < 2
                )
            };
            let parents = |catalog: &Catalog| match catalog.get(&id).map(|object| &object.body) {
                Some(Body::Table(table)) => table.parents.clone(),
                _ => Vec::new(),
            };
            plain(self.graph.before)
                && plain(self.graph.after)
                && !self.graph.actions.creates(&id)
                && self.graph.actions.get(&attachment).is_none()
                && parents(self.graph.before) == parents(self.graph.after)
        };
        let top = matches!(
            self.graph.after.get(&Id::new(Kind::Table, table)).map(|object| &object.body),
            Some(Body::Table(body)) if body.parents.is_empty()
        ) && !self.graph.after.contains(&Id::new(Kind::Attachment, table));
        top && kept(table) && self.descendants(table).into_iter().all(kept)
    }

    fn descendants(&self, table: &str) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        let mut open = vec![table];
        while let Some(next) = open.pop() {
            for child in self.children.get(next).into_iter().flatten() {
                if !found.contains(child) {
                    found.push(child);
                    open.push(child);
                }
            }
        }
        found
    }
}

fn is_on_partitioned(index: &Object) -> bool {
    matches!(&index.body, Body::Index(index) if index.on_partitioned)
}

/// The index that a key takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyIndex {
    /// A unique index that is there already.
    pub adopts: Option<Id>,
    /// `ON table USING btree (a, b)`
    pub on: String,
    /// ` DEFERRABLE INITIALLY DEFERRED`
    pub timing: String,
    /// Whether a key of the same name goes.
    pub replaces: bool,
}
