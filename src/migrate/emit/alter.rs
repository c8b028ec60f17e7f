//! Objects that stay and change.

use super::attached::{comment, comments_and_grants, grants_between};
use super::create::{constraint_marks, create_view, index_marks, index_of_key};
use super::{conversion, foreign_option_changes, literal, options, table};
use crate::catalog::{
    Body, Catalog, Column, Composite, Domain, Id, Kind, Object, Sequence, Table, View,
};

/// The statements between two states of one object, comment and rights included. Values that an
/// enum gains are apart, in `enum_values`; a column's type in `retype`.
pub fn alter(before: &Object, after: &Object) -> Vec<String> {
    let (name, part) = (&after.id.name, &after.id.part);
    let mut statements = match (&before.body, &after.body) {
        (
            Body::Extension {
                schema: old_schema,
                version: old,
            },
            Body::Extension { schema, version },
        ) => {
            let mut statements = Vec::new();
            if old != version {
                statements.push(format!(
                    "ALTER EXTENSION {name} UPDATE TO {}",
                    literal(version)
                ));
            }
            if old_schema != schema {
                statements.push(format!("ALTER EXTENSION {name} SET SCHEMA {schema}"));
            }
            statements
        }
        (Body::Composite(old), Body::Composite(new)) => composite(name, old, new),
        (Body::Domain(old), Body::Domain(new)) => domain(name, old, new),
        (Body::Sequence(old), Body::Sequence(new)) => sequence(name, old, new),
        (Body::Table(old), Body::Table(new)) => table_settings(name, old, new),
        (Body::Column(old), Body::Column(new)) => column(&after.id, old, new),
        (Body::Default { expression: old }, Body::Default { expression }) if old != expression => {
            vec![format!(
                "ALTER TABLE ONLY {name} ALTER COLUMN {part} SET DEFAULT {expression}"
            )]
        }
        (Body::Constraint(old), Body::Constraint(new)) => {
            let mut statements = Vec::new();
            if !old.validated && new.validated {
                statements.push(format!("ALTER TABLE {name} VALIDATE CONSTRAINT {part}"));
            }
            if old.clustered && !new.clustered {
                statements.push(format!("ALTER TABLE {name} SET WITHOUT CLUSTER"));
            }
            if old.replica_identity && !new.replica_identity {
                statements.push(format!("ALTER TABLE {name} REPLICA IDENTITY DEFAULT"));
            }
            if old.index_comment.is_some() && new.index_comment.is_none() {
                let index = index_of_key(name, part);
                statements.push(comment(&format!("INDEX {index}"), None));
            }
            statements.extend(constraint_marks(after, new));
            statements
        }
        (Body::Index(old), Body::Index(new)) => {
            let mut statements = Vec::new();
            if old.clustered && !new.clustered {
                statements.push(format!("ALTER TABLE {} SET WITHOUT CLUSTER", new.table));
            }
            if old.replica_identity && !new.replica_identity {
                statements.push(format!(
                    "ALTER TABLE {} REPLICA IDENTITY DEFAULT",
                    new.table
                ));
            }
            for column in old
                .statistics
                .keys()
                .filter(|column| !new.statistics.contains_key(column))
            {
                statements.push(format!(
                    "ALTER INDEX {name} ALTER COLUMN {column} SET STATISTICS -1"
                ));
            }
            if (&old.statistics, old.clustered, old.replica_identity)
                != (&new.statistics, new.clustered, new.replica_identity)
            {
                statements.extend(index_marks(after, new));
            }
            statements
        }
        (Body::View(old), Body::View(new)) => view(after, old, new),
        (Body::Routine(old), Body::Routine(new)) if old.definition != new.definition => {
            vec![new.definition.trim_end().to_owned()]
        }
        (Body::Trigger { enabled: old, .. }, Body::Trigger { enabled, .. }) if old != enabled => {
            vec![firing("TRIGGER", name, part, enabled)]
        }
        (Body::Rule { enabled: old, .. }, Body::Rule { enabled, .. }) if old != enabled => {
            vec![firing("RULE", name, part, enabled)]
        }
        (Body::Policy(old), Body::Policy(new)) if old != new => {
            let mut statement =
                format!("ALTER POLICY {part} ON {name} TO {}", new.roles.join(", "));
            if let Some(using) = &new.using {
                statement.push_str(&format!(" USING ({using})"));
            }
            if let Some(check) = &new.check {
                statement.push_str(&format!(" WITH CHECK ({check})"));
            }
            vec![statement]
        }
        (Body::Statistics { target: old, .. }, Body::Statistics { target, .. })
            if old != target =>
        {
            vec![format!(
                "ALTER STATISTICS {name} SET STATISTICS {}",
                target.unwrap_or(-1)
            )]
        }
        (Body::Foreign { options: old, .. }, Body::Foreign { options: new, .. }) if old != new => {
            let what = match after.id.kind {
                Kind::ForeignDataWrapper => format!("FOREIGN DATA WRAPPER {name}"),
                Kind::UserMapping => format!("USER MAPPING FOR {part} SERVER {name}"),
                _ => format!("SERVER {name}"),
            };
            vec![format!("ALTER {what}{}", foreign_option_changes(old, new))]
        }
        (
            Body::Publication {
                objects: old_objects,
                parameters: old,
                ..
            },
            Body::Publication {
                objects,
                parameters: new,
                ..
            },
        ) => {
            let mut statements = Vec::new();
            if old_objects != objects {
                statements.push(format!("ALTER PUBLICATION {name} SET {objects}"));
            }
            if old != new {
                // What is not said stays as it is.
                let generated = "publish_generated_columns";
                let reset = if old.contains(generated) && !new.contains(generated) {
                    format!(", {generated} = none")
                } else {
                    String::new()
                };
                statements.push(format!("ALTER PUBLICATION {name} SET ({new}{reset})"));
            }
            statements
        }
        _ => Vec::new(),
    };
    statements.extend(comments_and_grants(
        Some((before.comment.as_ref(), &before.grants)),
        after,
        &before.grants,
    ));
    statements
}

/// ADD VALUE for every label that is new, each placed beside one that exists by then.
pub fn enum_values(before: &Object, after: &Object) -> Vec<String> {
    let (Body::Enum { labels: old }, Body::Enum { labels: new }) = (&before.body, &after.body)
    else {
        return Vec::new();
    };
    let mut statements = Vec::new();
    for (at, label) in new
        .iter()
        .enumerate()
        .filter(|(_, label)| !old.contains(label))
    {
        let place = if at > 0 {
            format!(" AFTER {}", literal(&new[at - 1]))
        } else {
            old.first()
                .map_or(String::new(), |first| format!(" BEFORE {}", literal(first)))
        };
        statements.push(format!(
            "ALTER TYPE {} ADD VALUE IF NOT EXISTS {}{place}",
            after.id.name,
            literal(label)
        ));
    }
    statements
}

/// ALTER COLUMN TYPE, with the conversion that the values need.
pub fn retype(before: &Catalog, after: &Catalog, id: &Id) -> Vec<String> {
    let (Some(Body::Column(old)), Some(Body::Column(new))) = (
        before.get(id).map(|object| &object.body),
        after.get(id).map(|object| &object.body),
    ) else {
        return Vec::new();
    };
    let composite = |catalog: &Catalog, data_type: &str| -> Option<Composite> {
        match catalog
            .get(&Id::new(Kind::Composite, data_type))
            .map(|object| &object.body)
        {
            Some(Body::Composite(composite)) => Some(composite.clone()),
            _ => None,
        }
    };
    let (old_rows, new_rows) = (
        composite(before, &old.data_type),
        composite(after, &new.data_type),
    );
    let rows = old_rows.as_ref().zip(new_rows.as_ref());
    let mut statement = format!(
        "ALTER TABLE {} ALTER COLUMN {} TYPE {}",
        id.name, id.part, new.data_type
    );
    if let Some(collation) = &new.collation {
        statement.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(using) = conversion::using(&id.part, &old.data_type, &new.data_type, rows) {
        statement.push_str(&format!(" USING {using}"));
    }
    if loses_expression(old, new) {
        let expression = format!(
            "ALTER TABLE {} ALTER COLUMN {} DROP EXPRESSION",
            id.name, id.part
        );
        return vec![expression, statement];
    }
    vec![statement]
}

fn loses_expression(old: &Column, new: &Column) -> bool {
    old.generated.is_some() && new.generated.is_none()
}

fn is_retyped(old: &Column, new: &Column) -> bool {
    old.data_type != new.data_type || old.collation != new.collation
}

fn composite(name: &str, old: &Composite, new: &Composite) -> Vec<String> {
    let mut statements = Vec::new();
    for attribute in &old.attributes {
        if !new
            .attributes
            .iter()
            .any(|other| other.name == attribute.name)
        {
            statements.push(format!(
                "ALTER TYPE {name} DROP ATTRIBUTE {}",
                attribute.name
            ));
        }
    }
    for attribute in &new.attributes {
        if !old
            .attributes
            .iter()
            .any(|other| other.name == attribute.name)
        {
            let collation = attribute
                .collation
                .as_ref()
                .map_or(String::new(), |collation| format!(" COLLATE {collation}"));
            statements.push(format!(
                "ALTER TYPE {name} ADD ATTRIBUTE {} {}{collation}",
                attribute.name, attribute.data_type
            ));
        }
    }
    statements
}

fn domain(name: &str, old: &Domain, new: &Domain) -> Vec<String> {
    let mut statements = Vec::new();
    if old.default != new.default {
        statements.push(match &new.default {
            Some(default) => format!("ALTER DOMAIN {name} SET DEFAULT {default}"),
            None => format!("ALTER DOMAIN {name} DROP DEFAULT"),
        });
    }
    if old.not_null != new.not_null {
        let verb = if new.not_null { "SET" } else { "DROP" };
        statements.push(format!("ALTER DOMAIN {name} {verb} NOT NULL"));
    }
    statements
}

pub fn sequence_persistence(name: &str, persistence: &str) -> String {
    format!("ALTER SEQUENCE {name} SET {}", logged(persistence))
}

/// Whether changes go through the write-ahead log, as `pg_class.relpersistence` says it.
fn logged(persistence: &str) -> &'static str {
    if persistence == "u" {
        "UNLOGGED"
    } else {
        "LOGGED"
    }
}

fn sequence(name: &str, old: &Sequence, new: &Sequence) -> Vec<String> {
    let mut statements = Vec::new();
    if old.persistence != new.persistence {
        statements.push(sequence_persistence(name, &new.persistence));
    }
    let clauses = sequence_clauses(old, new, "");
    if !clauses.is_empty() {
        statements.push(format!("ALTER SEQUENCE {name}{clauses}"));
    }
    statements
}

/// Every parameter that differs; `set` stands before each, for identity columns.
fn sequence_clauses(old: &Sequence, new: &Sequence, set: &str) -> String {
    let mut text = String::new();
    if old.data_type != new.data_type && set.is_empty() {
        text.push_str(&format!(" AS {}", new.data_type));
    }
    if old.increment != new.increment {
        text.push_str(&format!(" {set}INCREMENT BY {}", new.increment));
    }
    if old.minimum != new.minimum {
        text.push_str(&format!(" {set}MINVALUE {}", new.minimum));
    }
    if old.maximum != new.maximum {
        text.push_str(&format!(" {set}MAXVALUE {}", new.maximum));
    }
    if old.start != new.start {
        text.push_str(&format!(" {set}START WITH {}", new.start));
    }
    if old.increment.signum() != new.increment.signum() {
        // Where it stands lies outside of what it counts through now.
        text.push_str(&format!(" RESTART WITH {}", new.start));
    }
    if old.cache != new.cache {
        text.push_str(&format!(" {set}CACHE {}", new.cache));
    }
    if old.cycle != new.cycle {
        text.push_str(&format!(
            " {set}{}",
            if new.cycle { "CYCLE" } else { "NO CYCLE" }
        ));
    }
    text
}

fn table_settings(name: &str, old: &Table, new: &Table) -> Vec<String> {
    let alter = format!("ALTER TABLE {name}");
    let mut statements = Vec::new();
    if old.persistence != new.persistence {
        statements.push(format!("{alter} SET {}", logged(&new.persistence)));
    }
    if old.access_method != new.access_method {
        let method = new.access_method.as_deref().unwrap_or("heap");
        statements.push(format!("{alter} SET ACCESS METHOD {method}"));
    }
    statements.extend(option_changes(&alter, &old.options, &new.options));
    if let (Some((_, old)), Some((_, new))) = (&old.foreign, &new.foreign)
        && old != new
    {
        let changes = foreign_option_changes(old, new);
        statements.push(format!("ALTER FOREIGN TABLE {name}{changes}"));
    }
    if old.row_security != new.row_security {
        let verb = if new.row_security {
            "ENABLE"
        } else {
            "DISABLE"
        };
        statements.push(format!("{alter} {verb} ROW LEVEL SECURITY"));
    }
    if old.force_row_security != new.force_row_security {
        let verb = if new.force_row_security {
            "FORCE"
        } else {
            "NO FORCE"
        };
        statements.push(format!("{alter} {verb} ROW LEVEL SECURITY"));
    }
    if old.replica_identity != new.replica_identity {
        match new.replica_identity.as_str() {
            "f" => statements.push(format!("{alter} REPLICA IDENTITY FULL")),
            "n" => statements.push(format!("{alter} REPLICA IDENTITY NOTHING")),
            "d" => statements.push(format!("{alter} REPLICA IDENTITY DEFAULT")),
            // An index that is the identity says so itself.
            _ => {}
        }
    }
    statements
}

/// A table leaves the parents that it will not have.
pub fn leave_parents(before: &Object, after: &Object) -> Vec<String> {
    parents_between(after, before, "NO INHERIT")
}

/// A table becomes the heir of the parents that it did not have.
pub fn join_parents(before: &Object, after: &Object) -> Vec<String> {
    parents_between(before, after, "INHERIT")
}

/// The parents that only the second has.
fn parents_between(without: &Object, with: &Object, verb: &str) -> Vec<String> {
    let (Body::Table(without), Body::Table(table)) = (&without.body, &with.body) else {
        return Vec::new();
    };
    let name = &with.id.name;
    table
        .parents
        .iter()
        .filter(|parent| !without.parents.contains(parent))
        .map(|parent| format!("ALTER TABLE {name} {verb} {parent}"))
        .collect()
}

fn option_changes(alter: &str, old: &[String], new: &[String]) -> Vec<String> {
    let name = |text: &String| text.split('=').next().unwrap_or_default().to_owned();
    let gone: Vec<String> = old
        .iter()
        .map(name)
        .filter(|option| !new.iter().any(|other| name(other) == *option))
        .collect();
    let set: Vec<String> = new
        .iter()
        .filter(|option| !old.contains(option))
        .cloned()
        .collect();
    let mut statements = Vec::new();
    if !gone.is_empty() {
        statements.push(format!("{alter} RESET ({})", gone.join(", ")));
    }
    if !set.is_empty() {
        statements.push(format!("{alter} SET ({})", options(&set)));
    }
    statements
}

fn column(id: &Id, old: &Column, new: &Column) -> Vec<String> {
    let (table, name) = (&id.name, &id.part);
    let alter = format!("ALTER TABLE {table} ALTER COLUMN {name}");
    let only = format!("ALTER TABLE ONLY {table} ALTER COLUMN {name}");
    let mut statements = Vec::new();
    // With another type this comes before the type changes.
    if loses_expression(old, new) && !is_retyped(old, new) {
        statements.push(format!("{alter} DROP EXPRESSION"));
    }
    if let (Some(_), None) = (&old.identity, &new.identity) {
        statements.push(format!("{alter} DROP IDENTITY"));
    }
    if old.not_null != new.not_null {
        let verb = if new.not_null { "SET" } else { "DROP" };
        statements.push(format!("{alter} {verb} NOT NULL"));
    }
    match (&old.identity, &new.identity) {
        (None, Some(identity)) => {
            statements.push(format!("{alter} ADD {}", table::identity_clause(identity)));
            statements.push(table::continue_sequence(&identity.name, table, name));
        }
        (Some(before), Some(after)) if before != after => {
            let mut clauses = sequence_clauses(&before.sequence, &after.sequence, "SET ");
            if before.always != after.always {
                let kind = if after.always { "ALWAYS" } else { "BY DEFAULT" };
                clauses.push_str(&format!(" SET GENERATED {kind}"));
            }
            if !clauses.is_empty() {
                statements.push(format!("{alter}{clauses}"));
            }
            if before.name != after.name {
                let local = Id::new(Kind::Sequence, after.name.as_str());
                statements.push(format!(
                    "ALTER SEQUENCE {} RENAME TO {}",
                    before.name,
                    local.local_name()
                ));
            }
        }
        _ => {}
    }
    if old.storage != new.storage {
        let storage = new.storage.as_ref().unwrap_or(&new.type_storage);
        statements.push(format!("{only} SET STORAGE {storage}"));
    }
    if old.compression != new.compression {
        let compression = new.compression.as_deref().unwrap_or("default");
        statements.push(format!("{only} SET COMPRESSION {compression}"));
    }
    if old.statistics != new.statistics {
        statements.push(format!(
            "{only} SET STATISTICS {}",
            new.statistics.unwrap_or(-1)
        ));
    }
    statements.extend(option_changes(&only, &old.options, &new.options));
    if old.foreign_options != new.foreign_options {
        let changes = foreign_option_changes(&old.foreign_options, &new.foreign_options);
        statements.push(format!("{only}{changes}"));
    }
    statements
}

fn view(after: &Object, old: &View, new: &View) -> Vec<String> {
    let name = &after.id.name;
    let mut statements = Vec::new();
    let materialized = after.id.kind == Kind::MaterializedView;
    if old.query != new.query || old.columns != new.columns {
        // Replacing states the query and the options; what hangs on columns stays.
        let bare = View {
            column_comments: super::Comments::new(),
            column_grants: std::collections::BTreeMap::new(),
            column_defaults: std::collections::BTreeMap::new(),
            column_statistics: std::collections::BTreeMap::new(),
            ..new.clone()
        };
        statements.extend(create_view(after, &bare, "CREATE OR REPLACE"));
    } else {
        let kind = if materialized {
            "MATERIALIZED VIEW"
        } else {
            "VIEW"
        };
        statements.extend(option_changes(
            &format!("ALTER {kind} {name}"),
            &old.options,
            &new.options,
        ));
    }
    let none = std::collections::BTreeSet::new();
    for (column, _) in &new.columns {
        let (before, wanted) = (
            old.column_comments.get(column),
            new.column_comments.get(column),
        );
        if before != wanted {
            let target = format!("COLUMN {name}.{column}");
            statements.push(comment(&target, wanted.map(String::as_str)));
        }
        statements.extend(grants_between(
            &format!("TABLE {name}"),
            Some(column),
            old.column_grants.get(column).unwrap_or(&none),
            new.column_grants.get(column).unwrap_or(&none),
        ));
        let (before, wanted) = (
            old.column_defaults.get(column),
            new.column_defaults.get(column),
        );
        if before != wanted {
            statements.push(match wanted {
                Some(expression) => {
                    format!("ALTER VIEW {name} ALTER COLUMN {column} SET DEFAULT {expression}")
                }
                None => format!("ALTER VIEW {name} ALTER COLUMN {column} DROP DEFAULT"),
            });
        }
        let (before, wanted) = (
            old.column_statistics.get(column),
            new.column_statistics.get(column),
        );
        if before != wanted {
            statements.push(format!(
                "ALTER MATERIALIZED VIEW {name} ALTER COLUMN {column} SET STATISTICS {}",
                wanted.copied().unwrap_or(-1)
            ));
        }
    }
    statements
}

fn firing(kind: &str, table: &str, name: &str, enabled: &str) -> String {
    super::create::firing(kind, table, name, enabled)
        .unwrap_or_else(|| format!("ALTER TABLE {table} ENABLE {kind} {name}"))
}
