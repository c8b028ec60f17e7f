//! The settings of `backsmith decide`.

use super::Context;
use crate::cli;
use crate::failure::Failure;

/// What one run of `decide` was asked to do.
#[derive(Clone, Debug)]
pub struct Request {}

pub(super) fn resolve(_arguments: cli::Decide, _context: &Context) -> Result<Request, Failure> {
    Ok(Request {})
}
