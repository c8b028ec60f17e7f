//! `backsmith.error/v1`: what went wrong, on standard error, when JSON was asked for.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::Tool;
use crate::diagnostic::Diagnostic;
use crate::failure::{Failure, FailureKind, Fault, Message};
use crate::report::json::write_document;
use crate::text::Span;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.error/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    pub exit_code: u8,
    pub errors: Vec<ErrorEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorEntry {
    pub code: String,
    pub severity: &'static str,
    pub message: String,
    /// The chain of causes, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    pub location: Option<Location>,
    /// JSON pointer of the place, in a YAML or JSON file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    pub help: Option<String>,
}

/// A place in a user's file; lines and columns count from 1.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Location {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl From<&Span> for Location {
    fn from(span: &Span) -> Self {
        let (start, end) = (span.start(), span.end());
        Self {
            file: span.file.name.clone(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

impl From<&Diagnostic> for ErrorEntry {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            code: diagnostic.code.to_owned(),
            severity: diagnostic.severity.name(),
            message: diagnostic.message.clone(),
            causes: Vec::new(),
            details: Vec::new(),
            location: diagnostic.span.as_ref().map(Location::from),
            pointer: diagnostic.pointer.clone(),
            help: diagnostic.help.clone(),
        }
    }
}

impl From<&Failure> for Document {
    fn from(failure: &Failure) -> Self {
        let errors = failure.faults.iter().map(|fault| match fault {
            Fault::Message(message) => message_entry(message, failure.kind),
            Fault::Diagnostic(diagnostic) => ErrorEntry::from(&**diagnostic),
        });
        Self {
            schema: "backsmith.error/v1",
            tool: Tool::CURRENT,
            exit_code: failure.exit_status(),
            errors: errors.collect(),
        }
    }
}

pub fn write(out: &mut dyn Write, failure: &Failure) -> io::Result<()> {
    write_document(out, &Document::from(failure))
}

fn message_entry(message: &Message, kind: FailureKind) -> ErrorEntry {
    let by_kind = match kind {
        FailureKind::Input => "invalid-input",
        FailureKind::Refused => "refused",
        FailureKind::Environment => "environment",
        FailureKind::BrokenPipe => "broken-pipe",
        FailureKind::Interrupted(_) => "interrupted",
    };
    ErrorEntry {
        code: message.code.unwrap_or(by_kind).to_owned(),
        severity: "error",
        message: message.text.clone(),
        causes: message.causes.clone(),
        details: message.details.clone(),
        location: None,
        pointer: None,
        help: message.hint.clone(),
    }
}
