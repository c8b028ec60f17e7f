//! Schema files as they come: roles that are nowhere, settings of other versions, transactions of
//! their own.

use crate::sandbox::Sandbox;

/// The statements that lead from nothing to a file.
fn made_from(sql: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("empty.sql", "SELECT 1;\n");
    sandbox.write("wanted.sql", sql);
    sandbox
        .run([
            "migrate",
            "empty.sql",
            "--compare",
            "wanted.sql",
            "--output",
            "out",
            "--no-verify",
        ])
        .expect(0);
    let files = std::fs::read_dir(sandbox.path().join("out")).expect("a folder");
    let up = files
        .flatten()
        .map(|file| file.path())
        .find(|path| path.to_string_lossy().ends_with(".up.sql"))
        .expect("a file");
    std::fs::read_to_string(up).expect("SQL")
}

fn roles(count: usize) -> String {
    let names: Vec<String> = (0..count).map(|at| format!("loaded_by_{at}")).collect();
    names.join(", ")
}

#[test]
fn every_missing_role_of_a_statement_is_made() {
    let made = made_from(&format!(
        "CREATE TABLE t (a int);\nGRANT SELECT ON t TO {};\n",
        roles(25)
    ));
    assert!(made.contains("loaded_by_0"), "{made}");
    assert!(made.contains("loaded_by_24"), "{made}");
}

#[test]
fn what_is_let_pass_does_not_end_a_transaction_of_the_file() {
    let made = made_from(&format!(
        "BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nCREATE SCHEMA public;\nCREATE TABLE first (a int);\n\
         SET a_setting_of_tomorrow = on;\nALTER TABLE first OWNER TO loaded_owner;\n\
         GRANT SELECT ON first TO {};\nCREATE TABLE second (a int);\nCOMMIT;\n",
        roles(3)
    ));
    for wanted in ["first", "second", "loaded_by_2"] {
        assert!(made.contains(wanted), "{wanted}: {made}");
    }
}

#[test]
fn a_role_that_cannot_be_made_is_a_fault_at_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write("empty.sql", "SELECT 1;\n");
    let sql = "BEGIN;\nCREATE TABLE t (a int);\nGRANT SELECT ON t TO pg_of_nobody;\nCREATE TABLE u (b nothing);\nCOMMIT;\n";
    sandbox.write("wanted.sql", sql);
    let run = sandbox
        .run([
            "migrate",
            "empty.sql",
            "--compare",
            "wanted.sql",
            "--output",
            "out",
        ])
        .expect(2);
    assert!(
        run.stderr.contains("role \"pg_of_nobody\" does not exist")
            && run.stderr.contains("wanted.sql:3"),
        "{}",
        run.stderr
    );
}
