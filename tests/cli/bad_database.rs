//! Databases, servers and files that `migrate` cannot work with: each is said clearly, with its exit
//! code and without its password, and nothing is changed.

use crate::migration::{arguments, until_connected};
use crate::postgres::{execute, fixture, private_server, query, wait};
use crate::sandbox::{Run, Sandbox};

const MIGRATION: &str = "ALTER TABLE t ADD COLUMN b int;\n";

/// Fails unless every part is said on standard error, and the password nowhere.
#[track_caller]
fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.stderr.contains(part), "{part}\n{}", run.transcript());
    }
    assert!(!run.transcript().contains("s3cret"), "{}", run.transcript());
}

#[track_caller]
fn migrate(url: &str, code: i32, parts: &[&str]) {
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", MIGRATION);
    says(
        &sandbox
            .run(arguments(url, &["--migrate", "m.sql"]))
            .expect(code),
        parts,
    );
}

/// A port of this machine on which nobody listens.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn files_that_are_no_migrations() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    sandbox.write("empty.sql", "");
    sandbox.write("comment.sql", "-- nothing yet\n\n/* really */\n");
    sandbox.write("binary.sql", [0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe]);
    sandbox.write("migrations/20260101000000_a.up.sql", MIGRATION);
    sandbox.write("migrations/20260202000000_b.up.sql", MIGRATION);
    std::fs::create_dir(sandbox.path().join("hollow")).expect("a folder");
    let cases: &[(&str, &[&str])] = &[
        ("empty.sql", &["error: `empty.sql` holds no statement"]),
        ("comment.sql", &["error: `comment.sql` holds no statement"]),
        ("binary.sql", &["binary.sql"]),
        (
            "migrations",
            &[
                "error: `migrations` is a folder",
                "it holds 2 migrations",
                "--migrate migrations/20260202000000_b.up.sql",
            ],
        ),
        ("hollow", &["it holds no migration"]),
        ("nowhere/x.sql", &["there is no migration `nowhere/x.sql`"]),
    ];
    for more in [&[][..], &["--dry-run"], &["--dry-run", "--on-live"]] {
        for (file, parts) in cases {
            let mut action = vec!["--migrate", file];
            action.extend(more);
            says(&sandbox.run(arguments(&url, &action)).expect(2), parts);
        }
    }
    assert_eq!(
        query(&url, "select to_regclass('backsmith.migrations')::text"),
        [""]
    );
}

#[test]
fn servers_that_are_not_there_or_are_other_ones() {
    let url = fixture().database("create table t (a int)");
    let port = free_port();
    migrate(
        &format!("postgres://app:s3cret@127.0.0.1:{port}/shop"),
        4,
        &[
            &format!("caused by: connection refused (os error 111) at 127.0.0.1:{port}"),
            "hint: `backsmith doctor`",
        ],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().display().to_string();
    migrate(
        &format!("postgres://app:s3cret@/shop?host={socket}"),
        4,
        &[
            "no such file or directory",
            &format!("{socket}/.s.PGSQL.5432"),
        ],
    );
    let missing = {
        let mut parsed = url::Url::parse(&url).expect("a URL");
        parsed.set_path("/no_such_database");
        parsed.to_string()
    };
    migrate(
        &missing,
        4,
        &[
            "there is no such database",
            "database \"no_such_database\" does not exist (3D000)",
        ],
    );
    migrate(
        "mysql://app:s3cret@localhost/shop",
        2,
        &["is no connection URL", "the scheme is `mysql`"],
    );
    // Something listens, and it is no Postgres.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut &client, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    migrate(
        &format!("postgres://app:s3cret@127.0.0.1:{port}/shop?sslmode=disable"),
        4,
        &["cannot connect to"],
    );
}

/// The private servers offer no TLS; a pooler stands in front of one to have a TCP port.
#[cfg(unix)]
#[test]
fn tls_that_is_not_offered_is_not_done_without() {
    let url = crate::pooler::start(&fixture().database("create table t (a int)"));
    migrate(
        &format!("{url}?sslmode=require"),
        4,
        &["no TLS connection", "hint: sslmode is one of disable"],
    );
}

#[cfg(unix)]
#[test]
fn a_pooler_in_transaction_mode_is_refused() {
    let direct = fixture().database("create table t (a int)");
    let url = format!("{}?sslmode=disable", crate::pooler::start(&direct));
    let parts = [
        "leads to a connection pooler in transaction mode",
        "served two sessions",
        "hint: connect to the server itself",
    ];
    migrate(&url, 4, &parts);
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", MIGRATION);
    sandbox.write("schema.sql", "create table t (a int, b int);");
    for action in [
        &["--migrate", "m.sql", "--dry-run"][..],
        &["--migrate", "m.sql", "--dry-run", "--on-live"],
        &["--rollback"],
        &["--compare", "schema.sql"],
    ] {
        says(&sandbox.run(arguments(&url, action)).expect(4), &parts);
    }
    assert_eq!(
        query(&direct, "select to_regclass('backsmith.migrations')::text"),
        [""]
    );
}

#[test]
fn a_read_only_database_is_compared_and_rehearsed_but_not_changed() {
    let url = fixture().database("create table t (a int)");
    let name = url::Url::parse(&url)
        .expect("a URL")
        .path()
        .trim_start_matches('/')
        .to_owned();
    execute(
        &url,
        &format!("alter database {name} set default_transaction_read_only = on"),
    );
    migrate(
        &url,
        4,
        &[
            "is read-only for the role `postgres`: default_transaction_read_only is on",
            "nothing was changed",
        ],
    );
    only_read(&Sandbox::new(), &url, "is read-only");
}

/// The database of `create table t (a int)` is rehearsed on a copy and compared, no more.
#[track_caller]
fn only_read(sandbox: &Sandbox, url: &str, why: &str) {
    sandbox.write("m.sql", MIGRATION);
    sandbox.write("schema.sql", "create table t (a int, b int);");
    let live = ["--migrate", "m.sql", "--dry-run", "--on-live"];
    says(&sandbox.run(arguments(url, &live)).expect(4), &[why]);
    sandbox
        .run(arguments(url, &["--migrate", "m.sql", "--dry-run"]))
        .expect(0);
    // The scratch database is on a server of its own then.
    let compare = ["--compare", "schema.sql", "--output", "migrations"];
    let compared = sandbox.run(arguments(url, &compare)).expect(0);
    says(&compared, &["a private PostgreSQL"]);
}

#[test]
fn a_role_that_may_not_make_databases_gets_a_private_server_or_is_told() {
    let url = fixture().database("create table t (a int); create role plain_role login");
    let plain = url.replace("user=postgres", "user=plain_role");
    let sandbox = Sandbox::new();
    sandbox.write("schema.sql", "create table t (a int, b int);");
    let compared = sandbox
        .run(arguments(&plain, &["--compare", "schema.sql"]))
        .expect(0);
    says(&compared, &["a private PostgreSQL"]);
    let without = arguments(&plain, &["--compare", "schema.sql", "--pg-bin", "/nowhere"]);
    says(&sandbox.run(without).expect(4), &["/nowhere"]);
    // The right is missing on the live database as well.
    sandbox.write("m.sql", MIGRATION);
    let refused = sandbox
        .run(arguments(&plain, &["--migrate", "m.sql"]))
        .expect(4);
    says(&refused, &["42501"]);
    execute(&url, "drop role plain_role");
}

#[test]
fn what_postgres_cannot_read_is_shown_in_its_place() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    let functions = "create table t (a int);\n\ncreate function good() returns int language sql as $$ select 1 $$;\ncreate function bad() returns int language plpgsql as $$\nbegin\n  retrun 1;\nend $$;\ncreate function worse() returns int language sql as $$ select from from $$;\n";
    sandbox.write("functions.sql", functions);
    let run = sandbox
        .run(arguments(&url, &["--compare", "functions.sql"]))
        .expect(2);
    says(
        &run,
        &[
            "syntax error at or near \"retrun\" (42601)",
            "functions.sql:6:3",
            "in the body of public.bad()",
            "functions.sql:8:68",
            "nothing was compared",
        ],
    );
    // References to what is not there are for the run, not for the reader.
    sandbox.write("later.sql", "create function f() returns int language plpgsql as $$ begin return (select x from not_there); end $$;");
    sandbox
        .run(arguments(&url, &["--compare", "later.sql"]))
        .expect(0);
    let script = "ALTER TABLE t ADD COLUMN b int;\nCREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETRUN 1;\nEND $$;\nALTER TABLE t ADD COLUMN c int;\n";
    sandbox.write("m.sql", script);
    for more in [&[][..], &["--dry-run"], &["--dry-run", "--on-live"]] {
        let mut action = vec!["--migrate", "m.sql"];
        action.extend(more);
        let run = sandbox.run(arguments(&url, &action)).expect(1);
        let shown = run.transcript();
        assert!(
            shown.contains("m.sql:4:3") && shown.contains("syntax error at or near \"RETRUN\""),
            "{shown}"
        );
    }
    assert_eq!(
        query(
            &url,
            "select attname::text from pg_attribute where attrelid = 't'::regclass and attnum > 0"
        ),
        ["a"]
    );
    // A file that is wrong before any server sees it.
    sandbox.write("open.sql", "SELECT 1;\nSELECT 'never closed;\n");
    says(
        &sandbox
            .run(arguments(&url, &["--migrate", "open.sql"]))
            .expect(2),
        &["open.sql:2:8", "nothing was run"],
    );
    // An error in a query of a function that the file calls.
    sandbox.write(
        "do.sql",
        "DO $$\nBEGIN\n  PERFORM 1;\n  PERFORM nope FROM t;\nEND $$;\n",
    );
    let run = sandbox
        .run(arguments(&url, &["--migrate", "do.sql"]))
        .expect(1);
    says(&run, &["column \"nope\" does not exist (42703)"]);
}

#[test]
fn extensions_roles_and_syntax_that_the_server_lacks_are_named() {
    let url = fixture().database("create table t (a int)");
    let sandbox = Sandbox::new();
    let cases: &[(&str, &[&str])] = &[
        (
            "CREATE EXTENSION timescaledb;",
            &["extension \"timescaledb\"", "`timescaledb-2-postgresql-"],
        ),
        (
            "CREATE EXTENSION made_up_extension;",
            &["-made-up-extension`"],
        ),
        (
            "GRANT SELECT ON t TO nobody_knows;",
            &[
                "role \"nobody_knows\" does not exist (42704)",
                "`CREATE ROLE nobody_knows` before the migration",
            ],
        ),
    ];
    for (sql, parts) in cases {
        sandbox.write("m.sql", format!("ALTER TABLE t ADD COLUMN b int;\n{sql}\n"));
        let run = sandbox
            .run(arguments(&url, &["--migrate", "m.sql"]))
            .expect(1);
        says(&run, parts);
        assert!(run.stderr.contains("m.sql:2:"), "{}", run.stderr);
        let run = sandbox
            .run(arguments(&url, &["--migrate", "m.sql", "--dry-run"]))
            .expect(1);
        assert!(
            parts.iter().all(|part| run.stdout.contains(part)),
            "{}",
            run.transcript()
        );
    }
    // In a schema file: the same server has no such role, a private one gets it.
    sandbox.write(
        "schema.sql",
        "create table t (a int, b int); grant select on t to nobody_knows;",
    );
    let compared = sandbox
        .run(arguments(&url, &["--compare", "schema.sql"]))
        .expect(0);
    let left_out = "left out, role nobody_knows does not exist";
    assert!(compared.stdout.contains(left_out), "{}", compared.stdout);
    sandbox.write("old.sql", "create table t (a int);");
    let compared = sandbox
        .run(["migrate", "old.sql", "--compare", "schema.sql", "--json"])
        .expect(0);
    assert_eq!(compared.json()["notes"], serde_json::json!([]));
    sandbox.write(
        "extension.sql",
        "select 1;\ncreate extension made_up_extension;\n",
    );
    says(
        &sandbox
            .run(arguments(&url, &["--compare", "extension.sql"]))
            .expect(2),
        &["-made-up-extension`", "extension.sql:2:"],
    );
}

#[test]
fn a_file_of_another_start_is_applied_with_a_warning() {
    let old = fixture().database("create table t (a int)");
    let other = fixture().database("create table t (a int); create table more (a int)");
    let sandbox = Sandbox::new();
    sandbox.write("schema.sql", "create table t (a int, b int);");
    let output = [
        "--compare",
        "schema.sql",
        "--output",
        "migrations",
        "--name",
        "v2",
    ];
    sandbox.run(arguments(&old, &output)).expect(0);
    let migrate = ["--migrate", "migrations/v2.sql"];
    for action in [
        &["--migrate", "migrations/v2.sql", "--dry-run"][..],
        &migrate,
    ] {
        let run = sandbox.run(arguments(&other, action)).expect(0);
        says(
            &run,
            &["is not what the file was proven to start from: fingerprint "],
        );
    }
    let run = sandbox.run(arguments(&old, &migrate)).expect(0);
    assert!(!run.stderr.contains("proven to start"), "{}", run.stderr);
    assert!(
        run.stdout
            .contains("The catalog now equals the one that the file was proven to lead to"),
        "{}",
        run.stdout
    );
    let back = sandbox.run(arguments(&old, &["--rollback"])).expect(0);
    assert!(
        back.stdout.contains("The catalog now equals"),
        "{}",
        back.stdout
    );
}

/// A server that finds the signal of a standby when it starts anew follows a primary that never
/// comes: a real replica, without a second server.
#[cfg(unix)]
#[test]
fn a_replica_is_compared_and_rehearsed_but_not_changed() {
    use backsmith::postgres::scratch::{Options, Server};
    use std::os::unix::fs::PermissionsExt;
    let settings = [
        ("synchronous_commit", "on"),
        ("wal_level", "replica"),
        ("hot_standby", "on"),
    ];
    let options = Options {
        settings: settings
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..private_server()
    };
    wait(async {
        let server = Server::start(&options).await.expect("a server");
        let database = server.create_database().await.expect("a database");
        let url = database.url().expose().to_owned();
        execute(&url, "create table t (a int); checkpoint");
        let data = query(&url, "show data_directory").remove(0);
        let signal = std::path::Path::new(&data).join("standby.signal");
        std::fs::write(&signal, "").expect("a file");
        std::fs::set_permissions(&signal, std::fs::Permissions::from_mode(0o666)).expect("a mode");
        let process = query(
            &url,
            "select pid::text from pg_stat_activity where backend_type = 'background writer'",
        );
        let process = nix::unistd::Pid::from_raw(process[0].parse().expect("a process id"));
        nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).expect("a signal");
        until_connected(&url, "select 'x' where pg_is_in_recovery()");
        migrate(
            &url,
            4,
            &[
                "is a read-only replica: nothing can be applied there",
                "connect to the primary",
            ],
        );
        let sandbox = Sandbox::new();
        says(
            &sandbox.run(arguments(&url, &["--rollback"])).expect(4),
            &["is a read-only replica"],
        );
        only_read(&sandbox, &url, "is a read-only replica");
    });
}

#[test]
fn limits_that_mean_nothing_are_all_told() {
    let url = fixture().database("");
    let sandbox = Sandbox::new();
    sandbox.write("m.sql", MIGRATION);
    let wrong = [
        "--migrate",
        "m.sql",
        "--lock-timeout",
        "0",
        "--backoff",
        "1.5s",
        "--statement-timeout",
        "2 days",
    ];
    let run = sandbox.run(arguments(&url, &wrong)).expect(2);
    says(
        &run,
        &[
            "`0` is no value of `--lock-timeout`",
            "`1.5s` is no value of `--backoff`",
            "`2 days` is no value of `--statement-timeout`",
        ],
    );
    let unheeded = [
        "--migrate",
        "m.sql",
        "--dry-run",
        "--lock-timeout",
        "1s",
        "--retries",
        "3",
    ];
    let run = sandbox.run(arguments(&url, &unheeded)).expect(2);
    says(
        &run,
        &[
            "`--lock-timeout` means nothing with `--dry-run`",
            "`--retries` means nothing with `--dry-run`",
        ],
    );
}
