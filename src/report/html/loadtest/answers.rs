//! What came back: statuses, failures by kind, transfer, and the histogram beside them.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use super::latency::histogram;
use crate::loadtest::assessment::{Assessment, Measured};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::statistics::share;
use crate::report::wording::loadtest as wording;
use crate::text::number::{bytes, count, counted, per_cent};

pub(super) fn section(assessment: &Assessment) -> Option<Section> {
    let parts = match assessment.results.as_slice() {
        [] => return None,
        [one] => single(one, assessment),
        several => together(several, assessment),
    };
    Some(Section {
        id: "answers",
        title: if assessment.results.len() == 1 {
            "Answers and histogram"
        } else {
            "Answers"
        },
        parts,
    })
}

fn single(result: &Measured, assessment: &Assessment) -> Vec<Part> {
    let mut table = Table::new(&["answer", "meaning", ">count", ">share", "~"]);
    let finished = result.finished;
    let row = |name: Cell, meaning: Cell, many: u64, class: &str| {
        let part = share(many, finished);
        [
            name,
            meaning,
            Cell::number(count(many)),
            Cell::number(exact(part)),
            Cell::bar(part, class),
        ]
    };
    for (status, many) in &result.recording.statuses {
        let class = if accepted(*status, assessment) {
            "fa"
        } else {
            "fx"
        };
        let meaning = Cell::text(meaning(*status));
        table.row(row(code(*status, assessment), meaning, *many, class));
    }
    for (kind, tally) in &result.recording.errors {
        if tally.count > 0 {
            let words = failure(*kind, &tally.first, assessment);
            table.row(row(failed(*kind), words, tally.count, "fx"));
        }
    }
    let mut left: Vec<Part> = table.part().into_iter().collect();
    if left.is_empty() {
        left.push(Part::Note(Html::text("No request came to an end.")));
    }
    left.push(Part::Note(Html::text(&remainder(result))));
    left.push(Part::Facts(transfer(result)));
    vec![Part::Halves(left, histogram(&result.recording.latency))]
}

fn together(results: &[Measured], assessment: &Assessment) -> Vec<Part> {
    let mut table = Table::new(&[
        "answer",
        "meaning",
        ">A, count",
        ">A, share",
        ">B, count",
        ">B, share",
    ]);
    let mut statuses: Vec<u16> = results
        .iter()
        .flat_map(|result| result.recording.statuses.keys().copied())
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    let cells = |of: &dyn Fn(&Measured) -> u64| -> Vec<Cell> {
        let both = results.iter().map(|result| (of(result), result.finished));
        both.flat_map(|(many, all)| {
            [
                Cell::number(count(many)),
                Cell::number(exact(share(many, all))),
            ]
        })
        .collect()
    };
    for status in statuses {
        let mut row = vec![code(status, assessment), Cell::text(meaning(status))];
        row.extend(cells(&|result| {
            result.recording.statuses.get(&status).copied().unwrap_or(0)
        }));
        table.row(row);
    }
    for kind in ErrorKind::ALL {
        let of = |result: &Measured| {
            let tally = result.recording.errors.get(&kind);
            tally.map_or(0, |tally| tally.count)
        };
        if results.iter().any(|result| of(result) > 0) {
            let first = results
                .iter()
                .filter_map(|result| result.recording.errors.get(&kind))
                .map(|tally| tally.first.as_str())
                .find(|first| !first.is_empty());
            let words = failure(kind, first.unwrap_or_default(), assessment);
            let mut row = vec![failed(kind), words];
            row.extend(cells(&of));
            table.row(row);
        }
    }
    let mut parts: Vec<Part> = table.part().into_iter().collect();
    for (name, result) in ["A", "B"].into_iter().zip(results) {
        parts.push(Part::Note(Html::text(&format!(
            "{name}: {}",
            remainder(result)
        ))));
    }
    let halves: Vec<Vec<Part>> = results
        .iter()
        .map(|result| vec![Part::Facts(transfer(result))])
        .collect();
    if let Ok([a, b]) = <[Vec<Part>; 2]>::try_from(halves) {
        parts.push(Part::Halves(a, b));
    }
    parts
}

fn accepted(status: u16, assessment: &Assessment) -> bool {
    assessment.asked.acceptance().accepts(status)
}

fn code(status: u16, assessment: &Assessment) -> Cell {
    let (icon, colour) = if accepted(status, assessment) {
        ("ok", "ok")
    } else {
        ("bad", "bad")
    };
    Cell::state(icon, colour, &status.to_string())
}

fn failed(kind: ErrorKind) -> Cell {
    Cell::state("bad", "bad", kind.name())
}

/// Our words for the kind, and the first of the system's where they say more.
fn failure(kind: ErrorKind, first: &str, assessment: &Assessment) -> Cell {
    let ours = wording::error(kind, assessment);
    // A time-out has no words but ours.
    if first.is_empty() || first == ours || kind == ErrorKind::Timeout {
        return Cell::text(&ours);
    }
    Cell::html(Html::ours(format!(
        "{}<br><span class=\"mut any\">first: {}</span>",
        Html::text(&ours),
        Html::foreign(first)
    )))
}

/// Never rounded up to all or down to nothing.
fn exact(part: f64) -> String {
    let text = per_cent(part);
    if text == "100%" && part < 1.0 {
        ">99.9%".to_owned()
    } else {
        text
    }
}

fn remainder(result: &Measured) -> String {
    let requests = &result.recording.requests;
    let mut texts = vec![format!(
        "{} sent, {} answered, {} failed.",
        count(requests.sent),
        count(requests.completed),
        count(requests.failed)
    )];
    for (many, what) in [
        (requests.unsent, "due and never sent"),
        (requests.open_at_end, "still open at the end"),
        (
            requests.retried,
            "sent again on a new connection, as the old one had been closed",
        ),
    ] {
        if many > 0 {
            texts.push(format!("{} {what}.", count(many)));
        }
    }
    texts.push("Time-outs stay in the percentiles, other failures do not.".to_owned());
    texts.join(" ")
}

fn transfer(result: &Measured) -> Vec<(&'static str, Html)> {
    let moved = result.recording.bytes;
    let rate = |many: u64| {
        let each = many as f64 / result.seconds.max(1e-9);
        format!("{}, {}/s", bytes(many as f64), bytes(each))
    };
    let mut facts = vec![
        ("received", Html::text(&rate(moved.received))),
        ("sent", Html::text(&rate(moved.sent))),
    ];
    let completed = result.recording.requests.completed;
    if completed > 0 {
        let mean = bytes(moved.received as f64 / completed as f64);
        let text = format!(
            "{mean} with its head, over {}",
            counted(completed, "answer")
        );
        facts.push(("mean answer", Html::text(&text)));
    }
    facts
}

/// The reason phrases of RFC 9110 and of the codes that APIs use beside it.
const fn meaning(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        418 => "I'm a teapot",
        422 => "Unprocessable Content",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        other => match other / 100 {
            1 => "informational",
            2 => "success",
            3 => "redirection",
            4 => "client error",
            _ => "server error",
        },
    }
}
