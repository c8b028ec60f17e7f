//! The requests of a mix, written and read back.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::rounded;
use super::histogram::{decode, encode};
use super::results::SummaryEntry;
use super::stored::StoredFault;
use crate::loadtest::assessment::{MeasuredPart, Named};
use crate::loadtest::recording::{ErrorKind, Part, Requests};

#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetEntry {
    /// What `--expect` calls it.
    pub name: String,
    /// As it was given: templates stand for their values.
    pub url: String,
    pub method: String,
    pub weight: u32,
    /// Statuses that are no errors, first and last; empty where the run decides.
    pub accepted: Vec<[u16; 2]>,
    pub requests: TargetRequestsEntry,
    pub requests_per_second: f64,
    pub latency_ms: SummaryEntry,
    pub status_codes: IndexMap<String, u64>,
    /// Exchanges without an answer, by kind.
    pub errors: IndexMap<String, u64>,
    pub error_rate: f64,
    pub histogram: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct TargetRequestsEntry {
    pub sent: u64,
    pub completed: u64,
    pub failed: u64,
    pub open_at_end: u64,
    pub retried: u64,
}

impl From<&Requests> for TargetRequestsEntry {
    fn from(requests: &Requests) -> Self {
        Self {
            sent: requests.sent,
            completed: requests.completed,
            failed: requests.failed,
            open_at_end: requests.open_at_end,
            retried: requests.retried,
        }
    }
}

impl From<&MeasuredPart> for TargetEntry {
    fn from(measured: &MeasuredPart) -> Self {
        let (named, part) = (&measured.named, &measured.part);
        let ranges = named.accepted.iter();
        Self {
            name: named.name.clone(),
            url: named.url.clone(),
            method: named.method.clone(),
            weight: named.weight,
            accepted: ranges.map(|range| [*range.start(), *range.end()]).collect(),
            requests: TargetRequestsEntry::from(&part.requests),
            requests_per_second: rounded(measured.requests_per_second),
            latency_ms: SummaryEntry::from(&measured.latency),
            status_codes: by_text(&part.statuses),
            errors: part
                .errors
                .iter()
                .map(|(kind, count)| (kind.name().to_owned(), *count))
                .collect(),
            error_rate: (measured.error_rate() * 1e6).round() / 1e6,
            histogram: encode(&part.latency),
        }
    }
}

/// Answers by status, as a document has them.
pub(super) fn by_text(statuses: &BTreeMap<u16, u64>) -> IndexMap<String, u64> {
    let statuses = statuses.iter();
    statuses
        .map(|(status, number)| (status.to_string(), *number))
        .collect()
}

/// The same, read back; what is no status is left out.
pub(super) fn by_number(statuses: &BTreeMap<String, u64>) -> BTreeMap<u16, u64> {
    let statuses = statuses.iter();
    statuses
        .filter_map(|(status, number)| Some((status.parse().ok()?, *number)))
        .collect()
}

/// What is read back.
#[derive(Deserialize)]
pub(super) struct TargetFields {
    name: String,
    url: String,
    method: String,
    weight: u32,
    accepted: Vec<[u16; 2]>,
    requests: TargetRequestFields,
    status_codes: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
    histogram: String,
}

#[derive(Deserialize)]
pub(super) struct TargetRequestFields {
    sent: u64,
    completed: u64,
    failed: u64,
    open_at_end: u64,
    retried: u64,
}

impl TargetRequestFields {
    pub(super) fn requests(&self) -> Requests {
        Requests {
            sent: self.sent,
            completed: self.completed,
            failed: self.failed,
            open_at_end: self.open_at_end,
            retried: self.retried,
            ..Requests::default()
        }
    }
}

impl TargetFields {
    pub(super) fn named(&self) -> Named {
        let ranges = self.accepted.iter();
        Named {
            name: self.name.clone(),
            url: self.url.clone(),
            method: self.method.clone(),
            weight: self.weight,
            accepted: ranges.map(|[first, last]| *first..=*last).collect(),
        }
    }

    pub(super) fn part(&self) -> Result<Part, StoredFault> {
        let mut part = Part {
            latency: decode(&self.histogram).ok_or(StoredFault::Histogram)?,
            requests: self.requests.requests(),
            statuses: by_number(&self.status_codes),
            ..Part::default()
        };
        for kind in ErrorKind::ALL {
            if let Some(count) = self.errors.get(kind.name()) {
                part.errors.insert(kind, *count);
            }
        }
        Ok(part)
    }
}
