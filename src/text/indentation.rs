//! Quoted texts of several lines whose further lines are not indented below their key. YAML forbids
//! it, most parsers take it, and real documents have it.

/// What the parser says of such a text.
pub(super) const FAULT: &str = "invalid indentation in quoted scalar";

/// The text with the quoted scalar that starts at `start` on one line. Every byte stays where it is,
/// so that places are those of the text as it was written.
pub(super) fn joined(text: &str, start: usize) -> Option<String> {
    let quote = *text.as_bytes().get(start)?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let length = length(text.as_bytes().get(start + 1..)?, quote)?;
    let end = start + 1 + length;
    let scalar = text.get(start..end)?;
    if !scalar.contains('\n') {
        return None;
    }
    let line = scalar.replace(['\n', '\r'], " ");
    Some([&text[..start], &line, &text[end..]].concat())
}

/// Up to the closing quote.
fn length(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let doubled = bytes.get(at + 1) == Some(&quote);
        match byte {
            b'\\' if quote == b'"' => at += 2,
            _ if byte != quote => at += 1,
            _ if quote == b'\'' && doubled => at += 2,
            _ => return Some(at),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_becomes_one_line_of_the_same_length() {
        for (text, wanted) in [
            ("a: \"b\n c\"\nd: 1\n", Some("a: \"b  c\"\nd: 1\n")),
            ("a: \"b \\\" \n c\"\n", Some("a: \"b \\\"   c\"\n")),
            ("a: 'it''s\nso'\n", Some("a: 'it''s so'\n")),
            ("a: \"b\"\n", None),
            ("a: \"b\n", None),
        ] {
            let joined = joined(text, 3);
            assert_eq!(joined.as_deref(), wanted);
            assert!(joined.is_none_or(|joined| joined.len() == text.len()));
        }
    }
}
