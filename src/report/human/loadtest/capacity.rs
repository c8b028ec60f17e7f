//! A search for capacity: the steps as a table, the knee, and what follows for scaling.

use std::io::{self, Write};

use super::table::aligned;
use super::{View, labelled, subject};
use crate::loadtest::assessment::Assessment;
use crate::loadtest::capacity::Capacity;
use crate::report::wording::capacity as wording;
use crate::report::wording::figures::times;
use crate::terminal::BOLD;
use crate::text::number::{decimal, per_second};
use crate::text::printable::visible;

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
    let heading = ["asked", "reached", "p50", "p90", "p99", "max", "in flight"];
    let rows = capacity.steps.iter().map(|step| {
        let [p50, p90, p99, max] = times(&step.latency);
        let (asked, reached) = (per_second(step.asked), per_second(step.reached));
        let in_flight = decimal(step.in_flight, 1);
        [asked, reached, p50, p90, p99, max, in_flight]
    });
    for (index, line) in aligned(heading, rows.collect()).iter().enumerate() {
        let Some(step) = index.checked_sub(1) else {
            writeln!(out, "  {BOLD}{line}{BOLD:#}")?;
            continue;
        };
        let remark = visible(&wording::remark(capacity, step));
        let line = format!("{line}   {remark}");
        let line = line.trim_end();
        if capacity.held == Some(step) {
            writeln!(out, "  {BOLD}{line}{BOLD:#}")?;
        } else {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}
