//! What expressions need beside themselves: imports, and the list of what they do not hold values to.

use std::collections::BTreeSet;

/// Something of the document that generated code does not hold requests to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotEnforced {
    /// The keyword, `unevaluatedProperties` for example.
    pub keyword: &'static str,
    /// The schema or the operation that it belongs to.
    pub place: String,
    /// Why, when the keyword alone does not say it.
    pub reason: Option<String>,
}

impl NotEnforced {
    /// Whether it is a part of the document that nothing was generated for, rather than a keyword
    /// that no value is held to.
    pub fn is_left_out(&self) -> bool {
        LEFT_OUT.contains(&self.keyword)
    }
}

/// What a document may describe and no code is made of.
const LEFT_OUT: &[&str] = &[
    "callbacks",
    "content",
    "parameters",
    "paths",
    "query",
    "querystring",
];

/// What expressions need beside themselves.
#[derive(Debug, Default)]
pub(in crate::scaffold) struct Gathered {
    /// Functions of runtime/schema.ts.
    pub(in crate::scaffold) helpers: BTreeSet<&'static str>,
    /// Whether `z` itself is used.
    pub(in crate::scaffold) zod: bool,
    /// Whether a property is called `__proto__`.
    pub(in crate::scaffold) prototype: bool,
    pub(in crate::scaffold) not_enforced: BTreeSet<NotEnforced>,
}
