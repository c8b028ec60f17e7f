//! Which answers can lead to a profile, proved over every class of every input: a search that leaves
//! out only what cannot lead there any more. Nothing is sampled.

use super::constraint::{Outcome, Weight};
use super::criteria::Criterion;
use super::domain::{self, Values};
use super::input::{Answers, Input, Value};
use super::profile::Profile;

/// The answer of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum Reach {
    /// These answers lead there.
    Yes(Answers),
    /// None do.
    No,
    /// The search was given up; nothing is said.
    Undecided,
}

/// Steps after which a search is given up.
const MOST_STEPS: usize = 200_000;

/// All inputs that anything looks at, each with the classes of its answers.
#[derive(Clone, Debug)]
pub struct Space<'a> {
    profiles: &'a [Profile],
    axes: Vec<Axis>,
}

/// One input: no test tells the answers of one class apart.
#[derive(Clone, Debug)]
pub struct Axis {
    pub input: Input,
    pub classes: Vec<Class>,
}

#[derive(Clone, Debug)]
pub struct Class {
    pub values: Vec<Values>,
    /// One of the answers; nothing where none is given.
    pub answer: Option<Value>,
    /// What it does to each profile.
    effects: Vec<Effect>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Effect {
    points: u32,
    /// Misses a hard constraint.
    rules_out: bool,
    /// Leaves a hard constraint unknown.
    leaves_open: bool,
}

/// What is searched for.
#[derive(Clone, Copy, Debug)]
pub struct Goal<'g> {
    /// The profile that is to be the pick; without one, that no criterion stops.
    pub profile: Option<usize>,
    /// The profiles that it is to beat.
    pub rivals: &'g [usize],
    /// (axis, class) pairs that are given.
    pub given: &'g [(usize, usize)],
}

impl<'a> Space<'a> {
    pub fn of(profiles: &'a [Profile]) -> Self {
        let mut inputs: Vec<Input> = Input::ALL
            .into_iter()
            .filter(|input| input.describe().required || domain::is_tested(*input, profiles))
            .collect();
        // What criteria look at comes first: there they cut the search short.
        inputs.sort_by_key(|input| !is_of_criteria(*input));
        let axes = inputs.into_iter().map(|input| axis(input, profiles));
        Self {
            profiles,
            axes: axes.collect(),
        }
    }

    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Searches for answers that meet the goal.
    pub fn reach(&self, goal: Goal<'_>) -> Reach {
        let orders = self.axes.iter().enumerate().map(|(at, axis)| {
            let given = goal.given.iter().find(|(axis, _)| *axis == at);
            let mut order: Vec<usize> = match given {
                Some((_, class)) => vec![*class],
                None => (0..axis.classes.len()).collect(),
            };
            if let Some(profile) = goal.profile {
                order.retain(|class| {
                    let effect = axis.classes[*class].effects[profile];
                    !effect.rules_out && !effect.leaves_open
                });
                order.sort_by_key(|class| promising(&axis.classes[*class], profile, goal.rivals));
                if !is_of_criteria(axis.input) {
                    undominated(&mut order, axis, profile, goal.rivals);
                }
            }
            order
        });
        let orders: Vec<_> = orders.collect();
        let mut search = Search {
            later: Later::of(self, &goal, &orders),
            space: self,
            goal,
            orders,
            answers: Answers::default(),
            gained: vec![0; self.profiles.len()],
            ruled_out: vec![0; self.profiles.len()],
            steps: 0,
        };
        match search.descend(0) {
            _ if search.steps > MOST_STEPS => Reach::Undecided,
            true => Reach::Yes(search.answers),
            false => Reach::No,
        }
    }

    /// By how much a class brings the profile before a rival, in points times points.
    fn lead(&self, class: &Class, profile: usize, rival: usize) -> i64 {
        let whole = |of: usize| i64::from(self.profiles[of].attainable());
        let points = |of: usize| i64::from(class.effects[of].points);
        points(profile) * whole(rival) - points(rival) * whole(profile)
    }
}

fn is_of_criteria(input: Input) -> bool {
    let mut all = Criterion::ALL.into_iter();
    all.any(|criterion| criterion.inputs().contains(&input))
}

/// Leaves out the classes that another one is at least as good as, for the profile and against every
/// rival. No criterion looks at the input.
fn undominated(order: &mut Vec<usize>, axis: &Axis, profile: usize, rivals: &[usize]) {
    let is_as_good = |one: usize, other: usize| {
        let (one, other) = (&axis.classes[one].effects, &axis.classes[other].effects);
        let against = |rival: &usize| {
            let (one, other) = (one[*rival], other[*rival]);
            one.rules_out || (one.points <= other.points && !other.rules_out)
        };
        one[profile].points >= other[profile].points && rivals.iter().all(against)
    };
    let mut kept: Vec<usize> = Vec::new();
    for class in order.iter().copied() {
        if !kept.iter().any(|other| is_as_good(*other, class)) {
            kept.retain(|other| !is_as_good(class, *other));
            kept.push(class);
        }
    }
    *order = kept;
}

/// What the axes from each depth on can bring at best.
#[derive(Debug)]
struct Later {
    /// Points of the profile.
    points: Vec<u32>,
    /// By rival: the lead over it.
    lead: Vec<Vec<i64>>,
    /// By rival: whether it may be ruled out.
    rules_out: Vec<Vec<bool>>,
}

impl Later {
    fn of(space: &Space<'_>, goal: &Goal<'_>, orders: &[Vec<usize>]) -> Self {
        let depths = space.axes.len();
        let mut later = Self {
            points: vec![0; depths + 1],
            lead: vec![vec![0; depths + 1]; goal.rivals.len()],
            rules_out: vec![vec![false; depths + 1]; goal.rivals.len()],
        };
        let Some(profile) = goal.profile else {
            return later;
        };
        for depth in (0..depths).rev() {
            let classes = || {
                let axis = &space.axes[depth];
                orders[depth].iter().map(|class| &axis.classes[*class])
            };
            let points = classes().map(|class| class.effects[profile].points);
            later.points[depth] = later.points[depth + 1] + points.max().unwrap_or_default();
            for (at, rival) in goal.rivals.iter().enumerate() {
                let lead = classes().map(|class| space.lead(class, profile, *rival));
                later.lead[at][depth] = later.lead[at][depth + 1] + lead.max().unwrap_or_default();
                later.rules_out[at][depth] = later.rules_out[at][depth + 1]
                    || classes().any(|class| class.effects[*rival].rules_out);
            }
        }
        later
    }
}

fn axis(input: Input, profiles: &[Profile]) -> Axis {
    let mut classes: Vec<(Vec<Values>, Option<Value>)> = if input == Input::HotPath {
        // A named path stops nothing that an unnamed one lets pass.
        let named = Some(Value::Text("named".to_owned()));
        vec![(vec![Values::Named(true)], named)]
    } else {
        domain::classes(input, profiles)
    };
    if !input.describe().required {
        classes.push((vec![Values::Absent], None));
    }
    let classes = classes.into_iter().map(|(values, answer)| Class {
        effects: profiles
            .iter()
            .map(|profile| effect(profile, input, answer.as_ref()))
            .collect(),
        values,
        answer,
    });
    Axis {
        input,
        classes: classes.collect(),
    }
}

fn effect(profile: &Profile, input: Input, answer: Option<&Value>) -> Effect {
    let answers: Answers = answer
        .map(|answer| (input, answer.clone()))
        .into_iter()
        .collect();
    let mut effect = Effect::default();
    let constraints = profile.constraints.iter();
    for constraint in constraints.filter(|constraint| constraint.input == input) {
        let hard = constraint.weight == Weight::Hard;
        match constraint.outcome(&answers) {
            Outcome::Pass => effect.points += constraint.points,
            Outcome::Fail => effect.rules_out |= hard,
            Outcome::Unknown => effect.leaves_open |= hard,
        }
    }
    effect
}

/// What helps the profile most and its rivals least comes first.
fn promising(class: &Class, profile: usize, rivals: &[usize]) -> (i64, usize) {
    let own = i64::from(class.effects[profile].points);
    let theirs: i64 = rivals
        .iter()
        .map(|rival| class.effects[*rival])
        .map(|effect| {
            if effect.rules_out {
                -1_000
            } else {
                i64::from(effect.points)
            }
        })
        .sum();
    (theirs - own, usize::from(class.answer.is_none()))
}

struct Search<'s, 'a> {
    space: &'s Space<'a>,
    goal: Goal<'s>,
    /// The classes that are tried, by axis.
    orders: Vec<Vec<usize>>,
    later: Later,
    answers: Answers,
    gained: Vec<u32>,
    /// How many answers rule each profile out.
    ruled_out: Vec<u32>,
    steps: usize,
}

impl Search<'_, '_> {
    /// Tries every class of the axes from `depth` on; the answers stand when it holds.
    fn descend(&mut self, depth: usize) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS || !self.is_open(depth) {
            return false;
        }
        let Some(axis) = self.space.axes.get(depth) else {
            return true;
        };
        for class in self.orders[depth].clone() {
            let class = &axis.classes[class];
            let before = self.answers.clone();
            self.answers = before.with(axis.input, class.answer.clone());
            self.apply(class, true);
            if self.descend(depth + 1) {
                return true;
            }
            self.apply(class, false);
            self.answers = before;
        }
        false
    }

    fn apply(&mut self, class: &Class, forward: bool) {
        for (profile, effect) in class.effects.iter().enumerate() {
            let (points, out) = (effect.points, u32::from(effect.rules_out));
            if forward {
                self.gained[profile] += points;
                self.ruled_out[profile] += out;
            } else {
                self.gained[profile] -= points;
                self.ruled_out[profile] -= out;
            }
        }
    }

    /// Whether the goal can still be met, whatever the axes from `depth` on bring.
    fn is_open(&self, depth: usize) -> bool {
        let stopped = Criterion::ALL.into_iter().any(|criterion| {
            let outcome = criterion.outcome(&self.answers);
            // An axis that was not reached may still bring its answer.
            let mut later = self.space.axes.iter().skip(depth);
            let waits = later.any(|axis| criterion.inputs().contains(&axis.input));
            match outcome {
                Outcome::Fail => !waits || criterion != Criterion::HotPathUnnamed,
                Outcome::Unknown => !waits,
                Outcome::Pass => false,
            }
        });
        if stopped {
            return false;
        }
        let Some(profile) = self.goal.profile else {
            return true;
        };
        let profiles = self.space.profiles;
        let whole = |of: usize| i64::from(profiles[of].attainable());
        let gained = |of: usize| i64::from(self.gained[of]);
        let most = gained(profile) + i64::from(self.later.points[depth]);
        if most * 2 < whole(profile) {
            return false;
        }
        self.goal.rivals.iter().enumerate().all(|(at, rival)| {
            let lead = gained(profile) * whole(*rival) - gained(*rival) * whole(profile)
                + self.later.lead[at][depth];
            let wins_ties = profiles[profile].name < profiles[*rival].name;
            let falls = self.ruled_out[*rival] > 0 || self.later.rules_out[at][depth];
            falls || lead > 0 || (lead == 0 && wins_ties)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::{arbitrary, evaluate};

    /// A reached profile is the pick of the answers that are named; one that is not reached is the
    /// pick of no answers that anybody tried.
    #[test]
    fn what_is_said_to_be_reached_is_and_nothing_else() {
        let (mut reached, mut unreached) = (0, 0);
        for seed in 0..60 {
            let mut random = fastrand::Rng::with_seed(seed);
            let shelf = arbitrary::shelf(&mut random);
            let profiles = shelf.profiles();
            let space = Space::of(profiles);
            let mut out_of_reach = Vec::new();
            for profile in 0..profiles.len() {
                let rivals: Vec<_> = (0..profiles.len())
                    .filter(|rival| *rival != profile)
                    .collect();
                let goal = Goal {
                    profile: Some(profile),
                    rivals: &rivals,
                    given: &[],
                };
                let name = profiles[profile].name.as_str();
                match space.reach(goal) {
                    Reach::Yes(answers) => {
                        let pick = evaluate::pick(&answers, profiles);
                        assert_eq!(pick.profile(), Some(name), "seed {seed}: {answers:?}");
                        reached += 1;
                    }
                    Reach::No => out_of_reach.push(name),
                    Reach::Undecided => panic!("seed {seed}: {name} took too many steps"),
                }
            }
            unreached += out_of_reach.len();
            for _ in 0..300 {
                let answers = arbitrary::answers(&mut random, profiles);
                if let Some(name) = evaluate::pick(&answers, profiles).profile() {
                    assert!(
                        !out_of_reach.contains(&name),
                        "seed {seed}: {name} {answers:?}"
                    );
                }
            }
        }
        assert!(reached > 100 && unreached > 5, "{reached} and {unreached}");
    }
}
