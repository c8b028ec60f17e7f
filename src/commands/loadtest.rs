//! `backsmith loadtest`: read, run the engine, render, judge.

use crate::failure::{Failure, Verdict};
use crate::settings::loadtest::Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input("`loadtest` is not part of this build"))
}
