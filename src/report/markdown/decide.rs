//! The decision record, in the form of MADR 4: always proposed, with the approvers as
//! decision-makers, every option with why not, and the commands that would check the floor.

use std::io::{self, Write};

use super::{code_cell, plain};
use crate::decide::constraint::Outcome;
use crate::decide::evaluate::Pick;
use crate::decide::input::{spoken_duration, spoken_number};
use crate::decide::{Decision, Input};
use crate::report::human::decide::pick_words;

pub fn write(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    writeln!(out, "---\nstatus: proposed")?;
    let approvers: Vec<_> = decision
        .approvals
        .iter()
        .map(|approval| match &approval.name {
            Some(name) => format!("{} ({name})", approval.role),
            None => approval.role.clone(),
        })
        .collect();
    // JSON strings are YAML strings, whatever a role is called.
    let quoted: Vec<_> = approvers
        .iter()
        .map(|name| serde_json::json!(name).to_string())
        .collect();
    writeln!(out, "decision-makers: [{}]\n---\n", quoted.join(", "))?;
    match decision.pick.profile() {
        Some(name) => writeln!(out, "# Build the backend as {}\n", plain(name))?,
        None => writeln!(out, "# Shape of the backend: nothing is recommended\n")?,
    }
    context(out, decision)?;
    writeln!(out, "## Considered Options\n")?;
    for standing in &decision.standings {
        writeln!(
            out,
            "* {}: {}",
            plain(&standing.profile.name),
            plain(&standing.profile.description)
        )?;
    }
    writeln!(out)?;
    outcome(out, decision)?;
    confirmation(out, decision)?;
    options(out, decision)?;
    more(out, decision)
}

fn context(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    writeln!(out, "## Context and Problem Statement\n")?;
    writeln!(
        out,
        "Which shape should the backend have, given what is known of the team, the load and the data?\n"
    )?;
    writeln!(
        out,
        "## Decision Drivers\n\n| input | value | from |\n|---|---|---|"
    )?;
    for (input, given) in decision.inputs {
        writeln!(
            out,
            "| {} | {} | {} |",
            input.label(),
            plain(&given.value.to_string()),
            code_cell(&given.origin.to_string())
        )?;
    }
    writeln!(out)
}

fn outcome(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    writeln!(out, "## Decision Outcome\n")?;
    match &decision.pick {
        Pick::Recommended(name) => {
            let Some(standing) = decision.recommended() else {
                return Ok(());
            };
            writeln!(
                out,
                "Proposed option: \"{}\", because it reaches {} of {} points. Approval is pending.\n",
                plain(name),
                standing.score,
                standing.of
            )?;
            if let Some(runner_up) = &decision.runner_up {
                writeln!(
                    out,
                    "Runner-up: {}, {}% behind. {}\n",
                    plain(&runner_up.profile),
                    runner_up.percent_behind,
                    plain(&runner_up.tradeoff)
                )?;
            }
            if decision.tie {
                writeln!(
                    out,
                    "A tie: {} reach the same share of their points; the first by name is taken.\n",
                    plain(&decision.tied().join(", "))
                )?;
            }
            if !decision.complete {
                writeln!(
                    out,
                    "Incomplete: forcing question 7 (the SLO and the named consumer of its error budget) is open; the \
                     profile's floor stands in.\n"
                )?;
            }
            writeln!(out, "### Stack\n\n| topic | pick |\n|---|---|")?;
            for (topic, pick) in decision.stack() {
                writeln!(out, "| {} | {} |", plain(topic), plain(pick))?;
            }
            writeln!(out, "\n### Consequences\n")?;
            for constraint in standing.with_outcome(Outcome::Pass) {
                if let Some(offers) = &constraint.offers {
                    writeln!(out, "* Good, because of {}", plain(offers))?;
                }
            }
            for constraint in standing.with_outcome(Outcome::Fail) {
                writeln!(
                    out,
                    "* Bad, because {} is outside of {}",
                    constraint.input.label(),
                    constraint.test.spoken()
                )?;
            }
            for pattern in &standing.profile.anti_recommendations {
                writeln!(out, "* To avoid: {}", plain(pattern))?;
            }
            writeln!(out)
        }
        other => {
            writeln!(
                out,
                "Nothing is recommended: {}.\n",
                plain(&pick_words(other))
            )?;
            for criterion in decision.stops() {
                writeln!(
                    out,
                    "* {}. {} ({})",
                    criterion.title(&decision.answers),
                    criterion.because(),
                    criterion.source()
                )?;
            }
            for missing in &decision.missing {
                let description = missing.input.describe();
                writeln!(out, "* {} `{}`", description.question, description.flag)?;
            }
            writeln!(out)
        }
    }
}

fn confirmation(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    let Some(promise) = &decision.promise else {
        return Ok(());
    };
    let floor = &promise.floor;
    writeln!(out, "### Confirmation\n")?;
    writeln!(
        out,
        "| p50 | p95 | p99 | uptime | RPO | RTO |\n|---|---|---|---|---|---|"
    )?;
    writeln!(
        out,
        "| {} ms | {} ms | {} ms | {}% | {} | {} |\n",
        floor.p50,
        floor.p95,
        floor.p99,
        floor.uptime_percent,
        spoken_duration(floor.rpo),
        spoken_duration(floor.rto)
    )?;
    let spent = match decision.answers.get(Input::ErrorBudgetConsumer) {
        Some(consumer) => format!("; it is spent by the {}", plain(&consumer.to_string())),
        None => String::new(),
    };
    writeln!(
        out,
        "{}% leaves {} of failure in 30 days{spent}. These commands check the floor:\n",
        floor.uptime_percent,
        spoken_duration(floor.error_budget_seconds())
    )?;
    let rate = decision
        .answers
        .number(Input::QpsP99)
        .unwrap_or(1.0)
        .ceil()
        .max(1.0);
    writeln!(out, "```sh")?;
    // A p99 needs 1,000 answers.
    let duration = (1_200.0 / rate).ceil().max(60.0);
    // 100 - 99.9 is 0.0999… in binary.
    let errors = ((100.0 - floor.uptime_percent) * 1e6).round() / 1e6;
    writeln!(
        out,
        "backsmith loadtest \"$URL\" --rate {rate} --duration {duration} --expect 'p50<={}ms' \\\n  \
         --expect 'p95<={}ms' --expect 'p99<={}ms' --expect 'error_rate<={errors}%'",
        floor.p50, floor.p95, floor.p99
    )?;
    writeln!(
        out,
        "backsmith migrate --connection \"$DATABASE_URL\" --analyze"
    )?;
    writeln!(
        out,
        "```\n\nRPO and RTO are checked by restoring a backup, against the clock; the uptime is measured in production."
    )?;
    writeln!(out)
}

fn options(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    writeln!(out, "## Pros and Cons of the Options\n")?;
    for standing in &decision.standings {
        writeln!(
            out,
            "### {}, {} of {} points\n",
            plain(&standing.profile.name),
            standing.score,
            standing.of
        )?;
        for (constraint, outcome) in &standing.outcomes {
            let value = decision
                .answers
                .get(constraint.input)
                .map(ToString::to_string);
            let (word, value) = match outcome {
                Outcome::Pass => ("Good", value.unwrap_or_default()),
                Outcome::Fail => ("Bad", value.unwrap_or_default()),
                Outcome::Unknown => ("Neutral", "unknown".to_owned()),
            };
            let points = if *outcome == Outcome::Pass {
                constraint.points
            } else {
                0
            };
            writeln!(
                out,
                "* {word}: {} is {}, the profile asks for {} ({points} of {} points)",
                constraint.input.label(),
                plain(&value),
                constraint.test.spoken(),
                constraint.points
            )?;
        }
        let eliminated: Vec<_> = standing
            .eliminated_by()
            .into_iter()
            .map(Input::label)
            .collect();
        if !eliminated.is_empty() {
            writeln!(out, "* Ruled out by {}", eliminated.join(", "))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn more(out: &mut dyn Write, decision: &Decision<'_>) -> io::Result<()> {
    writeln!(out, "## More Information\n")?;
    let flips: Vec<_> = decision
        .sensitivity
        .iter()
        .flat_map(|sensitivity| {
            sensitivity
                .notable_flips()
                .map(move |run| (sensitivity.input, run))
        })
        .collect();
    if !flips.is_empty() {
        writeln!(
            out,
            "Single changes that lead to another outcome:\n\n| input | becomes | outcome |\n|---|---|---|"
        )?;
        for (input, run) in flips {
            writeln!(
                out,
                "| {} | {} | {} |",
                input.label(),
                run.values,
                plain(&pick_words(&run.pick))
            )?;
        }
        writeln!(out)?;
    }
    if !decision.routing.is_empty() {
        writeln!(
            out,
            "| concern | owner | `backsmith explain` |\n|---|---|---|"
        )?;
        for route in &decision.routing {
            let (concern, owner) = (route.concern, route.owner);
            writeln!(out, "| {concern} | {owner} | {} |", route.guide)?;
        }
        writeln!(out)?;
    }
    if let Some(standing) = decision.recommended() {
        writeln!(
            out,
            "Sources: {}.\n",
            plain(&standing.profile.references.join("; "))
        )?;
    }
    writeln!(out, "| profile | from | sha256 |\n|---|---|---|")?;
    for profile in decision.profiles {
        let provenance = &profile.provenance;
        writeln!(
            out,
            "| {} | {} | `{}` |",
            plain(&profile.name),
            plain(&provenance.origin),
            provenance.sha256
        )?;
    }
    let points: u32 = decision
        .profiles
        .iter()
        .map(crate::decide::profile::Profile::attainable)
        .sum();
    writeln!(
        out,
        "\nDecided by backsmith {} over {} profiles with {} points in all.",
        env!("CARGO_PKG_VERSION"),
        decision.profiles.len(),
        spoken_number(f64::from(points))
    )
}
