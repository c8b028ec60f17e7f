//! A decision for people: the verdict first, what would change it, then the detail.

mod blocks;
mod explain;
mod negative;
pub mod question;

use std::io::{self, Write};

use crate::decide::evaluate::{Pick, Standing};
use crate::decide::input::spoken_duration;
use crate::decide::lint::Gap;
use crate::decide::{Decision, Input, Shelf};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::human::error::write_diagnostic;
use crate::terminal::{BOLD, GREEN, RED, Symbols, YELLOW};
pub use blocks::pick_words;
use blocks::{block, columns, wrap};
use negative::{no_fit, refused, stopped, violated};

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
    /// Answers for which no profile fits.
    pub gaps: &'a [Gap],
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
        let names = decision.tied();
        let both = if names.len() == 2 { "both" } else { "all" };
        writeln!(
            out,
            "  {YELLOW}{look}{YELLOW:#} a tie: {} {both} reach the same share of their points; the first by name is taken",
            names.join(", ")
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
    let owners: Vec<String> = decision
        .routing
        .iter()
        .map(|route| format!("{} ({})", route.owner, route.guide))
        .collect();
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
        return vec!["no single answer changes the pick".to_owned()];
    }
    let more = flips.len().saturating_sub(SHOWN);
    flips.truncate(SHOWN);
    flips.push(if more > 0 {
        format!("{more} more: `--explain` shows all")
    } else {
        "all other single answers: none".to_owned()
    });
    columns(&flips)
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
        let provenance = &profile.provenance;
        let mut origin = vec![provenance.origin.clone()];
        if !provenance.extends.is_empty() {
            let names: Vec<&str> = provenance
                .extends
                .iter()
                .map(|ancestor| ancestor.name.as_str())
                .collect();
            origin.push(format!("extends {}", names.join(", ")));
        }
        if let Some(other) = &provenance.replaces {
            origin.push(match other.as_str() {
                "built in" => "replaces the built-in one".to_owned(),
                other => format!("replaces the one of {other}"),
            });
        }
        writeln!(
            out,
            "{BOLD}{:width$}{BOLD:#}  {}",
            profile.name,
            origin.join("; ")
        )?;
        for line in wrap(&profile.description, 98_usize.saturating_sub(width)) {
            writeln!(out, "{:width$}  {line}", "")?;
        }
    }
    Ok(())
}

pub fn write_check(
    out: &mut dyn Write,
    shelf: &Shelf,
    check: &Check<'_>,
    (symbols, width): (Symbols, usize),
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
    if !check.gaps.is_empty() {
        writeln!(out)?;
        let gaps = check.gaps.iter().map(Gap::words);
        let lines: Vec<String> = std::iter::once("no profile fits".to_owned())
            .chain(gaps)
            .collect();
        block(out, "gaps", &lines, width)?;
    }
    Ok(())
}
