//! The settings of `backsmith man`.

use std::path::PathBuf;

use super::Context;
use crate::cli;
use crate::failure::Failure;

pub use crate::cli::ManualPage;

/// Which manual pages, and where to.
#[derive(Clone, Debug)]
pub struct Request {
    /// The words of a command, `scaffold` for one; none is backsmith itself.
    pub command: Vec<String>,
    /// A folder for the pages of all commands; without it one page is printed.
    pub output: Option<PathBuf>,
    pub dry_run: bool,
}

pub(super) fn resolve(arguments: cli::Man, _context: &Context) -> Request {
    Request {
        command: arguments.command,
        output: arguments.output,
        dry_run: arguments.dry_run,
    }
}

/// The pages of all commands.
pub(crate) fn pages() -> Result<Vec<ManualPage>, Failure> {
    cli::manual_pages().map_err(Failure::from)
}
