//! `backsmith.loadtest/v1`: everything that was measured and what it was judged to be. Enough to be
//! a baseline, and to be added up with the reports of other shards.

mod capacity;
mod histogram;
mod invalid;
mod judgement;
mod results;
mod stages;
mod stored;
mod survey;
mod targets;

use std::io::{self, Write};

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Tool, rounded};
use crate::loadtest::assessment::Assessment;
use crate::report::json::write_document;

pub use capacity::CapacityEntry;
pub use invalid::InvalidLoadEntry;
pub use judgement::{
    ComparisonEntry, ExpectationEntry, FindingEntry, RateLimitEntry, WarningEntry,
};
pub use results::ResultEntry;
pub use stages::StageEntry;
pub use stored::{Stored, StoredFault, read};
pub use survey::{DatabaseEntry, DescriptionEntry};

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.loadtest/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// `ok`, `failed`, `no-success`, `not-valid`, or how B or this run did in a comparison: `better`,
    /// `worse`, `same`, `cannot-tell`.
    pub verdict: &'static str,
    /// Whether a signal ended the run before its time.
    pub interrupted: bool,
    /// When the first request left, in UTC.
    pub started_at: String,
    /// The same in milliseconds since 1970.
    pub started_unix_ms: i64,
    pub load: LoadEntry,
    pub machine: MachineEntry,
    pub client: ClientEntry,
    /// Whether the figures are the server's and not the client's.
    pub valid: bool,
    pub warnings: Vec<WarningEntry>,
    pub results: Vec<ResultEntry>,
    pub expectations: Vec<ExpectationEntry>,
    pub expected_status: Option<judgement::StatusEntry>,
    pub comparison: Option<ComparisonEntry>,
    /// Of a search for capacity.
    pub capacity: Option<CapacityEntry>,
    pub rate_limit: Option<RateLimitEntry>,
    pub findings: Vec<FindingEntry>,
    /// With `--spec`.
    pub description: Option<DescriptionEntry>,
    /// With `--database`.
    pub database: Option<DatabaseEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct LoadEntry {
    /// `closed` or `open`.
    #[serde(rename = "loop")]
    pub kind: &'static str,
    pub concurrency: usize,
    /// Requests a second of the whole run, in open loop.
    /// With stages, their mean.
    pub rate: Option<f64>,
    /// What was asked for, stage by stage; how each came out is in the results.
    pub stages: Vec<StageEntry>,
    pub duration_s: Option<f64>,
    pub requests: Option<u64>,
    pub elapsed_s: f64,
    pub warmup_s: f64,
    pub timeout_s: f64,
    pub threads: usize,
    /// `1/2`.
    pub shard: Option<String>,
    /// What choices and values follow from; null when all requests are the same.
    pub seed: Option<u64>,
    pub table: Option<TableEntry>,
}

/// The rows of `{{csv.column}}`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TableEntry {
    pub file: String,
    pub rows: u64,
    /// `in-order` or `random`.
    pub order: &'static str,
    /// Rows that requests took, warm-up included.
    pub taken: u64,
    /// How often it began again from the first row.
    pub wrapped: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MachineEntry {
    pub os: String,
    pub arch: String,
    pub cores: usize,
    pub open_files: Option<u64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientEntry {
    /// CPU seconds a second; 1.0 is a whole core.
    pub cpu_cores_used: f64,
    pub saturated: bool,
    /// Seconds in which some thread used its whole core.
    pub saturated_seconds: u64,
    /// How late requests left although a connection was free; open loop only.
    pub schedule_lag_ms: Option<LagEntry>,
    /// The same as a histogram, as those of the results.
    pub schedule_lag_histogram: Option<String>,
    /// How long the threads waited for a processor when they wanted to run: comparisons with a baseline
    /// take it off on both sides. Not there when it is not known, as in earlier reports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_wait_ms: Option<LagEntry>,
    /// The same as a histogram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_wait_histogram: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct LagEntry {
    pub mean: f64,
    pub p99: f64,
    pub max: f64,
}

impl From<&Assessment> for Document {
    fn from(assessment: &Assessment) -> Self {
        Self {
            schema: "backsmith.loadtest/v1",
            tool: Tool::CURRENT,
            verdict: assessment.verdict.name(),
            interrupted: assessment.interrupted,
            started_at: instant(assessment.started_at_ms),
            started_unix_ms: assessment.started_at_ms,
            load: LoadEntry::from(assessment),
            machine: MachineEntry {
                os: assessment.machine.os.clone(),
                arch: assessment.machine.arch.clone(),
                cores: assessment.machine.cores,
                open_files: assessment.machine.open_files,
            },
            client: ClientEntry::from(assessment),
            valid: assessment.is_valid(),
            warnings: judgement::warnings(assessment),
            results: results::entries(assessment),
            expectations: assessment
                .checked
                .iter()
                .map(ExpectationEntry::from)
                .collect(),
            expected_status: assessment.status.map(judgement::StatusEntry::from),
            capacity: assessment.capacity.as_ref().map(CapacityEntry::from),
            comparison: assessment.comparison.as_ref().map(ComparisonEntry::from),
            rate_limit: assessment.rate_limit.as_ref().map(RateLimitEntry::from),
            findings: assessment.findings.iter().map(FindingEntry::from).collect(),
            description: assessment.survey.as_ref().map(DescriptionEntry::from),
            database: assessment.database.as_ref().map(DatabaseEntry::from),
        }
    }
}

impl From<&Assessment> for LoadEntry {
    fn from(assessment: &Assessment) -> Self {
        let load = &assessment.load;
        Self {
            kind: if load.rate.is_some() {
                "open"
            } else {
                "closed"
            },
            concurrency: load.connections,
            rate: load.rate,
            stages: load.stages.iter().map(StageEntry::from).collect(),
            duration_s: load.duration.map(|duration| duration.as_secs_f64()),
            requests: load.requests,
            // Rates of a sum follow from it, so it is not rounded.
            elapsed_s: assessment.elapsed.as_secs_f64(),
            warmup_s: load.warmup.as_secs_f64(),
            timeout_s: load.timeout.as_secs_f64(),
            threads: load.threads,
            shard: load
                .shard
                .map(|shard| format!("{}/{}", shard.number, shard.of)),
            seed: load.drawn.as_ref().map(|drawn| drawn.seed),
            table: load.drawn.as_ref().and_then(|drawn| {
                let table = drawn.table.as_ref()?;
                Some(TableEntry {
                    file: table.name.clone(),
                    rows: table.rows,
                    order: table.order.name(),
                    taken: table.taken,
                    wrapped: table.rounds(),
                })
            }),
        }
    }
}

impl From<&Assessment> for ClientEntry {
    fn from(assessment: &Assessment) -> Self {
        use crate::loadtest::assessment::Doubt;
        let client = &assessment.client;
        let seconds = assessment.elapsed.as_secs_f64();
        let (lag, wait) = (&client.schedule_lag, &client.held_back);
        Self {
            cpu_cores_used: if seconds > 0.0 {
                rounded(client.cpu_seconds / seconds)
            } else {
                0.0
            },
            saturated: assessment
                .doubts
                .iter()
                .any(|doubt| matches!(doubt, Doubt::Processor { .. })),
            saturated_seconds: client.saturated_seconds,
            schedule_lag_ms: LagEntry::of(lag),
            schedule_lag_histogram: (!lag.is_empty()).then(|| histogram::encode(lag)),
            processor_wait_ms: LagEntry::of(wait),
            processor_wait_histogram: (!wait.is_empty()).then(|| histogram::encode(wait)),
        }
    }
}

impl LagEntry {
    fn of(histogram: &Histogram<u64>) -> Option<Self> {
        (!histogram.is_empty()).then(|| Self {
            mean: rounded(histogram.mean() / 1e6),
            p99: rounded(histogram.value_at_quantile(0.99) as f64 / 1e6),
            max: rounded(histogram.max() as f64 / 1e6),
        })
    }
}

/// RFC 3339 in UTC, whole seconds.
fn instant(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds)
        .ok()
        .and_then(|instant| instant.round(jiff::Unit::Second).ok())
        .map(|instant| instant.to_string())
        .unwrap_or_default()
}

pub fn write(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    write_document(out, &Document::from(assessment))
}
