//! routes/<resource>.ts: one stub per operation, written once and then the user's.

use super::code::string;
use super::declarations::{input_parts, title};
use super::plan::{Plan, PlannedOperation};

/// One operation's stub, by the name that the handler must be exported under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    pub id: String,
    pub text: String,
}

/// Imports that stubs rely on: (module, name, whether it is a type).
pub const IMPORTS: [(&str, &str, bool); 2] = [
    ("../runtime/errors.js", "notImplemented", false),
    ("./index.js", "Handler", true),
];

/// The stubs of a file in the order of the routes.
pub(super) fn stubs(plan: &Plan<'_>, operations: &[usize]) -> Vec<Stub> {
    operations
        .iter()
        .map(|&index| {
            let planned = &plan.operations[index];
            Stub {
                id: planned.id.clone(),
                text: stub(planned),
            }
        })
        .collect()
}

/// A whole file that does not exist yet.
pub(super) fn file(stubs: &[Stub]) -> String {
    let mut out = String::new();
    for (module, name, is_type) in IMPORTS {
        out.push_str(&import(module, name, is_type));
    }
    for stub in stubs {
        out.push('\n');
        out.push_str(&stub.text);
    }
    out
}

/// One import statement.
fn import(module: &str, name: &str, is_type: bool) -> String {
    let keyword = if is_type { "import type" } else { "import" };
    format!("{keyword} {{ {name} }} from \"{module}\";\n")
}

fn stub(planned: &PlannedOperation<'_>) -> String {
    let parts = input_parts(planned);
    let input = if parts.is_empty() {
        String::new()
    } else {
        format!("{{ {} }}", parts.join(", "))
    };
    let id = &planned.id;
    let name = string(id);
    let title = title(planned).replace("*/", "*\\/");
    format!(
        "/** {title} */\nexport const {id}: Handler<{name}> = async ({input}) => {{\n  throw notImplemented({name});\n}};\n"
    )
}
