//! `backsmith migrate`: read, run the engine, render, judge.

use crate::failure::{Failure, Verdict};
use crate::settings::migrate::Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input("`migrate` is not part of this build"))
}
