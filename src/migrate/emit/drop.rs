//! Objects that go.

use crate::catalog::{Body, Catalog, Id, Kind, Object};

/// The statement that removes the object.
pub fn drop(object: &Object) -> Vec<String> {
    let Id {
        kind, name, part, ..
    } = object.id.as_ref();
    vec![match (kind, &object.body) {
        (_, Body::Text { drop, .. }) => drop.clone(),
        (Kind::ForeignDataWrapper, _) => format!("DROP FOREIGN DATA WRAPPER {name}"),
        (Kind::ForeignServer, _) => format!("DROP SERVER {name}"),
        (Kind::UserMapping, _) => format!("DROP USER MAPPING FOR {part} SERVER {name}"),
        (Kind::Publication, _) => format!("DROP PUBLICATION {name}"),
        (Kind::Schema, _) => format!("DROP SCHEMA {name}"),
        (Kind::Extension, _) => format!("DROP EXTENSION {name}"),
        (Kind::Enum | Kind::Composite, _) => format!("DROP TYPE {name}"),
        (Kind::Domain, _) => format!("DROP DOMAIN {name}"),
        (Kind::Sequence, _) => format!("DROP SEQUENCE {name}"),
        (Kind::Routine, Body::Routine(routine)) if routine.procedure => {
            format!("DROP PROCEDURE {name}")
        }
        (Kind::Routine, _) => format!("DROP FUNCTION {name}"),
        (Kind::Table, Body::Table(table)) if table.foreign.is_some() => {
            format!("DROP FOREIGN TABLE {name}")
        }
        (Kind::Table, _) => format!("DROP TABLE {name}"),
        (Kind::Column, _) => format!("ALTER TABLE {name} DROP COLUMN {part}"),
        (Kind::Default, _) => format!("ALTER TABLE ONLY {name} ALTER COLUMN {part} DROP DEFAULT"),
        (Kind::SequenceOwner, _) => format!("ALTER SEQUENCE {name} OWNED BY NONE"),
        (Kind::Constraint | Kind::ForeignKey, Body::Constraint(constraint)) => {
            let what = if constraint.on_domain {
                "DOMAIN"
            } else {
                "TABLE"
            };
            format!("ALTER {what} {name} DROP CONSTRAINT {part}")
        }
        (Kind::View, _) => format!("DROP VIEW {name}"),
        (Kind::MaterializedView, _) => format!("DROP MATERIALIZED VIEW {name}"),
        (Kind::Index, _) => format!("DROP INDEX {name}"),
        (Kind::Attachment, Body::Attachment { parent, .. }) => {
            format!("ALTER TABLE {parent} DETACH PARTITION {name}")
        }
        (Kind::Statistics, _) => format!("DROP STATISTICS {name}"),
        (Kind::Rule, _) => format!("DROP RULE {part} ON {name}"),
        (Kind::Trigger, _) => format!("DROP TRIGGER {part} ON {name}"),
        (Kind::Policy, _) => format!("DROP POLICY {part} ON {name}"),
        _ => return Vec::new(),
    }]
}

/// The name that a type has while columns move from it to its successor.
fn aside_name(id: &Id) -> String {
    super::beside(id.local_name(), "before")
}

/// Puts a type out of the way of its successor.
pub fn aside(id: &Id) -> Vec<String> {
    vec![format!(
        "ALTER TYPE {} RENAME TO {}",
        id.name,
        aside_name(id)
    )]
}

/// Removes a type that was put aside.
pub fn drop_aside(id: &Id, _before: &Catalog) -> Vec<String> {
    let prefix = &id.name[..id.name.len() - id.local_name().len()];
    vec![format!("DROP TYPE {prefix}{}", aside_name(id))]
}
