//! The manual pages: one for each command, complete, and without a fault that groff would name.

use std::process::{Command, Stdio};

use backsmith::cli::{command, manual_pages};

use crate::sandbox::Sandbox;

#[test]
fn every_flag_of_every_command_is_in_its_page() {
    let mut all = command();
    all.build();
    let pages = manual_pages().expect("pages");
    let mut commands = vec![&all];
    let mut at = 0;
    while let Some(command) = commands.get(at).copied() {
        at += 1;
        commands.extend(
            command
                .get_subcommands()
                .filter(|below| below.get_name() != "help"),
        );
        let name = command.get_display_name().unwrap_or("backsmith");
        let page = pages.iter().find(|page| page.name == name);
        let text = &page.unwrap_or_else(|| panic!("no page {name}")).text;
        for argument in command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set())
        {
            if let Some(long) = argument.get_long() {
                let flag = format!("\\-\\-{}", long.replace('-', "\\-"));
                assert!(text.contains(&flag), "{name} lacks --{long}");
            }
            if let Some(variable) = argument.get_env() {
                let variable = variable.to_string_lossy();
                assert!(text.contains(&*variable), "{name} lacks {variable}");
            }
        }
        for part in [
            "NAME",
            "SYNOPSIS",
            "OPTIONS",
            "EXIT STATUS",
            "FILES",
            "ENVIRONMENT",
        ] {
            let heading = [format!(".SH {part}\n"), format!(".SH \"{part}\"\n")];
            assert!(
                heading.iter().any(|it| text.contains(it)),
                "{name} lacks {part}"
            );
        }
        for code in ["70", "130", "143"] {
            assert!(
                text.contains(&format!("\\fB{code}\\fR")),
                "{name} lacks {code}"
            );
        }
        if command.get_before_help().is_some() {
            assert!(
                text.contains(".SH \"EXAMPLES\"\n"),
                "{name} lacks its examples"
            );
        }
    }
    assert_eq!(pages.len(), commands.len());
    assert!(pages.len() >= 9, "{} pages", pages.len());
}

/// Read by groff where it is installed; by the rules of man(7) that every system shares in any case.
#[test]
fn pages_are_without_fault() {
    for page in manual_pages().expect("pages") {
        assert!(
            !page.text.contains('\u{1b}'),
            "{} has styles of a terminal",
            page.name
        );
        for line in page
            .text
            .lines()
            .filter(|line| line.starts_with(['.', '\'']))
        {
            let request = line.split_whitespace().next().unwrap_or_default();
            let known = [
                ".TH", ".SH", ".SS", ".TP", ".PP", ".IP", ".RS", ".RE", ".nf", ".fi", ".ie", ".el",
                ".br", ".B", ".I",
            ];
            assert!(known.contains(&request), "{}: {line}", page.name);
        }
        let Some((words, shown)) = groff(&page.text) else {
            eprintln!("groff is not installed: {} was not rendered", page.name);
            continue;
        };
        assert!(words.is_empty(), "{}: {words}", page.name);
        assert!(shown.contains("SYNOPSIS"), "{shown}");
    }
}

/// What groff complains about, and the page as it shows it.
fn groff(page: &str) -> Option<(String, String)> {
    let mut child = Command::new("groff")
        .args(["-man", "-ww", "-Tutf8", "-P-cbu", "-K", "utf8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    let page = page.to_owned();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, page.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Some((text(output.stderr), text(output.stdout)))
}

#[test]
fn pages_are_written_once_and_printed_one_by_one() {
    let sandbox = Sandbox::new();
    let diff = sandbox
        .run(["man", "--output", "man1", "--dry-run"])
        .expect(0);
    assert!(
        diff.stdout.contains("+++ b/backsmith-migrate.1"),
        "{}",
        diff.stdout
    );
    assert!(sandbox.files().is_empty());
    let first = sandbox.run(["man", "--output", "man1"]).expect(0);
    assert!(
        first.stderr.contains("create  man1/backsmith.1"),
        "{}",
        first.stderr
    );
    let again = sandbox.run(["man", "--output", "man1"]).expect(0);
    assert!(again.stdout.contains(", 0 written"), "{}", again.stdout);
    let printed = sandbox.run(["man", "loadtest"]).expect(0).stdout;
    assert_eq!(printed, sandbox.read("man1/backsmith-loadtest.1"));
    let wrong = sandbox.run(["man", "loadtst"]).expect(2);
    assert!(
        wrong
            .stderr
            .contains("did you mean `backsmith man loadtest`?"),
        "{}",
        wrong.stderr
    );
}
