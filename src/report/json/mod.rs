//! Versioned JSON documents, for programs. Never the internal types themselves.

pub mod v1;

use std::io::{self, Write};

use serde::Serialize;

/// Writes one document, indented, with a final line end.
pub fn write_document(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document).map_err(io::Error::from)?;
    writeln!(out)
}
