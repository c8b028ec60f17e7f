//! The directions of the house, read off the sources.

use std::path::{Path, PathBuf};

use crate::sandbox::files_below;

const ENGINES: &[&str] = &["scaffold", "routes", "migrate", "loadtest", "decide"];
const FORBIDDEN_TO_ENGINES: &[&str] = &[
    "cli", "settings", "commands", "report", "terminal", "files", "postgres",
];

/// What several engines use: it knows none of them, and nothing above them.
const MODELS: &[&str] = &["api", "catalog", "text", "diagnostic", "traffic"];

/// (crate, folders or files that may name it).
const ONE_ROOM_CRATES: &[(&str, &[&str])] = &[
    ("oxc_", &["routes"]),
    ("sqlx", &["postgres"]),
    ("sqlparser", &["migrate"]),
    ("openapiv3", &["api"]),
    ("saphyr_parser", &["text"]),
    ("reqwest", &["files", "loadtest"]),
    ("hyper", &["loadtest"]),
    ("clap_complete", &["cli", "settings", "commands"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["terminal"]),
];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(&root)
            .expect("inside")
            .display()
            .to_string();
        (name, std::fs::read_to_string(&path).expect("a source"))
    };
    files_below(&root)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .map(read)
        .collect()
}

fn room(file: &str) -> &str {
    file.split('/')
        .next()
        .unwrap_or(file)
        .trim_end_matches(".rs")
}

/// Modules named after `crate::` anywhere in the code, comments apart.
fn uses(text: &str) -> Vec<String> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for line in code {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            if let Some(group) = rest.strip_prefix('{') {
                let names = group.split(',').map(|name| {
                    name.trim()
                        .split("::")
                        .next()
                        .unwrap_or_default()
                        .trim_end_matches(['}', ';'])
                });
                found.extend(names.map(str::to_owned));
            } else {
                found.push(
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
        }
    }
    found
}

#[test]
fn data_flows_one_way() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let room = room(&file);
        for used in uses(&text) {
            let engine = ENGINES.contains(&room);
            let network = file.starts_with("loadtest/runner");
            let forbidden = (used == "cli"
                && !["settings", "main", "lib", "failure", "cli"].contains(&room))
                || (engine && !network && FORBIDDEN_TO_ENGINES.contains(&used.as_str()))
                || (engine && used != room && ENGINES.contains(&used.as_str()))
                || (MODELS.contains(&room)
                    && (ENGINES.contains(&used.as_str())
                        || FORBIDDEN_TO_ENGINES.contains(&used.as_str())));
            if forbidden {
                faults.push(format!("{file} uses crate::{used}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn crates_that_churn_are_named_in_one_room() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        for (name, rooms) in ONE_ROOM_CRATES {
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let names_it = |line: &str| {
                line.match_indices(name).any(|(at, _)| {
                    let path = if name.ends_with('_') {
                        line[at..].contains("::")
                    } else {
                        line[at + name.len()..].starts_with("::")
                    };
                    path && !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            };
            if !rooms.contains(&room(&file)) && code.into_iter().any(names_it) {
                faults.push(format!("{file} names {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(file, _)| file)
        .collect();
    assert!(silent.is_empty(), "without a `//!` line: {silent:?}");
}
