//! The requests of a mix, a line each, and where their choice and their values came from.

use std::io::{self, Write};

use super::{View, labelled};
use crate::loadtest::assessment::{Assessment, Measured, MeasuredPart};
use crate::loadtest::statistics::share;
use crate::report::wording::figures::time;
use crate::report::wording::loadtest as wording;
use crate::terminal::{BOLD, DIM};
use crate::text::number::{count, decimal, per_second};
use crate::text::printable::{cut, visible};

/// Lines without `-v`; the slowest and the wrong ones are not hidden by being late in a list.
const SHOWN: usize = 20;

/// Columns of figures beside the names.
const FIGURES: usize = 58;

pub(super) fn write(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    if !result.parts.is_empty() {
        table(out, result, view)?;
    }
    match wording::drawn(&assessment.load) {
        Some(text) => labelled(out, "values", &text, view),
        None => Ok(()),
    }
}

fn table(out: &mut dyn Write, result: &Measured, view: &View) -> io::Result<()> {
    let mut shown: Vec<&MeasuredPart> = result.parts.iter().collect();
    if !view.verbose && shown.len() > SHOWN {
        shown.sort_by(|a, b| {
            let tail = |part: &MeasuredPart| part.latency.p99.or(part.latency.max).unwrap_or(0.0);
            b.errors.cmp(&a.errors).then(tail(b).total_cmp(&tail(a)))
        });
        shown.truncate(SHOWN);
    }
    let longest = shown
        .iter()
        .map(|part| visible(&part.named.name).chars().count())
        .max();
    let room = view.width.saturating_sub(FIGURES + 4).max(16);
    let width = longest.unwrap_or(0).clamp(9, room);
    writeln!(
        out,
        "  {BOLD}{:<width$}{BOLD:#}{:>7}{:>10}{:>9}{:>9}{:>9}{:>11}",
        "requests", "part", "req/s", "p50", "p95", "p99", "errors"
    )?;
    let weights: u64 = result
        .parts
        .iter()
        .map(|part| u64::from(part.named.weight))
        .sum();
    for part in &shown {
        let asked = share(u64::from(part.named.weight), weights) * 100.0;
        writeln!(
            out,
            "  {:<width$}{:>7}{:>10}{:>9}{:>9}{:>9}{:>11}",
            cut(&visible(&part.named.name), width),
            format!("{}%", decimal(asked, usize::from(asked < 10.0))),
            per_second(part.requests_per_second),
            time(part.latency.p50),
            time(part.latency.p95),
            time(part.latency.p99),
            count(part.errors)
        )?;
        if part.errors > 0 {
            let text = wording::part_errors(part);
            writeln!(
                out,
                "    {DIM}{}{DIM:#}",
                cut(&text, view.width.saturating_sub(6))
            )?;
        }
    }
    let hidden = result.parts.len() - shown.len();
    if hidden > 0 {
        writeln!(
            out,
            "  {DIM}and {} more; these have the most errors, then the longest tails (-v shows all){DIM:#}",
            count(hidden as u64)
        )?;
    }
    Ok(())
}
