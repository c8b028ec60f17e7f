//! Definitions of keys and indexes from plain columns, to the letter as Postgres prints them: that
//! spares the server most of the work of a large schema. What has expressions or options, and what
//! is not certain, is printed by the server.
//! Source: `pg_get_constraintdef_worker` and `pg_get_indexdef_worker` in
//! src/backend/utils/adt/ruleutils.c of PostgreSQL.

use std::collections::{HashMap, HashSet};

use super::rows::{ClassRow, ColumnRow, ConstraintRow, IndexRow, Rows};

/// Types by their fixed object ids.
/// Source: src/include/catalog/pg_type.dat of PostgreSQL.
mod types {
    pub(super) const TEXT: u32 = 25;
    pub(super) const VARCHAR: u32 = 1043;
    /// record, anyarray, anyenum, anyrange, anymultirange
    pub(super) const FAMILIES: &[u32] = &[2249, 2277, 3500, 3831, 4537];
    /// From here to the user's own come types that initdb made from SQL, domains among them.
    pub(super) const FIRST_OF_INITDB: u32 = 10_000;
}

/// Adds every definition that can be told from the rows; gives back the indexes of which the
/// server must be asked.
pub(super) fn complete(rows: &mut Rows) -> Vec<u32> {
    let (constraints, indexes, unknown) = {
        let printer = Printer::new(rows);
        let indexes_by_oid: HashMap<u32, &IndexRow> =
            rows.indexes.iter().map(|row| (row.oid, row)).collect();
        let printed = printed(&rows.constraint_definitions);
        let constraints: Vec<(u32, String)> = rows
            .constraints
            .iter()
            .filter(|row| !printed.contains(&row.oid))
            .filter_map(|row| {
                let index = indexes_by_oid.get(&row.index).copied();
                Some((row.oid, printer.constraint(row, index)?))
            })
            .collect();
        let behind_keys: HashSet<u32> = rows
            .constraints
            .iter()
            .filter(|row| row.is_key())
            .map(|row| row.index)
            .collect();
        let printed = self::printed(&rows.index_definitions);
        let mut indexes = Vec::new();
        let mut unknown = Vec::new();
        for row in &rows.indexes {
            if behind_keys.contains(&row.oid) || printed.contains(&row.oid) {
                continue;
            }
            match printer.index(row) {
                Some(definition) => indexes.push((row.oid, definition)),
                None => unknown.push(row.oid),
            }
        }
        (constraints, indexes, unknown)
    };
    rows.constraint_definitions.extend(constraints);
    rows.index_definitions.extend(indexes);
    unknown
}

fn printed(definitions: &[(u32, String)]) -> HashSet<u32> {
    definitions.iter().map(|(oid, _)| *oid).collect()
}

struct Printer<'a> {
    relations: HashMap<u32, String>,
    columns: HashMap<(u32, i32), &'a ColumnRow>,
    classes: HashMap<u32, &'a ClassRow>,
    /// Access methods and types that have a default operator class of their own.
    exact: HashSet<(u32, u32)>,
    domains: HashSet<u32>,
    /// Indexes whose operator classes have parameters.
    with_parameters: HashSet<u32>,
    predicates: HashMap<u32, &'a str>,
}

impl<'a> Printer<'a> {
    fn new(rows: &'a Rows) -> Self {
        let schemas: HashMap<u32, &str> = rows
            .schemas
            .iter()
            .map(|row| (row.oid, row.name.as_str()))
            .collect();
        let qualified = |schema: u32, name: &str| Some(format!("{}.{name}", schemas.get(&schema)?));
        Self {
            relations: rows
                .relations
                .iter()
                .filter_map(|row| Some((row.oid, qualified(row.schema, &row.name)?)))
                .collect(),
            columns: rows
                .columns
                .iter()
                .map(|row| ((row.relation, row.position), row))
                .collect(),
            classes: rows.classes.iter().map(|row| (row.oid, row)).collect(),
            exact: rows
                .classes
                .iter()
                .filter(|row| row.is_default)
                .map(|row| (row.method, row.input))
                .collect(),
            domains: rows
                .types
                .iter()
                .filter(|row| row.kind == 'd')
                .map(|row| row.oid)
                .collect(),
            with_parameters: rows
                .columns
                .iter()
                .filter(|row| row.of_index && !row.options.is_empty())
                .map(|row| row.relation)
                .collect(),
            predicates: rows
                .index_predicates
                .iter()
                .map(|(oid, predicate)| (*oid, predicate.as_str()))
                .collect(),
        }
    }

    fn names(&self, relation: u32, positions: &[i32]) -> Option<String> {
        let mut text = String::new();
        for position in positions {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&self.columns.get(&(relation, *position))?.name);
        }
        Some(text)
    }

    /// A foreign key, a primary key or a unique constraint. None when a name is not known.
    fn constraint(&self, row: &ConstraintRow, index: Option<&IndexRow>) -> Option<String> {
        let columns = self.names(row.relation, &row.columns)?;
        let mut text = match row.kind {
            'f' => {
                let referenced = self.relations.get(&row.references)?;
                let keys = self.names(row.references, &row.referenced_columns)?;
                let mut text = format!("FOREIGN KEY ({columns}) REFERENCES {referenced}({keys})");
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
                        let set = self.names(row.relation, &row.set_columns)?;
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
                    let included = self.names(row.relation, included)?;
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

    /// None when the server must be asked.
    fn index(&self, row: &IndexRow) -> Option<String> {
        if row.has_expressions || row.has_options || self.with_parameters.contains(&row.oid) {
            return None;
        }
        let mut text = format!(
            "CREATE {}INDEX {} ON {}{} USING {} (",
            if row.unique { "UNIQUE " } else { "" },
            row.name,
            if row.on_partitioned { "ONLY " } else { "" },
            self.relations.get(&row.relation)?,
            row.method,
        );
        for (place, position) in row.columns.iter().enumerate() {
            if place == row.key_length {
                text.push_str(") INCLUDE (");
            } else if place > 0 {
                text.push_str(", ");
            }
            let column = self.columns.get(&(row.relation, *position))?;
            text.push_str(&column.name);
            if place >= row.key_length {
                continue;
            }
            let collation = *row.collations.get(place)?;
            if collation != 0 && collation != column.collation_oid {
                return None;
            }
            let class = self.classes.get(row.classes.get(place)?)?;
            if !class.is_default {
                text.push(' ');
                text.push_str(&class.name);
            } else if !self.goes_without_saying(class, column.type_oid) {
                return None;
            }
            let (descending, nulls_first) = match row.directions.get(place)? {
                0 => (false, false),
                1 => (true, false),
                2 => (false, true),
                _ => (true, true),
            };
            text.push_str(match (descending, nulls_first) {
                (false, false) => "",
                (false, true) => " NULLS FIRST",
                (true, false) => " DESC NULLS LAST",
                (true, true) => " DESC",
            });
        }
        text.push(')');
        if row.nulls_not_distinct {
            text.push_str(" NULLS NOT DISTINCT");
        }
        if row.is_partial {
            text.push_str(" WHERE ");
            text.push_str(self.predicates.get(&row.oid)?);
        }
        Some(text)
    }

    /// Whether a default operator class is the one that Postgres finds for the type: made for just
    /// this type, or, when none is, for text or for the family of the type.
    /// Source: `GetDefaultOpClass` in src/backend/commands/indexcmds.c of PostgreSQL.
    fn goes_without_saying(&self, class: &ClassRow, column: u32) -> bool {
        let may_be_domain = self.domains.contains(&column)
            || (types::FIRST_OF_INITDB..super::queries::FIRST_OF_USERS).contains(&column);
        if may_be_domain {
            return false;
        }
        let is_near = column == types::VARCHAR && class.input == types::TEXT
            || types::FAMILIES.contains(&class.input);
        class.input == column || is_near && !self.exact.contains(&(class.method, column))
    }
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
