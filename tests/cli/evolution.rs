//! `migrate --compare` on drawn schemas and drawn edits: up is exact, down is exact. Judged by the
//! proof, and by running both files with psql's reading and comparing again.
//!
//! `BACKSMITH_TEST_SCHEMAS=FROM-TO` draws those instead of the few of the ordinary run, and tells of
//! each one that fails the smallest edit that still does.

mod schema;

use std::collections::BTreeSet;

use schema::{Decisions, ROLES, sql};

use crate::postgres::{Fixture, fixture, query, try_execute};
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

/// Up and down between two schemas: whether they differ at all; the fault is what was wrong.
fn leads_there_and_back(before: &str, after: &str) -> Result<bool, String> {
    leads_on(&server().database(""), before, after)
}

/// The same on this empty database.
fn leads_on(url: &str, before: &str, after: &str) -> Result<bool, String> {
    let sandbox = Sandbox::new();
    sandbox.write("before.sql", before);
    sandbox.write("after.sql", after);
    try_execute(url, before).map_err(|error| format!("the schema before: {error}"))?;
    let run = sandbox.run([
        "migrate",
        "--connection",
        url,
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
            Ok(false)
        } else {
            Err(format!("files {files:?}: {report:#}"))
        };
    };
    if report["proof"]["up"] != "exact" || report["proof"]["down"] != "exact" {
        return Err(format!("not proven: {report:#}"));
    }
    for (file, wanted) in [(up, "after.sql"), (down, "before.sql")] {
        for statement in crate::compare::statements(&sandbox.read(file)) {
            try_execute(url, &statement)
                .map_err(|error| format!("{file}: {error}: {statement}"))?;
        }
        let check = sandbox.run([
            "migrate",
            "--connection",
            url,
            "--compare",
            wanted,
            "--check",
        ]);
        if check.code != 0 {
            return Err(format!("after {file}: {}", check.transcript()));
        }
    }
    Ok(true)
}

/// One seed with one size of edit. A failure comes with the decisions that are enough for it.
fn case(seed: u64, again: u64) -> Result<bool, String> {
    let before = sql(&Decisions::before(seed));
    let next = Decisions::after(seed, again);
    let after = sql(&next);
    let fault = match leads_there_and_back(&before, &after) {
        Ok(differ) => return Ok(differ),
        Err(fault) => fault,
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
    let (from, to): (u64, u64) = match asked.as_deref() {
        None => (0, 4),
        Some(range) => {
            let (from, to) = range.split_once('-').expect("FROM-TO");
            (
                from.parse().expect("a number"),
                to.parse().expect("a number"),
            )
        }
    };
    assert!(from < to, "FROM-TO names no schema: {from}-{to}");
    let mut changed = 0;
    let mut faults = Vec::new();
    for seed in from..to {
        let again = STEPS[(seed % STEPS.len() as u64) as usize];
        match case(seed, again) {
            Ok(differ) => changed += usize::from(differ),
            Err(fault) => {
                if asked.is_some() {
                    eprintln!("{fault}\n----");
                }
                faults.push(fault);
            }
        }
    }
    assert!(
        changed > 0 || !faults.is_empty(),
        "no edit changed anything"
    );
    assert!(faults.is_empty(), "{}", faults.join("\n----\n"));
}

/// What drawn schemas once brought to light.
#[test]
fn what_failed_once_holds() {
    let before = "
        create type state as enum ('new', 'open');
        create type mood as enum ('new', 'open');
        create type pair as (a numeric, b state);
        -- An index beside its like on a partition; a partition with a key of its own.
        create table event (id int not null, at int not null, note text not null, kept pair) partition by list (at);
        create table event_1 (id int not null, at int not null, note text not null, kept pair);
        alter table event_1 add constraint event_1_key primary key (id, at);
        create index event_1_twin on event_1 (at);
        create table event_2 partition of event for values in (2);
        alter table event attach partition event_1 for values in (1);
        alter table event add constraint event_key primary key (id, at);
        create index event_at on event (at);
        alter table event add constraint event_later check (id <> 7) not valid;
        -- Rights on columns beside those on the table.
        create table person (id int primary key, name text, double int generated always as (id * 2) stored);
        grant select on person to evolution_reader;
        grant select (name), update (name) on person to evolution_reader;
        -- A sequence that stays logged while its table does not.
        create sequence numbers;
        create unlogged table fast (id int default nextval('numbers'));
        alter sequence numbers owned by fast.id;
        create table base (x int, y text); create table heir (own int) inherits (base);
        create table other (x int, y text, z int);
        create statistics both_columns on x, z from other;
        -- What heirs keep of their own when the parent loses it, through two generations.
        create table ground (a int, e int, constraint e_pos check (e > 0), constraint a_pos check (a > 0));
        create table keeps (x int) inherits (ground); create table below (y int) inherits (keeps);
        create table loses (x int) inherits (ground);
";
    let after = "
        create type state as enum ('new', 'open');
        create type mood as enum ('new', 'open');
        create type pair as (a numeric, b mood);
        create table event (id int not null, at int not null, note text, kept pair) partition by list (at);
        create table event_2 partition of event for values in (2);
        alter table event add constraint event_key primary key (id, at);
        create index event_at on event (at);
        create index event_2_twin on event_2 (at);
        create table event_1 (id int not null, at int not null, note text not null, more text);
        create table person (id int primary key, name text, double text);
        grant select (name) on person to evolution_reader;
        create sequence numbers;
        create table fast (id int default nextval('numbers'));
        alter sequence numbers owned by fast.id;
        create table base (x int); create table heir (x int, y text, own int);
        create table other (z int, y text, x int) inherits (base);
        create statistics both_columns on z, x from other;
        create table ground (a int);
        create table keeps (x int, e int, constraint e_pos check (e > 0)) inherits (ground);
        create table below (y int) inherits (keeps);
        create table loses (x int, constraint a_pos check (a > 0)) inherits (ground);";
    assert_eq!(leads_there_and_back(before, after), Ok(true));
}

/// Keys of partitions that were made there and joined keep their marks under another type.
#[test]
fn joined_keys_of_partitions_stay_joined() {
    let keys = |number: &str| {
        format!(
            "
        create table long (id {number} not null, at int not null) partition by list (at);
        create table long_1 (id {number} not null, at int not null);
        create table long_2 partition of long for values in (2);
        alter table long attach partition long_1 for values in (1);
        alter table only long add constraint long_key primary key (id, at);
        alter table long_1 add constraint long_1_key primary key (id, at);
        alter table long_2 add constraint long_2_key primary key (id, at);
        alter index long_key attach partition long_1_key;
        alter index long_key attach partition long_2_key;
        create table of_long (id {number}, at int, foreign key (id, at) references long);"
        )
    };
    let url = server().database("");
    assert_eq!(leads_on(&url, &keys("int"), &keys("bigint")), Ok(true));
    // The way back made the keys anew; the fingerprint does not count the mark.
    let marks = "select conrelid::regclass || ' ' || connoinherit || ' ' || coninhcount
                 from pg_constraint where contype = 'p' order by 1";
    let asked_for = server().database(&keys("int"));
    assert_eq!(query(&url, marks), query(&asked_for, marks));
}

/// Kinds that few schemas have, each changed in place or rebuilt with what stands on it.
#[test]
fn rare_kinds_follow_and_come_back() {
    let before = "
        create operator === (leftarg = int, rightarg = int, function = int4eq);
        create operator family plain using btree;
        create operator class backwards for type int using btree family plain as
            operator 3 ===, function 1 btint4cmp(int, int);
        create table t (a int primary key, b text);
        create index t_a on t (a backwards);
        create foreign data wrapper away; create server far foreign data wrapper away options (a '1', b '2');
        create user mapping for public server far;
        create foreign table remote (a int, b text options (c 'x')) server far options (d 'y');
        create publication changes for table t (a);
        create text search configuration words (copy = simple);
        create text search dictionary plainly (template = simple);
        create conversion latin for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;";
    let after = "
        create operator === (leftarg = int, rightarg = int, function = int4eq, restrict = eqsel);
        create operator family plain using btree;
        create operator class backwards for type int using btree family plain as
            operator 3 ===, operator 1 <, function 1 btint4cmp(int, int), function 2 btint4sortsupport(internal);
        comment on operator class backwards using btree is 'what stands on it is rebuilt';
        create table t (a int primary key, b text);
        create index t_a on t (a backwards);
        create foreign data wrapper away options (z '0'); create server far foreign data wrapper away options (a '3', e '2');
        create user mapping for public server far options (name 'x');
        grant usage on foreign server far to evolution_reader;
        create foreign table remote (a int options (f 'v'), b text) server far options (d 'w');
        create publication changes for table t (a, b) where (a > 1) with (publish = 'insert');
        create text search configuration words (copy = simple);
        alter text search configuration words drop mapping for word;
        comment on text search configuration words is 'w';
        create text search dictionary plainly (template = simple, accept = false);
        create access method other type index handler bthandler;
        create default conversion latin for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;";
    assert_eq!(leads_there_and_back(before, after), Ok(true));
}
