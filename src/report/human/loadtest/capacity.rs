//! A search for capacity: the steps as a table, the knee, and what follows for scaling.

use std::io::{self, Write};

use super::{View, labelled, subject};
use crate::loadtest::assessment::Assessment;
use crate::loadtest::capacity::Capacity;
use crate::report::wording::capacity as wording;
use crate::terminal::BOLD;
use crate::text::number::{decimal, per_second};

/// The figures of one step, without its remark.
type Row = [String; 7];

pub(super) fn write(
    out: &mut dyn Write,
    capacity: &Capacity,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    if let Some(first) = assessment.first() {
        let what = format!("{} {}", first.endpoint.method, first.endpoint.url);
        subject(out, &what, &wording::load(assessment), view)?;
        writeln!(out)?;
    }
    table(out, capacity)?;
    writeln!(out)?;
    if let Some(knee) = wording::knee(capacity) {
        labelled(out, "knee", &knee, view)?;
    }
    if let Some(limit) = wording::limit(capacity, assessment) {
        labelled(out, "limit", &limit, view)?;
    }
    if let (Some(scaling), Some(highest)) = (&capacity.scaling, capacity.highest()) {
        labelled(out, "scaling", &wording::scaling(scaling, highest), view)?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, capacity: &Capacity) -> io::Result<()> {
    let time = |value: Option<f64>| value.map_or("-".to_owned(), |value| decimal(value, 2));
    let heading: Row =
        ["asked", "reached", "p50", "p90", "p99", "max", "in flight"].map(str::to_owned);
    let mut rows = vec![heading];
    rows.extend(capacity.steps.iter().map(|step| {
        [
            per_second(step.asked),
            per_second(step.reached),
            time(step.latency.p50),
            time(step.latency.p90),
            time(step.latency.p99),
            time(step.latency.max),
            decimal(step.in_flight, 1),
        ]
    }));
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        let line = cells.join("   ");
        match index.checked_sub(1) {
            None => writeln!(out, "  {BOLD}{line}{BOLD:#}")?,
            Some(step) => {
                let remark = wording::remark(capacity, step);
                let line = format!("{line}   {remark}");
                let line = line.trim_end();
                if capacity.held == Some(step) {
                    writeln!(out, "  {BOLD}{line}{BOLD:#}")?;
                } else {
                    writeln!(out, "  {line}")?;
                }
            }
        }
    }
    Ok(())
}
