//! routes/index.ts for Express: one route per path.

use super::code::{Expression, call, string, text};
use super::framework::Framework;
use super::plan::Plan;
use super::wiring::{Namespaces, allowed, methods};
use crate::api::Method;

pub(super) fn wiring(plan: &Plan<'_>) -> String {
    let namespaces = Namespaces::new(plan);
    let mut out = String::from("\nimport { Router } from \"express\";\n");
    if plan.routes.is_empty() {
        out.push_str("import type { RouterOptions } from \"../runtime/express.js\";\n");
    } else {
        out.push_str("import * as validators from \"../middleware/validators.js\";\n");
        let queries = plan
            .operations
            .iter()
            .any(|planned| planned.operation.method == Method::Query);
        let only = if queries { "only, " } else { "" };
        out.push_str(&format!(
            "import {{ {only}operation, refuse, type RouterOptions }} from \"../runtime/express.js\";\n"
        ));
    }
    out.push_str(&namespaces.imports());
    out.push_str("\nexport type { Handler } from \"../runtime/express.js\";\n");
    out.push_str("\n/** Every operation of the document; fixed paths come before parameters. */\n");
    let options = if plan.routes.is_empty() {
        "_options"
    } else {
        "options"
    };
    out.push_str(&format!(
        "export function createRouter({options}: RouterOptions): Router {{\n"
    ));
    out.push_str("  const router = Router({ caseSensitive: true, strict: true });\n");
    for route in &plan.routes {
        let operations = methods(plan, route);
        let path = string(route.path.of(Framework::Express));
        let mut calls = vec![("route".to_owned(), vec![text(path)])];
        for planned in &operations {
            let operation = namespaces.operation(planned);
            // The routes of Express have no method for the youngest one.
            calls.push(if planned.operation.method == Method::Query {
                let only = call("only", vec![text("\"QUERY\""), operation]);
                ("all".to_owned(), vec![only])
            } else {
                (planned.operation.method.key().to_owned(), vec![operation])
            });
        }
        calls.push(("all".to_owned(), vec![call("refuse", allowed(&operations))]));
        let chain = Expression::Chain {
            head: Box::new(text("router")),
            calls,
        };
        out.push_str(&format!("\n  {};\n", chain.print(2, 2, 1)));
    }
    out.push_str("\n  return router;\n}\n");
    out
}
