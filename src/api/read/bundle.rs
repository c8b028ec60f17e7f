//! The documents of one reading: the first, and those that references lead to, each loaded when the
//! first reference asks for it. Documents stay where they are while more are loaded, so that values
//! of all of them can be borrowed together.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use url::Url;

use super::resolve::collect_identifiers;
use super::version;
use crate::api::{Dialect, LoadFault, LoadFaultKind, Loaded, Loader};
use crate::diagnostic::Diagnostic;
use crate::text::{Document, Path, SourceFile, Span};

/// More documents than the largest descriptions are split into, by far.
const MOST_DOCUMENTS: usize = 10_000;
/// Of all documents but the first together.
const LARGEST_TOTAL: usize = 512 << 20;
const CHUNK: usize = 128;

/// A place in one of the documents, as a canonical JSON pointer: no step of it is a reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Location {
    pub(super) document: usize,
    pub(super) pointer: String,
}

impl Location {
    pub(super) fn new(document: usize, pointer: impl Into<String>) -> Self {
        Self {
            document,
            pointer: pointer.into(),
        }
    }

    pub(super) fn of(path: &Path<'_>) -> Self {
        Self::new(path.document(), path.to_string())
    }

    pub(super) fn path(&self) -> Path<'_> {
        Path::within(self.document, &self.pointer)
    }
}

/// One document and what its references are relative to.
pub(super) struct Member {
    pub(super) document: Document,
    /// Where it was found.
    pub(super) address: Url,
    /// What it says that it is called (`$self`), else where it was found.
    pub(super) base: Url,
    /// Whether an `$id` may change the base further in.
    pub(super) has_identifiers: bool,
    /// What its keywords mean.
    pub(super) dialect: Dialect,
}

/// All documents of a reading.
pub(super) struct Bundle<'l> {
    loader: &'l dyn Loader,
    first: Member,
    others: Vec<OnceCell<Box<[OnceCell<Member>]>>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Of the others, those that have a structure.
    count: usize,
    /// Of all others.
    sources: Vec<Arc<SourceFile>>,
    bytes: usize,
    by_address: HashMap<Url, Result<usize, Absent>>,
    by_identity: HashMap<String, usize>,
    identifiers: IndexMap<String, Location>,
    faults: Vec<Diagnostic>,
}

/// Why there is no document at an address.
#[derive(Clone, Debug)]
pub(super) enum Absent {
    Fault(LoadFault),
    /// Its own faults say it.
    Broken,
}

impl From<LoadFault> for Absent {
    fn from(fault: LoadFault) -> Self {
        Self::Fault(fault)
    }
}

impl<'l> Bundle<'l> {
    /// A reading that starts with this document.
    pub(super) fn new(
        document: Document,
        loaded: &Loaded,
        dialect: Dialect,
        loader: &'l dyn Loader,
    ) -> Self {
        let first = member(document, &loaded.address, dialect);
        let mut state = State::default();
        state.by_address.insert(loaded.address.clone(), Ok(0));
        state.by_identity.insert(loaded.identity.clone(), 0);
        remember(&mut state, &first, 0);
        Self {
            loader,
            first,
            others: (0..MOST_DOCUMENTS.div_ceil(CHUNK))
                .map(|_| OnceCell::new())
                .collect(),
            state: RefCell::new(state),
        }
    }

    pub(super) fn member(&self, index: usize) -> &Member {
        let other = index.checked_sub(1).and_then(|other| {
            let chunk = self.others.get(other / CHUNK)?.get()?;
            chunk.get(other % CHUNK)?.get()
        });
        other.unwrap_or(&self.first)
    }

    /// How many documents were read.
    pub(super) fn documents(&self) -> usize {
        self.state.borrow().count + 1
    }

    /// The root of a document.
    pub(super) fn root(&self, index: usize) -> &Value {
        &self.member(index).document.value
    }

    /// The scalar at a place; the key of what is larger than one line.
    pub(super) fn span(&self, path: &Path<'_>) -> Span {
        self.member(path.document()).document.span(path)
    }

    /// The key of a place; the value where there is no key.
    pub(super) fn key_span(&self, path: &Path<'_>) -> Span {
        self.member(path.document()).document.key_span(path)
    }

    /// The text of a scalar as it was written, without quotes.
    pub(super) fn scalar_text(&self, path: &Path<'_>) -> String {
        self.member(path.document()).document.scalar_text(path)
    }

    /// Faults of the text of documents that were loaded since the last call.
    pub(super) fn take_faults(&self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.state.borrow_mut().faults)
    }

    /// The place that is called by an `$id`, an anchor or a `$self`.
    pub(super) fn identified(&self, identifier: &str) -> Option<Location> {
        self.state.borrow().identifiers.get(identifier).cloned()
    }

    /// The document at an address that a reference in the document `from` names; `base` is what the
    /// reference was relative to.
    pub(super) fn find(&self, from: usize, base: &Url, address: &Url) -> Result<usize, Absent> {
        let member = self.member(from);
        let is_remote = matches!(member.address.scheme(), "http" | "https");
        if is_remote && address.scheme() == "file" {
            let message = "a document from the network may not refer to a local file";
            return Err(LoadFault::new(LoadFaultKind::Refused, message).into());
        }
        if let Some(known) = self.state.borrow().by_address.get(address) {
            return known.clone();
        }
        // A copy of documents that know their public address: what is beside this document there
        // is beside it here.
        let beside = base
            .make_relative(address)
            .filter(|_| *base != member.address)
            .and_then(|relative| member.address.join(&relative).ok());
        if let Some(beside) = beside {
            match self.load(&beside) {
                Err(Absent::Fault(fault)) if fault.kind == LoadFaultKind::Missing => {}
                found => return found,
            }
        }
        self.load(address)
    }

    fn load(&self, address: &Url) -> Result<usize, Absent> {
        if let Some(known) = self.state.borrow().by_address.get(address) {
            return known.clone();
        }
        let found = self.read(address);
        let mut state = self.state.borrow_mut();
        state.by_address.insert(address.clone(), found.clone());
        found
    }

    fn read(&self, address: &Url) -> Result<usize, Absent> {
        self.check_limits()?;
        let loaded = self.loader.load(address)?;
        if let Some(index) = self.state.borrow().by_identity.get(&loaded.identity) {
            return Ok(*index);
        }
        if self.is_first(&loaded) {
            return Ok(0);
        }
        let (document, faults) = Document::parse(&loaded.source);
        let mut state = self.state.borrow_mut();
        state.sources.push(Arc::clone(&loaded.source));
        state.bytes += loaded.source.text.len();
        state.faults.extend(faults);
        let document = document.ok_or(Absent::Broken)?;
        if document.value.is_null() {
            let message = format!("`{}` is empty", loaded.source.name);
            return Err(LoadFault::new(LoadFaultKind::Unreadable, message).into());
        }
        let dialect = version::of_part(&document, self.first.dialect);
        let member = member(document, &loaded.address, dialect);
        let other = state.count;
        let index = other + 1;
        remember(&mut state, &member, index);
        state.by_identity.insert(loaded.identity, index);
        state.by_address.insert(loaded.address, Ok(index));
        state.count += 1;
        drop(state);
        if let Some(chunk) = self.others.get(other / CHUNK) {
            let chunk = chunk.get_or_init(|| (0..CHUNK).map(|_| OnceCell::new()).collect());
            // The cell is new: the count has just grown to it.
            let _ = chunk[other % CHUNK].set(member);
        }
        Ok(index)
    }

    /// The first document may come from standard input, without a name: other documents refer to it
    /// by the name of the file that it was read from.
    fn is_first(&self, loaded: &Loaded) -> bool {
        let folder = &self.first.address;
        folder.path().ends_with('/')
            && loaded
                .address
                .join(".")
                .is_ok_and(|around| around == *folder)
            && loaded.source.text == self.first.document.file.text
    }

    fn check_limits(&self) -> Result<(), LoadFault> {
        let state = self.state.borrow();
        let message = if state.count >= MOST_DOCUMENTS {
            format!("more than {MOST_DOCUMENTS} documents refer to each other")
        } else if state.bytes >= LARGEST_TOTAL {
            let total = LARGEST_TOTAL >> 20;
            format!("the documents that refer to each other are larger than {total} MiB")
        } else {
            return Ok(());
        };
        Err(LoadFault::new(LoadFaultKind::Refused, message))
    }

    /// The texts in the order of their loading.
    pub(super) fn sources(&self) -> Vec<Arc<SourceFile>> {
        let first = Arc::clone(&self.first.document.file);
        let others = self.state.borrow();
        std::iter::once(first)
            .chain(others.sources.iter().map(Arc::clone))
            .collect()
    }

    /// The documents, the first one first.
    pub(super) fn into_documents(self) -> Vec<Document> {
        let others = self.others.into_iter().filter_map(OnceCell::into_inner);
        let others = others.flatten().filter_map(OnceCell::into_inner);
        std::iter::once(self.first)
            .chain(others)
            .map(|member| member.document)
            .collect()
    }
}

fn member(document: Document, address: &Url, dialect: Dialect) -> Member {
    let own = document.value.get("$self").and_then(Value::as_str);
    let mut base = own
        .and_then(|own| address.join(own).ok())
        .unwrap_or_else(|| address.clone());
    base.set_fragment(None);
    let text = &document.file.text;
    Member {
        has_identifiers: text.contains("$id"),
        document,
        address: address.clone(),
        base,
        dialect,
    }
}

/// Everything by which references may call a document and its parts.
fn remember(state: &mut State, member: &Member, index: usize) {
    let text = &member.document.file.text;
    if member.base != member.address {
        let root = Location::new(index, "");
        state
            .identifiers
            .entry(member.base.to_string())
            .or_insert(root);
    }
    if member.has_identifiers || text.contains("$anchor") || text.contains("$dynamicAnchor") {
        let value = &member.document.value;
        let path = Path::within(index, "");
        collect_identifiers(value, &path, &member.base, &mut state.identifiers);
    }
}
