//! Bytes become text: UTF-8 with or without a byte order mark, UTF-16 with one. All else is named.

use std::sync::Arc;

use crate::failure::Failure;
use crate::text::SourceFile;

/// The first bytes of what is no text, and its name.
const KINDS: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"\x7fELF", "a program"),
    (b"\xff\xfe\x00\x00", "UTF-32 text"),
    (b"\x00\x00\xfe\xff", "UTF-32 text"),
];

/// UTF-8 text, without its byte order mark.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> Result<Arc<SourceFile>, Failure> {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Ok(SourceFile::new(name, text))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(Failure::input(format!("`{name}` is not UTF-8 text"))
                .detail(place(name, error.as_bytes(), at))
                .hint("is it a binary file, or text in another encoding?"))
        }
    }
}

/// The text of a document: UTF-16 is read as well, and what no document is gets its name.
pub(super) fn document(name: &str, bytes: Vec<u8>) -> Result<Arc<SourceFile>, Failure> {
    const HINT: &str = "OpenAPI documents are YAML or JSON, in UTF-8";
    if let Some((_, kind)) = KINDS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Err(Failure::input(format!("`{name}` is {kind}, not a document")).hint(HINT));
    }
    let pairs = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => Some((rest, u16::from_le_bytes as fn([u8; 2]) -> u16)),
        [0xfe, 0xff, rest @ ..] => Some((rest, u16::from_be_bytes as fn([u8; 2]) -> u16)),
        _ => None,
    };
    if let Some((rest, unit)) = pairs {
        let (pairs, odd) = rest.as_chunks::<2>();
        let text: Result<String, _> =
            char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
        return match text {
            Ok(text) if odd.is_empty() => Ok(SourceFile::new(name, text)),
            _ => Err(Failure::input(format!("`{name}` is broken UTF-16 text")).hint(HINT)),
        };
    }
    if let Some(at) = memchr::memchr(0, &bytes) {
        let alternates = matches!(bytes.as_slice(),
            [a, b, c, d, ..] if (*a == 0) == (*c == 0) && (*b == 0) == (*d == 0) && (*a == 0) != (*b == 0));
        let kind = if alternates {
            "UTF-16 text without a byte order mark"
        } else {
            "a binary file: it holds a NUL byte"
        };
        return Err(Failure::input(format!("`{name}` is {kind}"))
            .detail(place(name, &bytes, at))
            .hint(HINT));
    }
    text(name, bytes)
}

/// File, line and column of a byte, the column in bytes.
fn place(name: &str, bytes: &[u8], at: usize) -> String {
    let before = &bytes[..at];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |found| found + 1);
    format!("{name}:{line}:{}, byte {at}", at - start + 1)
}
