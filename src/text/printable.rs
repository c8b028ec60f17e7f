//! Text of users that is harmless where it is shown: no character moves a cursor, hides what stands
//! beside it or turns the reading direction.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character shows as itself and leaves its neighbours alone.
fn is_printable(character: char) -> bool {
    let hides = matches!(
        character,
        // Marks and overrides of direction, separators of lines, blanks without width, tags.
        '\u{061c}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    !character.is_control() && !hides
}

/// The first character that is not printable.
pub fn first_unprintable(text: &str) -> Option<char> {
    text.chars().find(|character| !is_printable(*character))
}

/// The text with such characters written out: `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if first_unprintable(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut harmless = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => harmless.push_str("\\n"),
            '\t' => harmless.push_str("\\t"),
            character if is_printable(character) => harmless.push(character),
            character => {
                // Writing to a string cannot fail.
                let _ = write!(harmless, "\\u{{{:x}}}", u32::from(character));
            }
        }
    }
    Cow::Owned(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mislead_is_written_out() {
        assert_eq!(printable("Zoë, 東京 <b>"), "Zoë, 東京 <b>");
        assert_eq!(
            printable("a\u{1b}[31m\nb\u{202e}c"),
            "a\\u{1b}[31m\\nb\\u{202e}c"
        );
        assert_eq!(first_unprintable("plain"), None);
    }
}
