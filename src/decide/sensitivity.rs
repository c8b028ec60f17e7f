//! Which single change of an input changes the pick. Exact, because an input is looked at in every
//! segment between the thresholds of all profiles and criteria.

use super::domain::{self, Segment, Values};
use super::evaluate::{self, Pick};
use super::input::{Answers, Input, Value};
use super::profile::Profile;

/// What one input does to the pick, over all of its values.
#[derive(Clone, Debug)]
pub struct Sensitivity {
    pub input: Input,
    /// The value that it has, where it is known.
    pub now: Option<Value>,
    /// Values with one outcome each, in order; numbers as ranges, words together.
    pub runs: Vec<Run>,
}

/// Values of an input that all lead to one pick.
#[derive(Clone, Debug)]
pub struct Run {
    pub values: Values,
    /// One of them, the first.
    pub representative: Option<Value>,
    pub pick: Pick,
    /// Whether the input's value is among them.
    pub holds_now: bool,
    /// Whether the pick is another one than now.
    pub flips: bool,
}

impl Sensitivity {
    pub fn flips(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| run.flips)
    }

    /// The flips that people do not know already: without a required answer nothing is recommended.
    pub fn notable_flips(&self) -> impl Iterator<Item = &Run> {
        let required = self.input.describe().required;
        self.flips()
            .filter(move |run| !(required && run.values == Values::Absent))
    }
}

/// The inputs that are known or that a profile or criterion looks at, in their order.
pub fn analyse(answers: &Answers, profiles: &[Profile]) -> Vec<Sensitivity> {
    let now = evaluate::pick(answers, profiles);
    Input::ALL
        .into_iter()
        .filter_map(|input| {
            let mut segments = domain::segments(input, profiles);
            // A test that every value passes still tells a value from none.
            let tested = domain::is_tested(input, profiles);
            let required = input.describe().required;
            let known = answers.get(input).is_some();
            if known
                && !segments
                    .iter()
                    .any(|segment| segment.representative.is_none())
            {
                segments.push(Segment {
                    values: Values::Absent,
                    representative: None,
                });
            }
            (tested || required).then(|| Sensitivity {
                input,
                now: answers.get(input).cloned(),
                runs: runs(input, segments, answers, profiles, &now),
            })
        })
        .collect()
}

fn runs(
    input: Input,
    segments: Vec<Segment>,
    answers: &Answers,
    profiles: &[Profile],
    now: &Pick,
) -> Vec<Run> {
    let value = answers.get(input);
    let mut runs: Vec<Run> = Vec::new();
    for segment in segments {
        let pick = evaluate::pick(
            &answers.with(input, segment.representative.clone()),
            profiles,
        );
        let run = Run {
            holds_now: segment.values.contains(value),
            flips: !pick.agrees(now),
            values: segment.values,
            representative: segment.representative,
            pick,
        };
        // Words join any run of theirs; ranges only their neighbour.
        let target = match run.values {
            Values::Choices(_) => runs.iter_mut().find(|other| other.joins(&run)),
            _ => runs.last_mut().filter(|other| other.joins(&run)),
        };
        let joined = target.and_then(|target| Some((target.values.join(&run.values)?, target)));
        match joined {
            Some((values, target)) => {
                target.values = values;
                target.holds_now |= run.holds_now;
                if target.pick != run.pick {
                    // Several came nearest: none of them is said of all.
                    target.pick = Pick::NoFit {
                        nearest: String::new(),
                    };
                }
            }
            None => runs.push(run),
        }
    }
    runs
}

impl Run {
    /// Whether both lead to one outcome, and a refusal to one question.
    fn joins(&self, other: &Self) -> bool {
        match (&self.pick, &other.pick) {
            (Pick::Refused(left), Pick::Refused(right)) => left == right,
            (left, right) => left.agrees(right),
        }
    }
}

/// The change of the team's size that flips the pick soonest, in people.
pub fn nearest_team_flip(sensitivities: &[Sensitivity]) -> Option<u64> {
    let team = sensitivities
        .iter()
        .find(|sensitivity| sensitivity.input == Input::TeamSize)?;
    let Some(Value::Number(now)) = team.now else {
        return None;
    };
    team.flips()
        .filter_map(|run| match &run.values {
            Values::Range(range) => [range.low, range.high]
                .into_iter()
                .flatten()
                .map(|bound| (bound - now).abs() as u64)
                .min(),
            _ => None,
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::arbitrary;

    /// What the ranges say is what trying every value says: at each threshold, one step beside it,
    /// between two of them, for every word, and without the answer.
    #[test]
    fn agrees_with_trying_every_value() {
        let flipping: usize = std::thread::scope(|scope| {
            let parts =
                [0, 250, 500, 750].map(|first| scope.spawn(move || try_all(first..first + 250)));
            parts
                .into_iter()
                .map(|part| part.join().expect("a part that holds"))
                .sum()
        });
        assert!(
            flipping > 10_000,
            "{flipping} flips are too few to mean anything"
        );
    }

    fn try_all(seeds: std::ops::Range<u64>) -> usize {
        let mut flipping = 0;
        for seed in seeds {
            let mut random = fastrand::Rng::with_seed(seed);
            let shelf = arbitrary::shelf(&mut random);
            let profiles = shelf.profiles();
            let answers = arbitrary::answers(&mut random, profiles);
            let now = evaluate::pick(&answers, profiles);
            let sensitivities = analyse(&answers, profiles);
            for input in Input::ALL {
                let known = sensitivities.iter().find(|known| known.input == input);
                let mut values = arbitrary::values(input, profiles);
                if known.is_none() {
                    values.truncate(2);
                }
                for value in values.into_iter().map(Some).chain([None]) {
                    let tried = evaluate::pick(&answers.with(input, value.clone()), profiles);
                    let said = || format!("seed {seed}, {} {value:?}", input.key());
                    let Some(known) = known else {
                        assert!(tried.agrees(&now), "{}", said());
                        continue;
                    };
                    if value.is_none() && answers.get(input).is_none() {
                        continue;
                    }
                    let mut holding = known
                        .runs
                        .iter()
                        .filter(|run| run.values.contains(value.as_ref()))
                        .filter(|run| {
                            value.is_some() || run.values != Values::Any || input == Input::HotPath
                        });
                    let run = holding.next().unwrap_or_else(|| panic!("{}", said()));
                    assert!(holding.next().is_none(), "{}", said());
                    assert!(run.pick.agrees(&tried), "{}: {run:?} but {tried:?}", said());
                    assert_eq!(run.flips, !tried.agrees(&now), "{}", said());
                    flipping += usize::from(run.flips);
                }
            }
            // Each flip has a value that can be given, and that leads where it says.
            for known in &sensitivities {
                for run in known.flips() {
                    let value = run.representative.clone();
                    let said = format!("seed {seed}, {} {run:?}", known.input.key());
                    assert!(run.values.contains(value.as_ref()), "{said}");
                    let tried = evaluate::pick(&answers.with(known.input, value.clone()), profiles);
                    assert!(run.pick.agrees(&tried), "{said}");
                    if let Some(value) = value {
                        let text = arbitrary::as_given(&value);
                        assert_eq!(known.input.parse(&text), Ok(value), "{said}");
                    }
                }
            }
        }
        flipping
    }
}
