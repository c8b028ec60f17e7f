//! A decision in at most 200 words, for a caller that only wants the outcome.

use std::io::{self, Write};

use crate::decide::domain::Values;
use crate::decide::evaluate::Pick;
use crate::decide::input::spoken_duration;
use crate::decide::{Decision, Input};
use crate::report::human::decide::pick_words;

/// More than this many flips do not fit into the words.
const MOST_FLIPS: usize = 3;

pub fn write(out: &mut dyn Write, decision: &Decision<'_>, repeat: &str) -> io::Result<()> {
    match &decision.pick {
        Pick::Recommended(name) => recommended(out, decision, name, repeat),
        Pick::NoFit { nearest } => {
            writeln!(
                out,
                "no fit; nearest: {nearest}. Nothing is recommended, nothing to approve.\n"
            )?;
            writeln!(
                out,
                "Next: backsmith decide --show-profile {nearest} --json, as a start for a profile of your own"
            )
        }
        Pick::Stopped(criteria) => {
            for criterion in criteria {
                writeln!(out, "stopped: {}.\n", criterion.title(&decision.answers))?;
                writeln!(
                    out,
                    "Reason: {} {}\n",
                    criterion.because(),
                    criterion.source()
                )?;
            }
            for way in decision.ways_on.iter().take(1) {
                let changes: Vec<_> = way
                    .changes
                    .iter()
                    .map(|(input, value)| format!("{} {value}", input.label()))
                    .collect();
                writeln!(out, "Way on: {} ({}).", changes.join(", "), way.profile)?;
            }
            Ok(())
        }
        Pick::Refused(needed) => {
            let labels: Vec<_> = needed.iter().map(|input| input.label()).collect();
            let flags: Vec<_> = needed.iter().map(|input| input.flag()).collect();
            writeln!(
                out,
                "refused: unknown are {}.\n\nNext: {}",
                labels.join(", "),
                flags.join(" ")
            )
        }
    }
}

fn recommended(
    out: &mut dyn Write,
    decision: &Decision<'_>,
    name: &str,
    repeat: &str,
) -> io::Result<()> {
    let (Some(standing), Some(promise)) = (decision.recommended(), &decision.promise) else {
        return Ok(());
    };
    let runner_up = decision.runner_up.as_ref().map_or_else(
        || "none within 15%".to_owned(),
        |runner_up| {
            format!(
                "{}, {}% behind",
                runner_up.profile, runner_up.percent_behind
            )
        },
    );
    writeln!(
        out,
        "{name} ({} of {}, proposed, approval pending). Runner-up: {runner_up}.\n",
        standing.score, standing.of
    )?;
    let value = |input: Input| {
        decision
            .answers
            .get(input)
            .map(ToString::to_string)
            .unwrap_or_default()
    };
    writeln!(
        out,
        "Reason: {} people, {} QPS p99, {} reads per write, {}, {} data, {}.\n",
        value(Input::TeamSize),
        value(Input::QpsP99),
        value(Input::ReadWriteRatio),
        value(Input::Pattern),
        value(Input::DataSensitivity),
        value(Input::Tenancy)
    )?;
    let floor = &promise.floor;
    let spent = match decision.answers.get(Input::ErrorBudgetConsumer) {
        Some(consumer) => format!(", spent by the {consumer}"),
        None => String::new(),
    };
    let complete = if decision.complete {
        ""
    } else {
        " Incomplete: forcing question 7 is open."
    };
    writeln!(
        out,
        "Criteria: p50 {} ms, p95 {} ms, p99 {} ms, uptime {}% ({} per 30 days{spent}), RPO {}, RTO {}.{complete}\n",
        floor.p50,
        floor.p95,
        floor.p99,
        floor.uptime_percent,
        spoken_duration(floor.error_budget_seconds()),
        spoken_duration(floor.rpo),
        spoken_duration(floor.rto)
    )?;
    let flips: Vec<_> = decision
        .sensitivity
        .iter()
        .flat_map(|sensitivity| {
            sensitivity
                .notable_flips()
                .map(move |run| (sensitivity.input, run))
        })
        .filter(|(_, run)| !matches!(run.pick, Pick::Stopped(_)) && run.values != Values::Absent)
        .take(MOST_FLIPS)
        .map(|(input, run)| {
            format!(
                "{} {} ({})",
                input.label(),
                run.values,
                pick_words(&run.pick)
            )
        })
        .collect();
    if !flips.is_empty() {
        writeln!(out, "Flips: {}.\n", flips.join("; "))?;
    }
    let approvers: Vec<_> = decision
        .approvals
        .iter()
        .map(|approval| approval.role.as_str())
        .collect();
    writeln!(out, "Approvers: {}.\n", approvers.join(", "))?;
    writeln!(out, "Next: backsmith decide {repeat} --output docs/adr/")
}
