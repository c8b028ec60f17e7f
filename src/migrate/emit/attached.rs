//! What hangs on every object: its comment and the rights of others.

use std::collections::{BTreeMap, BTreeSet};

use super::literal;
use crate::catalog::{Body, Catalog, Grant, Id, Kind, Object};

/// Comments of a part of an object, by the part's name.
pub type Comments = BTreeMap<String, String>;

/// What COMMENT ON takes.
fn target(object: &Object) -> Option<String> {
    let Id {
        kind, name, part, ..
    } = object.id.as_ref();
    Some(match (kind, &object.body) {
        (Kind::Schema, _) => format!("SCHEMA {name}"),
        (Kind::Extension, _) => format!("EXTENSION {name}"),
        (Kind::Collation, _) => format!("COLLATION {name}"),
        (Kind::Enum | Kind::Composite | Kind::Range, _) => format!("TYPE {name}"),
        (Kind::Domain, _) => format!("DOMAIN {name}"),
        (Kind::Sequence, _) => format!("SEQUENCE {name}"),
        (Kind::Routine, Body::Routine(routine)) if routine.procedure => format!("PROCEDURE {name}"),
        (Kind::Routine, _) => format!("FUNCTION {name}"),
        (Kind::Aggregate, _) => format!("AGGREGATE {}", name.replace("()", "(*)")),
        (Kind::Operator, _) => format!("OPERATOR {name}"),
        (Kind::OperatorFamily, _) => format!("OPERATOR FAMILY {name}"),
        (Kind::OperatorClass, _) => format!("OPERATOR CLASS {name}"),
        (Kind::Cast, _) => format!("CAST {name}"),
        (Kind::Transform, _) => format!("TRANSFORM {name}"),
        (Kind::Conversion, _) => format!("CONVERSION {name}"),
        (Kind::AccessMethod, _) => format!("ACCESS METHOD {name}"),
        (Kind::Language, _) => format!("LANGUAGE {name}"),
        (Kind::TextSearchParser, _) => format!("TEXT SEARCH PARSER {name}"),
        (Kind::TextSearchTemplate, _) => format!("TEXT SEARCH TEMPLATE {name}"),
        (Kind::Table, Body::Table(table)) if table.foreign.is_some() => {
            format!("FOREIGN TABLE {name}")
        }
        (Kind::Table, _) => format!("TABLE {name}"),
        (Kind::Column, _) => format!("COLUMN {name}.{part}"),
        (Kind::Constraint | Kind::ForeignKey, Body::Constraint(constraint)) => {
            let domain = if constraint.on_domain { "DOMAIN " } else { "" };
            format!("CONSTRAINT {part} ON {domain}{name}")
        }
        (Kind::View, _) => format!("VIEW {name}"),
        (Kind::MaterializedView, _) => format!("MATERIALIZED VIEW {name}"),
        (Kind::Index, _) => format!("INDEX {name}"),
        (Kind::Statistics, _) => format!("STATISTICS {name}"),
        (Kind::Rule, _) => format!("RULE {part} ON {name}"),
        (Kind::Trigger, _) => format!("TRIGGER {part} ON {name}"),
        (Kind::Policy, _) => format!("POLICY {part} ON {name}"),
        (Kind::Publication, _) => format!("PUBLICATION {name}"),
        (Kind::EventTrigger, _) => format!("EVENT TRIGGER {name}"),
        (Kind::TextSearchDictionary, _) => format!("TEXT SEARCH DICTIONARY {name}"),
        (Kind::TextSearchConfiguration, _) => format!("TEXT SEARCH CONFIGURATION {name}"),
        (Kind::ForeignDataWrapper, _) => format!("FOREIGN DATA WRAPPER {name}"),
        (Kind::ForeignServer, _) => format!("SERVER {name}"),
        _ => return None,
    })
}

pub fn comment(target: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), literal);
    format!("COMMENT ON {target} IS {text}")
}

/// Comment and rights of an object whose state before is known; `None` means that it is new.
pub fn comments_and_grants(
    before: Option<(Option<&String>, &BTreeSet<Grant>)>,
    after: &Object,
    initial: &BTreeSet<Grant>,
) -> Vec<String> {
    let mut statements = Vec::new();
    let (old_comment, old_grants) = before.unwrap_or((None, initial));
    if old_comment != after.comment.as_ref()
        && let Some(target) = target(after)
    {
        statements.push(comment(&target, after.comment.as_deref()));
    }
    statements.extend(grants(after, old_grants));
    statements
}

/// GRANT and REVOKE from one set of rights to the object's.
pub fn grants(object: &Object, before: &BTreeSet<Grant>) -> Vec<String> {
    let Some((on, column)) = grant_target(object) else {
        return Vec::new();
    };
    grants_between(&on, column.as_deref(), before, &object.grants)
}

/// GRANT of rights on one column.
pub fn column_grants(table: &str, column: &str, grants: &BTreeSet<Grant>) -> Vec<String> {
    grants_between(
        &format!("TABLE {table}"),
        Some(column),
        &BTreeSet::new(),
        grants,
    )
}

pub(super) fn grants_between(
    on: &str,
    column: Option<&str>,
    before: &BTreeSet<Grant>,
    after: &BTreeSet<Grant>,
) -> Vec<String> {
    let column = column.map_or(String::new(), |column| format!(" ({column})"));
    let grouped = |grants: Vec<&Grant>| {
        let mut groups: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
        for grant in grants {
            groups
                .entry((grant.grantee.clone(), grant.grantable))
                .or_default()
                .push(format!("{}{column}", grant.privilege));
        }
        groups
    };
    let mut statements = Vec::new();
    for ((grantee, _), privileges) in grouped(before.difference(after).collect()) {
        statements.push(format!(
            "REVOKE {} ON {on} FROM {grantee}",
            privileges.join(", ")
        ));
    }
    for ((grantee, grantable), privileges) in grouped(after.difference(before).collect()) {
        let option = if grantable { " WITH GRANT OPTION" } else { "" };
        statements.push(format!(
            "GRANT {} ON {on} TO {grantee}{option}",
            privileges.join(", ")
        ));
    }
    statements
}

/// What GRANT … ON takes, and the column when it is about one.
fn grant_target(object: &Object) -> Option<(String, Option<String>)> {
    let Id {
        kind, name, part, ..
    } = object.id.as_ref();
    Some(match (kind, &object.body) {
        (Kind::Schema, _) => (format!("SCHEMA {name}"), None),
        (Kind::Table | Kind::View | Kind::MaterializedView, _) => (format!("TABLE {name}"), None),
        (Kind::Column, _) => (format!("TABLE {name}"), Some(part.clone())),
        (Kind::Sequence, _) => (format!("SEQUENCE {name}"), None),
        (Kind::Routine, Body::Routine(routine)) if routine.procedure => {
            (format!("PROCEDURE {name}"), None)
        }
        (Kind::Routine | Kind::Aggregate, _) => (format!("FUNCTION {name}"), None),
        (Kind::Enum | Kind::Composite | Kind::Range, _) => (format!("TYPE {name}"), None),
        (Kind::Domain, _) => (format!("DOMAIN {name}"), None),
        (Kind::Language, _) => (format!("LANGUAGE {name}"), None),
        (Kind::ForeignDataWrapper, _) => (format!("FOREIGN DATA WRAPPER {name}"), None),
        (Kind::ForeignServer, _) => (format!("FOREIGN SERVER {name}"), None),
        _ => return None,
    })
}

/// The rights that a new object of this kind gets by itself, under the default privileges in effect.
pub fn default_grants(id: &Id, in_effect: &Catalog) -> BTreeSet<Grant> {
    let (objects, built_in) = match id.kind {
        Kind::Table | Kind::View | Kind::MaterializedView => ("TABLES", None),
        Kind::Sequence => ("SEQUENCES", None),
        Kind::Routine | Kind::Aggregate => ("FUNCTIONS", Some("EXECUTE")),
        Kind::Enum | Kind::Composite | Kind::Domain | Kind::Range => ("TYPES", Some("USAGE")),
        Kind::Schema => ("SCHEMAS", None),
        // Nothing can be set for languages.
        Kind::Language => ("LANGUAGES", Some("USAGE")),
        _ => return BTreeSet::new(),
    };
    let mut grants: BTreeSet<Grant> = built_in
        .map(|privilege| Grant {
            grantee: "PUBLIC".to_owned(),
            privilege: privilege.to_owned(),
            grantable: false,
        })
        .into_iter()
        .collect();
    let settings: Vec<&Object> = in_effect.of_kind(Kind::DefaultPrivileges).collect();
    // The setting for all schemas takes the place of what is built in; one for a schema adds to it.
    for wanted_schema in [false, true] {
        for object in &settings {
            let Body::DefaultPrivileges {
                objects: of,
                schema,
                own: true,
                ..
            } = &object.body
            else {
                continue;
            };
            if of != objects || schema.is_some() != wanted_schema {
                continue;
            }
            match schema {
                None => grants.clone_from(&object.grants),
                Some(schema)
                    if id.kind != Kind::Schema && id.name.starts_with(&format!("{schema}.")) =>
                {
                    grants.extend(object.grants.iter().cloned());
                }
                Some(_) => {}
            }
        }
    }
    grants
}
