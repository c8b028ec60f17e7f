//! A decision for people: the verdict first, what would change it, then the detail.

mod blocks;
mod explain;

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::decide::constraint::{Constraint, Outcome};
use crate::decide::evaluate::{Pick, Standing};
use crate::decide::input::{Kind, spoken_duration};
use crate::decide::missing::Missing;
use crate::decide::{Decision, Input, Shelf};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::human::error::write_diagnostic;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
pub use blocks::pick_words;
use blocks::{block, columns, wrap};

/// How a decision is shown.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub explain: bool,
    /// This run writes the decision record already.
    pub records: bool,
    /// The flags that repeat the question.
    pub repeat: &'a str,
    pub symbols: Symbols,
    pub width: usize,
}

/// What `--check-profiles` found.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    pub decisions: usize,
    pub findings: &'a [Diagnostic],
}

/// A decision.yaml to fill in.
pub const SAMPLE: &str = include_str!("../../../templates/report/decision.yaml");

pub fn write(out: &mut dyn Write, decision: &Decision<'_>, view: &View<'_>) -> io::Result<()> {
    write_verdict(out, decision, view)?;
    match &decision.pick {
        Pick::Recommended(_) => recommended(out, decision, view),
        Pick::NoFit { .. } => no_fit(out, decision, view),
        Pick::Stopped(_) => stopped(out, decision, view),
        Pick::Refused(_) => refused(out, decision, view),
    }
}

/// The one line that can be read alone, and what is incomplete.
pub fn write_verdict(
    out: &mut dyn Write,
    decision: &Decision<'_>,
    view: &View<'_>,
) -> io::Result<()> {
    let Symbols {
        holds, look, fails, ..
    } = view.symbols;
    let refusal = |text: String| format!("{RED}{fails}{RED:#} {BOLD}{text}{BOLD:#}");
    let best = decision.standings.first();
    let line = match &decision.pick {
        Pick::Recommended(name) => {
            let points = best.map(points_of).unwrap_or_default();
            let text = format!("{name}, {points} points; proposed, approval pending");
            format!("{GREEN}{holds}{GREEN:#} {BOLD}{text}{BOLD:#}")
        }
        Pick::NoFit { nearest } => {
            let points = best.map(points_of).unwrap_or_default();
            refusal(format!(
                "no fit: {}; the nearest is {nearest} with {points}",
                no_fit_reason(decision)
            ))
        }
        Pick::Stopped(criteria) => {
            let titles: Vec<_> = criteria
                .iter()
                .map(|criterion| criterion.title(&decision.answers))
                .collect();
            refusal(format!("stopped: {}", titles.join("; ")))
        }
        Pick::Refused(needed) => refusal(refusal_line(decision, needed)),
    };
    writeln!(out, "{line}")?;
    if matches!(decision.pick, Pick::Recommended(_)) && !decision.complete {
        let missing = match decision.missing_promises()[..] {
            [Input::SloUptime] => "no SLO was given",
            [Input::ErrorBudgetConsumer] => "no error-budget consumer was given",
            _ => "no SLO and no error-budget consumer were given",
        };
        writeln!(
            out,
            "  {YELLOW}{look}{YELLOW:#} incomplete: {missing}; the profile's floor stands in"
        )?;
    }
    if decision.tie {
        let names: Vec<&str> = decision
            .standings
            .iter()
            .take(2)
            .map(|standing| standing.profile.name.as_str())
            .collect();
        writeln!(
            out,
            "  {YELLOW}{look}{YELLOW:#} a tie: {} have equal points, the first by name is taken",
            names.join(" and ")
        )?;
    }
    if let Some(promise) = &decision.promise {
        for (target, asked, promised) in &promise.stricter {
            writeln!(
                out,
                "  {YELLOW}{look}{YELLOW:#} {target} {asked} is stricter than what the profile promises ({promised}): measure it first"
            )?;
        }
    }
    Ok(())
}

fn refusal_line(decision: &Decision<'_>, needed: &[Input]) -> String {
    let deciding = decision
        .missing
        .iter()
        .filter(|missing| missing.decides)
        .count();
    let decides = match deciding {
        0 => "none of them would change the outcome".to_owned(),
        1 if needed.len() == 1 => "it decides the outcome".to_owned(),
        1 => "one of them decides the outcome".to_owned(),
        count if count == needed.len() => "each of them decides the outcome".to_owned(),
        count => format!("{count} of them decide the outcome"),
    };
    let decides = if needed.len() == 1 && deciding == 0 {
        "it would not change the outcome".to_owned()
    } else {
        decides
    };
    let verb = if needed.len() == 1 { "is" } else { "are" };
    if needed.iter().all(|input| input.describe().required) {
        format!(
            "refused: {} of the 6 required answers {verb} unknown, and {decides}",
            needed.len()
        )
    } else {
        let labels: Vec<_> = needed.iter().map(|input| input.label()).collect();
        let what = match labels[..] {
            [one] => one.to_owned(),
            [one, other] => format!("{one} and {other}"),
            _ => format!("{} answers", labels.len()),
        };
        format!("refused: {what} {verb} unknown, and {decides}")
    }
}

fn no_fit_reason(decision: &Decision<'_>) -> &'static str {
    if decision
        .standings
        .first()
        .is_some_and(Standing::is_eliminated)
    {
        "every profile misses a hard constraint"
    } else {
        "no profile reaches half of its points"
    }
}

/// `91 of 100`.
fn points_of(standing: &Standing<'_>) -> String {
    format!("{} of {}", standing.score, standing.of)
}

fn recommended(out: &mut dyn Write, decision: &Decision<'_>, view: &View<'_>) -> io::Result<()> {
    if view.explain {
        writeln!(out)?;
        explain::sensitivity(out, decision)?;
    }
    writeln!(out)?;
    block(out, "runner-up", &runner_up(decision), view.width)?;
    block(out, "SLO floor", &slo_floor(decision), view.width)?;
    if !view.explain {
        block(out, "would change", &would_change(decision), view.width)?;
    }
    let Some(standing) = decision.recommended() else {
        return Ok(());
    };
    if view.explain || decision.runner_up.is_some() {
        writeln!(out)?;
        explain::points(out, decision, standing)?;
    }
    writeln!(out)?;
    let stack: Vec<String> = decision
        .stack()
        .into_iter()
        .map(|(_, pick)| pick.to_owned())
        .collect();
    block(out, "stack", &columns(&stack), view.width)?;
    block(
        out,
        "avoid",
        &columns(&standing.profile.anti_recommendations),
        view.width,
    )?;
    block(out, "violated", &violated(standing, decision), view.width)?;
    writeln!(out)?;
    let approvals: Vec<String> = decision
        .approvals
        .iter()
        .map(|approval| {
            let person = approval
                .name
                .as_ref()
                .map(|name| format!(" {name}"))
                .unwrap_or_default();
            let because = approval
                .because
                .as_ref()
                .map(|value| format!(" (because of {value})"))
                .unwrap_or_default();
            format!("{}{person}{because}", approval.role)
        })
        .collect();
    block(
        out,
        "approval",
        &[format!("pending: {}", approvals.join(", "))],
        view.width,
    )?;
    let owners: Vec<&str> = decision.routing.iter().map(|route| route.owner).collect();
    block(out, "owners", &[owners.join(", ")], view.width)?;
    block(
        out,
        "sources",
        &[standing.profile.references.join("; ")],
        view.width,
    )
}

fn runner_up(decision: &Decision<'_>) -> Vec<String> {
    match (&decision.runner_up, decision.standings.get(1)) {
        (Some(runner_up), _) => vec![
            format!(
                "{}, {} points, {}% behind",
                runner_up.profile, runner_up.score, runner_up.percent_behind
            ),
            runner_up.tradeoff.clone(),
        ],
        (None, Some(next)) => {
            let out = if next.is_eliminated() {
                ", ruled out"
            } else {
                ""
            };
            vec![format!(
                "none within 15%; next is {} with {}{out}",
                next.profile.name, next.score
            )]
        }
        (None, None) => vec!["none: there is one profile".to_owned()],
    }
}

fn slo_floor(decision: &Decision<'_>) -> Vec<String> {
    let Some(promise) = &decision.promise else {
        return Vec::new();
    };
    let floor = &promise.floor;
    let spent = decision
        .answers
        .get(Input::ErrorBudgetConsumer)
        .map(|consumer| format!("; it is spent by the {consumer}"))
        .unwrap_or_default();
    vec![
        format!(
            "p50 {} ms   p95 {} ms   p99 {} ms   uptime {}%   RPO {}   RTO {}",
            floor.p50,
            floor.p95,
            floor.p99,
            floor.uptime_percent,
            spoken_duration(floor.rpo),
            spoken_duration(floor.rto)
        ),
        format!(
            "{}% leaves {} of failure in 30 days{spent}",
            floor.uptime_percent,
            spoken_duration(floor.error_budget_seconds())
        ),
    ]
}

/// The flips that matter most, two to a line, with a remark on the rest.
fn would_change(decision: &Decision<'_>) -> Vec<String> {
    const SHOWN: usize = 5;
    let mut flips = explain::flips(decision);
    if flips.is_empty() {
        return vec!["no single change of an input changes the pick".to_owned()];
    }
    let more = flips.len().saturating_sub(SHOWN);
    flips.truncate(SHOWN);
    flips.push(if more > 0 {
        format!("{more} more: `--explain` shows all")
    } else {
        "all other single changes: none".to_owned()
    });
    columns(&flips)
}

fn violated(standing: &Standing<'_>, decision: &Decision<'_>) -> Vec<String> {
    let failed: Vec<String> = standing
        .with_outcome(Outcome::Fail)
        .map(|constraint| {
            let value = decision
                .answers
                .get(constraint.input)
                .map(ToString::to_string)
                .unwrap_or_default();
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

fn no_fit(out: &mut dyn Write, decision: &Decision<'_>, view: &View<'_>) -> io::Result<()> {
    writeln!(out)?;
    if let Some(nearest) = decision.standings.first() {
        let missed: Vec<String> = nearest
            .with_outcome(Outcome::Fail)
            .map(|constraint| {
                let value = decision
                    .answers
                    .get(constraint.input)
                    .map(ToString::to_string)
                    .unwrap_or_default();
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

fn stopped(out: &mut dyn Write, decision: &Decision<'_>, view: &View<'_>) -> io::Result<()> {
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

fn refused(out: &mut dyn Write, decision: &Decision<'_>, view: &View<'_>) -> io::Result<()> {
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

/// What to do next: (label, text).
pub fn next_steps(decision: &Decision<'_>, view: &View<'_>) -> Vec<(&'static str, String)> {
    match &decision.pick {
        Pick::Recommended(_) if !decision.complete => {
            let floor = decision
                .promise
                .as_ref()
                .map(|promise| promise.floor.uptime_percent);
            let uptime = floor.unwrap_or_default();
            let flags: Vec<_> = decision
                .missing_promises()
                .into_iter()
                .map(|input| match input {
                    Input::SloUptime => format!("--slo-uptime {uptime}"),
                    _ => "--error-budget-consumer \"checkout team\"".to_owned(),
                })
                .collect();
            let mut text = format!("answer forcing question 7: `{}`", flags.join(" "));
            if !view.records {
                text.push_str("\n`--output docs/adr/` writes the decision record");
            }
            vec![("next", text)]
        }
        Pick::Recommended(_) if view.records => Vec::new(),
        Pick::Recommended(_) => vec![(
            "next",
            format!(
                "`backsmith decide {} --output docs/adr/` writes the decision record",
                view.repeat
            ),
        )],
        Pick::NoFit { nearest } => {
            let language = decision.answers.get(Input::LanguagePreference);
            if language.is_none() {
                return vec![(
                    "hint",
                    "no language was given: `--language-preference typescript`, for example"
                        .to_owned(),
                )];
            }
            let name = language
                .map(|language| format!("acme-{language}"))
                .unwrap_or_default();
            vec![(
                "hint",
                format!(
                    "write a profile of your own: `mkdir -p profiles`, `backsmith decide --show-profile\n\
                     {nearest} > profiles/{name}.json`, change it, `backsmith decide --check-profiles`"
                ),
            )]
        }
        Pick::Refused(needed) => {
            let flags: Vec<_> = needed.iter().map(|input| input.flag()).collect();
            vec![(
                "hint",
                format!(
                    "{}\n`backsmith decide --sample` prints a file with every question",
                    wrap(&format!("add {}", flags.join(", ")), view.width - 6).join("\n")
                ),
            )]
        }
        Pick::Stopped(_) => Vec::new(),
    }
}

pub fn write_profiles(out: &mut dyn Write, shelf: &Shelf) -> io::Result<()> {
    let width = shelf.names().map(str::len).max().unwrap_or_default();
    for profile in shelf.profiles() {
        writeln!(
            out,
            "{BOLD}{:width$}{BOLD:#}  {}",
            profile.name, profile.provenance.origin
        )?;
        for line in wrap(&profile.description, 98 - width) {
            writeln!(out, "{:width$}  {line}", "")?;
        }
    }
    Ok(())
}

pub fn write_check(
    out: &mut dyn Write,
    shelf: &Shelf,
    check: &Check<'_>,
    symbols: Symbols,
) -> io::Result<()> {
    let count = |severity| {
        check
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let profiles = shelf.profiles().len();
    let decisions = check.decisions;
    if errors + warnings == 0 {
        writeln!(
            out,
            "{GREEN}{}{GREEN:#} {BOLD}{profiles} profiles, {decisions} golden decisions: all hold{BOLD:#}",
            symbols.holds
        )?;
    } else {
        writeln!(
            out,
            "{RED}{}{RED:#} {BOLD}{profiles} profiles, {decisions} golden decisions: {errors} errors, {warnings} warnings{BOLD:#}",
            symbols.fails
        )?;
    }
    for finding in check.findings {
        writeln!(out)?;
        write_diagnostic(out, finding)?;
    }
    Ok(())
}
