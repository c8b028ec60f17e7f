//! What the description says to an answer.

use serde_json::Value;

use super::request::{Exercise, is_json, place};
use super::rules::{Direction, Rules};
use crate::api::{MediaType, Response, StatusKey};
use crate::diagnostic::Diagnostic;
use crate::text::escape;

/// An answer as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body is longer than what was read of it.
    pub is_cut: bool,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The media type without its parameters, in lower case.
    fn essence(&self) -> Option<String> {
        let value = self.header("content-type")?;
        let essence = value.split(';').next().unwrap_or_default().trim();
        Some(essence.to_ascii_lowercase())
    }
}

/// What became of a request that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// 4xx.
    Refused,
    /// Anything else below 500, and 501: the request reached the handler.
    Accepted,
    /// 5xx.
    Broke,
    /// 401, 403, 429: somebody else refused, before anything was validated; or no answer came.
    Unknown,
}

impl Standing {
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 | 429 => Self::Unknown,
            400..=499 => Self::Refused,
            500 | 502..=599 => Self::Broke,
            _ => Self::Accepted,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Broke => "broke",
            Self::Unknown => "unknown",
        }
    }
}

/// Breaches of one body that are told.
const TOLD: usize = 3;

impl Rules<'_> {
    /// Whether the description knows this status for the operation.
    pub fn documents(&self, exercise: &Exercise, status: u16) -> bool {
        self.response(exercise, status).is_some()
    }

    /// The statuses that the description knows, in its words.
    fn documented(&self, exercise: &Exercise) -> String {
        let operation = &self.api.operations[exercise.operation];
        let keys = operation.responses.keys().map(|key| text_of(*key));
        match keys.collect::<Vec<_>>() {
            keys if keys.is_empty() => "none".to_owned(),
            keys => keys.join(", "),
        }
    }

    /// What the description says of an answer of this status.
    pub(super) fn described(&self, exercise: &Exercise, status: u16) -> Option<&Response> {
        self.response(exercise, status)
            .map(|(_, response)| response)
    }

    fn response(&self, exercise: &Exercise, status: u16) -> Option<(StatusKey, &Response)> {
        let responses = &self.api.operations[exercise.operation].responses;
        let keys = [
            StatusKey::Code(status),
            StatusKey::Range((status / 100) as u8),
            StatusKey::Default,
        ];
        keys.into_iter()
            .find_map(|key| Some((key, responses.get(&key)?)))
    }

    fn at(&self, exercise: &Exercise, below: &str) -> String {
        place(self.api, &self.api.operations[exercise.operation], below)
    }

    /// Everything that is wrong with the answer to a request that keeps the rules.
    pub fn judge_valid(&self, exercise: &Exercise, answer: &Answer) -> Vec<Diagnostic> {
        let name = &exercise.name;
        let status = answer.status;
        let mut findings = Vec::new();
        if status == 501 {
            findings.push(
                Diagnostic::warning(
                    "not-implemented",
                    format!("`{name}` answers 501: it is described and not implemented"),
                )
                .pointer(self.at(exercise, "")),
            );
            return findings;
        }
        if status >= 500 {
            findings.push(
                Diagnostic::error(
                    "valid-request-breaks",
                    format!("`{name}` answers {status} to a request that the document allows"),
                )
                .pointer(self.at(exercise, "")),
            );
        } else if matches!(status, 401 | 403) {
            findings.push(
                Diagnostic::warning(
                    "credentials-refused",
                    format!("`{name}` answers {status}: what it answers to others is not known"),
                )
                .pointer(self.at(exercise, "/security"))
                .help("`--header` gives credentials along"),
            );
        } else if matches!(status, 400 | 415 | 422) {
            findings.push(
                Diagnostic::warning(
                    "valid-request-refused",
                    format!(
                        "`{name}` answers {status} to a request that keeps every rule of the document: \
                         the server demands more than is described"
                    ),
                )
                .pointer(self.at(exercise, "")),
            );
        }
        findings.extend(self.judge_shape(exercise, answer));
        findings
    }

    /// Status, content type, body and headers against the description.
    fn judge_shape(&self, exercise: &Exercise, answer: &Answer) -> Vec<Diagnostic> {
        let name = &exercise.name;
        let status = answer.status;
        let Some((key, response)) = self.response(exercise, status) else {
            return vec![
                Diagnostic::error(
                    "undocumented-status",
                    format!(
                        "`{name}` answers {status}, and the document has {}",
                        self.documented(exercise)
                    ),
                )
                .pointer(self.at(exercise, "/responses")),
            ];
        };
        let below = format!("/responses/{}", text_of(key));
        let mut findings = Vec::new();
        for (header, described) in &response.headers {
            let is_there = answer.header(&header.to_ascii_lowercase()).is_some();
            if described.required && !is_there {
                findings.push(
                    Diagnostic::error(
                        "missing-response-header",
                        format!("`{name}` answers {status} without the header `{header}`, which the document demands"),
                    )
                    .pointer(self.at(exercise, &format!("{below}/headers/{}", escape(header)))),
                );
            }
        }
        let bodiless =
            exercise.method == "head" || matches!(status, 204 | 205 | 304) || status < 200;
        if !bodiless && !response.content.is_empty() {
            findings.extend(self.judge_body(exercise, answer, response, &below));
        }
        findings
    }

    fn judge_body(
        &self,
        exercise: &Exercise,
        answer: &Answer,
        response: &Response,
        below: &str,
    ) -> Vec<Diagnostic> {
        let name = &exercise.name;
        let status = answer.status;
        let content = &response.content;
        let names: Vec<String> = content.keys().map(|name| format!("`{name}`")).collect();
        let wrong = |text: String| {
            vec![
                Diagnostic::error("undocumented-content-type", text)
                    .pointer(self.at(exercise, &format!("{below}/content"))),
            ]
        };
        let Some(essence) = answer.essence() else {
            return wrong(format!(
                "`{name}` answers {status} without a content type, and the document has {}",
                names.join(", ")
            ));
        };
        let Some((described, media)) = described_media(content, &essence) else {
            return wrong(format!(
                "`{name}` answers {status} with `{essence}`, and the document has {}",
                names.join(", ")
            ));
        };
        let Some(schema) = media
            .schema
            .as_ref()
            .filter(|_| is_json(&essence) && !answer.is_cut)
        else {
            return Vec::new();
        };
        let pointer = self.at(
            exercise,
            &format!("{below}/content/{}/schema", escape(described)),
        );
        let value: Value = match serde_json::from_slice(&answer.body) {
            Ok(value) => value,
            Err(error) => {
                return vec![
                    Diagnostic::error(
                        "body-breaks-schema",
                        format!("`{name}` answers {status} with a body that is no JSON: {error}"),
                    )
                    .pointer(pointer),
                ];
            }
        };
        let breaches = self.breaches(schema, Direction::Response, &value, TOLD);
        breaches
            .unwrap_or_default()
            .into_iter()
            .map(|breach| {
                let place = match breach.place.as_str() {
                    "" => "the body".to_owned(),
                    place => format!("`{place}` of the body"),
                };
                Diagnostic::error(
                    "body-breaks-schema",
                    format!(
                        "`{name}` answers {status}, and {place} is not as described: {} (`{}`)",
                        breach.message, breach.rule
                    ),
                )
                .pointer(pointer.clone())
            })
            .collect()
    }
}

fn described_media<'m>(
    content: &'m indexmap::IndexMap<String, MediaType>,
    essence: &str,
) -> Option<(&'m str, &'m MediaType)> {
    let essence_of = |name: &str| {
        let essence = name.split(';').next().unwrap_or_default().trim();
        essence.to_ascii_lowercase()
    };
    let exact = content.iter().find(|(name, _)| essence_of(name) == essence);
    let ranged = content.iter().find(|(name, _)| {
        let range = essence_of(name);
        range == "*/*"
            || range
                .strip_suffix('*')
                .is_some_and(|start| essence.starts_with(start))
    });
    exact.or(ranged).map(|(name, media)| (name.as_str(), media))
}

fn text_of(key: StatusKey) -> String {
    match key {
        StatusKey::Code(code) => code.to_string(),
        StatusKey::Range(range) => format!("{range}XX"),
        StatusKey::Default => "default".to_owned(),
    }
}
