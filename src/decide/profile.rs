//! A profile: the backend shape that a team can copy, the constraints under which it fits, and what
//! it promises. Its file is read with every fault in it at its place.

mod document;
mod extension;
mod reading;

use indexmap::IndexMap;

use super::constraint::{Constraint, Test};
use super::input::{Answers, Input, Value};
use crate::text::Span;
pub use document::json_schema;
pub(super) use extension::merge;
pub use reading::unexpected;
pub(super) use reading::{Draft, draft, finish};

/// A profile that was checked.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    pub description: String,
    pub constraints: Vec<Constraint>,
    pub stack: IndexMap<String, String>,
    pub anti_recommendations: Vec<String>,
    pub floor: Floor,
    pub approvers: Vec<Approver>,
    pub references: Vec<String>,
    pub provenance: Provenance,
    /// Where its name stands.
    pub name_span: Span,
}

/// The targets that a profile promises at least.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// Milliseconds.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub uptime_percent: f64,
    /// Seconds.
    pub rpo: u64,
    pub rto: u64,
}

#[derive(Clone, Debug)]
pub struct Approver {
    pub role: String,
    pub name: Option<String>,
    pub(super) when: Option<(Input, Test)>,
}

/// Which bytes a profile was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// `built in`, or the file.
    pub origin: String,
    pub sha256: String,
    /// Where the profile of the same name came from that this one replaces.
    pub replaces: Option<String>,
    /// The profiles that it extends, nearest first.
    pub extends: Vec<Ancestor>,
}

/// A profile that another one extends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    pub name: String,
    pub origin: String,
    pub sha256: String,
}

impl Profile {
    /// The most points that it can reach.
    pub fn attainable(&self) -> u32 {
        self.constraints
            .iter()
            .map(|constraint| constraint.points)
            .sum()
    }
}

impl Floor {
    /// Failure that the uptime allows in 30 days, in seconds.
    pub fn error_budget_seconds(&self) -> u64 {
        const MONTH: f64 = 30.0 * 86_400.0;
        ((100.0 - self.uptime_percent) / 100.0 * MONTH).round() as u64
    }
}

impl Approver {
    /// Whether this approval is needed, and what of the answers asks for it.
    pub fn required(&self, answers: &Answers) -> bool {
        match &self.when {
            None => true,
            Some((input, test)) => answers.get(*input).is_some_and(|value| test.holds(value)),
        }
    }

    /// Whether this input decides if it is needed.
    pub fn looks_at(&self, input: Input) -> bool {
        self.when.as_ref().is_some_and(|(other, _)| *other == input)
    }

    /// The value that asks for it, where it is not always asked.
    pub fn because<'a>(&self, answers: &'a Answers) -> Option<&'a Value> {
        self.when
            .as_ref()
            .and_then(|(input, _)| answers.get(*input))
    }
}
