//! Aids for reading: the distribution, stalls, throughput over time, what the figures mean for scaling.

use std::io::{self, Write};
use std::time::Duration;

use super::{LABEL, View, labelled, sign};
use crate::loadtest::advice::{self, STALL};
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::statistics::share;
use crate::report::wording::loadtest::{self as wording, Mood};
use crate::terminal::{BOLD, DIM};
use crate::text::number::{count, counted, decimal, per_cent, per_second};

/// How long the bar of all answers would be.
const BAR: f64 = 77.0;

/// How the answers spread over round limits.
pub(super) fn distribution(out: &mut dyn Write, result: &Measured, view: &View) -> io::Result<()> {
    let histogram = &result.recording.latency;
    let total = histogram.len();
    if total < 20 {
        return Ok(());
    }
    let limits = limits(histogram);
    let mut rows = Vec::new();
    let mut below = 0;
    for limit in &limits {
        let up_to = histogram.count_between(0, *limit);
        rows.push((format!("<= {}", limit_name(*limit)), up_to - below));
        below = up_to;
    }
    if let Some(last) = limits.last() {
        rows.push((format!("> {}", limit_name(*last)), total - below));
    }
    let most = rows.iter().map(|(_, many)| *many).max().unwrap_or(1);
    writeln!(out)?;
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let room = (view.width.saturating_sub(width + 14) as f64).min(BAR * 0.65);
    for (name, many) in rows {
        let part = share(many, total);
        let bar = if view.symbols.unicode {
            let length = (many as f64 / most as f64 * room).round() as usize;
            match (many, length) {
                (0, _) => String::new(),
                (_, 0) => "▏".to_owned(),
                (_, length) => "█".repeat(length),
            }
        } else {
            String::new()
        };
        let room = if view.symbols.unicode {
            room as usize
        } else {
            0
        };
        writeln!(
            out,
            "  {DIM}{name:>width$}{DIM:#}  {bar:<room$}  {:>6}",
            rounded_share(part)
        )?;
    }
    Ok(())
}

fn rounded_share(part: f64) -> String {
    if part >= 0.0995 {
        format!("{:.0}%", part * 100.0)
    } else {
        per_cent(part)
    }
}

/// Round limits in nanoseconds that cut the answers into four or five groups.
fn limits(histogram: &hdrhistogram::Histogram<u64>) -> Vec<u64> {
    let mut all = Vec::new();
    let mut scale = 1_000;
    while scale <= 1_000_000_000_000 {
        all.extend([scale, 2 * scale, 5 * scale]);
        scale *= 10;
    }
    let low = histogram.value_at_quantile(0.05);
    let high = histogram.value_at_quantile(0.999);
    let first = all.iter().position(|limit| *limit >= low).unwrap_or(0);
    let last = all
        .iter()
        .rposition(|limit| *limit <= high)
        .unwrap_or(first)
        .max(first);
    let chosen = &all[first..=last];
    // A long tail is shown by its first steps; the rest is in the last row.
    chosen.iter().copied().take(6).collect()
}

fn limit_name(nanoseconds: u64) -> String {
    match nanoseconds {
        value if value < 1_000_000 => format!("{} us", value / 1_000),
        value if value < 1_000_000_000 => format!("{} ms", value / 1_000_000),
        value => format!("{} s", value / 1_000_000_000),
    }
}

/// What a closed loop's figures mean, and what they cannot tell.
pub(super) fn advice(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    if let Some(text) = wording::spoiled(assessment) {
        writeln!(out)?;
        return labelled(out, "reading it", &text, view);
    }
    let Some(scaling) = advice::scaling(assessment) else {
        return Ok(());
    };
    writeln!(out)?;
    let open = wording::left_open(assessment, &scaling);
    let text = format!(
        "A closed loop asks less when the server is slow, so these are service times with {} \
         in flight: {}/s x {} ms = {} (Little's law{open}). For the latency at a load that does not wait, \
         add `--rate {}`, 80% of what was reached.",
        counted(assessment.load.own_connections() as u64, "request"),
        per_second(scaling.requests_per_second),
        decimal(scaling.mean, if scaling.mean < 1.0 { 3 } else { 2 }),
        decimal(scaling.in_flight, 1),
        scaling.suggested_rate
    );
    labelled(out, "reading it", &text, view)?;
    let text = format!(
        "If this is the service's limit, {}/s at this latency keeps {} requests in flight: twice the \
         instances, and a pool of {} connections in front of them. Whether it is the limit, one level \
         of concurrency cannot tell: it is if twice the `--concurrency` brings no more req/s, and \
         `--find-capacity` finds it.",
        per_second(scaling.requests_per_second * 2.0),
        decimal(scaling.in_flight_doubled, 0),
        decimal(scaling.in_flight_doubled, 0)
    );
    labelled(out, "scaling", &text, view)
}

/// Pauses of the server in an open loop, and whom they hit.
pub(super) fn stalls(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    let stalls = advice::stalls(result, assessment.load.slowest_rate().unwrap_or_default());
    if stalls.is_empty() {
        return Ok(());
    }
    let period = advice::period(&stalls);
    let shown = stalls.iter().take(5).enumerate();
    let last = stalls.len().min(5) - 1;
    for (index, gap) in shown {
        let mut line = format!(
            "{:.2} s at {:.1} s",
            gap.length().as_secs_f64(),
            gap.from.as_secs_f64()
        );
        if let (Some(period), true) = (period, index == last) {
            line.push_str(&format!(
                "       {:.1} s apart: a timer, a checkpoint, a GC?",
                period.as_secs_f64()
            ));
        }
        if index == 0 {
            writeln!(
                out,
                "  {} {BOLD}{:<10}{BOLD:#}no answer for   {line}",
                sign(Mood::Look, view.symbols),
                "stalls"
            )?;
        } else {
            writeln!(out, "  {:LABEL$}                {line}", "")?;
        }
    }
    if stalls.len() > 5 {
        writeln!(out, "  {:LABEL$}and {} more", "", stalls.len() - 5)?;
    }
    let limit = STALL.as_nanos() as u64;
    let slow = |histogram: &hdrhistogram::Histogram<u64>| {
        histogram.len() - histogram.count_between(0, limit)
    };
    let late = slow(&result.recording.latency);
    let seen = result.recording.service.as_ref().map_or(0, slow);
    let mut text = format!(
        "{} requests ({}) waited longer than {} ms.",
        count(late),
        per_cent(share(late, result.finished)),
        STALL.as_millis()
    );
    if seen < late {
        text.push_str(&format!(
            " Service time sees {} of them, those that were under way; the others had no free \
             connection to wait on.",
            count(seen)
        ));
    }
    labelled(out, "", &text, view)
}

/// Throughput over time, one column a second (more on a long run).
pub(super) fn series(out: &mut dyn Write, result: &Measured, view: &View) -> io::Result<()> {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let points: Vec<u64> = result
        .recording
        .series
        .iter()
        .map(|point| point.completed)
        .collect();
    if !view.symbols.unicode || points.len() < 10 {
        return Ok(());
    }
    let room = view.width.saturating_sub(34).max(10);
    let each = points.len().div_ceil(room);
    let columns: Vec<f64> = points
        .chunks(each)
        .map(|chunk| chunk.iter().sum::<u64>() as f64 / chunk.len() as f64)
        .collect();
    let most = columns.iter().copied().fold(1.0, f64::max);
    let bars: String = columns
        .iter()
        .map(|value| STEPS[((value / most) * 7.0).round() as usize])
        .collect();
    let unit = if each == 1 {
        "one column a second".to_owned()
    } else {
        format!("one column for {each} s")
    };
    writeln!(out)?;
    writeln!(out, "  {DIM}req/s  {bars}  {unit}{DIM:#}")?;
    let end = Duration::from_secs(points.len() as u64).as_secs();
    let gap = columns.len().saturating_sub(end.to_string().len());
    writeln!(out, "  {DIM}       0{:>gap$} {end} s{DIM:#}", "")
}
