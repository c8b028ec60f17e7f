//! An API description becomes a server.

use crate::failure::{Failure, Verdict};
use crate::files::Input;
use crate::settings::scaffold::Request;
use crate::terminal::Terminal;

pub(super) fn run(
    _request: &Request,
    _input: &Input,
    _terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    Err(Failure::input(
        "reading documents is not part of this build",
    ))
}
