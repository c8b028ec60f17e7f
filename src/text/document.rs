//! A YAML or JSON text as an ordered value that knows where everything stands.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::places::{Found, Places};
use super::{Path, SourceFile, Span, json, yaml};
use crate::diagnostic::{Diagnostic, Related};

/// Nesting beyond this is a fault: whoever reads the value may then recurse.
pub(super) const DEEPEST: usize = 128;

/// The value of a text, in the order of the text.
#[derive(Clone, Debug)]
pub struct Document {
    pub file: Arc<SourceFile>,
    pub value: Value,
    /// Of JSON, found when the first place is asked for.
    places: OnceLock<Places>,
}

impl Document {
    /// Reads JSON when the first character says so, YAML otherwise, with every fault. A document
    /// comes back as long as it has a structure, so that the reader of its meaning adds its faults.
    pub fn parse(file: &Arc<SourceFile>) -> (Option<Self>, Vec<Diagnostic>) {
        if u32::try_from(file.text.len()).is_err() {
            let fault = Diagnostic::error("too-large", "documents end at 4 GiB");
            return (None, vec![fault]);
        }
        let first = file.text.trim_start().as_bytes().first();
        if first == Some(&b'<') && !file.text.trim_start().starts_with("<<") {
            return (None, vec![markup(file)]);
        }
        if !matches!(first, Some(b'{' | b'[')) {
            return parse_yaml(file);
        }
        match json::parse(&file.text) {
            Ok((value, false)) => (Some(Self::new(file, value, None)), Vec::new()),
            Ok((value, true)) => {
                let (places, duplicates) = json::scan(&file.text, json::Keys::Repeated);
                let faults = duplicates.into_iter().map(|duplicate| {
                    duplicate_key(
                        &duplicate.name,
                        Span::new(file, duplicate.first),
                        Span::new(file, duplicate.second),
                    )
                });
                let faults = faults.collect();
                (Some(Self::new(file, value, Some(places))), faults)
            }
            Err(error) => {
                // `{a: 1}` is YAML too.
                if has_yaml_ending(&file.name) {
                    return parse_yaml(file);
                }
                (None, vec![syntax_fault(file, &error)])
            }
        }
    }

    fn new(file: &Arc<SourceFile>, value: Value, places: Option<Places>) -> Self {
        Self {
            file: Arc::clone(file),
            value,
            places: places.map_or_else(OnceLock::new, OnceLock::from),
        }
    }

    /// The value at a place; for a path that ends too deep, the deepest place that exists.
    pub fn value_span(&self, path: &Path<'_>) -> Span {
        let found = self.find(path);
        Span::new(&self.file, found.map_or(0..0, |found| found.value))
    }

    /// The key of a place; the value where there is no key.
    pub fn key_span(&self, path: &Path<'_>) -> Span {
        let found = self.find(path);
        let range = found.map_or(0..0, |found| found.key.unwrap_or(found.value));
        Span::new(&self.file, range)
    }

    /// The scalar at a place; the key of what is larger than one line.
    pub fn span(&self, path: &Path<'_>) -> Span {
        let Some(found) = self.find(path) else {
            return Span::new(&self.file, 0..0);
        };
        let text = self.file.text.get(found.value.clone()).unwrap_or_default();
        let range = match found.key {
            Some(key) if text.is_empty() || text.contains('\n') => key,
            _ => found.value,
        };
        Span::new(&self.file, range)
    }

    /// The text of a scalar as it was written, without quotes: `3.10` where the value is 3.1.
    pub fn scalar_text(&self, path: &Path<'_>) -> String {
        let found = self.find(path);
        let text = found
            .and_then(|found| self.file.text.get(found.value))
            .unwrap_or_default();
        text.trim_matches(['"', '\'']).to_owned()
    }

    fn find(&self, path: &Path<'_>) -> Option<Found> {
        let places = self
            .places
            .get_or_init(|| json::scan(&self.file.text, json::Keys::Unique).0);
        places.find(&self.value, &path.steps())
    }
}

/// The same words for YAML and JSON.
pub(super) fn duplicate_key(name: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::error("duplicate-key", format!("`{name}` is there twice"))
        .at(second)
        .label("used again")
        .related(Related::new(first, "first used"))
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    let message = format!("nested more than {DEEPEST} levels deep");
    Diagnostic::error("too-deep", message).at(span)
}

fn parse_yaml(file: &Arc<SourceFile>) -> (Option<Document>, Vec<Diagnostic>) {
    let (parsed, faults) = yaml::parse(file);
    let document = parsed.map(|(value, places)| Document::new(file, value, Some(places)));
    (document, faults)
}

fn has_yaml_ending(name: &str) -> bool {
    let ending = std::path::Path::new(name).extension();
    ending.is_some_and(|ending| {
        ending.eq_ignore_ascii_case("yaml") || ending.eq_ignore_ascii_case("yml")
    })
}

/// What a browser is shown when a document was asked for: pages for people, errors, log-ins.
fn markup(file: &Arc<SourceFile>) -> Diagnostic {
    let start = file.text.len() - file.text.trim_start().len();
    let head: String = file.text[start..].chars().take(200).collect();
    let head = head.to_ascii_lowercase();
    let kind = if head.contains("<html") || head.contains("<!doctype html") {
        "an HTML page"
    } else {
        "XML"
    };
    let end = file.text[start..]
        .find('\n')
        .map_or(file.text.len(), |at| start + at);
    Diagnostic::error(
        "not-a-document",
        format!("this is {kind}, not YAML or JSON"),
    )
    .at(Span::new(file, start..end))
    .help("a URL must lead to the document itself, as `raw` links do")
}

fn syntax_fault(file: &Arc<SourceFile>, error: &serde_json::Error) -> Diagnostic {
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    let start = file.byte_offset(error.line(), error.column());
    let letter = file.text[start..].chars().next();
    let end = start + letter.map_or(0, char::len_utf8);
    let span = Span::new(file, start..end);
    if message.starts_with("recursion limit") {
        return too_deep(span);
    }
    Diagnostic::error("invalid-json", message).at(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(name: &str, text: &str) -> Document {
        let (document, faults) = Document::parse(&SourceFile::new(name, text));
        assert_eq!(faults, Vec::new());
        document.expect("a document")
    }

    fn codes(text: &str) -> Vec<(&'static str, usize, usize)> {
        let (_, faults) = Document::parse(&SourceFile::new("a.yaml", text));
        let place = |fault: &Diagnostic| {
            let start = fault.span.as_ref().expect("a span").start();
            (fault.code, start.line, start.column)
        };
        faults.iter().map(place).collect()
    }

    #[test]
    fn yaml_and_json_agree_on_values_and_places() {
        let yaml = read("a.yaml", "a:\n  - 1\n  - ä: x\n    b: no\nc: {d: e}\n");
        let json = read(
            "a.json",
            r#"{"a": [1, {"ä": "x", "b": "no"}], "c": {"d": "e"}}"#,
        );
        assert_eq!(yaml.value, json.value);
        let steps = ["/a/1/b", "/a/0", "/c/d", "/a/1/ä"];
        let texts = |document: &Document| -> Vec<String> {
            let text = |pointer: &&str| document.scalar_text(&Path::at(pointer));
            steps.iter().map(text).collect()
        };
        assert_eq!(texts(&yaml), ["no", "1", "e", "x"]);
        assert_eq!(texts(&json), texts(&yaml));
        let key = yaml.key_span(&Path::at("/a/1/b"));
        assert_eq!((key.start().line, key.start().column), (4, 5));
    }

    #[test]
    fn scalars_follow_the_core_schema() {
        let text = "[no, on, yes, True, ~, null, 0x1F, 0o17, 010, 1_000, 1e3, .5, '1', 2020-01-01, \
                    -9223372036854776000, 18446744073709551615, .inf, 3.10, !!str 5, +7]";
        let document = read("a.yaml", text);
        assert_eq!(
            document.value,
            json!([
                "no",
                "on",
                "yes",
                true,
                null,
                null,
                31,
                15,
                "010",
                "1_000",
                1000.0,
                0.5,
                "1",
                "2020-01-01",
                -9_223_372_036_854_776_000.0,
                18_446_744_073_709_551_615_u64,
                ".inf",
                3.1,
                "5",
                7
            ])
        );
        assert_eq!(document.scalar_text(&Path::at("/17")), "3.10");
    }

    #[test]
    fn aliases_and_merge_keys_are_applied() {
        let text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\n\
                    one:\n  b: 9\n  <<: [*base, *other]\n  d: *base\n";
        let document = read("a.yaml", text);
        assert_eq!(
            document.value["one"],
            json!({"b": 9, "d": {"a": 1, "b": 2}, "a": 1, "c": 4})
        );
        assert_eq!(document.scalar_text(&Path::at("/one/c")), "4");
        assert_eq!(document.scalar_text(&Path::at("/one/d/b")), "2");
        assert_eq!(document.scalar_text(&Path::at("/one/b")), "9");
    }

    #[test]
    fn faults_of_the_text_have_places() {
        assert_eq!(
            codes("a: 1\nb: 2\na: 3\nb: 4\n"),
            [("duplicate-key", 3, 1), ("duplicate-key", 4, 1)]
        );
        assert_eq!(
            codes("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2}, \"\\u0061\": 3, \"a\": 4}"),
            [
                ("duplicate-key", 2, 16),
                ("duplicate-key", 2, 25),
                ("duplicate-key", 2, 38)
            ]
        );
        assert_eq!(codes("a: [1\nb: 2\n")[0].0, "invalid-yaml");
        assert_eq!(codes("a: *missing\n")[0].0, "invalid-yaml");
        assert_eq!(codes("&a [*a]\n"), [("cyclic-alias", 1, 5)]);
        assert_eq!(codes("? [a]\n: b\n")[0].0, "invalid-key");
        assert_eq!(codes("a: 1\n---\nb: 2\n")[0].0, "several-documents");
    }

    #[test]
    fn nesting_and_alias_bombs_are_faults() {
        assert_eq!(codes(&"[".repeat(200))[0].0, "too-deep");
        // The parser has a limit of its own.
        assert_eq!(codes(&"[".repeat(100_000))[0].0, "invalid-yaml");
        assert_eq!(codes(&"- ".repeat(100_000))[0].0, "too-deep");
        let (_, faults) = Document::parse(&SourceFile::new("a.json", "[".repeat(100_000)));
        assert_eq!(faults[0].code, "too-deep");
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert_eq!(codes(&bomb)[0].0, "alias-limit");
    }
}
