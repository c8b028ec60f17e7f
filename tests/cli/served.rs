//! Generated servers as their callers and their operators meet them: credentials, refusals, logs, the
//! end. The questions are asked by tests/e2e/secured.mjs.

use std::path::Path;
use std::process::Command;

use crate::node::{TypeScript, compile, link_modules};
use crate::sandbox::Sandbox;

fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(path).expect("a file of the tests")
}

/// A project of a fixture with handlers of our own, compiled by both compilers and built.
fn built(name: &str, framework: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let document = source(&format!("tests/fixtures/openapi/{name}.yaml"));
    sandbox.write("openapi.yaml", document);
    let arguments = ["scaffold", "openapi.yaml", "--output", "src/routes/", "-q"];
    let more = ["--framework", framework, "--project"];
    sandbox.run(arguments.into_iter().chain(more)).expect(0);
    let handlers = Path::new("tests/fixtures/handlers").join(name);
    // One for each framework where it answers by the framework's own means.
    let handlers = if handlers.is_dir() {
        handlers.join(framework)
    } else {
        handlers
    };
    let handlers = source(&format!("{}.ts", handlers.display()));
    sandbox.write("src/routes/all.ts", handlers);
    link_modules(sandbox.path());
    compile(
        sandbox.path(),
        TypeScript::Five,
        &["--noEmit", "-p", "test"],
    );
    compile(sandbox.path(), TypeScript::Seven, &[]);
    sandbox
}

/// Runs a script of tests/e2e in a project.
#[track_caller]
fn ask(project: &Sandbox, script: &str) {
    project.write(script, source(&format!("tests/e2e/{script}")));
    let output = Command::new("node")
        .arg(script)
        .current_dir(project.path())
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn express_keeps_every_promise() {
    ask(&built("secured", "express"), "secured.mjs");
}

#[test]
fn fastify_keeps_every_promise() {
    ask(&built("secured", "fastify"), "secured.mjs");
}

#[test]
fn koa_keeps_every_promise() {
    ask(&built("secured", "koa"), "secured.mjs");
}

#[test]
fn callbacks_and_webhooks_are_sent() {
    ask(&built("callbacks", "express"), "callbacks.mjs");
}
