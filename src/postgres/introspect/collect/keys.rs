//! Constraints and indexes.

use std::collections::{HashMap, HashSet};

use super::relations::Relations;
use super::{Collection, class};
use crate::catalog::{Body, Constraint, ConstraintKind, Id, Index, Kind};
use crate::postgres::introspect::rows::{ConstraintRow, IndexRow, Rows};

/// A foreign key to a partitioned table has a part of its own for each partition there; they come
/// and go with it.
struct ReferencedParts {
    /// Each such part and the key that it belongs to.
    roots: HashMap<u32, u32>,
    /// Partition and name of the part, by key.
    of_root: HashMap<u32, Vec<(String, String)>>,
}

fn referenced_parts(rows: &[ConstraintRow], relations: &Relations) -> ReferencedParts {
    let keys: HashMap<u32, &ConstraintRow> = rows
        .iter()
        .filter(|row| row.kind == 'f')
        .map(|row| (row.oid, row))
        .collect();
    let mut parts = ReferencedParts {
        roots: HashMap::new(),
        of_root: HashMap::new(),
    };
    for row in keys.values() {
        // The part of a partition that refers is on another table, and is told apart.
        let above = |row: &ConstraintRow| {
            let parent = keys.get(&row.parent)?;
            (parent.relation == row.relation).then_some(*parent)
        };
        let Some(mut root) = above(row) else {
            continue;
        };
        while let Some(next) = above(root) {
            root = next;
        }
        parts.roots.insert(row.oid, root.oid);
        let of_root = parts.of_root.entry(root.oid).or_default();
        if let Some(partition) = relations.names.get(&row.references) {
            of_root.push((partition.clone(), row.name.clone()));
        }
    }
    for names in parts.of_root.values_mut() {
        names.sort();
    }
    parts
}

impl Collection {
    /// Adds the constraints; the indexes behind keys are told by them, the others stay.
    pub(super) fn constraints(&mut self, rows: &mut Rows, relations: &Relations) {
        let mut definitions: HashMap<u32, String> = rows.constraint_definitions.drain(..).collect();
        let indexes: HashMap<u32, &IndexRow> =
            rows.indexes.iter().map(|row| (row.oid, row)).collect();
        let mut behind_keys = HashSet::new();
        let mut referenced_parts = referenced_parts(&rows.constraints, relations);
        for row in std::mem::take(&mut rows.constraints) {
            if referenced_parts.roots.contains_key(&row.oid) {
                continue;
            }
            let kind = match row.kind {
                'c' => ConstraintKind::Check,
                'f' => ConstraintKind::ForeignKey,
                'p' => ConstraintKind::PrimaryKey,
                'u' => ConstraintKind::Unique,
                'x' => ConstraintKind::Exclusion,
                _ => ConstraintKind::Other,
            };
            let is_key = row.is_key();
            if is_key {
                behind_keys.insert(row.index);
            }
            let on_domain = row.domain != 0;
            let owner_address = if on_domain {
                (class::TYPE, row.domain, 0)
            } else {
                (class::RELATION, row.relation, 0)
            };
            let Some(owner) = self.names.get(&owner_address) else {
                continue;
            };
            let owner_id = &self.objects[*owner].id;
            let id_kind = if kind == ConstraintKind::ForeignKey {
                Kind::ForeignKey
            } else {
                Kind::Constraint
            };
            let id = Id::part(id_kind, owner_id.name.as_str(), row.name.as_str());
            let index = indexes.get(&row.index).filter(|_| is_key).copied();
            let index_comment = if is_key {
                self.comments.remove(&(class::RELATION, row.index, 0))
            } else {
                None
            };
            let body = Body::Constraint(Constraint {
                kind,
                definition: definitions.remove(&row.oid).unwrap_or_default(),
                validated: row.validated,
                local: row.local,
                inherited: row.inherited,
                of_parent: row.parent != 0,
                no_inherit: row.no_inherit,
                on_domain,
                references: relations.names.get(&row.references).cloned(),
                referenced_parts: referenced_parts
                    .of_root
                    .remove(&row.oid)
                    .unwrap_or_default(),
                clustered: index.is_some_and(|index| index.clustered),
                replica_identity: index.is_some_and(|index| index.replica_identity),
                index_comment,
            });
            let place = self.add((class::CONSTRAINT, row.oid, 0), id, body);
            self.extra.push((place, owner_address));
            if is_key {
                self.names.insert((class::RELATION, row.index, 0), place);
            }
        }
        for (part, root) in referenced_parts.roots {
            if let Some(place) = self.names.get(&(class::CONSTRAINT, root, 0)).copied() {
                self.names.insert((class::CONSTRAINT, part, 0), place);
            }
        }
        rows.indexes.retain(|row| !behind_keys.contains(&row.oid));
    }

    pub(super) fn indexes(
        &mut self,
        rows: Vec<IndexRow>,
        definitions: Vec<(u32, String)>,
        relations: &mut Relations,
    ) {
        let mut definitions: HashMap<u32, String> = definitions.into_iter().collect();
        let names: HashMap<u32, String> = rows
            .iter()
            .filter(|row| row.on_partitioned)
            .filter_map(|row| {
                let (schema, _) = self.schemas.get(&row.schema)?;
                Some((row.oid, format!("{schema}.{}", row.name)))
            })
            .collect();
        for row in rows {
            let Some(relation) = self.relation(row.relation) else {
                continue;
            };
            let of_member = self.is_member(class::RELATION, row.relation);
            let schema = self.schemas.get(&row.schema);
            let (Some((schema, true)), false) = (schema, of_member) else {
                continue;
            };
            let id = Id::new(Kind::Index, format!("{schema}.{}", row.name));
            let parent = relations.parents.get(&row.oid).and_then(|of| of.first());
            let body = Body::Index(Box::new(Index {
                definition: definitions.remove(&row.oid).unwrap_or_default(),
                table: self.objects[relation].id.name.clone(),
                unique: row.unique,
                valid: row.valid,
                clustered: row.clustered,
                replica_identity: row.replica_identity,
                statistics: relations.targets.remove(&row.oid).unwrap_or_default(),
                parent: parent.and_then(|oid| names.get(oid)).cloned(),
                has_expressions: row.has_expressions || row.is_partial,
                on_partitioned: row.on_partitioned,
            }));
            let place = self.add((class::RELATION, row.oid, 0), id, body);
            self.extra.push((place, (class::RELATION, row.relation, 0)));
        }
    }
}
