//! routes/index.ts for Fastify: one plugin scope that holds all operations.

use super::code::{Expression, WIDTH, string};
use super::framework::Framework;
use super::plan::Plan;
use super::wiring::{Namespaces, allowed, methods};

pub(super) fn wiring(plan: &Plan<'_>) -> String {
    let namespaces = Namespaces::new(plan);
    let mut out = String::from("\nimport type { FastifyPluginAsync } from \"fastify\";\n");
    if plan.routes.is_empty() {
        out.push_str("import { prepare, type RouterOptions } from \"../runtime/fastify.js\";\n");
    } else {
        out.push_str("import * as validators from \"../middleware/validators.js\";\n");
        out.push_str("import { operation, prepare, refuse, type RouterOptions } from \"../runtime/fastify.js\";\n");
    }
    out.push_str(&namespaces.imports());
    out.push_str("\nexport type { Handler } from \"../runtime/fastify.js\";\n");
    out.push_str(
        "\n/** Every operation of the document, in a scope of its own: its body parsers do not leak into other routes. */\n",
    );
    out.push_str(
        "export const routes: FastifyPluginAsync<RouterOptions> = async (fastify, options) => {\n",
    );
    out.push_str("  prepare(fastify, options);\n");
    for route in &plan.routes {
        let operations = methods(plan, route);
        let path = string(route.path.of(Framework::Fastify));
        out.push('\n');
        for planned in &operations {
            let method = string(&planned.operation.method.key().to_uppercase());
            let operation = namespaces.operation(planned);
            let flat = format!(
                "  fastify.route({{ method: {method}, url: {path}, ...{} }});\n",
                operation.flat()
            );
            if flat.len() <= WIDTH + 1 {
                out.push_str(&flat);
            } else {
                let operation = operation.print(4, 7, 1);
                out.push_str(&format!(
                    "  fastify.route({{\n    method: {method},\n    url: {path},\n    ...{operation},\n  }});\n"
                ));
            }
        }
        let mut arguments = vec![
            Expression::Text("fastify".to_owned()),
            Expression::Text(path),
        ];
        arguments.extend(allowed(&operations));
        out.push_str(&format!(
            "  {};\n",
            super::code::call("refuse", arguments).print(2, 2, 1)
        ));
    }
    out.push_str("};\n");
    out
}
