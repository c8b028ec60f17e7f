//! Where a session stands: which answers are known, which are known to be unknown, what is asked next,
//! and whether a kill criterion ends it.

use std::collections::{BTreeMap, BTreeSet};

use super::question::ForcingQuestion;
use crate::decide::constraint::Outcome;
use crate::decide::criteria::Criterion;
use crate::decide::domain;
use crate::decide::evaluate;
use crate::decide::input::{Answers, Input, Inputs, Value};
use crate::decide::profile::Profile;

/// Everything that was answered so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub inputs: Inputs,
    /// Asked, and nobody knows.
    pub unknown: BTreeSet<Input>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first question with open inputs, and these inputs in their order.
    Ask(ForcingQuestion, Vec<Input>),
    /// These criteria are decided; no further answer lifts them.
    Stopped(Vec<Criterion>),
    /// Everything was asked; the engine can run.
    Ready,
}

/// How far a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Open,
    /// Some of its inputs are open.
    Begun,
    /// Asked in full, and something of it is not known.
    Unknown,
    Answered,
}

impl State {
    pub fn answers(&self) -> Answers {
        Answers::from(&self.inputs)
    }

    /// Whether it is still to be asked.
    pub fn is_open(&self, input: Input, profiles: &[Profile]) -> bool {
        // There are no exceptions from what nobody knows.
        let moot = input == Input::SyncExceptions && self.unknown.contains(&Input::SyncModel);
        !moot
            && !self.inputs.contains_key(&input)
            && !self.unknown.contains(&input)
            && is_asked(input, &self.answers(), profiles)
    }

    pub fn open(&self, question: ForcingQuestion, profiles: &[Profile]) -> Vec<Input> {
        let inputs = question.inputs().iter().copied();
        inputs
            .filter(|input| self.is_open(*input, profiles))
            .collect()
    }

    pub fn progress(&self, question: ForcingQuestion, profiles: &[Profile]) -> Progress {
        let inputs = question.inputs();
        let touched = inputs
            .iter()
            .any(|input| self.inputs.contains_key(input) || self.unknown.contains(input));
        let open = !self.open(question, profiles).is_empty();
        match (open, touched) {
            (true, true) => Progress::Begun,
            (true, false) => Progress::Open,
            (false, _) if inputs.iter().any(|input| self.unknown.contains(input)) => {
                Progress::Unknown
            }
            (false, _) => Progress::Answered,
        }
    }

    /// The criteria that stop it, whatever the answers to what is still open.
    pub fn decided(&self, profiles: &[Profile]) -> Vec<Criterion> {
        let answers = self.answers();
        Criterion::ALL
            .into_iter()
            .filter(|criterion| criterion.outcome(&answers) == Outcome::Fail)
            .filter(|criterion| {
                let mut inputs = criterion.inputs().iter();
                !inputs.any(|input| self.is_open(*input, profiles))
            })
            .collect()
    }

    /// A criterion stops at the end of the question that decided it, not in the middle.
    pub fn next(&self, profiles: &[Profile]) -> Step {
        let next = ForcingQuestion::ALL
            .into_iter()
            .map(|question| (question, self.open(question, profiles)))
            .find(|(_, open)| !open.is_empty());
        let mut stopped = self.decided(profiles);
        if let Some((question, _)) = &next
            && self.progress(*question, profiles) == Progress::Begun
        {
            let asks = |input: &Input| question.inputs().contains(input);
            stopped.retain(|criterion| !criterion.inputs().iter().any(asks));
        }
        match next {
            _ if !stopped.is_empty() => Step::Stopped(stopped),
            Some((question, open)) => Step::Ask(question, open),
            None => Step::Ready,
        }
    }

    /// Required inputs of which nobody knows the answer.
    pub fn required_unknown(&self) -> Vec<Input> {
        let unknown = self.unknown.iter().copied();
        unknown.filter(|input| input.describe().required).collect()
    }
}

/// Whether an input is worth a question: always, but for those that only some answers make matter.
pub(super) fn is_asked(input: Input, answers: &Answers, profiles: &[Profile]) -> bool {
    let known = |input| answers.get(input).is_some();
    match input {
        Input::HotPath => known(Input::QpsP99) && matters(input, answers, profiles),
        Input::PlatformTeam => {
            (known(Input::TeamSize) || known(Input::Pattern)) && matters(input, answers, profiles)
        }
        Input::NeedsAdminPanel | Input::Workload | Input::LanguagePreference => {
            matters(input, answers, profiles)
        }
        _ => true,
    }
}

/// Whether any two answers differ in a criterion, or in the points of a profile that is still in the
/// race.
fn matters(input: Input, answers: &Answers, profiles: &[Profile]) -> bool {
    let mut results = domain::segments(input, profiles)
        .into_iter()
        .map(|segment| result(&answers.with(input, segment.representative), profiles));
    let first = results.next();
    results.any(|other| Some(&other) != first.as_ref())
}

type Race = BTreeMap<String, Option<u32>>;

fn result(answers: &Answers, profiles: &[Profile]) -> (Vec<Outcome>, Race) {
    let outcomes = Criterion::ALL
        .into_iter()
        .map(|criterion| criterion.outcome(answers));
    let race = evaluate::rank(answers, profiles)
        .into_iter()
        .map(|standing| {
            let points = (!standing.is_eliminated()).then_some(standing.score);
            (standing.profile.name.clone(), points)
        });
    (outcomes.collect(), race.collect())
}

/// The value that an input has, as a sentence says it.
pub(super) fn said(answers: &Answers, input: Input) -> Option<String> {
    answers.get(input).map(|value| match (input, value) {
        (Input::QpsP99, value) => format!("{value} QPS p99"),
        (Input::ReadWriteRatio, Value::Number(1.0)) => "1 read per write".to_owned(),
        (Input::ReadWriteRatio, value) => format!("{value} reads per write"),
        (Input::TeamSize, Value::Number(1.0)) => "1 engineer".to_owned(),
        (Input::TeamSize, value) => format!("{value} engineers"),
        (_, value) => value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{Given, Origin, Shelf};

    fn state(pairs: &[(&str, &str)]) -> State {
        let mut state = State::default();
        for (key, text) in pairs {
            let input = Input::named(key).expect("an input");
            if *text == "unknown" {
                state.unknown.insert(input);
                continue;
            }
            let value = input.parse(text).expect("a value");
            let origin = Origin::Flag(input.flag());
            state.inputs.insert(input, Given { value, origin });
        }
        state
    }

    fn next(pairs: &[(&str, &str)]) -> Step {
        let shelf = Shelf::fill(&[]).expect("profiles");
        state(pairs).next(shelf.profiles())
    }

    #[test]
    fn the_hot_path_is_asked_where_the_load_needs_it() {
        let load = |qps| next(&[("read_write_ratio", "20"), ("qps_p99", qps)]);
        assert_eq!(
            load("5000"),
            Step::Ask(ForcingQuestion::Tenancy, vec![Input::Tenancy])
        );
        assert_eq!(
            load("5001"),
            Step::Ask(ForcingQuestion::Load, vec![Input::HotPath])
        );
    }

    #[test]
    fn the_platform_team_is_asked_where_services_are_possible() {
        let shelf = Shelf::fill(&[]).expect("profiles");
        let open =
            |pairs: &[(&str, &str)]| state(pairs).open(ForcingQuestion::Shape, shelf.profiles());
        let asks = |team| open(&[("team_size", team)]).contains(&Input::PlatformTeam);
        assert!(!asks("29"));
        assert!(asks("30"));
        let none = open(&[("team_size", "40"), ("pattern", "serverless")]);
        assert_eq!(none, [] as [Input; 0]);
    }

    #[test]
    fn a_criterion_stops_between_questions_and_not_while_it_can_be_lifted() {
        let small = [
            ("read_write_ratio", "20"),
            ("qps_p99", "50"),
            ("tenancy", "single-tenant"),
            ("sync_model", "sync"),
            ("sync_exceptions", "unknown"),
            ("data_sensitivity", "phi"),
        ];
        let with = |more: &[(&'static str, &'static str)]| next(&[&small[..], more].concat());
        assert!(matches!(
            with(&[("team_size", "3")]),
            Step::Ask(ForcingQuestion::Shape, _)
        ));
        let shape = [
            ("team_size", "3"),
            ("language_preference", "unknown"),
            ("workload", "unknown"),
            ("needs_admin_panel", "unknown"),
            ("pattern", "monolith"),
        ];
        assert_eq!(
            with(&shape),
            Step::Stopped(vec![Criterion::RegulatedDataTooSmall])
        );
        // The hot path is still open; its name would lift the criterion.
        let busy = [("pattern", "modular-monolith"), ("qps_p99", "9000")];
        assert!(matches!(next(&busy), Step::Ask(ForcingQuestion::Load, _)));
        let unnamed = [
            &busy[..],
            &[("read_write_ratio", "2"), ("hot_path", "unknown")],
        ]
        .concat();
        assert_eq!(
            next(&unnamed),
            Step::Stopped(vec![Criterion::HotPathUnnamed])
        );
    }

    #[test]
    fn everything_unknown_is_ready_and_will_be_refused() {
        let all: Vec<_> = Input::keys().map(|key| (key, "unknown")).collect();
        assert_eq!(next(&all), Step::Ready);
        assert_eq!(state(&all).required_unknown().len(), 6);
    }
}
