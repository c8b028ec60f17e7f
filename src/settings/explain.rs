//! The settings of `backsmith explain`.

use super::{Context, Format};
use crate::cli;
use crate::failure::Failure;

/// Which page to print; the list of all without a name.
#[derive(Clone, Debug)]
pub struct Request {
    pub subject: Option<String>,
    pub format: Format,
}

pub(super) fn resolve(arguments: cli::Explain, context: &Context) -> Result<Request, Failure> {
    let mut formats = vec![Format::Human, Format::Json];
    if arguments.subject.is_some() {
        formats.push(Format::Markdown);
    }
    Ok(Request {
        format: context.report_options(&formats)?.format,
        subject: arguments.subject,
    })
}
