//! What a run of `scaffold --generate-spec` did, for all formats of its report.

use crate::diagnostic::Diagnostic;
use crate::files::Action;
use crate::routes::Reading;
use crate::settings::scaffold::Mode;

/// What the run did with the document.
#[derive(Debug)]
pub struct Outcome<'a> {
    pub reading: &'a Reading,
    /// What the written version of OpenAPI cannot hold.
    pub left_out: Vec<Diagnostic>,
    /// As it was given.
    pub source: String,
    /// As it was given; `-` is standard output.
    pub output: String,
    pub mode: Mode,
    /// Nothing for standard output.
    pub action: Option<Action>,
    /// The file holds what this program did not write.
    pub conflict: Option<Conflict>,
    /// What would change, or did.
    pub diff: String,
}

/// Why a file is not overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Written by somebody else.
    Foreign,
    /// Written by an earlier run and changed since.
    Edited,
}
