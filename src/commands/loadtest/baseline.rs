//! The comparison with the stored report of an earlier run, and what makes the two hard to compare.

use std::path::Path;

use crate::loadtest::assessment::{Assessment, Machine, Measured};
use crate::loadtest::comparison::{self, Baseline, Margin};
use crate::report::json::v1::loadtest::Stored;
use crate::text::number::{count, counted, milliseconds, per_second};

/// The run with its comparison with an earlier one, and what makes the two hard to compare.
pub(super) fn compare(
    mut assessed: Assessment,
    stored: &Stored,
    path: &Path,
    margin: Margin,
) -> Assessment {
    let (Some(before), Some(now)) = (stored.baseline(), assessed.first()) else {
        return assessed;
    };
    let now = measured_now(&assessed, now);
    let comparison = comparison::against_baseline(&before, &now, margin);
    assessed.remarks.extend(busy_then(&before));
    assessed.remarks.extend(busy_machine(&now));
    let machine = other_machine(path, &stored.machine, &assessed.machine);
    assessed.remarks.extend(machine);
    assessed.remarks.extend(other_load(stored, &assessed));
    assessed.compared_with(before, comparison, Some(path.display().to_string()))
}

/// What differs between the machines of two runs, as a remark.
fn other_machine(file: &Path, before: &Machine, now: &Machine) -> Option<String> {
    let mut differences = Vec::new();
    if before.cores != now.cores {
        differences.push(format!("{} cores, now {}", before.cores, now.cores));
    }
    if (&before.os, &before.arch) != (&now.os, &now.arch) {
        differences.push(format!(
            "{} {}, now {} {}",
            before.os, before.arch, now.os, now.arch
        ));
    }
    (!differences.is_empty()).then(|| {
        format!(
            "{} comes from another machine ({}): a part of this may be the client.",
            file.display(),
            differences.join("; ")
        )
    })
}

/// What a comparison with an earlier run needs of this one.
fn measured_now(assessed: &Assessment, now: &Measured) -> Baseline {
    Baseline {
        latency: now.recording.latency.clone(),
        series: now.recording.series.clone(),
        completed: now.recording.requests.completed,
        failed: now.recording.requests.failed,
        errors: now.errors,
        elapsed: assessed.elapsed,
        held_back: assessed.client.held_back.clone(),
    }
}

/// On a busy machine latencies rise that are none of the server's, and the report says so.
fn busy_machine(now: &Baseline) -> Option<String> {
    let waited = milliseconds(now.busy_wait()?);
    Some(format!(
        "this machine was busy: the load tester waited up to {waited} for a processor (p95), and a \
         rise that such waiting explains is not called worse."
    ))
}

/// The same of the machine on which the baseline was measured.
fn busy_then(before: &Baseline) -> Option<String> {
    let waited = milliseconds(before.busy_wait()?);
    Some(format!(
        "the baseline's machine was busy: its load tester waited up to {waited} for a processor (p95), \
         and a fall that such waiting explains is not called better."
    ))
}

/// A baseline of another load says little, and the report says so: everything that differs.
fn other_load(stored: &Stored, now: &Assessment) -> Vec<String> {
    let (before, load) = (&stored.load, &now.load);
    let loop_of = |rate: Option<f64>| match rate {
        None => "closed loop".to_owned(),
        Some(rate) => format!("{} req/s", per_second(rate)),
    };
    let mut remarks = Vec::new();
    let endpoints = stored.endpoints.first().zip(now.first());
    if let Some((before, now)) = endpoints.map(|(before, now)| (before, &now.endpoint)) {
        if before.requests != now.requests {
            remarks.push("the baseline was measured with other requests or weights.".to_owned());
        } else if before.method != now.method || place(&before.url) != place(&now.url) {
            remarks.push(format!(
                "the baseline was measured at another place: {} {}.",
                before.method, before.url
            ));
        }
    }
    let engines = stored.engines.first().zip(now.first());
    if let Some((before, now)) = engines
        .map(|(before, now)| (before, now.recording.engine))
        .filter(|(before, now)| before != now)
    {
        remarks.push(format!(
            "the baseline was measured with the {before} engine, now {now}."
        ));
    }
    if before.stages != load.stages {
        remarks.push("the baseline was measured with other stages.".to_owned());
    } else if before.rate != load.rate {
        remarks.push(format!(
            "the baseline was measured with another load ({}, now {}).",
            loop_of(before.rate),
            loop_of(load.rate)
        ));
    }
    if before.connections != load.connections {
        remarks.push(format!(
            "the baseline was measured with {}, now {}.",
            counted(before.connections as u64, "connection"),
            count(load.connections as u64)
        ));
    }
    remarks
}

/// A URL without its port, which is often another one in each run of a test.
fn place(url: &str) -> String {
    let Ok(mut url) = url::Url::parse(url) else {
        return url.to_owned();
    };
    // A URL that can have no port has none to take away.
    let _ = url.set_port(None);
    url.into()
}
