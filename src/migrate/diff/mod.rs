//! Catalog against catalog: what must be dropped, created, changed and rebuilt, in which order, and
//! the statements that do it. The way back is the same with the catalogs exchanged.

mod action;
mod closure;
mod compare;
mod describe;
mod graph;
mod hazard;
mod kept;
mod online;
mod plan;
mod state;

pub use action::{Action, Actions};
pub use hazard::{Hazard, HazardKind};
pub use plan::{
    Change, ChangeKind, Options, Plan, Section, Statement, both_ways, catalogs, in_one_transaction,
};
use state::State;
