//! A finding as the formats of CI systems take it: what it is called, how much it weighs, where it is.
//! Every command turns its findings into these; `sarif`, `junit` and `github` write them.

use std::io::{self, Write};

use super::junit::Case;
use crate::diagnostic::{Diagnostic, Severity};

/// One finding with a place in a file, or on an object of a database.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub place: Place,
    /// What helps, if anything is known.
    pub help: Option<String>,
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// Lines and columns count from 1.
    File {
        name: String,
        line: usize,
        column: usize,
    },
    /// A table, a column, an index: `public.items.order_id`.
    Object(String),
    Nowhere,
}

/// The formats that take annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Sarif,
    Junit,
    Github,
}

impl From<&Diagnostic> for Annotation {
    fn from(diagnostic: &Diagnostic) -> Self {
        let place = diagnostic.span.as_ref().map_or(Place::Nowhere, |span| {
            let start = span.start();
            Place::File {
                name: span.file.name.clone(),
                line: start.line,
                column: start.column,
            }
        });
        Self {
            code: diagnostic.code.to_owned(),
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            place,
            help: diagnostic.help.clone(),
        }
    }
}

/// Writes all annotations; `suite` names the command they come from.
pub fn write(
    out: &mut dyn Write,
    format: Format,
    suite: &str,
    annotations: &[Annotation],
) -> io::Result<()> {
    match format {
        Format::Sarif => super::sarif::write(out, annotations),
        Format::Junit => super::junit::write(out, suite, &cases(annotations)),
        Format::Github => super::github::write(out, annotations),
    }
}

/// One test case a finding, so that a CI system without anything better lists them. Findings of severity
/// `info` are cases that pass.
fn cases(annotations: &[Annotation]) -> Vec<Case> {
    if annotations.is_empty() {
        // Some readers take a suite without cases for a run that did not happen.
        return vec![Case::passed("no findings")];
    }
    let case = |annotation: &Annotation| {
        let place = match &annotation.place {
            Place::File { name, line, .. } => format!(" {name}:{line}"),
            Place::Object(object) => format!(" {object}"),
            Place::Nowhere => String::new(),
        };
        let message = match &annotation.help {
            Some(help) => format!(
                "{}: {}; {help}",
                annotation.severity.name(),
                annotation.message
            ),
            None => format!("{}: {}", annotation.severity.name(), annotation.message),
        };
        let name = format!("{}{place}", annotation.code);
        if annotation.severity == Severity::Info {
            Case::passed(name)
        } else {
            Case::failed(name, message)
        }
    };
    annotations.iter().map(case).collect()
}
