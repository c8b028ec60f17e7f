//! One object before and after: the same, changed in place, or to be rebuilt.

use super::Action;
use crate::catalog::{Body, Column, Composite, Domain, Object, Policy, Routine, Table, View};

/// None when nothing changes.
pub(super) fn objects(before: &Object, after: &Object) -> Option<Action> {
    let of_body = bodies(&before.body, &after.body);
    if of_body.is_none() && (before.comment != after.comment || before.grants != after.grants) {
        return Some(Action::Alter);
    }
    of_body
}

fn bodies(before: &Body, after: &Body) -> Option<Action> {
    if before == after {
        return None;
    }
    match (before, after) {
        (Body::Enum { labels: before }, Body::Enum { labels: after }) => {
            Some(if is_subsequence(before, after) {
                Action::Alter
            } else {
                Action::Rebuild
            })
        }
        (Body::Composite(before), Body::Composite(after)) => Some(composites(before, after)),
        (Body::Domain(before), Body::Domain(after)) => Some(domains(before, after)),
        (Body::Table(before), Body::Table(after)) => Some(tables(before, after)),
        (Body::Column(before), Body::Column(after)) => columns(before, after),
        (Body::Constraint(before), Body::Constraint(after)) => {
            // A key that Postgres made for a partition keeps a mark of it when the partition leaves.
            let made_alike =
                before.no_inherit == after.no_inherit || before.of_parent && after.of_parent;
            // Postgres names the parts in the order in which partitions come.
            let same_definition = bare(&before.definition) == bare(&after.definition)
                && before.referenced_parts == after.referenced_parts
                && made_alike;
            if same_definition && (before.validated == after.validated || after.validated) {
                let visible = before.validated != after.validated
                    || before.clustered != after.clustered
                    || before.replica_identity != after.replica_identity
                    || before.index_comment != after.index_comment;
                visible.then_some(Action::Alter)
            } else {
                Some(Action::Rebuild)
            }
        }
        (Body::Index(before), Body::Index(after)) => {
            // One of a partitioned table becomes valid when its last part has joined it.
            let same = before.definition == after.definition
                && (before.valid == after.valid || after.valid && after.on_partitioned);
            Some(if same { Action::Alter } else { Action::Rebuild })
        }
        (Body::View(before), Body::View(after)) => Some(views(before, after)),
        (Body::Routine(before), Body::Routine(after)) => Some(routines(before, after)),
        (
            Body::Trigger {
                definition: before, ..
            },
            Body::Trigger {
                definition: after, ..
            },
        )
        | (
            Body::Rule {
                definition: before, ..
            },
            Body::Rule {
                definition: after, ..
            },
        ) => Some(if before == after {
            Action::Alter
        } else {
            Action::Rebuild
        }),
        (
            Body::Statistics {
                definition: before,
                target: before_target,
            },
            Body::Statistics { definition, target },
        ) => {
            if columns_apart(before) != columns_apart(definition) {
                return Some(Action::Rebuild);
            }
            (before_target != target).then_some(Action::Alter)
        }
        (Body::Policy(before), Body::Policy(after)) => Some(policies(before, after)),
        (Body::Sequence(_), Body::Sequence(_))
        | (Body::Extension { .. }, Body::Extension { .. })
        | (Body::Default { .. }, Body::Default { .. }) => Some(Action::Alter),
        (Body::DefaultPrivileges { .. }, Body::DefaultPrivileges { .. }) => None,
        (Body::Foreign { create: before, .. }, Body::Foreign { create: after, .. }) => {
            Some(if before == after {
                Action::Alter
            } else {
                Action::Rebuild
            })
        }
        (
            Body::Publication {
                all_tables: before,
                objects: before_objects,
                ..
            },
            Body::Publication {
                all_tables: after,
                objects: after_objects,
                ..
            },
        ) => {
            // SET cannot leave nothing, and all tables are for ever.
            let emptied = !before_objects.is_empty() && after_objects.is_empty();
            Some(if before == after && !emptied {
                Action::Alter
            } else {
                Action::Rebuild
            })
        }
        _ => Some(Action::Rebuild),
    }
}

/// The definition without its mark of not being valid.
pub(super) fn bare(definition: &str) -> &str {
    definition.trim_end_matches(" NOT VALID")
}

/// A statistics object lists its columns as they stand in the table, which is no difference.
fn columns_apart(definition: &str) -> (&str, Vec<&str>) {
    let (head, rest) = definition.split_once(" ON ").unwrap_or((definition, ""));
    let mut columns: Vec<&str> = rest
        .split(" FROM ")
        .flat_map(|part| part.split(", "))
        .collect();
    columns.sort_unstable();
    (head, columns)
}

fn is_subsequence(before: &[String], after: &[String]) -> bool {
    let mut wanted = before.iter().peekable();
    for label in after {
        wanted.next_if(|next| *next == label);
    }
    wanted.peek().is_none()
}

/// Attributes can go, and can come at the end; everything else changes the type's rows.
fn composites(before: &Composite, after: &Composite) -> Action {
    let kept: Vec<_> = before
        .attributes
        .iter()
        .filter(|attribute| {
            after
                .attributes
                .iter()
                .any(|other| other.name == attribute.name)
        })
        .collect();
    let in_place = kept.len() <= after.attributes.len()
        && kept
            .iter()
            .zip(&after.attributes)
            .all(|(old, new)| *old == new);
    if in_place {
        Action::Alter
    } else {
        Action::Rebuild
    }
}

fn domains(before: &Domain, after: &Domain) -> Action {
    if before.base == after.base && before.collation == after.collation {
        Action::Alter
    } else {
        Action::Rebuild
    }
}

fn tables(before: &Table, after: &Table) -> Action {
    let same_nature = before.partition_key == after.partition_key
        && before.of_type == after.of_type
        && before.foreign.as_ref().map(|(server, _)| server)
            == after.foreign.as_ref().map(|(server, _)| server);
    if same_nature {
        Action::Alter
    } else {
        Action::Rebuild
    }
}

fn columns(before: &Column, after: &Column) -> Option<Action> {
    if before.generated != after.generated && after.generated.is_some() {
        return Some(Action::Rebuild);
    }
    if before.data_type != after.data_type || before.collation != after.collation {
        // A generated column is computed again either way.
        return Some(if after.generated.is_some() {
            Action::Rebuild
        } else {
            Action::Retype
        });
    }
    // Where a column stands and where it comes from changes with its table.
    let mut moved = before.clone();
    moved.position = after.position;
    moved.local = after.local;
    moved.inherited = after.inherited;
    (&moved != after).then_some(Action::Alter)
}

/// CREATE OR REPLACE VIEW may add columns at the end, no more.
fn views(before: &View, after: &View) -> Action {
    if before.query == after.query && before.columns == after.columns {
        return Action::Alter;
    }
    if after.columns.starts_with(&before.columns) {
        Action::Alter
    } else {
        Action::Rebuild
    }
}

fn routines(before: &Routine, after: &Routine) -> Action {
    if before.signature == after.signature && after.defaults >= before.defaults {
        Action::Alter
    } else {
        Action::Rebuild
    }
}

/// ALTER POLICY can set an expression, it cannot take one away.
fn policies(before: &Policy, after: &Policy) -> Action {
    let in_place = before.command == after.command
        && before.permissive == after.permissive
        && (before.using.is_none() || after.using.is_some())
        && (before.check.is_none() || after.check.is_some());
    if in_place {
        Action::Alter
    } else {
        Action::Rebuild
    }
}
