//! `backsmith.decide/v1`: a decision.

mod profiles;
mod stops;

use std::io::{self, Write};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::Tool;
use crate::decide::constraint::{Constraint, Outcome, Test, Weight};
use crate::decide::domain::Values;
use crate::decide::evaluate::{Pick, Standing};
use crate::decide::input::duration_text;
use crate::decide::missing::Missing;
use crate::decide::sensitivity::Run;
use crate::decide::{Answers, Decision, Input, PromiseSource, Value};
use crate::report::json::write_document;

pub use profiles::{ProfileEntry, ProfilesDocument, write_profiles};
pub use stops::{KillCriterion, WayOn, kill_criteria};

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "backsmith.decide/v1")]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// recommended, refused or no_fit.
    pub status: &'static str,
    /// Whether the SLO and the consumer of its error budget are known.
    pub complete: bool,
    pub recommendation: Option<Recommendation>,
    pub runner_up: Option<RunnerUp>,
    /// Best first; profiles that a hard constraint rules out come last, ties are broken by name.
    pub ranking: Vec<Ranked>,
    /// Whether only the name decided between the first two.
    pub tie: bool,
    /// The criteria that stopped it.
    pub kill_criteria: Vec<KillCriterion>,
    /// Answers that are not known: those that a decision needs, and the SLO.
    pub missing: Vec<MissingEntry>,
    /// Single changes that lead to another outcome, at every threshold of any profile.
    pub sensitivity: Vec<Flip>,
    pub routing: Vec<Route>,
    pub approval: Approval,
    pub inputs: IndexMap<&'static str, InputEntry>,
    /// Where the advice comes from.
    pub sources: Vec<String>,
    pub profiles: Vec<ProfileEntry>,
    /// What `--dry-run` would write, as a unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Recommendation {
    pub profile: String,
    pub score: u32,
    /// The most points that the profile can reach.
    pub of: u32,
    pub matched: Vec<ConstraintEntry>,
    pub unknown: Vec<ConstraintEntry>,
    pub violated: Vec<ConstraintEntry>,
    /// By topic.
    pub stack: IndexMap<String, String>,
    pub anti_patterns: Vec<String>,
    pub slo_floor: SloFloor,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ConstraintEntry {
    /// The input that is looked at.
    pub constraint: &'static str,
    pub operator: &'static str,
    pub expected: Json,
    pub actual: Json,
    /// hard or weighted.
    pub kind: &'static str,
    /// pass, fail or unknown.
    pub outcome: &'static str,
    pub points: u32,
    /// What passing is worth.
    pub of: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SloFloor {
    pub latency_ms: Latency,
    pub uptime_percent: f64,
    /// Failure that the uptime allows in 30 days.
    pub error_budget_seconds: u64,
    pub error_budget_consumer: Option<String>,
    pub rpo: String,
    pub rto: String,
    /// profile, inputs, or both.
    pub source: &'static str,
    /// Targets of the inputs that ask for more than the profile promises.
    pub stricter_than_profile: Vec<Stricter>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Latency {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Stricter {
    pub target: &'static str,
    pub asked: String,
    pub promised: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RunnerUp {
    pub profile: String,
    pub score: u32,
    pub of: u32,
    pub percent_behind: u64,
    pub tradeoff: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Ranked {
    pub profile: String,
    pub score: u32,
    pub of: u32,
    /// Hard constraints that it misses.
    pub eliminated_by: Vec<&'static str>,
    pub constraints: Vec<ConstraintEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct MissingEntry {
    pub input: &'static str,
    /// Whether no recommendation is given without it.
    pub required: bool,
    /// The forcing question that it belongs to, 1 to 7.
    pub question: u8,
    pub ask: &'static str,
    pub flags: Vec<&'static str>,
    pub changes_outcome: bool,
    /// The profiles whose recommendation depends on it.
    pub profiles: Vec<String>,
    /// What each answer leads to, over all answers to the other missing ones.
    pub answers: Vec<AnswerEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AnswerEntry {
    pub values: Vec<String>,
    pub outcomes: Vec<OutcomeEntry>,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct OutcomeEntry {
    /// recommended, refused or no_fit.
    pub status: &'static str,
    pub profile: Option<String>,
    pub kill_criteria: Vec<&'static str>,
    pub missing: Vec<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Flip {
    pub input: &'static str,
    pub from: Json,
    /// The value nearest to the threshold for whole numbers, else one behind it; null for no answer.
    pub to: Json,
    /// All values that give this outcome, in words.
    pub values: String,
    /// The same for programs, where the values have an order.
    pub range: Option<RangeEntry>,
    /// The same for programs, where the values are words.
    pub choices: Vec<String>,
    #[serde(flatten)]
    pub outcome: OutcomeEntry,
}

/// Values between two bounds; null is no bound.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RangeEntry {
    pub low: Json,
    pub low_included: bool,
    pub high: Json,
    pub high_included: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Route {
    pub concern: &'static str,
    pub owner: &'static str,
    /// The section of a guide that says how, as `backsmith explain` takes it.
    pub guide: &'static str,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Approval {
    /// Always pending: the program approves nothing.
    pub status: &'static str,
    pub required: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InputEntry {
    pub value: Json,
    /// The flag, or file and line.
    pub origin: String,
}

pub fn write(out: &mut dyn Write, decision: &Decision<'_>, diff: Option<String>) -> io::Result<()> {
    write_document(
        out,
        &Document {
            diff,
            ..Document::from(decision)
        },
    )
}

impl From<&Decision<'_>> for Document {
    fn from(decision: &Decision<'_>) -> Self {
        let answers = &decision.answers;
        let approvers = decision
            .approvals
            .iter()
            .map(|approval| match &approval.name {
                Some(name) => format!("{} ({name})", approval.role),
                None => approval.role.clone(),
            });
        let sources = match decision.recommended() {
            Some(standing) => standing.profile.references.clone(),
            None => decision
                .stops()
                .iter()
                .map(|stop| stop.source().to_owned())
                .collect(),
        };
        Self {
            schema: "backsmith.decide/v1",
            tool: Tool::CURRENT,
            status: decision.pick.status(),
            complete: decision.complete,
            recommendation: recommendation(decision),
            runner_up: decision.runner_up.as_ref().map(|runner_up| RunnerUp {
                profile: runner_up.profile.clone(),
                score: runner_up.score,
                of: runner_up.of,
                percent_behind: runner_up.percent_behind,
                tradeoff: runner_up.tradeoff.clone(),
            }),
            ranking: decision
                .standings
                .iter()
                .map(|standing| ranked(standing, answers))
                .collect(),
            tie: decision.tie,
            kill_criteria: kill_criteria(decision),
            missing: missing(decision),
            sensitivity: flips(decision),
            routing: decision
                .routing
                .iter()
                .map(|route| Route {
                    concern: route.concern,
                    owner: route.owner,
                    guide: route.guide,
                })
                .collect(),
            approval: Approval {
                status: "pending",
                required: approvers.collect(),
            },
            inputs: decision
                .inputs
                .iter()
                .map(|(input, given)| {
                    let entry = InputEntry {
                        value: value(Some(&given.value)),
                        origin: given.origin.to_string(),
                    };
                    (input.key(), entry)
                })
                .collect(),
            sources,
            profiles: decision.profiles.iter().map(ProfileEntry::from).collect(),
            diff: None,
        }
    }
}

fn recommendation(decision: &Decision<'_>) -> Option<Recommendation> {
    let standing = decision.recommended()?;
    let promise = decision.promise.as_ref()?;
    let floor = &promise.floor;
    let entries = |wanted| {
        standing
            .with_outcome(wanted)
            .map(|constraint| entry(constraint, wanted, &decision.answers))
            .collect()
    };
    let stack = decision.stack();
    let owned = |(topic, pick): &(&str, &str)| ((*topic).to_owned(), (*pick).to_owned());
    Some(Recommendation {
        profile: standing.profile.name.clone(),
        score: standing.score,
        of: standing.of,
        matched: entries(Outcome::Pass),
        unknown: entries(Outcome::Unknown),
        violated: entries(Outcome::Fail),
        stack: stack.iter().map(owned).collect(),
        anti_patterns: standing.profile.anti_recommendations.clone(),
        slo_floor: SloFloor {
            latency_ms: Latency {
                p50: floor.p50,
                p95: floor.p95,
                p99: floor.p99,
            },
            uptime_percent: floor.uptime_percent,
            error_budget_seconds: floor.error_budget_seconds(),
            error_budget_consumer: decision
                .answers
                .get(Input::ErrorBudgetConsumer)
                .map(ToString::to_string),
            rpo: duration_text(floor.rpo),
            rto: duration_text(floor.rto),
            source: match promise.source {
                PromiseSource::Profile => "profile",
                PromiseSource::Inputs => "inputs",
                PromiseSource::Both => "both",
            },
            stricter_than_profile: promise
                .stricter
                .iter()
                .map(|(target, asked, promised)| Stricter {
                    target,
                    asked: asked.clone(),
                    promised: promised.clone(),
                })
                .collect(),
        },
    })
}

fn ranked(standing: &Standing<'_>, answers: &Answers) -> Ranked {
    Ranked {
        profile: standing.profile.name.clone(),
        score: standing.score,
        of: standing.of,
        eliminated_by: standing
            .eliminated_by()
            .into_iter()
            .map(Input::key)
            .collect(),
        constraints: standing
            .outcomes
            .iter()
            .map(|(constraint, outcome)| entry(constraint, *outcome, answers))
            .collect(),
    }
}

fn entry(constraint: &Constraint, outcome: Outcome, answers: &Answers) -> ConstraintEntry {
    let values: Vec<Json> = constraint
        .test
        .values()
        .iter()
        .map(|wanted| value(Some(wanted)))
        .collect();
    ConstraintEntry {
        constraint: constraint.input.key(),
        operator: constraint.test.operator(),
        expected: match &constraint.test {
            Test::In(_) | Test::NotIn(_) => Json::Array(values),
            _ => values.into_iter().next().unwrap_or_default(),
        },
        actual: value(answers.get(constraint.input)),
        kind: match constraint.weight {
            Weight::Hard => "hard",
            Weight::Weighted => "weighted",
        },
        outcome: match outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Unknown => "unknown",
        },
        points: if outcome == Outcome::Pass {
            constraint.points
        } else {
            0
        },
        of: constraint.points,
    }
}

fn missing(decision: &Decision<'_>) -> Vec<MissingEntry> {
    let mut entries: Vec<_> = decision.missing.iter().map(missing_entry).collect();
    let promises = decision.missing_promises();
    if !promises.is_empty() {
        entries.push(MissingEntry {
            input: "slo",
            required: false,
            question: 7,
            ask: Input::SloUptime.describe().question,
            flags: promises.into_iter().map(Input::flag).collect(),
            changes_outcome: false,
            profiles: Vec::new(),
            answers: Vec::new(),
        });
    }
    entries
}

fn missing_entry(missing: &Missing) -> MissingEntry {
    let description = missing.input.describe();
    MissingEntry {
        input: description.key,
        required: true,
        question: description.forcing_question,
        ask: description.question,
        flags: vec![description.flag],
        changes_outcome: missing.decides,
        profiles: missing.hinges.clone(),
        answers: missing
            .branches
            .iter()
            .map(|branch| AnswerEntry {
                values: branch.values.iter().flat_map(words).collect(),
                outcomes: branch.picks.iter().map(outcome).collect(),
            })
            .collect(),
    }
}

fn words(values: &Values) -> Vec<String> {
    match values {
        Values::Choices(choices) => choices.clone(),
        other => vec![other.to_string()],
    }
}

fn flips(decision: &Decision<'_>) -> Vec<Flip> {
    let sensitivities = decision.sensitivity.iter();
    sensitivities
        .flat_map(|sensitivity| {
            let flip = |run: &Run| Flip {
                input: sensitivity.input.key(),
                from: value(sensitivity.now.as_ref()),
                to: value(run.representative.as_ref()),
                values: run.values.to_string(),
                range: range(&run.values),
                choices: match &run.values {
                    Values::Choices(choices) => choices.clone(),
                    _ => Vec::new(),
                },
                outcome: outcome(&run.pick),
            };
            sensitivity.flips().map(flip).collect::<Vec<_>>()
        })
        .collect()
}

fn range(values: &Values) -> Option<RangeEntry> {
    let Values::Range(range) = values else {
        return None;
    };
    let bound = |bound: Option<f64>| value(bound.map(|bound| range.value(bound)).as_ref());
    Some(RangeEntry {
        low: bound(range.low),
        low_included: range.low_included,
        high: bound(range.high),
        high_included: range.high_included,
    })
}

fn outcome(pick: &Pick) -> OutcomeEntry {
    let mut entry = OutcomeEntry {
        status: pick.status(),
        profile: pick.profile().map(str::to_owned),
        kill_criteria: Vec::new(),
        missing: Vec::new(),
    };
    match pick {
        Pick::Stopped(criteria) => {
            entry.kill_criteria = criteria.iter().map(|criterion| criterion.code()).collect();
        }
        Pick::Refused(inputs) => entry.missing = inputs.iter().map(|input| input.key()).collect(),
        Pick::Recommended(_) | Pick::NoFit { .. } => {}
    }
    entry
}

/// Whole numbers stay whole; durations are text that reads back.
pub(super) fn value(value: Option<&Value>) -> Json {
    match value {
        None => Json::Null,
        Some(Value::Number(number)) if number.fract() == 0.0 && number.abs() < 1e15 => {
            (*number as i64).into()
        }
        Some(Value::Number(number)) => (*number).into(),
        Some(Value::Choice(choice)) => (*choice).into(),
        Some(Value::Switch(switch)) => (*switch).into(),
        Some(Value::Duration(seconds)) => duration_text(*seconds).into(),
        Some(Value::Text(text)) => text.as_str().into(),
    }
}
