//! The agent plugin: its files are what a plugin has, and every command line in them runs against the
//! built binary, by the convention that its README documents.

use std::path::Path;

use backsmith::diagnostic::subjects;
use regex::Regex;
use serde_json::Value;

use crate::command_lines;
use crate::postgres::{execute, fixture};
use crate::sandbox::{Run, Sandbox};
use crate::web_server::WebServer;

const OLD: &str = "\
create table customers (id bigint primary key, email text not null);
create table orders (id bigint primary key, customer_id bigint not null references customers, total numeric not null);
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<(String, String)> {
    let files = crate::guides::files(".claude-plugin", ".md");
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a file");
        let name = path.strip_prefix(root()).expect("inside");
        (name.display().to_string(), text)
    };
    files.into_iter().map(read).collect()
}

/// The lines of the `sh` blocks of a document, with the exit code that a remark names.
fn script(text: &str) -> Vec<(String, i32)> {
    let fence = Regex::new("(?ms)^ *```sh\n(.*?)^ *```$").expect("a pattern");
    let exit = Regex::new(r"\s+# exit (\d+)$").expect("a pattern");
    let mut found = Vec::new();
    for block in fence.captures_iter(text) {
        for line in block[1]
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
        {
            let code = exit
                .captures(line)
                .map_or(0, |code| code[1].parse().expect("a number"));
            found.push((exit.replace(line, "").into_owned(), code));
        }
    }
    found
}

/// A project as the convention describes it.
fn project(sandbox: &Sandbox) {
    let fixtures = root().join("tests/fixtures");
    let openapi = std::fs::read(fixtures.join("openapi/user-service.yaml")).expect("the document");
    sandbox.write("openapi.yaml", openapi);
    sandbox.write(
        "schema.sql",
        format!("{OLD}alter table customers add column name text;\n"),
    );
    sandbox.write(
        "migrations/add_indexes.sql",
        "create index orders_customer_id_idx on public.orders (customer_id);\n",
    );
    sandbox.write(
        "decision.yaml",
        sandbox.run(["decide", "--sample"]).expect(0).stdout,
    );
}

#[test]
fn every_command_line_of_the_plugin_runs() {
    let server = WebServer::start();
    let binary = Path::new(env!("CARGO_BIN_EXE_backsmith"));
    let path = format!(
        "{}:{}",
        binary.parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut ran = 0;
    for (name, text) in documents() {
        let script = script(&text);
        if script.is_empty() {
            continue;
        }
        let sandbox = Sandbox::new();
        project(&sandbox);
        let database = fixture().database(OLD);
        execute(&database, "create extension pg_stat_statements");
        for (line, code) in script {
            let here = line.replace(
                "http://localhost:3000",
                server.url("").trim_end_matches('/'),
            );
            let mut shell = sandbox.shell(&here);
            shell.env("PATH", &path).env("DATABASE_URL", &database);
            let run = Run::of(&mut shell);
            assert_eq!(run.code, code, "{name}: {line}\n{}", run.transcript());
            assert!(!run.stdout.trim().is_empty(), "{name}: {line} says nothing");
            if line.contains("--json") {
                let document: Value = serde_json::from_str(&run.stdout)
                    .unwrap_or_else(|error| panic!("{name}: {line}: {error}\n{}", run.stdout));
                let schema = document["schema"].as_str().unwrap_or_default();
                assert!(schema.starts_with("backsmith."), "{name}: {line}: {schema}");
            }
            ran += 1;
        }
    }
    assert!(ran > 25, "only {ran} command lines were found");
}

/// What stands in running text, with words in capitals for what the reader puts in.
#[test]
fn every_call_in_the_text_of_the_plugin_is_one() {
    for (name, text) in documents() {
        for line in command_lines::of_markdown(&text) {
            command_lines::parse(&line.words)
                .unwrap_or_else(|fault| panic!("{name}: `{}`: {fault}", line.text));
        }
    }
}

/// Fields that the plugin tells an agent to read are in the published schemas.
#[test]
fn fields_that_the_skill_names_exist() {
    let text = std::fs::read_to_string(root().join(".claude-plugin/cs/skills/backsmith/SKILL.md"));
    let text = text.expect("the skill");
    let row = Regex::new(r"(?m)^\| `backsmith\.([a-z]+)/v1` \| (.*) \|$").expect("a pattern");
    let name = Regex::new("`([a-z_]+)`").expect("a pattern");
    let mut checked = 0;
    for row in row.captures_iter(&text) {
        let path = root().join(format!("references/schema/{}.v1.json", &row[1]));
        let schema = std::fs::read_to_string(&path).expect("a schema");
        for field in name.captures_iter(&row[2]) {
            checked += 1;
            let property = format!("\"{}\": ", &field[1]);
            assert!(
                schema.contains(&property),
                "{}: {}",
                path.display(),
                &field[1]
            );
        }
    }
    assert!(checked > 15, "{checked} fields");
    let review = root().join(".claude-plugin/cs/commands/backend-review.md");
    let review = std::fs::read_to_string(review).expect("the command");
    let schema = root().join("references/schema/decide-question.v1.json");
    let schema = std::fs::read_to_string(schema).expect("a schema");
    for field in [
        "status",
        "ask",
        "forces",
        "open",
        "choices",
        "recommendation",
        "because",
        "source",
        "value",
        "kill_criteria",
    ] {
        assert!(review.contains(field), "the review does not name {field}");
        assert!(schema.contains(&format!("\"{field}\": ")), "{field}");
    }
}

#[test]
fn the_manifest_names_what_is_there() {
    let folder = root().join(".claude-plugin");
    let read = |path: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(path)).expect("a manifest");
        serde_json::from_str(&text).expect("JSON")
    };
    let market = read("marketplace.json");
    let plugin = &market["plugins"][0];
    let source = plugin["source"].as_str().expect("a source");
    let manifest = read("cs/.claude-plugin/plugin.json");
    assert_eq!(
        root().join(source).canonicalize().ok(),
        folder.join("cs").canonicalize().ok()
    );
    // A plugin's commands are called by its name: /cs:backend-review.
    assert_eq!(plugin["name"], "cs");
    assert_eq!(manifest["name"], "cs");
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    for (file, name) in [
        ("cs/skills/backsmith/SKILL.md", Some("backsmith")),
        ("cs/commands/backend-review.md", None),
        (
            "cs/agents/cs-backend-engineer.md",
            Some("cs-backend-engineer"),
        ),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).expect("a file");
        let (head, _) = text
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"))
            .unwrap_or_else(|| panic!("{file} has no front matter"));
        let head: serde_json::Map<String, Value> = serde_yaml::from_str(head).expect("YAML");
        assert_eq!(head.get("name").and_then(Value::as_str), name, "{file}");
        assert!(
            head["description"]
                .as_str()
                .is_some_and(|text| text.len() > 40),
            "{file}"
        );
    }
}

#[test]
fn the_plugin_explains_what_exists() {
    let asked = Regex::new(r"backsmith explain ([a-z][a-z0-9./-]*)").expect("a pattern");
    let subjects = subjects::all();
    for (name, text) in documents() {
        for asked in asked.captures_iter(&text) {
            assert!(
                subjects::find(&asked[1], &subjects).is_some(),
                "{name}: {}",
                &asked[1]
            );
        }
    }
}
