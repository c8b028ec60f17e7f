//! Steps in an order that keeps all edges.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::Node;
use crate::catalog::Id;

/// Kahn's algorithm; of what is possible, drops come first, then the order of kinds, then the name.
pub(super) fn sort(nodes: &BTreeSet<Node>, edges: &BTreeSet<(Node, Node)>) -> Vec<Node> {
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
