//! A migration as a file that plain psql runs from top to bottom, in marked sections.

use super::diff::{Section, Statement};

/// What the first lines say.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// "shop to schema/v2.sql"
    pub title: String,
    /// "proven up and down on PostgreSQL 15.18", or that it was not.
    pub proof: String,
    pub from: String,
    pub to: String,
}

/// How long a statement may wait for a lock before it gives up instead of holding up others.
const LOCK_TIMEOUT: &str = "10s";

/// The whole text, header included.
pub fn text(header: &Header, statements: &[Statement]) -> String {
    let mut text = format!(
        "-- {}\n-- {}\n-- fingerprint {} before, {} after\n",
        header.title, header.proof, header.from, header.to
    );
    for loss in statements
        .iter()
        .filter_map(|statement| statement.data_loss.as_ref())
    {
        text.push_str(&format!("-- DATA LOSS: {loss}\n"));
    }
    text.push_str(&body(statements));
    text
}

/// The sections, without the header: what is proven.
pub fn body(statements: &[Statement]) -> String {
    let mut text = String::new();
    let sections = [
        (
            Section::First,
            "alone: new values of types, which only later transactions may use",
        ),
        (Section::Main, "transaction"),
        (
            Section::Concurrent,
            "alone: indexes, built while others write",
        ),
        (
            Section::Validate,
            "transaction: what was added unchecked is checked",
        ),
        (Section::Last, "alone: indexes, dropped while others read"),
    ];
    for (section, title) in sections {
        let of_section: Vec<&Statement> = statements
            .iter()
            .filter(|statement| statement.section == section)
            .collect();
        if of_section.is_empty() {
            continue;
        }
        let transaction = matches!(section, Section::Main | Section::Validate);
        text.push_str(&format!("\n-- section: {title}\n"));
        if transaction {
            text.push_str(&format!(
                "BEGIN;\nSET LOCAL lock_timeout = '{LOCK_TIMEOUT}';\nSET LOCAL check_function_bodies = off;\n"
            ));
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
