//! Tables and columns.

use std::sync::Arc;

use super::{foreign_options, literal, options};
use crate::catalog::{Body, Catalog, Column, Id, Kind, Object, Sequence, Table};

/// What CREATE TABLE states itself, beside the columns.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Columns whose default is part of the statement.
    pub defaults: Vec<Arc<Id>>,
    pub constraints: Vec<Arc<Id>>,
}

/// CREATE TABLE, and what can only be said afterwards of its columns.
pub fn create_table(catalog: &Catalog, object: &Object, parts: &Parts) -> Vec<String> {
    let Body::Table(table) = &object.body else {
        return Vec::new();
    };
    let name = &object.id.name;
    let partition = catalog.contains(&Id::new(Kind::Attachment, name.as_str()));
    let columns: Vec<(&Object, &Column)> = catalog
        .columns(name)
        .into_iter()
        .filter(|(_, column)| partition || column.local)
        .collect();
    let mut lines: Vec<String> = columns
        .iter()
        .map(|(object, column)| {
            let default = Id::part(Kind::Default, name.as_str(), object.id.part.as_str());
            let expression = parts
                .defaults
                .iter()
                .any(|id| **id == default)
                .then(|| expression(catalog, &default))
                .flatten();
            format!(
                "    {}",
                column_definition(&object.id.part, column, expression)
            )
        })
        .collect();
    for id in &parts.constraints {
        if let Some(Body::Constraint(constraint)) = catalog.get(id).map(|object| &object.body) {
            lines.push(format!(
                "    CONSTRAINT {} {}",
                id.part, constraint.definition
            ));
        }
    }
    let body = if lines.is_empty() {
        "()".to_owned()
    } else {
        format!("(\n{}\n)", lines.join(",\n"))
    };
    let mut statement = head(table, name);
    statement.push_str(&body);
    if !table.parents.is_empty() {
        statement.push_str(&format!("\nINHERITS ({})", table.parents.join(", ")));
    }
    if let Some(key) = &table.partition_key {
        statement.push_str(&format!("\nPARTITION BY {key}"));
    }
    if let Some((server, options)) = &table.foreign {
        let options = foreign_options(options);
        statement.push_str(&format!("\nSERVER {server}{options}"));
    }
    if let Some(method) = &table.access_method {
        statement.push_str(&format!("\nUSING {method}"));
    }
    if !table.options.is_empty() {
        statement.push_str(&format!("\nWITH ({})", options(&table.options)));
    }
    let mut statements = vec![statement];
    if table.row_security {
        statements.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
    }
    if table.force_row_security {
        statements.push(format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"));
    }
    match table.replica_identity.as_str() {
        "f" => statements.push(format!("ALTER TABLE {name} REPLICA IDENTITY FULL")),
        // A foreign table has none, and cannot be told so.
        "n" if table.foreign.is_none() => {
            statements.push(format!("ALTER TABLE {name} REPLICA IDENTITY NOTHING"));
        }
        _ => {}
    }
    for (object, column) in columns {
        statements.extend(column_settings(name, &object.id.part, column));
    }
    statements
}

fn head(table: &Table, name: &str) -> String {
    let mut head = match (table.persistence.as_str(), &table.foreign) {
        (_, Some(_)) => format!("CREATE FOREIGN TABLE {name} "),
        ("u", None) => format!("CREATE UNLOGGED TABLE {name} "),
        _ => format!("CREATE TABLE {name} "),
    };
    if let Some(of_type) = &table.of_type {
        head.push_str(&format!("OF {of_type} "));
    }
    head
}

pub(super) fn expression<'a>(catalog: &'a Catalog, default: &Id) -> Option<&'a str> {
    match catalog.get(default).map(|object| &object.body) {
        Some(Body::Default { expression }) => Some(expression),
        _ => None,
    }
}

/// `name type [OPTIONS …] [COLLATE …] [DEFAULT …] [NOT NULL] [GENERATED …]`
pub fn column_definition(name: &str, column: &Column, default: Option<&str>) -> String {
    let mut text = format!(
        "{name} {}{}",
        column.data_type,
        foreign_options(&column.foreign_options)
    );
    if let Some(collation) = &column.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(expression) = default {
        text.push_str(&format!(" DEFAULT {expression}"));
    }
    if let Some((expression, stored)) = &column.generated {
        let kind = if *stored { "STORED" } else { "VIRTUAL" };
        text.push_str(&format!(" GENERATED ALWAYS AS ({expression}) {kind}"));
    }
    if column.not_null {
        text.push_str(" NOT NULL");
    }
    if let Some(identity) = &column.identity {
        text.push_str(&format!(" {}", identity_clause(identity)));
    }
    text
}

pub(super) fn identity_clause(identity: &crate::catalog::Identity) -> String {
    let kind = if identity.always {
        "ALWAYS"
    } else {
        "BY DEFAULT"
    };
    format!(
        "GENERATED {kind} AS IDENTITY (SEQUENCE NAME {}{})",
        identity.name,
        sequence_options(&identity.sequence, false)
    )
}

/// What differs from the defaults, each with a blank before it.
pub(super) fn sequence_options(sequence: &Sequence, with_type: bool) -> String {
    let mut text = String::new();
    if with_type && sequence.data_type != "bigint" {
        text.push_str(&format!(" AS {}", sequence.data_type));
    }
    let largest = match sequence.data_type.as_str() {
        "smallint" => i64::from(i16::MAX),
        "integer" => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    let (minimum, maximum) = if sequence.increment < 0 {
        (-largest - 1, -1)
    } else {
        (1, largest)
    };
    if sequence.increment != 1 {
        text.push_str(&format!(" INCREMENT BY {}", sequence.increment));
    }
    if sequence.minimum != minimum {
        text.push_str(&format!(" MINVALUE {}", sequence.minimum));
    }
    if sequence.maximum != maximum {
        text.push_str(&format!(" MAXVALUE {}", sequence.maximum));
    }
    let first = if sequence.increment < 0 {
        sequence.maximum
    } else {
        sequence.minimum
    };
    if sequence.start != first {
        text.push_str(&format!(" START WITH {}", sequence.start));
    }
    if sequence.cache != 1 {
        text.push_str(&format!(" CACHE {}", sequence.cache));
    }
    if sequence.cycle {
        text.push_str(" CYCLE");
    }
    text
}

/// ADD COLUMN with its settings.
pub fn add_column(table: &str, name: &str, column: &Column, default: Option<&str>) -> Vec<String> {
    let mut statements = vec![format!(
        "ALTER TABLE {table} ADD COLUMN {}",
        column_definition(name, column, default)
    )];
    statements.extend(column_settings(table, name, column));
    statements
}

/// What only ALTER COLUMN can say.
fn column_settings(table: &str, name: &str, column: &Column) -> Vec<String> {
    let alter = format!("ALTER TABLE ONLY {table} ALTER COLUMN {name}");
    let mut statements = Vec::new();
    if let Some(storage) = &column.storage {
        statements.push(format!("{alter} SET STORAGE {storage}"));
    }
    if let Some(compression) = &column.compression {
        statements.push(format!("{alter} SET COMPRESSION {compression}"));
    }
    if let Some(target) = column.statistics {
        statements.push(format!("{alter} SET STATISTICS {target}"));
    }
    if !column.options.is_empty() {
        statements.push(format!("{alter} SET ({})", options(&column.options)));
    }
    statements
}

/// Makes a sequence go on behind the largest value of a column that has rows already.
pub(super) fn continue_sequence(sequence: &str, table: &str, column: &str) -> String {
    format!(
        "SELECT pg_catalog.setval({}, (SELECT coalesce(max({column}), 0) + 1 FROM {table}), false)",
        literal(sequence)
    )
}
