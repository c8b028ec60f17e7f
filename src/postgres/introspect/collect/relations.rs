//! Tables with their columns, views, sequences.

use std::collections::{BTreeMap, HashMap};

use super::types::ColumnsOf;
use super::{Collection, class};
use crate::catalog::{Body, Column, Id, Identity, Kind, Sequence, Table, View};
use crate::postgres::introspect::rows::{ColumnRow, DefaultRow, Options, RelationRow, Rows};

/// What keys and indexes need to know about relations.
#[derive(Default)]
pub(super) struct Relations {
    /// Complete names of everything that has rows.
    pub(super) names: HashMap<u32, String>,
    pub(super) parents: HashMap<u32, Vec<u32>>,
    /// Statistics targets of the columns of indexes.
    pub(super) targets: HashMap<u32, BTreeMap<i32, i32>>,
}

/// Whom a sequence belongs to.
struct Owner {
    is_identity: bool,
    relation: u32,
    position: i32,
}

/// What the columns of tables and views are made of, beside their rows.
struct Parts {
    defaults: HashMap<(u32, i32), DefaultRow>,
    identities: HashMap<(u32, i32), (u32, String, Sequence)>,
    servers: HashMap<u32, (String, Options)>,
    queries: HashMap<u32, String>,
}

impl Collection {
    pub(super) fn relations(&mut self, rows: &mut Rows, mut columns: ColumnsOf) -> Relations {
        let mut relations = Relations::default();
        for (child, parent) in std::mem::take(&mut rows.inheritance) {
            relations.parents.entry(child).or_default().push(parent);
        }
        for row in &rows.relations {
            if let Some((schema, _)) = self.schemas.get(&row.schema) {
                relations
                    .names
                    .insert(row.oid, format!("{schema}.{}", row.name));
            }
        }
        let owners = self.sequence_owners();
        let mut sequences: HashMap<u32, Sequence> = rows.sequences.drain(..).collect();
        let mut parts = Parts {
            defaults: rows
                .defaults
                .drain(..)
                .map(|row| ((row.relation, row.position), row))
                .collect(),
            identities: HashMap::new(),
            servers: rows
                .foreign_tables
                .drain(..)
                .map(|(oid, server, options)| (oid, (server, options)))
                .collect(),
            queries: rows.views.drain(..).collect(),
        };
        let mut plain_sequences = Vec::new();
        let mut others = Vec::new();
        for row in std::mem::take(&mut rows.relations) {
            let own = self.own_name(class::RELATION, row.oid, row.schema, &row.name);
            let Some(name) = own else {
                continue;
            };
            match row.kind {
                'S' => {
                    let Some(mut sequence) = sequences.remove(&row.oid) else {
                        continue;
                    };
                    sequence.persistence.clone_from(&row.persistence);
                    let owner = owners.get(&row.oid);
                    if let Some(owner) = owner.filter(|owner| owner.is_identity) {
                        let column = (owner.relation, owner.position);
                        parts.identities.insert(column, (row.oid, name, sequence));
                    } else {
                        plain_sequences.push((row.oid, name, sequence));
                    }
                }
                'c' => {}
                _ => others.push((row, name)),
            }
        }
        for (row, name) in others {
            let columns = columns.remove(&row.oid).unwrap_or_default();
            if matches!(row.kind, 'v' | 'm') {
                self.view(&row, name, columns, &mut parts);
            } else {
                let oid = row.oid;
                self.table(row, &name, &relations, &mut parts);
                for column in columns {
                    self.column(oid, &name, column, &mut parts);
                }
            }
        }
        for (oid, name, sequence) in plain_sequences {
            self.sequence(oid, name, sequence, owners.get(&oid));
        }
        // What is left belongs to indexes, and to what is not ours.
        for (relation, columns) in columns {
            let targets = columns
                .into_iter()
                .filter_map(|column| Some((column.position, column.statistics?)))
                .collect();
            relations.targets.insert(relation, targets);
        }
        relations
    }

    fn sequence_owners(&self) -> HashMap<u32, Owner> {
        self.edges
            .iter()
            .filter(|edge| {
                edge.from.0 == class::RELATION
                    && edge.to.0 == class::RELATION
                    && edge.to.2 > 0
                    && matches!(edge.kind, 'a' | 'i')
            })
            .map(|edge| {
                let owner = Owner {
                    is_identity: edge.kind == 'i',
                    relation: edge.to.1,
                    position: edge.to.2,
                };
                (edge.from.1, owner)
            })
            .collect()
    }

    fn sequence(&mut self, oid: u32, name: String, sequence: Sequence, owner: Option<&Owner>) {
        let id = Id::new(Kind::Sequence, name.as_str());
        let address = (class::RELATION, oid, 0);
        self.add(address, id, Body::Sequence(sequence));
        let Some(owner) = owner else {
            return;
        };
        let column = (class::RELATION, owner.relation, owner.position);
        let Some(place) = self.names.get(&column) else {
            return;
        };
        let id = &self.objects[*place].id;
        let body = Body::SequenceOwner {
            table: id.name.clone(),
            column: id.part.clone(),
        };
        let id = Id::new(Kind::SequenceOwner, name);
        let owner = self.add_bare(id, body, None, std::collections::BTreeSet::new());
        self.extra.push((owner, address));
        self.extra.push((owner, column));
    }

    fn view(
        &mut self,
        row: &RelationRow,
        name: String,
        columns: Vec<ColumnRow>,
        parts: &mut Parts,
    ) {
        let kind = if row.kind == 'm' {
            Kind::MaterializedView
        } else {
            Kind::View
        };
        let mut view = View {
            query: parts.queries.remove(&row.oid).unwrap_or_default(),
            options: options(row),
            columns: Vec::new(),
            column_comments: BTreeMap::new(),
            column_grants: BTreeMap::new(),
            column_defaults: BTreeMap::new(),
            column_statistics: BTreeMap::new(),
        };
        let mut addresses = vec![(class::TYPE, row.row_type, 0)];
        for column in columns {
            let address = (class::RELATION, row.oid, column.position);
            addresses.push(address);
            if let Some(comment) = self.comments.remove(&address) {
                view.column_comments.insert(column.name.clone(), comment);
            }
            if let Some(grants) = self.grants.remove(&address) {
                view.column_grants.insert(column.name.clone(), grants);
            }
            if let Some(target) = column.statistics {
                view.column_statistics.insert(column.name.clone(), target);
            }
            if let Some(default) = parts.defaults.remove(&(row.oid, column.position)) {
                addresses.push((class::DEFAULT, default.oid, 0));
                view.column_defaults
                    .insert(column.name.clone(), default.expression);
            }
            view.columns.push((column.name, column.data_type));
        }
        let address = (class::RELATION, row.oid, 0);
        let place = self.add(address, Id::new(kind, name), Body::View(Box::new(view)));
        self.names
            .extend(addresses.into_iter().map(|address| (address, place)));
    }

    fn table(&mut self, row: RelationRow, name: &str, relations: &Relations, parts: &mut Parts) {
        let address = (class::RELATION, row.oid, 0);
        let parents = relations.parents.get(&row.oid);
        let parents = parents.map_or(&[] as &[u32], Vec::as_slice);
        let parent_name = |oid: &u32| relations.names.get(oid).cloned();
        let options = options(&row);
        if let (true, Some(bound), Some(parent)) = (row.partition, row.bound, parents.first()) {
            let body = Body::Attachment {
                parent: parent_name(parent).unwrap_or_default(),
                bound,
            };
            let id = Id::new(Kind::Attachment, name);
            let attachment = self.add_bare(id, body, None, std::collections::BTreeSet::new());
            self.extra.push((attachment, address));
            self.extra.push((attachment, (class::RELATION, *parent, 0)));
        }
        let inherits: &[u32] = if row.partition { &[] } else { parents };
        let table = Table {
            persistence: row.persistence,
            partition_key: row.partition_key,
            parents: inherits.iter().filter_map(parent_name).collect(),
            options,
            row_security: row.row_security,
            force_row_security: row.force_row_security,
            replica_identity: row.replica_identity,
            access_method: row.access_method,
            of_type: row.of_type,
            foreign: parts.servers.remove(&row.oid),
        };
        let body = Body::Table(Box::new(table));
        let place = self.add(address, Id::new(Kind::Table, name), body);
        self.names.insert((class::TYPE, row.row_type, 0), place);
        for parent in inherits {
            self.extra.push((place, (class::RELATION, *parent, 0)));
        }
    }

    fn column(&mut self, relation: u32, table: &str, row: ColumnRow, parts: &mut Parts) {
        let address = (class::RELATION, relation, row.position);
        let key = (relation, row.position);
        let identity = parts.identities.remove(&key);
        let default = parts.defaults.remove(&key);
        let is_generated = row.generated != ' ';
        let (generated, default) = match default {
            Some(default) if is_generated => (Some(default), None),
            default => (None, default),
        };
        let sequence = identity.as_ref().map(|(oid, ..)| *oid);
        let default_name = default.as_ref().map(|_| row.name.clone());
        let column = Column {
            position: row.position,
            data_type: row.data_type,
            collation: row.collation,
            not_null: row.not_null,
            identity: identity
                .filter(|_| row.identity != ' ')
                .map(|(_, name, sequence)| Identity {
                    always: row.identity == 'a',
                    name,
                    sequence,
                }),
            generated: generated
                .as_ref()
                .map(|row_| (row_.expression.clone(), row.generated != 'v')),
            storage: (row.storage != row.type_storage).then(|| storage(row.storage).to_owned()),
            type_storage: storage(row.type_storage).to_owned(),
            compression: match row.compression {
                ' ' | '\0' => None,
                'l' => Some("lz4".to_owned()),
                _ => Some("pglz".to_owned()),
            },
            statistics: row.statistics,
            options: row.options,
            foreign_options: row.foreign_options,
            local: row.local,
            inherited: row.inherited,
        };
        let id = Id::part(Kind::Column, table, row.name);
        let place = self.add(address, id, Body::Column(Box::new(column)));
        self.extra.push((place, (class::RELATION, relation, 0)));
        if let Some(row) = generated {
            self.names.insert((class::DEFAULT, row.oid, 0), place);
        }
        if let Some(oid) = sequence {
            self.names.insert((class::RELATION, oid, 0), place);
        }
        if let (Some(row), Some(name)) = (default, default_name) {
            let id = Id::part(Kind::Default, table, name);
            let body = Body::Default {
                expression: row.expression,
            };
            let default = self.add((class::DEFAULT, row.oid, 0), id, body);
            self.extra.push((default, address));
        }
    }
}

/// Its own and those of its TOAST table, sorted.
fn options(row: &RelationRow) -> Vec<String> {
    let toast = row.toast_options.iter().map(|text| format!("toast.{text}"));
    let mut options: Vec<String> = row.options.iter().cloned().chain(toast).collect();
    options.sort();
    options
}

fn storage(letter: char) -> &'static str {
    match letter {
        'p' => "PLAIN",
        'e' => "EXTERNAL",
        'm' => "MAIN",
        _ => "EXTENDED",
    }
}
