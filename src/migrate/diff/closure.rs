//! From what differs to everything that must move with it: what depends on a thing that goes or is
//! rebuilt is rebuilt as well, and so is what reads a column whose type changes.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Action, Actions, State, compare};
use crate::catalog::{Body, Catalog, ConstraintKind, Id, Kind};
use crate::migrate::emit::conversion;

/// The action of every object.
pub(super) fn actions(before: &State<'_>, after: &State<'_>) -> Actions {
    settled(
        before,
        after.catalog,
        differing(before.catalog, after.catalog),
    )
}

/// As `actions`, with enums made anew where labels would be added.
pub(super) fn actions_in_one_transaction(before: &State<'_>, after: &State<'_>) -> Actions {
    let mut actions = differing(before.catalog, after.catalog);
    for object in before.catalog.of_kind(Kind::Enum) {
        let other = after.catalog.get(&object.id);
        let grows = other.is_some_and(|other| other.body != object.body);
        if grows && actions.get(&object.id) == Some(Action::Alter) {
            actions.0.insert(object.id.clone(), Action::Rebuild);
        }
    }
    settled(before, after.catalog, actions)
}

/// What is not the same by itself.
fn differing(before: &Catalog, after: &Catalog) -> Actions {
    let mut actions = Actions::default();
    let mut wanted = after.objects.iter().peekable();
    for (id, object) in &before.objects {
        // Both are in the same order.
        while let Some((new, _)) = wanted.next_if(|(new, _)| *new < id) {
            actions.0.insert(new.clone(), Action::Create);
        }
        let action = match wanted.next_if(|(new, _)| *new == id) {
            None => Some(Action::Drop),
            Some((_, other)) => {
                let action = compare::objects(object, other);
                if action == Some(Action::Alter) && id.kind == Kind::MaterializedView {
                    Some(materialized(&object.body, &other.body))
                } else {
                    action
                }
            }
        };
        if let Some(action) = action {
            actions.0.insert(id.clone(), action);
        }
    }
    for (id, _) in wanted {
        actions.0.insert(id.clone(), Action::Create);
    }
    actions
}

/// With everything that has to move along.
fn settled(before: &State<'_>, after: &Catalog, mut actions: Actions) -> Actions {
    rebuild_bound_indexes(before.catalog, after, &mut actions);
    rebuild_heirs(before.catalog, after, &mut actions);
    spread(before, after, &mut actions);
    actions.0.sort_unstable_keys();
    actions
}

/// An index leaves the index of a partitioned table only together with its table.
fn rebuild_bound_indexes(before: &Catalog, after: &Catalog, actions: &mut Actions) {
    for object in before.of_kind(Kind::Index) {
        if let Body::Index(old) = &object.body
            && let Some(Body::Index(new)) = after.get(&object.id).map(|object| &object.body)
            && old.parent.is_some()
            && old.parent != new.parent
            && !actions.drops(&Id::new(Kind::Attachment, old.table.as_str()))
        {
            actions.0.insert(object.id.clone(), Action::Rebuild);
        }
    }
}

/// There is no CREATE OR REPLACE of a materialized view.
fn materialized(before: &Body, after: &Body) -> Action {
    match (before, after) {
        (Body::View(before), Body::View(after)) if before.query != after.query => Action::Rebuild,
        _ => Action::Alter,
    }
}

/// Whether a column is a heir's own cannot be said; only CREATE TABLE decides it, and leaving a
/// parent.
fn rebuild_heirs(before: &Catalog, after: &Catalog, actions: &mut Actions) {
    for object in after.of_kind(Kind::Table) {
        let (Body::Table(new), Some(Body::Table(old))) = (
            &object.body,
            before.get(&object.id).map(|object| &object.body),
        ) else {
            continue;
        };
        if new.parents.is_empty() || actions.drops(&object.id) {
            continue;
        }
        let stays_inherited = |part: &str| {
            new.parents.iter().any(|parent| {
                old.parents.contains(parent)
                    && before.contains(&Id::part(Kind::Column, parent.as_str(), part))
            })
        };
        let wrong = after
            .columns(&object.id.name)
            .iter()
            .any(|(column, wanted)| {
                let Some(Body::Column(now)) = before.get(&column.id).map(|object| &object.body)
                else {
                    return false;
                };
                let stays = stays_inherited(&column.id.part);
                let local = now.local || !stays;
                wanted.inherited > 0 && wanted.local != local
            });
        if wrong {
            actions.0.insert(object.id.clone(), Action::Rebuild);
            continue;
        }
        // A check of its own that the parent gains goes first, to come again from there.
        let from_parent = after
            .parts(Kind::Constraint, &object.id.name)
            .filter(|check| {
                let was_own = matches!(before.get(&check.id).map(|check| &check.body),
                    Some(Body::Constraint(check)) if check.inherited == 0);
                let comes = new.parents.iter().any(|parent| {
                    let of_parent =
                        Id::part(Kind::Constraint, parent.as_str(), check.id.part.as_str());
                    old.parents.contains(parent) && actions.creates(&of_parent)
                });
                was_own && comes && matches!(&check.body, Body::Constraint(check) if !check.local)
            });
        let from_parent: Vec<Arc<Id>> = from_parent.map(|check| Arc::clone(&check.id)).collect();
        for check in from_parent {
            actions.0.insert(check, Action::Rebuild);
        }
    }
}

/// Whether a table only has to leave a parent that goes.
fn leaves_parent(after: &Catalog, gone: &Id, dependant: &Id) -> bool {
    gone.kind == Kind::Table
        && matches!(after.get(dependant).map(|object| &object.body),
            Some(Body::Table(table)) if !table.parents.contains(&gone.name))
}

fn spread(state: &State<'_>, after: &Catalog, actions: &mut Actions) {
    let before = state.catalog;
    let joined = families_of_joined_keys(after);
    // The parts of an index go with it.
    let mut parts: FxHashMap<&Id, Vec<&Arc<Id>>> = FxHashMap::default();
    for object in before.of_kind(Kind::Index) {
        if let Body::Index(index) = &object.body
            && let Some(parent) = &index.parent
            && let Some(parent) = before.get(&Id::new(Kind::Index, parent.as_str()))
            && !actions.drops(&Id::new(Kind::Attachment, index.table.as_str()))
        {
            parts.entry(&parent.id).or_default().push(&object.id);
        }
    }
    let mut queue: VecDeque<Arc<Id>> = actions
        .0
        .iter()
        .filter(|(_, action)| action.drops() || **action == Action::Retype)
        .map(|(id, _)| id.clone())
        .collect();
    while let Some(id) = queue.pop_front() {
        let Some(cause) = actions.get(&id) else {
            continue;
        };
        let parts = parts.get(id.as_ref()).map_or(&[][..], Vec::as_slice);
        for dependant in state.dependants(&id).iter().chain(parts) {
            if actions.drops(dependant)
                || !after.contains(dependant)
                || leaves_parent(after, &id, dependant)
            {
                continue;
            }
            let reaction = if cause == Action::Retype {
                after_retype(before, after, &id, dependant, &joined)
            } else {
                after_drop(before, &id, dependant)
            };
            if let Some(reaction) = reaction
                && actions.get(dependant) != Some(reaction)
            {
                actions.0.insert(Arc::clone(dependant), reaction);
                queue.push_back(Arc::clone(dependant));
            }
        }
    }
}

const TYPES: &[Kind] = &[
    Kind::Enum,
    Kind::Composite,
    Kind::Domain,
    Kind::Range,
    Kind::Extension,
    Kind::Collation,
];

/// A column outlives its type: it moves to the new one.
fn after_drop(before: &Catalog, gone: &Id, dependant: &Id) -> Option<Action> {
    let generated = matches!(
        before.get(dependant).map(|object| &object.body),
        Some(Body::Column(column)) if column.generated.is_some()
    );
    if dependant.kind == Kind::Column && TYPES.contains(&gone.kind) && !generated {
        return Some(Action::Retype);
    }
    // A table stays where its schema stays; another schema would be another name.
    if gone.kind == Kind::Schema {
        return None;
    }
    Some(Action::Rebuild)
}

/// The partitioned tables, by their topmost, of which some partition's key was made there and joined
/// the key above. A new type in place makes all keys of the tree anew from above, which Postgres
/// marks otherwise.
fn families_of_joined_keys(after: &Catalog) -> HashSet<&str> {
    after
        .of_kind(Kind::Constraint)
        .filter(|object| {
            matches!(&object.body, Body::Constraint(key)
                if key.kind.is_key() && key.of_parent && key.no_inherit)
        })
        .map(|object| top_of(after, &object.id.name))
        .collect()
}

/// The topmost partitioned table of a partition, and the table itself where it is none.
fn top_of<'a>(catalog: &'a Catalog, table: &'a str) -> &'a str {
    let mut top = table;
    while let Some(Body::Attachment { parent, .. }) = catalog
        .get(&Id::new(Kind::Attachment, top))
        .map(|object| &object.body)
    {
        top = parent;
    }
    top
}

fn after_retype(
    before: &Catalog,
    after: &Catalog,
    column: &Id,
    dependant: &Id,
    joined: &HashSet<&str>,
) -> Option<Action> {
    let explicit = match (
        before.get(column).map(|object| &object.body),
        after.get(column).map(|object| &object.body),
    ) {
        (Some(Body::Column(old)), Some(Body::Column(new))) => {
            !conversion::is_implicit(&old.data_type, &new.data_type)
        }
        _ => true,
    };
    let body = before.get(dependant).map(|object| &object.body);
    let rebuilt = match body {
        Some(Body::Default { .. }) => {
            explicit
                || before.get(dependant).map(|o| &o.body) != after.get(dependant).map(|o| &o.body)
        }
        Some(Body::Constraint(constraint)) => {
            let always = matches!(
                constraint.kind,
                ConstraintKind::Check | ConstraintKind::Exclusion | ConstraintKind::Other
            );
            let remade =
                constraint.kind.is_key() && joined.contains(top_of(after, &dependant.name));
            !constraint.is_derived() && (always || explicit) || remade
        }
        Some(Body::Index(index)) => index.has_expressions || explicit,
        Some(Body::SequenceOwner { .. } | Body::Attachment { .. } | Body::Table(_)) => false,
        _ => true,
    };
    rebuilt.then_some(Action::Rebuild)
}
