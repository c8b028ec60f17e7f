//! The settings of `backsmith doctor` and `backsmith completions`.

use super::config::Config;
use super::migrate::{self, Database};
use super::{Context, Format, ReportOptions};
use crate::cli;
use crate::failure::Failure;

/// What `doctor` looks at.
#[derive(Clone, Debug)]
pub struct Request {
    pub report: ReportOptions,
    pub config: Config,
    /// The database, and where its URL came from.
    pub database: Option<Database>,
}

/// Which completions to print.
#[derive(Clone, Copy, Debug)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

pub(super) fn resolve(arguments: &cli::Doctor, context: &Context) -> Result<Request, Failure> {
    Ok(Request {
        report: context.report_options(&[Format::Human, Format::Json])?,
        config: context.config.clone(),
        database: migrate::database(arguments.connection.as_deref(), context),
    })
}

pub(super) fn resolve_completions(arguments: &cli::Completions) -> Completions {
    Completions {
        shell: arguments.shell.into(),
    }
}
