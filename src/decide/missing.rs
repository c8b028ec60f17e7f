//! What has to be known first: for each missing answer its question, and what the outcome would be
//! for every answer, found by trying all of them together with all answers to the others.

use std::collections::{BTreeMap, BTreeSet};

use super::domain::{self, Values};
use super::evaluate::{self, Pick};
use super::input::{Answers, Input};
use super::profile::Profile;

/// An answer that is not there.
#[derive(Clone, Debug)]
pub struct Missing {
    pub input: Input,
    /// Whether any answer to it can change the outcome.
    pub decides: bool,
    /// The profiles whose recommendation depends on it.
    pub hinges: Vec<String>,
    /// What each answer leads to, over all answers to the other missing ones.
    pub branches: Vec<Branch>,
    /// What differs where the outcome does not: `the approvers`, `the schema advice`.
    pub differs: Vec<&'static str>,
}

/// Some answers and the picks that they can lead to.
#[derive(Clone, Debug)]
pub struct Branch {
    pub values: Vec<Values>,
    pub picks: BTreeSet<Pick>,
}

/// One answer to each missing input, by the index of its class.
type Combination = Vec<usize>;

/// More combinations than this, times the profiles, are not tried one by one.
const MOST_TRIALS: usize = 400_000;

/// Explores every combination of answers to `needed`. Where there are too many, what no profile and no
/// criterion looks at is still known not to matter, and the rest is taken to decide.
pub fn explore(answers: &Answers, needed: &[Input], profiles: &[Profile]) -> Vec<Missing> {
    let classes: Vec<_> = needed
        .iter()
        .map(|input| domain::classes(*input, profiles))
        .collect();
    let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
    let trials = sizes.iter().fold(profiles.len().max(1), |product, size| {
        product.saturating_mul(*size)
    });
    if trials > MOST_TRIALS {
        let unexplored = needed.iter().zip(&sizes).map(|(input, size)| Missing {
            input: *input,
            decides: *size > 1,
            hinges: profiles
                .iter()
                .filter(|profile| {
                    let mut constraints = profile.constraints.iter();
                    constraints.any(|constraint| constraint.input == *input)
                })
                .map(|profile| profile.name.clone())
                .collect(),
            branches: Vec::new(),
            differs: differences(*input, profiles),
        });
        let mut missing: Vec<_> = unexplored.collect();
        missing.sort_by_key(|missing| !missing.decides);
        return missing;
    }
    let mut picks: BTreeMap<Combination, Pick> = BTreeMap::new();
    for combination in combinations(&sizes) {
        let mut branch = answers.clone();
        for ((input, class), at) in needed.iter().zip(&classes).zip(&combination) {
            branch = branch.with(*input, class[*at].1.clone());
        }
        let pick = match evaluate::pick(&branch, profiles) {
            Pick::NoFit { .. } => Pick::NoFit {
                nearest: String::new(),
            },
            pick => pick,
        };
        picks.insert(combination, pick);
    }
    let mut missing: Vec<_> = needed
        .iter()
        .enumerate()
        .map(|(index, input)| {
            let branches = classes[index]
                .iter()
                .enumerate()
                .map(|(at, (values, _))| Branch {
                    values: values.clone(),
                    picks: picks
                        .iter()
                        .filter(|(combination, _)| combination[index] == at)
                        .map(|(_, pick)| pick.clone())
                        .collect(),
                });
            let (decides, hinges) = dependence(index, &picks);
            Missing {
                input: *input,
                decides,
                hinges,
                branches: branches.collect(),
                differs: differences(*input, profiles),
            }
        })
        .collect();
    // What decides comes first; a person may stop reading there.
    missing.sort_by_key(|missing| !missing.decides);
    missing
}

/// Whether changing one answer alone can change the pick, and which profiles come and go with it.
fn dependence(index: usize, picks: &BTreeMap<Combination, Pick>) -> (bool, Vec<String>) {
    let mut by_others: BTreeMap<Combination, BTreeSet<&Pick>> = BTreeMap::new();
    for (combination, pick) in picks {
        let mut others = combination.clone();
        others.remove(index);
        by_others.entry(others).or_default().insert(pick);
    }
    let varying: Vec<_> = by_others.values().filter(|picks| picks.len() > 1).collect();
    let hinges: BTreeSet<&str> = varying
        .iter()
        .flat_map(|picks| picks.iter().filter_map(|pick| pick.profile()))
        .collect();
    (
        !varying.is_empty(),
        hinges.into_iter().map(str::to_owned).collect(),
    )
}

fn differences(input: Input, profiles: &[Profile]) -> Vec<&'static str> {
    let mut differs = Vec::new();
    if profiles
        .iter()
        .flat_map(|profile| &profile.approvers)
        .any(|approver| approver.looks_at(input))
    {
        differs.push("the approvers");
    }
    if input == Input::Tenancy {
        differs.push("the schema advice");
    }
    differs
}

/// All index tuples below `sizes`, in order.
fn combinations(sizes: &[usize]) -> Vec<Combination> {
    let mut all = vec![Vec::new()];
    for size in sizes {
        all = all
            .into_iter()
            .flat_map(|prefix: Combination| {
                (0..*size).map(move |at| {
                    let mut next = prefix.clone();
                    next.push(at);
                    next
                })
            })
            .collect();
    }
    all
}
