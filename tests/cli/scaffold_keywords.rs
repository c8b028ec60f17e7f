//! Every keyword of a schema against a generated server: what it allows and what it refuses.

use crate::scaffold::server;

/// (property, values that it may have, values that it may not have).
const KEYWORDS: &[(&str, &[&str], &[&str])] = &[
    ("exclusive", &["3", "10.5"], &["12", "3.5", "\"a\""]),
    ("negated", &["1", "null", "{}"], &["\"a\""]),
    (
        "patterned",
        &["{}", r#"{"x-a":1}"#],
        &[r#"{"x-a":"1"}"#, r#"{"y":1}"#],
    ),
    (
        "mapped",
        &[r#"{"a":"x","b":1}"#],
        &[r#"{"a":1}"#, r#"{"b":"x"}"#],
    ),
    (
        "dependent",
        &["{}", r#"{"card":1,"billing":2}"#],
        &[r#"{"card":1}"#],
    ),
    (
        "dependentSchema",
        &[r#"{"card":1,"billing":"x"}"#],
        &[r#"{"card":1}"#, r#"{"card":1,"billing":2}"#],
    ),
    ("named", &[r#"{"abc":1}"#], &[r#"{"Abc":1}"#]),
    ("contained", &["[7]", "[1,7,7]"], &["[]", "[1]", "[7,7,7]"]),
    (
        "pair",
        &[r#"["a",1]"#],
        &[r#"["a"]"#, r#"["a","b"]"#, r#"["a",1,2]"#],
    ),
    (
        "branched",
        &[r#"{"country":"US","zip":"12345"}"#, r#"{"zip":"any"}"#],
        &[r#"{"country":"US","zip":"any"}"#, r#"{"country":"DE"}"#],
    ),
    ("fixed", &[r#"{"a":[1,2]}"#], &[r#"{"a":[2,1]}"#]),
    (
        "unique",
        &[r#"[1,"1",{"a":1}]"#],
        &["[1,1.0]", r#"[{"a":1,"b":2},{"b":2,"a":1}]"#],
    ),
    ("step", &["0.3", "1"], &["0.25"]),
    ("short", &["\"ab\"", "\"😀😀\""], &["\"abc\""]),
    (
        "small",
        &["2147483647", "1.0"],
        &["2147483648", "1.5", "\"1\""],
    ),
    ("day", &["\"2024-02-29\""], &["\"2023-02-29\""]),
    ("both", &[r#"{"a":"x"}"#], &["{}", r#"{"a":"x","b":"y"}"#]),
    ("either", &["null", "\"abc\""], &["\"ab\"", "1"]),
    ("untyped", &["true", "\"ab\"", "5"], &["\"a\"", "4"]),
    (
        "atLeast",
        &[r#"{"a":1}"#],
        &["{}", r#"{"a":1,"b":1,"c":1}"#],
    ),
    (
        "tree",
        &[r#"{"label":"a","children":[{"label":"b"}]}"#],
        &[r#"{"label":"a","children":[{}]}"#],
    ),
    (
        "animal",
        &[
            r#"{"kind":"cat","lives":9}"#,
            r#"{"kind":"dog","bark":"w"}"#,
        ],
        &[r#"{"kind":"cow"}"#, r#"{"kind":"cat","lives":10}"#],
    ),
    ("unknown", &[], &["1"]),
];

#[test]
fn every_keyword_is_enforced_and_no_more() {
    let (_sandbox, server) = server("keywords.yaml", "express");
    let mut wrong = Vec::new();
    for (property, valid, invalid) in KEYWORDS {
        for (values, wanted) in [(valid, 501), (invalid, 400)] {
            for value in *values {
                let body = format!("{{\"{property}\":{value}}}");
                let answer =
                    server.ask("POST", "/values?kind=1", Some(("application/json", &body)));
                if answer.status != wanted {
                    wrong.push(format!("{body}: {} {}", answer.status, answer.body));
                }
            }
        }
    }
    for (query, wanted) in [
        ("kind=a", 501),
        ("kind=true", 501),
        ("kind=b", 400),
        ("", 400),
    ] {
        let answer = server.ask(
            "POST",
            &format!("/values?{query}"),
            Some(("application/json", "{}")),
        );
        if answer.status != wanted {
            wrong.push(format!("{query}: {} {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
