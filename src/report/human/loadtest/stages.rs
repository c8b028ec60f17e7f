//! The stages of a load as a table: asked against reached, and the latency of each.

use std::io::{self, Write};

use crate::loadtest::assessment::{Assessment, Measured};
use crate::report::wording::loadtest as wording;
use crate::terminal::BOLD;
use crate::text::number::{count, decimal, per_cent, per_second, seconds};

/// One row; what has no figure is `-`.
type Row = [String; 9];

pub(super) fn write(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
) -> io::Result<()> {
    let stages = assessment.stages(result);
    if stages.is_empty() {
        return Ok(());
    }
    let time = |value: Option<f64>| value.map_or("-".to_owned(), |value| decimal(value, 2));
    let heading: Row = [
        "stage", "asked", "reached", "unsent", "p50", "p90", "p99", "max", "errors",
    ]
    .map(str::to_owned);
    let mut rows = vec![heading];
    rows.extend(stages.iter().map(|figures| {
        [
            seconds(figures.stage.duration),
            wording::stage_rate(&figures.stage),
            per_second(figures.reached),
            count(figures.record.unsent()),
            time(figures.latency.p50),
            time(figures.latency.p90),
            time(figures.latency.p99),
            time(figures.latency.max),
            per_cent(figures.error_rate),
        ]
    }));
    let mut widths = [0; 9];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    writeln!(out)?;
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        let line = cells.join("   ");
        if index == 0 {
            writeln!(out, "  {BOLD}{line}{BOLD:#}   ms from due")?;
        } else {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
