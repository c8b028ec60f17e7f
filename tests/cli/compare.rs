//! `migrate --compare`: what is written really leads from one schema to the other and back.

use crate::postgres::{execute, fixture, query};
use crate::sandbox::Sandbox;

const BEFORE: &str = include_str!("../fixtures/sql/rental/before.sql");
const AFTER: &str = include_str!("../fixtures/sql/rental/after.sql");

/// The pair of files that a run wrote.
fn pair(sandbox: &Sandbox) -> (String, String) {
    let files: Vec<String> = sandbox
        .files()
        .into_iter()
        .filter(|path| path.starts_with("migrations/"))
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
    (sandbox.read(&files[1]), sandbox.read(&files[0]))
}

#[test]
fn a_live_database_follows_a_file_and_comes_back() {
    let sandbox = Sandbox::new();
    sandbox.write("v2.sql", AFTER);
    let url = fixture().database(BEFORE);
    let compare = |allow: &[&str]| {
        let mut arguments = vec!["migrate", "--connection", &url, "--compare", "v2.sql"];
        arguments.extend(["--output", "migrations/", "--json"]);
        arguments.extend(allow);
        sandbox.run(arguments)
    };
    let refused = compare(&[]).expect(3);
    assert_eq!(refused.json()["verdict"], "refused");
    assert!(!sandbox.path().join("migrations").exists());

    let report = compare(&["--allow", "all"]).expect(0).json();
    assert_eq!(report["proof"]["up"], "exact");
    assert_eq!(report["proof"]["down"], "exact");
    compare(&["--allow", "all"]).expect(0);
    let (up, down) = pair(&sandbox);

    let check = |code| {
        sandbox
            .run([
                "migrate",
                "--connection",
                &url,
                "--compare",
                "v2.sql",
                "--check",
            ])
            .expect(code)
    };
    check(1);
    for statement in statements(&up) {
        execute(&url, &statement);
    }
    check(0);
    for statement in statements(&down) {
        execute(&url, &statement);
    }
    check(1);
    assert_eq!(
        query(
            &url,
            "select datname::text from pg_database where datname like 'backsmith\\_scratch\\_%' \
             and datname like '%\\_' || pg_backend_pid()::text || '\\_%'"
        ),
        Vec::<String>::new()
    );
}

/// Sections as they stand in the file: a transaction whole, what is alone alone.
pub fn statements(text: &str) -> Vec<String> {
    let source = backsmith::text::SourceFile::new("migration.sql", text);
    let (script, faults) = backsmith::migrate::script::split(&source);
    assert!(faults.is_empty());
    let mut blocks: Vec<String> = Vec::new();
    let mut open = false;
    for statement in script.statements() {
        let sql = statement.text(&source.text);
        match sql {
            "BEGIN" => {
                open = true;
                blocks.push(String::new());
            }
            "COMMIT" => open = false,
            sql if open => {
                let block = blocks.last_mut().expect("a block");
                block.push_str(sql);
                block.push_str(";\n");
            }
            sql => blocks.push(sql.to_owned()),
        }
    }
    blocks
}

#[test]
fn two_files_need_no_server_that_was_named() {
    let sandbox = Sandbox::new();
    sandbox.write("old.sql", BEFORE);
    sandbox.write("new.sql", AFTER);
    let run = sandbox
        .run([
            "migrate",
            "new.sql",
            "--compare",
            "old.sql",
            "--output",
            "migrations/",
            "--allow",
            "all",
        ])
        .expect(0);
    assert!(run.stdout.contains("proven up and down"), "{}", run.stdout);
    let (up, _) = pair(&sandbox);
    assert!(up.contains("-- DATA LOSS: "), "{up}");
}

#[test]
fn equal_schemas_make_no_file() {
    let sandbox = Sandbox::new();
    sandbox.write("v1.sql", BEFORE);
    let run = sandbox
        .run([
            "migrate",
            "v1.sql",
            "--compare",
            "v1.sql",
            "--output",
            "migrations/",
        ])
        .expect(0);
    assert!(
        run.stdout.contains("no statement, no file"),
        "{}",
        run.stdout
    );
    assert_eq!(sandbox.files(), ["v1.sql"]);
}

/// Postgres prints these in a form which it reads otherwise.
const READ_OTHERWISE: &str = "
create collation plain from \"POSIX\";
create table orders (
  id int primary key,
  state varchar(10) not null check (state in ('open', 'paid', 'sent')),
  label text collate plain,
  is_done boolean generated always as (state in ('paid', 'sent')) stored
);
create index orders_due on orders (id) where state in ('open', 'paid');
create view due as select id from orders where state not in ('paid', 'sent');
create view chosen as select id from orders where id between 1 and 9 and label <> 'x' and (id not between 3 and 4 or is_done);
create view pairs as select id, (id, label) = (1, 'a') and is_done as same from orders where id not between 3 and 4 or is_done;
create index orders_some on orders (id) where id between 1 and 9 and label <> 'x';
create table ranges (a int check (a between 1 and 9 and a <> 4), b boolean generated always as (a between 2 and 3 and a <> 1) stored);
create policy chosen on ranges using (a between 1 and 3 and b);
create policy mine on orders using (state in ('open', 'sent'));
create domain state as varchar(10) check (value in ('open', 'paid'));
";

#[test]
fn what_postgres_prints_otherwise_than_it_reads_comes_out_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("none.sql", "create schema other;");
    sandbox.write("v1.sql", READ_OTHERWISE);
    let compare = |source: &[&str], target: &str| {
        let mut arguments = vec!["migrate"];
        arguments.extend(source);
        arguments.extend([
            "--compare",
            target,
            "--output",
            "migrations/",
            "--allow",
            "all",
        ]);
        let run = sandbox.run(arguments).expect(0);
        assert!(run.stdout.contains("proven up and down"), "{}", run.stdout);
    };
    compare(&["none.sql"], "v1.sql");
    // The copy of a live schema is written from what Postgres prints too.
    let url = fixture().database(READ_OTHERWISE);
    compare(&["--connection", &url], "none.sql");
}

#[test]
fn a_key_to_a_partitioned_table_follows_its_partitions() {
    const TABLES: &str = "
        create table builds (id int, part int, primary key (id, part)) partition by list (part);
        create table jobs (id int primary key, build int, part int,
          constraint jobs_build foreign key (build, part) references builds on delete cascade);
        create table steps (id int, part int, foreign key (id, part) references builds) partition by hash (id);
        create table steps_0 partition of steps for values with (modulus 1, remainder 0);";
    let sandbox = Sandbox::new();
    let partitions = |numbers: &[i32]| -> String {
        let statements: Vec<String> = numbers
            .iter()
            .map(|n| format!("create table builds_{n} partition of builds for values in ({n});"))
            .collect();
        statements.concat()
    };
    // Made in this order, so that the parts of the key have other names than below.
    sandbox.write("v1.sql", format!("{TABLES}{}", partitions(&[1, 2, 3])));
    let (tables, keys) = TABLES.split_at(TABLES.find("create table jobs").expect("jobs"));
    sandbox.write(
        "v2.sql",
        format!("{tables}{}{keys}", partitions(&[2, 3, 4])),
    );
    sandbox.write("none.sql", "");
    for (source, target) in [("v1.sql", "v2.sql"), ("v2.sql", "none.sql")] {
        let run = sandbox
            .run([
                "migrate",
                source,
                "--compare",
                target,
                "--output",
                "migrations/",
                "--allow",
                "all",
            ])
            .expect(0);
        assert!(run.stdout.contains("proven up and down"), "{}", run.stdout);
    }
}

#[test]
fn a_stated_rename_keeps_the_values() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.sql",
        "create table people (id int primary key, mail text);",
    );
    sandbox.write(
        "b.sql",
        "create table people (id int primary key, email text);",
    );
    let run = |rename: &[&str]| {
        let mut arguments = vec![
            "migrate",
            "a.sql",
            "--compare",
            "b.sql",
            "--output",
            "migrations/",
        ];
        arguments.extend(rename);
        sandbox.run(arguments)
    };
    assert!(run(&[]).expect(3).stdout.contains("drop-column"));
    run(&["--rename", "people.mail=people.email"]).expect(0);
    let (up, down) = pair(&sandbox);
    assert!(up.contains("RENAME COLUMN mail TO email"), "{up}");
    assert!(down.contains("RENAME COLUMN email TO mail"), "{down}");
}

#[test]
fn a_fault_in_the_file_has_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write("a.sql", "create table a (b int);\n");
    sandbox.write("b.sql", "create table a (\n  b int,\n  c nonsense\n);\n");
    let run = sandbox
        .run(["migrate", "a.sql", "--compare", "b.sql"])
        .expect(2);
    assert!(run.stderr.contains("b.sql:3:5"), "{}", run.stderr);
    assert!(
        run.stderr.contains("type \"nonsense\" does not exist"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_missing_extension_is_named_with_its_package() {
    let sandbox = Sandbox::new();
    sandbox.write("a.sql", "select 1;");
    sandbox.write("b.sql", "create extension no_such_thing;");
    let run = sandbox
        .run(["migrate", "a.sql", "--compare", "b.sql"])
        .expect(2);
    assert!(run.stderr.contains("no_such_thing"), "{}", run.stderr);
    assert!(run.stderr.contains("-no-such-thing"), "{}", run.stderr);
}

#[test]
fn without_a_postgres_three_ways_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a.sql", "select 1;");
    let run = sandbox
        .run([
            "migrate",
            "a.sql",
            "--compare",
            "a.sql",
            "--pg-bin",
            "/nowhere",
        ])
        .expect(4);
    assert!(run.stderr.contains("--pg-bin"), "{}", run.stderr);
}
