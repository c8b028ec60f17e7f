//! Text of users, documents and servers that is harmless where it is shown: no character moves a cursor,
//! hides what stands beside it or turns the reading direction; on one line, of a bounded length.

use std::borrow::Cow;

/// As long as a statement is shown.
pub const STATEMENT: usize = 140;

/// Whether a character shows as itself and leaves its neighbours alone.
pub fn is_printable(character: char) -> bool {
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
            character => harmless.push_str(&code(character)),
        }
    }
    Cow::Owned(harmless)
}

/// On one line, with such characters written out; runs of blanks stay, since they separate columns.
pub fn visible(text: &str) -> String {
    printable(&text.replace(['\n', '\r', '\t'], " ")).into_owned()
}

/// The text as `visible` shows it, with single blanks and at most this many characters.
pub fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&visible(&words.join(" ")), most)
}

/// The text, or its beginning with an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let start: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{start}…")
}

/// How a character is written that does not show as itself: `\u{1b}`.
pub fn code(hidden: char) -> String {
    format!("\\u{{{:x}}}", u32::from(hidden))
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

    #[test]
    fn nothing_reaches_a_terminal_but_text() {
        for (text, shown) in [
            ("a   b", "a   b"),
            ("\u{1b}[31mred\u{7}", "\\u{1b}[31mred\\u{7}"),
            ("a\r\nb\tc", "a  b c"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\u{202e}b\u{2028}c", "a\\u{202e}b\\u{2028}c"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn a_long_text_is_one_short_line() {
        assert_eq!(one_line("select\n   1", 20), "select 1");
        assert_eq!(one_line("ääääää", 4), "äää…");
        assert_eq!(one_line("\u{1b}\u{1b}", 6), "\\u{1b…");
        assert_eq!(one_line("abcd", 4), "abcd");
    }
}
