//! A load test's seconds as rows, for spreadsheets.

use std::io::{self, Write};

use crate::loadtest::assessment::Assessment;

/// One row for each endpoint and second; times in milliseconds, empty where nothing was measured. The
/// requests of a mix follow as rows of the whole run: their endpoint is `A: NAME`, their second empty.
/// The seconds of a stage are rows of these; steps and operations are not of this shape, and in JSON.
pub fn write_loadtest(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    writeln!(
        out,
        "endpoint,second,completed,failed,refused,p50_ms,p90_ms,p95_ms,p99_ms,max_ms"
    )?;
    for (name, result) in ["A", "B"].into_iter().zip(&assessment.results) {
        for (index, point) in result.recording.series.iter().enumerate() {
            let times = [point.p50, point.p90, point.p95, point.p99, point.max].map(|value| {
                value.map_or_else(String::new, |value| format!("{:.3}", value as f64 / 1e6))
            });
            writeln!(
                out,
                "{name},{},{},{},{},{}",
                index + 1,
                point.completed,
                point.failed,
                point.refused,
                times.join(",")
            )?;
        }
        for part in &result.parts {
            let latency = &part.latency;
            let times = [
                latency.p50,
                latency.p90,
                latency.p95,
                latency.p99,
                latency.max,
            ]
            .map(|value| value.map_or_else(String::new, |value| format!("{value:.3}")));
            let statuses = part.part.statuses.range(400..);
            writeln!(
                out,
                "{},,{},{},{},{}",
                quoted(&format!("{name}: {}", part.named.name)),
                part.part.requests.completed,
                part.part.requests.failed,
                statuses.map(|(_, count)| count).sum::<u64>(),
                times.join(",")
            )?;
        }
    }
    Ok(())
}

/// A text as one cell.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
