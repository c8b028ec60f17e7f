//! Reports as one HTML page: self-contained, with nothing unescaped in it.

use crate::markup::is_one_safe_page;
use crate::migration::arguments;
use crate::postgres::fixture;
use crate::sandbox::Sandbox;

/// Names and texts that would be markup if they were not escaped.
const NASTY: &str = "
    create table owner (id int primary key);
    create table \"<script>alert(1)</script>\" (id int primary key, owner_id int references owner, price float8);
    create table gone (id int primary key, note text default '\"><img src=x onerror=alert(1)>');";

#[test]
fn an_analysis_is_a_page() {
    let url = fixture().database(NASTY);
    let sandbox = Sandbox::new();
    let analyze = ["--analyze", "--format", "html", "--report", "out/page.html"];
    let page = sandbox.run(arguments(&url, &analyze)).expect(0).stdout;
    is_one_safe_page(&page);
    assert_eq!(sandbox.read("out/page.html"), page);
    for part in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<code>backsmith explain fk-without-index</code>",
        "<code>backsmith explain float-money</code>",
        "CREATE INDEX CONCURRENTLY",
        "<dt>Indexes to add</dt><dd>1</dd>",
    ] {
        let plain = page.replace("&#60;", "&lt;").replace("&#62;", "&gt;");
        assert!(plain.contains(part), "{part}\n{page}");
    }
    let nothing = fixture().database("create table owner (id int primary key)");
    let analyze = ["--analyze", "--format", "html"];
    let page = sandbox.run(arguments(&nothing, &analyze)).expect(0).stdout;
    is_one_safe_page(&page);
    assert!(page.contains("Nothing to object in 1 table"), "{page}");
}

#[test]
fn a_comparison_is_a_page_whatever_comes_out() {
    let url = fixture().database(NASTY);
    let sandbox = Sandbox::new();
    sandbox.write("same.sql", NASTY);
    let (kept, _) = NASTY.split_once("    create table gone").expect("a table");
    sandbox.write("less.sql", format!("{kept} create table more (id int);"));
    let page = |more: &[&str], code: i32| {
        let action = [&["--format", "html"], more].concat();
        let page = sandbox.run(arguments(&url, &action)).expect(code).stdout;
        is_one_safe_page(&page);
        page
    };
    let equal = page(&["--compare", "same.sql"], 0);
    assert!(equal.contains("class=\"verdict ok\""), "{equal}");
    let drift = page(&["--compare", "less.sql", "--check"], 1);
    assert!(drift.contains("class=\"verdict bad\""), "{drift}");
    let output = ["--compare", "less.sql", "--output", "migrations/"];
    let refused = page(&output, 3);
    assert!(refused.contains("<code>drop-table</code>"), "{refused}");
    let allowed = page(&[&output[..], &["--allow", "all", "--dry-run"]].concat(), 0);
    for part in [
        "class=\"verdict warn\"",
        "Proven up and down on PostgreSQL ",
        "<code>public.more</code>",
        "id=\"diff\"",
    ] {
        assert!(allowed.contains(part), "{part}\n{allowed}");
    }
}
