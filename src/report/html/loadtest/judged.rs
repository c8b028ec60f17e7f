//! What a run was judged to be: the sentence, its reasons, the expectations, the six figures.

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::text::Html;
use super::super::{Tile, Verdict, severity};
use super::compared;
use super::described::place;
use crate::diagnostic::Severity;
use crate::loadtest::advice;
use crate::loadtest::assessment::{Assessment, Doubt, Measured, Verdict as Word};
use crate::loadtest::capacity::Capacity;
use crate::loadtest::comparison;
use crate::loadtest::expectation::{Checked, Threshold};
use crate::loadtest::rate_limit::Standing;
use crate::loadtest::recording::Gap;
use crate::loadtest::statistics::{Percentile, Summary};
use crate::report::wording::capacity as searching;
use crate::report::wording::loadtest::{self as wording, Headline, Mood};
use crate::text::number::{count, counted, decimal, milliseconds, per_cent, per_second, seconds};
use crate::traffic::{Standing as Outcome, Survey, Surveyed, Tried};

/// The one line; a single broken expectation is said with its figures.
pub(super) fn sentence(assessment: &Assessment) -> Headline {
    let headline = wording::headline(assessment);
    let others_hold = assessment.status.is_none_or(|status| status.met())
        && assessment
            .rate_limit
            .as_ref()
            .is_none_or(crate::loadtest::rate_limit::Observed::holds)
        && !assessment.survey.as_ref().is_some_and(Survey::fails);
    // A search ends where an expectation breaks: its line says at which rate.
    let is_single = others_hold && assessment.capacity.is_none();
    if assessment.interrupted || assessment.verdict != Word::Failed || !is_single {
        return headline;
    }
    let mut broken = assessment.checked.iter().filter(|checked| !checked.met);
    let Some(first) = broken.next() else {
        return headline;
    };
    let more = match broken.count() {
        0 => String::new(),
        more => format!(", and {more} more of {} fail", assessment.checked.len()),
    };
    let expectation = &first.expectation;
    let text = match first.measured {
        None => format!(
            "failed: {} {} {} does not hold: {}{more}",
            expectation.subject(),
            expectation.operator.sign(),
            Threshold(expectation),
            first.reason
        ),
        Some(_) => format!(
            "failed: {} is {}, expected {} {}{more}",
            expectation.subject(),
            measured(first),
            expectation.operator.sign(),
            Threshold(expectation)
        ),
    };
    Headline {
        mood: Mood::Fails,
        text,
    }
}

pub(super) fn verdict(assessment: &Assessment, mood: Mood) -> Verdict {
    let judged = !assessment.checked.is_empty()
        || assessment.status.is_some()
        || assessment.rate_limit.is_some()
        || assessment.comparison.is_some()
        || assessment.survey.is_some()
        || assessment.capacity.is_some();
    match (mood, assessment.verdict) {
        (Mood::Holds, Word::Compared(comparison::Verdict::Same)) => Verdict::Same,
        (Mood::Holds | Mood::Look, word) if word.objects() => Verdict::Fails,
        (Mood::Holds, _) if !judged => Verdict::Shown,
        (Mood::Holds, _) => Verdict::Holds,
        (Mood::Look, _) => Verdict::Look,
        (Mood::Fails, _) => Verdict::Fails,
        (Mood::Unknown, _) => Verdict::Unknown,
    }
}

/// At most three sentences of cause.
pub(super) fn lines(assessment: &Assessment) -> Vec<Html> {
    let mut lines = Vec::new();
    lines.extend(assessment.comparison.as_ref().map(compared::explanation));
    lines.extend(objections(assessment));
    lines.extend(
        assessment
            .first()
            .and_then(|first| stalls(first, assessment)),
    );
    for doubt in &assessment.doubts {
        if !matches!(doubt, Doubt::Interrupted) {
            let (what, detail) = wording::doubt(doubt, assessment);
            lines.push(super::capitalised(&format!("{what}: {detail}.")));
        }
    }
    lines.extend(
        assessment
            .remarks
            .iter()
            .map(|remark| super::capitalised(remark)),
    );
    lines.extend(first_body(assessment));
    let shown = lines.len().min(3);
    let mut lines: Vec<Html> = lines[..shown].iter().map(|line| Html::told(line)).collect();
    if assessment.verdict == Word::NoSuccess && !assessment.is_silent() && lines.is_empty() {
        lines.push(Html::sentence(
            "A run without one 2xx or 3xx says nothing about the endpoint; `--expect-status` names what is wanted.",
        ));
    }
    lines
}

/// What server and description do not agree on; the findings have the rest.
fn objections(assessment: &Assessment) -> Vec<String> {
    const TOLD: usize = 2;
    let findings = assessment.survey.iter().flat_map(|survey| &survey.findings);
    let errors: Vec<String> = findings
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| format!("{}.", super::capitalised(&finding.message)))
        .collect();
    let more = errors.len().saturating_sub(TOLD);
    let mut told: Vec<String> = errors.into_iter().take(TOLD).collect();
    if more > 0 {
        told.push(format!("{more} more are under Findings."));
    }
    told
}

/// What a server says that never answers well.
fn first_body(assessment: &Assessment) -> Option<String> {
    let first = assessment.first()?;
    if assessment.verdict != Word::NoSuccess {
        return None;
    }
    let samples = &first.recording.samples;
    let sample = samples.iter().find(|sample| !sample.body.is_empty())?;
    let text = String::from_utf8_lossy(&sample.body);
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().take(120).collect();
    Some(format!("The first {} says: {line}", sample.status))
}

fn stalls(result: &Measured, assessment: &Assessment) -> Option<String> {
    let stalls = advice::stalls(result, assessment.load.slowest_rate()?);
    let longest = stalls.iter().map(Gap::length).max()?;
    let regular = advice::period(&stalls)
        .map(|period| format!(", {:.1} s apart", period.as_secs_f64()))
        .unwrap_or_default();
    Some(format!(
        "The server stopped answering {}, for {} at most{regular}.",
        match stalls.len() {
            1 => "once".to_owned(),
            many => format!("{many} times"),
        },
        seconds(longest)
    ))
}

fn measured(checked: &Checked) -> String {
    match (checked.measured, checked.expectation.quantity.unit()) {
        (None, _) => "—".to_owned(),
        (Some(value), "%") => per_cent(value / 100.0),
        (Some(value), "ms") => milliseconds(value),
        (Some(value), _) => per_second(value),
    }
}

/// Everything that was asked of the run, and how it came out.
pub(super) fn table(assessment: &Assessment) -> Option<Part> {
    let mut table = Table::new(&[
        "expectation",
        "verdict",
        ">measured",
        "what stands behind it",
    ])
    .shaped(Shape::Fit);
    let word = |met| {
        if met {
            Cell::state("ok", "ok", "met")
        } else {
            Cell::state("bad", "bad", "failed")
        }
    };
    if let Some(status) = assessment.status {
        table.row([
            Cell::text(&format!("every answer is {}", status.wanted)),
            word(status.met()),
            Cell::number(count(status.with)),
            Cell::text(&format!(
                "of {}",
                counted(status.with + status.without, "request")
            )),
        ]);
    }
    for checked in &assessment.checked {
        let expectation = &checked.expectation;
        let name = format!(
            "{} {} {}",
            expectation.subject(),
            expectation.operator.sign(),
            Threshold(expectation)
        );
        let origin = expectation.origin.as_ref();
        let origin = origin
            .map(|origin| format!(" ({origin})"))
            .unwrap_or_default();
        table.row([
            Cell::code(&name),
            word(checked.met),
            Cell::number(measured(checked)),
            Cell::text(format!("{}{origin}", checked.reason).trim()),
        ]);
    }
    if let Some(survey) = &assessment.survey {
        for row in described(survey) {
            table.row(row);
        }
    }
    if let Some(capacity) = &assessment.capacity {
        table.row(searched(capacity));
    }
    for check in assessment.rate_limit.iter().flat_map(|seen| &seen.checks) {
        let (icon, colour, word) = match check.standing {
            Standing::Holds => ("ok", "ok", "holds"),
            Standing::Look => ("warn", "warn", "look"),
            Standing::Fails => ("bad", "bad", "fails"),
        };
        table.row([
            Cell::text(check.label),
            Cell::state(icon, colour, word),
            Cell::number(""),
            Cell::html(Html::foreign(&check.detail)),
        ]);
    }
    table.part()
}

/// Whether the description is kept, and whether what it refuses was refused.
fn described(survey: &Survey) -> Vec<Vec<Cell>> {
    let keeps = |operation: &&Surveyed| operation.objections.is_empty();
    let kept = survey.operations.iter().filter(keeps).count();
    let mut rows = vec![vec![
        Cell::html(Html::ours(format!(
            "the server keeps {}",
            Html::foreign(&survey.document)
        ))),
        if survey.fails() {
            Cell::state("bad", "bad", "failed")
        } else {
            Cell::state("ok", "ok", "met")
        },
        Cell::number(count(kept as u64)),
        Cell::text(&format!(
            "of {}",
            counted(survey.operations.len(), "operation")
        )),
    ]];
    let invalid = || survey.operations.iter().flat_map(|one| &one.invalid);
    let all = invalid().count();
    if all > 0 {
        let refused = invalid().filter(|tried| tried.standing == Outcome::Refused);
        let refused = refused.count();
        let wrong = |tried: &Tried| match tried.standing {
            Outcome::Broke => true,
            Outcome::Accepted => !tried.lenient,
            Outcome::Refused | Outcome::Unknown => false,
        };
        rows.push(vec![
            Cell::text("invalid requests are refused"),
            if invalid().any(wrong) {
                Cell::state("bad", "bad", "failed")
            } else if refused < all {
                Cell::state("warn", "warn", "look")
            } else {
                Cell::state("ok", "ok", "met")
            },
            Cell::number(count(refused as u64)),
            Cell::text(&format!("of {}", count(all as u64))),
        ]);
    }
    rows
}

/// The highest rate that held, and what the next one did.
fn searched(capacity: &Capacity) -> Vec<Cell> {
    let broken = capacity.first_broken().map(|step| {
        let ending = searching::ending(&step.ending);
        format!("at {}/s it {ending}", per_second(step.asked))
    });
    let (state, held) = match capacity.highest() {
        Some(step) => (
            Cell::state("ok", "ok", "holds"),
            format!("{}/s", per_second(step.asked)),
        ),
        None => (Cell::state("bad", "bad", "none holds"), "—".to_owned()),
    };
    vec![
        Cell::text("highest rate that holds"),
        state,
        Cell::number(held),
        Cell::text(&broken.unwrap_or_default()),
    ]
}

pub(super) fn figures(assessment: &Assessment) -> [Tile; 6] {
    if let Some(comparison) = &assessment.comparison {
        return compared::figures(comparison);
    }
    let Some(result) = assessment.first() else {
        return [
            "Throughput",
            "p50",
            "p99",
            "Maximum",
            "Errors",
            "Longest gap",
        ]
        .map(|name| absent(name, "nothing was measured"));
    };
    [
        throughput(result, assessment),
        median(result, assessment),
        tail(result),
        maximum(result),
        errors(result),
        gap(result),
    ]
}

fn absent(name: &'static str, why: impl Into<String>) -> Tile {
    Tile {
        name,
        value: None,
        unit: "",
        note: why.into(),
    }
}

/// A latency as its figure and its unit.
fn time(name: &'static str, value: f64, note: impl Into<String>) -> Tile {
    let text = milliseconds(value);
    let (figure, unit) = text.split_once(' ').unwrap_or((&text, ""));
    Tile {
        name,
        value: Some(figure.to_owned()),
        unit: if unit == "s" { "s" } else { "ms" },
        note: note.into(),
    }
}

fn throughput(result: &Measured, assessment: &Assessment) -> Tile {
    let name = "Throughput";
    if result.recording.requests.completed == 0 {
        return absent(name, "no request was answered");
    }
    let note = match assessment.load.rate {
        Some(rate) => format!(
            "of {} asked; {} unsent",
            per_second(rate),
            count(result.recording.requests.unsent)
        ),
        None => format!(
            "closed loop, {}",
            counted(assessment.load.own_connections() as u64, "connection")
        ),
    };
    Tile {
        unit: "req/s",
        note,
        ..Tile::new(name, per_second(result.requests_per_second))
    }
}

fn median(result: &Measured, assessment: &Assessment) -> Tile {
    let since = if assessment.load.rate.is_some() {
        "since due"
    } else {
        "since sent"
    };
    match result.latency.p50 {
        Some(value) => time("p50", value, since),
        None => absent("p50", "no request was answered"),
    }
}

fn tail(result: &Measured) -> Tile {
    let service = |name: Percentile| {
        let service = result
            .service
            .as_ref()
            .and_then(|service| service.percentile(name));
        service.map_or_else(
            || format!("{} samples", count(result.latency.samples)),
            |value| format!("{} as service time", milliseconds(value)),
        )
    };
    let wanted = [Percentile::P99, Percentile::P95, Percentile::P90];
    let highest = wanted
        .into_iter()
        .find_map(|percentile| Some((percentile, result.latency.percentile(percentile)?)));
    match highest {
        Some((Percentile::P99, value)) => time("p99", value, service(Percentile::P99)),
        Some((percentile, value)) => time(
            percentile.name(),
            value,
            format!(
                "p99 needs 1,000 samples, {} here",
                count(result.latency.samples)
            ),
        ),
        None => absent(
            "p99",
            match result.latency.samples {
                0 => "no request was answered".to_owned(),
                few => format!("1,000 samples needed, {} here", count(few)),
            },
        ),
    }
}

fn maximum(result: &Measured) -> Tile {
    let Summary { max, samples, .. } = result.latency;
    match max {
        Some(value) => time("Maximum", value, counted(samples, "request")),
        None => absent("Maximum", "no request was answered"),
    }
}

fn errors(result: &Measured) -> Tile {
    if result.finished == 0 {
        return absent("Errors", "no request came to an end");
    }
    let share = per_cent(result.error_rate());
    Tile {
        unit: "%",
        note: format!(
            "{} of {}",
            count(result.errors),
            counted(result.finished, "request")
        ),
        ..Tile::new("Errors", share.trim_end_matches('%'))
    }
}

fn gap(result: &Measured) -> Tile {
    let answered = result.recording.requests.completed > 1;
    match result.recording.gaps.longest().filter(|_| answered) {
        Some(longest) => time(
            "Longest gap",
            longest.as_secs_f64() * 1e3,
            "without any response",
        ),
        None if answered => absent("Longest gap", "not in stored reports"),
        None => absent("Longest gap", "fewer than two responses"),
    }
}

pub(super) fn findings(assessment: &Assessment) -> Option<Section> {
    let parts: Vec<Part> = assessment
        .findings
        .iter()
        .map(|finding| Part::Finding {
            severity: severity(finding.severity),
            title: Html::told(&super::capitalised(&finding.message)),
            texts: finding
                .help
                .iter()
                .map(|help| Html::sentence(help))
                .chain(finding.pointer.as_deref().map(at))
                .collect(),
            source: Html::code(&format!("backsmith explain {}", finding.code)),
            parts: Vec::new(),
        })
        .collect();
    (!parts.is_empty()).then_some(Section {
        id: "findings",
        title: "Findings",
        parts,
    })
}

/// The place in the document.
fn at(pointer: &str) -> Html {
    Html::ours(format!("at {}", place(pointer)))
}

/// The columns p50, p90, p99 and max of a step or a stage.
pub(super) fn times(latency: &Summary) -> [Cell; 4] {
    [latency.p50, latency.p90, latency.p99, latency.max].map(time_cell)
}

/// Milliseconds, or that there is no figure.
pub(super) fn time_cell(value: Option<f64>) -> Cell {
    Cell::number(value.map_or("—".to_owned(), digits))
}

/// Milliseconds in a table whose head names the unit: three digits.
pub(super) fn digits(value: f64) -> String {
    let decimals = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        _ => 3,
    };
    decimal(value, decimals)
}
