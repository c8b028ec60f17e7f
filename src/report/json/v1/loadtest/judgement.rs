//! What the figures were judged to be.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::rounded;
use crate::diagnostic::{Diagnostic, pages};
use crate::loadtest::assessment::{Assessment, StatusCheck};
use crate::loadtest::comparison::{Comparison, Kind, Measure, Metric};
use crate::loadtest::expectation::Checked;
use crate::loadtest::rate_limit::{Observed, Shape, Standing};
use crate::report::wording::loadtest as words;

#[derive(Debug, Serialize, JsonSchema)]
pub struct WarningEntry {
    pub code: &'static str,
    /// The reference page of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The section of a guide that the page leads to, as `backsmith explain` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    pub message: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ExpectationEntry {
    pub expression: String,
    /// The request of a mix that it is about; null for all together.
    pub target: Option<String>,
    pub metric: &'static str,
    pub operator: &'static str,
    pub threshold: f64,
    pub unit: &'static str,
    /// Null when the sample is too small to carry the figure.
    pub measured: Option<f64>,
    pub met: bool,
    /// Where it comes from, when not from the command line.
    pub origin: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusEntry {
    pub status: u16,
    pub with: u64,
    /// Answers of another status, and exchanges that failed.
    pub without: u64,
    pub met: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ComparisonEntry {
    /// `endpoints` or `baseline`.
    pub kind: &'static str,
    pub a: &'static str,
    pub b: &'static str,
    /// B against A.
    pub verdict: &'static str,
    pub deciding_metric: Option<&'static str>,
    pub confidence: f64,
    pub design: DesignEntry,
    pub metrics: Vec<MetricEntry>,
    pub margin: MarginEntry,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DesignEntry {
    /// `ABBA`, or `apart` for a baseline.
    pub order: &'static str,
    pub blocks: Option<usize>,
    pub block_s: Option<f64>,
    /// Whole seconds of the baseline and of this run.
    pub seconds: Option<[usize; 2]>,
    pub interval: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MetricEntry {
    pub metric: &'static str,
    pub unit: &'static str,
    pub a: Option<f64>,
    pub b: Option<f64>,
    pub change_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_percent: Option<[f64; 2]>,
    /// The difference of two shares, for the error rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    pub verdict: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MarginEntry {
    pub percent: f64,
    pub error_rate_points: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RateLimitEntry {
    pub holds: bool,
    pub limited: u64,
    pub allowed: u64,
    pub inferred: Option<InferredEntry>,
    pub declared: Option<DeclaredEntry>,
    pub agrees: Option<bool>,
    pub checks: Vec<CheckEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InferredEntry {
    /// `token-bucket`, `window`, or `long-window` when nothing was let through any more.
    pub shape: &'static str,
    pub per_second: Option<f64>,
    pub burst: Option<u64>,
    pub quota: Option<u64>,
    pub window_s: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DeclaredEntry {
    pub header: String,
    pub quota: Option<f64>,
    pub window_s: Option<f64>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckEntry {
    pub check: &'static str,
    /// `holds`, `look` or `fails`.
    pub standing: &'static str,
    pub detail: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingEntry {
    pub code: String,
    /// The reference page of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The section of a guide that the page leads to, as `backsmith explain` takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    pub severity: &'static str,
    pub message: String,
    pub help: Option<String>,
    /// JSON pointer in the API's description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

pub(super) fn warnings(assessment: &Assessment) -> Vec<WarningEntry> {
    let doubts = assessment.doubts.iter().map(|doubt| {
        let (what, detail) = words::doubt(doubt, assessment);
        WarningEntry {
            code: doubt.code(),
            page: pages::path(doubt.code()),
            guide: pages::guide(doubt.code()),
            message: format!("{what}: {detail}"),
        }
    });
    let remarks = assessment.remarks.iter().map(|remark| WarningEntry {
        code: "remark",
        page: None,
        guide: None,
        message: remark.clone(),
    });
    let unloaded = assessment.unloaded.iter().map(|reason| WarningEntry {
        code: "no-load",
        page: None,
        guide: None,
        message: reason.clone(),
    });
    doubts.chain(unloaded).chain(remarks).collect()
}

impl From<&Checked> for ExpectationEntry {
    fn from(checked: &Checked) -> Self {
        let expectation = &checked.expectation;
        Self {
            expression: expectation.expression.clone(),
            target: expectation.target.clone(),
            metric: expectation.quantity.name(),
            operator: expectation.operator.sign(),
            threshold: expectation.threshold,
            unit: expectation.quantity.unit(),
            measured: checked.measured.map(rounded),
            met: checked.met,
            origin: expectation.origin.clone(),
        }
    }
}

impl From<StatusCheck> for StatusEntry {
    fn from(check: StatusCheck) -> Self {
        Self {
            status: check.wanted,
            with: check.with,
            without: check.without,
            met: check.met(),
        }
    }
}

impl From<&Comparison> for ComparisonEntry {
    fn from(comparison: &Comparison) -> Self {
        let (kind, a, b, design) = match comparison.kind {
            Kind::Endpoints {
                blocks,
                block_seconds,
            } => (
                "endpoints",
                "results/0",
                "results/1",
                DesignEntry {
                    order: "ABBA",
                    blocks: Some(blocks),
                    block_s: Some(rounded(block_seconds)),
                    seconds: None,
                    interval: "block bootstrap",
                },
            ),
            Kind::Baseline { seconds } => (
                "baseline",
                "baseline",
                "results/0",
                DesignEntry {
                    order: "apart",
                    blocks: None,
                    block_s: None,
                    seconds: Some([seconds.0, seconds.1]),
                    interval: "bootstrap of seconds",
                },
            ),
        };
        Self {
            kind,
            a,
            b,
            verdict: comparison.verdict.name(),
            deciding_metric: comparison.deciding.map(Metric::name),
            confidence: 0.95,
            design,
            metrics: comparison.measures.iter().map(MetricEntry::from).collect(),
            margin: MarginEntry {
                percent: comparison.margin.percent,
                error_rate_points: comparison.margin.error_points,
            },
        }
    }
}

impl From<&Measure> for MetricEntry {
    fn from(measure: &Measure) -> Self {
        let is_share = measure.metric == Metric::ErrorRate;
        let unit = match measure.metric {
            Metric::Rate => "1/s",
            Metric::Latency(_) => "ms",
            Metric::ErrorRate => "1",
        };
        let figure = |value: Option<f64>| {
            value.map(|value| {
                if is_share {
                    millionths(value)
                } else {
                    rounded(value)
                }
            })
        };
        let interval = measure
            .interval
            .map(|interval| [interval.low, interval.high]);
        Self {
            metric: measure.metric.name(),
            unit,
            a: figure(measure.a),
            b: figure(measure.b),
            change_percent: measure.change.filter(|_| !is_share).map(rounded),
            interval_percent: interval.filter(|_| !is_share).map(|ends| ends.map(rounded)),
            interval: interval
                .filter(|_| is_share)
                .map(|ends| ends.map(|points| millionths(points / 100.0))),
            verdict: measure.verdict.name(),
        }
    }
}

fn millionths(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

impl From<&Observed> for RateLimitEntry {
    fn from(observed: &Observed) -> Self {
        Self {
            holds: observed.holds(),
            limited: observed.limited,
            allowed: observed.allowed,
            inferred: observed.inferred.map(InferredEntry::from),
            declared: observed.declared.as_ref().map(|declared| DeclaredEntry {
                header: declared.text.clone(),
                quota: declared.quota,
                window_s: declared.window_seconds,
            }),
            agrees: observed.agrees,
            checks: observed
                .checks
                .iter()
                .map(|check| CheckEntry {
                    check: check.name,
                    standing: match check.standing {
                        Standing::Holds => "holds",
                        Standing::Look => "look",
                        Standing::Fails => "fails",
                    },
                    detail: check.detail.clone(),
                })
                .collect(),
        }
    }
}

impl From<Shape> for InferredEntry {
    fn from(shape: Shape) -> Self {
        let per_second = shape.per_second().map(rounded);
        match shape {
            Shape::TokenBucket { burst, .. } => Self {
                shape: "token-bucket",
                per_second,
                burst: Some(burst),
                quota: None,
                window_s: None,
            },
            Shape::Window { quota, seconds } => Self {
                shape: "window",
                per_second,
                burst: None,
                quota: Some(quota),
                window_s: Some(seconds),
            },
            Shape::LongWindow { quota, longer_than } => Self {
                shape: "long-window",
                per_second,
                burst: None,
                quota: Some(quota),
                window_s: Some(rounded(longer_than)),
            },
        }
    }
}

impl From<&Diagnostic> for FindingEntry {
    fn from(finding: &Diagnostic) -> Self {
        Self {
            code: finding.code.to_owned(),
            page: pages::path(finding.code),
            guide: pages::guide(finding.code),
            severity: finding.severity.name(),
            message: finding.message.clone(),
            help: finding.help.clone(),
            pointer: finding.pointer.clone(),
        }
    }
}
