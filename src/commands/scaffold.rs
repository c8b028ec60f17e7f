//! `backsmith scaffold`: read, run the engine, render, judge.

use crate::failure::{Failure, Verdict};
use crate::settings::scaffold::Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input("`scaffold` is not part of this build"))
}
