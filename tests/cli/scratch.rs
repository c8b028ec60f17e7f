//! Scratch databases come and go without a trace.

use backsmith::postgres::scratch::{Options, Server};
use backsmith::redact::SecretUrl;

use crate::postgres::{execute, fixture, private_server, query, wait};

#[test]
fn a_test_database_is_empty_but_for_what_was_asked_for() {
    let url = fixture()
        .database("create table planets (name text); insert into planets values ('Earth')");
    assert_eq!(query(&url, "select name from planets"), ["Earth"]);
    assert!(query(&url, "show server_version")[0].starts_with(fixture().version()));
}

#[test]
fn a_private_server_leaves_no_folder_and_no_process() {
    let (folder, process) = wait(async {
        let server = Server::start(&private_server()).await.expect("a server");
        assert!(server.is_private());
        let database = server.create_database().await.expect("a database");
        execute(database.url().expose(), "create table a (b int)");
        let copy = server.copy_database(&database).await.expect("a copy");
        assert_eq!(
            query(copy.url().expose(), "select count(*)::text from a"),
            ["0"]
        );
        let data = query(server.url().expose(), "show data_directory").remove(0);
        let file = std::path::Path::new(&data).join("postmaster.pid");
        let text = std::fs::read_to_string(file).expect("a process id");
        let process = text.lines().next().expect("a line").to_owned();
        (data, process)
    });
    assert!(!std::path::Path::new(&folder).exists(), "{folder}");
    #[cfg(target_os = "linux")]
    assert!(!std::path::Path::new("/proc").join(process).exists());
}

#[test]
fn a_named_server_keeps_nothing_and_loses_what_dead_runs_left() {
    let url = fixture().database("create table kept (a int)");
    execute(
        &url,
        "create database backsmith_scratch_2147483000_0badcafe",
    );
    let of_dead = "select datname::text from pg_database where datname like 'backsmith\\_scratch\\_2147483000%'";
    let name = wait(async {
        let server = Server::on(&SecretUrl::new(url.clone()))
            .await
            .expect("a server");
        assert!(!server.is_private());
        assert_eq!(query(&url, of_dead), Vec::<String>::new());
        let database = server.create_database().await.expect("a database");
        execute(database.url().expose(), "create table a (b int)");
        database.name.clone()
    });
    let same = format!("select datname::text from pg_database where datname = '{name}'");
    assert_eq!(query(&url, &same), Vec::<String>::new());
}

/// Another run, on whatever machine, holds a lock on its database; it goes with that run.
#[test]
fn a_database_that_another_run_has_claimed_is_kept() {
    use sqlx::Connection;
    let url = fixture().database("select 1");
    let name = "backsmith_scratch_2147483001_0badbeef";
    let there = format!("select datname::text from pg_database where datname = '{name}'");
    wait(async {
        let mut other = sqlx::PgConnection::connect(&url)
            .await
            .expect("a connection");
        // Claimed before it is made, as runs do: other tests look for leftovers as well.
        let claim = format!("select pg_advisory_lock({}, {})", 0x424b_534d, 0x0bad_beef);
        sqlx::raw_sql(sqlx::AssertSqlSafe(claim))
            .execute(&mut other)
            .await
            .expect("a lock");
        execute(&url, &format!("create database {name}"));
        let look = || async {
            Server::on(&SecretUrl::new(url.clone()))
                .await
                .expect("a server");
            query(&url, &there)
        };
        assert_eq!(look().await, [name]);
        other.close().await.expect("an end");
        assert_eq!(look().await, Vec::<String>::new());
    });
}

#[test]
fn binaries_that_are_not_there_are_refused() {
    let options = Options {
        pg_bin: Some("/nowhere".into()),
        ..Options::default()
    };
    let failure = wait(Server::start(&options)).expect_err("no server");
    assert_eq!(failure.exit_status(), 4);
}
