//! `backsmith explain`: pages, sections, exit codes, lists, and what to do with a wrong name.

use backsmith::diagnostic::{pages, subjects};

use crate::sandbox::Sandbox;

#[test]
fn a_page_is_shown_and_leads_on() {
    let sandbox = Sandbox::new();
    insta::assert_snapshot!(sandbox.run(["explain", "drop-column"]).expect(0).stdout);
    let page = sandbox.run(["explain", "drop-column", "--format", "markdown"]);
    assert_eq!(
        Some(page.expect(0).stdout.as_str()),
        pages::page("drop-column")
    );
}

#[test]
fn a_section_is_shown_with_the_codes_that_lead_there() {
    let run = Sandbox::new()
        .run(["explain", "database/foreign-keys"])
        .expect(0);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn the_last_part_of_a_name_will_do_where_it_is_clear() {
    let sandbox = Sandbox::new();
    let whole = sandbox.run(["explain", "api/pagination"]).expect(0).stdout;
    assert_eq!(
        sandbox.run(["explain", "pagination"]).expect(0).stdout,
        whole
    );
    assert_eq!(
        sandbox.run(["explain", "Pagination"]).expect(0).stdout,
        whole
    );
    let exit = sandbox.run(["explain", "3"]).expect(0).stdout;
    assert!(exit.contains("refused"), "{exit}");
    assert_eq!(sandbox.run(["explain", "exit/3"]).expect(0).stdout, exit);
    let question = sandbox.run(["explain", "questions/2"]).expect(0).stdout;
    assert!(question.starts_with("2 Tenancy\n"), "{question}");
    assert!(!question.contains("<!--"), "{question}");
}

#[test]
fn the_list_names_everything_once() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(["explain"]).expect(0).stdout;
    assert_eq!(sandbox.run(["explain", "--list"]).expect(0).stdout, list);
    for subject in subjects::all() {
        let start = format!("  {} ", subject.name);
        let times = list.lines().filter(|line| line.starts_with(&start)).count();
        assert_eq!(times, 1, "{}", subject.name);
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest() {
    let sandbox = Sandbox::new();
    for (wrong, near) in [
        ("drop-colum", "drop-column"),
        ("api/paginaton", "api/pagination"),
        ("paginaton", "pagination"),
        ("invalid-yml", "invalid-yaml"),
    ] {
        let run = sandbox.run(["explain", wrong]).expect(2);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
        let hint = format!("did you mean `{near}`?");
        assert!(run.stderr.contains(&hint), "{}", run.stderr);
    }
    let run = sandbox.run(["explain", "zzzz", "--json"]).expect(2);
    let document: serde_json::Value = serde_json::from_str(&run.stderr).expect("a document");
    assert_eq!(document["schema"], "backsmith.error/v1");
}

#[test]
fn documents_conform_to_their_schema() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["explain", "--json"][..],
        &["explain", "n-plus-one", "--json"],
        &["explain", "security", "--json"],
        &["explain", "exit/0", "--json"],
        &["explain", "invalid-yaml", "--json"],
    ] {
        let document = sandbox.run(arguments).expect(0).json();
        crate::decide::conforms(&document, "references/schema/explain.v1.json");
    }
    let page = sandbox.run(["explain", "n-plus-one", "--json"]).json();
    assert_eq!(page["subjects"][0]["guide"], "database/n-plus-one");
    let section = sandbox
        .run(["explain", "database/n-plus-one", "--json"])
        .json();
    let codes = section["subjects"][0]["codes"].to_string();
    assert!(codes.contains("n-plus-one-risk"), "{codes}");
}

#[test]
fn no_page_is_wider_than_the_width() {
    let sandbox = Sandbox::new();
    for subject in subjects::all() {
        let shown = sandbox_free(&subject);
        let wide: Vec<&str> = shown
            .lines()
            .filter(|line| line.chars().count() > 100 && !line.starts_with("    "))
            .collect();
        assert!(wide.is_empty(), "{}: {wide:#?}", subject.name);
    }
    drop(sandbox);
}

/// What a terminal of 100 columns would get.
fn sandbox_free(subject: &subjects::Subject) -> String {
    let mut out = Vec::new();
    backsmith::report::human::explain::write(&mut out, subject, 100).expect("a page");
    let plain = anstream::adapter::strip_bytes(&out).into_vec();
    String::from_utf8(plain).expect("UTF-8")
}
