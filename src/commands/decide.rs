//! `backsmith decide`: read, run the engine, render, judge.

use crate::failure::{Failure, Verdict};
use crate::settings::decide::Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input("`decide` is not part of this build"))
}
