//! `migrate --compare` on drawn schemas and drawn edits: up is exact, down is exact. Judged by the
//! proof, and by running both files with psql's reading and comparing again.
//!
//! `BACKSMITH_TEST_SCHEMAS=FROM-TO` draws those instead of the few of the ordinary run, and tells of
//! each one that fails the smallest edit that still does.

mod schema;

use std::collections::BTreeSet;

use schema::{Decisions, ROLES, sql};

use crate::postgres::{Fixture, fixture, try_execute};
use crate::sandbox::Sandbox;

/// How many of a schema's decisions one edit draws again: one of so many.
const STEPS: [u64; 3] = [40, 12, 4];

fn server() -> &'static Fixture {
    static ROLES_MADE: std::sync::Once = std::sync::Once::new();
    let server = fixture();
    ROLES_MADE.call_once(|| {
        for role in ROLES {
            server.database(&format!("CREATE ROLE {role} NOLOGIN"));
        }
    });
    server
}

/// Up and down between two schemas; the fault is what was wrong.
pub fn leads_there_and_back(before: &str, after: &str) -> Result<(), String> {
    let sandbox = Sandbox::new();
    sandbox.write("before.sql", before);
    sandbox.write("after.sql", after);
    let url = server().database("");
    try_execute(&url, before).map_err(|error| format!("the schema before: {error}"))?;
    let run = sandbox.run([
        "migrate",
        "--connection",
        &url,
        "--compare",
        "after.sql",
        "--output",
        "migrations/",
        "--allow",
        "all",
        "--json",
    ]);
    if run.code != 0 {
        return Err(format!("exit {}: {}", run.code, run.stderr));
    }
    let report = run.json();
    let files: Vec<String> = sandbox
        .files()
        .into_iter()
        .filter(|path| path.starts_with("migrations/"))
        .collect();
    let [down, up] = files.as_slice() else {
        return if report["changes"].as_array().is_some_and(Vec::is_empty) && files.is_empty() {
            Ok(())
        } else {
            Err(format!("files {files:?}: {report:#}"))
        };
    };
    if report["proof"]["up"] != "exact" || report["proof"]["down"] != "exact" {
        return Err(format!("not proven: {report:#}"));
    }
    for (file, wanted) in [(up, "after.sql"), (down, "before.sql")] {
        for statement in crate::compare::statements(&sandbox.read(file)) {
            try_execute(&url, &statement)
                .map_err(|error| format!("{file}: {error}: {statement}"))?;
        }
        let check = sandbox.run([
            "migrate",
            "--connection",
            &url,
            "--compare",
            wanted,
            "--check",
        ]);
        if check.code != 0 {
            return Err(format!("after {file}: {}", check.transcript()));
        }
    }
    Ok(())
}

/// One seed with one size of edit. A failure comes with the decisions that are enough for it.
fn case(seed: u64, again: u64) -> Result<(), String> {
    let before = sql(&Decisions::before(seed));
    let next = Decisions::after(seed, again);
    let after = sql(&next);
    let Err(fault) = leads_there_and_back(&before, &after) else {
        return Ok(());
    };
    let mut kept = next.changed();
    if std::env::var_os("BACKSMITH_TEST_SCHEMAS").is_none() {
        return Err(format!(
            "seed {seed}, one of {again}, changed {kept:?}: {fault}"
        ));
    }
    let mut last = fault;
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let all: Vec<String> = kept.iter().cloned().collect();
        for some in all.chunks(size) {
            let fewer: BTreeSet<String> = kept
                .iter()
                .filter(|name| !some.contains(name))
                .cloned()
                .collect();
            let after = sql(&Decisions::restricted(seed, again, fewer.clone()));
            if let Err(fault) = leads_there_and_back(&before, &after) {
                (kept, last) = (fewer, fault);
            }
        }
        size /= 2;
    }
    let after = sql(&Decisions::restricted(seed, again, kept.clone()));
    let gone: Vec<&str> = before
        .lines()
        .filter(|line| !after.contains(line))
        .collect();
    let come: Vec<&str> = after
        .lines()
        .filter(|line| !before.contains(line))
        .collect();
    Err(format!(
        "seed {seed}, one of {again}, enough: {kept:?}\n- {}\n+ {}\n{last}",
        gone.join("\n- "),
        come.join("\n+ ")
    ))
}

#[test]
fn drawn_schemas_follow_drawn_edits_and_come_back() {
    let asked = std::env::var("BACKSMITH_TEST_SCHEMAS").ok();
    let (from, to) = asked
        .as_deref()
        .and_then(|range| range.split_once('-'))
        .map_or((0, 6), |(from, to)| {
            (
                from.parse().expect("a number"),
                to.parse().expect("a number"),
            )
        });
    let mut faults = Vec::new();
    for seed in from..to {
        let again = STEPS[(seed % STEPS.len() as u64) as usize];
        if let Err(fault) = case(seed, again) {
            if asked.is_some() {
                eprintln!("{fault}\n----");
            }
            faults.push(fault);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n----\n"));
}
