//! From answers and profiles to a pick: kill criteria first, then what is missing, then the points.

use super::constraint::{Constraint, Outcome, Weight};
use super::criteria::Criterion;
use super::input::{Answers, Input};
use super::profile::Profile;

/// What the engine says of one set of answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pick {
    /// The profile of this name.
    Recommended(String),
    /// No profile reaches half of its points; the nearest one.
    NoFit { nearest: String },
    /// These criteria stop it.
    Stopped(Vec<Criterion>),
    /// These answers are needed first.
    Refused(Vec<Input>),
}

/// How one profile does.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    pub profile: &'a Profile,
    pub score: u32,
    pub of: u32,
    /// Every constraint with its outcome, in the order of the profile.
    pub outcomes: Vec<(&'a Constraint, Outcome)>,
    eliminated: bool,
}

impl Pick {
    /// Whether both say the same of the user's question; which profile came nearest does not count,
    /// and neither does which answers a refusal asks for.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NoFit { .. }, Self::NoFit { .. }) | (Self::Refused(_), Self::Refused(_)) => true,
            _ => self == other,
        }
    }

    pub const fn status(&self) -> &'static str {
        match self {
            Self::Recommended(_) => "recommended",
            Self::NoFit { .. } => "no_fit",
            Self::Stopped(_) | Self::Refused(_) => "refused",
        }
    }

    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Recommended(name) => Some(name),
            _ => None,
        }
    }
}

impl<'a> Standing<'a> {
    fn of(profile: &'a Profile, answers: &Answers) -> Self {
        let outcomes: Vec<_> = profile
            .constraints
            .iter()
            .map(|constraint| (constraint, constraint.outcome(answers)))
            .collect();
        let passed = outcomes
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Pass);
        Self {
            profile,
            score: passed.map(|(constraint, _)| constraint.points).sum(),
            of: profile.attainable(),
            eliminated: outcomes.iter().any(|(constraint, outcome)| {
                constraint.weight == Weight::Hard && *outcome == Outcome::Fail
            }),
            outcomes,
        }
    }

    pub fn with_outcome(&self, wanted: Outcome) -> impl Iterator<Item = &'a Constraint> {
        self.outcomes
            .iter()
            .filter(move |(_, outcome)| *outcome == wanted)
            .map(|(constraint, _)| *constraint)
    }

    /// The hard constraints that it misses.
    pub fn eliminated_by(&self) -> Vec<Input> {
        self.hard(Outcome::Fail)
    }

    pub const fn is_eliminated(&self) -> bool {
        self.eliminated
    }

    fn hard(&self, outcome: Outcome) -> Vec<Input> {
        let constraints = self.with_outcome(outcome);
        constraints
            .filter(|constraint| constraint.weight == Weight::Hard)
            .map(|constraint| constraint.input)
            .collect()
    }

    /// At least half of what it could reach.
    fn fits(&self) -> bool {
        !self.is_eliminated() && self.score * 2 >= self.of
    }

    /// Shares of the attainable points, compared without division.
    fn share(&self, other: &Self) -> std::cmp::Ordering {
        let left = u64::from(self.score) * u64::from(other.of);
        left.cmp(&(u64::from(other.score) * u64::from(self.of)))
    }

    /// Whether this one has at least 85 % of the other's share.
    pub fn is_within_15_percent_of(&self, best: &Self) -> bool {
        let own = u64::from(self.score) * u64::from(best.of) * 100;
        own >= u64::from(best.score) * u64::from(self.of) * 85
    }

    /// Whether both have the same share, so that the name decided.
    pub fn ties_with(&self, other: &Self) -> bool {
        self.is_eliminated() == other.is_eliminated() && self.share(other).is_eq()
    }

    /// Whole per cent that it is behind, rounded.
    pub fn percent_behind(&self, best: &Self) -> u64 {
        let own = u64::from(self.score) * u64::from(best.of);
        let whole = u64::from(best.score) * u64::from(self.of);
        (whole.saturating_sub(own) * 200 + whole)
            .checked_div(whole * 2)
            .unwrap_or_default()
    }
}

/// All profiles, best first: those that a hard constraint rules out come last, ties are broken by name.
pub fn rank<'a>(answers: &Answers, profiles: &'a [Profile]) -> Vec<Standing<'a>> {
    let mut standings: Vec<_> = profiles
        .iter()
        .map(|profile| Standing::of(profile, answers))
        .collect();
    standings.sort_by(|a, b| {
        a.is_eliminated()
            .cmp(&b.is_eliminated())
            .then_with(|| b.share(a))
            .then_with(|| a.profile.name.cmp(&b.profile.name))
    });
    standings
}

/// The runner-up: the second that fits and comes within 15 % of the first.
pub fn runner_up<'s, 'a>(standings: &'s [Standing<'a>]) -> Option<&'s Standing<'a>> {
    let [best, second, ..] = standings else {
        return None;
    };
    (second.fits() && second.is_within_15_percent_of(best)).then_some(second)
}

/// The required answers that are not known.
pub fn missing(answers: &Answers) -> Vec<Input> {
    Input::ALL
        .into_iter()
        .filter(|input| input.describe().required && answers.get(*input).is_none())
        .collect()
}

/// Decides. What is certain comes first: a criterion that holds stops, whatever is missing.
pub fn pick(answers: &Answers, profiles: &[Profile]) -> Pick {
    let outcomes = Criterion::ALL.map(|criterion| (criterion, criterion.outcome(answers)));
    let criteria = |wanted| {
        outcomes
            .into_iter()
            .filter(move |(_, outcome)| *outcome == wanted)
            .map(|(criterion, _)| criterion)
    };
    let stopped: Vec<_> = criteria(Outcome::Fail).collect();
    if !stopped.is_empty() {
        return Pick::Stopped(stopped);
    }
    let mut needed = missing(answers);
    for criterion in criteria(Outcome::Unknown) {
        let unknown = criterion.tests().iter().map(|(input, _)| *input);
        needed.extend(unknown.filter(|input| answers.get(*input).is_none()));
    }
    if needed.is_empty()
        && let Some(best) = rank(answers, profiles).first()
    {
        if !best.fits() {
            return Pick::NoFit {
                nearest: best.profile.name.clone(),
            };
        }
        needed = best.hard(Outcome::Unknown);
        if needed.is_empty() {
            return Pick::Recommended(best.profile.name.clone());
        }
    }
    needed.sort_unstable();
    needed.dedup();
    Pick::Refused(needed)
}
