//! A rate limit: what was inferred and declared, and each check.

use std::io::{self, Write};

use super::figures::{statuses, table};
use super::{View, labelled, sign, wrap};
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::rate_limit::{Observed, Shape, Standing};
use crate::loadtest::statistics::Summary;
use crate::report::wording::loadtest::Mood;
use crate::text::number::{count, decimal, milliseconds, per_second};

pub(super) fn write(out: &mut dyn Write, assessment: &Assessment, view: &View) -> io::Result<()> {
    let (Some(observed), Some(result)) = (&assessment.rate_limit, assessment.first()) else {
        return Ok(());
    };
    if observed.limited == 0 {
        let mut findings = assessment.findings.iter();
        let is_said = findings.any(|finding| finding.code == "rate-limit-missing");
        return missing(out, result, is_said, view);
    }
    inferred(out, observed, assessment, view)?;
    for check in &observed.checks {
        let mood = match check.standing {
            Standing::Holds => Mood::Holds,
            Standing::Look => Mood::Look,
            Standing::Fails => Mood::Fails,
        };
        let lines = wrap(&check.detail, view.width.saturating_sub(22));
        writeln!(
            out,
            "  {} {:<17} {}",
            sign(mood, view.symbols),
            check.label,
            lines[0]
        )?;
        for line in &lines[1..] {
            writeln!(out, "{:22}{line}", "")?;
        }
    }
    writeln!(out)?;
    let text = format!(
        "{}   {} req/s",
        statuses(result),
        per_second(result.requests_per_second)
    );
    labelled(out, "answers", &text, view)?;
    let summaries: Vec<(String, Summary)> = result
        .recording
        .latency_by_status
        .iter()
        .map(|(status, histogram)| (status.to_string(), Summary::of(histogram)))
        .collect();
    if summaries.len() > 1 {
        let rows: Vec<(&str, &Summary)> = summaries
            .iter()
            .map(|(status, summary)| (status.as_str(), summary))
            .collect();
        table(out, &rows, view)?;
    }
    Ok(())
}

fn missing(out: &mut dyn Write, result: &Measured, is_said: bool, view: &View) -> io::Result<()> {
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
    if is_said {
        return Ok(());
    }
    let hourly = result.requests_per_second * 3_600.0;
    let amount = if hourly >= 1e6 {
        format!("{} million", decimal(hourly / 1e6, 1))
    } else {
        count(hourly.round() as u64)
    };
    writeln!(
        out,
        "  At this rate one client sends {amount} requests an hour."
    )
}

fn inferred(
    out: &mut dyn Write,
    observed: &Observed,
    assessment: &Assessment,
    view: &View,
) -> io::Result<()> {
    let seconds = assessment.elapsed.as_secs_f64();
    match observed.inferred {
        None => {}
        Some(Shape::TokenBucket { per_second, burst }) => {
            let text = format!(
                "{} requests a second after a burst of {} (token bucket)",
                decimal(per_second, usize::from(per_second < 10.0)),
                count(burst)
            );
            labelled(out, "inferred", &text, view)?;
            let text = format!(
                "{} = {} at once + {}/s x {} s",
                count(observed.allowed),
                count(burst),
                decimal(per_second, 1),
                decimal(seconds, 1)
            );
            labelled(out, "", &text, view)?;
        }
        Some(Shape::Window { quota, seconds }) => {
            let text = format!(
                "{} requests in each window of {} s",
                count(quota),
                decimal(seconds, 1)
            );
            labelled(out, "inferred", &text, view)?;
        }
        Some(Shape::LongWindow { quota, longer_than }) => {
            let text = format!(
                "{} requests, then none for the {} s that were left: the window is longer than this run",
                count(quota),
                decimal(longer_than, 1)
            );
            labelled(out, "inferred", &text, view)?;
        }
    }
    let declared = match (&observed.declared, observed.agrees) {
        (None, _) => "nothing: no RateLimit field in any answer".to_owned(),
        (Some(declared), Some(true)) => format!("{}   agrees", declared.text),
        (Some(declared), Some(false)) => format!("{}   does not agree", declared.text),
        (Some(declared), None) => declared.text.clone(),
    };
    labelled(out, "declared", &declared, view)?;
    writeln!(out)
}
