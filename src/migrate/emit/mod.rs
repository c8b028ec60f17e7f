//! Objects as SQL statements, without a final semicolon. Every name is written with its schema.

mod alter;
mod array_cast;
mod attached;
pub mod conversion;
mod create;
mod drop;
mod nesting;
mod table;

use std::collections::BTreeMap;

pub use alter::{alter, enum_values, join_parents, leave_parents, retype, sequence_persistence};
pub use attached::{Comments, column_grants, comment, comments_and_grants, default_grants, grants};
pub use create::{attach_index, create, default_privileges};
pub use drop::{aside, drop, drop_aside};
pub use table::{Parts, add_column, column_definition, create_table};

/// The statement in a form that Postgres reads as what it was printed from.
pub fn read_as_printed(sql: String) -> String {
    nesting::keep_nesting(array_cast::keep_array_casts(sql))
}

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

/// A name beside another one, for as long as both have to be there.
pub fn beside(local_name: &str, suffix: &str) -> String {
    const MOST_BYTES: usize = 63;
    let bare = local_name
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(local_name);
    let room = MOST_BYTES - suffix.len() - 2;
    if bare.len() <= room {
        return format!("\"{bare}__{suffix}\"");
    }
    // Long names often differ at their end only, so that what is cut off leaves a trace.
    let trace = bare.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }) % 0x100_0000;
    let mut end = room - 7;
    while !bare.is_char_boundary(end) {
        end -= 1;
    }
    // Never cut between two quotes.
    let start = bare[..end].trim_end_matches('"');
    format!("\"{start}_{trace:06x}__{suffix}\"")
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn names_beside_others_fit_and_stay_apart() {
        assert_eq!(beside("a", "new"), "\"a__new\"");
        assert_eq!(beside("\"A b\"", "old"), "\"A b__old\"");
        let long = |end: &str| format!("{}{end}", "x".repeat(62));
        let (one, other) = (beside(&long("1"), "new"), beside(&long("2"), "new"));
        assert_ne!(one, other);
        assert_eq!(one.len(), 65);
    }
}
