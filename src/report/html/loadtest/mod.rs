//! A load test as a page: the verdict, what it rests on, the course of the run, its settings. One
//! endpoint, two of them, or a run and its baseline; a report that was put together has the same page.

mod answers;
mod capacity;
mod client;
mod compared;
mod database;
mod described;
mod judged;
mod latency;
mod pairs;
mod requests;
mod scaling;
mod stages;
mod time;

use std::io::{self, Write};

use hdrhistogram::Histogram;

use super::part::{Part, Section};
use super::text::{Html, attribute};
use super::{PRODUCT, Page, capitalised};
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::comparison::Kind;
use crate::report::wording::loadtest as wording;
use crate::text::number::{self, count, counted};

/// A URL of more characters stands once more in full.
const LONG_URL: usize = 120;

/// What was asked for and is not in the result. Secrets are masked already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    pub facts: &'a [(&'static str, String)],
    /// The command that measures the same again.
    pub command: &'a str,
}

/// What stands side by side in the charts and tables.
struct Side<'a> {
    name: &'static str,
    /// Of its line, of its dots and names, of its head in a table.
    line: &'static str,
    text: &'static str,
    latency: &'a Histogram<u64>,
}

pub fn loadtest(
    out: &mut dyn Write,
    assessment: &Assessment,
    request: &Request<'_>,
) -> io::Result<()> {
    let headline = judged::sentence(assessment);
    let is_comparison = assessment.comparison.is_some();
    let sections = [
        compared::section(assessment),
        capacity::section(assessment),
        latency::section(assessment),
        if assessment.results.len() == 1 {
            time::section(assessment)
        } else {
            pairs::section(assessment)
        },
        stages::section(assessment),
        requests::section(assessment),
        described::section(assessment),
        database::section(assessment),
        answers::section(assessment),
        judged::findings(assessment),
        client::connections(assessment),
        client::health(assessment),
        if is_comparison {
            None
        } else {
            scaling::section(assessment)
        },
        Some(setup(assessment, request)),
        reproduce(request),
    ];
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        title: attribute(&format!("{}: {}", headline.text, named(assessment))),
        command: "backsmith loadtest",
        kind: match (&assessment.comparison, assessment.results.len()) {
            (Some(_), 2) => "comparison of two endpoints",
            (Some(_), _) => "comparison with an earlier run",
            (None, _) => "one endpoint",
        },
        heading: heading(assessment),
        about: about(assessment),
        verdict: judged::verdict(assessment, headline.mood),
        sentence: Html::text(&capitalised(&headline.text)),
        lines: judged::lines(assessment),
        judged: judged::table(assessment),
        figures: judged::figures(assessment),
        sections: sections.into_iter().flatten().collect(),
        footer: "self-contained report, no scripts and no external resources · the numbers are in the \
                 JSON document of the same run",
    };
    super::write(out, &page)
}

/// The endpoints in a window's title, short.
fn named(assessment: &Assessment) -> String {
    let endpoint = assessment.results.first().map(|result| &result.endpoint);
    let Some(endpoint) = endpoint else {
        return String::new();
    };
    let path = endpoint
        .url
        .split_once("://")
        .map_or(endpoint.url.as_str(), |(_, rest)| rest);
    let short: String = path.chars().take(60).collect();
    format!("{} {short}", endpoint.method)
}

fn heading(assessment: &Assessment) -> Html {
    let endpoint = |result: &Measured| {
        let (method, url) = (&result.endpoint.method, &result.endpoint.url);
        format!(
            "<span class=\"method\">{}&nbsp;</span>{}",
            Html::text(method),
            Html::text(url)
        )
    };
    match assessment.results.as_slice() {
        [a, b] => Html::ours(format!(
            "<span class=\"ca\">A</span>&nbsp;{}<br><span class=\"cb\">B</span>&nbsp;{}",
            endpoint(a),
            endpoint(b)
        )),
        [one, ..] => Html::ours(format!("<span class=\"clip\">{}</span>", endpoint(one))),
        [] => Html::text("nothing was measured"),
    }
}

fn about(assessment: &Assessment) -> Vec<Html> {
    let load = &assessment.load;
    let mut about = vec![match load.rate {
        None => "closed loop".to_owned(),
        Some(rate) if assessment.capacity.is_some() => format!(
            "search for capacity; shown: open loop, {} requests/s asked",
            number::per_second(rate)
        ),
        Some(_) if !load.stages.is_empty() => {
            let many = counted(load.stages.len() as u64, "stage");
            format!("open loop, {many}")
        }
        Some(rate) => format!("open loop, {} requests/s asked", number::per_second(rate)),
    }];
    about.push(counted(load.connections as u64, "connection"));
    let warmup = if load.warmup.is_zero() {
        String::new()
    } else {
        format!(" after {} of warm-up", number::seconds(load.warmup))
    };
    about.push(format!("{}{warmup}", number::seconds(assessment.elapsed)));
    if let Some(Kind::Endpoints {
        blocks,
        block_seconds,
    }) = assessment.comparison.as_ref().map(|all| &all.kind)
    {
        about.push(format!(
            "{blocks} blocks of {block_seconds:.2} s, interleaved A B B A"
        ));
    }
    if let Some(file) = &assessment.baseline {
        about.push(format!("against {file}"));
    }
    let finished: u64 = assessment
        .results
        .iter()
        .map(|result| result.finished)
        .sum();
    about.push(counted(finished, "request"));
    about.extend(started(assessment).map(|moment| format!("started {moment}")));
    about.iter().map(|text| Html::text(text)).collect()
}

/// A field of the result, never the clock.
fn started(assessment: &Assessment) -> Option<String> {
    let instant = jiff::Timestamp::from_millisecond(assessment.started_at_ms).ok()?;
    (assessment.started_at_ms > 0).then(|| instant.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// The distributions of the page, in the order of their names.
fn sides(assessment: &Assessment) -> Vec<Side<'_>> {
    const STYLES: [(&str, &str); 2] = [("pa", "fa"), ("pb", "fb")];
    let before = assessment
        .before
        .as_ref()
        .map(|before| ("baseline", &before.latency));
    let names: [&'static str; 2] = match (before, assessment.results.len()) {
        (Some(_), _) => ["now", "now"],
        (None, 1) => ["latency", "latency"],
        _ => ["A", "B"],
    };
    let now = names.into_iter().zip(
        assessment
            .results
            .iter()
            .map(|result| &result.recording.latency),
    );
    let all = before.into_iter().chain(now).zip(STYLES);
    all.map(|((name, latency), (line, text))| Side {
        name,
        line,
        text,
        latency,
    })
    .collect()
}

/// A value at a quantile in milliseconds, when enough samples lie above it.
fn at(latency: &Histogram<u64>, quantile: f64) -> Option<f64> {
    let needs = needs(quantile);
    (latency.len() >= needs).then(|| latency.value_at_quantile(quantile) as f64 / 1e6)
}

/// Samples that a quantile needs; a median is a median of any number.
fn needs(quantile: f64) -> u64 {
    use crate::loadtest::statistics::SAMPLES_ABOVE;
    if quantile <= 0.5 {
        1
    } else {
        (SAMPLES_ABOVE / (1.0 - quantile)).round() as u64
    }
}

fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

fn setup(assessment: &Assessment, request: &Request<'_>) -> Section {
    let load = &assessment.load;
    let mut left: Vec<(&'static str, String)> = Vec::new();
    if let Some(first) = assessment.first() {
        left.push(("engine", wording::protocol(first)));
    }
    left.push((
        "load",
        match load.rate {
            None => "closed loop: each connection asks again when it has its answer".to_owned(),
            Some(_) if !load.stages.is_empty() && assessment.capacity.is_none() => {
                let stage = |stage| format!("{}/s", wording::stage_rate(stage));
                let stages: Vec<String> = load.stages.iter().map(stage).collect();
                format!("open loop in stages: {}", stages.join(", "))
            }
            Some(rate) => format!("open loop, {}/s, one schedule", number::per_second(rate)),
        },
    ));
    left.push(("connections", count(load.connections as u64)));
    left.push((
        "length",
        match (load.requests, load.duration) {
            (Some(requests), _) => counted(requests, "request"),
            (None, Some(duration)) => number::seconds(duration),
            (None, None) => "—".to_owned(),
        },
    ));
    left.push((
        "warm-up",
        if load.warmup.is_zero() {
            "none".to_owned()
        } else {
            let left_out: u64 = assessment
                .results
                .iter()
                .map(|result| &result.recording.warmup)
                .map(|warmup| warmup.completed + warmup.failed)
                .sum();
            format!(
                "{}, {} left out",
                number::seconds(load.warmup),
                counted(left_out, "request")
            )
        },
    ));
    left.push(("time-out", number::seconds(load.timeout)));
    if let Some(shard) = load.shard {
        left.push(("shard", format!("{} of {}", shard.number, shard.of)));
    }
    let machine = &assessment.machine;
    let mut right: Vec<(&'static str, String)> = request.facts.to_vec();
    right.push((
        "client",
        format!(
            "{} {}, {}, {}",
            machine.os,
            machine.arch,
            counted(machine.cores as u64, "core"),
            counted(load.threads as u64, "thread")
        ),
    ));
    right.extend(started(assessment).map(|moment| ("started", moment)));
    right.push(("version", PRODUCT.to_owned()));
    let facts = |facts: Vec<(&'static str, String)>| {
        let shown = facts.into_iter();
        vec![Part::Facts(
            shown
                .map(|(name, text)| (name, Html::foreign(&text)))
                .collect(),
        )]
    };
    let mut parts = vec![Part::Halves(facts(left), facts(right))];
    // A heading is cut after three lines.
    let long = assessment.results.iter().map(|result| &result.endpoint.url);
    let urls: Vec<(&'static str, Html)> = long
        .filter(|url| url.len() > LONG_URL)
        .map(|url| ("endpoint", Html::text(url)))
        .collect();
    if !urls.is_empty() {
        parts.push(Part::Facts(urls));
    }
    Section {
        id: "setup",
        title: "Configuration",
        parts,
    }
}

fn reproduce(request: &Request<'_>) -> Option<Section> {
    (!request.command.is_empty()).then(|| Section {
        id: "reproduce",
        title: "Reproduce",
        parts: vec![
            Part::Code {
                label: "Command".to_owned(),
                text: Html::text(request.command),
                wraps: true,
            },
            Part::Note(Html::text(
                "Secret values are never stored; put yours back in.",
            )),
        ],
    })
}
