//! `--urls`: a list of requests, as text with a request a line, or as YAML or JSON where requests have
//! headers. Faults have their places; what the requests hold is checked where they are made.

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::text::tree::{self, Entry, Node, NodeKind};
use crate::text::{SourceFile, Span, suggest};

/// One request of a list.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: Option<(String, Span)>,
    pub(super) weight: u32,
    pub(super) accepted: Vec<RangeInclusive<u16>>,
    pub(super) method: Option<String>,
    pub(super) url: String,
    pub(super) url_span: Span,
    /// Name, value and the place of the name.
    pub(super) headers: Vec<(String, String, Span)>,
    pub(super) body: Option<(String, Span)>,
    /// Below the folder of the list.
    pub(super) body_file: Option<(String, Span)>,
}

impl Line {
    fn new(url: String, url_span: Span) -> Self {
        Self {
            name: None,
            weight: 1,
            accepted: Vec::new(),
            method: None,
            url,
            url_span,
            headers: Vec::new(),
            body: None,
            body_file: None,
        }
    }
}

const MOST_WEIGHT: u64 = 1_000_000;

/// Reads a list by the ending of its name: the requests that can be read, and every fault.
pub(super) fn read(file: &Arc<SourceFile>) -> (Vec<Line>, Vec<Diagnostic>) {
    let ending = file.name.rsplit('.').next().unwrap_or_default();
    let mut faults = Vec::new();
    let lines = match ending.to_ascii_lowercase().as_str() {
        "yaml" | "yml" | "json" => match tree::parse(file) {
            Ok(root) => documents(&root, &mut faults),
            Err(found) => return (Vec::new(), found),
        },
        _ => text_lines(file, &mut faults),
    };
    if faults.is_empty() && lines.is_empty() {
        let help = "a line is `[WEIGHT] [METHOD] URL [@BODYFILE]`";
        let fault = Diagnostic::error("wrong-list", "no request is in the list");
        faults.push(fault.at(Span::new(file, 0..0)).help(help));
    }
    (lines, faults)
}

fn text_lines(file: &Arc<SourceFile>, faults: &mut Vec<Diagnostic>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let words = words(line, start);
        start += line.len();
        if let Some(read) = text_line(file, &words, faults) {
            lines.push(read);
        }
    }
    lines
}

/// A word and its place in the file.
type Word<'file> = (&'file str, std::ops::Range<usize>);

/// Words between blanks; blanks between double braces belong to a word, and `#` begins a comment.
fn words(line: &str, start: usize) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        let rest = &line[at..];
        at += rest.len() - rest.trim_start().len();
        let rest = &line[at..];
        if rest.is_empty() || rest.starts_with('#') {
            return words;
        }
        let mut end = 0;
        while let Some(letter) = rest[end..].chars().next() {
            if letter.is_whitespace() {
                break;
            }
            let inner = rest[end..]
                .strip_prefix("{{")
                .and_then(|inner| inner.find("}}"));
            end += inner.map_or(letter.len_utf8(), |length| length + 4);
        }
        words.push((&rest[..end], start + at..start + at + end));
        at += end;
    }
}

fn text_line(
    file: &Arc<SourceFile>,
    words: &[Word<'_>],
    faults: &mut Vec<Diagnostic>,
) -> Option<Line> {
    let span = |word: &Word<'_>| Span::new(file, word.1.clone());
    let mut rest = words;
    let (mut weight, mut method) = (1, None);
    if let [first, more @ ..] = rest
        && first.0.bytes().all(|byte| byte.is_ascii_digit())
    {
        weight = self::weight(first.0.parse().ok(), &span(first), faults)?;
        rest = more;
    }
    if let [first, more @ ..] = rest
        && !first.0.contains(['/', ':', '@', '{'])
        && !more.is_empty()
    {
        method = Some(first.0.to_owned());
        rest = more;
    }
    let Some((url, more)) = rest.split_first() else {
        if let Some(last) = words.last() {
            let fault = Diagnostic::error("wrong-list", "no URL is on this line");
            faults.push(
                fault
                    .at(span(last))
                    .help("a line is `[WEIGHT] [METHOD] URL [@BODYFILE]`"),
            );
        }
        return None;
    };
    let mut line = Line::new(url.0.to_owned(), span(url));
    line.weight = weight;
    line.method = method;
    match more {
        [] => {}
        [body] if body.0.len() > 1 && body.0.starts_with('@') => {
            line.body_file = Some((body.0[1..].to_owned(), span(body)));
        }
        [extra, ..] => {
            let fault =
                Diagnostic::error("wrong-list", format!("`{}` does not belong here", extra.0));
            let help = "a line is `[WEIGHT] [METHOD] URL [@BODYFILE]`; headers and bodies in the list itself need YAML or JSON";
            faults.push(fault.at(span(extra)).help(help));
            return None;
        }
    }
    Some(line)
}

fn weight(number: Option<u64>, span: &Span, faults: &mut Vec<Diagnostic>) -> Option<u32> {
    let fits = number.filter(|number| (1..=MOST_WEIGHT).contains(number));
    if fits.is_none() {
        let fault = Diagnostic::error(
            "wrong-list",
            "a weight is a whole number from 1 to 1,000,000",
        );
        faults.push(fault.at(span.clone()));
    }
    fits.map(|number| number as u32)
}

const KEYS: [&str; 8] = [
    "name",
    "weight",
    "method",
    "url",
    "headers",
    "body",
    "body_file",
    "status",
];

fn documents(root: &Node, faults: &mut Vec<Diagnostic>) -> Vec<Line> {
    let NodeKind::Sequence(items) = &root.kind else {
        let fault = Diagnostic::error("wrong-list", "the list is no sequence of requests");
        let help = "`- url: http://localhost:3000/users` is a request";
        faults.push(fault.at(root.span.clone()).help(help));
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| document(item, faults))
        .collect()
}

fn document(item: &Node, faults: &mut Vec<Diagnostic>) -> Option<Line> {
    let url = item.get("url").and_then(|node| text(node, "url", faults));
    let Some(url) = url else {
        if item.get("url").is_none() {
            let fault = Diagnostic::error("wrong-list", "a request without `url`");
            faults.push(fault.at(item.span.clone()));
        }
        return None;
    };
    let before = faults.len();
    let mut line = Line::new(url.0, inner(url.1));
    for entry in item.entries() {
        let node = &entry.value;
        match entry.key.as_str() {
            "url" => {}
            "name" => line.name = text(node, "name", faults),
            "method" => line.method = text(node, "method", faults).map(|(text, _)| text),
            "body_file" => line.body_file = text(node, "body_file", faults),
            "weight" => {
                let number = match &node.kind {
                    NodeKind::Scalar(value) => value.as_u64(),
                    _ => None,
                };
                line.weight = weight(number, &node.span, faults).unwrap_or(1);
            }
            "body" => {
                let text = match &node.kind {
                    NodeKind::Scalar(Value::String(text)) => text.clone(),
                    _ => node.to_value().to_string(),
                };
                line.body = Some((text, node.span.clone()));
            }
            "headers" => line.headers = headers(node, faults),
            "status" => line.accepted = statuses(node, faults),
            _ => faults.push(unknown(entry)),
        }
    }
    if let (Some(_), Some((_, span))) = (&line.body, &line.body_file) {
        let fault = Diagnostic::error(
            "wrong-list",
            "a request has `body` or `body_file`, not both",
        );
        faults.push(fault.at(span.clone()));
    }
    (faults.len() == before).then_some(line)
}

/// Places in a quoted text count from behind the quote.
fn inner(mut span: Span) -> Span {
    let text = span.file.text.get(span.range.clone()).unwrap_or_default();
    if text.len() > 1 && text.starts_with(['"', '\'']) {
        span.range = span.range.start + 1..span.range.end - 1;
    }
    span
}

fn unknown(entry: &Entry) -> Diagnostic {
    let fault = Diagnostic::error("wrong-list", format!("a request has no `{}`", entry.key));
    let help = match suggest::nearest(&entry.key, KEYS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("one of {}", KEYS.join(", ")),
    };
    fault.at(entry.key_span.clone()).help(help)
}

fn text(node: &Node, key: &str, faults: &mut Vec<Diagnostic>) -> Option<(String, Span)> {
    match &node.kind {
        NodeKind::Scalar(Value::String(text)) => Some((text.clone(), node.span.clone())),
        NodeKind::Scalar(Value::Number(number)) => Some((number.to_string(), node.span.clone())),
        _ => {
            let fault = Diagnostic::error("wrong-list", format!("`{key}` is no text"));
            faults.push(fault.at(node.span.clone()));
            None
        }
    }
}

fn headers(node: &Node, faults: &mut Vec<Diagnostic>) -> Vec<(String, String, Span)> {
    if !matches!(node.kind, NodeKind::Mapping(_)) {
        let fault = Diagnostic::error("wrong-list", "`headers` is no mapping of names to values");
        faults.push(fault.at(node.span.clone()));
    }
    let entries = node.entries().iter();
    entries
        .filter_map(|entry| {
            // The value may be a secret, so a fault shows the name's place.
            let value = match &entry.value.kind {
                NodeKind::Scalar(Value::Null) => String::new(),
                NodeKind::Scalar(Value::String(value)) => value.clone(),
                NodeKind::Scalar(other) => other.to_string(),
                _ => {
                    let text = format!("the header `{}` is no text", entry.key);
                    let fault = Diagnostic::error("wrong-list", text);
                    faults.push(fault.at(entry.key_span.clone()));
                    return None;
                }
            };
            Some((entry.key.clone(), value, entry.key_span.clone()))
        })
        .collect()
}

/// `200`, `4XX`, or several of them.
fn statuses(node: &Node, faults: &mut Vec<Diagnostic>) -> Vec<RangeInclusive<u16>> {
    let single = std::slice::from_ref(node);
    let nodes = match &node.kind {
        NodeKind::Sequence(items) => items.as_slice(),
        _ => single,
    };
    let status = |node: &Node| {
        let text = match &node.kind {
            NodeKind::Scalar(Value::String(text)) => text.to_ascii_uppercase(),
            NodeKind::Scalar(Value::Number(number)) => number.to_string(),
            _ => return None,
        };
        let range = if let Some(hundreds) = text.strip_suffix("XX") {
            let first = hundreds.parse::<u16>().ok()?.checked_mul(100)?;
            first..=first.checked_add(99)?
        } else {
            let status = text.parse().ok()?;
            status..=status
        };
        (*range.start() >= 100 && *range.end() <= 599).then_some(range)
    };
    let mut ranges = Vec::new();
    for node in nodes {
        if let Some(range) = status(node) {
            ranges.push(range);
        } else {
            let fault = Diagnostic::error("wrong-list", "a status is 100 to 599, or `4XX`");
            faults.push(fault.at(node.span.clone()));
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str, text: &str) -> Result<Vec<Line>, Vec<String>> {
        let (lines, faults) = read(&SourceFile::new(name, text));
        let shown = |fault: &Diagnostic| {
            let place = fault.span.as_ref().expect("a place").start();
            let help = fault.help.clone().unwrap_or_default();
            format!("{}:{} {} | {help}", place.line, place.column, fault.message)
        };
        if faults.is_empty() {
            Ok(lines)
        } else {
            Err(faults.iter().map(shown).collect())
        }
    }

    #[test]
    fn a_line_has_weight_method_url_and_body() {
        let text = "# users\n\nhttp://h/a\n  7 delete /u/{{int 1 100}}/x?q={{csv.full name}}  # gone\n2 /u @body.json\r\n";
        let read = lines("list.txt", text).expect("lines");
        let shown: Vec<_> = read
            .iter()
            .map(|line| (line.weight, line.method.as_deref(), line.url.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                (1, None, "http://h/a"),
                (7, Some("delete"), "/u/{{int 1 100}}/x?q={{csv.full name}}"),
                (2, None, "/u"),
            ]
        );
        assert_eq!(read[2].body_file.as_ref().expect("a body").0, "body.json");
    }

    #[test]
    fn faults_of_lines_have_places() {
        let text = "0 /a\n5\n/a b c\n3 GET\n";
        let faults = lines("list.txt", text).expect_err("faults");
        insta::assert_snapshot!(faults.join("\n"), @"
        1:1 a weight is a whole number from 1 to 1,000,000 | 
        2:1 no URL is on this line | a line is `[WEIGHT] [METHOD] URL [@BODYFILE]`
        3:4 `b` does not belong here | a line is `[WEIGHT] [METHOD] URL [@BODYFILE]`; headers and bodies in the list itself need YAML or JSON
        ");
        assert_eq!(lines("list.txt", "# none\n").expect_err("none").len(), 1);
    }

    #[test]
    fn documents_hold_headers_bodies_and_statuses() {
        let text = "- name: order\n  weight: 3\n  url: /orders\n  headers: {X-A: 1}\n  body: {a: \"{{seq}}\"}\n  status: [201, 4xx]\n";
        let read = lines("list.yaml", text).expect("lines");
        assert_eq!(
            read[0].body.as_ref().expect("a body").0,
            "{\"a\":\"{{seq}}\"}"
        );
        assert_eq!(read[0].accepted, [201..=201, 400..=499]);
        assert_eq!(read[0].headers[0].1, "1");
        let text =
            "- ulr: /a\n- url: /a\n  metod: GET\n  weight: 0\n  status: 99\n  headers: 3\n- 5\n";
        insta::assert_snapshot!(lines("list.yml", text).expect_err("faults").join("\n"), @"
        1:3 a request without `url` | 
        3:3 a request has no `metod` | did you mean `method`?
        4:11 a weight is a whole number from 1 to 1,000,000 | 
        5:11 a status is 100 to 599, or `4XX` | 
        6:12 `headers` is no mapping of names to values | 
        7:3 a request without `url` |
        ");
        assert!(lines("list.json", "{}").is_err());
    }
}
