//! Reports as Markdown, for pull requests and job summaries.

pub mod decide;
pub mod loadtest;
pub mod migrate;
mod survey;

use crate::text::printable;

/// A cell of a table: no line ends, no bars.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

/// Text of users as text: nothing of it becomes markup, breaks out of a table or a heading, or moves a
/// cursor.
fn plain(text: &str) -> String {
    let printable = printable(text);
    let words: Vec<&str> = printable.split_whitespace().collect();
    let mut plain = String::with_capacity(text.len());
    let line = words.join(" ");
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
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_of_a_text_becomes_markup() {
        for (text, wanted) in [
            ("checkout team", "checkout team"),
            ("pg_stat_statements 15.2", "pg_stat_statements 15.2"),
            ("a|b <script>x</script>", "a\\|b \\<script\\>x\\</script\\>"),
            ("# head\n---", "\\# head\\\\n---"),
            (
                "[x](http://y) **b** _i_",
                "\\[x\\](http\\://y) \\*\\*b\\*\\* \\_i\\_",
            ),
        ] {
            assert_eq!(plain(text), wanted);
        }
    }
}
