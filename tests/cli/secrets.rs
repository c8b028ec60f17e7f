//! Passwords in SQL reach the server and nobody else: no output, no history, no report.

use serde_json::Value;

use crate::migration::{arguments, document};
use crate::postgres::{execute, fixture, query};
use crate::sandbox::{Run, Sandbox};

const SECRET: &str = "s3cret";

#[track_caller]
fn keeps_quiet(run: &Run) {
    assert!(!run.stdout.contains(SECRET), "{}", run.stdout);
    assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
}

/// The history as it is written, every value that it ever held.
const WATCH: &str = "
    CREATE TABLE written (entry text);
    CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO public.written SELECT to_jsonb(new)::text; RETURN new; END $$;
    CREATE TRIGGER watch BEFORE INSERT OR UPDATE ON backsmith.migrations
        FOR EACH ROW EXECUTE FUNCTION public.watch();";

#[test]
fn passwords_of_statements_are_told_to_the_server_only() {
    let url = fixture()
        .database("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w");
    let sandbox = Sandbox::new();
    sandbox.write("0.sql", "CREATE TABLE first (a int);\n");
    sandbox
        .run(arguments(&url, &["--migrate", "0.sql"]))
        .expect(0);
    execute(&url, WATCH);
    // The last one runs outside of a transaction, so it is noted before it starts; nobody listens there.
    let sql = "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u', password 's3cret');
CREATE TABLE notes (a text DEFAULT 'no secret');
CREATE SUBSCRIPTION copied
    CONNECTION 'host=127.0.0.1 port=1 user=u password=s3cret' PUBLICATION p;
";
    sandbox.write("1.sql", sql);
    for options in [
        &["--dry-run"][..],
        &["--dry-run", "--json"],
        &["--json"],
        &[],
    ] {
        let mut action = vec!["--migrate", "1.sql"];
        action.extend(options);
        let would_hold = options.contains(&"--dry-run");
        // Nobody listens where the subscription leads to.
        let code = i32::from(!would_hold);
        let run = sandbox.run(arguments(&url, &action)).expect(code);
        keeps_quiet(&run);
        if options.contains(&"--json") {
            let report = document(&run);
            let statements = report["statements"].as_array().expect("statements");
            let text = |at: usize| statements[at]["sql"].as_str().expect("SQL");
            assert!(
                text(0).ends_with("(user 'u', password '******')"),
                "{}",
                text(0)
            );
            assert!(text(1).contains("'no secret'"));
        }
    }
    let written = query(&url, "select entry from written");
    let noted: Vec<&String> = written
        .iter()
        .filter(|entry| entry.contains("CREATE SUBSCRIPTION"))
        .collect();
    assert!(!noted.is_empty(), "{written:?}");
    for entry in &written {
        assert!(!entry.contains(SECRET), "{entry}");
        let _: Value = serde_json::from_str(entry).expect("JSON");
    }
    // The server has it.
    assert_eq!(
        query(
            &url,
            "select array_to_string(umoptions, ',') from pg_user_mappings"
        ),
        ["user=u,password=s3cret"]
    );
}
