//! Objects as SQL statements, without a final semicolon. Every name is written with its schema.

mod alter;
mod attached;
pub mod conversion;
mod create;
mod drop;
mod table;

use std::collections::BTreeMap;

pub use alter::{alter, enum_values, retype};
pub use attached::{Comments, comment, comments_and_grants, default_grants, grants};
pub use create::{attach_index, create, default_privileges};
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

/// ` OPTIONS (a '1')`, or nothing.
pub(crate) fn foreign_options(options: &BTreeMap<String, String>) -> String {
    if options.is_empty() {
        return String::new();
    }
    let options: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("{name} {}", literal(value)))
        .collect();
    format!(" OPTIONS ({})", options.join(", "))
}

/// ` OPTIONS (ADD a '1', SET b '2', DROP c)`, or nothing when nothing changes.
pub(crate) fn foreign_option_changes(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> String {
    let gone = old
        .keys()
        .filter(|option| !new.contains_key(*option))
        .map(|option| format!("DROP {option}"));
    let set = new.iter().filter_map(|(option, value)| {
        let verb = match old.get(option) {
            None => "ADD",
            Some(before) if before != value => "SET",
            Some(_) => return None,
        };
        Some(format!("{verb} {option} {}", literal(value)))
    });
    let changes: Vec<String> = gone.chain(set).collect();
    if changes.is_empty() {
        return String::new();
    }
    format!(" OPTIONS ({})", changes.join(", "))
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
