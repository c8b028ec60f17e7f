//! routes/index.ts: what the three frameworks share of it.

use super::code::{Expression, string, text};
use super::names::{self, Names};
use super::plan::{Plan, PlannedOperation, Route};
use crate::api::Method;

/// Handler files and the names under which the wiring imports them.
pub(super) struct Namespaces {
    /// (file without its ending, namespace), sorted by file.
    pub(super) files: Vec<(String, String)>,
}

impl Namespaces {
    pub(super) fn new(plan: &Plan<'_>) -> Self {
        let mut taken = Names::with([
            "validators",
            "operation",
            "refuse",
            "only",
            "prepare",
            "Router",
            "RouterOptions",
            "State",
            "router",
            "routes",
            "options",
            "fastify",
            "createRouter",
        ]);
        let files = plan
            .files()
            .into_keys()
            .map(|file| {
                let name = names::camel_case(file);
                let name = if name.ends_with('_') {
                    format!("{name}Handlers")
                } else {
                    name
                };
                (file.to_owned(), taken.claim(&name))
            })
            .collect();
        Self { files }
    }

    pub(super) fn imports(&self) -> String {
        let lines = self.files.iter().map(|(file, namespace)| {
            let module = string(&format!("./{file}.js"));
            format!("import * as {namespace} from {module};\n")
        });
        lines.collect::<Vec<_>>().concat()
    }

    /// `operation(validators.listUsers, users.listUsers, options)`.
    pub(super) fn operation(&self, planned: &PlannedOperation<'_>) -> Expression {
        let namespace = self
            .files
            .iter()
            .find(|(file, _)| *file == planned.file)
            .map_or("handlers", |(_, namespace)| namespace.as_str());
        let id = &planned.id;
        super::code::call(
            "operation",
            vec![
                text(format!("validators.{id}")),
                text(format!("{namespace}.{id}")),
                text("options"),
            ],
        )
    }
}

/// The operations of a route; HEAD first, since GET would answer it.
pub(super) fn methods<'p, 'a>(plan: &'p Plan<'a>, route: &Route) -> Vec<&'p PlannedOperation<'a>> {
    let mut operations: Vec<&PlannedOperation<'a>> = route
        .operations
        .iter()
        .map(|&index| &plan.operations[index])
        .collect();
    operations.sort_by_key(|planned| planned.operation.method != Method::Head);
    operations
}

/// The methods that a path answers, as quoted names for `Allow`.
pub(super) fn allowed(operations: &[&PlannedOperation<'_>]) -> Vec<Expression> {
    let mut names: Vec<String> = Vec::new();
    for planned in operations {
        let name = planned.operation.method.key().to_uppercase();
        let implies_head = name == "GET";
        if !names.contains(&name) {
            names.push(name);
        }
        if implies_head && !names.iter().any(|name| name == "HEAD") {
            names.push("HEAD".to_owned());
        }
    }
    names.into_iter().map(|name| text(string(&name))).collect()
}
