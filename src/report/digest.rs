//! A decision in at most 200 words, for a caller that only wants the outcome.

use std::io::{self, Write};

use crate::decide::domain::Values;
use crate::decide::evaluate::Pick;
use crate::decide::input::spoken_duration;
use crate::decide::{Decision, Input};
use crate::report::human::decide::pick_words;

/// More than this many flips do not fit into the words.
const MOST_FLIPS: usize = 3;
/// More approvers than this are counted.
const MOST_APPROVERS: usize = 6;
/// Words that a name may take.
const MOST_WORDS: usize = 5;

/// A name, cut where it is a sentence.
fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.get(..MOST_WORDS) {
        Some(first) if words.len() > MOST_WORDS => format!("{}…", first.join(" ")),
        _ => words.join(" "),
    }
}

pub fn write(out: &mut dyn Write, decision: &Decision<'_>, repeat: &str) -> io::Result<()> {
    match &decision.pick {
        Pick::Recommended(name) => recommended(out, decision, name, repeat),
        Pick::NoFit { nearest } => {
            let nearest = short(nearest);
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
                writeln!(
                    out,
                    "Way on: {} ({}).",
                    changes.join(", "),
                    short(&way.profile)
                )?;
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
                short(&runner_up.profile),
                runner_up.percent_behind
            )
        },
    );
    writeln!(
        out,
        "{} ({} of {}, proposed, approval pending). Runner-up: {runner_up}.\n",
        short(name),
        standing.score,
        standing.of
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
        Some(consumer) => format!(", spent by the {}", short(&consumer.to_string())),
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
                short(&pick_words(&run.pick))
            )
        })
        .collect();
    if !flips.is_empty() {
        writeln!(out, "Flips: {}.\n", flips.join("; "))?;
    }
    let mut approvers: Vec<_> = decision
        .approvals
        .iter()
        .map(|approval| short(&approval.role))
        .collect();
    let more = approvers.len().saturating_sub(MOST_APPROVERS);
    if more > 0 {
        approvers.truncate(MOST_APPROVERS);
        approvers.push(format!("and {more} more"));
    }
    writeln!(out, "Approvers: {}.\n", approvers.join(", "))?;
    writeln!(out, "Next: backsmith decide {repeat} --output docs/adr/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{Given, Inputs, Origin, arbitrary, decide};

    #[test]
    fn every_digest_has_at_most_200_words() {
        let mut longest = 0;
        for seed in 0..600 {
            let mut random = fastrand::Rng::with_seed(seed);
            let shelf = arbitrary::shelf(&mut random);
            let answers = arbitrary::answers(&mut random, shelf.profiles());
            let given = Input::ALL.into_iter().filter_map(|input| {
                let value = match answers.get(input)? {
                    crate::decide::Value::Text(_) => crate::decide::Value::Text("who ".repeat(40)),
                    value => value.clone(),
                };
                let origin = Origin::Flag(input.flag());
                Some((input, Given { value, origin }))
            });
            let inputs: Inputs = given.collect();
            let decision = decide(&inputs, shelf.profiles());
            let mut out = Vec::new();
            write(&mut out, &decision, "--input decision.yaml").expect("a vector takes all");
            let words = String::from_utf8_lossy(&out).split_whitespace().count();
            assert!((5..=200).contains(&words), "seed {seed}: {words} words");
            longest = longest.max(words);
        }
        assert!(longest > 90, "the longest has {longest} words");
    }
}
