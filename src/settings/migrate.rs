//! The settings of `backsmith migrate`.

use super::Context;
use crate::cli;
use crate::failure::Failure;

/// What one run of `migrate` was asked to do.
#[derive(Clone, Debug)]
pub struct Request {}

pub(super) fn resolve(_arguments: cli::Migrate, _context: &Context) -> Result<Request, Failure> {
    Ok(Request {})
}
