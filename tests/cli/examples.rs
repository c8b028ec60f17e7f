//! Every example of every help text runs, against a real document, a real database and a real server.

use std::path::Path;

use crate::postgres::{execute, fixture};
use crate::sandbox::{Run, Sandbox, unbroken};
use crate::web_server::WebServer;

const OLD: &str = "\
create table customers (id bigint primary key, email text not null);
create table orders (id bigint primary key, customer_id bigint not null references customers, total numeric not null);
";

const NEW: &str = "\
create table customers (id bigint primary key, email text not null, name text);
create table orders (id bigint primary key, customer_id bigint not null references customers, total numeric not null);
create index orders_customer_id_idx on orders (customer_id);
";

/// The command lines of a help text, continued lines joined.
fn examples(help: &str) -> Vec<String> {
    let joined = help.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let wanted = lines.filter(|line| {
        line.starts_with("backsmith ")
            && !line.contains('[')
            && !line.contains("<COMMAND>")
            && !line.contains("backsmith scaffold -")
    });
    let mut found: Vec<String> = Vec::new();
    for line in wanted {
        let line = unbroken(line);
        if !found.contains(&line) {
            found.push(line);
        }
    }
    found
}

/// The same command with a host that exists and a load that is short.
fn bounded(example: &str, server: &WebServer) -> String {
    let mut command = example
        .replace(
            "https://api.example.com",
            server.url("").trim_end_matches('/'),
        )
        .replace("--concurrency 50", "--concurrency 4")
        .replace("--concurrency 200", "--concurrency 4")
        .replace("--rate 1000", "--rate 50")
        .replace("--duration 30", "--duration 1")
        .replace("--duration 10", "--duration 1");
    if command.starts_with("backsmith loadtest") && !command.contains("--duration") {
        command = command.replacen("backsmith loadtest", "backsmith loadtest --duration 1", 1);
    }
    command
}

fn prepared() -> Sandbox {
    let sandbox = Sandbox::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let document = std::fs::read(fixtures.join("openapi/user-service.yaml")).expect("the document");
    sandbox.write("openapi.yaml", document);
    sandbox.write("schema/v2.sql", NEW);
    sandbox.write("old.sql", OLD);
    sandbox.write("new.sql", NEW);
    sandbox.write(
        "migrations/20260101000000_add_indexes.up.sql",
        "create index orders_customer_id_total_idx on public.orders (customer_id, total);\n",
    );
    sandbox.write(
        "migrations/20260101000001_add_user_indexes.up.sql",
        "create index customers_email_idx on public.customers (email);\n",
    );
    sandbox
}

/// A folder in which the example makes sense: routes where it reads or checks routes, and no
/// document where it writes one.
fn folder_for(example: &str) -> Sandbox {
    let sandbox = prepared();
    let reads_routes = example.contains("--generate-spec") || example.contains("--check");
    if example.starts_with("backsmith scaffold") && reads_routes {
        sandbox
            .run([
                "scaffold",
                "openapi.yaml",
                "--output",
                "src/routes/",
                "--quiet",
            ])
            .expect(0);
    }
    if example.contains("--generate-spec") {
        std::fs::remove_file(sandbox.path().join("openapi.yaml")).expect("the document");
    }
    sandbox
}

#[test]
fn every_example_of_every_help_runs() {
    let shared = prepared();
    let server = WebServer::start();
    let database = fixture().database(OLD);
    execute(
        &database,
        "create extension pg_stat_statements; select count(*) from orders where customer_id = 1",
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_backsmith"))
        .parent()
        .expect("a folder");
    let path = format!(
        "{}:{}",
        binary.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut ran = 0;
    for command in [
        "",
        "scaffold",
        "migrate",
        "loadtest",
        "decide",
        "decide next",
        "decide answer",
    ] {
        let help = shared
            .run(command.split_whitespace().chain(["--help"]))
            .expect(0);
        let examples = examples(&help.stdout);
        assert!(
            examples.len() >= 3,
            "`{command} --help` has too few examples:\n{}",
            help.stdout
        );
        for example in examples {
            let line = bounded(&example, &server);
            // The examples of one command build on each other, but for those that write a project.
            let own = command == "scaffold" || command.is_empty();
            let fresh = own.then(|| folder_for(&example));
            let mut shell = fresh.as_ref().unwrap_or(&shared).shell(&line);
            shell.env("PATH", &path).env("DATABASE_URL", &database);
            shell.env("URL", server.url("").trim_end_matches('/'));
            shell
                .env("URL_V1", server.url("/users"))
                .env("URL_V2", server.url("/users"));
            let run = Run::of(&mut shell);
            // A check or a comparison may say no; nothing may fail.
            assert!(
                matches!(run.code, 0 | 1)
                    && !run.stderr.contains("error:")
                    && !run.stdout.is_empty() | example.contains('>'),
                "{example}\n{}",
                run.transcript()
            );
            ran += 1;
        }
    }
    assert!(ran > 15, "only {ran} examples were found");
}
