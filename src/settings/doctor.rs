//! The settings of `backsmith doctor` and `backsmith completions`.

use super::config::Config;
use super::{Context, Format, ReportOptions};
use crate::cli;
use crate::failure::Failure;
use crate::redact::SecretUrl;

/// What `doctor` looks at.
#[derive(Clone, Debug)]
pub struct Request {
    pub report: ReportOptions,
    pub config: Config,
    /// The database, and where its URL came from.
    pub connection: Option<(SecretUrl, &'static str)>,
}

/// Which completions to print.
#[derive(Clone, Copy, Debug)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

pub(super) fn resolve(arguments: cli::Doctor, context: &Context) -> Result<Request, Failure> {
    let given = std::env::var("DATABASE_URL").ok();
    let connection = match (arguments.connection, &context.config.migrate.connection) {
        (Some(url), _) => {
            let origin = if given.as_ref() == Some(&url) {
                "DATABASE_URL"
            } else {
                "--connection"
            };
            Some((SecretUrl::new(url), origin))
        }
        (None, Some(url)) => Some((url.clone(), "backsmith.toml")),
        (None, None) => None,
    };
    Ok(Request {
        report: context.report_options(&[Format::Human, Format::Json])?,
        config: context.config.clone(),
        connection,
    })
}

pub(super) fn resolve_completions(arguments: &cli::Completions) -> Completions {
    Completions {
        shell: arguments.shell.into(),
    }
}
