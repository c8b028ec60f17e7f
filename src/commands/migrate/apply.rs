//! `backsmith migrate --migrate`.

use crate::failure::{Failure, Verdict};
use crate::settings::migrate::Apply as Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input(
        "`migrate --migrate` is not part of this build yet",
    ))
}
