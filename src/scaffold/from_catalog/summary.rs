//! What a database became, for the report.

use std::collections::BTreeMap;

use super::naming;
use super::resource::{Resource, Resources};
use crate::catalog::ConstraintKind;

/// A database and what it offers now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// `shop`, or the schema file.
    pub name: String,
    /// In the order of their names, tables first.
    pub resources: Vec<ResourceSummary>,
    /// What the validators know of the columns.
    pub checked: Vec<String>,
    /// Constraints that a write can break, by the status that answers.
    pub answered: BTreeMap<u16, Vec<String>>,
    /// Columns that the database fills in.
    pub filled: Vec<String>,
    /// What is worth a look.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceSummary {
    pub name: String,
    pub is_view: bool,
    /// list, get, create, update, delete.
    pub operations: Vec<&'static str>,
    pub key: Vec<String>,
    pub filters: Vec<String>,
    pub sorts: Vec<String>,
    /// The last segments of its nested lists.
    pub nested: Vec<String>,
}

impl Summary {
    pub fn new(name: impl Into<String>, resources: &Resources) -> Self {
        let all = &resources.resources;
        let mut notes = resources.notes.clone();
        notes.extend(all.iter().flat_map(oddities));
        notes.sort();
        Self {
            name: name.into(),
            resources: all.iter().map(summarized).collect(),
            checked: checked(all),
            answered: answered(all),
            filled: all
                .iter()
                .flat_map(|resource| {
                    resource
                        .columns
                        .iter()
                        .filter(|field| field.filled)
                        .map(|field| format!("{}.{}", resource.name, field.name))
                })
                .collect(),
            notes,
        }
    }

    /// Operations that work, nested lists among them.
    pub fn operations(&self) -> usize {
        let of = |resource: &ResourceSummary| resource.operations.len() + resource.nested.len();
        self.resources.iter().map(of).sum()
    }
}

fn summarized(resource: &Resource) -> ResourceSummary {
    let has_key = !resource.key.is_empty();
    let operations = [
        ("list", true),
        ("get", has_key),
        ("create", resource.can_create()),
        ("update", has_key && resource.can_update()),
        ("delete", has_key && resource.writable),
    ];
    ResourceSummary {
        name: resource.name.clone(),
        is_view: resource.is_view,
        operations: operations
            .into_iter()
            .filter(|(_, there)| *there)
            .map(|(name, _)| name)
            .collect(),
        key: resource.key.clone(),
        filters: resource.filters.clone(),
        sorts: resource.sorts.clone(),
        nested: resource
            .nested
            .iter()
            .map(|nested| naming::segment(&nested.segment))
            .collect(),
    }
}

/// Columns that look as if something were missing.
fn oddities(resource: &Resource) -> Vec<String> {
    let referring: Vec<&String> = resource
        .constraints
        .values()
        .filter(|breakable| breakable.kind == ConstraintKind::ForeignKey)
        .flat_map(|breakable| &breakable.columns)
        .collect();
    let mut notes = Vec::new();
    for field in resource.columns.iter().filter(|_| resource.writable) {
        let name = format!("{}.{}", resource.name, field.name);
        let is_id = field.name.ends_with("_id")
            && ["integer", "bigint", "smallint", "uuid"].contains(&field.data_type.as_str());
        if is_id && !referring.contains(&&field.name) && !resource.key.contains(&field.name) {
            notes.push(format!(
                "{name} references nothing: any {} is accepted",
                field.data_type
            ));
        }
        let few_values = field.schema.contains_key("enum");
        if few_values
            && !resource.filters.contains(&field.name)
            && !resource.sorts.contains(&field.name)
        {
            notes.push(format!(
                "{name} has no index: it is neither a filter nor a sort key"
            ));
        }
    }
    notes
}

fn checked(resources: &[Resource]) -> Vec<String> {
    let fields = || {
        let writable = resources.iter().filter(|resource| resource.writable);
        writable.flat_map(Resource::creatable)
    };
    let mut checked = Vec::new();
    let list = |words: Vec<String>| words.join(", ");
    let lengths: Vec<String> = fields()
        .filter_map(|field| {
            Some(format!(
                "{} ({})",
                field.name,
                field.schema.get("maxLength")?
            ))
        })
        .collect();
    let words: Vec<String> = fields()
        .filter(|field| field.schema.contains_key("enum"))
        .map(|field| field.name.clone())
        .collect();
    let ranges: Vec<String> = fields()
        .filter(|field| {
            let exclusive = ["exclusiveMinimum", "exclusiveMaximum"]
                .iter()
                .any(|key| field.schema.contains_key(*key));
            // The ranges of the types themselves are wider than any rule.
            let ruled = field
                .schema
                .get("minimum")
                .and_then(serde_json::Value::as_i64)
                .is_some_and(|low| low >= -1_000);
            exclusive || ruled
        })
        .map(|field| field.name.clone())
        .collect();
    for (what, names) in [
        ("lengths of", lengths),
        ("values of", words),
        ("ranges of", ranges),
    ] {
        if !names.is_empty() {
            checked.push(format!("{what} {}", list(names)));
        }
    }
    if fields().any(|field| !field.nullable) {
        checked.push("not null".to_owned());
    }
    if fields().any(|field| {
        field
            .schema
            .get("type")
            .is_some_and(|kind| kind == "integer")
    }) {
        checked.push("integer ranges".to_owned());
    }
    checked
}

fn answered(resources: &[Resource]) -> BTreeMap<u16, Vec<String>> {
    let mut answered: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for resource in resources.iter().filter(|resource| resource.writable) {
        for (name, breakable) in &resource.constraints {
            let made_up = breakable
                .columns
                .iter()
                .all(|column| resource.field(column).is_some_and(|field| field.filled));
            let status = match breakable.kind {
                ConstraintKind::PrimaryKey if made_up => continue,
                ConstraintKind::PrimaryKey | ConstraintKind::Unique | ConstraintKind::Exclusion => {
                    409
                }
                _ => 422,
            };
            answered.entry(status).or_default().push(name.clone());
        }
    }
    answered
}
