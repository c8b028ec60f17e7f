//! `migrate --compare --layout`: the files of other tools, run by those tools, up and down again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::migration::arguments;
use crate::postgres::{execute, fixture, query, wait};
use crate::sandbox::{Run, Sandbox};

/// Every way to run: labels that are used at once, what is checked later, indexes that come, change
/// and go, a function with semicolons and a placeholder in it, a column that is renamed.
const BEFORE: &str = "
    create type state as enum ('new', 'done');
    create table owner (id int primary key, mail text);
    create table job (id int primary key, owner_id int, state state not null, at timestamptz, note text);
    create index job_at_idx on job (at);
    create index job_note_idx on job (note);
    insert into owner values (1, 'a@example.com');
    insert into job values (1, 1, 'new', now(), 'x');";
const AFTER: &str = "
    create type state as enum ('new', 'running', 'done');
    create table owner (id int primary key, email text);
    create table job (id int primary key, owner_id int not null references owner, state state not null default 'running',
      at timestamptz, note text);
    create index job_at_idx on job (at desc);
    create index job_owner_id_idx on job (owner_id);
    create unique index owner_email_key on owner (email);
    create function label(j job) returns text language plpgsql as $f$
      begin if j.note like '${a}%' then return 'a;b'; end if; return j.state; end $f$;
    create view open_jobs as select id, label(job) from job where state <> 'done';";

/// A database with the schema of before, and the files that lead it to after.
fn written(layout: &str) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("after.sql", AFTER);
    let url = fixture().database(BEFORE);
    let report = compared(&sandbox, &url, layout, &["--json"]).json();
    assert_eq!(report["proof"]["up"], "exact");
    assert_eq!(report["proof"]["down"], "exact");
    (sandbox, url)
}

/// Writes the files, unless they are there.
#[track_caller]
fn compared(sandbox: &Sandbox, url: &str, layout: &str, more: &[&str]) -> Run {
    let mut action = vec!["--compare", "after.sql", "--layout", layout];
    action.extend(["--rename", "owner.mail=owner.email"]);
    action.extend(["--output", "migrations/", "--name", "jobs"]);
    action.extend(more);
    sandbox.run(arguments(url, &action)).expect(0)
}

/// The names without their timestamps, and the contents.
fn files(sandbox: &Sandbox) -> Vec<(String, String)> {
    let migrations = sandbox.path().join("migrations");
    let mut names: Vec<String> = std::fs::read_dir(migrations)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().display().to_string())
        .collect();
    names.sort();
    let file = |name: String| {
        let contents = sandbox.read(&format!("migrations/{name}"));
        (name, contents)
    };
    names.into_iter().map(file).collect()
}

/// Whether the database is as the file says; the values of the renamed column are there either way.
#[track_caller]
fn is_as(sandbox: &Sandbox, url: &str, schema: &str, layout: &str) {
    sandbox.write("wanted.sql", schema);
    crate::migration::is_as(sandbox, url, "wanted.sql", &["--layout", layout]);
    let values = query(url, "select row_to_json(owner)::text from owner");
    assert!(values[0].contains("a@example.com"), "{values:?}");
}

#[test]
fn sqlx_runs_its_files_and_reverts_them() {
    let (sandbox, url) = written("sqlx");
    let folder = sandbox.path().join("migrations");
    let alone: Vec<String> = files(&sandbox)
        .into_iter()
        .filter(|(_, text)| text.starts_with("-- no-transaction\n"))
        .map(|(name, _)| name)
        .collect();
    assert!(alone.len() >= 4, "{alone:?}");
    let migrator =
        wait(sqlx_core::migrate::Migrator::new(folder.as_path())).expect("files of sqlx");
    let run = |target: Option<i64>| {
        wait(async {
            let pool = sqlx::PgPool::connect(&url).await.expect("a pool");
            match target {
                None => migrator.run(&pool).await.expect("it runs"),
                Some(target) => migrator.undo(&pool, target).await.expect("it reverts"),
            }
            pool.close().await;
        });
    };
    run(None);
    is_as(&sandbox, &url, AFTER, "sqlx");
    run(Some(0));
    is_as(&sandbox, &url, BEFORE, "sqlx");
    run(None);
    is_as(&sandbox, &url, AFTER, "sqlx");
}

#[test]
fn dbmate_runs_its_files_and_rolls_them_back() {
    let (sandbox, url) = written("dbmate");
    let dbmate = |action: &str| {
        let output = Command::new("node")
            .arg(crate::node::modules().join("dbmate/dist/cli.js"))
            .args(["--no-dump-schema", "--migrations-dir", "migrations", action])
            .env("DATABASE_URL", for_go(&url))
            .current_dir(sandbox.path())
            .output()
            .expect("node runs");
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let count = files(&sandbox).len();
    assert!(count > 3, "{count}");
    dbmate("migrate");
    is_as(&sandbox, &url, AFTER, "dbmate");
    for _ in 0..count {
        dbmate("rollback");
    }
    is_as(&sandbox, &url, BEFORE, "dbmate");
    dbmate("migrate");
    is_as(&sandbox, &url, AFTER, "dbmate");
}

/// The URL as Go's driver wants it: no TLS on a socket.
fn for_go(url: &str) -> String {
    let sign = if url.contains('?') { '&' } else { '?' };
    format!("{url}{sign}sslmode=disable")
}

/// golang-migrate sends each file as one query, outside of any transaction, over one connection.
/// Source: database/postgres/postgres.go, `Run`, without `x-multi-statement`.
#[test]
fn golang_migrate_runs_its_files_as_one_query_each() {
    let (sandbox, url) = written("golang-migrate");
    let of = |direction: &str| -> BTreeMap<u64, String> {
        let ending = format!(".{direction}.sql");
        let of_direction = files(&sandbox)
            .into_iter()
            .filter(|(name, _)| name.ends_with(&ending));
        let number = |name: &str| name.split('_').next().and_then(|text| text.parse().ok());
        of_direction
            .map(|(name, text)| (number(&name).expect("a version"), text))
            .collect()
    };
    let (ups, downs) = (of("up"), of("down"));
    assert_eq!(
        ups.keys().collect::<Vec<_>>(),
        downs.keys().collect::<Vec<_>>()
    );
    for text in ups.values() {
        execute(&url, text);
    }
    is_as(&sandbox, &url, AFTER, "golang-migrate");
    for text in downs.values().rev() {
        execute(&url, text);
    }
    is_as(&sandbox, &url, BEFORE, "golang-migrate");
}

/// Flyway sends statement after statement, in a transaction unless the file beside says otherwise.
#[test]
fn flyway_runs_its_files_statement_by_statement() {
    let (sandbox, url) = written("flyway");
    let run = |letter: char| {
        let mut names: Vec<String> = files(&sandbox)
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.starts_with(letter) && is_sql(name))
            .collect();
        if letter == 'U' {
            names.reverse();
        }
        for name in names {
            let text = sandbox.read(&format!("migrations/{name}"));
            let settings = sandbox.path().join(format!("migrations/{name}.conf"));
            let settings = std::fs::read_to_string(settings).unwrap_or_default();
            assert_eq!(
                text.contains("${"),
                settings.contains("placeholderReplacement=false"),
                "{name}"
            );
            let alone = settings.contains("executeInTransaction=false");
            run_split(&url, &text, alone);
        }
    };
    run('V');
    is_as(&sandbox, &url, AFTER, "flyway");
    run('U');
    is_as(&sandbox, &url, BEFORE, "flyway");
}

fn is_sql(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "sql")
}

fn run_split(url: &str, text: &str, alone: bool) {
    use sqlx::Connection;
    let source = backsmith::text::SourceFile::new("version.sql", text);
    let (script, faults) = backsmith::migrate::script::split(&source);
    assert!(faults.is_empty(), "{text}");
    let statements: Vec<String> = script
        .statements()
        .map(|statement| statement.text(&source.text).to_owned())
        .collect();
    wait(async {
        let mut connection = sqlx::PgConnection::connect(url)
            .await
            .expect("a connection");
        let mut all = statements.clone();
        if !alone {
            all.insert(0, "BEGIN".to_owned());
            all.push("COMMIT".to_owned());
        }
        for statement in all {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
                .execute(&mut connection)
                .await
                .unwrap_or_else(|error| panic!("{error}\n{statement}"));
        }
        connection.close().await.expect("an end");
    });
}

/// Labels that come are used at once, and come back when they went, also in the plain form.
#[test]
fn labels_are_there_when_they_are_used() {
    let sandbox = Sandbox::new();
    sandbox.write("before.sql", BEFORE);
    sandbox.write("after.sql", AFTER);
    for (source, target) in [("before.sql", "after.sql"), ("after.sql", "before.sql")] {
        for layout in ["backsmith", "golang-migrate"] {
            let mut arguments = vec!["migrate", source, "--compare", target, "--offline"];
            arguments.extend(["--layout", layout, "--output", "-", "--allow", "all"]);
            let run = sandbox.run(arguments).expect(0);
            assert!(run.stderr.contains("proven up and down"), "{}", run.stderr);
        }
    }
}

#[test]
fn the_files_of_a_layout_are_written_once() {
    let (sandbox, url) = written("sqlx");
    let first = sandbox.files();
    let again = compared(&sandbox, &url, "sqlx", &[]);
    assert!(again.stdout.contains("there already"), "{}", again.stdout);
    assert_eq!(sandbox.files(), first);
}

#[test]
fn files_of_other_tools_are_applied_and_taken_back() {
    for (layout, first) in [("dbmate", 0), ("flyway", 1), ("sqlx", 0)] {
        let (sandbox, url) = written(layout);
        let ups: Vec<String> = files(&sandbox)
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| is_sql(name) && !name.starts_with('U') && !name.contains(".down."))
            .collect();
        for name in &ups {
            let path = format!("migrations/{name}");
            sandbox
                .run(["migrate", "--connection", &url, "--migrate", &path])
                .expect(0);
        }
        // The history of the other tool is not there, ours is no part of the schema.
        is_as(&sandbox, &url, AFTER, layout);
        for name in ups.iter().rev() {
            let number = &name[first..first + 14];
            let version = name.trim_end_matches(".sql").trim_end_matches(".up");
            assert!(version.contains(number), "{version}");
            sandbox
                .run(["migrate", "--connection", &url, "--rollback", version])
                .expect(0);
        }
        is_as(&sandbox, &url, BEFORE, layout);
    }
}

/// What mends the findings of an analysis is written as the configuration says, once, and comes back.
#[test]
fn cures_have_the_layout_of_the_configuration() {
    let faulty = "
        create table owner (id int primary key);
        create table job (id int primary key, owner_id int);
        alter table job add constraint job_owner_fkey foreign key (owner_id) references owner not valid;";
    for (layout, first) in [
        ("dbmate", 0),
        ("flyway", 1),
        ("sqlx", 0),
        ("golang-migrate", 0),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(
            "backsmith.toml",
            format!("[migrate]\nlayout = \"{layout}\"\n"),
        );
        let url = fixture().database(faulty);
        let analyze = arguments(&url, &["--analyze", "--output", "migrations/"]);
        sandbox.run(&analyze).expect(0);
        let written = files(&sandbox);
        let ups: Vec<&str> = written
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| is_sql(name) && !name.starts_with('U') && !name.contains(".down."))
            .collect();
        assert_eq!(ups.len(), 2, "{ups:?}");
        let alone = written.iter().filter(|(_, text)| {
            text.starts_with("-- no-transaction")
                || text.contains("transaction:false")
                || text.contains("executeInTransaction=false")
        });
        assert_eq!(alone.count() > 0, layout != "golang-migrate", "{layout}");
        let state = || {
            let invalid = "select count(*)::text from pg_constraint where not convalidated";
            let index =
                "select count(*)::text from pg_indexes where indexdef like '%job%(owner_id)'";
            [query(&url, invalid), query(&url, index)].concat()
        };
        assert_eq!(state(), ["1", "0"]);
        for name in &ups {
            let path = format!("migrations/{name}");
            let migrate = ["--migrate", path.as_str()];
            sandbox.run(arguments(&url, &migrate)).expect(0);
        }
        assert_eq!(state(), ["0", "1"], "{layout}");
        for name in ups.iter().rev() {
            assert!(name[first..].starts_with("20"), "{name}");
            let version = name.trim_end_matches(".sql").trim_end_matches(".up");
            let back = sandbox.run(arguments(&url, &["--rollback", version]));
            if name.contains("cures_2") {
                back.expect(0);
            } else {
                // What was validated stays so.
                let said = back.expect(2).stderr;
                assert!(said.contains("no statement for the way back"), "{said}");
            }
        }
        assert_eq!(state(), ["0", "0"], "{layout}");
        execute(&url, "alter table job drop constraint job_owner_fkey");
        execute(
            &url,
            "alter table job add constraint job_owner_fkey foreign key (owner_id) references owner not valid",
        );
        let again = sandbox.run(&analyze).expect(0);
        assert!(
            again.stderr.contains("nothing new to write"),
            "{}",
            again.stderr
        );
        assert_eq!(files(&sandbox), written);
    }
}

/// What is written later comes later by its name, whatever the clock says.
#[test]
fn files_have_a_time_after_all_that_is_there() {
    let faulty = "
        create table owner (id int primary key);
        create table job (id int primary key, owner_id int references owner);";
    let url = fixture().database(faulty);
    for (layout, later) in [
        ("backsmith", "20990101000000_later.up.sql"),
        ("flyway", "V20990101000000__later.sql"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(&format!("migrations/{later}"), "SELECT 1;\n");
        let analyze = ["--analyze", "--layout", layout, "--output", "migrations"];
        sandbox.run(arguments(&url, &analyze)).expect(0);
        let names: Vec<String> = files(&sandbox).into_iter().map(|(name, _)| name).collect();
        let number = |name: &String| name.trim_start_matches(['V', 'U'])[..14].to_owned();
        let numbers: Vec<String> = names.iter().map(number).collect();
        assert!(numbers.len() > 1, "{names:?}");
        for number in numbers {
            assert!(number.as_str() >= "20990101000000", "{names:?}");
        }
        let same = names.iter().filter(|name| number(name) == "20990101000000");
        assert_eq!(same.count(), 1, "{names:?}");
    }
}

/// Standard output is SQL and nothing else; what Flyway reads beside a file is a remark.
#[test]
fn a_stream_of_files_is_sql() {
    let sandbox = Sandbox::new();
    sandbox.write("after.sql", AFTER);
    let url = fixture().database(BEFORE);
    let compare = [
        "--compare",
        "after.sql",
        "--layout",
        "flyway",
        "--rename",
        "owner.mail=owner.email",
        "--output",
        "-",
    ];
    let run = sandbox.run(arguments(&url, &compare)).expect(0);
    let remarks: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.contains("executeInTransaction") || line.contains(".conf"))
        .collect();
    assert!(remarks.len() >= 4, "{}", run.stdout);
    for remark in remarks {
        assert!(remark.starts_with("-- "), "{remark}");
    }
    assert!(!run.stdout.contains("-- file: U"), "{}", run.stdout);
}
