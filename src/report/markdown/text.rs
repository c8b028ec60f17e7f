//! Text on its way into Markdown. What was read somewhere becomes neither a table's bar nor a tag nor
//! a link, and never a second line.

use crate::text::printable::{cut, visible};

/// Of one piece of text; whoever needs more reads the JSON document.
const LONGEST: usize = 1_000;

/// Text of users as text: nothing of it becomes markup, breaks out of a table or a heading, or moves a
/// cursor.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    escape_into(&mut shown, &line(text));
    shown
}

/// A sentence, in which `code` stands between backticks.
pub(super) fn prose(text: &str) -> String {
    sentence(text, str::to_owned)
}

/// A sentence as the cell of a table.
pub(super) fn cell(text: &str) -> String {
    sentence(text, bars)
}

fn sentence(text: &str, of_code: impl Fn(&str) -> String) -> String {
    let text = line(text);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, code, after)) = first_code(rest) {
        escape_into(&mut shown, before);
        shown.push('`');
        shown.push_str(&of_code(code));
        shown.push('`');
        rest = after;
    }
    escape_into(&mut shown, rest);
    shown
}

/// Text that is shown as it is, with a fence longer than every run of backticks in it.
pub(super) fn code(text: &str) -> String {
    let text = line(text);
    let longest = text.split(|character| character != '`').map(str::len).max();
    match longest {
        None | Some(0) => format!("`{text}`"),
        Some(longest) => {
            let fence = "`".repeat(longest + 1);
            format!("{fence} {text} {fence}")
        }
    }
}

/// The same in the cell of a table, where a bar ends the cell even inside of code.
pub(super) fn code_cell(text: &str) -> String {
    bars(&code(text))
}

fn bars(text: &str) -> String {
    text.replace('|', "\\|")
}

fn line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    cut(&visible(&words.join(" ")), LONGEST)
}

/// Code between single backticks; two in a row belong to a text of somebody else.
fn first_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    (!code.is_empty()).then_some((before, code, after))
}

fn escape_into(shown: &mut String, line: &str) {
    for (at, character) in line.char_indices() {
        let escaped = match character {
            '\\' | '`' | '*' | '[' | ']' | '|' | '<' | '>' | '&' | '~' | '$' => true,
            // Inside of words an underscore is none, at their ends it is emphasis.
            '_' => {
                let inside = |other: Option<char>| other.is_some_and(char::is_alphanumeric);
                !(inside(line[..at].chars().next_back()) && inside(line[at + 1..].chars().next()))
            }
            // What starts a heading, a list or a rule at the start of a line.
            '#' | '+' | '-' | '=' => at == 0,
            // Addresses become links by themselves.
            ':' => line[at..].starts_with("://"),
            _ => false,
        };
        if escaped {
            shown.push('\\');
        }
        shown.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_becomes_markup() {
        for (text, wanted) in [
            ("checkout team", "checkout team"),
            ("pg_stat_statements 15.2", "pg_stat_statements 15.2"),
            ("a|b <script>x</script>", "a\\|b \\<script\\>x\\</script\\>"),
            ("# head\n---", "\\# head ---"),
            (
                "[x](http://y) **b** _i_",
                "\\[x\\](http\\://y) \\*\\*b\\*\\* \\_i\\_",
            ),
        ] {
            assert_eq!(plain(text), wanted);
        }
        for (text, shown) in [
            ("p99 is `a|b`", "p99 is `a\\|b`"),
            ("a|b\n| c", "a\\|b \\| c"),
            ("a ` alone", "a \\` alone"),
            ("\u{1b}[31m", "\\\\u{1b}\\[31m"),
        ] {
            assert_eq!(cell(text), shown);
        }
        assert_eq!(prose("p99 is `a|b`"), "p99 is `a|b`");
    }

    #[test]
    fn code_ends_where_it_should() {
        for (text, shown) in [
            ("GET /a|b", "`GET /a\\|b`"),
            ("a`b", "`` a`b ``"),
            ("``", "``` `` ```"),
            ("a\nb", "`a b`"),
        ] {
            assert_eq!(code_cell(text), shown);
        }
        assert_eq!(code("a|b"), "`a|b`");
    }
}
