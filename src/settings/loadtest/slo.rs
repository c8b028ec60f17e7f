//! `--slo`: the floor of a decision becomes expectations.

use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::files;
use crate::loadtest::expectation::Expectation;

/// The latencies of the floor, and its uptime as an error rate.
pub(super) fn expectations(path: &Path) -> Result<Vec<Expectation>, Failure> {
    let shown = path.display();
    let hint = "`backsmith decide … --json > decision.json` writes one";
    let source = files::read_text(path)?;
    let document: Value = serde_json::from_str(&source.text).map_err(|error| {
        Failure::input(format!("`{shown}` is not JSON"))
            .cause(error.to_string())
            .hint(hint)
    })?;
    if document["schema"] != "backsmith.decide/v1" {
        return Err(
            Failure::input(format!("`{shown}` is no result of `backsmith decide`")).hint(hint),
        );
    }
    let floor = [
        &document["recommendation"]["slo_floor"],
        &document["slo_floor"],
    ]
    .into_iter()
    .find(|floor| floor.is_object())
    .ok_or_else(|| {
        Failure::input(format!(
            "`{shown}` recommends nothing, so it has no SLO floor"
        ))
        .hint("`backsmith decide` says what is missing")
    })?;
    let mut found = Vec::new();
    for percentile in ["p50", "p95", "p99"] {
        if let Some(limit) = floor["latency_ms"][percentile].as_f64() {
            found.push(format!("{percentile}<={limit}ms"));
        }
    }
    if let Some(uptime) = floor["uptime_percent"].as_f64() {
        // 100 - 99.9 is 0.0999… in binary.
        let errors = ((100.0 - uptime) * 1e6).round() / 1e6;
        found.push(format!("error_rate<={errors}%"));
    }
    let origin = Some(format!("SLO floor of {shown}"));
    let expectations = found
        .iter()
        .filter_map(|text| Expectation::parse(text).ok());
    Ok(expectations
        .map(|expectation| Expectation {
            origin: origin.clone(),
            ..expectation
        })
        .collect())
}
