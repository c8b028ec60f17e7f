//! Links of a document: which operation is next, with which values of the answer.

use serde_json::Value;

use super::fields::scalar;
use super::{Segment, key, own_values, parameters, segments};
use crate::api::{Link, Operation};
use crate::text::percent::percent_decoded;
use crate::traffic::answer::Answer;
use crate::traffic::request::{Exercise, Request};
use crate::traffic::rules::{Rules, pointer};

/// One exchange.
pub(super) struct Asked<'x, 'r, 'a> {
    pub(super) rules: &'r Rules<'a>,
    pub(super) exercise: &'x Exercise,
    pub(super) request: &'x Request,
    pub(super) answer: &'x Answer,
    pub(super) body: &'x Value,
}

impl Asked<'_, '_, '_> {
    /// For every link that can be followed: the kind of thing that it leads to, the values of its
    /// path, and the link's name.
    pub(super) fn linked(&self) -> Vec<(String, Vec<String>, String)> {
        let Some(response) = self.rules.described(self.exercise, self.answer.status) else {
            return Vec::new();
        };
        let links = response.links.iter();
        links
            .filter_map(|(name, link)| {
                let next = self.next(link)?;
                let path = segments(&next.path);
                let end = path
                    .iter()
                    .rposition(|segment| matches!(segment, Segment::Parameter(_)))?;
                let values: Option<Vec<String>> = parameters(&path[..=end])
                    .map(|parameter| self.value_of(link, parameter))
                    .collect();
                Some((key(&path[..=end]), values?, name.clone()))
            })
            .collect()
    }

    fn next(&self, link: &Link) -> Option<&Operation> {
        let mut operations = self.rules.api.operations.iter();
        operations.find(
            |operation| match (&link.operation_id, &link.operation_ref) {
                (Some(id), _) => operation.id.as_ref() == Some(id),
                (None, Some(place)) => {
                    let (_, place) = place.split_once('#').unwrap_or(("", place));
                    let place = percent_decoded(place);
                    place == pointer(&operation.path, operation.method.key(), "").as_bytes()
                }
                (None, None) => false,
            },
        )
    }

    fn value_of(&self, link: &Link, parameter: &str) -> Option<String> {
        let qualified = format!("path.{parameter}");
        let given = link.parameters.get(parameter);
        match given.or_else(|| link.parameters.get(&qualified)) {
            Some(Value::String(text)) => self.expressed(text),
            Some(constant) => scalar(constant),
            // What the link leaves out is what was asked with, under the same name.
            None => self.own(parameter),
        }
    }

    /// The value of a runtime expression; other text stands for itself.
    fn expressed(&self, text: &str) -> Option<String> {
        let inner = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        let text = inner.filter(|inner| inner.starts_with('$')).unwrap_or(text);
        if let Some(rest) = text.strip_prefix("$response.body") {
            return scalar(self.body.pointer(rest.trim_start_matches('#'))?);
        }
        if let Some(name) = text.strip_prefix("$response.header.") {
            let value = self.answer.header(&name.to_ascii_lowercase())?;
            return Some(value.to_owned());
        }
        if let Some(name) = text.strip_prefix("$request.path.") {
            return self.own(name);
        }
        if let Some(rest) = text.strip_prefix("$request.body") {
            let body: Value = serde_json::from_slice(&self.request.body).ok()?;
            return scalar(body.pointer(rest.trim_start_matches('#'))?);
        }
        (!text.starts_with('$')).then(|| text.to_owned())
    }

    fn own(&self, parameter: &str) -> Option<String> {
        let operation = &self.rules.api.operations[self.exercise.operation];
        let values = own_values(operation, self.request)?;
        let path = segments(&operation.path);
        let mut pairs = parameters(&path).zip(values);
        pairs
            .find(|(name, _)| *name == parameter)
            .map(|(_, value)| value)
    }
}
