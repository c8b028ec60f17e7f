//! The settings of `backsmith scaffold`.

use super::Context;
use crate::cli;
use crate::failure::Failure;

/// What one run of `scaffold` was asked to do.
#[derive(Clone, Debug)]
pub struct Request {}

pub(super) fn resolve(_arguments: cli::Scaffold, _context: &Context) -> Result<Request, Failure> {
    Ok(Request {})
}
