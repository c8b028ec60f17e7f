//! Text on its way into a page. Whatever was read somewhere is escaped here, and characters that
//! cannot be seen are shown by their code: an escaped page can still be turned around by a bidi mark.

use std::fmt;

use crate::text::printable::{code, is_printable};

/// Texts of servers and databases are cut here.
const LONGEST: usize = 120;
/// A sentence may quote several of them.
const LONGEST_SENTENCE: usize = 600;

/// Text that is markup already, safe to stand in a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// Plain text.
    pub(super) fn text(text: &str) -> Self {
        let mut html = String::with_capacity(text.len() + text.len() / 8);
        escape_into(&mut html, text);
        Self(html)
    }

    /// A sentence of ours, in which `code` stands between backticks.
    pub(super) fn sentence(text: &str) -> Self {
        let mut html = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, code, after)) = first_code(rest) {
            escape_into(&mut html, before);
            html.push_str("<code>");
            escape_into(&mut html, code);
            html.push_str("</code>");
            rest = after;
        }
        escape_into(&mut html, rest);
        Self(html)
    }

    /// Text of somebody else, cut with its length when it is long.
    pub(super) fn foreign(text: &str) -> Self {
        Self::bounded(text, LONGEST, Self::text)
    }

    /// A sentence of ours that holds text of somebody else, cut like that.
    pub(super) fn told(text: &str) -> Self {
        Self::bounded(text, LONGEST_SENTENCE, Self::sentence)
    }

    fn bounded(text: &str, most: usize, markup: impl Fn(&str) -> Self) -> Self {
        let length = text.chars().count();
        if length <= most {
            return markup(text);
        }
        let cut: String = text.chars().take(most).collect();
        let mut html = markup(&cut);
        html.0.push_str(&format!(
            "… <span class=\"mut\">({length} characters)</span>"
        ));
        html
    }

    pub(super) fn code(text: &str) -> Self {
        Self(format!("<code>{}</code>", Self::text(text)))
    }

    /// Markup that our own writers made from numbers and escaped text.
    pub(super) fn ours(markup: String) -> Self {
        Self(markup)
    }
}

impl fmt::Display for Html {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn first_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    Some((before, code, after))
}

/// Escapes for elements and for attributes in double or single quotes.
fn escape_into(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push('\n'),
            hidden if !is_printable(hidden) => {
                html.push_str(&format!("<span class=\"ctl\">{}</span>", code(hidden)));
            }
            plain => html.push(plain),
        }
    }
}

/// For attributes and titles, where no element may stand.
pub(super) fn attribute(text: &str) -> Html {
    let visible: String = text
        .chars()
        .map(|character| {
            if is_printable(character) {
                character
            } else {
                '\u{fffd}'
            }
        })
        .collect();
    Html::text(&visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_becomes_markup() {
        for (text, html) in [
            ("<b>&'\"", "&lt;b&gt;&amp;&#39;&quot;"),
            ("a\u{202e}b", "a<span class=\"ctl\">\\u{202e}</span>b"),
            ("\u{1b}[31m", "<span class=\"ctl\">\\u{1b}</span>[31m"),
        ] {
            assert_eq!(Html::text(text).to_string(), html);
        }
        assert_eq!(
            attribute("\"\u{0}\u{202e}<").to_string(),
            "&quot;\u{fffd}\u{fffd}&lt;"
        );
    }

    #[test]
    fn backticks_are_code_in_pairs() {
        for (text, html) in [
            ("no `<x>` here", "no <code>&lt;x&gt;</code> here"),
            ("a ` alone", "a ` alone"),
            ("`a` and `b", "<code>a</code> and `b"),
        ] {
            assert_eq!(Html::sentence(text).to_string(), html);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let html = Html::foreign(&"ä".repeat(200)).to_string();
        assert!(html.ends_with("(200 characters)</span>"), "{html}");
        assert_eq!(html.matches('ä').count(), LONGEST);
    }
}
