//! The contract that every subcommand keeps.

use std::path::Path;

use crate::sandbox::{Run, Sandbox};

fn reference(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("references")
        .join(path)
}

/// Compares a derived file with its source; `BLESS=1` writes it.
#[track_caller]
fn compare(path: &str, wanted: &str) {
    let path = reference(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, wanted).expect("a file");
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        present,
        wanted,
        "{} is stale: run the tests once with BLESS=1",
        path.display()
    );
}

#[test]
fn published_schemas_are_current() {
    for (name, schema) in backsmith::report::json::v1::published_schemas() {
        compare(
            &format!("schema/{name}"),
            &(serde_json::to_string_pretty(&schema).expect("JSON") + "\n"),
        );
    }
}

#[test]
fn exit_codes_are_published() {
    let rows = backsmith::failure::EXIT_CODES
        .iter()
        .map(|(code, meaning)| format!("| {code} | {meaning} |\n"));
    let table: String = rows.collect();
    compare(
        "exit-codes.md",
        &format!(
            "# Exit codes\n\nThe same for every command.\n\n| code | meaning |\n|---|---|\n{table}"
        ),
    );
}

#[test]
fn a_wrong_flag_is_named_with_the_right_one() {
    let run = Sandbox::new().run(["--jsn"]).expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn a_wrong_command_is_named_with_the_right_one() {
    let run = Sandbox::new().run(["scafold"]).expect(2);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn help_leads_with_examples() {
    let run = Sandbox::new().run(["--help"]).expect(0);
    insta::assert_snapshot!(run.transcript());
}

#[test]
fn faults_are_a_document_when_json_was_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.write("backsmith.toml", "[loadtest]\nconcurency = 50\n");
    let run = sandbox.run(["doctor", "--json"]).expect(2);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    let document: serde_json::Value = serde_json::from_str(&run.stderr).expect("one document");
    assert_eq!(document["schema"], "backsmith.error/v1");
    assert_eq!(document["errors"][0]["location"]["line"], 2);
}

#[test]
fn every_unknown_key_of_the_configuration_is_shown_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "backsmith.toml",
        "[loadtest]\nconcurency = 50\n\n[scaffold]\nframwork = \"koa\"\n",
    );
    insta::assert_snapshot!(sandbox.run(["doctor"]).expect(2).transcript());
    sandbox.run(["doctor", "--no-config", "--json"]).expect(0);
}

#[test]
fn the_database_url_of_the_environment_is_not_in_the_help() {
    let sandbox = Sandbox::new();
    for command in ["doctor", "migrate"] {
        let run = Run::of(
            sandbox
                .command([command, "--help"])
                .env("DATABASE_URL", "postgres://app:s3cret@db/shop"),
        )
        .expect(0);
        assert!(!run.stdout.contains("s3cret"), "{}", run.stdout);
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(["completions", "bash"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("a child");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn completions_know_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = sandbox.run(["completions", shell]).expect(0);
        for command in [
            "scaffold",
            "migrate",
            "loadtest",
            "decide",
            "doctor",
            "explain",
            "completions",
            "man",
        ] {
            assert!(run.stdout.contains(command), "{shell} lacks {command}");
        }
    }
}
