//! `backsmith doctor`: what this machine, this project and this database allow.

use crate::failure::{Failure, Verdict};
use crate::settings::doctor::Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input("`doctor` is not part of this build"))
}
