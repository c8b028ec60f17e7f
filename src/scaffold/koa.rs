//! routes/index.ts for Koa, with @koa/router.

use super::code::{Expression, call, string, text};
use super::framework::Framework;
use super::plan::Plan;
use super::wiring::{Namespaces, allowed, methods};
use crate::api::Method;

pub(super) fn wiring(plan: &Plan<'_>) -> String {
    let namespaces = Namespaces::new(plan);
    let mut out = String::from("\nimport Router from \"@koa/router\";\n");
    if plan.routes.is_empty() {
        out.push_str("import type { RouterOptions, State } from \"../runtime/koa.js\";\n");
    } else {
        out.push_str("import * as validators from \"../middleware/validators.js\";\n");
        out.push_str("import { operation, refuse, type RouterOptions, type State } from \"../runtime/koa.js\";\n");
    }
    out.push_str(&namespaces.imports());
    out.push_str("\nexport type { Handler } from \"../runtime/koa.js\";\n");
    out.push_str("\n/** Every operation of the document; fixed paths come before parameters. */\n");
    let options = if plan.routes.is_empty() {
        "_options"
    } else {
        "options"
    };
    out.push_str(&format!(
        "export function createRouter({options}: RouterOptions): Router<State> {{\n"
    ));
    out.push_str("  const router = new Router<State>({ sensitive: true, strict: true });\n");
    for route in &plan.routes {
        let operations = methods(plan, route);
        let path = text(string(route.path.of(Framework::Koa)));
        let mut calls = Vec::new();
        for planned in &operations {
            let operation = namespaces.operation(planned);
            let method = planned.operation.method;
            calls.push(if matches!(method, Method::Trace | Method::Query) {
                let name = string(&method.key().to_uppercase());
                let methods = Expression::Array(vec![text(name)]);
                (
                    "register".to_owned(),
                    vec![path.clone(), methods, operation],
                )
            } else {
                (method.key().to_owned(), vec![path.clone(), operation])
            });
        }
        // `register` answers with the route, not with the router.
        calls.sort_by_key(|(name, _)| name == "register");
        let registered: Vec<_> = calls
            .iter()
            .filter(|(name, _)| name == "register")
            .cloned()
            .collect();
        calls.retain(|(name, _)| name != "register");
        for call in registered {
            let statement = Expression::Chain {
                head: Box::new(text("router")),
                calls: vec![call],
            };
            out.push_str(&format!("\n  {};\n", statement.print(2, 2, 1)));
        }
        calls.push((
            "all".to_owned(),
            vec![path, call("refuse", allowed(&operations))],
        ));
        let chain = Expression::Chain {
            head: Box::new(text("router")),
            calls,
        };
        out.push_str(&format!("\n  {};\n", chain.print(2, 2, 1)));
    }
    out.push_str("\n  return router;\n}\n");
    out
}
