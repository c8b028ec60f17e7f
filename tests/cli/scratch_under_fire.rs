//! Runs that are stopped while they use a scratch database, in each phase and in each way: nothing
//! of theirs remains.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use backsmith::postgres::scratch::{Server, local_binaries};
use backsmith::redact::SecretUrl;
use nix::sys::signal::Signal;

use crate::migration::{finish, start, until, until_connected};
use crate::postgres::{execute, fixture, private_server, query, wait};
use crate::sandbox::Sandbox;

const SIGNALS: [(Signal, i32); 3] = [
    (Signal::SIGINT, 130),
    (Signal::SIGTERM, 143),
    (Signal::SIGKILL, -1),
];

/// It sleeps as soon as there is a table `late`.
const BEFORE: &str = "CREATE TABLE public.planets (name text);
CREATE FUNCTION public.slow() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  IF to_regclass('public.late') IS NOT NULL THEN PERFORM pg_sleep(300); END IF;
  RETURN 1;
END $$;
";
/// The file makes the table after the view, a migration makes it before.
const SLOW_TO_PROVE: &str =
    "CREATE MATERIALIZED VIEW public.slow_view AS SELECT public.slow() AS a;
CREATE TABLE public.late (a int);
";
const SLOW_TO_LOAD: &str = "SELECT pg_sleep(300);\n";

const SLEEPS: &str = "SELECT 'sleeps' FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

#[track_caller]
fn patiently<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The folder of a run's private server.
fn folder_of(process: u32) -> Option<PathBuf> {
    let prefix = format!("backsmith-{process}-");
    let bases = [std::env::temp_dir(), "/tmp".into(), "/dev/shm".into()];
    bases.iter().find_map(|base| {
        let entries = std::fs::read_dir(base).ok()?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        paths.find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
        })
    })
}

/// Whether a process names the folder in its command line; servers and their keepers do.
fn has_process(folder: &Path) -> bool {
    let output = Command::new("ps")
        .args(["-A", "-o", "args="])
        .output()
        .expect("a list of processes");
    String::from_utf8_lossy(&output.stdout).contains(&folder.display().to_string())
}

/// Stops the run; what it said is right for the signal.
#[track_caller]
fn stop(child: Child, (signal, code): (Signal, i32), words: &str) {
    let process = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    nix::sys::signal::kill(process, signal).expect("a signal");
    let run = finish(child);
    assert_eq!(run.code, code, "{signal}: {}", run.stderr);
    if signal != Signal::SIGKILL {
        assert!(run.stderr.contains(words), "{signal}: {}", run.stderr);
    }
}

/// At once after a signal that the run hears, a little later when the run was killed.
#[track_caller]
fn nothing_remains(process: u32, folder: &Path, signal: Signal) {
    if signal == Signal::SIGKILL {
        patiently("an end of the server", || {
            (!has_process(folder) && !folder.exists()).then_some(())
        });
    }
    assert_eq!(folder_of(process), None, "{signal}");
    assert!(!has_process(folder), "{signal}");
}

/// Waits until a statement sleeps on the private server of a run; the folder of that server.
fn until_asleep(process: u32) -> PathBuf {
    let folder = patiently("a folder", || folder_of(process));
    let host = folder.display();
    until_connected(
        &format!("postgres:///postgres?host={host}&user=postgres"),
        SLEEPS,
    );
    folder
}

#[test]
fn file_mode_leaves_nothing_in_any_phase() {
    for signal in SIGNALS {
        for (phase, after) in [("load", SLOW_TO_LOAD), ("proof", SLOW_TO_PROVE)] {
            let sandbox = Sandbox::new();
            sandbox.write("before.sql", BEFORE);
            sandbox.write("after.sql", format!("{BEFORE}{after}"));
            let arguments = ["migrate", "before.sql", "--compare", "after.sql"];
            let child = start(sandbox.command(arguments.iter().chain(&["--output", "out/"])));
            let process = child.id();
            let folder = until_asleep(process);
            stop(child, signal, "interrupted; nothing was written");
            nothing_remains(process, &folder, signal.0);
            assert_eq!(sandbox.files(), ["after.sql", "before.sql"], "{phase}");
        }
    }
}

#[test]
fn a_server_that_is_just_starting_is_stopped() {
    use std::os::unix::fs::PermissionsExt;
    let Some(binaries) = local_binaries() else {
        // Elsewhere the binaries come from npm, and the other tests start them.
        assert!(crate::postgres::needs_download());
        return;
    };
    for signal in SIGNALS {
        let sandbox = Sandbox::new();
        sandbox.write("before.sql", BEFORE);
        sandbox.write("after.sql", BEFORE);
        let real = binaries.folder.display();
        let server = sandbox.write(
            "bin/postgres",
            format!(
                "#!/bin/sh\n[ \"$1\" = --version ] && exec {real}/postgres --version\n\
                 case \" $* \" in *' -k '*) sleep 300 & echo begun; wait;; \
                 *) exec {real}/postgres \"$@\";; esac\n"
            ),
        );
        let initdb = sandbox.write(
            "bin/initdb",
            format!("#!/bin/sh\nexec {real}/initdb \"$@\"\n"),
        );
        // The server may run under another account.
        for path in [
            &server,
            &initdb,
            &sandbox.path().join("bin"),
            &sandbox.path().to_owned(),
        ] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("modes");
        }
        let arguments = ["migrate", "before.sql", "--compare", "after.sql"];
        let mut command = sandbox.command(arguments.iter().chain(&["--pg-bin", "bin"]));
        // Its template goes with the sandbox; the cache must be open to the other account as well.
        command.env("XDG_CACHE_HOME", sandbox.path().join("cache"));
        let child = start(command);
        let process = child.id();
        let folder = patiently("a server that begins", || {
            let folder = folder_of(process)?;
            let log = std::fs::read_to_string(folder.join("log")).ok()?;
            log.contains("begun").then_some(folder)
        });
        stop(child, signal, "interrupted; nothing was written");
        nothing_remains(process, &folder, signal.0);
    }
}

#[test]
fn a_named_server_keeps_no_database_of_a_stopped_run() {
    for signal in SIGNALS {
        for after in [SLOW_TO_LOAD, SLOW_TO_PROVE] {
            let url = fixture().database(BEFORE);
            let sandbox = Sandbox::new();
            sandbox.write("after.sql", format!("{BEFORE}{after}"));
            let child = start(sandbox.command([
                "migrate",
                "--connection",
                &url,
                "--compare",
                "after.sql",
                "--output",
                "out/",
            ]));
            let ours = format!("datname LIKE 'backsmith\\_scratch\\_{}\\_%'", child.id());
            until(&url, &format!("{SLEEPS} AND {ours}"));
            stop(child, signal, "interrupted; nothing was written");
            if signal.0 == Signal::SIGKILL {
                // The server does not look at the client before the statement has ended.
                execute(
                    &url,
                    &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"),
                );
                let sessions = format!("SELECT pid::text FROM pg_stat_activity WHERE {ours}");
                patiently("the end of its sessions", || {
                    query(&url, &sessions).is_empty().then_some(())
                });
                wait(Server::on(&SecretUrl::new(url.clone()))).expect("the next run");
            }
            let left = format!("SELECT datname::text FROM pg_database WHERE {ours}");
            assert_eq!(query(&url, &left), Vec::<String>::new(), "{signal:?}");
            assert_eq!(sandbox.files(), ["after.sql"]);
        }
    }
}

#[test]
fn the_analysis_of_a_file_leaves_nothing() {
    for signal in SIGNALS {
        let sandbox = Sandbox::new();
        sandbox.write("schema.sql", SLOW_TO_LOAD);
        let child = start(sandbox.command(["migrate", "schema.sql", "--analyze"]));
        let process = child.id();
        let folder = until_asleep(process);
        stop(child, signal, "interrupted; nothing was analyzed");
        nothing_remains(process, &folder, signal.0);
    }
}

/// What a run leaves that is killed while it lays out the server's files.
#[test]
fn the_next_run_removes_a_folder_without_a_server() {
    let base = folder_base();
    let left = base.join("backsmith-2147483002-begun");
    std::fs::create_dir_all(left.join("data")).expect("a folder");
    std::fs::write(left.join("data/PG_VERSION"), "15").expect("a file");
    wait(Server::start(&private_server())).expect("the next run");
    assert!(!left.exists());
}

/// Where private servers are made that may grow large.
fn folder_base() -> PathBuf {
    let server = wait(Server::start(&private_server())).expect("a server");
    let data = query(server.url().expose(), "SHOW data_directory").remove(0);
    let base = Path::new(&data).parent().and_then(Path::parent);
    base.expect("a folder of folders").to_owned()
}

#[test]
fn a_role_with_one_connection_compares_two_databases() {
    let before = fixture().database("CREATE TABLE planets (name text)");
    let after = fixture().database("CREATE TABLE planets (name text, moons int)");
    execute(
        &before,
        "CREATE ROLE one_at_a_time LOGIN CONNECTION LIMIT 1",
    );
    let limited = |url: &str| url.replace("user=postgres", "user=one_at_a_time");
    let run = Sandbox::new()
        .run([
            "migrate",
            "--connection",
            &limited(&before),
            "--compare",
            &limited(&after),
            "--check",
        ])
        .expect(1);
    assert!(run.stdout.contains("moons"), "{}", run.stdout);
    let same = Sandbox::new().run([
        "migrate",
        "--connection",
        &limited(&before),
        "--compare",
        &limited(&before),
        "--check",
    ]);
    same.expect(0);
}

/// Only a session that is about to end is waited for: what is wrong otherwise is told at once.
#[test]
fn a_database_that_says_no_is_asked_no_more() {
    let before = fixture().database("CREATE TABLE planets (name text)");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let tries = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&tries);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            drop(stream);
        }
    });
    let gone = format!("postgres://me@{address}/gone?sslmode=disable");
    Sandbox::new()
        .run(["migrate", "--connection", &before, "--compare", &gone])
        .expect(4);
    assert_eq!(tries.load(std::sync::atomic::Ordering::SeqCst), 2);
}

/// A small file may take more locks than there is room for on a server that is made for small files.
#[test]
fn a_small_file_may_take_many_locks() {
    let sandbox = Sandbox::new();
    let locks =
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(i) FROM generate_series(1, 120000) i; END $$;";
    sandbox.write("a.sql", "CREATE TABLE planets (name text);");
    sandbox.write(
        "b.sql",
        format!("CREATE TABLE moons (name text);\n{locks}\n"),
    );
    sandbox
        .run(["migrate", "a.sql", "--compare", "b.sql", "--check"])
        .expect(1);
    sandbox.run(["migrate", "b.sql", "--analyze"]).expect(0);
}
