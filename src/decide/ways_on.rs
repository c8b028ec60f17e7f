//! After a stop: which few changes of the answers lead to a recommendation.

use super::constraint::{Constraint, Outcome, Test, Weight};
use super::criteria::Criterion;
use super::evaluate::{self, Pick};
use super::input::{Answers, Input, Value};
use super::profile::Profile;

/// Changes that lead to a profile.
#[derive(Clone, Debug)]
pub struct Way {
    /// In the order of the inputs.
    pub changes: Vec<(Input, Value)>,
    pub profile: String,
    pub score: u32,
    pub of: u32,
}

/// More changes than this are another project.
const MOST_CHANGES: usize = 3;
/// More ways than this are no help.
const MOST_WAYS: usize = 3;

/// Ways to any profile, fewest changes first.
pub fn find(answers: &Answers, profiles: &[Profile]) -> Vec<Way> {
    let mut ways: Vec<_> = profiles
        .iter()
        .filter_map(|profile| way_to(profile, answers, profiles))
        .collect();
    ways.sort_by(|a, b| {
        let order = a.changes.len().cmp(&b.changes.len());
        order
            .then_with(|| b.score.cmp(&a.score))
            .then_with(|| a.profile.cmp(&b.profile))
    });
    ways.truncate(MOST_WAYS);
    ways
}

fn way_to(profile: &Profile, answers: &Answers, profiles: &[Profile]) -> Option<Way> {
    let mut changed = answers.clone();
    let unmet = |answers: &Answers, weight| {
        let constraints = profile.constraints.iter();
        constraints
            .filter(|constraint| {
                constraint.weight == weight && constraint.outcome(answers) != Outcome::Pass
            })
            .cloned()
            .collect::<Vec<Constraint>>()
    };
    for constraint in unmet(&changed, Weight::Hard) {
        changed = changed.with(constraint.input, nearest(&constraint.test));
    }
    if let Pick::Stopped(criteria) = evaluate::pick(&changed, profiles) {
        for (input, value) in criteria.into_iter().flat_map(Criterion::cure) {
            if !is_enough(changed.get(input), &value) {
                changed = changed.with(input, Some(value));
            }
        }
    }
    let mut wishes = unmet(&changed, Weight::Weighted);
    wishes.sort_by_key(|constraint| std::cmp::Reverse(constraint.points));
    let mut wishes = wishes.into_iter();
    while evaluate::pick(&changed, profiles).profile() != Some(&profile.name) {
        let wish = wishes.next()?;
        changed = changed.with(wish.input, nearest(&wish.test));
    }
    let changes: Vec<_> = Input::ALL
        .into_iter()
        .filter(|input| changed.get(*input) != answers.get(*input))
        .filter_map(|input| Some((input, changed.get(input)?.clone())))
        .collect();
    let standings = evaluate::rank(&changed, profiles);
    let best = standings.first()?;
    (changes.len() <= MOST_CHANGES).then(|| Way {
        changes,
        profile: profile.name.clone(),
        score: best.score,
        of: best.of,
    })
}

/// The value that meets a test with the smallest change.
fn nearest(test: &Test) -> Option<Value> {
    match test {
        Test::NotIn(_) => None,
        _ => test.values().first().cloned(),
    }
}

fn is_enough(known: Option<&Value>, wanted: &Value) -> bool {
    match (known, wanted) {
        (Some(Value::Number(known)), Value::Number(wanted)) => known >= wanted,
        (Some(Value::Text(_)), Value::Text(_)) => true,
        (known, wanted) => known == Some(wanted),
    }
}
