//! `migrate --compare`: what looks like a rename is proposed, what is confirmed keeps its rows.

use crate::migration::{is_as, take_back};
use crate::postgres::{execute, fixture, query};
use crate::sandbox::Sandbox;

const BEFORE: &str = "
    create type state as enum ('new', 'running', 'done');
    create table clients (id int primary key, name text, mail varchar(80), state state, note text);
    create index clients_mail_idx on clients (mail);
    create view open_clients as select id, name from clients where state <> 'done';
    create function label(c clients) returns text language sql as $$ select c.name $$;
    create sequence tickets_number start 7;
    insert into clients values (1, 'a', 'a@example.com', 'running', 'n');";
const AFTER: &str = "
    create type state as enum (
      'new',
      'active', -- backsmith: renamed from running
      'done'
    );
    -- backsmith: renamed from clients
    create table customers (
      id int primary key,
      name text,
      email varchar(80), -- backsmith: renamed from mail
      state state,
      note text
    );
    -- backsmith: renamed from clients_mail_idx
    create index customers_email_idx on customers (email);
    -- backsmith: renamed from open_clients
    create view open_customers as select id, name from customers where state <> 'done';
    -- backsmith: renamed from label
    create function title(c customers) returns text language sql as $$ select c.name $$;
    -- backsmith: renamed from tickets_number
    create sequence orders_number start 7;";

#[test]
fn what_the_file_says_is_renamed_keeps_its_rows_and_comes_back() {
    for layout in ["backsmith", "sqlx"] {
        let sandbox = Sandbox::new();
        sandbox.write("after.sql", AFTER);
        sandbox.write("before.sql", BEFORE);
        let url = fixture().database(BEFORE);
        let arguments = ["migrate", "--connection", &url, "--compare", "after.sql"];
        let mut writing = arguments.to_vec();
        writing.extend(["--output", "migrations/", "--json", "--layout", layout]);
        let report = sandbox.run(writing).expect(0).json();
        assert_eq!(report["proof"]["up"], "exact");
        assert_eq!(report["proof"]["down"], "exact");
        assert_eq!(report["rename_proposals"], serde_json::json!([]));
        let ups: Vec<String> = sandbox
            .files()
            .into_iter()
            .filter(|file| file.ends_with(".up.sql"))
            .collect();
        for up in &ups {
            sandbox
                .run(["migrate", "--connection", &url, "--migrate", up])
                .expect(0);
        }
        let row = query(&url, "select row_to_json(c)::text from customers c");
        assert!(
            row[0].contains("\"email\":\"a@example.com\",\"state\":\"active\""),
            "{row:?}"
        );
        // The comments stay in the file, and mean nothing any more.
        is_as(&sandbox, &url, "after.sql", &[]);
        for _ in &ups {
            take_back(&sandbox, &url);
        }
        let row = query(&url, "select row_to_json(c)::text from clients c");
        assert!(
            row[0].contains("\"mail\":\"a@example.com\",\"state\":\"running\""),
            "{row:?}"
        );
    }
}

#[test]
fn what_looks_like_a_rename_is_proposed_and_not_done() {
    let sandbox = Sandbox::new();
    let plain: String = AFTER
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    sandbox.write("before.sql", BEFORE);
    sandbox.write("after.sql", plain);
    let compare = |more: &[&str]| {
        let mut arguments = vec!["migrate", "before.sql", "--compare", "after.sql"];
        arguments.extend(["--output", "migrations/"]);
        arguments.extend(more);
        sandbox.run(arguments)
    };
    let refused = compare(&[]).expect(3);
    insta::assert_snapshot!(refused.stdout, @r"
    ✖ refused: the change destroys data and no flag allows it; nothing was written

      drop-table        public.clients (its rows go with it)
                        DROP TABLE public.clients;
      drop-enum-value   public.state (rows with running cannot be converted)
                        CREATE TYPE public.state AS ENUM ('new', 'active', 'done');

      The other 9 statements destroy nothing. Three ways on:
        keep it               put it back into after.sql
        move the values       copy them elsewhere first, then compare again
        accept the loss       add `--allow drop-enum-value` `--allow drop-table`

      renamed?   dropped and made anew unless the flag says that it is the same
        label public.state.running to public.state.active: same place among the labels
            --rename public.state.running=public.state.active
        sequence public.tickets_number to public.orders_number: the same definition
            --rename public.tickets_number=public.orders_number
        table public.clients to public.customers: 4 of 6 columns are the same
            --rename public.clients=public.customers
    ");
    assert!(
        refused
            .stderr
            .contains("`--rename public.clients=public.customers` keeps the values"),
        "{}",
        refused.stderr
    );
    assert!(!sandbox.path().join("migrations").exists());

    // Every proposal of a run confirmed, until there is none: nothing is lost any more.
    let mut flags: Vec<String> = Vec::new();
    for _ in 0..3 {
        let given: Vec<&str> = flags
            .iter()
            .flat_map(|flag| flag.split(' '))
            .chain(["--json", "--no-verify", "--dry-run", "--allow", "all"])
            .collect();
        let report = compare(&given).expect(0).json();
        let proposals = report["rename_proposals"]
            .as_array()
            .expect("a list")
            .clone();
        if proposals.is_empty() {
            break;
        }
        for proposal in proposals {
            let flag = proposal["flag"].as_str().expect("a flag").replace('\'', "");
            flags.push(flag);
        }
    }
    let given: Vec<&str> = flags.iter().flat_map(|flag| flag.split(' ')).collect();
    let done = compare(&given).expect(0);
    assert!(
        done.stdout.contains("proven up and down"),
        "{}",
        done.stdout
    );

    let markdown = compare(&["--format", "markdown"]).expect(3);
    assert!(
        markdown
            .stdout
            .contains("| `public.clients` to `public.customers` | "),
        "{}",
        markdown.stdout
    );
}

#[test]
fn renames_that_cannot_be_are_told_with_the_nearest_name() {
    let sandbox = Sandbox::new();
    sandbox.write("before.sql", BEFORE);
    let compare = |rename: &str| {
        sandbox
            .run([
                "migrate",
                "before.sql",
                "--compare",
                "before.sql",
                "--rename",
                rename,
            ])
            .expect(2)
            .stderr
    };
    let old = compare("client=clients");
    assert!(old.contains("there is no `client` in before.sql"), "{old}");
    assert!(old.contains("did you mean `public.clients`?"), "{old}");
    let new = compare("clients=custumers");
    assert!(
        new.contains("there is no `custumers` in before.sql"),
        "{new}"
    );
    // Nothing was touched but the scratch databases.
    execute(&fixture().database(BEFORE), "select * from clients");
}

/// The schema has names that begin like the renamed ones, and one that needs quotes.
#[test]
fn names_that_only_begin_alike_are_left_alone() {
    let before = "
        create table \"user\" (id int primary key, account_no text, user_no text, note text);
        create table user_roles (user_id int references \"user\", account_role text, user_role text);
        create table account_kinds (id int primary key, user_no text);
        insert into \"user\" values (1, 'a', 'u', 'n');
        insert into user_roles values (1, 'x', 'y');";
    let after = "
        create table account (id int primary key, account_number text, user_no text, note text);
        create table user_roles (user_id int references account, account_role text, user_role text);
        create table account_kinds (id int primary key, user_no text);";
    let flags = [
        "--rename",
        "account.account_no=account.account_number",
        "--rename",
        "user=account",
    ];
    let sandbox = Sandbox::new();
    sandbox.write("after.sql", after);
    let url = fixture().database(before);
    let mut arguments = vec!["migrate", "--connection", &url, "--compare", "after.sql"];
    arguments.extend(["--output", "migrations/", "--json"]);
    arguments.extend(flags);
    let report = sandbox.run(arguments).expect(0).json();
    assert_eq!(report["proof"]["up"], "exact");
    assert_eq!(report["proof"]["down"], "exact");
    let up = report["files"][0]["path"].as_str().expect("a path");
    let text = sandbox.read(up);
    let statements = crate::compare::statements(&text).join("\n");
    insta::assert_snapshot!(statements, @r#"
    SET LOCAL lock_timeout = '3s';
    SET LOCAL statement_timeout = '10min';
    SET LOCAL check_function_bodies = off;
    ALTER TABLE public."user" RENAME COLUMN account_no TO account_number;
    ALTER TABLE public."user" RENAME CONSTRAINT user_pkey TO account_pkey;
    ALTER TABLE public."user" RENAME TO account;
    "#);
}
