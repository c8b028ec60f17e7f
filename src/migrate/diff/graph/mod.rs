//! What must happen before what. A node is one step; parts that their container's statement makes
//! or removes have the container's node.

mod edges;
mod implicit;
mod inline;
mod sort;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Action, Actions, State};
use crate::catalog::{Body, Catalog, Id, Index, Kind, Object};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// A type that is renamed, so that its successor can have the name; a table that leaves parents
    /// which it inherits from.
    Aside(Id),
    Drop(Id),
    Change(Id),
    Create(Id),
}

/// Everything that decides about nodes and edges.
pub(super) struct Graph<'a> {
    pub before: &'a Catalog,
    pub after: &'a Catalog,
    /// The two with what depends on each object.
    pub old: &'a State<'a>,
    pub new: &'a State<'a>,
    pub actions: &'a Actions,
    /// Types that are put aside.
    pub asides: BTreeSet<Id>,
    /// New tables by what their statement states.
    inline: FxHashMap<Arc<Id>, Id>,
    steps: steps::Steps,
    /// The indexes of each table, before and after.
    indexes_before: BTreeMap<&'a str, Vec<&'a Id>>,
    indexes_after: BTreeMap<&'a str, Vec<&'a Id>>,
    /// The indexes that are parts of each index of a partitioned table.
    index_parts: BTreeMap<&'a str, Vec<&'a Id>>,
    /// Partitions and heirs that stay, by parent.
    heirs: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(before: &'a State<'a>, after: &'a State<'a>, actions: &'a Actions) -> Self {
        let (old, new) = (before, after);
        let (before, after) = (old.catalog, new.catalog);
        let mut graph = Self {
            before,
            after,
            old,
            new,
            actions,
            asides: BTreeSet::new(),
            inline: FxHashMap::default(),
            steps: steps::Steps::default(),
            indexes_before: indexes_by(before, |index| Some(&index.table)),
            indexes_after: indexes_by(after, |index| Some(&index.table)),
            index_parts: indexes_by(after, |index| index.parent.as_ref()),
            heirs: BTreeMap::new(),
        };
        graph.find_heirs();
        graph.find_asides();
        graph.find_inline();
        graph.steps = steps::Steps::new(&graph);
        graph
    }

    /// Partitions and heirs of a table that it has before and after.
    pub(super) fn heirs(&self, table: &str) -> &[&'a str] {
        self.heirs.get(table).map_or(&[], Vec::as_slice)
    }

    /// The parts of an index of a partitioned table, as they are after.
    pub(super) fn parts_of_index(&self, index: &Id) -> &[&'a Id] {
        self.index_parts
            .get(index.name.as_str())
            .map_or(&[], Vec::as_slice)
    }

    /// The indexes of a table, as they are after.
    pub(super) fn new_indexes(&self, table: &str) -> impl Iterator<Item = &'a Object> {
        let ids = self.indexes_after.get(table).into_iter().flatten();
        ids.filter_map(|id| self.after.get(id))
    }

    /// Whether a partition or heir leaves a parent and stays as a table.
    pub(super) fn leaves(&self, table: &str) -> bool {
        let id = Id::new(Kind::Table, table);
        !self.actions.drops(&id)
            && (self.actions.drops(&Id::new(Kind::Attachment, table)) || self.leaves_heritage(&id))
    }

    /// Whether a table that exists becomes a partition or an heir.
    pub(super) fn joins(&self, table: &str) -> bool {
        let id = Id::new(Kind::Table, table);
        !self.actions.creates(&id)
            && (self.actions.creates(&Id::new(Kind::Attachment, table))
                || has_more_parents(self.after, self.before, &id))
    }

    fn leaves_heritage(&self, table: &Id) -> bool {
        has_more_parents(self.before, self.after, table)
    }

    fn find_heirs(&mut self) {
        for object in self.before.objects.values() {
            let after = self.after.get(&object.id).map(|object| &object.body);
            match (&object.body, after) {
                (Body::Attachment { parent, .. }, Some(Body::Attachment { parent: new, .. }))
                    if parent == new && !self.actions.drops(&object.id) =>
                {
                    self.heirs.entry(parent).or_default().push(&object.id.name);
                }
                (Body::Table(table), Some(Body::Table(new))) => {
                    for parent in table
                        .parents
                        .iter()
                        .filter(|name| new.parents.contains(name))
                    {
                        self.heirs.entry(parent).or_default().push(&object.id.name);
                    }
                }
                _ => {}
            }
        }
    }

    /// A type that is rebuilt below columns that stay.
    fn find_asides(&mut self) {
        for object in self.before.objects.values() {
            if self.actions.get(&object.id) != Some(Action::Retype) {
                continue;
            }
            for needed in &object.depends_on {
                let is_type = matches!(
                    needed.kind,
                    Kind::Enum | Kind::Composite | Kind::Domain | Kind::Range
                );
                if is_type && self.actions.get(needed) == Some(Action::Rebuild) {
                    self.asides.insert(Id::clone(needed));
                }
            }
        }
        // A domain or composite below which a type is put aside waits for its own columns.
        loop {
            let more: Vec<Id> = self
                .before
                .objects
                .values()
                .filter(|object| {
                    matches!(object.id.kind, Kind::Composite | Kind::Domain)
                        && self.actions.get(&object.id) == Some(Action::Rebuild)
                        && self.asides.contains(&object.id)
                })
                .flat_map(|object| object.depends_on.iter())
                .filter(|needed| {
                    matches!(needed.kind, Kind::Enum | Kind::Composite | Kind::Domain)
                        && self.actions.get(needed) == Some(Action::Rebuild)
                        && !self.asides.contains(*needed)
                })
                .map(|needed| Id::clone(needed))
                .collect();
            if more.is_empty() {
                break;
            }
            self.asides.extend(more);
        }
    }

    fn step_of_drop(&self, id: &Id) -> Node {
        let mut id = id.clone();
        while let Some(container) = self.implicit_drop(&id) {
            id = container;
        }
        Node::Drop(id)
    }

    /// The step after which the object of after is as it should be, if there is one.
    fn step_of_make(&self, id: &Id) -> Option<Node> {
        match self.actions.get(id)? {
            Action::Create | Action::Rebuild => {
                let mut id = id.clone();
                while let Some(container) = self.implicit_create(&id) {
                    id = container;
                }
                Some(Node::Create(id))
            }
            Action::Alter | Action::Retype => {
                let mut id = id.clone();
                while let Some(container) = self.implicit_change(&id) {
                    id = container;
                }
                Some(Node::Change(id))
            }
            Action::Drop => None,
        }
    }

    /// The place of the step that removes the object.
    fn drop_node(&self, id: &Id) -> usize {
        self.steps.drop_of(id)
    }

    /// The place of the step after which the object of after is as it should be, if there is one.
    fn made_by(&self, id: &Id) -> Option<usize> {
        self.steps.make_of(id)
    }

    /// All steps, each after those that it needs.
    pub(super) fn order(&self) -> Vec<Node> {
        let mut edges = steps::Edges::default();
        self.before_edges(&mut edges);
        self.after_edges(&mut edges);
        self.name_edges(&mut edges);
        sort::sort(self.steps.nodes(), &edges.sorted())
    }
}

/// Whether a table of both catalogs has a parent in the first that it has not in the second.
fn has_more_parents(first: &Catalog, second: &Catalog, table: &Id) -> bool {
    match (
        first.get(table).map(|object| &object.body),
        second.get(table).map(|object| &object.body),
    ) {
        (Some(Body::Table(first)), Some(Body::Table(second))) => first
            .parents
            .iter()
            .any(|parent| !second.parents.contains(parent)),
        _ => false,
    }
}

fn indexes_by<'a>(
    catalog: &'a Catalog,
    key: impl Fn(&'a Index) -> Option<&'a String>,
) -> BTreeMap<&'a str, Vec<&'a Id>> {
    let mut indexes: BTreeMap<&str, Vec<&Id>> = BTreeMap::new();
    for object in catalog.of_kind(Kind::Index) {
        if let Body::Index(index) = &object.body
            && let Some(key) = key(index)
        {
            indexes.entry(key).or_default().push(&object.id);
        }
    }
    indexes
}
