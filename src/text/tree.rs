//! A document as a tree whose every node and key carries its place: for the reading of small files
//! that people write by hand. Knows no schema.

use std::sync::Arc;

use serde_json::Value;

use super::{Document, Path, SourceFile, Span};
use crate::diagnostic::Diagnostic;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub kind: NodeKind,
}

#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A string, number, boolean or null.
    Scalar(Value),
    Sequence(Vec<Node>),
    /// Entries in document order.
    Mapping(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        let mut entries = self.entries().iter();
        entries
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
    }

    /// The entries of a mapping, else nothing.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence, else nothing.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The text of the node as it stands in the file.
    pub fn text(&self) -> &str {
        let text = &self.span.file.text;
        text.get(self.span.range.clone()).unwrap_or_default()
    }

    /// The value without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::Sequence(items) => items.iter().map(Node::to_value).collect(),
            NodeKind::Mapping(entries) => {
                let pair = |entry: &Entry| (entry.key.clone(), entry.value.to_value());
                Value::Object(entries.iter().map(pair).collect())
            }
        }
    }
}

/// Reads one document, or every fault of its text. An empty text is an empty mapping.
pub fn parse(file: &Arc<SourceFile>) -> Result<Node, Vec<Diagnostic>> {
    match read(file) {
        (Some(root), faults) if faults.is_empty() => Ok(root),
        (_, faults) => Err(faults),
    }
}

/// Reads one document and every fault of its text. With faults that leave the structure clear, such
/// as a key that stands twice, the tree comes all the same, so that its reader adds what it finds.
pub fn read(file: &Arc<SourceFile>) -> (Option<Node>, Vec<Diagnostic>) {
    let (document, faults) = Document::parse(file);
    let root = document.map(|document| match &document.value {
        Value::Null => Node {
            span: Span::new(file, 0..0),
            kind: NodeKind::Mapping(Vec::new()),
        },
        value => node(&document, value, &Path::ROOT),
    });
    (root, faults)
}

fn node(document: &Document, value: &Value, path: &Path<'_>) -> Node {
    let kind = match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            NodeKind::Sequence(
                items
                    .map(|(at, item)| node(document, item, &path.index(at)))
                    .collect(),
            )
        }
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                let path = path.key(key);
                Entry {
                    key: key.clone(),
                    key_span: document.key_span(&path),
                    value: node(document, value, &path),
                }
            };
            NodeKind::Mapping(entries.iter().map(entry).collect())
        }
        scalar => NodeKind::Scalar(scalar.clone()),
    };
    Node {
        span: document.value_span(path),
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    #[test]
    fn every_key_and_value_has_its_place() {
        let file = SourceFile::new("a.yaml", "team_size: 12\nlist:\n  - é: [1, 2.5, yes]\n");
        let root = parse(&file).expect("a document");
        let entry = &root.entries()[0];
        assert_eq!(
            (entry.key.as_str(), entry.value.text()),
            ("team_size", "12")
        );
        let inner = &root.get("list").expect("a list").items()[0].entries()[0];
        assert_eq!(inner.key_span.start(), Position { line: 3, column: 5 });
        assert_eq!(inner.value.text(), "[1, 2.5, yes]");
        assert_eq!(
            root.to_value(),
            serde_json::json!({"team_size": 12, "list": [{"é": [1, 2.5, "yes"]}]})
        );
    }
}
