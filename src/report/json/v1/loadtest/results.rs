//! The figures of each endpoint.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::rounded;
use super::histogram::encode;
use super::invalid::InvalidLoadEntry;
use super::stages::StageResultEntry;
use super::targets::{TargetEntry, by_text};
use crate::loadtest::advice;
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::recording::{Connections, Point, Tally};
use crate::loadtest::statistics::Summary;

#[derive(Debug, Serialize, JsonSchema)]
pub struct ResultEntry {
    /// `A`, and `B` in a comparison.
    pub name: &'static str,
    pub url: String,
    pub method: String,
    /// The requests of a mix, each with its own figures; empty with a single request.
    pub targets: Vec<TargetEntry>,
    /// With `--invalid`: the requests of the load that broke a rule.
    pub invalid: Option<InvalidLoadEntry>,
    /// The code path that sent the requests.
    pub engine: String,
    pub protocol: String,
    pub tls: Option<String>,
    pub requests: RequestsEntry,
    pub requests_per_second: f64,
    pub latency_ms: SummaryEntry,
    /// `send`, or `due` in open loop.
    pub latency_from: &'static str,
    pub service_time_ms: SummaryEntry,
    /// Answers by status.
    pub status_codes: IndexMap<String, u64>,
    /// Exchanges without an answer, by kind.
    pub errors: IndexMap<String, u64>,
    /// The first error of each kind, in words.
    pub error_samples: IndexMap<String, String>,
    /// Failed exchanges and answers that are not accepted, out of all that ended.
    pub error_rate: f64,
    pub bytes: BytesEntry,
    pub connections: ConnectionsEntry,
    pub longest_gap_ms: Option<f64>,
    /// How each stage of the load came out; empty without stages.
    pub stages: Vec<StageResultEntry>,
    /// Pauses of the server in open loop.
    pub stalls: Vec<StallEntry>,
    /// Little's law: requests a second times mean latency.
    pub in_flight_mean: f64,
    pub warmup: Option<WarmupEntry>,
    pub series: SeriesEntry,
    /// Latencies as HdrHistogram V2 with DEFLATE in base64, in nanoseconds with three digits.
    pub histogram: String,
    /// The same of the service times, in open loop.
    pub service_histogram: Option<String>,
    pub histogram_unit: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestsEntry {
    pub due: Option<u64>,
    pub sent: u64,
    /// Answers that were read to their end, of any status.
    pub completed: u64,
    pub failed: u64,
    pub unsent: u64,
    pub open_at_end: u64,
    pub retried: u64,
}

/// Milliseconds; null where the sample is too small to carry the figure.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SummaryEntry {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub p99_9: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub mean: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct BytesEntry {
    pub received: u64,
    pub sent: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionsEntry {
    pub opened: u64,
    pub failed: u64,
    pub closed_by_server: u64,
    pub connect_ms: Option<ConnectEntry>,
    pub tls_ms: Option<ConnectEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectEntry {
    pub p50: f64,
    pub max: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StallEntry {
    pub at_s: f64,
    pub seconds: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WarmupEntry {
    pub completed: u64,
    pub failed: u64,
}

/// One value a second; null where nothing was measured or reports were added up.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SeriesEntry {
    pub interval_s: u32,
    pub completed: Vec<u64>,
    /// Failed exchanges.
    pub failed: Vec<u64>,
    /// Failed exchanges and answers from 400 on.
    pub errors: Vec<u64>,
    pub p50_ms: Vec<Option<f64>>,
    pub p90_ms: Vec<Option<f64>>,
    pub p95_ms: Vec<Option<f64>>,
    pub p99_ms: Vec<Option<f64>>,
    pub max_ms: Vec<Option<f64>>,
    /// Latencies of each second as the histogram of the whole run; only in the report of a shard, so
    /// that a sum of shards has exact percentiles in every second.
    pub histograms: Option<Vec<String>>,
}

pub(super) fn entries(assessment: &Assessment) -> Vec<ResultEntry> {
    let named = ["A", "B"].into_iter().zip(&assessment.results);
    named
        .map(|(name, result)| entry(name, result, assessment))
        .collect()
}

fn entry(name: &'static str, result: &Measured, assessment: &Assessment) -> ResultEntry {
    let recording = &result.recording;
    let errors = recording.errors.iter().filter(|(_, tally)| tally.count > 0);
    let stalls = match assessment.load.slowest_rate() {
        Some(rate) => advice::stalls(result, rate),
        None => Vec::new(),
    };
    let warmup = &recording.warmup;
    ResultEntry {
        name,
        url: result.endpoint.url.clone(),
        method: result.endpoint.method.clone(),
        targets: result.parts.iter().map(TargetEntry::from).collect(),
        invalid: result.aside.as_ref().map(InvalidLoadEntry::from),
        engine: recording.engine.to_owned(),
        protocol: recording.protocol.clone(),
        tls: recording.tls.clone(),
        requests: RequestsEntry {
            due: recording.requests.due,
            sent: recording.requests.sent,
            completed: recording.requests.completed,
            failed: recording.requests.failed,
            unsent: recording.requests.unsent,
            open_at_end: recording.requests.open_at_end,
            retried: recording.requests.retried,
        },
        requests_per_second: rounded(result.requests_per_second),
        latency_ms: SummaryEntry::from(&result.latency),
        latency_from: if assessment.load.rate.is_some() {
            "due"
        } else {
            "send"
        },
        service_time_ms: SummaryEntry::from(result.service.as_ref().unwrap_or(&result.latency)),
        status_codes: by_text(&recording.statuses),
        errors: errors
            .clone()
            .map(|(kind, tally)| (kind.name().to_owned(), tally.count))
            .collect(),
        error_samples: errors
            .map(|(kind, tally)| (kind.name().to_owned(), tally.first.clone()))
            .collect(),
        error_rate: (result.error_rate() * 1e6).round() / 1e6,
        bytes: BytesEntry {
            received: recording.bytes.received,
            sent: recording.bytes.sent,
        },
        connections: ConnectionsEntry::from(&recording.connections),
        longest_gap_ms: recording
            .gaps
            .longest()
            .map(|gap| rounded(gap.as_secs_f64() * 1e3)),
        stages: super::stages::results(result, assessment),
        stalls: stalls
            .iter()
            .map(|gap| StallEntry {
                at_s: rounded(gap.from.as_secs_f64()),
                seconds: rounded(gap.length().as_secs_f64()),
            })
            .collect(),
        in_flight_mean: rounded(result.in_flight()),
        warmup: (*warmup != Tally::default()).then_some(WarmupEntry {
            completed: warmup.completed,
            failed: warmup.failed,
        }),
        series: SeriesEntry {
            histograms: assessment.load.shard.map(|_| {
                let seconds = recording.seconds.iter();
                seconds.map(|cells| encode(&cells.histogram())).collect()
            }),
            ..SeriesEntry::from(recording.series.as_slice())
        },
        histogram: encode(&recording.latency),
        service_histogram: recording.service.as_ref().map(encode),
        histogram_unit: "ns",
    }
}

impl From<&Summary> for SummaryEntry {
    fn from(summary: &Summary) -> Self {
        Self {
            p50: summary.p50.map(rounded),
            p90: summary.p90.map(rounded),
            p95: summary.p95.map(rounded),
            p99: summary.p99.map(rounded),
            p99_9: summary.p999.map(rounded),
            min: summary.min.map(rounded),
            max: summary.max.map(rounded),
            mean: summary.mean.map(rounded),
        }
    }
}

impl From<&Connections> for ConnectionsEntry {
    fn from(connections: &Connections) -> Self {
        let entry = |histogram: &hdrhistogram::Histogram<u64>| {
            (!histogram.is_empty()).then(|| ConnectEntry {
                p50: rounded(histogram.value_at_quantile(0.5) as f64 / 1e6),
                max: rounded(histogram.max() as f64 / 1e6),
            })
        };
        Self {
            opened: connections.opened,
            failed: connections.failed,
            closed_by_server: connections.closed_by_server,
            connect_ms: entry(&connections.connect),
            tls_ms: entry(&connections.tls),
        }
    }
}

impl From<&[Point]> for SeriesEntry {
    fn from(series: &[Point]) -> Self {
        let times = |of: fn(&Point) -> Option<u64>| -> Vec<Option<f64>> {
            let milliseconds = |point| of(point).map(|value| rounded(value as f64 / 1e6));
            series.iter().map(milliseconds).collect()
        };
        Self {
            interval_s: 1,
            completed: series.iter().map(|point| point.completed).collect(),
            failed: series.iter().map(|point| point.failed).collect(),
            errors: series
                .iter()
                .map(|point| point.failed + point.refused)
                .collect(),
            p50_ms: times(|point| point.p50),
            p90_ms: times(|point| point.p90),
            p95_ms: times(|point| point.p95),
            p99_ms: times(|point| point.p99),
            max_ms: times(|point| point.max),
            histograms: None,
        }
    }
}
