//! A report of an earlier run, read back: as a baseline, or as one shard of several. Only what is
//! needed is read, so that reports of later versions stay readable.

mod check;

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Deserialize;

use self::check::FindingFields;
use super::histogram::decode;
use super::invalid::InvalidLoadFields;
use super::stages::{StageFields, StageResultFields};
use super::targets::{TargetFields, by_number};
use crate::loadtest::assessment::{Drawn, Endpoint, Load, Machine, TableUse};
use crate::loadtest::comparison::Baseline;
use crate::loadtest::plan::Shard;
use crate::loadtest::recording::{
    Bytes, Cells, Client, ErrorKind, Outcome, Point, Recording, Requests, histogram,
};
use crate::loadtest::table::RowOrder;
use crate::traffic::Survey;

/// The version that is read.
const SCHEMA: &str = "backsmith.loadtest/v1";

/// Why text is no report.
#[derive(Debug, thiserror::Error)]
pub enum StoredFault {
    #[error("it is not JSON: {0}")]
    Json(String),
    #[error("it is no report of `backsmith loadtest --json`")]
    Schema,
    #[error("it is a `{0}`, and this program reads `{SCHEMA}`")]
    Version(String),
    #[error("its histogram cannot be read")]
    Histogram,
    #[error("it holds no result")]
    Empty,
}

/// What a report holds.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Of the program that wrote it.
    pub version: String,
    /// Whether it is the report of a search for capacity, and so of several loads.
    pub is_search: bool,
    /// By endpoint.
    pub engines: Vec<String>,
    pub load: Load,
    pub machine: Machine,
    pub endpoints: Vec<Endpoint>,
    pub outcome: Outcome,
    /// Failed exchanges and answers that were not accepted then, by endpoint.
    pub errors: Vec<u64>,
    /// Whether a description was checked.
    pub is_described: bool,
    /// That check, unless an earlier version wrote less than a sum needs.
    pub survey: Option<Survey>,
    /// Whether the queries of the load were counted.
    pub has_queries: bool,
}

impl Stored {
    /// The first endpoint as a baseline.
    pub fn baseline(&self) -> Option<Baseline> {
        let recording = self.outcome.recordings.first()?;
        Some(Baseline {
            latency: recording.latency.clone(),
            series: recording.series.clone(),
            completed: recording.requests.completed,
            failed: recording.requests.failed,
            errors: self.errors.first().copied()?,
            elapsed: self.outcome.elapsed,
            held_back: self.outcome.client.held_back.clone(),
        })
    }
}

#[derive(Deserialize)]
struct Document {
    interrupted: bool,
    tool: ToolFields,
    started_at: String,
    started_unix_ms: Option<i64>,
    #[serde(default)]
    capacity: Option<serde_json::Value>,
    load: LoadFields,
    machine: MachineFields,
    client: ClientFields,
    results: Vec<ResultFields>,
    #[serde(default)]
    findings: Vec<FindingFields>,
    #[serde(default)]
    description: Option<serde_json::Value>,
    #[serde(default)]
    database: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct ToolFields {
    version: String,
}

#[derive(Deserialize)]
struct LoadFields {
    concurrency: usize,
    rate: Option<f64>,
    #[serde(default)]
    stages: Vec<StageFields>,
    duration_s: Option<f64>,
    requests: Option<u64>,
    elapsed_s: f64,
    warmup_s: f64,
    timeout_s: f64,
    threads: usize,
    shard: Option<String>,
    seed: Option<u64>,
    table: Option<TableFields>,
}

#[derive(Deserialize)]
struct TableFields {
    file: String,
    rows: u64,
    order: String,
    taken: u64,
}

#[derive(Deserialize)]
struct MachineFields {
    os: String,
    arch: String,
    cores: usize,
    open_files: Option<u64>,
}

#[derive(Deserialize)]
struct ClientFields {
    cpu_cores_used: f64,
    saturated_seconds: u64,
    #[serde(default)]
    schedule_lag_histogram: Option<String>,
    /// Earlier reports have none.
    #[serde(default)]
    processor_wait_histogram: Option<String>,
}

#[derive(Deserialize)]
struct ResultFields {
    url: String,
    method: String,
    engine: String,
    #[serde(default)]
    targets: Vec<TargetFields>,
    #[serde(default)]
    invalid: Option<InvalidLoadFields>,
    protocol: String,
    tls: Option<String>,
    requests: RequestFields,
    status_codes: BTreeMap<String, u64>,
    errors: BTreeMap<String, u64>,
    #[serde(default)]
    error_samples: BTreeMap<String, String>,
    error_rate: f64,
    bytes: ByteFields,
    connections: ConnectionFields,
    series: SeriesFields,
    #[serde(default)]
    stages: Vec<StageResultFields>,
    warmup: Option<WarmupFields>,
    histogram: String,
    service_histogram: Option<String>,
}

#[derive(Deserialize)]
struct RequestFields {
    due: Option<u64>,
    sent: u64,
    completed: u64,
    failed: u64,
    unsent: u64,
    open_at_end: u64,
    retried: u64,
}

#[derive(Deserialize)]
struct WarmupFields {
    completed: u64,
    failed: u64,
}

#[derive(Deserialize)]
struct ByteFields {
    received: u64,
    sent: u64,
}

#[derive(Deserialize)]
struct ConnectionFields {
    opened: u64,
    failed: u64,
    closed_by_server: u64,
}

#[derive(Deserialize)]
struct SeriesFields {
    completed: Vec<u64>,
    failed: Vec<u64>,
    errors: Vec<u64>,
    p50_ms: Vec<Option<f64>>,
    p90_ms: Vec<Option<f64>>,
    p95_ms: Vec<Option<f64>>,
    p99_ms: Vec<Option<f64>>,
    max_ms: Vec<Option<f64>>,
    #[serde(default)]
    histograms: Option<Vec<String>>,
}

/// Whether it is the schema of a document of this program, such as `backsmith.decide/v1`. What else a
/// file calls its schema is not repeated in an error.
fn is_ours(schema: &str) -> bool {
    let name = schema.strip_prefix("backsmith.");
    name.is_some_and(|name| {
        name.len() < 40
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"/-.".contains(&byte))
    })
}

/// Reads a report.
pub fn read(text: &str) -> Result<Stored, StoredFault> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| StoredFault::Json(error.to_string()))?;
    match value["schema"].as_str() {
        Some(SCHEMA) => {}
        Some(other) if is_ours(other) => return Err(StoredFault::Version(other.to_owned())),
        _ => return Err(StoredFault::Schema),
    }
    let document: Document = serde_json::from_value(value).map_err(|_| StoredFault::Schema)?;
    if document.results.is_empty() {
        return Err(StoredFault::Empty);
    }
    let recordings: Result<Vec<Recording>, StoredFault> =
        document.results.iter().map(recording).collect();
    let elapsed = seconds(document.load.elapsed_s);
    let started = document.started_at.parse::<jiff::Timestamp>();
    let started = document
        .started_unix_ms
        .or_else(|| Some(started.ok()?.as_millisecond()));
    let schedule_lag = histogram_of(document.client.schedule_lag_histogram.as_deref())?;
    let held_back = histogram_of(document.client.processor_wait_histogram.as_deref())?;
    Ok(Stored {
        version: document.tool.version,
        is_search: document.capacity.is_some(),
        engines: document
            .results
            .iter()
            .map(|result| result.engine.clone())
            .collect(),
        outcome: Outcome {
            recordings: recordings?,
            client: Client {
                threads: document.load.threads,
                cpu_seconds: document.client.cpu_cores_used * elapsed.as_secs_f64(),
                saturated_seconds: document.client.saturated_seconds,
                schedule_lag,
                held_back,
            },
            started_at_ms: started.unwrap_or(0),
            elapsed,
            interrupted: document.interrupted,
            rows_taken: 0,
        },
        load: load(&document.load),
        machine: Machine {
            os: document.machine.os,
            arch: document.machine.arch,
            cores: document.machine.cores,
            open_files: document.machine.open_files,
        },
        endpoints: document
            .results
            .iter()
            .map(|result| Endpoint {
                url: result.url.clone(),
                method: result.method.clone(),
                requests: result.targets.iter().map(TargetFields::named).collect(),
                aside: result.invalid.as_ref().map(InvalidLoadFields::faulty),
            })
            .collect(),
        errors: document.results.iter().map(errors).collect(),
        is_described: document.description.is_some(),
        survey: document
            .description
            .and_then(|description| check::survey(&description, &document.findings)),
        has_queries: document.database.is_some(),
    })
}

/// Without a text an empty one.
fn histogram_of(text: Option<&str>) -> Result<Histogram<u64>, StoredFault> {
    match text {
        Some(text) => decode(text).ok_or(StoredFault::Histogram),
        None => Ok(histogram()),
    }
}

/// Times of a report that somebody edited may be anything.
fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}

fn load(fields: &LoadFields) -> Load {
    Load {
        rate: fields.rate,
        stages: fields.stages.iter().map(StageFields::stage).collect(),
        connections: fields.concurrency,
        duration: fields.duration_s.map(seconds),
        requests: fields.requests,
        warmup: seconds(fields.warmup_s),
        timeout: seconds(fields.timeout_s),
        threads: fields.threads,
        shard: fields.shard.as_deref().and_then(Shard::parse),
        drawn: fields.seed.map(|seed| Drawn {
            seed,
            table: fields.table.as_ref().map(table),
        }),
    }
}

fn table(fields: &TableFields) -> TableUse {
    let order = RowOrder::ALL
        .into_iter()
        .find(|order| order.name() == fields.order);
    TableUse {
        name: fields.file.clone(),
        rows: fields.rows,
        order: order.unwrap_or_default(),
        taken: fields.taken,
    }
}

fn errors(fields: &ResultFields) -> u64 {
    let finished = fields.requests.completed + fields.requests.failed;
    (fields.error_rate * finished as f64).round() as u64
}

fn recording(fields: &ResultFields) -> Result<Recording, StoredFault> {
    let latency = decode(&fields.histogram).ok_or(StoredFault::Histogram)?;
    let service = match &fields.service_histogram {
        Some(text) => Some(decode(text).ok_or(StoredFault::Histogram)?),
        None => None,
    };
    let mut recording = Recording {
        protocol: fields.protocol.clone(),
        tls: fields.tls.clone(),
        requests: Requests {
            due: fields.requests.due,
            sent: fields.requests.sent,
            completed: fields.requests.completed,
            failed: fields.requests.failed,
            unsent: fields.requests.unsent,
            open_at_end: fields.requests.open_at_end,
            retried: fields.requests.retried,
        },
        bytes: Bytes {
            received: fields.bytes.received,
            sent: fields.bytes.sent,
        },
        latency: histogram(),
        series: points(&fields.series),
        ..Recording::default()
    };
    recording.latency = latency;
    for target in &fields.targets {
        recording.parts.push(target.part()?);
    }
    if let Some(invalid) = &fields.invalid {
        recording.aside = Some(invalid.record()?);
    }
    recording.service = service;
    if let Some(warmup) = &fields.warmup {
        recording.warmup.completed = warmup.completed;
        recording.warmup.failed = warmup.failed;
    }
    recording.connections.opened = fields.connections.opened;
    recording.connections.failed = fields.connections.failed;
    recording.connections.closed_by_server = fields.connections.closed_by_server;
    recording.statuses = by_number(&fields.status_codes);
    for kind in ErrorKind::ALL {
        if let Some(count) = fields.errors.get(kind.name()) {
            let words = fields.error_samples.get(kind.name());
            recording.count_errors(kind, *count, words.map_or("", String::as_str));
        }
    }
    if let Some(texts) = &fields.series.histograms {
        for (text, point) in texts.iter().zip(&mut recording.series) {
            let cells = Cells::of(&decode(text).ok_or(StoredFault::Histogram)?);
            point.describe(&cells);
            recording.seconds.push(cells);
        }
    }
    let stages = fields.stages.iter().map(StageResultFields::record);
    recording.stages = stages
        .collect::<Option<_>>()
        .ok_or(StoredFault::Histogram)?;
    Ok(recording)
}

fn points(series: &SeriesFields) -> Vec<Point> {
    let time = |values: &[Option<f64>], index: usize| {
        let value = values.get(index).copied().flatten();
        value.map(|milliseconds| (milliseconds * 1e6).round() as u64)
    };
    let point = |index: usize| {
        let failed = series.failed.get(index).copied().unwrap_or(0);
        let errors = series.errors.get(index).copied().unwrap_or(0);
        Point {
            completed: series.completed[index],
            failed,
            refused: errors.saturating_sub(failed),
            p50: time(&series.p50_ms, index),
            p90: time(&series.p90_ms, index),
            p95: time(&series.p95_ms, index),
            p99: time(&series.p99_ms, index),
            max: time(&series.max_ms, index),
        }
    };
    (0..series.completed.len()).map(point).collect()
}
