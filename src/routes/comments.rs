//! `@openapi` comments: operations that were written by hand, in the YAML of a description. They
//! replace what the code below them says.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::modules::FileId;
use crate::api::{self, Api, Operation};
use crate::diagnostic::{Diagnostic, Severity};
use crate::text::{Document, SourceFile, Span};

/// One comment with its members: paths, and `components` or `tags` beside them.
pub(super) struct Comment {
    pub(super) file: FileId,
    pub(super) span: Span,
    document: Map<String, Value>,
}

/// All comments of a file, and those that are no YAML.
pub(super) fn find(
    file: FileId,
    source: &Arc<SourceFile>,
    comments: &[oxc_ast::ast::Comment],
) -> (Vec<Comment>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for comment in comments {
        let range = comment.span.start as usize..comment.span.end as usize;
        let text = source.text.get(range.clone()).unwrap_or_default();
        let Some(yaml) = yaml(text) else {
            continue;
        };
        let span = Span::new(source, range);
        let (document, problems) = Document::parse(&SourceFile::new("comment.yaml", yaml));
        faults.extend(problems.into_iter().map(|problem| moved(problem, &span)));
        if let Some(Value::Object(document)) = document.map(|document| document.value) {
            found.push(Comment {
                file,
                span,
                document,
            });
        }
    }
    (found, faults)
}

/// The operations and schemas of all comments, read beside what the code gave.
pub(super) fn read(
    comments: &[Comment],
    api: &Api,
) -> (Vec<(Operation, Span)>, Option<Api>, Vec<Diagnostic>) {
    let mut document = api::write(api);
    let mut paths = Map::new();
    for comment in comments {
        for (key, value) in &comment.document {
            match key.as_str() {
                "components" => merge(&mut document["components"], value),
                "paths" => {
                    let entries = value.as_object().into_iter().flatten();
                    entries.for_each(|(path, item)| add(&mut paths, path, item));
                }
                path if path.starts_with('/') => add(&mut paths, path, value),
                _ => {}
            }
        }
    }
    document["paths"] = Value::Object(paths);
    let source = SourceFile::new("comments.json", document.to_string());
    let (read, problems) = api::read(&source);
    let Some(mut read) = read else {
        return (Vec::new(), None, problems);
    };
    let mut operations = Vec::new();
    for operation in std::mem::take(&mut read.operations) {
        let owner = comments
            .iter()
            .find(|comment| comment.describes(&operation));
        if let Some(owner) = owner {
            operations.push((operation, owner.span.clone()));
        }
    }
    let mut faults = Vec::new();
    if let Some(first) = comments.first() {
        let errors = problems
            .into_iter()
            .filter(|problem| problem.severity == Severity::Error);
        faults.extend(errors.map(|problem| {
            let owner = comments.iter().find(|comment| comment.is_at(&problem));
            moved(problem, &owner.unwrap_or(first).span)
        }));
    }
    (operations, Some(read), faults)
}

impl Comment {
    fn item(&self, path: &str) -> Option<&Value> {
        let paths = self.document.get("paths").and_then(|paths| paths.get(path));
        self.document.get(path).or(paths)
    }

    fn describes(&self, operation: &Operation) -> bool {
        self.item(&operation.path)
            .is_some_and(|item| item.get(operation.method.key()).is_some())
    }

    /// Whether a fault is in a path of this comment, by its pointer.
    fn is_at(&self, fault: &Diagnostic) -> bool {
        let Some(pointer) = &fault.pointer else {
            return false;
        };
        let path = crate::text::Path::at(pointer);
        let steps = path.steps();
        match steps.as_slice() {
            [first, path, method, ..] if first == "paths" => self
                .item(path)
                .is_some_and(|item| item.get(method.as_ref()).is_some()),
            _ => false,
        }
    }

    /// Whether only blanks stand between this comment and a place.
    pub(super) fn is_above(&self, place: &Span) -> bool {
        let end = self.span.range.end;
        if self.span.file.name != place.file.name || end > place.range.start {
            return false;
        }
        // The place may be the path, which stands behind the name of the router.
        let between = self.span.file.text.get(end..place.range.start);
        between.is_some_and(|text| {
            let code = text.trim();
            !code.contains([';', '}']) && !code.contains('\n')
        })
    }
}

/// The text of a comment below its `@openapi`, without the stars at its side.
fn yaml(comment: &str) -> Option<String> {
    let inner = comment.strip_prefix("/*")?.strip_suffix("*/")?;
    let at = ["@openapi", "@swagger"]
        .iter()
        .find_map(|tag| Some(inner.find(tag)? + tag.len()))?;
    let mut text = String::new();
    for line in inner[at..].lines().skip(1) {
        // Stars at the side are no part of the text; without them, every blank is.
        match line.trim_start().strip_prefix('*') {
            Some(line) => text.push_str(line.strip_prefix(' ').unwrap_or(line)),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    Some(text)
}

fn add(paths: &mut Map<String, Value>, path: &str, item: &Value) {
    merge(paths.entry(path).or_insert_with(|| json!({})), item);
}

/// Members of the second that the first lacks, at every level.
fn merge(into: &mut Value, from: &Value) {
    if into.is_null() {
        *into = json!({});
    }
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        for (key, value) in from {
            match into.get_mut(key) {
                Some(present) => merge(present, value),
                None => {
                    into.insert(key.clone(), value.clone());
                }
            }
        }
    }
}

/// The same fault, shown where the comment stands.
fn moved(fault: Diagnostic, place: &Span) -> Diagnostic {
    let mut fault = fault.at(place.clone());
    fault.related.clear();
    fault
}
