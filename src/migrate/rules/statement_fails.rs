//! `statement-fails`: Postgres refused the statement on a copy of the schema.

use crate::catalog::effect::Outcome;
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Finding, Rehearsal};
use crate::text::Span;

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        if let Outcome::Failed(fault) = &step.outcome {
            let message = format!("{} ({})", fault.message, fault.code);
            let mut finding = step.finding("statement-fails", Severity::Error, message);
            finding.diagnostic.span = Some(Span::new(&step.span.file, fault.range.clone()));
            finding.diagnostic.help = fault.hint.clone().or_else(|| fault.detail.clone());
            findings.push(finding);
        }
    }
}
