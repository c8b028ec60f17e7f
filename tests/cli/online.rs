//! `migrate --compare`: statements that spare a database in use, measured rather than read.

use serde_json::Value;

use crate::migration::{is_as, take_back};
use crate::postgres::fixture;
use crate::sandbox::Sandbox;

const BEFORE: &str = include_str!("../fixtures/migrate/online/before.sql");
const AFTER: &str = include_str!("../fixtures/migrate/online/after.sql");

/// The sandbox and the path of the up file.
fn written(arguments: &[&str]) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("before.sql", BEFORE);
    sandbox.write("after.sql", AFTER);
    let mut all = vec!["migrate", "before.sql", "--compare", "after.sql"];
    all.extend(["--output", "migrations/", "--allow", "all", "--json"]);
    all.extend(arguments);
    let report = sandbox.run(all).expect(0).json();
    assert_eq!(report["proof"]["up"], "exact");
    assert_eq!(report["proof"]["down"], "exact");
    let file = report["files"][0]["path"].as_str().expect("a path");
    (sandbox, file.to_owned())
}

#[test]
fn nothing_is_read_whole_under_a_lock_that_stops_writers() {
    let (sandbox, file) = written(&[]);
    let url = fixture().database(BEFORE);
    let arguments = [
        "migrate",
        "--connection",
        &url,
        "--migrate",
        &file,
        "--dry-run",
        "--json",
    ];
    let report = sandbox.run(arguments).expect(0).json();
    let names = |value: &Value| -> Vec<String> {
        let list = value.as_array().expect("a list").iter();
        list.map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    };
    let mut scans = 0;
    let mut strict = 0;
    for statement in report["statements"].as_array().expect("statements") {
        let read = [names(&statement["scans"]), names(&statement["rewrites"])].concat();
        scans += read.len();
        for lock in statement["locks"].as_array().expect("a list") {
            let mode = lock["mode"].as_str().expect("a mode");
            let stops = ![
                "AccessShareLock",
                "RowShareLock",
                "RowExclusiveLock",
                "ShareUpdateExclusiveLock",
            ]
            .contains(&mode);
            strict += usize::from(stops);
            let relation = lock["relation"].as_str().expect("a name").to_owned();
            assert!(!(stops && read.contains(&relation)), "{statement:#}");
        }
    }
    assert!(scans > 8, "{scans}");
    assert!(strict > 8, "{strict}");
    sandbox
        .run(["migrate", "--connection", &url, "--migrate", &file])
        .expect(0);
    is_as(&sandbox, &url, "after.sql", &[]);
    take_back(&sandbox, &url);
    is_as(&sandbox, &url, "before.sql", &[]);
}

#[test]
fn indexes_and_keys_are_never_missing_while_they_change() {
    let (sandbox, file) = written(&[]);
    let text = sandbox.read(&file);
    let at = |wanted: &str| {
        text.find(wanted)
            .unwrap_or_else(|| panic!("`{wanted}` is not in\n{text}"))
    };
    for (first, then) in [
        (
            "CREATE INDEX CONCURRENTLY \"child_n__new\"",
            "RENAME TO \"child_n__old\"",
        ),
        (
            "RENAME TO \"child_n__old\"",
            "DROP INDEX CONCURRENTLY public.\"child_n__old\"",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY \"child_key__new\"",
            "DROP CONSTRAINT child_key",
        ),
        (
            "DROP CONSTRAINT child_key",
            "UNIQUE USING INDEX \"child_key__new\"",
        ),
        (
            "CREATE UNIQUE INDEX CONCURRENTLY parent_other_code_key",
            "DROP CONSTRAINT parent_other_key",
        ),
        (
            "ON ONLY public.events USING",
            "ATTACH PARTITION public.events_1_note_idx",
        ),
        (
            "VALIDATE CONSTRAINT \"a__not_null\"",
            "PRIMARY KEY USING INDEX nokey_pkey",
        ),
    ] {
        assert!(at(first) < at(then), "{first}, {then}\n{text}");
    }
    // A unique index that is there becomes the key as it is.
    assert!(!text.contains("DROP INDEX public.u_to_key_a"), "{text}");
    assert!(
        !text.contains("CREATE UNIQUE INDEX CONCURRENTLY u_to_key_a"),
        "{text}"
    );
}

#[test]
fn offline_is_one_plain_transaction() {
    let (sandbox, file) = written(&["--offline"]);
    let text = sandbox.read(&file);
    for form in ["CONCURRENTLY", "NOT VALID", "__new", "lock_timeout"] {
        assert!(!text.contains(form), "{form}\n{text}");
    }
    assert_eq!(text.matches("BEGIN;").count(), 1, "{text}");
}
