//! Which indexes the workload would use: candidates from the shapes of its statements, and the choice
//! among them by what the planner says. Asking the planner is not done here.

mod candidates;
mod select;

use crate::catalog::plans::Measured;
use crate::catalog::statistics::{Statement, Statistics};
use crate::migrate::advise::Finding;

pub use candidates::{Candidate, Plan, plan};

/// A statement that suggestions are judged by.
#[derive(Clone, Debug)]
pub struct Query {
    pub statement: Statement,
    /// Whether it is the look-up that a foreign key causes, not one of the workload.
    pub of_foreign_key: bool,
}

/// Suggestions, best first, and what else there was.
#[derive(Clone, Debug, Default)]
pub struct Suggestions {
    pub chosen: Vec<Suggestion>,
    pub considered: Vec<Considered>,
    /// Statements whose cost the planner gave.
    pub judged: usize,
    /// Statements that were not understood, or that the server refused to plan.
    pub not_judged: usize,
}

/// One index to make.
#[derive(Clone, Debug)]
pub struct Suggestion {
    pub finding: Finding,
    /// Label of the table and keys: `items (order_id)`.
    pub label: String,
    pub query: String,
    pub calls: i64,
    pub before: f64,
    pub after: f64,
    pub verified: Verified,
    /// Under which plans the cost falls: `generic`, `constant`.
    pub plans: Vec<&'static str>,
    pub bytes: i64,
    /// Writes to its table within the workload.
    pub writes: i64,
    /// Other statements that it serves.
    pub also_serves: usize,
}

/// How the cost with the index is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The planner chose it as a hypothetical index.
    Hypopg,
    /// By the statistics of its columns alone.
    Estimated,
}

/// A candidate that was not chosen, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Considered {
    /// `public.orders`.
    pub table: String,
    pub label: String,
    pub keys: Vec<String>,
    pub predicate: Option<String>,
    pub bytes: Option<i64>,
    pub rejected: String,
}

/// Chooses among the candidates of a plan by what was measured.
pub fn choose(statistics: &Statistics, plan: &Plan, measured: &Measured) -> Suggestions {
    select::choose(statistics, plan, measured)
}
