//! A migration as a file that plain psql runs from top to bottom, in marked sections.

use super::diff::{Options, Section, Statement};

/// What the first lines say.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// "shop to schema/v2.sql"
    pub title: String,
    /// "proven up and down on PostgreSQL 15.18", or that it was not.
    pub proof: String,
    /// The fingerprints of both ends, empty where they were not read.
    pub from: String,
    pub to: String,
}

/// How long a statement may wait for a lock before it gives up instead of holding up others.
const LOCK_TIMEOUT: &str = "3s";
/// How long a statement that holds strong locks may run; one that rewrites a large table needs more,
/// and then somebody has to say so in the file.
const STATEMENT_TIMEOUT: &str = "10min";

/// The whole text, header included.
pub fn text(about: &Header, statements: &[Statement], options: Options) -> String {
    let mut text = header(about, statements);
    text.push_str(&body(statements, options));
    text
}

/// What the file is, and what cannot come back.
pub(super) fn header(about: &Header, statements: &[Statement]) -> String {
    let mut text = format!("-- {}\n-- {}\n", about.title, about.proof);
    if !about.from.is_empty() && !about.to.is_empty() {
        text.push_str(&format!(
            "-- fingerprint {} before, {} after\n",
            about.from, about.to
        ));
    }
    for loss in statements
        .iter()
        .filter_map(|statement| statement.data_loss.as_ref())
    {
        text.push_str(&format!("-- DATA LOSS: {loss}\n"));
    }
    text
}

/// What holds until the end of a transaction: nobody waits long behind it, a check of rows takes as
/// long as it takes, and the bodies of functions may name what comes later.
pub(super) fn settings(section: Section, options: Options) -> String {
    const NAMES_OF_LATER: &str = "SET LOCAL check_function_bodies = off;\n";
    if options.offline {
        return NAMES_OF_LATER.to_owned();
    }
    let statement_timeout = if section == Section::Check {
        "0"
    } else {
        STATEMENT_TIMEOUT
    };
    format!(
        "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';\nSET LOCAL statement_timeout = '{statement_timeout}';\n{NAMES_OF_LATER}"
    )
}

/// The sections, without the header: what is proven.
pub fn body(statements: &[Statement], options: Options) -> String {
    let mut text = String::new();
    for section in Section::ALL {
        let title = title(section);
        let of_section: Vec<&Statement> = statements
            .iter()
            .filter(|statement| statement.section == section)
            .collect();
        if of_section.is_empty() {
            continue;
        }
        let transaction = section.is_transaction();
        text.push_str(&format!("\n-- section: {title}\n"));
        if transaction {
            text.push_str(&format!("BEGIN;\n{}", settings(section, options)));
        }
        for statement in of_section {
            text.push_str(&format!("\n{};\n", statement.sql.trim_end()));
        }
        if transaction {
            text.push_str("\nCOMMIT;\n");
        }
    }
    text
}

const fn title(section: Section) -> &'static str {
    match section {
        Section::Rename => "transaction: new names",
        Section::First => "alone: new values of types, which only later transactions may use",
        Section::Main => "transaction",
        Section::Check => "alone: what was added unchecked is checked, while others write",
        Section::Concurrent => "alone: indexes, built while others write",
        Section::Finish => "transaction: what was checked and built takes its place",
        Section::Last => "alone: indexes, dropped while others read",
        Section::RenameBack => "transaction: names as they were",
    }
}
