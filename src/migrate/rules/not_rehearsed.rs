//! `not-rehearsed`: a statement whose effect is not known, with the reason.

use crate::catalog::effect::Outcome;
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Finding, Rehearsal};

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        if let Outcome::NotMeasured(reason) = &step.outcome {
            findings.push(step.finding(
                "not-rehearsed",
                Severity::Info,
                format!("not rehearsed: {reason}"),
            ));
        }
    }
}
