//! What must happen before what. A node is one step; parts that their container's statement makes
//! or removes have the container's node.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::{Action, Actions};
use crate::catalog::{Body, Catalog, ConstraintKind, Id, Kind};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    /// A type that is renamed, so that its successor can have the name.
    Aside(Id),
    Drop(Id),
    Change(Id),
    Create(Id),
}

/// Everything that decides about nodes and edges.
pub(super) struct Graph<'a> {
    pub before: &'a Catalog,
    pub after: &'a Catalog,
    pub actions: &'a Actions,
    /// Types that are put aside.
    pub asides: BTreeSet<Id>,
    /// New tables by what their statement states.
    inline: BTreeMap<Id, Id>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(before: &'a Catalog, after: &'a Catalog, actions: &'a Actions) -> Self {
        let mut graph = Self {
            before,
            after,
            actions,
            asides: BTreeSet::new(),
            inline: BTreeMap::new(),
        };
        graph.find_asides();
        graph.find_inline();
        graph
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
                    self.asides.insert(needed.clone());
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
                .cloned()
                .collect();
            if more.is_empty() {
                break;
            }
            self.asides.extend(more);
        }
    }

    fn find_inline(&mut self) {
        let mut inline = BTreeMap::new();
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
    fn repeats_a_key(&self, id: &Id, constraint: &crate::catalog::Constraint) -> bool {
        let columns =
            |definition: &str| definition.split_once('(').map(|(_, rest)| rest.to_owned());
        constraint.kind == ConstraintKind::Unique
            && self.after.parts(Kind::Constraint, &id.name).any(|other| {
                matches!(&other.body, Body::Constraint(key)
                    if other.id != *id
                        && (key.kind == ConstraintKind::PrimaryKey
                            || key.kind == ConstraintKind::Unique && other.id < *id)
                        && columns(&key.definition) == columns(&constraint.definition))
            })
    }

    /// Whether CREATE TABLE states the column: it is not inherited, or the table is a partition.
    fn is_stated(&self, column: &Id) -> bool {
        let partition = Id::new(Kind::Attachment, column.name.as_str());
        match self.after.get(column).map(|object| &object.body) {
            Some(Body::Column(body)) => body.local || self.after.contains(&partition),
            _ => false,
        }
    }

    fn comes_by_inheritance(&self, id: &Id, constraint: &crate::catalog::Constraint) -> bool {
        let partition = self
            .after
            .contains(&Id::new(Kind::Attachment, id.name.as_str()));
        !partition && constraint.inherited > 0 && !constraint.local
    }

    /// Whether something that `id` needs, beside the table itself and its columns, needs the table.
    fn reaches(&self, id: &Id, table: &Id) -> bool {
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
            .filter(|other| !own(other))
            .collect();
        while let Some(next) = stack.pop() {
            if own(next) {
                return true;
            }
            if seen.insert(next)
                && let Some(object) = self.after.get(next)
            {
                stack.extend(&object.depends_on);
            }
        }
        false
    }

    /// The table that a column, or a partition's part, is inherited from.
    fn parent_of(table: &str, catalog: &Catalog) -> Option<String> {
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

    fn is_inherited_column(id: &Id, catalog: &Catalog) -> bool {
        match catalog.get(id).map(|object| &object.body) {
            Some(Body::Column(column)) => !column.local && column.inherited > 0,
            _ => false,
        }
    }

    /// Whether a step of the object's own would be one too many, because the parent's step does it.
    fn follows_parent(id: &Id, catalog: &Catalog, same: impl Fn(&Id) -> bool) -> Option<Id> {
        let inherited = match catalog.get(id).map(|object| &object.body) {
            Some(Body::Column(column)) => !column.local && column.inherited > 0,
            Some(Body::Constraint(constraint)) => {
                constraint.of_parent || constraint.inherited > 0 && !constraint.local
            }
            _ => false,
        };
        if !inherited {
            return None;
        }
        let parent = Self::parent_of(&id.name, catalog)?;
        let of_parent = Id::part(id.kind, parent, id.part.as_str());
        same(&of_parent).then_some(of_parent)
    }

    /// What removes the object, when it does not take a statement of its own.
    pub(super) fn implicit_drop(&self, id: &Id) -> Option<Id> {
        let object = self.before.get(id)?;
        let drops = |other: &Id| self.actions.drops(other);
        let table = Id::new(Kind::Table, id.name.as_str());
        let own_column = || {
            object
                .depends_on
                .iter()
                .find(|other| other.kind == Kind::Column && drops(other))
                .cloned()
        };
        match &object.body {
            Body::Column(_) => {
                if drops(&table) {
                    return Some(table);
                }
                Self::follows_parent(id, self.before, drops)
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
                    return Self::follows_parent(id, self.before, drops);
                }
                if drops(&table) {
                    return Some(table);
                }
                Self::follows_parent(id, self.before, drops)
                    .or_else(|| own_column().filter(|column| column.name == id.name))
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
                .cloned()
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
                Some(column.clone())
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
    pub(super) fn implicit_create(&self, id: &Id) -> Option<Id> {
        if let Some(container) = self.inline.get(id) {
            return Some(container.clone());
        }
        let creates = |other: &Id| self.actions.creates(other);
        let object = self.after.get(id)?;
        let Body::Constraint(constraint) = &object.body else {
            return Self::follows_parent(id, self.after, creates);
        };
        // Inherited checks of a new table come with INHERITS.
        let table = Id::new(Kind::Table, id.name.as_str());
        if creates(&table) && self.comes_by_inheritance(id, constraint) {
            return Some(table);
        }
        let parent_key = constraint.of_parent && constraint.kind == ConstraintKind::ForeignKey;
        let attachment = Id::new(Kind::Attachment, id.name.as_str());
        if parent_key && creates(&attachment) {
            return Some(attachment);
        }
        if is_made_for_partition(constraint) {
            if creates(&attachment) {
                return Some(attachment);
            }
            let parent = Self::parent_of(&id.name, self.after)?;
            return self
                .after
                .parts(Kind::Constraint, &parent)
                .map(|other| other.id.clone())
                .find(creates);
        }
        // Keys of parts that exist are made first, so that the parent's takes them over by name.
        if matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion
        ) {
            return None;
        }
        Self::follows_parent(id, self.after, creates).or_else(|| {
            // A foreign key of a partitioned table has other names on its parts.
            let parent = Self::parent_of(&id.name, self.after)?;
            (parent_key
                && self
                    .after
                    .parts(Kind::ForeignKey, &parent)
                    .any(|other| creates(&other.id)))
            .then(|| {
                self.after
                    .parts(Kind::ForeignKey, &parent)
                    .find(|other| creates(&other.id))
                    .map(|other| other.id.clone())
            })
            .flatten()
        })
    }

    /// Whether the parent's change reaches the object.
    pub(super) fn implicit_change(&self, id: &Id) -> Option<Id> {
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

    fn drop_node(&self, id: &Id) -> Node {
        let mut id = id.clone();
        while let Some(container) = self.implicit_drop(&id) {
            id = container;
        }
        Node::Drop(id)
    }

    /// The step after which the object of after is as it should be, if there is one.
    fn made_by(&self, id: &Id) -> Option<Node> {
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

    /// All steps, each after those that it needs.
    pub(super) fn order(&self) -> Vec<Node> {
        let mut nodes: BTreeSet<Node> = BTreeSet::new();
        let mut edges: BTreeSet<(Node, Node)> = BTreeSet::new();
        for id in self.actions.0.keys() {
            if self.actions.drops(id) {
                nodes.insert(self.drop_node(id));
            }
            nodes.extend(self.made_by(id));
        }
        nodes.extend(self.asides.iter().cloned().map(Node::Aside));
        self.before_edges(&mut edges);
        self.after_edges(&mut edges);
        self.name_edges(&mut edges);
        sort(&nodes, &edges)
    }

    /// What the state before asks for.
    fn before_edges(&self, edges: &mut BTreeSet<(Node, Node)>) {
        for object in self.before.objects.values() {
            for needed in &object.depends_on {
                let goes = self.actions.drops(&object.id);
                let needed_goes = self.actions.drops(needed);
                if goes && needed_goes {
                    edges.insert((self.drop_node(&object.id), self.drop_node(needed)));
                } else if goes && self.actions.changes(needed) {
                    if let Some(change) = self.made_by(needed) {
                        edges.insert((self.drop_node(&object.id), change));
                    }
                } else if needed_goes
                    && self.actions.changes(&object.id)
                    && let Some(change) = self.made_by(&object.id)
                {
                    edges.insert((change, self.drop_node(needed)));
                }
            }
            // A partition goes before the table that it is a part of.
            if let Body::Attachment { parent, .. } = &object.body {
                let (child, parent) = (
                    Id::new(Kind::Table, object.id.name.as_str()),
                    Id::new(Kind::Table, parent.as_str()),
                );
                if self.actions.drops(&child) && self.actions.drops(&parent) {
                    edges.insert((self.drop_node(&child), self.drop_node(&parent)));
                }
            }
        }
    }

    /// What the state after asks for.
    fn after_edges(&self, edges: &mut BTreeSet<(Node, Node)>) {
        for object in self.after.objects.values() {
            let Some(made) = self.made_by(&object.id) else {
                continue;
            };
            for needed in &object.depends_on {
                if let Some(first) = self.made_by(needed) {
                    edges.insert((first, made.clone()));
                }
            }
            match &object.body {
                // The parts' indexes and keys exist before the part joins, to be taken over.
                Body::Attachment { .. } => {
                    let name = object.id.name.as_str();
                    let keys = self.after.parts(Kind::Constraint, name);
                    let indexes = self.after.of_kind(Kind::Index).filter(|other| {
                        matches!(&other.body, Body::Index(index) if index.table == name && index.parent.is_some())
                    });
                    for other in keys.chain(indexes) {
                        if let Some(first) = self.made_by(&other.id) {
                            edges.insert((first, made.clone()));
                        }
                    }
                }
                Body::Index(index) => {
                    if let Some(parent) = &index.parent
                        && let Some(parent) = self.made_by(&Id::new(Kind::Index, parent.as_str()))
                    {
                        edges.insert((made.clone(), parent));
                    }
                }
                Body::Constraint(constraint) if constraint.of_parent => {
                    self.key_of_part(object, &made, edges);
                }
                _ => {}
            }
        }
        // A type comes after its predecessor went aside, and that one goes when no column has it.
        for id in &self.asides {
            edges.insert((Node::Aside(id.clone()), Node::Create(id.clone())));
        }
    }

    /// A key of a partitioned table that exists takes over the keys of its parts.
    fn key_of_part(
        &self,
        object: &crate::catalog::Object,
        made: &Node,
        edges: &mut BTreeSet<(Node, Node)>,
    ) {
        if object.id.kind != Kind::Constraint {
            return;
        }
        let Some(parent) = Self::parent_of(&object.id.name, self.after) else {
            return;
        };
        for key in self.after.parts(Kind::Constraint, &parent) {
            if let Some(of_parent) = self.made_by(&key.id)
                && matches!(&of_parent, Node::Create(id) if id.kind == Kind::Constraint)
            {
                edges.insert((made.clone(), of_parent));
            }
        }
    }

    /// A name is free before it is taken.
    fn name_edges(&self, edges: &mut BTreeSet<(Node, Node)>) {
        let mut freed: BTreeMap<String, BTreeSet<Node>> = BTreeMap::new();
        for object in self.before.objects.values() {
            let id = &object.id;
            if self.asides.contains(id) {
                continue;
            }
            if self.actions.drops(id) {
                for name in names(object) {
                    freed.entry(name).or_default().insert(self.drop_node(id));
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
                    edges.insert((free.clone(), made.clone()));
                }
            }
        }
    }
}

/// Whether a key of a partition comes with the key of its parent.
fn is_made_for_partition(constraint: &crate::catalog::Constraint) -> bool {
    constraint.of_parent
        && !constraint.no_inherit
        && matches!(
            constraint.kind,
            ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion
        )
}

/// The names that an object takes, each with its name space.
fn names(object: &crate::catalog::Object) -> Vec<String> {
    let Id { kind, name, part } = &object.id;
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
            if matches!(
                constraint.kind,
                ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion
            ) {
                let table = Id::new(Kind::Table, name.as_str());
                let prefix = &name[..name.len() - table.local_name().len()];
                names.push(format!("relation {prefix}{part}"));
            }
            names
        }
        (kind, _) => vec![format!("{} {}", kind.name(), object.id)],
    }
}

/// Kahn's algorithm; of what is possible, drops come first, then the order of kinds, then the name.
fn sort(nodes: &BTreeSet<Node>, edges: &BTreeSet<(Node, Node)>) -> Vec<Node> {
    let rank = |node: &Node| match node {
        Node::Drop(id) => (0, 255 - id.kind as u8, id.clone()),
        Node::Aside(id) => (1, id.kind as u8, id.clone()),
        Node::Change(id) | Node::Create(id) => (2, id.kind as u8, id.clone()),
    };
    let mut waiting: BTreeMap<&Node, usize> = nodes.iter().map(|node| (node, 0)).collect();
    let mut followers: BTreeMap<&Node, Vec<&Node>> = BTreeMap::new();
    for (first, then) in edges {
        if first != then && nodes.contains(first) && nodes.contains(then) {
            followers.entry(first).or_default().push(then);
            if let Some(count) = waiting.get_mut(then) {
                *count += 1;
            }
        }
    }
    type Rank = (u8, u8, Id);
    let mut ready: BinaryHeap<Reverse<(Rank, &Node)>> = waiting
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(node, _)| Reverse((rank(node), *node)))
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    let mut done: BTreeSet<&Node> = BTreeSet::new();
    while done.len() < nodes.len() {
        // A circle is cut at its first node; whether the result runs is what the proof is for.
        let next = if let Some(Reverse((_, node))) = ready.pop() {
            node
        } else {
            let stuck = nodes.iter().filter(|node| !done.contains(node));
            match stuck.min_by_key(|node| (waiting.get(node).copied(), rank(node))) {
                Some(node) => node,
                None => break,
            }
        };
        if !done.insert(next) {
            continue;
        }
        order.push(next.clone());
        for then in followers.get(next).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(then) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(Reverse((rank(then), then)));
                }
            }
        }
    }
    order
}
