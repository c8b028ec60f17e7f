//! What Postgres says against a statement, with its place in the file.

use super::DatabaseError;
use crate::catalog::effect::SqlFault;
use crate::migrate::script::{Script, Statement};

/// Postgres counts characters of the statement; files are counted in bytes.
pub(super) fn fault_of(script: &Script, statement: &Statement, error: &DatabaseError) -> SqlFault {
    let text = statement.text(&script.source.text);
    let range = match error.position {
        Some(position) => {
            let at = text
                .char_indices()
                .nth(position.saturating_sub(1))
                .map_or(text.len(), |(at, _)| at);
            let word = text[at..]
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_');
            let length: usize = word.map(char::len_utf8).sum();
            let start = statement.range.start + at;
            start..start + length.max(1).min(text.len() - at)
        }
        None => statement.range.clone(),
    };
    SqlFault {
        code: error.code.clone(),
        message: error.message.clone(),
        detail: error.detail.clone(),
        hint: error.hint.clone(),
        range,
    }
}
