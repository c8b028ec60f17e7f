//! What happens to each object.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::catalog::Id;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Only before.
    Drop,
    /// Only after.
    Create,
    /// Dropped and created again, because it or something below it changes.
    Rebuild,
    /// Changed in place.
    Alter,
    /// A column whose type changes in place: what reads it is rebuilt.
    Retype,
}

impl Action {
    /// Whether the object of before goes.
    pub const fn drops(self) -> bool {
        matches!(self, Self::Drop | Self::Rebuild)
    }

    /// Whether the object of after is made.
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Rebuild)
    }

    /// Whether the object stays and changes.
    pub const fn changes(self) -> bool {
        matches!(self, Self::Alter | Self::Retype)
    }
}

/// The action of every object that has one, in the order of their names when all are known. It is
/// asked for far more often than it is walked through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions(pub IndexMap<Arc<Id>, Action, FxBuildHasher>);

impl Actions {
    pub fn get(&self, id: &Id) -> Option<Action> {
        self.0.get(id).copied()
    }

    pub fn drops(&self, id: &Id) -> bool {
        self.get(id).is_some_and(Action::drops)
    }

    pub fn creates(&self, id: &Id) -> bool {
        self.get(id).is_some_and(Action::creates)
    }

    pub fn changes(&self, id: &Id) -> bool {
        self.get(id).is_some_and(Action::changes)
    }
}
