//! The handlers of the resources: they work, and are the user's from then on.

use std::collections::BTreeMap;

use super::naming::ResourceNames;
use super::resource::{Nested, Resource, Resources};
use crate::catalog::ConstraintKind;
use crate::scaffold::code::{property_key, string};
use crate::scaffold::names;
use crate::text::words;

/// One handler: its operation and its body.
struct Handler {
    body: String,
    parts: &'static str,
    /// Constants of other files: (constant, file).
    imports: Vec<(String, String)>,
}

/// All handlers, and what a new handler file starts with.
pub(super) struct Handlers<'r> {
    resources: &'r Resources,
    names: &'r BTreeMap<&'r str, ResourceNames>,
    /// By operation: the name of the resource whose file it is in, and the handler.
    handlers: BTreeMap<String, (&'r str, Handler)>,
}

impl<'r> Handlers<'r> {
    pub(super) fn new(
        resources: &'r Resources,
        names: &'r BTreeMap<&'r str, ResourceNames>,
    ) -> Self {
        let mut handlers = BTreeMap::new();
        for resource in &resources.resources {
            let named = &names[resource.name.as_str()];
            for (id, handler) in own(resource, named) {
                handlers.insert(id, (resource.name.as_str(), handler));
            }
            for (nested, id) in resource.nested.iter().zip(&named.nested) {
                let child = resources
                    .resources
                    .iter()
                    .find(|child| child.name == nested.resource);
                if let Some(child) = child {
                    let other = &names[child.name.as_str()];
                    handlers.insert(
                        id.clone(),
                        (
                            child.name.as_str(),
                            nested_list(resource, named, child, other, nested),
                        ),
                    );
                }
            }
        }
        Self {
            resources,
            names,
            handlers,
        }
    }

    /// The text of a handler, by its operation; `title` is the comment above it.
    pub(super) fn text(&self, id: &str, title: &str) -> Option<String> {
        let (_, handler) = self.handlers.get(id)?;
        let Handler { body, parts, .. } = handler;
        let name = string(id);
        Some(format!(
            "/** {title} */\nexport const {id}: Handler<{name}> = async ({parts}) => {{\n{body}}};\n"
        ))
    }

    /// What stands above the handlers of a new file: the imports and the tables.
    pub(super) fn preamble(&self, operations: &[String]) -> String {
        let mut constants: Vec<&str> = Vec::new();
        let mut imports: BTreeMap<String, String> = BTreeMap::new();
        for (resource, handler) in operations.iter().filter_map(|id| self.handlers.get(id)) {
            if !constants.contains(resource) {
                constants.push(resource);
            }
            for (constant, file) in &handler.imports {
                imports.insert(constant.clone(), file.clone());
            }
        }
        let own_files: Vec<&str> = constants
            .iter()
            .map(|name| self.names[name].file.as_str())
            .collect();
        let mut out = String::from(
            "import { table } from \"../table.js\";\nimport type * as models from \"../types/models.js\";\n",
        );
        let mut modules: Vec<String> = imports
            .iter()
            .filter(|(_, file)| !own_files.contains(&file.as_str()))
            .map(|(constant, file)| format!("import {{ {constant} }} from \"./{file}.js\";\n"))
            .collect();
        modules.push("import type { Handler } from \"./index.js\";\n".to_owned());
        modules.sort_by_key(|line| line.split("from").nth(1).map(str::to_owned));
        out.push_str(&modules.concat());
        for name in constants {
            if let Some(resource) = self
                .resources
                .resources
                .iter()
                .find(|resource| resource.name == name)
            {
                out.push('\n');
                out.push_str(&description(resource, &self.names[name]));
            }
        }
        out
    }
}

/// The table as the handlers know it; tsc compares its columns with the type of a row.
fn description(resource: &Resource, named: &ResourceNames) -> String {
    let quoted = |columns: &[String]| {
        columns
            .iter()
            .map(|column| string(column))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut out = format!(
        "export const {} = table<models.{}>({{\n",
        named.constant, named.row
    );
    out.push_str(&format!("  name: {},\n", sql_string(&resource.sql_name)));
    out.push_str(&format!("  path: {},\n", string(&named.path)));
    out.push_str(&format!(
        "  noun: {},\n",
        string(&words::spoken(&resource.singular))
    ));
    out.push_str(&format!("  key: [{}],\n", quoted(&resource.key)));
    out.push_str("  columns: {\n");
    for field in &resource.columns {
        out.push_str(&format!(
            "    {}: {},\n",
            property_key(&field.name),
            string(field.transport.key())
        ));
    }
    out.push_str("  },\n");
    let nullable: Vec<String> = resource
        .sorts
        .iter()
        .filter(|column| resource.field(column).is_some_and(|field| field.nullable))
        .cloned()
        .collect();
    if !nullable.is_empty() {
        out.push_str(&format!("  nullable: [{}],\n", quoted(&nullable)));
    }
    if resource.key.is_empty() {
        let order: Vec<String> = resource
            .columns
            .iter()
            .filter(|field| field.orders)
            .map(|field| field.name.clone())
            .collect();
        out.push_str(&format!("  order: [{}],\n", quoted(&order)));
    }
    let answered: Vec<_> = resource
        .constraints
        .iter()
        .filter(|_| resource.writable)
        .collect();
    if !answered.is_empty() {
        out.push_str("  constraints: {\n");
        for (name, breakable) in answered {
            // A key that the database makes up cannot be broken by a client.
            let made_up = breakable.kind == ConstraintKind::PrimaryKey
                && breakable
                    .columns
                    .iter()
                    .all(|column| resource.field(column).is_some_and(|field| field.filled));
            if !made_up {
                out.push_str(&format!(
                    "    {}: [{}],\n",
                    property_key(name),
                    quoted(&breakable.columns)
                ));
            }
        }
        out.push_str("  },\n");
    }
    out.push_str("});\n");
    out
}

fn own(resource: &Resource, named: &ResourceNames) -> Vec<(String, Handler)> {
    let constant = &named.constant;
    let handler = |parts, body: String| Handler {
        body,
        parts,
        imports: Vec::new(),
    };
    let mut handlers = vec![(
        named.list.clone(),
        handler("{ query }", list(resource, constant, &[])),
    )];
    if resource.can_create() {
        let body = format!(
            "  const created = await {constant}.create(body);\n  \
             return {{ status: 201, headers: {{ Location: {constant}.location(created) }}, body: created }};\n"
        );
        handlers.push((named.operation("create"), handler("{ body }", body)));
    }
    if resource.key.is_empty() {
        return handlers;
    }
    let get = format!("  return {{ status: 200, body: await {constant}.get(path) }};\n");
    handlers.push((named.operation("get"), handler("{ path }", get)));
    if resource.can_update() {
        let update =
            format!("  return {{ status: 200, body: await {constant}.update(path, body) }};\n");
        handlers.push((named.operation("update"), handler("{ path, body }", update)));
    }
    if resource.writable {
        let delete = format!("  await {constant}.delete(path);\n  return {{ status: 204 }};\n");
        handlers.push((named.operation("delete"), handler("{ path }", delete)));
    }
    handlers
}

/// The body of a list; `fixed` are conditions as entries of an object literal.
fn list(resource: &Resource, constant: &str, fixed: &[String]) -> String {
    let filters = resource.filters.len() > fixed.len() || !resource.filters.is_empty();
    let mut parts = vec!["limit", "cursor"];
    if !resource.sorts.is_empty() {
        parts.push("sort");
    }
    let mut given: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    let mut conditions = fixed.to_vec();
    if filters {
        parts.push("...where");
        conditions.insert(0, "...where".to_owned());
    }
    match conditions.as_slice() {
        [] => {}
        [one] if one == "...where" => given.push("where".to_owned()),
        _ => given.push(format!("where: {{ {} }}", conditions.join(", "))),
    }
    let call = format!("await {constant}.list({{ {} }})", given.join(", "));
    let answer = if fixed.is_empty() {
        format!("  return {{ status: 200, body: {call} }};\n")
    } else {
        format!("  const page = {call};\n  return {{ status: 200, body: page }};\n")
    };
    format!("  const {{ {} }} = query;\n{answer}", parts.join(", "))
}

fn nested_list(
    parent: &Resource,
    named: &ResourceNames,
    child: &Resource,
    other: &ResourceNames,
    nested: &Nested,
) -> Handler {
    let fixed: Vec<String> = nested
        .columns
        .iter()
        .map(|(column, of_parent)| {
            format!("{}: {}", property_key(column), member("path", of_parent))
        })
        .collect();
    let _ = parent;
    Handler {
        body: format!(
            "  await {}.expect(path);\n{}",
            named.constant,
            list(child, &other.constant, &fixed)
        ),
        parts: "{ path, query }",
        imports: vec![(named.constant.clone(), named.file.clone())],
    }
}

/// A name in double quotes as prettier writes it: in single ones.
fn sql_string(name: &str) -> String {
    if name.contains(['\'', '\\', '\n']) {
        string(name)
    } else {
        format!("'{name}'")
    }
}

/// `path.id`, `path["user id"]`.
fn member(object: &str, name: &str) -> String {
    if names::is_identifier(name) {
        format!("{object}.{name}")
    } else {
        format!("{object}[{}]", string(name))
    }
}
