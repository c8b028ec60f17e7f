//! The settings of `backsmith loadtest`.

use super::Context;
use crate::cli;
use crate::failure::Failure;

/// What one run of `loadtest` was asked to do.
#[derive(Clone, Debug)]
pub struct Request {}

pub(super) fn resolve(_arguments: cli::Loadtest, _context: &Context) -> Result<Request, Failure> {
    Ok(Request {})
}
