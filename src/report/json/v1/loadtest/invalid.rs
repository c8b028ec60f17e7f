//! The requests that broke a rule within the load, written and read back.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::rounded;
use super::histogram::{decode, encode};
use super::results::SummaryEntry;
use super::stored::StoredFault;
use super::targets::{TargetRequestFields, TargetRequestsEntry, by_number, by_text};
use crate::loadtest::assessment::{Faulty, MeasuredAside};
use crate::loadtest::plan::Fault;
use crate::loadtest::recording::{AsideRecord, Tally};
use crate::traffic::Standing;

/// In no other figure of the result.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InvalidLoadEntry {
    /// One of this many requests of the load broke a rule.
    pub one_in: u64,
    pub requests: TargetRequestsEntry,
    pub requests_per_second: f64,
    pub latency_ms: SummaryEntry,
    /// Answers of 4xx, which are right.
    pub refused: u64,
    /// Answers below 400.
    pub accepted: u64,
    /// Answers of 5xx.
    pub broke: u64,
    /// 401, 403 and 429, which say nothing of validation, and exchanges without an answer.
    pub unknown: u64,
    pub faults: Vec<FaultEntry>,
    pub histogram: String,
}

/// One request that broke one rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FaultEntry {
    /// The operation.
    pub operation: String,
    pub breaks: String,
    /// JSON pointer of the rule in the document.
    pub pointer: String,
    /// The rule is one that many servers take for a remark: accepting it is a warning.
    pub lenient: bool,
    pub status_codes: IndexMap<String, u64>,
    /// Exchanges without an answer.
    pub failed: u64,
}

impl From<&MeasuredAside> for InvalidLoadEntry {
    fn from(aside: &MeasuredAside) -> Self {
        let faults = aside.faults.iter().map(|(fault, tally)| FaultEntry {
            operation: fault.request.clone(),
            breaks: fault.breaks.clone(),
            pointer: fault.pointer.clone(),
            lenient: fault.lenient,
            status_codes: by_text(&tally.statuses),
            failed: tally.failed,
        });
        Self {
            one_in: aside.one_in,
            requests: TargetRequestsEntry::from(&aside.record.requests),
            requests_per_second: rounded(aside.requests_per_second),
            latency_ms: SummaryEntry::from(&aside.latency),
            refused: aside.with(Standing::Refused),
            accepted: aside.with(Standing::Accepted),
            broke: aside.with(Standing::Broke),
            unknown: aside.with(Standing::Unknown),
            faults: faults.collect(),
            histogram: encode(&aside.record.latency),
        }
    }
}

/// What is read back.
#[derive(Deserialize)]
pub(super) struct InvalidLoadFields {
    one_in: u64,
    requests: TargetRequestFields,
    faults: Vec<FaultFields>,
    histogram: String,
}

#[derive(Deserialize)]
struct FaultFields {
    operation: String,
    breaks: String,
    pointer: String,
    lenient: bool,
    status_codes: BTreeMap<String, u64>,
    failed: u64,
}

impl InvalidLoadFields {
    pub(super) fn faulty(&self) -> Faulty {
        let faults = self.faults.iter().map(|fields| Fault {
            request: fields.operation.clone(),
            breaks: fields.breaks.clone(),
            pointer: fields.pointer.clone(),
            lenient: fields.lenient,
        });
        Faulty {
            one_in: self.one_in,
            faults: faults.collect(),
        }
    }

    pub(super) fn record(&self) -> Result<AsideRecord, StoredFault> {
        let answers = self.faults.iter().map(|fields| {
            let statuses = by_number(&fields.status_codes);
            Tally {
                completed: statuses.values().sum(),
                failed: fields.failed,
                statuses,
            }
        });
        Ok(AsideRecord {
            requests: self.requests.requests(),
            latency: decode(&self.histogram).ok_or(StoredFault::Histogram)?,
            answers: answers.collect(),
        })
    }
}
