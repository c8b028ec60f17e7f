//! What templates become, and what they may not be.

use proptest::prelude::*;

use super::*;
use crate::text::SourceFile;

fn table() -> Table {
    let file = SourceFile::new("users.csv", "id,full name\n1,\"A \"\"B\"\"\n&ü\"\n");
    Table::parse(&file).expect("a table")
}

fn compiled(text: &str, escape: Escape) -> Result<Template, Vec<Fault>> {
    let table = table();
    let environment = |name: &str| (name == "TOKEN").then(|| "a b".to_owned());
    let names = Names {
        table: Some(&table),
        is_table_broken: false,
        environment: &environment,
    };
    Ok(Template::of(&parse(text, &names)?, escape))
}

fn rendered(text: &str, escape: Escape, chance: u64) -> String {
    let (table, mut out) = (table(), Vec::new());
    let template = compiled(text, escape).expect(text);
    template.render(&mut Values::new(Some(&table), 42, 0, chance), &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn values_stand_where_they_were_asked_for() {
    for (text, escape, wanted) in [
        ("a{{seq}}b{{ seq }}", Escape::None, "a42b42"),
        (
            "{{csv.full name}}",
            Escape::Percent,
            "A%20%22B%22%0A%26%C3%BC",
        ),
        ("{{csv.full name}}", Escape::Json, r#"A \"B\"\n&ü"#),
        ("{{csv.full name raw}}", Escape::Json, "A \"B\"\n&ü"),
        (
            "{{env.TOKEN}}/{{env.TOKEN raw}}",
            Escape::Percent,
            "a%20b/a b",
        ),
        (r"\{{seq}} \\{{", Escape::None, r"{{seq}} \{{"),
        (
            r#"{"a":{"b":{{int 7 7}}}}"#,
            Escape::Json,
            r#"{"a":{"b":7}}"#,
        ),
        ("{{int -3 -3}}", Escape::Percent, "-3"),
    ] {
        assert_eq!(rendered(text, escape, 1), wanted, "{text}");
    }
}

#[test]
fn what_is_drawn_is_in_its_range_and_new_at_each_place() {
    let mut seen = [0; 6];
    for chance in 0..6_000 {
        let drawn: usize = rendered("{{int 0 5}}", Escape::None, chance)
            .parse()
            .expect("one");
        seen[drawn] += 1;
    }
    assert!(
        seen.iter().all(|count| (800..1_200).contains(count)),
        "{seen:?}"
    );
    let text = rendered("{{uuid}} {{uuid}}", Escape::None, 3);
    let (first, second) = text.split_once(' ').expect("two");
    assert_ne!(first, second);
    for text in [first, second] {
        let pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
        assert!(
            regex::Regex::new(pattern).expect("one").is_match(text),
            "{text}"
        );
    }
    let whole = format!("{{{{int {} {}}}}}", i64::MIN, i64::MAX);
    assert_ne!(
        rendered(&whole, Escape::None, 1),
        rendered(&whole, Escape::None, 2)
    );
}

#[test]
fn faults_say_what_was_meant() {
    let texts = [
        "{{uid}}",
        "{{int 5 1}}",
        "{{int}}",
        "{{csv.nam}}",
        "{{csv.ful name}}",
        "{{env.NO}}",
        "x {{seq",
        "{{seq 3}}",
        "{{}}",
        "{{now}}",
    ];
    let lines = texts.map(|text| {
        let faults = compiled(text, Escape::None).expect_err(text);
        assert_eq!(faults.len(), 1);
        let help = faults[0].help.clone().unwrap_or_default();
        format!("{:?} {} | {help}", faults[0].range, faults[0].message)
    });
    insta::assert_snapshot!(lines.join("\n"), @r"
    0..7 `{{uid}}` is no value | did you mean `{{uuid}}`?
    0..11 `{{int 5 1}}` wants two whole numbers, the lower one first | `{{int 1 100}}`
    0..7 `{{int}}` wants two whole numbers, the lower one first | `{{int 1 100}}`
    0..11 `users.csv` has no column `nam` | its columns are id, full name
    0..16 `users.csv` has no column `ful name` | did you mean `{{csv.full name}}`?
    0..10 the environment variable `NO` is not set | 
    2..7 `{{` without `}}` | one of `{{uuid}}`, `{{seq}}`, `{{int 1 100}}`, `{{csv.column}}`, `{{env.NAME}}`; `\{{` is text
    0..9 `seq` takes nothing but `raw` after it | `{{seq}}`
    0..4 `{{}}` is no value | one of `{{uuid}}`, `{{seq}}`, `{{int 1 100}}`, `{{csv.column}}`, `{{env.NAME}}`; `\{{` is text
    0..7 `{{now}}` is no value | one of `{{uuid}}`, `{{seq}}`, `{{int 1 100}}`, `{{csv.column}}`, `{{env.NAME}}`; `\{{` is text
    ");
}

proptest! {
    #[test]
    fn any_text_compiles_or_is_refused(text in "([a-z{}\\\\ .]|\\{\\{|\\}\\}|uuid|csv\\.|int 1 2|é)*") {
        if let Ok(template) = compiled(&text, Escape::Json) {
            let table = table();
            template.render(&mut Values::new(Some(&table), 1, 0, 1), &mut Vec::new());
        }
    }

    #[test]
    fn any_characters_compile_or_are_refused(text in any::<String>()) {
        if let Err(faults) = compiled(&text, Escape::Percent) {
            for fault in faults {
                prop_assert!(text.get(fault.range).is_some());
            }
        }
    }

    #[test]
    fn text_without_braces_stays_as_it_is(text in any::<String>()) {
        prop_assume!(!text.contains("{{"));
        for escape in [Escape::None, Escape::Percent, Escape::Json] {
            prop_assert_eq!(&rendered(&text, escape, 1), &text);
        }
    }
}
