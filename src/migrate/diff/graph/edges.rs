//! Which step comes before which.

use rustc_hash::FxHashMap;

use super::steps::Edges;
use super::{Graph, Node};
use crate::catalog::{Body, ConstraintKind, Id, Kind, Object};

impl Graph<'_> {
    /// What the state before asks for.
    pub(super) fn before_edges(&self, edges: &mut Edges) {
        for object in self.before.objects.values() {
            for needed in &object.depends_on {
                let goes = self.actions.drops(&object.id);
                let needed_goes = self.actions.drops(needed);
                if goes && needed_goes {
                    edges.insert((self.drop_node(&object.id), self.drop_node(needed)));
                } else if goes && self.actions.changes(needed) {
                    // Rights and comment of a schema wait for nothing in it.
                    if needed.kind != Kind::Schema
                        && let Some(change) = self.made_by(needed)
                    {
                        edges.insert((self.drop_node(&object.id), change));
                    }
                } else if needed_goes
                    && self.actions.changes(&object.id)
                    && let Some(change) = self.made_by(&object.id)
                {
                    edges.insert((change, self.drop_node(needed)));
                }
            }
            match &object.body {
                Body::Attachment { parent, .. } => {
                    let child = Id::new(Kind::Table, object.id.name.as_str());
                    let parent = Id::new(Kind::Table, parent.as_str());
                    if self.actions.drops(&child) && self.actions.drops(&parent) {
                        edges.insert((self.drop_node(&child), self.drop_node(&parent)));
                    }
                    if self.leaves(&child.name) {
                        let left = self.drop_node(&object.id);
                        self.leaving_edges(left, &child, &parent, edges);
                    }
                }
                Body::Table(table)
                    if self.actions.changes(&object.id) && self.leaves(&object.id.name) =>
                {
                    let left = self.steps.place(&Node::Aside(Id::clone(&object.id)));
                    for parent in &table.parents {
                        let parent = Id::new(Kind::Table, parent.as_str());
                        self.leaving_edges(left, &object.id, &parent, edges);
                    }
                }
                Body::Column(_) if self.actions.drops(&object.id) => {
                    self.own_drop(&object.id, edges);
                }
                Body::Constraint(constraint) if self.actions.drops(&object.id) => {
                    self.own_drop(&object.id, edges);
                    for (partition, _) in &constraint.referenced_parts {
                        let left = Id::new(Kind::Attachment, partition.as_str());
                        if self.actions.drops(&left) {
                            edges.insert((self.drop_node(&object.id), self.drop_node(&left)));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// What an heir no longer inherits can go by itself.
    fn own_drop(&self, id: &Id, edges: &mut Edges) {
        if let Some(parent) = self.parent_that_stays(&id.name) {
            let of_parent = Id::part(id.kind, parent, id.part.as_str());
            let with_table = self.actions.drops(&Id::new(Kind::Table, id.name.as_str()));
            if self.actions.drops(&of_parent) && !with_table {
                edges.insert((self.drop_node(&of_parent), self.drop_node(id)));
            }
        }
    }

    /// A partition or heir leaves before anything of it or of its parent goes.
    fn leaving_edges(&self, left: usize, child: &Id, parent: &Id, edges: &mut Edges) {
        for table in [parent, child] {
            let parts = [Kind::Column, Kind::Constraint, Kind::ForeignKey]
                .into_iter()
                .flat_map(|kind| self.before.parts(kind, &table.name))
                .map(|object| object.id.as_ref());
            let indexes = self.indexes_before.get(table.name.as_str());
            for id in parts
                .chain(indexes.into_iter().flatten().copied())
                .chain([table])
            {
                if self.actions.drops(id) {
                    edges.insert((left, self.drop_node(id)));
                } else if self.actions.changes(id) {
                    edges.extend(self.made_by(id).map(|change| (left, change)));
                }
            }
        }
    }

    /// What the state after asks for.
    pub(super) fn after_edges(&self, edges: &mut Edges) {
        for object in self.after.objects.values() {
            let Some(made) = self.made_by(&object.id) else {
                continue;
            };
            for needed in &object.depends_on {
                if let Some(first) = self.made_by(needed) {
                    edges.insert((first, made));
                }
            }
            match &object.body {
                Body::Attachment { parent, .. } => {
                    self.joining_edges(&object.id.name, parent, made, edges);
                }
                Body::Index(index) => {
                    if let Some(parent) = &index.parent
                        && let Some(parent) = self.made_by(&Id::new(Kind::Index, parent.as_str()))
                    {
                        edges.insert((made, parent));
                    }
                }
                Body::Column(_) => {
                    // What reaches the heirs comes first.
                    if let Some(parent) = self.parent_that_stays(&object.id.name) {
                        let of_parent = Id::part(Kind::Column, parent, object.id.part.as_str());
                        edges.extend(self.made_by(&of_parent).map(|first| (first, made)));
                    }
                }
                Body::Constraint(constraint) if constraint.of_parent => {
                    self.key_of_part(object, made, edges);
                }
                Body::Constraint(constraint) => {
                    // A key to a partitioned table comes when its partitions are all there.
                    for (partition, _) in &constraint.referenced_parts {
                        let joined = Id::new(Kind::Attachment, partition.as_str());
                        edges.extend(self.made_by(&joined).map(|first| (first, made)));
                    }
                }
                _ => {}
            }
        }
        // A type comes after its predecessor went aside, and that one goes when no column has it.
        for id in &self.asides {
            edges.insert((
                self.steps.place(&Node::Aside(id.clone())),
                self.steps.place(&Node::Create(id.clone())),
            ));
        }
    }

    /// The parts' indexes and keys exist before the part joins, to be taken over; an index of the
    /// parent that is new takes them over itself. Columns and checks are alike by then.
    fn joining_edges(&self, name: &str, parent: &str, made: usize, edges: &mut Edges) {
        let is_part = |id: &&Id| {
            matches!(self.after.get(id).map(|object| &object.body),
                Some(Body::Index(index)) if index.parent.is_some())
        };
        let indexes = self.indexes_after.get(name).into_iter().flatten().copied();
        let keys = self.after.parts(Kind::Constraint, name);
        let columns = self.after.parts(Kind::Column, name);
        let first = keys
            .chain(columns)
            .map(|object| object.id.as_ref())
            .chain(indexes.clone().filter(is_part));
        for id in first {
            // What comes with the parent's own step is another matter, below.
            let own = |step: &usize| match self.steps.node(*step) {
                Some(Node::Create(id) | Node::Change(id)) => {
                    id.name != parent || id.part.is_empty()
                }
                _ => true,
            };
            edges.extend(self.made_by(id).filter(own).map(|first| (first, made)));
        }
        let of_parent = [Kind::Column, Kind::Constraint]
            .into_iter()
            .flat_map(|kind| self.after.parts(kind, parent));
        for object in of_parent {
            let is_key = matches!(&object.body, Body::Constraint(constraint)
                if constraint.kind != ConstraintKind::Check);
            let Some(step) = self.made_by(&object.id).filter(|_| !is_key) else {
                continue;
            };
            let own = Id::part(object.id.kind, name, object.id.part.as_str());
            // What the parent's step gives the part needs the part to be there.
            if self.made_by(&own) == Some(step) {
                edges.insert((made, step));
            } else {
                edges.insert((step, made));
            }
        }
        // Of two indexes that are alike, the parent would take over either.
        for id in indexes.filter(|id| !is_part(id)) {
            edges.extend(self.made_by(id).map(|later| (made, later)));
        }
        for id in self.indexes_after.get(parent).into_iter().flatten() {
            edges.extend(self.made_by(id).map(|later| (made, later)));
        }
    }

    /// A key of a partitioned table that exists takes over the keys of its parts.
    pub(super) fn key_of_part(&self, object: &Object, made: usize, edges: &mut Edges) {
        if object.id.kind != Kind::Constraint {
            return;
        }
        let Some(parent) = Self::parent_of(&object.id.name, self.after) else {
            return;
        };
        for key in self.after.parts(Kind::Constraint, &parent) {
            if let Some(of_parent) = self.made_by(&key.id)
                && matches!(self.steps.node(of_parent), Some(Node::Create(id)) if id.kind == Kind::Constraint)
            {
                edges.insert((made, of_parent));
            }
        }
    }

    /// A name is free before it is taken.
    pub(super) fn name_edges(&self, edges: &mut Edges) {
        let mut freed: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for object in self.before.objects.values() {
            let id = &object.id;
            if self.asides.contains(id) {
                continue;
            }
            if self.actions.drops(id) {
                for name in names(object) {
                    freed.entry(name).or_default().push(self.drop_node(id));
                }
            } else if self.actions.changes(id) {
                let kept = self.after.get(id).map(names).unwrap_or_default();
                for name in names(object)
                    .into_iter()
                    .filter(|name| !kept.contains(name))
                {
                    freed.entry(name).or_default().extend(self.made_by(id));
                }
            }
        }
        for object in self.after.objects.values() {
            let id = &object.id;
            let Some(made) = self.made_by(id) else {
                continue;
            };
            let old = if self.actions.changes(id) {
                self.before.get(id).map(names).unwrap_or_default()
            } else {
                Vec::new()
            };
            for name in names(object).into_iter().filter(|name| !old.contains(name)) {
                for free in freed.get(&name).into_iter().flatten() {
                    edges.insert((*free, made));
                }
            }
        }
    }
}

/// The names that an object takes, each with its name space.
pub(super) fn names(object: &Object) -> Vec<String> {
    let Id {
        kind, name, part, ..
    } = object.id.as_ref();
    match (kind, &object.body) {
        (Kind::Table | Kind::View | Kind::MaterializedView | Kind::Composite, _) => {
            vec![format!("relation {name}"), format!("type {name}")]
        }
        (Kind::Sequence | Kind::Index, _) => vec![format!("relation {name}")],
        (Kind::Enum | Kind::Domain | Kind::Range, _) => vec![format!("type {name}")],
        (_, Body::Column(column)) => {
            let mut names = vec![format!("column {name}.{part}")];
            names.extend(
                column
                    .identity
                    .as_ref()
                    .map(|identity| format!("relation {}", identity.name)),
            );
            names
        }
        (_, Body::Constraint(constraint)) => {
            let mut names = vec![format!("constraint {name}.{part}")];
            if constraint.kind.is_key() {
                let table = Id::new(Kind::Table, name.as_str());
                let prefix = &name[..name.len() - table.local_name().len()];
                names.push(format!("relation {prefix}{part}"));
            }
            names
        }
        (kind, _) => vec![format!("{} {}", kind.name(), object.id)],
    }
}
