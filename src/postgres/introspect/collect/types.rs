//! Enums, composites, domains and ranges; what follows from another object is kept for the
//! dependencies.

use std::collections::HashMap;

use super::{Collection, class};
use crate::catalog::{Attribute, Body, Composite, Domain, Id, Kind};
use crate::postgres::introspect::rows::{ColumnRow, Rows};

/// The columns of each relation, in their order.
pub(super) type ColumnsOf = HashMap<u32, Vec<ColumnRow>>;

impl Collection {
    /// Adds the types and gives back the columns of everything that is no composite type.
    pub(super) fn types(&mut self, rows: &mut Rows) -> ColumnsOf {
        let mut columns: ColumnsOf = HashMap::new();
        for row in std::mem::take(&mut rows.columns) {
            columns.entry(row.relation).or_default().push(row);
        }
        for of_relation in columns.values_mut() {
            of_relation.sort_unstable_by_key(|row| row.position);
        }
        let mut labels: HashMap<u32, Vec<String>> = HashMap::new();
        for (oid, label) in std::mem::take(&mut rows.labels) {
            labels.entry(oid).or_default().push(label);
        }
        let composites: std::collections::HashSet<u32> = rows
            .relations
            .iter()
            .filter(|row| row.kind == 'c')
            .map(|row| row.oid)
            .collect();
        let mut types = std::mem::take(&mut rows.types);
        // Multiranges refer to their ranges.
        types.sort_by_key(|row| row.kind == 'm');
        for row in types {
            let is_users = self
                .schemas
                .get(&row.schema)
                .is_some_and(|(_, is_users)| *is_users);
            if is_users && (row.element != 0 || row.relation != 0) {
                self.derived.push((row.oid, row.element, row.relation));
            }
            let own = self.own_name(class::TYPE, row.oid, row.schema, &row.name);
            let Some(name) = own else {
                continue;
            };
            let (kind, body) = match row.kind {
                'e' => {
                    let labels = labels.remove(&row.oid).unwrap_or_default();
                    (Kind::Enum, Body::Enum { labels })
                }
                'c' if composites.contains(&row.relation) => {
                    let attributes = columns
                        .remove(&row.relation)
                        .unwrap_or_default()
                        .into_iter()
                        .map(|column| Attribute {
                            name: column.name,
                            data_type: column.data_type,
                            collation: column.collation,
                        })
                        .collect();
                    (Kind::Composite, Body::Composite(Composite { attributes }))
                }
                'd' => {
                    let domain = Domain {
                        base: row.base.unwrap_or_default(),
                        default: row.default,
                        not_null: row.not_null,
                        collation: row.collation,
                    };
                    (Kind::Domain, Body::Domain(domain))
                }
                'r' => {
                    let range = row.range.unwrap_or_default();
                    let create = format!("CREATE TYPE {name} AS RANGE ({range})");
                    let drop = format!("DROP TYPE {name}");
                    (Kind::Range, Body::Text { create, drop })
                }
                'm' => {
                    // The multirange of a range type: the range stands for both.
                    if let Some(range) = row.range_type
                        && let Some(place) = self.names.get(&(class::TYPE, range, 0)).copied()
                    {
                        self.names.insert((class::TYPE, row.oid, 0), place);
                    }
                    continue;
                }
                'p' => {
                    self.list_base_type(name);
                    continue;
                }
                'b' if row.element == 0 => {
                    self.list_base_type(name);
                    continue;
                }
                // Arrays, and the rows of tables.
                _ => continue,
            };
            let place = self.add((class::TYPE, row.oid, 0), Id::new(kind, name), body);
            if row.has_default_rights {
                self.give_public(place, "USAGE");
            }
            self.names.insert((class::TYPE, row.array_type, 0), place);
            if row.relation != 0 {
                let address = (class::RELATION, row.relation, 0);
                self.names.insert(address, place);
                // COMMENT ON TYPE of a composite type may stand at either place.
                if self.objects[place].comment.is_none() {
                    self.objects[place].comment = self.comments.remove(&address);
                }
            }
        }
        columns
    }

    fn list_base_type(&mut self, name: String) {
        let list = self.unmanaged.entry("base type".to_owned());
        list.or_default().push(name);
    }
}
