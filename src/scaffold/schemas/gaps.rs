//! What expressions need beside themselves: imports, and the list of what they do not hold values to.

use std::collections::BTreeSet;

use crate::api::{Origins, SchemaName};
use crate::text::Span;

/// Something of the document that generated code does not hold requests to, as it is found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scaffold) struct Gap {
    /// The keyword, `unevaluatedProperties` for example.
    pub(in crate::scaffold) keyword: &'static str,
    /// The schema or the operation that it belongs to, in words.
    pub(in crate::scaffold) subject: String,
    /// Why, when the keyword alone does not say it.
    pub(in crate::scaffold) reason: Option<String>,
    /// The number of the part that has it, and the steps from there.
    pub(in crate::scaffold) origin: u32,
    pub(in crate::scaffold) below: String,
}

/// The same with its place in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEnforced {
    pub keyword: String,
    /// The schema or the operation that it belongs to, in words.
    pub place: String,
    pub reason: Option<String>,
    /// As a JSON pointer.
    pub pointer: Option<String>,
    pub span: Option<Span>,
}

impl NotEnforced {
    /// Whether it is a part of the document that nothing was generated for, rather than a keyword
    /// that no value is held to.
    pub fn is_left_out(&self) -> bool {
        LEFT_OUT.contains(&self.keyword.as_str())
    }

    pub(in crate::scaffold) fn located(gap: &Gap, origins: &Origins) -> Self {
        let (pointer, span) = origins.locate(gap.origin, &gap.below).unzip();
        Self {
            keyword: gap.keyword.to_owned(),
            place: gap.subject.clone(),
            reason: gap.reason.clone(),
            pointer,
            span,
        }
    }
}

/// What a document may describe and no code is made of.
const LEFT_OUT: &[&str] = &["callbacks", "content", "parameters", "paths"];

/// What expressions need beside themselves.
#[derive(Debug, Default)]
pub(in crate::scaffold) struct Gathered {
    /// Functions of runtime/schema.ts.
    pub(in crate::scaffold) helpers: BTreeSet<&'static str>,
    /// Functions of runtime/parameters.ts.
    pub(in crate::scaffold) shapes: BTreeSet<&'static str>,
    /// Schemas whose description middleware/xml.ts has.
    pub(in crate::scaffold) xml: BTreeSet<SchemaName>,
    /// Whether bodies or responses are XML.
    pub(in crate::scaffold) has_xml: bool,
    /// Whether `z` itself is used.
    pub(in crate::scaffold) zod: bool,
    /// Whether a property is called `__proto__`.
    pub(in crate::scaffold) prototype: bool,
    pub(in crate::scaffold) not_enforced: BTreeSet<Gap>,
}
