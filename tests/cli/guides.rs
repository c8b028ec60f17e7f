//! The guides of references/: what they link to exists, what they show runs, and every code of the
//! program leads into them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backsmith::diagnostic::{guides, pages, subjects};
use regex::Regex;

use crate::command_lines::{self, Line};
use crate::sandbox::{Sandbox, files_below};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the project whose name ends so, sorted.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = files_below(&root().join(folder));
    found.retain(|path| path.to_string_lossy().ends_with(ending));
    assert!(!found.is_empty(), "no {ending} in {folder}");
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks of a text: what stands after the fence, and the lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let fence = Regex::new("(?ms)^```([^\n]*)\n(.*?)^```$").expect("a pattern");
    fence
        .captures_iter(text)
        .map(|block| (block[1].to_owned(), block[2].to_owned()))
        .collect()
}

/// Codes of diagnostics, failures and marks, read off the sources: what is new must have its page.
fn codes_in_sources() -> BTreeSet<(String, String)> {
    let patterns = [
        r#"Diagnostic::(?:error|warning|info)\(\s*"([a-z0-9.-]+)""#,
        r#"\.code\(\s*"([a-z0-9.-]+)""#,
        r#"\bcode:\s*(?:Some\()?"([a-z0-9.-]+)""#,
        r#"\bcode = "([a-z0-9.-]+)""#,
        r#"(?:error|error_with|key_error|warn)\([^"();{}]*(?:\([^()]*\)[^"();{}]*)*,\s*"([a-z0-9.]+(?:-[a-z0-9.]+)+)""#,
        r#"\bfault\(\s*"([a-z]+(?:-[a-z]+)+)""#,
        r#"_DOCUMENT: &str = "([a-z-]+)""#,
    ];
    let arm = Regex::new(r#"=> "([a-z0-9-]+)""#).expect("a pattern");
    let patterns = patterns.map(|pattern| Regex::new(pattern).expect("a pattern"));
    let mut found = BTreeSet::new();
    for path in files("src", ".rs") {
        let text = read(&path);
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for pattern in &patterns {
            for code in pattern.captures_iter(product) {
                found.insert((code[1].to_owned(), path.display().to_string()));
            }
        }
        // `Self::Variant => "code"` below `fn code`.
        for (at, _) in product.match_indices("fn code(") {
            let body = &product[at..];
            let body = &body[..body.find("\n    }\n").unwrap_or(body.len())];
            for code in arm.captures_iter(body) {
                found.insert((code[1].to_owned(), path.display().to_string()));
            }
        }
    }
    // The name of clap's own context, which is no code.
    found.retain(|(code, _)| {
        code.contains('-') || ["drift", "remark", "usage"].contains(&code.as_str())
    });
    found
}

#[test]
fn every_code_of_the_program_can_be_explained() {
    let subjects = subjects::all();
    let codes = codes_in_sources();
    assert!(
        codes.len() > 100,
        "{} codes: are they still read?",
        codes.len()
    );
    let without: Vec<String> = codes
        .iter()
        .filter(|(code, _)| !subjects.iter().any(|subject| subject.name == *code))
        .map(|(code, file)| format!("{code} ({file})"))
        .collect();
    assert!(without.is_empty(), "no page: {without:#?}");
}

#[test]
fn every_row_of_faults_is_a_code_of_the_program() {
    let codes: BTreeSet<String> = codes_in_sources()
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    // These are given by variables or stand for a whole kind of failure.
    let others = [
        "environment",
        "interrupted",
        "invalid-input",
        "refused",
        "broken-pipe",
        "unreachable",
        "wrong-collection-format",
    ];
    let strangers: Vec<String> = subjects::all()
        .into_iter()
        .filter(|subject| subject.kind == subjects::Kind::Fault)
        .map(|subject| subject.name)
        .filter(|name| !codes.contains(name) && !others.contains(&name.as_str()))
        .filter(|name| !source_has(name))
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

fn source_has(code: &str) -> bool {
    let quoted = format!("\"{code}\"");
    files("src", ".rs")
        .iter()
        .any(|path| read(path).contains(&quoted))
}

#[test]
fn every_code_leads_to_a_section_that_exists() {
    for (code, _) in pages::PAGES {
        let guide = pages::guide(code).unwrap_or_else(|| panic!("{code} leads nowhere"));
        assert!(guides::section(&guide).is_some(), "{code}: {guide}");
    }
}

#[test]
fn names_are_unique() {
    let mut seen = BTreeSet::new();
    for subject in subjects::all() {
        assert!(
            seen.insert(subject.name.clone()),
            "{} is there twice",
            subject.name
        );
        assert!(!subject.title.is_empty(), "{} has no title", subject.name);
    }
}

#[test]
fn every_link_of_the_references_resolves() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern");
    let code = Regex::new("(?ms)^```.*?^```$|`[^`\n]*`").expect("a pattern");
    let mut documents = files("references", ".md");
    documents.push(root().join("README.md"));
    let mut broken = Vec::new();
    for path in documents {
        let text = read(&path);
        let prose = code.replace_all(&text, "").into_owned();
        for target in link.captures_iter(&prose) {
            let target = &target[1];
            if target.starts_with("http") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = match file {
                "" => path.clone(),
                _ => path.parent().expect("a folder").join(file),
            };
            let found = if to.is_dir() {
                Some(String::new())
            } else {
                std::fs::read_to_string(&to).ok()
            };
            let stands = found.is_some_and(|text| {
                let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                let mut anchors = headings.map(|line| guides::anchor(line.trim_start_matches('#')));
                anchor.is_empty() || anchors.any(|found| found == anchor)
            });
            if !stands {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Blocks of one guide share a database and run in their order, statement by statement, as they would
/// be typed. `sql setup` marks what the others stand on.
#[test]
fn every_sql_block_of_the_guides_runs() {
    let mut statements = 0;
    for guide in guides::GUIDES {
        let blocks: Vec<(String, String)> = blocks(guide.text)
            .into_iter()
            .filter(|(kind, _)| kind.starts_with("sql"))
            .collect();
        let Some((first, _)) = blocks.first() else {
            continue;
        };
        assert_eq!(
            first, "sql setup",
            "{}: the first block sets up",
            guide.name
        );
        let script = blocks.iter().flat_map(|(_, block)| {
            block
                .split_inclusive(";\n")
                .filter(|text| !text.trim().is_empty())
                .map(str::to_owned)
        });
        let script: Vec<String> = script.collect();
        statements += script.len();
        crate::postgres::execute_each(&crate::postgres::fixture().database(""), &script);
    }
    assert!(statements > 60, "{statements} statements");
}

#[test]
fn every_http_example_is_a_message() {
    let start = Regex::new(r"^(?:HTTP/1\.1 [1-5]\d\d [A-Z][A-Za-z ]+|[A-Z]+ /\S* HTTP/1\.1)$");
    let start = start.expect("a pattern");
    let field = Regex::new(r"^[A-Za-z][A-Za-z0-9-]*: \S.*$").expect("a pattern");
    let mut seen = 0;
    for guide in guides::GUIDES {
        let examples = blocks(guide.text);
        for (_, text) in examples.iter().filter(|(kind, _)| kind == "http") {
            seen += 1;
            let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
            let mut lines = head.lines();
            let first = lines.next().unwrap_or_default();
            assert!(start.is_match(first), "{}: {first}", guide.name);
            assert!(lines.clone().all(|line| field.is_match(line)), "{text}");
            if first.ends_with("HTTP/1.1") {
                assert!(lines.any(|line| line.starts_with("Host: ")), "{text}");
            }
            let bodiless = first.contains(" 204 ") || first.contains(" 304 ");
            assert!(!bodiless || body.is_empty(), "{text}");
            if !body.is_empty() {
                let read: Result<serde_json::Value, _> = serde_json::from_str(body);
                assert!(read.is_ok(), "{text}: {read:?}");
                assert!(head.contains("\nContent-Type: application/"), "{text}");
            }
        }
    }
    assert!(seen > 10, "{seen} examples");
}

#[test]
fn every_script_of_the_guides_is_read_by_node() {
    let sandbox = Sandbox::new();
    for guide in guides::GUIDES {
        let scripts = blocks(guide.text);
        for (number, (_, text)) in scripts.iter().filter(|(kind, _)| kind == "js").enumerate() {
            let path = sandbox.write(&format!("{}-{number}.mjs", guide.name), text);
            let run = std::process::Command::new("node")
                .arg("--check")
                .arg(path)
                .output();
            let run = run.expect("node");
            let words = String::from_utf8_lossy(&run.stderr).into_owned();
            assert!(run.status.success(), "{}: {words}", guide.name);
        }
    }
}

/// Parts of the guides whose passwords do what they say.
#[test]
fn the_password_example_accepts_the_right_one_only() {
    let sandbox = Sandbox::new();
    let section = guides::section("security/passwords").expect("the section");
    let (_, script) = blocks(section.text).into_iter().next().expect("a script");
    sandbox.write("passwords.mjs", script);
    sandbox.write(
        "try.mjs",
        "import { hashPassword, isPassword } from './passwords.mjs';\n\
         const stored = hashPassword('correct horse');\n\
         console.log(isPassword('correct horse', stored), isPassword('other', stored));\n",
    );
    let run = sandbox.shell("node try.mjs").output().expect("node");
    assert_eq!(String::from_utf8_lossy(&run.stdout), "true false\n");
}

#[test]
fn every_command_line_of_the_documents_is_one() {
    let mut documents = files("references", ".md");
    documents.push(root().join("README.md"));
    let mut seen = 0;
    let mut faults = Vec::new();
    for path in documents {
        for Line { text, words } in command_lines::of_markdown(&read(&path)) {
            seen += 1;
            if let Err(fault) = command_lines::parse(&words) {
                faults.push(format!("{}: `{text}`: {fault}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(seen > 50, "{seen} command lines");
}

/// The defaults of a generated project say where their reasons are.
#[test]
fn generated_defaults_name_their_section() {
    let text: String = files("templates", "")
        .iter()
        .map(|path| read(path))
        .collect();
    for section in [
        "api/errors",
        "api/pagination",
        "api/rate-limits",
        "database/connection-pools",
        "security/api-keys",
        "security/cors",
        "security/error-bodies",
        "security/headers",
        "security/logging",
        "security/resource-limits",
        "security/tokens",
    ] {
        assert!(
            text.contains(&format!("backsmith explain {section}")),
            "{section}"
        );
        assert!(guides::section(section).is_some(), "{section}");
    }
}

/// Anti-patterns of the shipped profiles name a section where there is one: `(api/boundaries)`.
#[test]
fn sections_that_profiles_name_exist() {
    let named = Regex::new(r"\(((?:api|database|security)/[a-z-]+)\)").expect("a pattern");
    let mut seen = 0;
    for path in files("profiles", ".json") {
        for name in named.captures_iter(&read(&path)) {
            seen += 1;
            assert!(guides::section(&name[1]).is_some(), "{}", &name[1]);
        }
    }
    assert!(seen > 4, "{seen}");
}

/// `backsmith explain NAME`, wherever the project says it: documents, templates, help and reports.
#[test]
fn whatever_explain_is_asked_for_exists() {
    let asked = Regex::new(r"backsmith explain ([a-z0-9][a-z0-9./-]*[a-z0-9])").expect("a pattern");
    let subjects = subjects::all();
    let mut named = BTreeSet::new();
    let mut paths = files("references", ".md");
    paths.extend(files("templates", ""));
    paths.extend(files("src", ".rs"));
    paths.push(root().join("README.md"));
    for path in paths {
        let text = std::fs::read(&path).expect("a file");
        for name in asked.captures_iter(&String::from_utf8_lossy(&text)) {
            let name = name[1].to_owned();
            assert!(
                subjects::find(&name, &subjects).is_some(),
                "{}: `backsmith explain {name}`",
                path.display()
            );
            named.insert(name);
        }
    }
    assert!(named.len() > 5, "{named:?}");
}
