//! Which of the rarer kinds a database has at all: planning a query costs more than finding out
//! that it would give nothing.

use std::collections::BTreeSet;

use super::queries::{FIRST_OF_USERS, Query};
use super::wire::Fields;
use crate::postgres::Error;

/// Catalogs, and the condition under which a row of one is of interest.
const ASKED: &[(&str, &str)] = &[
    ("pg_policy", "true"),
    ("pg_statistic_ext", "true"),
    ("pg_default_acl", "true"),
    ("pg_enum", "oid >= 16384"),
    ("pg_foreign_table", "true"),
    ("pg_collation", "oid >= 16384"),
    ("pg_aggregate", "aggfnoid::oid >= 16384"),
    ("pg_operator", "oid >= 16384"),
    ("pg_cast", "oid >= 16384"),
    ("pg_ts_dict", "oid >= 16384"),
    ("pg_ts_config", "oid >= 16384"),
    ("pg_publication", "true"),
    ("pg_event_trigger", "true"),
    ("pg_foreign_data_wrapper", "true"),
    ("pg_foreign_server", "true"),
    ("pg_opclass", "oid >= 16384"),
    ("pg_opfamily", "oid >= 16384"),
    ("pg_am", "oid >= 16384"),
    ("pg_language", "oid >= 16384"),
    ("pg_transform", "oid >= 16384"),
    ("pg_conversion", "oid >= 16384"),
    ("pg_ts_parser", "oid >= 16384"),
    ("pg_ts_template", "oid >= 16384"),
    ("pg_constraint", "contype = 'n' and conrelid >= 16384"),
];

/// One row for each catalog that has something, and one with the number of relations.
pub(super) fn sql(may_read_subscriptions: bool) -> String {
    let ask = |(catalog, condition): (&str, &str)| {
        format!("select '{catalog}'::text where exists (select from {catalog} where {condition})")
    };
    let subscriptions = may_read_subscriptions.then_some(("pg_subscription", "true"));
    let all: Vec<String> = ASKED
        .iter()
        .copied()
        .chain(subscriptions)
        .map(ask)
        .collect();
    let relations = format!("select count(*)::text from pg_class where oid >= {FIRST_OF_USERS}");
    format!("{} union all {relations}", all.join(" union all "))
}

/// The catalogs that have something, and how much there is.
#[derive(Debug, Default)]
pub(super) struct Presence {
    catalogs: BTreeSet<String>,
    /// Indexes and TOAST tables included.
    pub relations: u32,
}

impl Presence {
    pub(super) fn accept(&mut self, row: &mut Fields<'_>) -> Result<(), Error> {
        let text = row.text()?;
        match text.parse() {
            Ok(count) => self.relations = count,
            Err(_) => {
                self.catalogs.insert(text);
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, catalog: &str) -> bool {
        let catalog = match catalog {
            "pg_proc" => "pg_aggregate",
            // Mappings need a server, and only some roles may read their catalog.
            "pg_user_mapping" => "pg_foreign_server",
            catalog => catalog,
        };
        self.catalogs.contains(catalog)
    }

    /// Whether a query can have rows.
    pub(super) fn asks_for(&self, query: Query) -> bool {
        match query {
            Query::Policies => self.has("pg_policy"),
            Query::Statistics => self.has("pg_statistic_ext"),
            Query::DefaultPrivileges => self.has("pg_default_acl"),
            Query::EnumLabels => self.has("pg_enum"),
            Query::ForeignTables => self.has("pg_foreign_table"),
            _ => true,
        }
    }
}
