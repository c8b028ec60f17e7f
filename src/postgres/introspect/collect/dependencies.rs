//! Edges of pg_depend, told by object ids, as dependencies between objects.

use std::sync::Arc;

use super::{Collection, class};
use crate::catalog::{Id, Kind};
use crate::postgres::introspect::rows::Address;

impl Collection {
    /// Fills in what each object depends on.
    pub(super) fn connect(&mut self) {
        self.name_derived_types();
        // Resolved before members get names: a parent that an extension made is no table of ours.
        let mut found: Vec<(usize, usize)> = Vec::with_capacity(self.edges.len());
        for (from, to) in std::mem::take(&mut self.extra) {
            found.extend(self.names.get(&to).map(|to| (from, *to)));
        }
        self.name_members();
        self.name_parts();
        let partitions: std::collections::HashSet<&str> = self
            .objects
            .iter()
            .filter(|object| object.id.kind == Kind::Attachment)
            .map(|object| object.id.name.as_str())
            .collect();
        // Ownership of a sequence and membership of a partition are objects of their own, and a
        // table's key is part of the table.
        let is_separate = |from: &Id, to: &Id| {
            from.kind == Kind::Sequence && matches!(to.kind, Kind::Column | Kind::Table)
                || from.kind == Kind::Table
                    && to.kind == Kind::Table
                    && partitions.contains(from.name.as_str())
                || from.kind == Kind::Table && to.kind == Kind::Column && to.name == from.name
        };
        for edge in self.edges.iter().filter(|edge| edge.kind != 'e') {
            let (Some(from), Some(to)) = (self.find(edge.from), self.find(edge.to)) else {
                continue;
            };
            if !is_separate(&self.objects[from].id, &self.objects[to].id) {
                found.push((from, to));
            }
        }
        found.sort_unstable();
        found.dedup();
        for of_one in found.chunk_by(|a, b| a.0 == b.0) {
            let from = of_one[0].0;
            let mut needed: Vec<Arc<Id>> = of_one
                .iter()
                .filter(|(_, to)| *to != from)
                .map(|(_, to)| Arc::clone(&self.objects[*to].id))
                .collect();
            needed.sort_unstable();
            self.objects[from].depends_on = needed;
        }
    }

    /// The object at an address; a part that has none is told by its whole.
    fn find(&self, address: Address) -> Option<usize> {
        let (class, oid, _) = address;
        self.names
            .get(&address)
            .or_else(|| self.names.get(&(class, oid, 0)))
            .copied()
    }

    /// Row types stand for their relations, arrays for their elements.
    fn name_derived_types(&mut self) {
        let derived = std::mem::take(&mut self.derived);
        // Row types first: arrays of them follow.
        for of_array in [false, true] {
            for (oid, element, relation) in &derived {
                let source = if of_array {
                    (class::TYPE, *element, 0)
                } else {
                    (class::RELATION, *relation, 0)
                };
                if let Some(place) = self.names.get(&source).copied() {
                    self.names.entry((class::TYPE, *oid, 0)).or_insert(place);
                }
            }
        }
    }

    /// Members of an extension stand for it.
    fn name_members(&mut self) {
        for edge in self.edges.iter().filter(|edge| edge.kind == 'e') {
            if edge.to.0 == class::EXTENSION
                && let Some(place) = self.names.get(&(class::EXTENSION, edge.to.1, 0)).copied()
            {
                let member = (edge.from.0, edge.from.1, 0);
                self.names.entry(member).or_insert(place);
            }
        }
    }

    /// Rows that belong to another object, which stands for them.
    fn name_parts(&mut self) {
        for edge in &self.edges {
            let (of_class, oid, _) = edge.from;
            let whole = (edge.to.0, edge.to.1, 0);
            if let Some(owners) = owners_of(of_class) {
                if owners.contains(&edge.to.0)
                    && let Some(place) = self.names.get(&whole).copied()
                {
                    self.names.insert((of_class, oid, 0), place);
                }
            } else if of_class == class::TYPE
                && edge.to.0 == class::TYPE
                && edge.kind == 'i'
                && !self.names.contains_key(&(of_class, oid, 0))
                && let Some(place) = self.names.get(&whole).copied()
            {
                self.names.insert((of_class, oid, 0), place);
            }
        }
    }
}

/// The catalogs whose objects the rows of a catalog are parts of.
fn owners_of(class: u32) -> Option<&'static [u32]> {
    match class {
        class::PUBLICATION_RELATION | class::PUBLICATION_SCHEMA => Some(&[class::PUBLICATION]),
        class::CLASS_OPERATOR | class::CLASS_FUNCTION => {
            Some(&[class::OPERATOR_CLASS, class::OPERATOR_FAMILY])
        }
        _ => None,
    }
}
