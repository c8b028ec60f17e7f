//! The decision engine: what is known of a backend's constraints, the profiles that may fit, and what
//! follows. Deterministic, refuses to guess, never approves. Values in, values out.

#[cfg(test)]
pub(crate) mod arbitrary;
pub mod composition;
mod conformity;
pub mod constraint;
pub mod criteria;
mod decision;
pub mod domain;
pub mod evaluate;
pub mod forcing;
pub mod golden;
pub mod input;
pub mod lint;
pub mod missing;
pub mod profile;
pub mod reach;
pub mod sensitivity;
mod shelf;
mod tradeoff;
pub mod ways_on;

pub use decision::{Approval, Decision, Promise, PromiseSource, RunnerUp, decide};
pub use input::{Answers, Given, Input, Inputs, Origin, Value};
pub use shelf::{Shelf, Shelved, shipped_decisions};
