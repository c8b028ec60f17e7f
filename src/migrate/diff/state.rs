//! One side of a comparison, with what is asked of it many times.

use std::sync::Arc;

use crate::catalog::{Catalog, Dependants, Id, Kind};

pub(super) struct State<'a> {
    pub catalog: &'a Catalog,
    /// What depends on each object, directly.
    pub dependants: Dependants<'a>,
}

impl<'a> State<'a> {
    pub(super) fn new(catalog: &'a Catalog) -> Self {
        Self {
            catalog,
            dependants: catalog.dependants(),
        }
    }

    pub(super) fn dependants(&self, id: &Id) -> &[&'a Arc<Id>] {
        self.dependants.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether more than an index depends on it.
    pub(super) fn is_needed(&self, id: &Id) -> bool {
        self.dependants(id)
            .iter()
            .any(|other| other.kind != Kind::Index)
    }
}
