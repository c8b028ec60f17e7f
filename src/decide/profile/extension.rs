//! One profile on top of another: which keys replace and which merge. Every node keeps the place
//! where it was written, so that faults of the result point into the right file.

use crate::diagnostic::Diagnostic;
use crate::text::suggest;
use crate::text::tree::{Entry, Node, NodeKind};

use super::document::EXTENDS;

/// Keys that say something of their own file alone.
const OWN: [&str; 4] = ["$schema", "profile_name", "replaces", EXTENDS];
/// Keys whose values are merged key by key; null takes one away.
const MERGED: [&str; 3] = ["stack", "success_thresholds", "latency_ms"];

/// What stands when `child` extends `parent`, and what of the child does not apply to it.
pub(crate) fn merge(parent: &Node, child: &Node) -> (Node, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let inherited = parent.entries().iter();
    let mut entries: Vec<Entry> = inherited
        .filter(|entry| !OWN.contains(&entry.key.as_str()))
        .cloned()
        .collect();
    for entry in child.entries().iter().filter(|entry| entry.key != EXTENDS) {
        put(&mut entries, entry, &mut faults);
    }
    (with(child, entries), faults)
}

/// Sets a key: merged where both sides are of the kind that merges, replaced otherwise.
fn put(entries: &mut Vec<Entry>, entry: &Entry, faults: &mut Vec<Diagnostic>) {
    let Some(present) = entries.iter_mut().find(|other| other.key == entry.key) else {
        entries.push(entry.clone());
        return;
    };
    match (&present.value.kind, &entry.value.kind) {
        (NodeKind::Mapping(_), NodeKind::Mapping(_)) if MERGED.contains(&entry.key.as_str()) => {
            let mut inner = present.value.entries().to_vec();
            for change in entry.value.entries() {
                if matches!(change.value.kind, NodeKind::Scalar(serde_json::Value::Null)) {
                    inner.retain(|other| other.key != change.key);
                } else {
                    put(&mut inner, change, faults);
                }
            }
            present.value = with(&entry.value, inner);
        }
        (NodeKind::Sequence(_), NodeKind::Sequence(_)) if entry.key == "constraints" => {
            present.value = constraints(&present.value, &entry.value, faults);
        }
        _ => *present = entry.clone(),
    }
}

/// Constraints by their input: those of the child take the place of the parent's for the same input.
fn constraints(parent: &Node, child: &Node, faults: &mut Vec<Diagnostic>) -> Node {
    let input = |node: &Node| {
        let value = node.get("input")?.to_value();
        value.as_str().map(str::to_owned)
    };
    let changed: Vec<_> = child.items().iter().filter_map(input).collect();
    let mut merged = Vec::new();
    let mut placed: Vec<String> = Vec::new();
    for node in parent.items() {
        match input(node).filter(|input| changed.contains(input)) {
            None => merged.push(node.clone()),
            Some(input) if !placed.contains(&input) => {
                merged.extend(of_input(child, &input));
                placed.push(input);
            }
            Some(_) => {}
        }
    }
    for node in child.items() {
        let name = input(node);
        let known = name.as_ref().is_some_and(|name| placed.contains(name));
        if is_removal(node) && !known {
            let name = name.unwrap_or_default();
            let message =
                format!("`{name}` cannot be removed: the parent has no constraint for it");
            let parents = parent.items().iter().filter_map(input).collect::<Vec<_>>();
            let fault = Diagnostic::error("invalid-profile", message).at(node
                .get("input")
                .unwrap_or(node)
                .span
                .clone());
            let near = suggest::nearest(&name, parents.iter().map(String::as_str));
            faults.push(match near {
                Some(near) => fault.help(format!("did you mean `{near}`?")),
                None => fault.help(format!("it has some for {}", parents.join(", "))),
            });
        } else if !is_removal(node) && !known {
            merged.push(node.clone());
        }
    }
    Node {
        span: child.span.clone(),
        kind: NodeKind::Sequence(merged),
    }
}

fn of_input(child: &Node, input: &str) -> Vec<Node> {
    let wanted = |node: &&Node| {
        let of_input = node
            .get("input")
            .is_some_and(|node| node.to_value() == *input);
        of_input && !is_removal(node)
    };
    child.items().iter().filter(wanted).cloned().collect()
}

fn is_removal(node: &Node) -> bool {
    node.get("remove").is_some()
}

fn with(node: &Node, entries: Vec<Entry>) -> Node {
    Node {
        span: node.span.clone(),
        kind: NodeKind::Mapping(entries),
    }
}
