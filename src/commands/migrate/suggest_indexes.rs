//! `backsmith migrate --suggest-indexes`.

use crate::failure::{Failure, Verdict};
use crate::settings::migrate::SuggestIndexes as Request;
use crate::terminal::Terminal;

pub(super) fn run(_request: &Request, _terminal: &mut Terminal) -> Result<Verdict, Failure> {
    Err(Failure::input(
        "`migrate --suggest-indexes` is not part of this build yet",
    ))
}
