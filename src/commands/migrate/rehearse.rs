//! `backsmith migrate --migrate --dry-run`.

use crate::failure::{Failure, Verdict};
use crate::settings::migrate::Rehearse as Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input(
        "`migrate --migrate --dry-run` is not part of this build yet",
    ))
}
