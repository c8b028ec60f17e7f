//! What a schema holds at one moment, as far as a statement may change it: files of relations,
//! columns, constraints, unique indexes. Two snapshots tell what happened between them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::Row;

use super::super::{Connection, Error};
use crate::catalog::effect::{Lost, LostKind, Requirement, Source};
use crate::migrate::script::Conversion;

/// A schema by object identifiers, which survive renames.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) relations: BTreeMap<i64, Relation>,
    columns: BTreeMap<(i64, i16), Column>,
    constraints: BTreeMap<i64, Constraint>,
    indexes: BTreeMap<i64, UniqueIndex>,
}

#[derive(Clone, Debug)]
pub(super) struct Relation {
    pub(super) name: String,
    /// As in pg_class: r, p, m, v, f, S.
    pub(super) kind: String,
    file: i64,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    not_null: bool,
    /// A default, an identity or a generated value.
    filled: bool,
    type_name: String,
    misfit: Option<String>,
    /// The default, as SQL.
    default: Option<String>,
    /// An identity or a generated value.
    computed: bool,
}

#[derive(Clone, Debug)]
struct Constraint {
    relation: i64,
    name: String,
    kind: String,
    validated: bool,
    expression: Option<String>,
    columns: Vec<String>,
    referenced: Option<String>,
    referenced_columns: Vec<String>,
}

#[derive(Clone, Debug)]
struct UniqueIndex {
    relation: i64,
    name: String,
    keys: Vec<String>,
    predicate: Option<String>,
    nulls_distinct: bool,
}

const RELATIONS: &str = "
    SELECT c.oid::int8, format('%I.%I', n.nspname, c.relname), c.relkind::text, c.relfilenode::int8
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// The last column is true for values that the type would refuse: only narrowings that Postgres
/// itself checks when it casts.
const COLUMNS: &str = "
    SELECT a.attrelid::int8, a.attnum, quote_ident(a.attname), a.attnotnull,
        a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '' OR t.typdefault IS NOT NULL,
        format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4
                 THEN format('length(rtrim(%I::text)) > %s', a.attname, a.atttypmod - 4)
             WHEN a.atttypid = 'int2'::regtype THEN format('%I::numeric NOT BETWEEN -32768 AND 32767', a.attname)
             WHEN a.atttypid = 'int4'::regtype THEN format('%I::numeric NOT BETWEEN -2147483648 AND 2147483647', a.attname)
             WHEN a.atttypid = 'int8'::regtype THEN format('%I::numeric NOT BETWEEN -9223372036854775808 AND 9223372036854775807', a.attname)
        END,
        (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
        a.attidentity <> '' OR a.attgenerated <> ''
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

const CONSTRAINTS: &str = "
    SELECT k.oid::int8, k.conrelid::int8, k.conname::text, k.contype::text, k.convalidated,
        pg_get_expr(k.conbin, k.conrelid),
        coalesce((SELECT array_agg(quote_ident(a.attname) ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u (number, place)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number), '{}'),
        (SELECT format('%I.%I', rn.nspname, r.relname) FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace WHERE r.oid = k.confrelid),
        coalesce((SELECT array_agg(quote_ident(a.attname) ORDER BY u.place) FROM unnest(k.confkey) WITH ORDINALITY u (number, place)
            JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number), '{}')
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('c', 'f') AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// `indnullsnotdistinct` came with version 15.
const UNIQUE_INDEXES: &str = "
    SELECT i.indexrelid::int8, i.indrelid::int8, x.relname::text,
        (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, true) ORDER BY k) FROM generate_series(1, i.indnkeyatts) k),
        pg_get_expr(i.indpred, i.indrelid),
        coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false)
    FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisunique AND c.relkind IN ('r', 'p', 'm') AND NOT x.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

impl Snapshot {
    pub(super) async fn take(connection: &mut Connection) -> Result<Self, Error> {
        let mut snapshot = Self::default();
        for row in connection.rows(RELATIONS).await? {
            let relation = Relation {
                name: row.try_get(1)?,
                kind: row.try_get(2)?,
                file: row.try_get(3)?,
            };
            snapshot.relations.insert(row.try_get(0)?, relation);
        }
        for row in connection.rows(COLUMNS).await? {
            let column = Column {
                name: row.try_get(2)?,
                not_null: row.try_get(3)?,
                filled: row.try_get(4)?,
                type_name: row.try_get(5)?,
                misfit: row.try_get(6)?,
                default: row.try_get(7)?,
                computed: row.try_get(8)?,
            };
            snapshot
                .columns
                .insert((row.try_get(0)?, row.try_get(1)?), column);
        }
        for row in connection.rows(CONSTRAINTS).await? {
            let constraint = Constraint {
                relation: row.try_get(1)?,
                name: row.try_get(2)?,
                kind: row.try_get(3)?,
                validated: row.try_get(4)?,
                expression: row.try_get(5)?,
                columns: row.try_get(6)?,
                referenced: row.try_get(7)?,
                referenced_columns: row.try_get(8)?,
            };
            snapshot.constraints.insert(row.try_get(0)?, constraint);
        }
        for row in connection.rows(UNIQUE_INDEXES).await? {
            let index = UniqueIndex {
                relation: row.try_get(1)?,
                name: row.try_get(2)?,
                keys: row.try_get(3)?,
                predicate: row.try_get(4)?,
                nulls_distinct: !row.try_get::<bool, _>(5)?,
            };
            snapshot.indexes.insert(row.try_get(0)?, index);
        }
        Ok(snapshot)
    }

    /// Relations of `self` that have another file in `after`.
    pub(super) fn rewritten(&self, after: &Self) -> BTreeSet<i64> {
        self.relations
            .iter()
            .filter(|(id, before)| {
                ["r", "p", "m"].contains(&before.kind.as_str())
                    && after
                        .relations
                        .get(id)
                        .is_some_and(|after| after.file != before.file)
            })
            .map(|(id, _)| *id)
            .collect()
    }

    /// What of `self` is not there in `after`; columns and keys of a lost table are not told apart.
    pub(super) fn lost(&self, after: &Self) -> Vec<Lost> {
        let gone = |id: &i64| !after.relations.contains_key(id);
        let mut lost = Vec::new();
        for (_, relation) in self.relations.iter().filter(|(id, _)| gone(id)) {
            let kind = match relation.kind.as_str() {
                "r" | "p" | "f" => LostKind::Table,
                "m" => LostKind::MaterializedView,
                "v" => LostKind::View,
                _ => LostKind::Sequence,
            };
            lost.push(Lost {
                kind,
                name: relation.name.clone(),
                relation: relation.name.clone(),
            });
        }
        for ((id, number), column) in &self.columns {
            if let Some(relation) = self.relations.get(id).filter(|_| !gone(id))
                && !after.columns.contains_key(&(*id, *number))
            {
                lost.push(Lost {
                    kind: LostKind::Column,
                    name: column.name.clone(),
                    relation: relation.name.clone(),
                });
            }
        }
        for (id, constraint) in &self.constraints {
            if constraint.kind == "f"
                && !after.constraints.contains_key(id)
                && let Some(relation) = self
                    .relations
                    .get(&constraint.relation)
                    .filter(|_| !gone(&constraint.relation))
            {
                lost.push(Lost {
                    kind: LostKind::ForeignKey,
                    name: constraint.name.clone(),
                    relation: relation.name.clone(),
                });
            }
        }
        lost.sort();
        lost
    }

    /// What `after` asks of rows that were there before. `original` gives the names of the live
    /// relations and columns; what is new has no rows.
    pub(super) fn requirements(
        &self,
        after: &Self,
        original: &Self,
        scanned: &BTreeSet<i64>,
        conversions: &[Conversion],
    ) -> Vec<Requirement> {
        // The parts of a partitioned table are scanned, not the table.
        let reads = |id: &i64| {
            scanned.contains(id)
                || original
                    .relations
                    .get(id)
                    .is_some_and(|relation| relation.kind == "p")
        };
        let mut requirements = self.column_requirements(after, original, &reads, conversions);
        for (id, index) in &after.indexes {
            if !self.indexes.contains_key(id)
                && let Some(relation) = original.relations.get(&index.relation)
            {
                requirements.push(Requirement::Unique {
                    relation: relation.name.clone(),
                    index: index.name.clone(),
                    keys: index.keys.clone(),
                    predicate: index.predicate.clone(),
                    nulls_distinct: index.nulls_distinct,
                });
            }
        }
        for (id, constraint) in &after.constraints {
            let was_valid = self
                .constraints
                .get(id)
                .is_some_and(|before| before.validated);
            let Some(relation) = original.relations.get(&constraint.relation) else {
                continue;
            };
            if !constraint.validated || was_valid || !reads(&constraint.relation) {
                continue;
            }
            if let Some(referenced) = &constraint.referenced {
                requirements.push(Requirement::ForeignKey {
                    relation: relation.name.clone(),
                    constraint: constraint.name.clone(),
                    columns: constraint.columns.clone(),
                    referenced: referenced.clone(),
                    referenced_columns: constraint.referenced_columns.clone(),
                });
            } else if let Some(expression) = &constraint.expression {
                requirements.push(Requirement::Check {
                    relation: relation.name.clone(),
                    constraint: constraint.name.clone(),
                    expression: expression.clone(),
                });
            }
        }
        requirements
    }

    /// The rows of the original relations that have other columns now.
    pub(super) fn sources(&self, original: &Self) -> BTreeMap<String, Source> {
        let mut changed: BTreeSet<i64> = BTreeSet::new();
        for (place, column) in &self.columns {
            let same = original.columns.get(place).is_some_and(|before| {
                before.name == column.name && before.type_name == column.type_name
            });
            if !same && original.relations.contains_key(&place.0) {
                changed.insert(place.0);
            }
        }
        let sources = changed.into_iter().filter_map(|id| {
            let name = original.relations.get(&id)?.name.clone();
            let source = self.source(id, &name, original);
            Some((name, source))
        });
        sources.collect()
    }

    fn source(&self, id: i64, name: &str, original: &Self) -> Source {
        let mut source = Source::default();
        let mut columns = vec![
            "x.tableoid AS backsmith_table".to_owned(),
            "x.ctid AS backsmith_row".to_owned(),
        ];
        for ((_, number), column) in self.columns.range((id, 0)..=(id, i16::MAX)) {
            let (new, type_name) = (&column.name, &column.type_name);
            columns.push(match original.columns.get(&(id, *number)) {
                Some(before) if before.type_name == *type_name => {
                    if before.name != *new {
                        source.changed.push(new.clone());
                    }
                    format!("x.{} AS {new}", before.name)
                }
                Some(before) => {
                    source.changed.push(new.clone());
                    source.unknown.insert(
                        new.clone(),
                        format!("the file changes the type of `{new}` before"),
                    );
                    format!("x.{} AS {new}", before.name)
                }
                None => {
                    source.changed.push(new.clone());
                    source.added.push(new.clone());
                    // A constant is what every row gets; what is computed is not known before.
                    let is_computed = column.computed
                        || column
                            .default
                            .as_ref()
                            .is_some_and(|text| text.contains('('));
                    if is_computed {
                        let reason = format!("the file adds `{new}` with computed values");
                        source.unknown.insert(new.clone(), reason);
                    }
                    match &column.default {
                        Some(value) if !is_computed => format!("({value})::{type_name} AS {new}"),
                        _ => format!("NULL::{type_name} AS {new}"),
                    }
                }
            });
        }
        source.rows = format!("(SELECT {} FROM {name} x)", columns.join(", "));
        source
    }

    fn column_requirements(
        &self,
        after: &Self,
        original: &Self,
        reads: &dyn Fn(&i64) -> bool,
        conversions: &[Conversion],
    ) -> Vec<Requirement> {
        let mut requirements = Vec::new();
        for (place, column) in &after.columns {
            let Some(relation) = original.relations.get(&place.0) else {
                continue;
            };
            let relation = relation.name.clone();
            let before = self.columns.get(place);
            match before {
                None if column.not_null && !column.filled => {
                    requirements.push(Requirement::NoRows {
                        relation,
                        column: column.name.clone(),
                    });
                }
                // A valid check makes the scan needless, and then no row is NULL.
                Some(before) if !before.not_null && column.not_null && reads(&place.0) => {
                    let column = column.name.clone();
                    requirements.push(Requirement::NotNull { relation, column });
                }
                Some(before) if before.type_name != column.type_name => {
                    let narrower = column.misfit.is_some() && before.misfit != column.misfit;
                    let misfit = column.misfit.clone().filter(|_| narrower);
                    let using = conversions
                        .iter()
                        .find(|conversion| conversion.is_of(&column.name))
                        .and_then(|conversion| conversion.using.clone());
                    let (name, type_name) = (column.name.clone(), column.type_name.clone());
                    let requirement = match (misfit, using) {
                        (Some(misfit), None) => Requirement::Fits {
                            relation,
                            column: name,
                            type_name,
                            misfit,
                        },
                        (misfit, using) => Requirement::Converts {
                            relation,
                            expression: using.unwrap_or_else(|| name.clone()),
                            column: name,
                            type_name,
                            misfit,
                        },
                    };
                    if reads(&place.0) {
                        requirements.push(requirement);
                    }
                }
                _ => {}
            }
        }
        requirements
    }
}
