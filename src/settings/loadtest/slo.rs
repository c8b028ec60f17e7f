//! `--slo`: the floor of a decision becomes expectations.

use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::files;
use crate::loadtest::expectation::Expectation;
use crate::text::printable;

/// What the decision asked for, or what stopped it.
fn why_not(document: &Value) -> String {
    let texts = |list: &str, field: &str| {
        let entries = document[list].as_array().into_iter().flatten();
        let texts = entries.filter_map(|entry| {
            let value = &entry[field];
            value.as_str().or_else(|| value[0].as_str())
        });
        texts
            .map(|text| printable(text).into_owned())
            .collect::<Vec<_>>()
    };
    let (stops, flags) = (texts("kill_criteria", "title"), texts("missing", "flags"));
    match document["status"].as_str() {
        Some("refused") if !stops.is_empty() => {
            format!("`backsmith decide` stopped: {}", stops.join("; "))
        }
        Some("refused") if !flags.is_empty() => {
            format!("`backsmith decide` needs {}", flags.join(", "))
        }
        _ => "`backsmith decide` says what is missing".to_owned(),
    }
}

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
    match document["schema"].as_str() {
        Some("backsmith.decide/v1") => {}
        Some(other) if other.starts_with("backsmith.decide/") => {
            let message = format!(
                "`{shown}` is `{}`, and this version reads `backsmith.decide/v1`",
                printable(other)
            );
            return Err(Failure::input(message).hint(hint));
        }
        _ => {
            let message = format!("`{shown}` is no result of `backsmith decide`");
            return Err(Failure::input(message).hint(hint));
        }
    }
    let floor = &document["recommendation"]["slo_floor"];
    if !floor.is_object() {
        let message = format!("`{shown}` recommends nothing, so it has no SLO floor");
        return Err(Failure::input(message).hint(why_not(&document)));
    }
    let mut found = Vec::new();
    let mut lacking = Vec::new();
    for percentile in ["p50", "p95", "p99"] {
        match floor["latency_ms"][percentile].as_f64() {
            Some(limit) if limit > 0.0 => found.push(format!("{percentile}<={limit}ms")),
            _ => lacking.push(percentile),
        }
    }
    match floor["uptime_percent"].as_f64() {
        Some(uptime) if uptime > 0.0 && uptime < 100.0 => {
            // 100 - 99.9 is 0.0999… in binary.
            let errors = ((100.0 - uptime) * 1e6).round() / 1e6;
            found.push(format!("error_rate<={errors}%"));
        }
        _ => lacking.push("uptime_percent"),
    }
    if !lacking.is_empty() {
        let message = format!(
            "the SLO floor of `{shown}` lacks {}, or it is no number in its range",
            lacking.join(", ")
        );
        return Err(Failure::input(message).hint(hint));
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
