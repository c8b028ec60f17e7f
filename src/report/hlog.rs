//! A load test as an HdrHistogram interval log (`.hlog`), for the plotters of that family. One
//! interval for each endpoint, which is its tag; values are nanoseconds.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::loadtest::assessment::Assessment;

pub fn write(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    let mut bytes = Vec::new();
    log(&mut bytes, assessment).map_err(|error| io::Error::other(error.to_string()))?;
    out.write_all(&bytes)
}

fn log(bytes: &mut Vec<u8>, assessment: &Assessment) -> Result<(), Box<dyn std::error::Error>> {
    let started = Duration::from_millis(assessment.started_at_ms.max(0) as u64);
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    let version = format!(
        "[written by backsmith {}; nanoseconds]",
        env!("CARGO_PKG_VERSION")
    );
    let mut writer = builder
        .add_comment(&version)
        .with_start_time(UNIX_EPOCH + started)
        .begin_log_with(bytes, &mut serializer)?;
    for (name, result) in ["A", "B"].into_iter().zip(&assessment.results) {
        writer
            .write_histogram(
                &result.recording.latency,
                Duration::ZERO,
                assessment.elapsed,
                Tag::new(name),
            )
            .map_err(|error| format!("{error:?}"))?;
    }
    Ok(())
}
