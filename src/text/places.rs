//! Byte ranges of every key and value of a document, in the order of the text: one flat list, in
//! which a node is followed by its children.

use std::ops::Range;

use serde_json::Value;

/// A key's range that is no range: an item of an array, the root, or a hidden node.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Place {
    key: (u32, u32),
    value: (u32, u32),
    /// This node and all below it.
    length: u32,
    /// In the text but not in the value: a second use of a key, a merge key.
    hidden: bool,
}

/// The ranges of one document. Texts end below 4 GiB.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    nodes: Vec<Place>,
}

/// The ranges of one key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) key: Option<Range<usize>>,
    pub(super) value: Range<usize>,
}

impl Places {
    /// Starts a node; the children follow, then `close`.
    pub(super) fn open(&mut self, key: Option<Range<usize>>, start: usize) -> usize {
        let key = key.map_or((NONE, NONE), |key| (key.start as u32, key.end as u32));
        self.nodes.push(Place {
            key,
            value: (start as u32, start as u32),
            length: 1,
            hidden: false,
        });
        self.nodes.len() - 1
    }

    pub(super) fn close(&mut self, node: usize, end: usize) {
        self.nodes[node].value.1 = end as u32;
        self.nodes[node].length = (self.nodes.len() - node) as u32;
    }

    pub(super) fn leaf(&mut self, key: Option<Range<usize>>, value: Range<usize>) -> usize {
        let node = self.open(key, value.start);
        self.close(node, value.end);
        node
    }

    /// Repeats a node with all below it, for an alias. The values stay where the anchor is.
    pub(super) fn repeat(&mut self, node: usize, key: Option<Range<usize>>) -> usize {
        let copy = self.nodes.len();
        let length = self.nodes[node].length as usize;
        self.nodes.extend_from_within(node..node + length);
        self.nodes[copy].key = key.map_or((NONE, NONE), |key| (key.start as u32, key.end as u32));
        self.nodes[copy].hidden = false;
        copy
    }

    /// Leaves a node out of the value.
    pub(super) fn hide(&mut self, node: usize) {
        self.nodes[node].hidden = true;
    }

    /// Nodes directly below, those that are in the value.
    pub(super) fn children(&self, node: usize) -> impl Iterator<Item = usize> {
        let end = node + self.nodes[node].length as usize;
        let mut next = node + 1;
        std::iter::from_fn(move || {
            while next < end {
                let child = next;
                next += (self.nodes[child].length as usize).max(1);
                if !self.nodes[child].hidden {
                    return Some(child);
                }
            }
            None
        })
    }

    pub(super) fn found(&self, node: usize) -> Found {
        let place = self.nodes[node];
        Found {
            key: (place.key.0 != NONE).then_some(place.key.0 as usize..place.key.1 as usize),
            value: place.value.0 as usize..place.value.1 as usize,
        }
    }

    /// Walks down the value and the places together. Stops at the deepest step that exists.
    pub(super) fn find(&self, value: &Value, steps: &[impl AsRef<str>]) -> Option<Found> {
        let mut node = 0;
        let mut value = value;
        self.nodes.first()?;
        for step in steps {
            let step = step.as_ref();
            let (index, child) = match value {
                Value::Object(map) => {
                    let Some(found) = map.iter().enumerate().find(|(_, (key, _))| *key == step)
                    else {
                        break;
                    };
                    (found.0, found.1.1)
                }
                Value::Array(items) => {
                    let Some((index, child)) = step
                        .parse::<usize>()
                        .ok()
                        .and_then(|index| Some((index, items.get(index)?)))
                    else {
                        break;
                    };
                    (index, child)
                }
                _ => break,
            };
            node = self.children(node).nth(index)?;
            value = child;
        }
        Some(self.found(node))
    }
}
