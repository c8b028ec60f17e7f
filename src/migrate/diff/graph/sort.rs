//! Steps in an order that keeps all edges.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Node;
use crate::catalog::Id;

/// Kahn's algorithm; of what is possible, drops come first, then the order of kinds, then the name.
/// Edges are pairs of places in `nodes`, which are sorted.
pub(super) fn sort(nodes: &[Node], edges: &[(usize, usize)]) -> Vec<Node> {
    let mut by_rank: Vec<usize> = (0..nodes.len()).collect();
    by_rank.sort_by_key(|place| rank(&nodes[*place]));
    let mut ranks = vec![0; nodes.len()];
    for (rank, place) in by_rank.iter().enumerate() {
        ranks[*place] = rank;
    }
    let mut waiting = vec![0_usize; nodes.len()];
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    for (first, then) in edges {
        followers[*first].push(*then);
        waiting[*then] += 1;
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..nodes.len())
        .filter(|place| waiting[*place] == 0)
        .map(|place| Reverse(ranks[place]))
        .collect();
    let mut order = Vec::with_capacity(nodes.len());
    let mut done = vec![false; nodes.len()];
    while order.len() < nodes.len() {
        // A circle is cut at its first node; whether the result runs is what the proof is for.
        let next = if let Some(Reverse(rank)) = ready.pop() {
            by_rank[rank]
        } else {
            let stuck = (0..nodes.len()).filter(|place| !done[*place]);
            match stuck.min_by_key(|place| (waiting[*place], ranks[*place])) {
                Some(place) => place,
                None => break,
            }
        };
        if std::mem::replace(&mut done[next], true) {
            continue;
        }
        order.push(nodes[next].clone());
        for then in &followers[next] {
            waiting[*then] = waiting[*then].saturating_sub(1);
            if waiting[*then] == 0 {
                ready.push(Reverse(ranks[*then]));
            }
        }
    }
    order
}

fn rank(node: &Node) -> (u8, u8, &Id) {
    match node {
        Node::Drop(id) => (0, 255 - id.kind as u8, id),
        Node::Aside(id) => (1, id.kind as u8, id),
        Node::Change(id) | Node::Create(id) => (2, id.kind as u8, id),
    }
}
