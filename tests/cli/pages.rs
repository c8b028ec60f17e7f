//! Every code of `migrate --compare`, `--dry-run`, `--analyze` and `--suggest-indexes` has its page,
//! every page its code, and reports lead there.

use std::collections::BTreeSet;
use std::path::Path;

use backsmith::decide::criteria::Criterion;
use backsmith::diagnostic::pages;
use backsmith::migrate::diff::HazardKind;
use backsmith::migrate::{advise, rules};

use crate::sandbox::Sandbox;

/// What the findings and doubts of `loadtest` are called. That none is missing is held by the test that
/// reads the codes off the sources.
const LOADTEST: [&str; 21] = [
    "accepts-invalid-format",
    "accepts-invalid-input",
    "body-breaks-schema",
    "client-saturated",
    "credentials-refused",
    "database-not-asked",
    "error-body-leaks",
    "missing-response-header",
    "missing-security-header",
    "no-answer",
    "not-implemented",
    "rate-limit-missing",
    "rate-limit-never-bites",
    "requests-unsent",
    "schedule-late",
    "server-names-itself",
    "undocumented-content-type",
    "undocumented-status",
    "valid-request-breaks",
    "valid-request-refused",
    "validation-answers-500",
];

#[test]
fn codes_and_pages_are_the_same_set() {
    let mut codes: BTreeSet<&str> = rules::CODES.iter().copied().collect();
    codes.extend(Criterion::ALL.map(Criterion::code));
    codes.extend(LOADTEST);
    codes.extend(HazardKind::ALL.iter().map(|kind| kind.code()));
    codes.extend(advise::CODES);
    codes.extend(["drift", "possible-rename"]);
    let listed: BTreeSet<&str> = pages::PAGES.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, listed);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("references/rules");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().display().to_string())
        .collect();
    let wanted: BTreeSet<String> = codes.iter().map(|code| format!("{code}.md")).collect();
    assert_eq!(files, wanted);
    for (code, page) in pages::PAGES {
        assert!(page.starts_with(&format!("# {code}\n\n")), "{code}");
        for part in [
            "What happens",
            "Why",
            "How to do it safely",
            "Source",
            "More",
        ] {
            let (_, text) = page
                .split_once(&format!("\n## {part}\n\n"))
                .unwrap_or_else(|| panic!("{code} lacks {part}"));
            assert!(text.trim().len() > 20, "{code}: {part}");
        }
    }
}

/// Drift in the formats of CI systems, and what may be a rename beside it.
#[test]
fn drift_is_told_in_every_format_of_ci() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.sql",
        "create table people (id int primary key, mail text);",
    );
    sandbox.write(
        "b.sql",
        "create table people (id int primary key, email text);",
    );
    let run = |target: &str, format: &str, code: i32| {
        let arguments = [
            "migrate",
            "a.sql",
            "--compare",
            target,
            "--check",
            "--format",
            format,
        ];
        sandbox.run(arguments).expect(code)
    };
    let sarif = crate::sarif::document(&run("b.sql", "sarif", 1));
    let run_of = &sarif["runs"][0];
    let rules: Vec<&str> = run_of["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|rule| {
            assert!(rule["help"]["markdown"].as_str().is_some(), "{rule}");
            rule["id"].as_str().expect("an id")
        })
        .collect();
    assert_eq!(rules, ["drift", "drop-column", "possible-rename"]);
    let places: Vec<String> = run_of["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
            format!("{} {} {}", result["level"], result["ruleId"], place).replace('"', "")
        })
        .collect();
    assert_eq!(
        places,
        [
            "error drift public.people.email",
            "error drift public.people.mail",
            "error drop-column public.people.mail",
            "note possible-rename public.people.mail",
        ]
    );
    let github = run("b.sql", "github", 1).stdout;
    assert!(
        github.starts_with("::error title=drift::public.people.email: "),
        "{github}"
    );
    let junit = run("b.sql", "junit", 1).stdout;
    assert!(junit.contains("failures=\"3\""), "{junit}");
    let equal = run("a.sql", "junit", 0).stdout;
    assert!(equal.contains("failures=\"0\""), "{equal}");
}

/// A folder: files in the order of their names, and what needs a later one waits for it.
#[test]
fn files_of_a_folder_wait_for_each_other() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "schema/a_orders.sql",
        "set search_path = shop;\ncreate table orders (id int primary key, by int references people (id), s state);\n\
         create index on orders (by);",
    );
    sandbox.write(
        "schema/b_people.sql",
        "create table shop.people (id int primary key);",
    );
    sandbox.write(
        "schema/c_shop.sql",
        "create schema shop; create type shop.state as enum ('a');",
    );
    sandbox.write(
        "one.sql",
        "create schema shop; create type shop.state as enum ('a');\n\
         create table shop.people (id int primary key);\n\
         create table shop.orders (id int primary key, by int references shop.people (id), s shop.state);\n\
         create index on shop.orders (by);",
    );
    let compare = |code: i32| {
        sandbox
            .run(["migrate", "schema", "--compare", "one.sql", "--check"])
            .expect(code)
    };
    compare(0);
    sandbox.write(
        "schema/d_more.sql",
        "create table shop.more (\n  id nonsense\n);",
    );
    let failed = compare(2).stderr;
    assert!(failed.contains("schema/d_more.sql:2:6"), "{failed}");
    assert!(
        failed.contains("type \"nonsense\" does not exist"),
        "{failed}"
    );
}
