//! The tokens of SQL text, as far as they decide where a statement ends. Every byte belongs to
//! exactly one token, whatever the text is.
//! Source: the lexical rules of psql and of the server (src/fe_utils/psqlscan.l, PostgreSQL 18).

use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Whitespace,
    /// `-- …` without its line end, or `/* … */`, which nests.
    Comment,
    /// `'…'`, with its prefix for `E'…'`.
    Text,
    /// `"…"`.
    QuotedName,
    /// `$tag$ … $tag$`.
    DollarText,
    /// A keyword or a name.
    Word,
    Number,
    Semicolon,
    Open,
    Close,
    Backslash,
    /// One character of an operator or anything else.
    Other,
}

/// One token and whether its end was missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
    /// The text ended inside of it.
    pub unterminated: bool,
}

/// All tokens of a text, without gaps.
pub fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let token = next(text, at)?;
        at = token.range.end;
        Some(token)
    })
}

impl Token {
    /// Whether it means something to Postgres.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Whitespace | TokenKind::Comment)
    }
}

/// The token that starts at `at`, if the text goes on there.
pub(super) fn next(text: &str, at: usize) -> Option<Token> {
    let bytes = text.as_bytes();
    let first = *bytes.get(at)?;
    let following = bytes.get(at + 1).copied();
    let (kind, end) = match first {
        b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' => (
            TokenKind::Whitespace,
            Some(run(bytes, at, |byte| {
                byte.is_ascii_whitespace() || byte == b'\x0b'
            })),
        ),
        b'-' if following == Some(b'-') => (
            TokenKind::Comment,
            Some(run(bytes, at, |byte| byte != b'\n' && byte != b'\r')),
        ),
        b'/' if following == Some(b'*') => (TokenKind::Comment, block_comment(bytes, at)),
        b'\'' => (TokenKind::Text, quoted(bytes, at, b'\'', false)),
        b'e' | b'E' if following == Some(b'\'') => {
            (TokenKind::Text, quoted(bytes, at + 1, b'\'', true))
        }
        b'"' => (TokenKind::QuotedName, quoted(bytes, at, b'"', false)),
        b'$' => match dollar_tag(bytes, at) {
            Some(tag_end) => (TokenKind::DollarText, dollar_text(text, at, tag_end)),
            None => (TokenKind::Other, Some(at + 1)),
        },
        b';' => (TokenKind::Semicolon, Some(at + 1)),
        b'(' => (TokenKind::Open, Some(at + 1)),
        b')' => (TokenKind::Close, Some(at + 1)),
        b'\\' => (TokenKind::Backslash, Some(at + 1)),
        b'0'..=b'9' => (
            TokenKind::Number,
            Some(run(bytes, at, |byte| {
                byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_'
            })),
        ),
        _ if starts_name(first) => (TokenKind::Word, Some(run(bytes, at, continues_name))),
        _ => (TokenKind::Other, Some(at + 1)),
    };
    Some(Token {
        kind,
        range: at..end.unwrap_or(bytes.len()),
        unterminated: end.is_none(),
    })
}

/// Bytes beyond ASCII belong to names, as in Postgres, so tokens end between characters.
const fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

const fn continues_name(byte: u8) -> bool {
    starts_name(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn run(bytes: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| !belongs(*byte))
        .map_or(bytes.len(), |length| at + length)
}

fn block_comment(bytes: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// The end of a quoted text whose opening quote is at `at`. A doubled quote stands for itself.
fn quoted(bytes: &[u8], at: usize, quote: u8, backslash_escapes: bool) -> Option<usize> {
    let mut at = at + 1;
    while at < bytes.len() {
        if bytes[at] == b'\\' && backslash_escapes {
            at += 2;
        } else if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Some(at + 1);
        }
    }
    None
}

/// The end of `$tag$` at `at`, if that is what stands there.
fn dollar_tag(bytes: &[u8], at: usize) -> Option<usize> {
    let first = *bytes.get(at + 1)?;
    if first == b'$' {
        return Some(at + 2);
    }
    if !starts_name(first) {
        return None;
    }
    let end = run(bytes, at + 1, |byte| continues_name(byte) && byte != b'$');
    (bytes.get(end) == Some(&b'$')).then_some(end + 1)
}

fn dollar_text(text: &str, at: usize, tag_end: usize) -> Option<usize> {
    let tag = &text[at..tag_end];
    text[tag_end..]
        .find(tag)
        .map(|found| tag_end + found + tag.len())
}
