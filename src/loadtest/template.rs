//! Text with values in double braces, compiled once and filled in for each request:
//! `{{uuid}}`, `{{seq}}`, `{{int 1 100}}`, `{{csv.column}}`, `{{env.NAME}}`; `raw` after a name
//! switches escaping off, and `\{{` is text. Pure: what is drawn comes from outside.

mod parse;
mod values;

use super::table::Table;

pub use parse::{Fault, Part, parse};
pub use values::{Needs, Values};

/// Compiled text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<[u8]>),
    Value(Source, Escape),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Version 4, new at each place.
    Uuid,
    /// From 1, the same at all places of a request, unique over workers and shards.
    Sequence,
    /// Both ends can be drawn; new at each place.
    Integer { low: i64, high: i64 },
    /// A column of the table, by its index; all places of a request use one row.
    Column(usize),
    /// Known when the run begins: an environment variable.
    Fixed(String),
}

/// How a value is written so that it stays one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    None,
    /// Percent-encoded but for letters, digits and `-._~`: in URLs and form bodies.
    Percent,
    /// As inside of a JSON string.
    Json,
}

/// What names in templates may refer to.
#[derive(Clone, Copy)]
pub struct Names<'run> {
    pub table: Option<&'run Table>,
    /// There is one, and it could not be read: that was said, and its columns are not known.
    pub is_table_broken: bool,
    pub environment: &'run dyn Fn(&str) -> Option<String>,
}

impl Template {
    /// Text that is sent as it is.
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        let mut template = Self::default();
        template.push_text(&text.into());
        template
    }

    /// Compiles the parts of a text; values are escaped unless they ask for `raw`.
    pub fn of(parts: &[Part], escape: Escape) -> Self {
        let mut template = Self::default();
        for part in parts {
            template.push(part, escape);
        }
        template
    }

    pub(super) fn push(&mut self, part: &Part, escape: Escape) {
        match part {
            Part::Text(text) => self.push_text(text.as_bytes()),
            Part::Value { source, raw, .. } => {
                let escape = if *raw { Escape::None } else { escape };
                match source {
                    Source::Fixed(value) => {
                        let mut written = Vec::new();
                        escape.write(value.as_bytes(), &mut written);
                        self.push_text(&written);
                    }
                    drawn => self.pieces.push(Piece::Value(drawn.clone(), escape)),
                }
            }
        }
    }

    pub(super) fn push_text(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Text(last)) = self.pieces.last_mut() {
            let mut longer = std::mem::take(last).into_vec();
            longer.extend_from_slice(text);
            *last = longer.into_boxed_slice();
        } else {
            self.pieces.push(Piece::Text(text.into()));
        }
    }

    pub(super) fn append(&mut self, other: &Self) {
        for piece in &other.pieces {
            match piece {
                Piece::Text(text) => self.push_text(text),
                value @ Piece::Value(..) => self.pieces.push(value.clone()),
            }
        }
    }

    /// Whether every request gets the same.
    pub fn is_fixed(&self) -> bool {
        self.pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Text(_)))
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// What has to be drawn for a request.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for piece in &self.pieces {
            match piece {
                Piece::Value(Source::Sequence, _) => needs.sequence = true,
                Piece::Value(Source::Column(_), _) => needs.row = true,
                Piece::Value(Source::Uuid | Source::Integer { .. }, _) => needs.chance = true,
                Piece::Value(Source::Fixed(_), _) | Piece::Text(_) => {}
            }
        }
        needs
    }

    /// Writes the text of one request.
    pub fn render(&self, values: &mut Values<'_>, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Value(source, escape) => values.write(source, *escape, out),
            }
        }
    }
}

impl Escape {
    pub(super) fn write(self, value: &[u8], out: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        for byte in value {
            let (high, low) = (
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            );
            match (self, byte) {
                (Self::Percent, byte) => {
                    if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
                        out.push(*byte);
                    } else {
                        out.extend_from_slice(&[b'%', high, low]);
                    }
                }
                (Self::Json, b'"' | b'\\') => out.extend_from_slice(&[b'\\', *byte]),
                (Self::Json, b'\n') => out.extend_from_slice(b"\\n"),
                (Self::Json, b'\r') => out.extend_from_slice(b"\\r"),
                (Self::Json, b'\t') => out.extend_from_slice(b"\\t"),
                (Self::Json, 0..0x20) => {
                    out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                }
                (Self::None | Self::Json, _) => out.push(*byte),
            }
        }
    }
}

#[cfg(test)]
mod tests;
