//! What a migration may cost: data that goes, and what only the data can tell.

use super::{Action, Actions};
use crate::catalog::{Body, Catalog, Id, Kind};
use crate::migrate::emit::conversion;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HazardKind {
    DropTable,
    DropColumn,
    DropEnumValue,
    NarrowType,
    RebuildTable,
}

impl HazardKind {
    pub const ALL: [Self; 5] = [
        Self::DropTable,
        Self::DropColumn,
        Self::DropEnumValue,
        Self::NarrowType,
        Self::RebuildTable,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::DropTable => "drop-table",
            Self::DropColumn => "drop-column",
            Self::DropEnumValue => "drop-enum-value",
            Self::NarrowType => "narrow-type",
            Self::RebuildTable => "rebuild-table",
        }
    }
}

/// One danger, on one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    pub kind: HazardKind,
    pub id: Id,
    pub message: String,
}

impl Hazard {
    /// `table.column` or the object's name.
    pub fn object(&self) -> String {
        self.id.to_string()
    }
}

/// Every loss of data, by kind and name.
pub(super) fn all(before: &Catalog, after: &Catalog, actions: &Actions) -> Vec<Hazard> {
    let mut hazards = Vec::new();
    for (id, action) in &actions.0 {
        let (Some(object), action) = (before.get(id), *action) else {
            continue;
        };
        let mut add = |kind, message: String| {
            hazards.push(Hazard {
                kind,
                id: Id::clone(id),
                message,
            });
        };
        match &object.body {
            Body::Table(table) if table.foreign.is_none() => match action {
                Action::Drop => add(HazardKind::DropTable, "its rows go with it".to_owned()),
                Action::Rebuild => add(
                    HazardKind::RebuildTable,
                    "it is dropped and made again, without its rows".to_owned(),
                ),
                _ => {}
            },
            Body::Column(column) => {
                let with_table = actions.drops(&Id::new(Kind::Table, id.name.as_str()));
                let inherited = !column.local && column.inherited > 0;
                if column.generated.is_some() || with_table || inherited {
                    continue;
                }
                if action.drops() {
                    add(HazardKind::DropColumn, column.data_type.clone());
                } else if action == Action::Retype
                    && let Some(Body::Column(new)) = after.get(id).map(|object| &object.body)
                    && conversion::may_lose(&column.data_type, &new.data_type)
                {
                    let message = format!("{} to {}", column.data_type, new.data_type);
                    add(HazardKind::NarrowType, message);
                }
            }
            Body::Enum { labels } if action == Action::Rebuild => {
                let Some(Body::Enum { labels: new }) = after.get(id).map(|object| &object.body)
                else {
                    continue;
                };
                let gone: Vec<&str> = labels
                    .iter()
                    .filter(|label| !new.contains(label))
                    .map(String::as_str)
                    .collect();
                if !gone.is_empty() {
                    let message = format!("rows with {} cannot be converted", gone.join(", "));
                    add(HazardKind::DropEnumValue, message);
                }
            }
            _ => {}
        }
    }
    hazards.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    hazards
}
