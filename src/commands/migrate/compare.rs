//! `backsmith migrate --compare`.

use crate::failure::{Failure, Verdict};
use crate::settings::migrate::Compare as Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input(
        "`migrate --compare` is not part of this build yet",
    ))
}
