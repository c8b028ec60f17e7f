//! A Postgres catalog becomes an OpenAPI document and handlers that work. Types, validators and
//! wiring come from the document, by the same generator as for any other.

mod column_type;
mod definition;
mod document;
mod handlers;
mod naming;
mod resource;
mod summary;

use serde_json::Value;

use super::generate::{self, Options, Output, OutputFile, Owner};
use crate::api::Api;

pub use resource::{Breakable, Field, Nested, Resource, Resources, collect};
pub use summary::{ResourceSummary, Summary};

const DB: &str = include_str!("../../../templates/common/db.ts");
const TABLE: &str = include_str!("../../../templates/common/table.ts");

/// The document of all resources; the title is what the service is called.
pub fn document(title: &str, resources: &Resources) -> Value {
    document::document(title, resources, &naming::name_all(&resources.resources))
}

/// The service of a document that was made from these resources: generated as any other, with
/// working handlers in place of the stubs, and the pool that they use.
pub fn service(api: &Api, resources: &Resources, options: &Options) -> Output {
    let names = naming::name_all(&resources.resources);
    let handlers = handlers::Handlers::new(resources, &names);
    let mut output = generate::service(api, options);
    for file in &mut output.files {
        work(file, &handlers, &output.operations);
        connect(file, &options.source_root);
    }
    if options.artefacts != generate::Artefacts::Types {
        for (name, contents) in [("db.ts", DB), ("table.ts", TABLE)] {
            output.files.push(OutputFile {
                path: format!("{}/{name}", options.source_root),
                owner: Owner::User,
                contents: contents.to_owned(),
                stubs: Vec::new(),
            });
        }
        output.files.sort_by(|a, b| a.path.cmp(&b.path));
    }
    output
}

/// Replaces the stubs of a handler file by handlers.
fn work(
    file: &mut OutputFile,
    handlers: &handlers::Handlers<'_>,
    operations: &[generate::OutputOperation],
) {
    if file.stubs.is_empty() {
        return;
    }
    for stub in &mut file.stubs {
        // The comment above the stub says which operation it is.
        let title = stub
            .text
            .strip_prefix("/** ")
            .and_then(|text| text.split_once(" */\n"))
            .map(|(title, _)| title);
        let route = operations
            .iter()
            .find(|operation| operation.id == stub.id)
            .map(|operation| operation.route.as_str());
        if let Some(text) = handlers.text(&stub.id, title.or(route).unwrap_or(&stub.id)) {
            stub.text = text;
        }
    }
    let ids: Vec<String> = file.stubs.iter().map(|stub| stub.id.clone()).collect();
    let mut contents = handlers.preamble(&ids);
    for stub in &file.stubs {
        contents.push('\n');
        contents.push_str(&stub.text);
    }
    file.contents = contents;
}

/// What a database asks of the files around the handlers: (end of the path, text, text in its place).
const CONNECTIONS: [(&str, &str, &str); 10] = [
    (
        "package.json",
        "    \"pino\": ",
        "    \"pg\": \"^8.23.1\",\n    \"pino\": ",
    ),
    (
        "package.json",
        "    \"tsx\": ",
        "    \"@types/pg\": \"^8.23.1\",\n    \"tsx\": ",
    ),
    (
        "server.ts",
        "import { type Config, loadConfig } from \"./config.js\";\n",
        "import { type Config, loadConfig } from \"./config.js\";\nimport { pool } from \"./db.js\";\n",
    ),
    (
        "server.ts",
        "const config = readConfig();\n",
        "const config = readConfig();\n// Checks DATABASE_URL; the first query connects.\nconst database = pool();\n",
    ),
    (
        "server.ts",
        "// Close the database pool and flush queues here: the process ends when nothing is left to do.\n",
        "void database.end();\n",
    ),
    (
        ".env.example",
        "PORT=3000\n",
        "DATABASE_URL=postgres://localhost/\nPORT=3000\n",
    ),
    (
        ".test.ts",
        "import { loadConfig } from \"../src/config.js\";\n",
        "import { loadConfig } from \"../src/config.js\";\nimport { pool } from \"../src/db.js\";\n",
    ),
    (
        ".test.ts",
        " answers through the whole app\", async (t) => {\n",
        " answers through the whole app\", { skip: !process.env.DATABASE_URL }, async (t) => {\n",
    ),
    (
        ".test.ts",
        "  t.after(() => server.close());\n",
        "  t.after(() => server.close());\n  t.after(() => pool().end());\n",
    ),
    (".test.ts", NOT_WRITTEN, WORKS),
];

/// How the example test ends for a handler that is a stub, and for one that works.
const NOT_WRITTEN: &str = "  // Not implemented yet: change this line together with the handler.
  assert.equal(response.status, 501);
  const { error } = (await response.json()) as { error: { code: string } };
  assert.equal(error.code, \"NOT_IMPLEMENTED\");
";
const WORKS: &str = "  assert.equal(response.status, 200);
  const { data } = (await response.json()) as { data: unknown };
  assert.ok(Array.isArray(data));
";

fn connect(file: &mut OutputFile, root: &str) {
    for (path, text, replacement) in CONNECTIONS {
        if file.path.ends_with(path) && file.owner == Owner::User {
            let in_root = |text: &str| text.replace("../src/", &format!("../{root}/"));
            file.contents = file
                .contents
                .replacen(&in_root(text), &in_root(replacement), 1);
        }
    }
}
