//! What is odd about a set of profiles: one that is never the pick, one that another always beats, and
//! answers for which no profile fits.

use super::domain::Values;
use super::input::Input;
use super::profile::Profile;
use super::reach::{Goal, Reach, Space};
use crate::diagnostic::{Diagnostic, Related};

/// Answers for which no profile fits, whatever the other answers are: one input, or two together.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    pub conditions: Vec<(Input, Vec<Values>)>,
}

impl Gap {
    /// `team size 15 or more with language typescript`.
    pub fn words(&self) -> String {
        let condition = |(input, values): &(Input, Vec<Values>)| {
            let words: Vec<String> = values.iter().map(ToString::to_string).collect();
            format!("{} {}", input.label(), words.join(", "))
        };
        let conditions: Vec<String> = self.conditions.iter().map(condition).collect();
        conditions.join(" with ")
    }
}

/// Profiles that are never the pick, with the reason, in their order.
pub fn profiles(profiles: &[Profile]) -> Vec<Diagnostic> {
    let space = Space::of(profiles);
    let reach = |profile, rivals: &[usize]| {
        space.reach(Goal {
            profile: Some(profile),
            rivals,
            given: &[],
        })
    };
    let mut findings = Vec::new();
    for (at, profile) in profiles.iter().enumerate() {
        let name = &profile.name;
        let others: Vec<usize> = (0..profiles.len()).filter(|other| *other != at).collect();
        let found = match reach(at, &others) {
            Reach::Yes(_) => continue,
            Reach::Undecided => Diagnostic::info(
                "profile-never-reached",
                format!(
                    "whether `{name}` is ever the pick was not found out: the search was too long"
                ),
            ),
            Reach::No if reach(at, &[]) == Reach::No => Diagnostic::warning(
                "profile-never-reached",
                format!(
                    "`{name}` is never the pick: no answers meet its hard constraints, bring half of its \
                     points and pass every kill criterion"
                ),
            ),
            Reach::No => {
                let shadow = others
                    .iter()
                    .find(|other| reach(at, &[**other]) == Reach::No);
                match shadow {
                    Some(shadow) => {
                        let other = &profiles[*shadow];
                        let message = format!(
                            "`{name}` is never the pick: wherever it fits, `{}` comes before it",
                            other.name
                        );
                        Diagnostic::warning("profile-shadowed", message)
                            .related(Related::new(other.name_span.clone(), "this one"))
                    }
                    None => Diagnostic::warning(
                        "profile-never-reached",
                        format!(
                            "`{name}` is never the pick: wherever it fits, one of the others comes before it"
                        ),
                    ),
                }
            }
        };
        findings.push(found.at(profile.name_span.clone()));
    }
    findings
}

/// Where no profile fits: single answers first, then pairs of answers of which neither is a gap alone.
pub fn gaps(profiles: &[Profile]) -> Vec<Gap> {
    let space = Space::of(profiles);
    let is_gap = |given: &[(usize, usize)]| {
        let fits = |profile| {
            let goal = Goal {
                profile: Some(profile),
                rivals: &[],
                given,
            };
            space.reach(goal) != Reach::No
        };
        let goes_on = Goal {
            profile: None,
            rivals: &[],
            given,
        };
        !(0..profiles.len()).any(fits) && matches!(space.reach(goes_on), Reach::Yes(_))
    };
    let axes = space.axes();
    // Answers that are given; what an unknown one does, the sensitivity of a decision says.
    let classes: Vec<Vec<usize>> = axes
        .iter()
        .map(|axis| {
            let given = axis.classes.iter().enumerate();
            given
                .filter(|(_, class)| class.answer.is_some())
                .map(|(at, _)| at)
                .collect()
        })
        .collect();
    let values = |axis: usize, chosen: &[usize]| {
        let mut values: Vec<Values> = Vec::new();
        let classes = chosen.iter().map(|class| &axes[axis].classes[*class]);
        for value in classes.flat_map(|class| &class.values) {
            match values.last().and_then(|last| last.join(value)) {
                Some(joined) => *values.last_mut().expect("there is one") = joined,
                None => values.push(value.clone()),
            }
        }
        (axes[axis].input, values)
    };
    let mut gaps = Vec::new();
    let mut open: Vec<Vec<usize>> = Vec::new();
    for (axis, classes) in classes.iter().enumerate() {
        let (alone, rest): (Vec<usize>, Vec<usize>) = classes
            .iter()
            .partition(|class| classes.len() > 1 && is_gap(&[(axis, **class)]));
        if !alone.is_empty() {
            gaps.push(Gap {
                conditions: vec![values(axis, &alone)],
            });
        }
        open.push(if classes.len() > 1 { rest } else { Vec::new() });
    }
    for first in 0..axes.len() {
        for second in first + 1..axes.len() {
            // Classes of the first with the same gaps in the second, taken together.
            let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
            for class in &open[first] {
                let others = open[second].iter().copied();
                let with: Vec<usize> = others
                    .filter(|other| is_gap(&[(first, *class), (second, *other)]))
                    .collect();
                if with.is_empty() {
                    continue;
                }
                match groups.iter_mut().find(|(_, known)| *known == with) {
                    Some((classes, _)) => classes.push(*class),
                    None => groups.push((vec![*class], with)),
                }
            }
            gaps.extend(groups.into_iter().map(|(classes, with)| Gap {
                conditions: vec![values(first, &classes), values(second, &with)],
            }));
        }
    }
    gaps
}
