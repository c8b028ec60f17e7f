//! Every step once, told by its place in the order of steps; that spares comparing names.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Graph, Node};
use crate::catalog::{Id, Kind};

/// Pairs of places: the first comes before the second.
#[derive(Default)]
pub(super) struct Edges(FxHashSet<(usize, usize)>);

impl Edges {
    pub(super) fn insert(&mut self, edge: (usize, usize)) {
        if edge.0 != edge.1 && edge.0 != NOWHERE && edge.1 != NOWHERE {
            self.0.insert(edge);
        }
    }

    pub(super) fn extend(&mut self, edges: impl IntoIterator<Item = (usize, usize)>) {
        for edge in edges {
            self.insert(edge);
        }
    }

    pub(super) fn sorted(self) -> Vec<(usize, usize)> {
        let mut edges: Vec<(usize, usize)> = self.0.into_iter().collect();
        edges.sort_unstable();
        edges
    }
}

/// The place of what is no step: it asks for nothing.
const NOWHERE: usize = usize::MAX;

#[derive(Default)]
pub(super) struct Steps {
    nodes: Vec<Node>,
    /// The step that removes an object.
    drops: FxHashMap<Arc<Id>, usize>,
    /// The step that makes or changes an object.
    makes: FxHashMap<Arc<Id>, usize>,
}

impl Steps {
    pub(super) fn new(graph: &Graph<'_>) -> Self {
        let mut drops: Vec<(&Arc<Id>, Node)> = Vec::new();
        let mut makes: Vec<(&Arc<Id>, Node)> = Vec::new();
        for (id, action) in &graph.actions.0 {
            if action.drops() {
                drops.push((id, graph.step_of_drop(id)));
            }
            makes.extend(graph.step_of_make(id).map(|node| (id, node)));
        }
        let leaving = graph.before.of_kind(Kind::Table).filter(|object| {
            graph.actions.changes(&object.id) && graph.leaves_heritage(&object.id)
        });
        let asides = graph
            .asides
            .iter()
            .chain(leaving.map(|object| object.id.as_ref()))
            .cloned()
            .map(Node::Aside);
        let mut nodes: Vec<Node> = drops
            .iter()
            .chain(&makes)
            .map(|(_, node)| node.clone())
            .chain(asides)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        let places = |steps: Vec<(&Arc<Id>, Node)>| {
            steps
                .into_iter()
                .filter_map(|(id, node)| Some((Arc::clone(id), nodes.binary_search(&node).ok()?)))
                .collect()
        };
        let (drops, makes) = (places(drops), places(makes));
        Self {
            nodes,
            drops,
            makes,
        }
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn node(&self, place: usize) -> Option<&Node> {
        self.nodes.get(place)
    }

    pub(super) fn place(&self, node: &Node) -> usize {
        self.nodes.binary_search(node).unwrap_or(NOWHERE)
    }

    pub(super) fn drop_of(&self, id: &Id) -> usize {
        self.drops.get(id).copied().unwrap_or(NOWHERE)
    }

    pub(super) fn make_of(&self, id: &Id) -> Option<usize> {
        self.makes.get(id).copied()
    }
}
