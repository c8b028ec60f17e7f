//! Definitions from plain columns, to the letter as Postgres prints them. What has expressions is
//! printed by the server.

use super::collect::Relations;
use super::rows::{ConstraintRow, IndexRow};

/// A foreign key, a primary key or a unique constraint, as `pg_get_constraintdef` prints it. None
/// when a name is not known.
/// Source: `pg_get_constraintdef_worker` in src/backend/utils/adt/ruleutils.c of PostgreSQL.
pub(super) fn constraint(
    row: &ConstraintRow,
    index: Option<&IndexRow>,
    relations: &Relations,
) -> Option<String> {
    let names = |relation: u32, positions: &[i32]| -> Option<String> {
        let names: Option<Vec<&str>> = positions
            .iter()
            .map(|position| relations.column(relation, *position))
            .collect();
        Some(names?.join(", "))
    };
    let columns = names(row.relation, &row.columns)?;
    let mut text = match row.kind {
        'f' => {
            let referenced = relations.names.get(&row.references)?;
            let referenced_columns = names(row.references, &row.referenced_columns)?;
            let mut text =
                format!("FOREIGN KEY ({columns}) REFERENCES {referenced}({referenced_columns})");
            text.push_str(match row.match_kind {
                'f' => " MATCH FULL",
                'p' => " MATCH PARTIAL",
                _ => "",
            });
            if let Some(action) = action(row.on_update) {
                text.push_str(" ON UPDATE ");
                text.push_str(action);
            }
            if let Some(action) = action(row.on_delete) {
                text.push_str(" ON DELETE ");
                text.push_str(action);
                if !row.set_columns.is_empty() {
                    let set = names(row.relation, &row.set_columns)?;
                    text.push_str(&format!(" ({set})"));
                }
            }
            text
        }
        'p' | 'u' => {
            let index = index?;
            let kind = match (row.kind, index.nulls_not_distinct) {
                ('p', _) => "PRIMARY KEY",
                (_, true) => "UNIQUE NULLS NOT DISTINCT",
                (_, false) => "UNIQUE",
            };
            let mut text = format!("{kind} ({columns})");
            let included = index.columns.get(index.key_length..).unwrap_or_default();
            if !included.is_empty() {
                let included = names(row.relation, included)?;
                text.push_str(&format!(" INCLUDE ({included})"));
            }
            text
        }
        _ => return None,
    };
    if row.deferrable {
        text.push_str(" DEFERRABLE");
    }
    if row.deferred {
        text.push_str(" INITIALLY DEFERRED");
    }
    if !row.validated {
        text.push_str(" NOT VALID");
    }
    Some(text)
}

fn action(letter: char) -> Option<&'static str> {
    match letter {
        'r' => Some("RESTRICT"),
        'c' => Some("CASCADE"),
        'n' => Some("SET NULL"),
        'd' => Some("SET DEFAULT"),
        _ => None,
    }
}
