//! An OpenAPI document becomes an `Api`, with every fault of the document in one run. What the
//! model cannot hold is a warning with its place, never dropped in silence.

mod bundle;
mod content;
mod discriminator;
mod members;
mod names;
mod node;
mod operation;
mod parameter;
mod references;
mod resolve;
mod root;
mod schema;
mod security;
mod swagger;
mod version;
mod xml;

pub use parameter::style_named;

use std::sync::Arc;

use super::load::NoLoader;
use super::{Api, Dialect, Loaded, Loader, OriginId, Origins};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::text::{Document, SourceFile};
use bundle::Bundle;
use node::Node;

/// What a reading found.
#[derive(Debug)]
pub struct Reading {
    /// There is one unless the document has no readable structure or version; whether it may be
    /// used is for the caller to say: errors mean that it is not valid.
    pub api: Option<Api>,
    /// In the order of the documents and of their texts.
    pub findings: Vec<Diagnostic>,
    /// The first document and those that references led to, in the order of their loading.
    pub sources: Vec<Arc<SourceFile>>,
}

/// Reads a document that stands alone: references to others are faults.
pub fn read(source: &Arc<SourceFile>) -> (Option<Api>, Vec<Diagnostic>) {
    let address = url::Url::parse("memory:///document");
    let Ok(address) = address else {
        return (None, Vec::new());
    };
    let entry = Loaded {
        source: Arc::clone(source),
        address,
        identity: String::new(),
    };
    let reading = read_all(&entry, &NoLoader);
    (reading.api, reading.findings)
}

/// Reads a document and all that it refers to.
pub fn read_all(entry: &Loaded, loader: &dyn Loader) -> Reading {
    let (document, mut findings) = Document::parse(&entry.source);
    let mut api = None;
    let mut sources = vec![Arc::clone(&entry.source)];
    if let Some(document) = document {
        let (dialect, version_faults) = version::detect(&document);
        findings.extend(version_faults);
        if let Some(dialect) = dialect {
            let bundle = Bundle::new(document, entry, dialect, loader);
            let mut reader = Reader::new(&bundle, dialect);
            reader.faults.append(&mut findings);
            let mut read = reader.root(Node::root(bundle.root(0)));
            findings = reader.sorted_faults();
            read.origins = std::mem::take(&mut reader.origins);
            sources = bundle.sources();
            read.origins.keep(bundle.into_documents());
            api = Some(read);
        }
    }
    if api.is_none() {
        diagnostic::sort(&mut findings);
    }
    Reading {
        api,
        findings,
        sources,
    }
}

/// Whether the findings of `read` forbid the use of the document.
pub fn is_valid(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .all(|finding| finding.severity < Severity::Error)
}

/// The state of one reading.
struct Reader<'a> {
    /// The document, and those that it refers to: a path says in which of them it is.
    document: &'a Bundle<'a>,
    /// Of the first document.
    dialect: Dialect,
    references: references::References,
    /// Who has an id, and where: the first use.
    operation_ids: indexmap::IndexMap<String, (String, crate::text::Span)>,
    /// Names of the schemes that are defined.
    security_schemes: Vec<String>,
    /// What an operation without a `security` of its own asks for.
    default_security: Vec<indexmap::IndexMap<String, Vec<String>>>,
    /// Where the parts of the model stand.
    origins: Origins,
    /// The schema that is being read, and the depth of its path.
    around: Option<(OriginId, usize)>,
    /// The places that references led to and that are being read in their stead, outermost first.
    inside: Vec<bundle::Location>,
    /// Whether the operation that is read is one that a callback sends.
    is_in_callback: bool,
    faults: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(document: &'a Bundle<'a>, dialect: Dialect) -> Self {
        Self {
            document,
            dialect,
            references: references::References::default(),
            operation_ids: indexmap::IndexMap::new(),
            security_schemes: Vec::new(),
            default_security: Vec::new(),
            origins: Origins::default(),
            around: None,
            inside: Vec::new(),
            is_in_callback: false,
            faults: Vec::new(),
        }
    }
}
