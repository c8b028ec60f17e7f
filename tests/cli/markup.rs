//! Reads a page as a strict browser would: every tag closed in its order, every id once, every link a
//! place of the page, nothing from outside and nothing that runs.

use std::collections::BTreeSet;

/// A page may not be larger, so that it can be sent around.
const LARGEST: usize = 120_000;
const VOID: [&str; 2] = ["meta", "br"];

#[track_caller]
pub(crate) fn is_one_safe_page(page: &str) {
    assert!(page.starts_with("<!doctype html>\n"), "{page}");
    assert!(page.trim_end().ends_with("</html>"), "{page}");
    assert!(page.len() < LARGEST, "{} bytes", page.len());
    assert!(page.contains("content=\"default-src 'none';style-src 'unsafe-inline'\""));
    let mut open: Vec<String> = Vec::new();
    let (mut ids, mut links) = (BTreeSet::new(), BTreeSet::new());
    let mut rest = page.strip_prefix("<!doctype html>").unwrap_or(page);
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..];
        let end = tag.find('>').expect("a tag that ends");
        let inside = &tag[..end];
        rest = &tag[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "before {rest:.80}");
            continue;
        }
        let name = inside.split([' ', '/']).next().unwrap_or_default();
        assert!(is_known(name), "<{inside}>");
        for (key, value) in attributes(inside) {
            match key.as_str() {
                "id" => assert!(ids.insert(value.clone()), "{value} twice"),
                "href" => assert!(
                    links.insert(value.clone()) || value.starts_with('#'),
                    "{value}"
                ),
                "aria-labelledby" => {
                    links.extend(value.split(' ').map(|id| format!("#{id}")));
                }
                _ => {}
            }
            assert!(
                !key.starts_with("on") && key != "src",
                "{key} in <{inside}>"
            );
            assert!(
                !value.contains("url(") && !value.contains("javascript:"),
                "{value}"
            );
        }
        if name == "style" {
            let end = rest.find("</style>").expect("the end of the style");
            assert!(!rest[..end].contains("url(") && !rest[..end].contains("@import"));
            rest = &rest[end..];
        }
        if !VOID.contains(&name) && !inside.ends_with('/') {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "still open: {open:?}");
    for link in links {
        let id = link
            .strip_prefix('#')
            .unwrap_or_else(|| panic!("{link} leads outside"));
        assert!(ids.contains(id), "{link} leads nowhere");
    }
    for hidden in ['\u{202e}', '\u{200b}', '\u{1b}', '\0'] {
        assert!(!page.contains(hidden), "{hidden:?} in the page");
    }
    for word in ["{{", "{%", "NaN", "inf%", "&amp;amp;", "&amp;lt;"] {
        assert!(!page.contains(word), "{word} in the page");
    }
}

/// The text of a page, without its tags and with its entities read.
pub(crate) fn text(page: &str) -> String {
    let mut text = String::new();
    for piece in page.split('<').skip(1) {
        if let Some((_, after)) = piece.split_once('>') {
            text.push_str(after);
            text.push(' ');
        }
    }
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}

fn is_known(name: &str) -> bool {
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "svg",
        "symbol",
        "path",
        "circle",
        "rect",
        "line",
        "g",
        "text",
        "desc",
        "use",
        "main",
        "header",
        "footer",
        "nav",
        "section",
        "article",
        "div",
        "p",
        "span",
        "b",
        "br",
        "h1",
        "h2",
        "h3",
        "dl",
        "dt",
        "dd",
        "ul",
        "li",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
        "figcaption",
        "details",
        "summary",
        "pre",
        "code",
        "a",
        "small",
    ]
    .contains(&name)
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // After the name of the element.
    let mut rest = tag.trim_end_matches('/');
    rest = rest
        .find([' ', '\n', '\t'])
        .map_or("", |at| &rest[at..])
        .trim_start();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ', '\n', '\t']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, next) = match after.strip_prefix('=') {
            // An attribute without a value.
            None => ("", after),
            Some(after) => match after.chars().next() {
                Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).expect("a closed value"),
                _ => after.split_at(after.find([' ', '\n', '\t']).unwrap_or(after.len())),
            },
        };
        found.push((key.to_ascii_lowercase(), value.to_owned()));
        rest = next.trim_start();
    }
    found
}

#[test]
fn attributes_are_found_however_they_are_written() {
    let all = "img src=x onerror='alert(1)' HREF=\"a b\" hidden onclick=go()/";
    let found = attributes(all);
    let pairs: Vec<(&str, &str)> = found
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("src", "x"),
            ("onerror", "alert(1)"),
            ("href", "a b"),
            ("hidden", ""),
            ("onclick", "go()")
        ]
    );
}
