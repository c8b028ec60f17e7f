//! The whole answer to one set of inputs, for the reports. Approval is always pending: the engine has
//! no way to say anything else.

use super::composition::{self, Route};
use super::criteria::Criterion;
use super::evaluate::{self, Pick, Standing};
use super::input::{Answers, Input, Inputs, Value};
use super::missing::{self, Missing};
use super::profile::{Approver, Floor, Profile};
use super::sensitivity::{self, Sensitivity};
use super::tradeoff;
use super::ways_on::{self, Way};

#[derive(Clone, Debug)]
pub struct Decision<'a> {
    pub inputs: &'a Inputs,
    pub answers: Answers,
    pub profiles: &'a [Profile],
    pub pick: Pick,
    /// Whether the SLO and the consumer of its error budget are known.
    pub complete: bool,
    /// Best first. The first is the pick where there is one.
    pub standings: Vec<Standing<'a>>,
    /// Present when a profile is recommended.
    pub promise: Option<Promise>,
    pub runner_up: Option<RunnerUp>,
    /// Whether only the name decided between the first two.
    pub tie: bool,
    pub missing: Vec<Missing>,
    pub sensitivity: Vec<Sensitivity>,
    pub ways_on: Vec<Way>,
    pub routing: Vec<Route>,
    pub approvals: Vec<Approval>,
}

/// The targets that stand: the profile's floor, replaced by what the inputs promise.
#[derive(Clone, Debug)]
pub struct Promise {
    pub floor: Floor,
    pub source: PromiseSource,
    /// Targets of the inputs that ask for more than the profile promises: (name, asked, promised).
    pub stricter: Vec<(&'static str, String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseSource {
    Profile,
    Inputs,
    Both,
}

#[derive(Clone, Debug)]
pub struct RunnerUp {
    pub profile: String,
    pub score: u32,
    pub of: u32,
    pub percent_behind: u64,
    pub tradeoff: String,
}

/// An approval that somebody has to give.
#[derive(Clone, Debug)]
pub struct Approval {
    pub role: String,
    pub name: Option<String>,
    /// The value that asks for it, where it is not always asked for.
    pub because: Option<Value>,
}

impl Decision<'_> {
    /// The standing of the recommended profile.
    pub fn recommended(&self) -> Option<&Standing<'_>> {
        let name = self.pick.profile()?;
        self.standings
            .iter()
            .find(|standing| standing.profile.name == name)
    }

    /// The names of all that reach the share of the first, in the order of the names.
    pub fn tied(&self) -> Vec<&str> {
        let Some(first) = self.standings.first().filter(|_| self.tie) else {
            return Vec::new();
        };
        let tied = self.standings.iter();
        tied.take_while(|standing| standing.ties_with(first))
            .map(|standing| standing.profile.name.as_str())
            .collect()
    }

    /// Uptime and consumer that are not there.
    pub fn missing_promises(&self) -> Vec<Input> {
        [Input::SloUptime, Input::ErrorBudgetConsumer]
            .into_iter()
            .filter(|input| self.answers.get(*input).is_none())
            .collect()
    }

    /// The stack of the pick, with what the tenancy asks of the schema.
    pub fn stack(&self) -> Vec<(&str, &str)> {
        let Some(standing) = self.recommended() else {
            return Vec::new();
        };
        let picks = standing.profile.stack.iter();
        let mut stack: Vec<(&str, &str)> = picks
            .map(|(topic, pick)| (topic.as_str(), pick.as_str()))
            .collect();
        let advice = match self.answers.choice(Input::Tenancy) {
            Some("shared-multi-tenant") => "row level security by tenant",
            Some("isolated-multi-tenant") => "a schema or a database for each tenant",
            _ => "one database for each deployment",
        };
        if !standing.profile.stack.contains_key("tenancy") {
            let after = stack.iter().position(|(topic, _)| *topic == "database");
            stack.insert(after.map_or(stack.len(), |at| at + 1), ("tenancy", advice));
        }
        stack
    }

    /// The criteria that stopped it.
    pub fn stops(&self) -> &[Criterion] {
        match &self.pick {
            Pick::Stopped(criteria) => criteria,
            _ => &[],
        }
    }
}

/// Decides and explains.
pub fn decide<'a>(inputs: &'a Inputs, profiles: &'a [Profile]) -> Decision<'a> {
    let answers = Answers::from(inputs);
    let pick = evaluate::pick(&answers, profiles);
    let standings = evaluate::rank(&answers, profiles);
    let complete = [Input::SloUptime, Input::ErrorBudgetConsumer]
        .iter()
        .all(|input| answers.get(*input).is_some());
    let recommended = matches!(pick, Pick::Recommended(_));
    let best = standings.first().filter(|_| recommended);
    let second = evaluate::runner_up(&standings).filter(|_| recommended);
    let runner_up = best.zip(second).map(|(best, second)| RunnerUp {
        profile: second.profile.name.clone(),
        score: second.score,
        of: second.of,
        percent_behind: second.percent_behind(best),
        tradeoff: tradeoff::describe(best, second, &answers),
    });
    let needed = match &pick {
        Pick::Refused(needed) => needed.clone(),
        _ => Vec::new(),
    };
    let unknown_required = !evaluate::missing(&answers).is_empty();
    Decision {
        complete,
        promise: best.map(|best| promise(&best.profile.floor, &answers)),
        approvals: best
            .map(|best| approvals(&best.profile.approvers, &answers))
            .unwrap_or_default(),
        runner_up,
        tie: matches!(&standings[..], [first, second, ..] if recommended && first.ties_with(second)),
        missing: missing::explore(&answers, &needed, profiles),
        sensitivity: sensitivity::analyse(&answers, profiles),
        ways_on: match pick {
            Pick::Stopped(_) if !unknown_required => ways_on::find(&answers, profiles),
            _ => Vec::new(),
        },
        routing: composition::routes(&answers, &pick, complete),
        inputs,
        answers,
        profiles,
        pick,
        standings,
    }
}

fn promise(floor: &Floor, answers: &Answers) -> Promise {
    let mut promised = floor.clone();
    let mut given = 0;
    let mut stricter = Vec::new();
    {
        let mut numbers = [
            (Input::P50Ms, &mut promised.p50),
            (Input::P95Ms, &mut promised.p95),
            (Input::P99Ms, &mut promised.p99),
            (Input::SloUptime, &mut promised.uptime_percent),
        ];
        for (input, target) in &mut numbers {
            if let Some(asked) = answers.number(*input) {
                let (harder, unit) = match input {
                    Input::SloUptime => (asked > **target, "%"),
                    _ => (asked < **target, " ms"),
                };
                if harder {
                    stricter.push((
                        input.label(),
                        format!("{asked}{unit}"),
                        format!("{}{unit}", **target),
                    ));
                }
                **target = asked;
                given += 1;
            }
        }
    }
    for (input, target) in [
        (Input::Rpo, &mut promised.rpo),
        (Input::Rto, &mut promised.rto),
    ] {
        if let Some(Value::Duration(asked)) = answers.get(input) {
            if asked < target {
                let spoken = super::input::spoken_duration;
                stricter.push((input.label(), spoken(*asked), spoken(*target)));
            }
            *target = *asked;
            given += 1;
        }
    }
    Promise {
        floor: promised,
        source: match given {
            0 => PromiseSource::Profile,
            6 => PromiseSource::Inputs,
            _ => PromiseSource::Both,
        },
        stricter,
    }
}

fn approvals(chain: &[Approver], answers: &Answers) -> Vec<Approval> {
    chain
        .iter()
        .filter(|approver| approver.required(answers))
        .map(|approver| Approval {
            role: approver.role.clone(),
            name: approver.name.clone(),
            because: approver.because(answers).cloned(),
        })
        .collect()
}
