//! An OpenAPI document becomes an `Api`, with every fault of the document in one run. What the
//! model cannot hold is a warning with its place, never dropped in silence.

mod content;
mod members;
mod node;
mod operation;
mod parameter;
mod references;
mod root;
mod schema;
mod security;
mod swagger;
mod version;

pub use parameter::style_named;

use std::sync::Arc;

use super::{Api, Dialect};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::text::{Document, SourceFile};
use node::Node;

/// Reads a document. There is an `Api` unless the document has no readable structure or version;
/// whether it may be used is for the caller to say: errors mean that it is not valid.
pub fn read(source: &Arc<SourceFile>) -> (Option<Api>, Vec<Diagnostic>) {
    let (document, mut faults) = Document::parse(source);
    let mut api = None;
    if let Some(document) = document {
        let (dialect, version_faults) = version::detect(&document);
        faults.extend(version_faults);
        if let Some(dialect) = dialect {
            let mut reader = Reader::new(&document, dialect);
            let read = reader.root(Node::root(&document.value));
            faults.append(&mut reader.faults);
            api = Some(read);
        }
        if let Some(api) = &mut api {
            api.document = document.value;
        }
    }
    diagnostic::sort(&mut faults);
    faults.dedup();
    (api, faults)
}

/// Whether the findings of `read` forbid the use of the document.
pub fn is_valid(findings: &[Diagnostic]) -> bool {
    findings
        .iter()
        .all(|finding| finding.severity < Severity::Error)
}

/// The state of one reading.
struct Reader<'a> {
    document: &'a Document,
    dialect: Dialect,
    references: references::References<'a>,
    /// Who has an id, and where: the first use.
    operation_ids: indexmap::IndexMap<String, (String, crate::text::Span)>,
    /// Names of the schemes that are defined.
    security_schemes: Vec<String>,
    /// What an operation without a `security` of its own asks for.
    default_security: Vec<indexmap::IndexMap<String, Vec<String>>>,
    faults: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(document: &'a Document, dialect: Dialect) -> Self {
        Self {
            document,
            dialect,
            references: references::References::new(document),
            operation_ids: indexmap::IndexMap::new(),
            security_schemes: Vec::new(),
            default_security: Vec::new(),
            faults: Vec::new(),
        }
    }
}
