//! Which single change of an input changes the pick. Exact, because an input is looked at in every
//! segment between the thresholds of all profiles and criteria.

use super::domain::{self, Values};
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
}

/// The inputs that are known or that a profile or criterion looks at, in their order.
pub fn analyse(answers: &Answers, profiles: &[Profile]) -> Vec<Sensitivity> {
    let now = evaluate::pick(answers, profiles);
    Input::ALL
        .into_iter()
        .filter_map(|input| {
            let segments = domain::segments(input, profiles);
            let tested = segments.len() > 1;
            let required = input.describe().required;
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
    segments: Vec<domain::Segment>,
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
            Values::Choices(_) => runs.iter_mut().find(|other| other.pick.agrees(&run.pick)),
            _ => runs.last_mut().filter(|other| other.pick.agrees(&run.pick)),
        };
        let joined = target.and_then(|target| Some((target.values.join(&run.values)?, target)));
        match joined {
            Some((values, target)) => {
                target.values = values;
                target.holds_now |= run.holds_now;
            }
            None => runs.push(run),
        }
    }
    runs
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
    use proptest::prelude::*;

    use super::*;
    use crate::decide::Shelf;
    use crate::decide::input::Kind;

    /// Values of an input on a grid that hits and misses every threshold.
    fn grid(input: Input) -> Vec<Value> {
        match input.kind() {
            Kind::Whole => (1..=60)
                .map(|number| Value::Number(f64::from(number)))
                .collect(),
            Kind::Choice(choices) => choices.iter().map(|choice| Value::Choice(choice)).collect(),
            Kind::Switch => vec![Value::Switch(true), Value::Switch(false)],
            Kind::Duration => (0..10)
                .map(|minutes| Value::Duration(minutes * 60))
                .collect(),
            Kind::Text => vec![Value::Text("checkout".to_owned())],
            Kind::Decimal | Kind::Percent => {
                let numbers = [
                    0.1, 0.999, 1.0, 1.5, 50.0, 299.5, 300.0, 300.25, 999.0, 1000.0, 1000.5,
                ];
                let more = [
                    1999.0, 2000.0, 2000.5, 4999.75, 5000.0, 5000.001, 5001.0, 1e6,
                ];
                let percent = input.kind() == Kind::Percent;
                let all = numbers.into_iter().chain(more);
                all.filter(|number| !percent || *number < 100.0)
                    .map(Value::Number)
                    .collect()
            }
        }
    }

    fn value_of(input: Input) -> impl Strategy<Value = Option<Value>> {
        let known = prop::sample::select(grid(input)).prop_map(Some);
        if input.describe().required {
            known.boxed()
        } else {
            prop_oneof![Just(None), known].boxed()
        }
    }

    fn answers() -> impl Strategy<Value = Answers> {
        let columns: Vec<_> = Input::ALL.into_iter().map(value_of).collect();
        columns.prop_map(|values| {
            let known = Input::ALL.into_iter().zip(values);
            known
                .filter_map(|(input, value)| Some((input, value?)))
                .collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        /// What the ranges say is what trying every value says.
        #[test]
        fn agrees_with_trying_every_value(answers in answers()) {
            let shelf = Shelf::fill(&[]).expect("shipped profiles");
            let now = evaluate::pick(&answers, shelf.profiles());
            let sensitivities = analyse(&answers, shelf.profiles());
            for input in Input::ALL {
                let known = sensitivities.iter().find(|sensitivity| sensitivity.input == input);
                for value in grid(input) {
                    let tried = evaluate::pick(&answers.with(input, Some(value.clone())), shelf.profiles());
                    match known {
                        None => prop_assert!(tried.agrees(&now), "{} {value:?}", input.key()),
                        Some(sensitivity) => {
                            let holding: Vec<_> = sensitivity.runs.iter().filter(|run| run.values.contains(Some(&value))).collect();
                            prop_assert_eq!(holding.len(), 1, "{} {:?}", input.key(), value);
                            prop_assert!(holding[0].pick.agrees(&tried), "{} {value:?}: {:?} but {tried:?}", input.key(), holding[0]);
                            prop_assert_eq!(holding[0].flips, !tried.agrees(&now));
                        }
                    }
                }
            }
        }
    }
}
