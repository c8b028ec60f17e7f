//! Value types of a Postgres catalog: what exists, how it is defined, what it depends on. Knows
//! neither where a catalog came from nor what will be done with it.

mod body;
pub mod effect;
mod id;
pub mod plans;
pub mod statistics;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Values;
use rustc_hash::FxBuildHasher;

pub use body::{
    Attribute, Body, Column, Composite, Constraint, ConstraintKind, Domain, Grant, Identity, Index,
    Policy, Routine, Sequence, Table, View,
};
pub use id::{Id, Kind, folded, last_part, unquoted};

/// One state of one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// `server_version_num`, 150018.
    pub version_number: u32,
    pub objects: Objects,
    /// Objects of kinds that are not compared, by kind.
    pub unmanaged: BTreeMap<String, Vec<String>>,
}

/// Objects by name, in the order of their names. Comparing asks for names far more often than it
/// walks, hence the hashes.
pub type Objects = IndexMap<Arc<Id>, Object, FxBuildHasher>;

/// What depends on each object, directly; in the order of the objects.
pub type Dependants<'a> = HashMap<&'a Id, Vec<&'a Arc<Id>>, FxBuildHasher>;

/// One object, with what hangs on every kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub id: Arc<Id>,
    pub body: Body,
    pub comment: Option<String>,
    /// Rights of others than the owner.
    pub grants: BTreeSet<Grant>,
    /// What must exist before this can; sorted, shared with the objects themselves, since there are
    /// many of these.
    pub depends_on: Vec<Arc<Id>>,
}

impl Object {
    pub fn needs(&self, id: &Id) -> bool {
        self.depends_on
            .binary_search_by(|needed| needed.as_ref().cmp(id))
            .is_ok()
    }
}

impl Catalog {
    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.objects.get(id)
    }

    pub fn contains(&self, id: &Id) -> bool {
        self.objects.contains_key(id)
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.from(move |id| id.kind < kind)
            .take_while(move |object| object.id.kind == kind)
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.of_kind(kind).count()
    }

    /// The objects that depend on each object, directly.
    pub fn dependants(&self) -> Dependants<'_> {
        let mut dependants =
            Dependants::with_capacity_and_hasher(self.objects.len(), FxBuildHasher);
        for object in self.objects.values() {
            for needed in &object.depends_on {
                dependants
                    .entry(needed.as_ref())
                    .or_default()
                    .push(&object.id);
            }
        }
        dependants
    }

    /// The columns of a table, in their order.
    pub fn columns(&self, table: &str) -> Vec<(&Object, &Column)> {
        let mut columns: Vec<(&Object, &Column)> = self
            .parts(Kind::Column, table)
            .filter_map(|object| match &object.body {
                Body::Column(column) => Some((object, column.as_ref())),
                _ => None,
            })
            .collect();
        columns.sort_by_key(|(_, column)| column.position);
        columns
    }

    /// The parts of one kind that an object has: a table's columns, its constraints, …
    pub fn parts<'a>(&'a self, kind: Kind, of: &str) -> impl Iterator<Item = &'a Object> {
        let of = of.to_owned();
        self.from(|id| (id.kind, id.name.as_str()) < (kind, of.as_str()))
            .take_while(move |object| object.id.kind == kind && object.id.name == of)
    }

    /// The objects behind those of which `is_before` holds.
    fn from(&self, is_before: impl Fn(&Id) -> bool) -> Values<'_, Arc<Id>, Object> {
        let objects = self.objects.as_slice();
        let first = objects.partition_point(|id, _| is_before(id));
        objects[first..].values()
    }

    /// Takes out the tables of this local name, with their parts, indexes and sequences; returns the
    /// names of all that went.
    pub fn take_tables(&mut self, local_name: &str) -> Vec<String> {
        let tables: Vec<String> = self
            .of_kind(Kind::Table)
            .filter(|object| object.id.local_name() == local_name)
            .map(|object| object.id.name.clone())
            .collect();
        let mut names = tables.clone();
        self.objects.retain(|id, object| {
            let gone = match &object.body {
                Body::Index(index) => tables.contains(&index.table),
                Body::SequenceOwner { table, .. } => tables.contains(table),
                _ => tables.contains(&id.name),
            };
            if gone && !names.contains(&id.name) {
                names.push(id.name.clone());
            }
            if gone && matches!(&object.body, Body::Constraint(key) if key.kind.is_key()) {
                // Its index has the same name.
                let schema = &id.name[..id.name.len() - local_name.len()];
                names.push(format!("{schema}{}", id.part));
            }
            !gone
        });
        // The sequence itself went by its owner's name.
        self.objects.retain(|id, _| !names.contains(&id.name));
        names
    }

    /// Keeps what is in the schemas, and what has no schema.
    pub fn retain_schemas(&mut self, schemas: &[String]) {
        if schemas.is_empty() {
            return;
        }
        self.objects
            .retain(|id, _| id.schema().is_none_or(|schema| schemas.contains(&schema)));
    }
}
