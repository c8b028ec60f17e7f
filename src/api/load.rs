//! What the reader asks of the outside: the text of another document. Reading files and URLs is for
//! the caller to do.

use std::sync::Arc;

use url::Url;

use crate::text::SourceFile;

/// Finds the documents that references lead to.
pub trait Loader {
    /// The document at a `file:`, `http:` or `https:` address without fragment.
    fn load(&self, address: &Url) -> Result<Loaded, LoadFault>;
}

/// A text and where it comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub source: Arc<SourceFile>,
    /// What references in it are relative to: after redirects.
    pub address: Url,
    /// The same for two addresses of one document.
    pub identity: String,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadFault {
    pub kind: LoadFaultKind,
    /// A lower-case fragment with values in backticks.
    pub message: String,
    pub help: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadFaultKind {
    /// There is nothing at the address.
    Missing,
    /// There is something that is no document.
    Unreadable,
    /// The network or the rights say no: another time it may be there.
    Unreachable,
    /// It is not read on principle.
    Refused,
}

/// The code of a document that could not be reached: a fault of the environment, not of the input.
pub const UNREACHABLE_DOCUMENT: &str = "unreachable-document";

impl LoadFaultKind {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing-document",
            Self::Unreadable => "unreadable-document",
            Self::Unreachable => UNREACHABLE_DOCUMENT,
            Self::Refused => "refused-document",
        }
    }
}

impl LoadFault {
    pub fn new(kind: LoadFaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            help: None,
        }
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// For a document that is read alone.
pub(super) struct NoLoader;

impl Loader for NoLoader {
    fn load(&self, address: &Url) -> Result<Loaded, LoadFault> {
        let name = match address.scheme() {
            "memory" => address.path().trim_start_matches('/'),
            _ => address.as_str(),
        };
        let message = format!("`{name}` is another document, which is not read here");
        let fault = LoadFault::new(LoadFaultKind::Refused, message);
        Err(fault.help("put what it refers to into this document"))
    }
}
