//! Results without a recommendation: nothing fits, a criterion stops it, facts are missing.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::blocks::{block, pick_words, wrap};
use super::{View, explain, would_change};
use crate::decide::constraint::{Constraint, Outcome};
use crate::decide::evaluate::{Pick, Standing};
use crate::decide::input::Kind;
use crate::decide::missing::Missing;
use crate::decide::{Decision, Input};
use crate::terminal::{BOLD, RED};

fn answer_to(decision: &Decision<'_>, constraint: &Constraint) -> String {
    let answer = decision.answers.get(constraint.input);
    answer.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn violated(standing: &Standing<'_>, decision: &Decision<'_>) -> Vec<String> {
    let failed: Vec<String> = standing
        .with_outcome(Outcome::Fail)
        .map(|constraint| {
            let value = answer_to(decision, constraint);
            format!(
                "{} {value}: {} ({} points)",
                constraint.input.label(),
                constraint.test.spoken(),
                constraint.points
            )
        })
        .collect();
    let unknown: Vec<String> = standing
        .with_outcome(Outcome::Unknown)
        .map(|constraint| {
            format!(
                "{} ({} points), `{}` if that is what it is",
                constraint.input.label(),
                constraint.points,
                flag_for(constraint)
            )
        })
        .collect();
    let failed = if failed.is_empty() {
        "nothing".to_owned()
    } else {
        failed.join("; ")
    };
    if unknown.is_empty() {
        vec![failed]
    } else {
        vec![format!("{failed}; unknown: {}", unknown.join("; "))]
    }
}

fn flag_for(constraint: &Constraint) -> String {
    let value = constraint
        .test
        .values()
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("{} {value}", constraint.input.flag())
}

pub(super) fn no_fit(
    out: &mut dyn Write,
    decision: &Decision<'_>,
    view: &View<'_>,
) -> io::Result<()> {
    writeln!(out)?;
    if let Some(nearest) = decision.standings.first() {
        let missed: Vec<String> = nearest
            .with_outcome(Outcome::Fail)
            .map(|constraint| {
                let value = answer_to(decision, constraint);
                format!(
                    "{} {value}   {} serves {} ({} of {} points)",
                    constraint.input.label(),
                    nearest.profile.name,
                    constraint.test.spoken(),
                    constraint.points,
                    nearest.of
                )
            })
            .collect();
        let missed = if missed.is_empty() {
            vec!["nothing".to_owned()]
        } else {
            missed
        };
        block(out, "violated", &missed, view.width)?;
        let unknown: Vec<String> = nearest
            .with_outcome(Outcome::Unknown)
            .map(|constraint| {
                format!(
                    "{} ({} points)",
                    constraint.input.label(),
                    constraint.points
                )
            })
            .collect();
        if !unknown.is_empty() {
            block(out, "unknown", &[unknown.join(", ")], view.width)?;
        }
    }
    let ranking: Vec<String> = decision
        .standings
        .iter()
        .map(|standing| format!("{} {}", standing.profile.name, standing.score))
        .collect();
    block(out, "ranking", &[ranking.join(", ")], view.width)?;
    if view.explain {
        writeln!(out)?;
        return explain::sensitivity(out, decision);
    }
    block(out, "would change", &would_change(decision), view.width)
}

pub(super) fn stopped(
    out: &mut dyn Write,
    decision: &Decision<'_>,
    view: &View<'_>,
) -> io::Result<()> {
    for criterion in decision.stops() {
        writeln!(out)?;
        let given = criterion
            .inputs()
            .iter()
            .filter_map(|input| Some((input, decision.inputs.get(input)?)));
        let rows: Vec<_> = given
            .map(|(input, given)| {
                (
                    given.origin.to_string(),
                    format!("{}: {}", input.key(), given.value),
                )
            })
            .collect();
        let width = rows
            .iter()
            .map(|(origin, _)| origin.len())
            .max()
            .unwrap_or_default();
        let lines: Vec<_> = rows
            .into_iter()
            .map(|(origin, text)| format!("{origin:width$}   {text}"))
            .collect();
        block(out, "input", &lines, view.width)?;
        block(
            out,
            "because",
            &[
                criterion.because().to_owned(),
                criterion.source().to_owned(),
                format!("`backsmith explain {}`", criterion.code()),
            ],
            view.width,
        )?;
    }
    let ways: Vec<_> = decision
        .ways_on
        .iter()
        .map(|way| {
            let changes: Vec<_> = way
                .changes
                .iter()
                .map(|(input, value)| match input {
                    Input::TeamSize => format!("{value} engineers"),
                    Input::PlatformTeam => "a platform team".to_owned(),
                    Input::HotPath => "the hot path named (`--hot-path NAME`)".to_owned(),
                    _ => format!("{} {value}", input.label()),
                })
                .collect();
            (
                changes.join(", "),
                format!("{}, {} points", way.profile, way.score),
            )
        })
        .collect();
    let width = ways
        .iter()
        .map(|(changes, _)| changes.len())
        .max()
        .unwrap_or_default();
    let lines: Vec<_> = ways
        .into_iter()
        .map(|(changes, profile)| format!("{changes:width$}   {profile}"))
        .collect();
    if !lines.is_empty() {
        block(out, "ways on", &lines, view.width)?;
    }
    writeln!(
        out,
        "\n  No recommendation is given, and there is nothing to approve."
    )
}

pub(super) fn refused(
    out: &mut dyn Write,
    decision: &Decision<'_>,
    view: &View<'_>,
) -> io::Result<()> {
    writeln!(out)?;
    for (index, missing) in decision.missing.iter().enumerate() {
        let description = missing.input.describe();
        let decides = if missing.decides {
            format!("   {BOLD}decides{BOLD:#}")
        } else {
            String::new()
        };
        writeln!(
            out,
            "  {RED}{}{RED:#} {BOLD}{}{BOLD:#}{decides}",
            index + 1,
            description.question
        )?;
        let values = match description.kind {
            Kind::Choice(choices) => choices.join(" | "),
            Kind::Switch => "true | false".to_owned(),
            _ => "N".to_owned(),
        };
        for line in [
            format!("{} {values}", description.flag),
            consequence(missing),
        ] {
            for line in wrap(&line, view.width - 6) {
                writeln!(out, "      {line}")?;
            }
        }
        if !missing.hinges.is_empty() {
            for line in wrap(
                &format!("hinges on it: {}", missing.hinges.join(", ")),
                view.width - 6,
            ) {
                writeln!(out, "      {line}")?;
            }
        }
    }
    let known: Vec<_> = decision
        .inputs
        .iter()
        .map(|(input, given)| format!("{} {}", input.label(), given.value))
        .collect();
    writeln!(out)?;
    let known = if known.is_empty() {
        "nothing".to_owned()
    } else {
        known.join(", ")
    };
    block(out, "known", &[known], view.width)
}

/// What the answers to a missing question lead to.
fn consequence(missing: &Missing) -> String {
    let branches = &missing.branches;
    if !missing.decides {
        let recommended: Vec<_> = branches
            .iter()
            .flat_map(|branch| &branch.picks)
            .filter_map(Pick::profile)
            .collect();
        let differs = match missing.differs[..] {
            [] => String::new(),
            [one] => format!(
                "; {one} {}",
                if one.ends_with('s') {
                    "differ"
                } else {
                    "differs"
                }
            ),
            _ => format!("; {} differ", missing.differs.join(" and ")),
        };
        let same = recommended.windows(2).all(|pair| pair[0] == pair[1]);
        return match recommended.first() {
            Some(profile) if same => format!("the pick is {profile} for every answer{differs}"),
            _ => format!("no answer would change the outcome{differs}"),
        };
    }
    if branches.is_empty() {
        return "it may decide: too much is unknown to try every answer".to_owned();
    }
    if branches.iter().any(|branch| branch.picks.len() > 1) {
        let picks = branches.iter().flat_map(|branch| &branch.picks).collect();
        return format!("with the other answers it leads to {}", together(&picks));
    }
    let mut groups: Vec<(Vec<String>, &Pick)> = Vec::new();
    for branch in branches {
        let Some(pick) = branch.picks.first() else {
            continue;
        };
        let words = branch.values.iter().map(ToString::to_string);
        match groups.iter_mut().find(|(_, other)| *other == pick) {
            Some((values, _)) => values.extend(words),
            None => groups.push((words.collect(), pick)),
        }
    }
    // The pick of most answers comes last, as the rule that the others are exceptions from.
    groups.sort_by_key(|(_, pick)| pick.profile().is_some());
    let last = groups.len().saturating_sub(1);
    let said = groups.iter().enumerate().map(|(at, (values, pick))| {
        if at == last && at > 0 {
            format!("else {}", pick_words(pick))
        } else {
            format!("{}: {}", values.join(", "), pick_words(pick))
        }
    });
    said.collect::<Vec<_>>().join("; ")
}

/// Outcomes in one sentence; the reasons to stop are named once, in whatever company they come.
fn together(picks: &BTreeSet<&Pick>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut stops: Vec<&str> = Vec::new();
    for pick in picks {
        match pick {
            Pick::Stopped(criteria) => {
                stops.extend(criteria.iter().map(|criterion| criterion.short()));
            }
            pick => words.push(pick_words(pick)),
        }
    }
    stops.sort_unstable();
    stops.dedup();
    words.sort();
    words.dedup();
    if !stops.is_empty() {
        words.push(format!("a stop ({})", stops.join("; ")));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{}, or {last}", others.join(", ")),
        None => String::new(),
    }
}
