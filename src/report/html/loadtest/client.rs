//! Connections, and the load tester itself: whether the figures are the server's.

use hdrhistogram::Histogram;

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::text::Html;
use super::judged::{digits, time_cell};
use super::{at, milliseconds};
use crate::loadtest::assessment::{Assessment, Doubt};
use crate::report::wording::loadtest as wording;
use crate::text::number::{self, count, counted, decimal};

pub(super) fn connections(assessment: &Assessment) -> Option<Section> {
    let mut notes = Vec::new();
    let mut phases: Vec<(String, &Histogram<u64>)> = Vec::new();
    for (name, result) in ["A", "B"].into_iter().zip(&assessment.results) {
        let own = &result.recording.connections;
        let several = assessment.results.len() > 1;
        let prefix = if several {
            format!("{name}: ")
        } else {
            String::new()
        };
        notes.push(format!(
            "{prefix}{} opened, {} could not be made, {} closed by the server. {}.",
            counted(own.opened, "connection"),
            count(own.failed),
            count(own.closed_by_server),
            wording::protocol(result)
        ));
        phases.push((format!("{prefix}TCP connect"), &own.connect));
        let tls = result.recording.tls.as_deref().unwrap_or("TLS");
        phases.push((format!("{prefix}{tls} handshake"), &own.tls));
    }
    if notes.is_empty() {
        return None;
    }
    let mut parts: Vec<Part> = notes
        .iter()
        .map(|note| Part::Note(Html::text(note)))
        .collect();
    phases.retain(|(_, times)| !times.is_empty());
    if phases.is_empty() {
        parts.push(Part::Note(Html::text(
            "No connection was timed: a stored report holds no distribution of them.",
        )));
    } else {
        parts.push(Part::Table(phase_table(&phases)));
    }
    Some(Section {
        id: "connections",
        title: "Connections",
        parts,
    })
}

fn phase_table(phases: &[(String, &Histogram<u64>)]) -> Table {
    let mut table = Table::new(&[
        "phase",
        ">count",
        ">min, ms",
        ">p50, ms",
        ">p90, ms",
        ">max, ms",
        "~min – p50 – max, one log scale",
    ]);
    let ends = phases
        .iter()
        .flat_map(|(_, times)| [times.min(), times.max()]);
    let ends: Vec<f64> = ends.map(|end| milliseconds(end).max(1e-6)).collect();
    let low = ends.iter().copied().fold(f64::MAX, f64::min);
    let high = ends.iter().copied().fold(low * 1.01, f64::max);
    let place = |value: f64| (value.max(1e-6) / low).ln() / (high / low).ln();
    for (name, times) in phases {
        let (min, max) = (milliseconds(times.min()), milliseconds(times.max()));
        let median = milliseconds(times.value_at_quantile(0.5));
        table.row([
            Cell::text(name),
            Cell::number(count(times.len())),
            Cell::number(digits(min)),
            Cell::number(digits(median)),
            time_cell(at(times, 0.9)),
            Cell::number(digits(max)),
            Cell::stretch(place(min), place(median), place(max)),
        ]);
    }
    table
}

pub(super) fn health(assessment: &Assessment) -> Option<Section> {
    let client = &assessment.client;
    let seconds = assessment.elapsed.as_secs_f64();
    if assessment.results.is_empty() || seconds <= 0.0 {
        return None;
    }
    let note = if assessment.is_valid() {
        "The measurement is valid: nothing says that this machine was the limit of what was asked."
    } else {
        "The measurement is not valid: this machine was the limit."
    };
    let busy = assessment
        .doubts
        .iter()
        .any(|doubt| matches!(doubt, Doubt::Processor { .. }));
    let note = match (busy, assessment.load.rate) {
        (true, None) => {
            "A closed loop has no asked rate to miss, but this machine was busy: a faster client may reach more."
        }
        _ => note,
    };
    let late = assessment
        .doubts
        .iter()
        .any(|doubt| matches!(doubt, Doubt::Schedule { .. }));
    let unsent_matters = assessment
        .doubts
        .iter()
        .any(|doubt| matches!(doubt, Doubt::Unsent { .. }));
    let mut table =
        Table::new(&["check", "verdict", ">measured", "what it means"]).shaped(Shape::Fit);
    let state = |fine: bool, word: &str| {
        if fine {
            Cell::state("ok", "ok", "fine")
        } else {
            Cell::state("warn", "warn", word)
        }
    };
    table.row([
        Cell::text("client CPU"),
        state(!busy, "busy"),
        Cell::number(format!(
            "{} of {}",
            decimal(client.cpu_seconds / seconds, 2),
            counted(assessment.load.threads as u64, "thread")
        )),
        Cell::text(&format!(
            "some thread used its whole core in {}",
            counted(client.saturated_seconds, "second")
        )),
    ]);
    if !client.schedule_lag.is_empty() {
        let lag = &client.schedule_lag;
        table.row([
            Cell::text("schedule lag"),
            state(!late, "late"),
            Cell::number(format!("mean {}", number::milliseconds(lag.mean() / 1e6))),
            Cell::text(&format!(
                "p99 {}, at most {}; although a connection was free",
                number::milliseconds(milliseconds(lag.value_at_quantile(0.99))),
                number::milliseconds(milliseconds(lag.max()))
            )),
        ]);
    }
    let sum = |of: fn(&crate::loadtest::recording::Requests) -> u64| -> u64 {
        let all = assessment.results.iter();
        all.map(|result| of(&result.recording.requests)).sum()
    };
    if assessment.load.rate.is_some() {
        table.row([
            Cell::text("due but never sent"),
            state(!unsent_matters, "look"),
            Cell::number(count(sum(|requests| requests.unsent))),
            Cell::text("no connection was free until the end"),
        ]);
    }
    table.row([
        Cell::text("open at the end"),
        Cell::state("info", "mut", "shown"),
        Cell::number(count(sum(|requests| requests.open_at_end))),
        Cell::text("sent, and neither answered nor failed"),
    ]);
    if let Some(files) = assessment.machine.open_files {
        let needed = assessment.load.own_connections() as u64 + 16;
        table.row([
            Cell::text("open files"),
            state(needed <= files, "too few"),
            Cell::number(format!("{} allowed", count(files))),
            Cell::text(&format!("{} are needed", count(needed))),
        ]);
    }
    Some(Section {
        id: "client",
        title: "Client health",
        parts: vec![Part::Note(Html::text(note)), Part::Table(table)],
    })
}
