//! The figures of one endpoint: expectations, latency, answers, errors, transfer, connections.

use std::io::{self, Write};

use super::{LABEL, View, labelled, reading, sign, stages, subject, targets, wrap};
use crate::loadtest::assessment::{Assessment, Doubt, Measured, Verdict};
use crate::loadtest::expectation::{Checked, Threshold};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::statistics::{Summary, rate};
use crate::report::wording::loadtest::{self as wording, Mood};
use crate::report::wording::survey;
use crate::terminal::{BOLD, DIM};
use crate::text::number::{bytes, count, decimal, milliseconds, per_cent, per_second};
use crate::text::printable::{one_line, visible};

/// Below this width the table of latencies has fewer columns.
const NARROW: usize = 90;
/// Of what a server said first.
const FIRST: usize = 300;

pub(super) fn write(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let Some(result) = assessment.first() else {
        return Ok(());
    };
    if !assessment.checked.is_empty() {
        expectations(out, &assessment.checked, view)?;
        writeln!(out)?;
    }
    let how = if assessment.load.rate.is_some() || assessment.is_silent() {
        wording::load(assessment)
    } else {
        format!(
            "{}, {}",
            wording::load(assessment),
            wording::protocol(result)
        )
    };
    let what = format!("{} {}", result.endpoint.method, result.endpoint.url);
    subject(out, &what, &how, view)?;
    writeln!(out)?;
    if assessment.verdict == Verdict::NoSuccess {
        return unsuccessful(out, result, assessment, view);
    }
    doubts(out, assessment, view)?;
    latency(out, result, assessment, view)?;
    answers(out, result, assessment, view)?;
    errors(out, result, assessment, view)?;
    targets::write(out, result, assessment, view)?;
    stages::write(out, result, assessment)?;
    if assessment.interrupted {
        return Ok(());
    }
    if assessment.load.rate.is_some() {
        reading::stalls(out, result, assessment, view)?;
        in_flight(out, result, assessment, view)?;
    }
    if assessment.checked.is_empty() || view.verbose {
        detail(out, result, assessment, view)?;
    }
    Ok(())
}

fn detail(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    transfer(out, result, view)?;
    connect(out, result, view)?;
    warmup(out, result, view)?;
    if let (None, Some(gap)) = (assessment.load.rate, result.recording.gaps.longest()) {
        writeln!(
            out,
            "  {BOLD}longest gap{BOLD:#} without an answer: {}",
            milliseconds(gap.as_secs_f64() * 1e3)
        )?;
    }
    client(out, assessment, view)?;
    if assessment.load.rate.is_none() {
        reading::distribution(out, result, view)?;
        reading::advice(out, assessment, view)?;
    } else {
        reading::series(out, result, view)?;
    }
    Ok(())
}

fn expectations(out: &mut dyn Write, checked: &[Checked], view: &View) -> io::Result<()> {
    let names: Vec<String> = checked
        .iter()
        .map(|checked| {
            let expectation = &checked.expectation;
            format!(
                "{} {} {}",
                expectation.subject(),
                expectation.operator.sign(),
                Threshold(expectation)
            )
        })
        .collect();
    let figures: Vec<String> = checked.iter().map(measured).collect();
    let widest = |texts: &[String]| texts.iter().map(String::len).max().unwrap_or(0);
    let (name_width, figure_width) = (widest(&names).max(17), widest(&figures).max(9));
    for ((checked, name), figure) in checked.iter().zip(&names).zip(&figures) {
        let mood = if checked.met {
            Mood::Holds
        } else {
            Mood::Fails
        };
        let origin = checked
            .expectation
            .origin
            .as_ref()
            .map(|origin| format!("({origin})"));
        let reasons: Vec<&str> = [Some(checked.reason.as_str()), origin.as_deref()]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect();
        let line = format!(
            "{name:<name_width$}   {figure:<figure_width$}   {}",
            reasons.join(" ")
        );
        // Reasons that do not fit go on under themselves.
        let indent = 4 + name_width + figure_width + 6;
        let room = view.width.saturating_sub(4).max(indent + 20);
        for (index, line) in wrap_under(line.trim_end(), indent - 4, room)
            .iter()
            .enumerate()
        {
            if index == 0 {
                writeln!(out, "  {} {line}", sign(mood, view.symbols))?;
            } else {
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
    }
    Ok(())
}

/// The first line with what stands before `indent` as it is, and the others without it.
fn wrap_under(line: &str, indent: usize, width: usize) -> Vec<String> {
    let line = visible(line);
    let Some((at, _)) = line.char_indices().nth(indent) else {
        return vec![line];
    };
    let (before, reasons) = line.split_at(at);
    let mut lines = wrap(reasons, width.saturating_sub(indent));
    lines[0].insert_str(0, before);
    lines
}

fn measured(checked: &Checked) -> String {
    match (checked.measured, checked.expectation.quantity.unit()) {
        (None, _) => "-".to_owned(),
        (Some(value), "%") => per_cent(value / 100.0),
        (Some(value), "ms") => format!("{} ms", decimal(value, 2)),
        (Some(value), _) => decimal(value, 1),
    }
}

/// A run without a single good answer: what came instead.
fn unsuccessful(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    if result.recording.requests.completed > 0 {
        let mut text = format!(
            "{}   {} req/s",
            statuses(result),
            per_second(result.requests_per_second)
        );
        for (name, value) in [("p50", result.latency.p50), ("p99", result.latency.p99)] {
            if let Some(value) = value {
                text.push_str(&format!("   {name} {}", milliseconds(value)));
            }
        }
        labelled(out, "answers", &text, view)?;
    }
    errors(out, result, assessment, view)?;
    targets::write(out, result, assessment, view)?;
    if let Some(sample) = result
        .recording
        .samples
        .iter()
        .find(|sample| !sample.body.is_empty())
    {
        let body = String::from_utf8_lossy(&sample.body);
        let body = one_line(&body, view.width.saturating_sub(LABEL + 4));
        labelled(out, "first body", &body, view)?;
    }
    Ok(())
}

fn doubts(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let shown: Vec<&Doubt> = assessment
        .doubts
        .iter()
        .filter(|doubt| !matches!(doubt, Doubt::Interrupted))
        .collect();
    // In a closed loop the line about the client says it.
    if shown.is_empty() || assessment.load.rate.is_none() {
        return Ok(());
    }
    for doubt in shown {
        let (what, detail) = wording::doubt(doubt, assessment);
        writeln!(
            out,
            "  {} {what:<16} {detail}",
            sign(Mood::Look, view.symbols)
        )?;
    }
    writeln!(out)
}

/// (name, figure) of a table of latencies.
type Column = (&'static str, Option<f64>);

fn latency(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    if assessment.verdict == Verdict::NotValid {
        let service = result.service.as_ref().unwrap_or(&result.latency);
        let named = [("p50", service.p50), ("p99", service.p99)];
        let figures: Vec<String> = named
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name} {}", milliseconds(value?))))
            .collect();
        let text = format!(
            "not shown: the wait was ours, not the server's. Service time {}",
            figures.join(", ")
        );
        return labelled(out, "latency", &text, view);
    }
    let mut rows = vec![("latency", &result.latency)];
    if let Some(service) = &result.service {
        rows = vec![("from due", &result.latency), ("service time", service)];
    }
    table(out, &rows, view)
}

/// Latencies under the names of their columns; one unit and one number of decimals for all.
pub(super) fn table(out: &mut dyn Write, rows: &[(&str, &Summary)], view: &View) -> io::Result<()> {
    let narrow = view.width < NARROW;
    let columns = |summary: &Summary| -> Vec<Column> {
        let mut columns = vec![("p50", summary.p50), ("p90", summary.p90)];
        if !narrow {
            columns.push(("p95", summary.p95));
        }
        columns.extend([
            ("p99", summary.p99),
            ("p99.9", summary.p999),
            ("max", summary.max),
        ]);
        if !narrow {
            columns.push(("mean", summary.mean));
        }
        columns
    };
    let smallest = rows
        .iter()
        .filter_map(|(_, summary)| summary.min)
        .fold(f64::MAX, f64::min);
    let decimals = match smallest {
        least if least >= 100.0 => 1,
        // Two decimals would round a fast answer away.
        least if least < 0.1 => 3,
        _ => 2,
    };
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), |value| decimal(value, decimals));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(_, summary)| {
            columns(summary)
                .into_iter()
                .map(|(_, value)| cell(value))
                .collect()
        })
        .collect();
    let names: Vec<&str> = columns(rows[0].1)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let widths: Vec<usize> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let widest = cells.iter().map(|row| row[index].len()).max().unwrap_or(0);
            widest.max(name.len()).max(6)
        })
        .collect();
    let line = |texts: &[String]| -> String {
        let padded = texts
            .iter()
            .zip(&widths)
            .map(|(text, width)| format!("{text:>width$}"));
        padded.collect::<Vec<_>>().join("   ")
    };
    let heading: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let single = rows.len() == 1;
    let label_width = if single { LABEL } else { LABEL + 3 };
    writeln!(
        out,
        "  {BOLD}{:<label_width$}{BOLD:#}{}   ms",
        "latency",
        line(&heading)
    )?;
    for (index, ((name, summary), row)) in rows.iter().zip(&cells).enumerate() {
        let label = if single { "" } else { name };
        let text = format!("  {label:<label_width$}{}", line(row));
        if index > 0 {
            writeln!(out, "{DIM}{text}{DIM:#}")?;
        } else {
            writeln!(out, "{text}")?;
        }
        if narrow {
            writeln!(
                out,
                "  {:label_width$} p95 {}, mean {}",
                "",
                cell(summary.p95),
                cell(summary.mean)
            )?;
        }
    }
    Ok(())
}

/// `200: 179,512   500: 3`.
pub(super) fn statuses(result: &Measured) -> String {
    survey::answers(&result.recording.statuses)
}

fn answers(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    let requests = &result.recording.requests;
    let statuses = statuses(result);
    let text = if assessment.interrupted {
        let open = match requests.open_at_end {
            0 => String::new(),
            1 => "   1 was under way and is not counted".to_owned(),
            open => format!("   {} were under way and are not counted", count(open)),
        };
        format!(
            "{} of {} sent   {statuses}{open}",
            count(requests.completed),
            count(requests.sent)
        )
    } else {
        match requests.due {
            Some(due) => format!(
                "{} of {} due   {statuses}   unsent {}   open at the end {}",
                count(requests.completed),
                count(due),
                count(requests.unsent),
                count(requests.open_at_end)
            ),
            None => format!(
                "{} of {}   {statuses}",
                count(requests.completed),
                count(result.finished)
            ),
        }
    };
    labelled(out, "answers", &text, view)?;
    if let Some(status) = assessment.status.filter(|status| !status.met()) {
        let text = format!(
            "{} were expected to be {}",
            count(status.with + status.without),
            status.wanted
        );
        labelled(out, "", &text, view)?;
    }
    Ok(())
}

fn errors(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    let mut kinds: Vec<_> = result
        .recording
        .errors
        .iter()
        .filter(|(_, tally)| tally.count > 0)
        .collect();
    if kinds.is_empty() {
        return Ok(());
    }
    kinds.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
    let texts: Vec<String> = kinds
        .iter()
        .map(|(kind, tally)| {
            format!(
                "{}: {}",
                wording::error(**kind, assessment),
                count(tally.count)
            )
        })
        .collect();
    labelled(out, "errors", &texts.join("   "), view)?;
    // The server's words help where ours are general.
    for (_, tally) in kinds
        .iter()
        // A time-out has no words but ours.
        .filter(|(kind, tally)| !tally.first.is_empty() && **kind != ErrorKind::Timeout)
        .take(2)
    {
        labelled(
            out,
            "",
            &format!("first: {}", one_line(&tally.first, FIRST)),
            view,
        )?;
    }
    Ok(())
}

fn in_flight(
    out: &mut dyn Write,
    result: &Measured,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    let (Some(mean), false) = (result.latency.mean, assessment.verdict == Verdict::NotValid) else {
        return Ok(());
    };
    let text = format!(
        "{} on average ({}/s x {} ms)",
        decimal(result.in_flight(), 1),
        per_second(result.requests_per_second),
        decimal(mean, 2)
    );
    labelled(out, "in flight", &text, view)
}

fn transfer(out: &mut dyn Write, result: &Measured, view: &View) -> io::Result<()> {
    let moved = result.recording.bytes;
    let elapsed = std::time::Duration::from_secs_f64(result.seconds);
    let each = moved.received as f64 / result.recording.requests.completed.max(1) as f64;
    // The general engine sees bodies alone.
    let bodies = if result.recording.engine == "general" {
        "of bodies "
    } else {
        ""
    };
    let text = format!(
        "{} {bodies}in ({}/s, {} an answer), {} out",
        bytes(moved.received as f64),
        bytes(rate(moved.received, elapsed)),
        bytes(each),
        bytes(moved.sent as f64)
    );
    labelled(out, "transfer", &text, view)
}

fn connect(out: &mut dyn Write, result: &Measured, view: &View) -> io::Result<()> {
    let connections = &result.recording.connections;
    if connections.connect.is_empty() {
        return Ok(());
    }
    let median = |histogram: &hdrhistogram::Histogram<u64>| {
        milliseconds(histogram.value_at_quantile(0.5) as f64 / 1e6)
    };
    let tls = if connections.tls.is_empty() {
        String::new()
    } else {
        format!(", then TLS {}", median(&connections.tls))
    };
    let closed = match connections.closed_by_server {
        0 if connections.opened >= result.finished && result.finished > 1 => {
            "a new one for each request".to_owned()
        }
        0 => "none was closed by the server".to_owned(),
        many => format!("{} were closed by the server", count(many)),
    };
    let retried = match result.recording.requests.retried {
        0 => String::new(),
        many => format!(", {} requests sent again", count(many)),
    };
    let text = format!(
        "{}, p50 {}{tls}; {closed}{retried}",
        count(connections.opened),
        median(&connections.connect)
    );
    labelled(out, "connect", &text, view)
}

fn warmup(out: &mut dyn Write, result: &Measured, view: &View) -> io::Result<()> {
    let warmup = &result.recording.warmup;
    let all = warmup.completed + warmup.failed;
    if all == 0 {
        return Ok(());
    }
    let text = format!(
        "{} answers before the figures above, {} errors",
        count(all),
        count(warmup.failed)
    );
    labelled(out, "warm-up", &text, view)
}

fn is_late(assessment: &Assessment) -> bool {
    let mut doubts = assessment.doubts.iter();
    doubts.any(|doubt| matches!(doubt, Doubt::Schedule { .. }))
}

fn client(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let elapsed = assessment.elapsed.as_secs_f64();
    if elapsed <= 0.0 || assessment.client.threads == 0 {
        return Ok(());
    }
    let cores = assessment.client.cpu_seconds / elapsed;
    let used = if cores < 1.0 {
        format!(
            "{} of one core",
            per_cent((cores * 100.0).round() / 100.0).replace(".0%", "%")
        )
    } else {
        format!("{} cores", decimal(cores, 1))
    };
    let saturated = assessment
        .doubts
        .iter()
        .find(|doubt| matches!(doubt, Doubt::Processor { .. }));
    let verdict = match saturated {
        Some(doubt) => {
            let (_, detail) = wording::doubt(doubt, assessment);
            format!("{detail}: it may have been the limit")
        }
        // That its requests left late is said above.
        None if is_late(assessment) => {
            return labelled(out, "client", &used, view);
        }
        None => "it was not the limit".to_owned(),
    };
    labelled(out, "client", &format!("{used}; {verdict}"), view)
}
