//! Objects as SQL statements, without a final semicolon. Every name is written with its schema.

mod alter;
mod attached;
pub mod conversion;
mod create;
mod drop;
mod table;

pub use alter::{alter, enum_values, retype};
pub use attached::{Comments, comment, comments_and_grants, default_grants, grants};
pub use create::{create, default_privileges};
pub use drop::{aside, drop, drop_aside};
pub use table::{Parts, add_column, column_definition, create_table};

/// A text as a literal.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// `("fillfactor=70")` as `fillfactor = '70'`.
pub(crate) fn option(text: &str) -> String {
    match text.split_once('=') {
        Some((name, value)) => format!("{name} = {}", literal(value)),
        None => text.to_owned(),
    }
}

pub(crate) fn options(texts: &[String]) -> String {
    texts
        .iter()
        .map(|text| option(text))
        .collect::<Vec<_>>()
        .join(", ")
}
