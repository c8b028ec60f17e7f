//! `backsmith migrate --rollback`.

use crate::failure::{Failure, Verdict};
use crate::settings::migrate::Rollback as Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input(
        "`migrate --rollback` is not part of this build yet",
    ))
}
