//! A load test as markdown, for a pull request: the verdict as a heading, the figures as tables.

use std::io::{self, Write};

use super::{cell, code, code_cell, prose};
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::capacity::Capacity;
use crate::loadtest::comparison::{Comparison, Metric};
use crate::loadtest::expectation::Threshold;
use crate::loadtest::rate_limit::Standing;
use crate::loadtest::statistics::Summary;
use crate::report::wording::capacity as searching;
use crate::report::wording::comparison::metric_name;
use crate::report::wording::figures::{time, times};
use crate::report::wording::loadtest as wording;
use crate::text::number::{count, decimal, per_cent, per_second, seconds, signed_per_cent};

pub fn write(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    writeln!(out, "## {}\n", prose(&wording::headline(assessment).text))?;
    for result in &assessment.results {
        let endpoint = &result.endpoint;
        let name = format!("{} {}", endpoint.method, endpoint.url);
        writeln!(out, "{}  ", code(&name))?;
    }
    if let Some(found) = &assessment.capacity {
        capacity(out, found, assessment)?;
    } else {
        figures(out, assessment)?;
    }
    for (doubt, text) in assessment
        .doubts
        .iter()
        .map(|doubt| wording::doubt(doubt, assessment))
    {
        writeln!(out, "- **{doubt}**: {}", prose(&text))?;
    }
    for remark in &assessment.remarks {
        writeln!(out, "- {}", prose(remark))?;
    }
    super::survey::write(out, assessment)?;
    for finding in &assessment.findings {
        writeln!(
            out,
            "- **{}** `{}`: {}{}",
            finding.severity.name(),
            finding.code,
            prose(&finding.message),
            finding
                .pointer
                .as_ref()
                .map_or(String::new(), |pointer| format!(" ({})", code(pointer)))
        )?;
    }
    Ok(())
}

fn figures(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    writeln!(out, "{}\n", wording::load(assessment))?;
    expectations(out, assessment)?;
    if let Some(comparison) = &assessment.comparison {
        compared(out, comparison, assessment.baseline.is_some())?;
    }
    rate_limit(out, assessment)?;
    latencies(out, assessment)?;
    targets(out, assessment)?;
    stages(out, assessment)
}

fn expectations(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    if assessment.checked.is_empty() && assessment.status.is_none() {
        return Ok(());
    }
    writeln!(out, "| expected | measured | |\n|---|---:|---|")?;
    let word = |met| if met { "holds" } else { "**fails**" };
    if let Some(status) = assessment.status {
        let all = status.with + status.without;
        writeln!(
            out,
            "| every answer is {} | {} of {} | {} |",
            status.wanted,
            count(status.with),
            count(all),
            word(status.met())
        )?;
    }
    for checked in &assessment.checked {
        let expectation = &checked.expectation;
        let measured = match (checked.measured, expectation.quantity.unit()) {
            (None, _) => "-".to_owned(),
            (Some(value), "%") => per_cent(value / 100.0),
            (Some(value), "ms") => format!("{} ms", decimal(value, 2)),
            (Some(value), _) => decimal(value, 1),
        };
        let condition = format!(
            "{} {} {}",
            expectation.subject(),
            expectation.operator.sign(),
            Threshold(expectation)
        );
        let (condition, word) = (code_cell(&condition), word(checked.met));
        writeln!(out, "| {condition} | {measured} | {word} |")?;
    }
    writeln!(out)
}

fn compared(out: &mut dyn Write, comparison: &Comparison, with_baseline: bool) -> io::Result<()> {
    let (first, second) = if with_baseline {
        ("baseline", "now")
    } else {
        ("A", "B")
    };
    writeln!(
        out,
        "| metric | {first} | {second} | change | 95% interval | verdict |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---|")?;
    for measure in &comparison.measures {
        let figure = |value: Option<f64>| match (measure.metric, value) {
            (_, None) => "-".to_owned(),
            (Metric::Rate, Some(value)) => per_second(value),
            (Metric::ErrorRate, Some(value)) => per_cent(value),
            (Metric::Latency(_), Some(value)) => format!("{} ms", decimal(value, 2)),
        };
        let points = measure.metric == Metric::ErrorRate;
        let signed = |value: f64| {
            if points {
                format!("{value:+.2} points")
            } else {
                signed_per_cent(value)
            }
        };
        let interval = measure.interval.map_or("-".to_owned(), |interval| {
            format!("{} to {}", signed(interval.low), signed(interval.high))
        });
        writeln!(
            out,
            "| {} | {} | {} | {} | {interval} | {} |",
            metric_name(measure.metric),
            figure(measure.a),
            figure(measure.b),
            measure.change.map_or("-".to_owned(), signed),
            measure.verdict.name()
        )?;
    }
    writeln!(out)
}

fn rate_limit(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    let Some(observed) = &assessment.rate_limit else {
        return Ok(());
    };
    writeln!(out, "| rate limit | | |\n|---|---|---|")?;
    for check in &observed.checks {
        let word = match check.standing {
            Standing::Holds => "holds",
            Standing::Look => "look",
            Standing::Fails => "**fails**",
        };
        let (label, detail) = (cell(check.label), cell(&check.detail));
        writeln!(out, "| {label} | {detail} | {word} |")?;
    }
    writeln!(out)
}

fn latencies(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    writeln!(
        out,
        "| | req/s | p50 | p90 | p95 | p99 | p99.9 | max | errors |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for (name, result) in ["A", "B"].into_iter().zip(&assessment.results) {
        row(out, name, result, &result.latency)?;
    }
    writeln!(
        out,
        "\nLatencies in milliseconds, {}.\n",
        if assessment.load.rate.is_some() {
            "from the moment each request was due"
        } else {
            "from sending"
        }
    )
}

fn capacity(out: &mut dyn Write, found: &Capacity, assessment: &Assessment) -> io::Result<()> {
    writeln!(out, "{}\n", searching::load(assessment))?;
    writeln!(
        out,
        "| asked | reached | p50 | p90 | p99 | max | in flight | |"
    )?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|---:|---|")?;
    for (index, step) in found.steps.iter().enumerate() {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            per_second(step.asked),
            per_second(step.reached),
            times(&step.latency).join(" | "),
            decimal(step.in_flight, 1),
            cell(&searching::remark(found, index))
        )?;
    }
    writeln!(out)?;
    if let Some(knee) = searching::knee(found) {
        writeln!(out, "- **knee**: {}", prose(&knee))?;
    }
    if let Some(limit) = searching::limit(found, assessment) {
        writeln!(out, "- **limit**: {}", prose(&limit))?;
    }
    if let (Some(scaling), Some(highest)) = (&found.scaling, found.highest()) {
        writeln!(
            out,
            "- **scaling**: {}",
            prose(&searching::scaling(scaling, highest))
        )?;
    }
    Ok(())
}

fn stages(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    let Some(result) = assessment
        .first()
        .filter(|_| !assessment.load.stages.is_empty())
    else {
        return Ok(());
    };
    writeln!(
        out,
        "| stage | asked | reached | unsent | p50 | p90 | p99 | max | errors |"
    )?;
    writeln!(out, "|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for figures in assessment.stages(result) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            seconds(figures.stage.duration),
            wording::stage_rate(&figures.stage),
            per_second(figures.reached),
            count(figures.record.unsent()),
            times(&figures.latency).join(" | "),
            per_cent(figures.error_rate)
        )?;
    }
    writeln!(out)
}

/// The requests of a mix.
fn targets(out: &mut dyn Write, assessment: &Assessment) -> io::Result<()> {
    for (name, result) in ["A", "B"].into_iter().zip(&assessment.results) {
        if result.parts.is_empty() {
            continue;
        }
        writeln!(
            out,
            "| {name}: request | weight | req/s | p50 | p95 | p99 | errors |"
        )?;
        writeln!(out, "|---|---:|---:|---:|---:|---:|---:|")?;
        for part in &result.parts {
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} |",
                code_cell(&part.named.name),
                part.named.weight,
                per_second(part.requests_per_second),
                time(part.latency.p50),
                time(part.latency.p95),
                time(part.latency.p99),
                count(part.errors)
            )?;
        }
        writeln!(out)?;
    }
    if let Some(text) = wording::drawn(&assessment.load) {
        writeln!(out, "- values: {}", prose(&text))?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, name: &str, result: &Measured, latency: &Summary) -> io::Result<()> {
    writeln!(
        out,
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
        per_second(result.requests_per_second),
        time(latency.p50),
        time(latency.p90),
        time(latency.p95),
        time(latency.p99),
        time(latency.p999),
        time(latency.max),
        count(result.errors)
    )
}
