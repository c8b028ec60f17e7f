//! Where the parts of a model stand in the documents that it was read from. A part keeps a number;
//! its pointer and its place in the text are put together when somebody asks, which is seldom.

use serde_json::Value;

use crate::text::{Document, Path, Span};

/// The number of a part. Two parts that say the same are equal wherever they stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct OriginId(u32);

impl PartialEq for OriginId {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for OriginId {}

impl OriginId {
    /// The number, for lists in order; 0 when the part was not read from a document.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// The documents of a model, and where its parts stand in them.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// The first is the one that was asked for.
    documents: Vec<Document>,
    /// By number, from 1.
    entries: Vec<Entry>,
}

/// The steps from an outer part, so that the pointers of large documents are not kept in full.
#[derive(Clone, Debug)]
struct Entry {
    outer: OriginId,
    document: u32,
    steps: Box<str>,
}

impl Origins {
    /// Remembers a part: the steps lead there from the outer part, or from the root of the document.
    pub(super) fn add(&mut self, outer: OriginId, document: usize, steps: String) -> OriginId {
        self.entries.push(Entry {
            outer,
            document: u32::try_from(document).unwrap_or(0),
            steps: steps.into_boxed_str(),
        });
        OriginId(u32::try_from(self.entries.len()).unwrap_or(0))
    }

    pub(super) fn keep(&mut self, documents: Vec<Document>) {
        self.documents = documents;
    }

    /// The value of the first document.
    pub fn root(&self) -> Option<&Value> {
        self.documents.first().map(|document| &document.value)
    }

    /// The pointer of what stands `below` a part (a pointer too, `/pattern`), and its place in the
    /// text. `None` when the part was not read from a document.
    pub fn locate(&self, number: u32, below: &str) -> Option<(String, Span)> {
        let mut entry = self.entry(number)?;
        let document = self.documents.get(entry.document as usize)?;
        let mut steps = vec![&*entry.steps];
        while let Some(outer) = self.entry(entry.outer.0) {
            entry = outer;
            steps.push(&entry.steps);
        }
        steps.reverse();
        let pointer = format!("{}{below}", steps.concat());
        let span = document.key_span(&Path::at(&pointer));
        Some((pointer, span))
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number.checked_sub(1)? as usize)
    }
}
