//! The sentences of a load test: the verdict in one line, the load, the doubts.

use std::time::Duration;

use super::survey::by_status;
use super::{capacity, comparison};
use crate::loadtest::advice;
use crate::loadtest::assessment::{
    Assessment, Doubt, Load, Measured, MeasuredPart, StageFigures, Verdict,
};
use crate::loadtest::rate_limit::{Check, Observed, Standing};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::schedule::Stage;
use crate::loadtest::statistics::{Percentile, Summary, share};
use crate::loadtest::table::RowOrder;
use crate::text::number::{count, counted, milliseconds, per_cent, per_second, seconds};

/// How a verdict opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Holds,
    Look,
    Fails,
    Unknown,
}

/// The verdict, in one line that can be read alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub mood: Mood,
    pub text: String,
}

/// The one line over a report.
pub fn headline(assessment: &Assessment) -> Headline {
    let line = |mood, text| Headline { mood, text };
    if let (Some(reason), Some(survey)) = (&assessment.unloaded, &assessment.survey) {
        let mood = if assessment.interrupted {
            Mood::Look
        } else {
            Mood::Fails
        };
        return line(mood, super::survey::unloaded(survey, reason));
    }
    let Some(first) = assessment.first() else {
        return if assessment.interrupted {
            line(
                Mood::Look,
                "interrupted before the first request".to_owned(),
            )
        } else {
            line(Mood::Unknown, "nothing was measured".to_owned())
        };
    };
    if let Some(found) = &assessment.capacity {
        return capacity::headline(found, assessment);
    }
    if assessment.interrupted {
        return line(Mood::Look, interrupted(assessment, first));
    }
    match assessment.verdict {
        Verdict::Failed => line(
            Mood::Fails,
            format!("failed: {}", failure(assessment, first)),
        ),
        Verdict::NoSuccess => line(Mood::Fails, format!("failed: {}", no_success(assessment))),
        Verdict::NotValid => line(Mood::Look, not_valid(assessment, first)),
        Verdict::Compared(verdict) => match &assessment.comparison {
            Some(comparison) => comparison::headline(verdict, comparison, assessment),
            None => line(Mood::Unknown, "nothing was compared".to_owned()),
        },
        Verdict::Ok => good(assessment, first),
    }
}

fn interrupted(assessment: &Assessment, first: &Measured) -> String {
    let after = format!("interrupted after {}", progress(assessment));
    let sent: u64 = assessment
        .results
        .iter()
        .map(|result| result.recording.requests.sent)
        .sum();
    let finished: u64 = assessment
        .results
        .iter()
        .map(|result| result.finished)
        .sum();
    let warmup = &first.recording.warmup;
    let warmed = warmup.completed + warmup.failed;
    if sent == 0 && !assessment.load.warmup.is_zero() {
        return format!(
            "interrupted in the warm-up, after {} answers; nothing was measured",
            count(warmed)
        );
    }
    if finished == 0 {
        return format!("{after}: not one answer yet");
    }
    if let Some(observed) = &assessment.rate_limit {
        return match observed.limited {
            0 => format!("{after}: no 429 in {} answers so far", count(finished)),
            _ => format!("{after}: {}", bites(observed)),
        };
    }
    match (&assessment.comparison, assessment.results.as_slice()) {
        (Some(_), [a, b]) => format!("{after}: A {}; B {}", figures(a), figures(b)),
        _ => format!("{after}: {}", figures(first)),
    }
}

fn progress(assessment: &Assessment) -> String {
    let elapsed = assessment.elapsed;
    match assessment.load.duration {
        Some(duration) if duration < Duration::from_mins(2) => {
            format!("{:.1} of {}", elapsed.as_secs_f64(), seconds(duration))
        }
        Some(duration) => format!("{} of {}", seconds(elapsed), seconds(duration)),
        None => seconds(elapsed),
    }
}

/// Where choices and values came from: the seed, and how the run went through its table.
pub fn drawn(load: &Load) -> Option<String> {
    let drawn = load.drawn.as_ref()?;
    let mut text = format!("seed {}", drawn.seed);
    if let Some(table) = &drawn.table {
        let rows = count(table.rows);
        text.push_str(&match (table.order, table.rounds()) {
            (RowOrder::Random, _) => format!("; {}: {rows} rows, at random", table.name),
            (RowOrder::InOrder, 0) => format!(
                "; {}: {} of {rows} rows, in order",
                table.name,
                count(table.taken)
            ),
            (RowOrder::InOrder, rounds) => format!(
                "; {}: {rows} rows, in order and {} times again from the first",
                table.name,
                count(rounds)
            ),
        });
    }
    Some(text)
}

/// `404: 12   timeout: 3`: what the errors of one request were.
pub fn part_errors(part: &MeasuredPart) -> String {
    let errors = part.part.errors.iter();
    let errors = errors.map(|(kind, many)| format!("{}: {}", kind.name(), count(*many)));
    let mut texts = by_status(&part.part.statuses);
    texts.extend(errors);
    texts.join("   ")
}

/// `5,984 req/s, p99 20.2 ms, no errors`.
pub fn figures(result: &Measured) -> String {
    let tail = tail(&result.latency).map(|tail| format!(", {tail}"));
    let errors = if result.errors == 0 {
        "no errors".to_owned()
    } else {
        format!(
            "{} errors ({})",
            count(result.errors),
            per_cent(result.error_rate())
        )
    };
    format!(
        "{} req/s{}, {errors}",
        per_second(result.requests_per_second),
        tail.unwrap_or_default()
    )
}

/// Why figures with so many errors say nothing of the service.
pub fn spoiled(assessment: &Assessment) -> Option<String> {
    let part = advice::spoiled(assessment)?;
    if advice::is_limited(assessment) {
        return Some(format!(
            "{} of the requests met a rate limit: these figures are the limit's, not the service's, and \
             no number of instances follows from them. `--expect-rate-limit` measures the limit.",
            per_cent(part)
        ));
    }
    Some(format!(
        "{} of the requests are errors, and an error takes another time than an answer that does the \
         work: no rate and no number of instances follows from these figures.",
        per_cent(part)
    ))
}

/// Why Little's law falls short of the connections, where it does: in a short run of a slow service,
/// what was open at the end is a part that counts.
pub fn left_open(assessment: &Assessment, scaling: &advice::Scaling) -> String {
    let connections = assessment.load.own_connections() as f64;
    let open = assessment
        .first()
        .map_or(0, |first| first.recording.requests.open_at_end);
    if open == 0 || scaling.in_flight > 0.95 * connections {
        return String::new();
    }
    format!(
        "; the {} at the end {} not in it",
        counted(open, "open request"),
        if open == 1 { "is" } else { "are" }
    )
}

/// The highest percentile up to p99 that the sample carries, else the maximum.
fn tail(latency: &Summary) -> Option<String> {
    let wanted = [Percentile::P99, Percentile::P95, Percentile::P90];
    let named = wanted
        .into_iter()
        .find_map(|percentile| Some((percentile.name(), latency.percentile(percentile)?)));
    let (name, value) = named.or_else(|| Some(("max", latency.max?)))?;
    Some(format!("{name} {}", milliseconds(value)))
}

fn good(assessment: &Assessment, first: &Measured) -> Headline {
    let holding = |text| Headline {
        mood: Mood::Holds,
        text,
    };
    if let Some(observed) = &assessment.rate_limit {
        return Headline {
            mood: if observed
                .checks
                .iter()
                .any(|check| check.standing == Standing::Look)
            {
                Mood::Look
            } else {
                Mood::Holds
            },
            text: bites(observed),
        };
    }
    if let Some(status) = assessment.status {
        let tail = tail(&first.latency).unwrap_or_default();
        return holding(format!(
            "all {} answers are {}, as expected; {} req/s, {tail}",
            count(status.with),
            status.wanted,
            per_second(first.requests_per_second)
        ));
    }
    if let (Some(busy), Some(rate)) = (advice::busy(assessment), assessment.load.rate) {
        return Headline {
            mood: Mood::Look,
            text: format!(
                "{} of {} {}; {}",
                per_second(first.requests_per_second),
                per_second(rate),
                figures(first).split_once(' ').map_or("", |(_, rest)| rest),
                match busy.connections {
                    1 => "the one connection was busy".to_owned(),
                    2 => "both connections were busy".to_owned(),
                    all => format!("all {} connections were busy", count(all as u64)),
                }
            ),
        };
    }
    let stalls = assessment
        .load
        .slowest_rate()
        .map(|rate| advice::stalls(first, rate))
        .unwrap_or_default();
    if let (Some(rate), [_, ..]) = (assessment.load.rate, stalls.as_slice()) {
        let many = if stalls.len() == 1 {
            "1 stall".to_owned()
        } else {
            format!("{} stalls", stalls.len())
        };
        return Headline {
            mood: Mood::Look,
            text: format!(
                "{} {}, but {many}: {} from the moment requests were due",
                match assessment.load.stages.len() {
                    0 => format!("{} req/s", per_second(rate)),
                    stages => format!("{stages} stages"),
                },
                if first.requests_per_second >= 0.98 * rate {
                    "held"
                } else {
                    "asked"
                },
                tail(&first.latency).unwrap_or_default()
            ),
        };
    }
    let saturated = assessment
        .doubts
        .iter()
        .any(|doubt| matches!(doubt, Doubt::Processor { .. }));
    let mut text = figures(first);
    let missed = missed_stage(assessment, first);
    if let Some(missed) = &missed {
        text.push_str(missed);
    }
    match assessment.checked.len() {
        0 => {}
        1 => text.push_str("; the expectation holds"),
        all => text.push_str(&format!("; all {all} expectations hold")),
    }
    if saturated {
        text.push_str("; this machine was the limit");
    }
    Headline {
        mood: if saturated || missed.is_some() || first.errors > 0 || !assessment.doubts.is_empty()
        {
            Mood::Look
        } else {
            Mood::Holds
        },
        text,
    }
}

/// The stage that fell short most, as the end of a headline.
fn missed_stage(assessment: &Assessment, first: &Measured) -> Option<String> {
    let stages = assessment.stages(first);
    let short = stages.iter().enumerate().filter(|(_, figures)| {
        // A few requests that are due at the end are answered in the next stage.
        let asked = figures.record.due as f64;
        (figures.record.answered as f64) < (0.98 * asked).min(asked - 2.0)
    });
    let part = |figures: &StageFigures<'_>| figures.reached / figures.stage.mean().max(0.001);
    let (index, worst) = short.min_by(|a, b| part(a.1).total_cmp(&part(b.1)))?;
    Some(format!(
        "; stage {} reached {} of {} req/s",
        index + 1,
        per_second(worst.reached),
        per_second(worst.stage.mean())
    ))
}

fn bites(observed: &Observed) -> String {
    let recovers = observed
        .checks
        .iter()
        .find(|check| check.name == "recovers");
    format!(
        "the rate limit bites: {} of {} let through, the rest 429{}",
        count(observed.allowed),
        count(observed.allowed + observed.limited),
        if recovers.is_some_and(|check| check.standing == Standing::Holds) {
            "; it recovers"
        } else {
            ""
        }
    )
}

/// What is wrong with a limit that bites, as the end of a sentence.
fn but(check: &Check) -> String {
    let detail = check.detail.split(": ").next().unwrap_or_default();
    match check.name {
        "held" => "it does not hold".to_owned(),
        "recovers" => "it does not let anyone in again".to_owned(),
        "retry-after" => format!("Retry-After is {detail}"),
        "ratelimit-headers" => format!("its RateLimit fields are wrong: {}", check.detail),
        _ => format!("{} {detail}", check.label),
    }
}

fn failure(assessment: &Assessment, first: &Measured) -> String {
    if let Some(survey) = assessment.survey.as_ref().filter(|survey| survey.fails()) {
        let objecting = survey.operations.iter();
        let objecting = objecting.filter(|operation| !operation.objections.is_empty());
        return match objecting.count() {
            0 => format!(
                "under load the server answers what {} does not know",
                survey.document
            ),
            operations => format!(
                "{} of {} {} {}",
                count(operations as u64),
                counted(survey.operations.len(), "operation"),
                if operations == 1 {
                    "does not keep"
                } else {
                    "do not keep"
                },
                survey.document
            ),
        };
    }
    if let Some(observed) = assessment
        .rate_limit
        .as_ref()
        .filter(|observed| !observed.holds())
    {
        if observed.limited == 0 {
            // Refused sign-ins are attempts at a password.
            let refused = first.recording.statuses.get(&401).copied().unwrap_or(0);
            return format!(
                "no rate limit, {} {} in {} and not one 429",
                count(first.finished),
                if refused * 2 > first.finished && first.is_sign_in() {
                    "sign-in attempts"
                } else {
                    "requests"
                },
                seconds(assessment.elapsed)
            );
        }
        let failing = observed
            .checks
            .iter()
            .find(|check| check.standing == Standing::Fails);
        let why = failing.map_or_else(String::new, but);
        return format!("the rate limit bites, but {why}");
    }
    if let Some(status) = assessment.status.filter(|status| !status.met()) {
        let all = status.with + status.without;
        return match (status.with, all) {
            (_, 0) => "no answer at all".to_owned(),
            (0, _) => format!(
                "not one of {} answers is {}, {}",
                count(all),
                status.wanted,
                statuses(first)
            ),
            _ => format!(
                "{} of {} answers are not {}",
                count(status.without),
                count(all),
                status.wanted
            ),
        };
    }
    let failed = assessment
        .checked
        .iter()
        .filter(|checked| !checked.met)
        .count();
    format!("{failed} of {} expectations", assessment.checked.len())
}

fn no_success(assessment: &Assessment) -> String {
    let silent = |result: &&Measured| result.successes() == 0;
    let Some(result) = assessment.results.iter().find(silent) else {
        return "not one 2xx or 3xx".to_owned();
    };
    let completed = result.recording.requests.completed;
    // Which of two endpoints it is.
    let named = match assessment.results.as_slice() {
        [a, _] if std::ptr::eq(a, result) => "A: ",
        [_, _] => "B: ",
        _ => "",
    };
    if completed == 0 {
        let worst = result
            .recording
            .errors
            .iter()
            .max_by_key(|(_, tally)| tally.count);
        let why = worst.map_or_else(String::new, |(kind, _)| {
            format!(": {}", error(*kind, assessment))
        });
        return format!(
            "{named}not one answer to {}{why}",
            counted(result.finished, "request")
        );
    }
    format!(
        "{named}not one 2xx or 3xx in {} answers, {}",
        count(completed),
        statuses(result)
    )
}

/// `all 500`, or the most frequent ones.
fn statuses(result: &Measured) -> String {
    let statuses = &result.recording.statuses;
    if let [status] = statuses.keys().collect::<Vec<_>>().as_slice() {
        return format!("all {status}");
    }
    let mut sorted: Vec<(&u16, &u64)> = statuses.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let named = sorted
        .iter()
        .take(3)
        .map(|(status, many)| format!("{}: {status}", count(**many)));
    named.collect::<Vec<_>>().join(", ")
}

fn not_valid(assessment: &Assessment, first: &Measured) -> String {
    let late = assessment.doubts.iter().find_map(|doubt| match doubt {
        Doubt::Schedule { mean, .. } => Some(*mean),
        _ => None,
    });
    if let (Some(mean), [_]) = (late, assessment.doubts.as_slice()) {
        return format!(
            "not valid: this machine sent its requests {} late on average",
            milliseconds(mean)
        );
    }
    format!(
        "not valid: this machine was the limit, {} of {} req/s were sent",
        per_second(first.requests_per_second),
        per_second(assessment.load.rate.unwrap_or_default())
    )
}

/// `closed loop, 50 connections, 30.0 s`.
pub fn load(assessment: &Assessment) -> String {
    let load = &assessment.load;
    let connections = if load.connections == 1 {
        "1 connection".to_owned()
    } else {
        format!("{} connections", count(load.connections as u64))
    };
    let pace = match load.rate {
        None => format!("closed loop, {connections}"),
        Some(_) if !load.stages.is_empty() => format!(
            "open loop, {} stages up to {} req/s over {connections}",
            load.stages.len(),
            per_second(load.fastest_rate().unwrap_or_default())
        ),
        Some(rate) => format!("open loop, {} req/s over {connections}", per_second(rate)),
    };
    let shard = load.shard.map(|shard| {
        let part = format!(", part {} of {}", shard.number, shard.of);
        match load.own_connections() {
            all if all == load.connections => part,
            own => format!("{part} ({own} of them)"),
        }
    });
    let extent = if assessment.interrupted {
        String::new()
    } else {
        format!(", {}", seconds(assessment.elapsed))
    };
    format!("{pace}{}{extent}", shard.unwrap_or_default())
}

/// `1,000`, or `100..1,000` for a ramp.
pub fn stage_rate(stage: &Stage) -> String {
    if stage.from.to_bits() == stage.to.to_bits() {
        per_second(stage.from)
    } else {
        format!("{}..{}", per_second(stage.from), per_second(stage.to))
    }
}

/// `HTTP/1.1 over TLS 1.3`.
pub fn protocol(result: &Measured) -> String {
    let recording = &result.recording;
    let engine = match recording.engine {
        "http1" | "h1" => String::new(),
        other => format!(" ({other} engine)"),
    };
    match &recording.tls {
        Some(tls) => format!("{} over {tls}{engine}", recording.protocol),
        None => format!("{}{engine}", recording.protocol),
    }
}

/// A doubt as (what, detail).
pub fn doubt(doubt: &Doubt, assessment: &Assessment) -> (&'static str, String) {
    match doubt {
        Doubt::Processor { seconds, of } => {
            let threads = if assessment.load.threads == 1 {
                "1 thread".to_owned()
            } else {
                format!("a thread of {}", assessment.load.threads)
            };
            (
                "client CPU",
                format!("100% of {threads} for {seconds} of {of:.0} s"),
            )
        }
        Doubt::Schedule { mean, max } => (
            "schedule",
            format!(
                "requests left {} late on average, {} at most",
                milliseconds(*mean),
                milliseconds(*max)
            ),
        ),
        Doubt::Unsent { count: unsent, of } => (
            "unsent",
            format!(
                "{} of {} ({})",
                count(*unsent),
                count(*of),
                per_cent(share(*unsent, *of))
            ),
        ),
        Doubt::Interrupted => ("interrupted", format!("after {}", progress(assessment))),
    }
}

/// An error kind as people read it.
pub fn error(kind: ErrorKind, assessment: &Assessment) -> String {
    match kind {
        ErrorKind::Dns => "host not found".to_owned(),
        ErrorKind::Refused => "connection refused".to_owned(),
        ErrorKind::Connect => "could not connect".to_owned(),
        ErrorKind::Tls => "TLS handshake failed".to_owned(),
        ErrorKind::Reset => "connection reset".to_owned(),
        ErrorKind::Closed => "closed before the answer was complete".to_owned(),
        ErrorKind::Timeout => format!("timed out after {}", seconds(assessment.load.timeout)),
        ErrorKind::Protocol => "not HTTP".to_owned(),
        ErrorKind::Redirects => "too many redirects".to_owned(),
        ErrorKind::Other => "other".to_owned(),
    }
}
