//! The stages of a load as a table: asked against reached, and the latency of each.

use std::io::{self, Write};

use super::table::aligned;
use crate::loadtest::assessment::{Assessment, Measured};
use crate::report::wording::figures::times;
use crate::report::wording::loadtest as wording;
use crate::terminal::BOLD;
use crate::text::number::{count, per_cent, per_second, seconds};

pub(super) fn write(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
) -> io::Result<()> {
    let stages = assessment.stages(result);
    if stages.is_empty() {
        return Ok(());
    }
    let heading = [
        "stage", "asked", "reached", "unsent", "p50", "p90", "p99", "max", "errors",
    ];
    let rows = stages.iter().map(|figures| {
        let [p50, p90, p99, max] = times(&figures.latency);
        [
            seconds(figures.stage.duration),
            wording::stage_rate(&figures.stage),
            per_second(figures.reached),
            count(figures.record.unsent()),
            p50,
            p90,
            p99,
            max,
            per_cent(figures.error_rate),
        ]
    });
    writeln!(out)?;
    for (index, line) in aligned(heading, rows.collect()).iter().enumerate() {
        if index == 0 {
            writeln!(out, "  {BOLD}{line}{BOLD:#}   ms from due")?;
        } else {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
