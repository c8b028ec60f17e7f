//! What `--analyze` and `--suggest-indexes` share: ignored findings, the verdict, CI formats, and the
//! report in a second format.

use std::io::{self, Write};

use crate::diagnostic::Severity;
use crate::failure::{Failure, Verdict};
use crate::files;
use crate::migrate::advise::{Finding, Mend};
use crate::report::annotation::{self, Annotation, Place};
use crate::settings::migrate::{FailOn, Ignore};
use crate::settings::{Format, ReportOptions};
use crate::terminal::Terminal;

/// Takes out what backsmith.toml ignores; returns how many that were.
pub(super) fn ignore(findings: &mut Vec<Finding>, ignored: &[Ignore]) -> usize {
    let before = findings.len();
    findings.retain(|finding| {
        !ignored
            .iter()
            .any(|entry| finding.is_named(&entry.code, entry.object.as_deref()))
    });
    before - findings.len()
}

pub(super) fn verdict<'a>(
    fail_on: FailOn,
    findings: impl IntoIterator<Item = &'a Finding>,
) -> Verdict {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Info => Severity::Info,
        FailOn::Never => return Verdict::Holds,
    };
    if findings
        .into_iter()
        .any(|finding| finding.severity >= least)
    {
        Verdict::Negative
    } else {
        Verdict::Holds
    }
}

/// Findings for CI formats; their places are objects of the database.
pub(super) fn annotations<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<Annotation> {
    let annotation = |finding: &Finding| Annotation {
        code: finding.code.to_owned(),
        severity: finding.severity,
        message: finding.message.clone(),
        place: Place::Object(match &finding.columns[..] {
            [column] => format!("{}.{column}", finding.table),
            _ => finding.table.clone(),
        }),
        help: Some(match &finding.mend {
            Mend::Statement { up, .. } => format!("{up};"),
            Mend::Decision(decision) => decision.clone(),
            Mend::Batch {
                statement, batched, ..
            } => batched.clone().unwrap_or_else(|| statement.clone()),
        }),
    };
    findings.into_iter().map(annotation).collect()
}

/// The format of a CI system; the others show more than findings.
pub(super) const fn ci(format: Format) -> Option<annotation::Format> {
    match format {
        Format::Sarif => Some(annotation::Format::Sarif),
        Format::Junit => Some(annotation::Format::Junit),
        Format::Github => Some(annotation::Format::Github),
        _ => None,
    }
}

/// Writes the report to standard output (to standard error when a file of the migration went there),
/// and once more to `--report FILE`.
pub(super) fn report(
    options: &ReportOptions,
    output_is_taken: bool,
    terminal: &mut Terminal,
    render: impl Fn(&mut dyn Write, Format) -> io::Result<()>,
) -> Result<(), Failure> {
    if output_is_taken {
        render(terminal.error_stream(), options.format)?;
    } else {
        render(terminal.output(), options.format)?;
    }
    if let Some((path, format)) = &options.report {
        let mut bytes = Vec::new();
        {
            let mut plain = anstream::StripStream::new(&mut bytes);
            render(&mut plain, *format)?;
        }
        files::write_atomically(path, &bytes)?;
    }
    Ok(())
}
