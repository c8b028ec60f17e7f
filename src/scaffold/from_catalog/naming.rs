//! What operations, types and parameters of the resources are called; no two alike.

use std::collections::{BTreeMap, BTreeSet};

use super::resource::{Nested, Resource};
use crate::scaffold::names;

/// The names of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceNames {
    /// `Customer`: the row, and what the other types are derived from.
    pub row: String,
    /// `customersTable`: the constant of its handler file.
    pub constant: String,
    /// `customers`: its handler file, without ending.
    pub file: String,
    /// `/customers`.
    pub path: String,
    pub list: String,
    /// Identifiers of the nested lists, in their order.
    pub nested: Vec<String>,
}

impl ResourceNames {
    pub(super) fn create_type(&self) -> String {
        format!("Create{}", self.row)
    }

    pub(super) fn update_type(&self) -> String {
        format!("Update{}", self.row)
    }

    pub(super) fn page_type(&self) -> String {
        format!("{}Page", self.row)
    }

    pub(super) fn operation(&self, verb: &str) -> String {
        format!("{verb}{}", self.row)
    }
}

/// The names of all resources, by the resource's own name.
pub(super) fn name_all(resources: &[Resource]) -> BTreeMap<&str, ResourceNames> {
    // The envelope of errors is a type too.
    let mut types: BTreeSet<String> = BTreeSet::from(["Error".to_owned()]);
    let mut operations = BTreeSet::new();
    let mut named: BTreeMap<&str, ResourceNames> = BTreeMap::new();
    for resource in resources {
        let wanted = names::pascal_case(&resource.singular);
        let row = free(&wanted, |row| {
            ["", "Create", "Update"]
                .iter()
                .all(|prefix| !types.contains(&format!("{prefix}{row}")))
                && !types.contains(&format!("{row}Page"))
        });
        types.extend([
            row.clone(),
            format!("Create{row}"),
            format!("Update{row}"),
            format!("{row}Page"),
        ]);
        operations.extend(["get", "create", "update", "delete"].map(|verb| format!("{verb}{row}")));
        let list = format!("list{}", names::pascal_case(&resource.name));
        let list = free(&list, |list| !operations.contains(list));
        operations.insert(list.clone());
        named.insert(
            &resource.name,
            ResourceNames {
                constant: format!("{}Table", names::camel_case(&resource.name)),
                file: names::resource_file(&resource.name),
                path: format!("/{}", segment(&resource.name)),
                nested: Vec::new(),
                row,
                list,
            },
        );
    }
    for resource in resources {
        let row = named[resource.name.as_str()].row.clone();
        let nested = resource.nested.iter().map(|nested: &Nested| {
            let wanted = format!("list{row}{}", names::pascal_case(&nested.segment));
            let name = free(&wanted, |name| !operations.contains(name));
            operations.insert(name.clone());
            name
        });
        let nested: Vec<String> = nested.collect();
        if let Some(names) = named.get_mut(resource.name.as_str()) {
            names.nested = nested;
        }
    }
    named
}

/// The name itself, or with the first number that is free.
fn free(wanted: &str, is_free: impl Fn(&str) -> bool) -> String {
    if is_free(wanted) {
        return wanted.to_owned();
    }
    let numbered = (2_u32..).map(|number| format!("{wanted}{number}"));
    numbered
        .into_iter()
        .find(|name| is_free(name))
        .unwrap_or_default()
}

/// A table's name as a segment of a path.
pub(super) fn segment(name: &str) -> String {
    let mut out = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
