//! A comparison for CI systems: what differs when nothing may differ, what would be lost, what may be
//! a rename.

use crate::diagnostic::Severity;
use crate::migrate::comparison::{Comparison, Outcome};
use crate::migrate::diff::{Change, ChangeKind};
use crate::report::annotation::{Annotation, Place};

/// All findings; none when both sides are equal.
pub(super) fn annotations(comparison: &Comparison) -> Vec<Annotation> {
    let mut annotations = Vec::new();
    if comparison.outcome == Outcome::Drift {
        annotations.extend(
            comparison
                .changes
                .iter()
                .map(|change| drift(comparison, change)),
        );
    }
    for judged in &comparison.hazards {
        let code = judged.hazard.kind.code();
        annotations.push(Annotation {
            code: code.to_owned(),
            severity: if judged.allowed {
                Severity::Warning
            } else {
                Severity::Error
            },
            message: judged
                .evidence
                .clone()
                .unwrap_or_else(|| judged.hazard.message.clone()),
            place: Place::Object(judged.hazard.object()),
            help: (!judged.allowed).then(|| format!("`--allow {code}` accepts it")),
        });
    }
    for proposal in &comparison.proposals {
        let rename = &proposal.rename;
        annotations.push(Annotation {
            code: "possible-rename".to_owned(),
            severity: Severity::Info,
            message: format!(
                "it may have become {}: {}",
                rename.new.name(),
                proposal.reason
            ),
            place: Place::Object(rename.old.name()),
            help: Some(format!("`{}` confirms it", proposal.flag())),
        });
    }
    annotations
}

fn drift(comparison: &Comparison, change: &Change) -> Annotation {
    let (from, to) = (&comparison.from.name, &comparison.to.name);
    let kind = change.id.kind.name();
    let state = |text: &Option<String>| match text.as_deref() {
        Some(text) if !text.is_empty() => format!(": {text}"),
        _ => String::new(),
    };
    let message = match change.kind {
        ChangeKind::Create => format!(
            "{kind} is in {to} and not in {from}{}",
            state(&change.after)
        ),
        ChangeKind::Drop => format!(
            "{kind} is in {from} and not in {to}{}",
            state(&change.before)
        ),
        ChangeKind::Alter | ChangeKind::Replace => match (&change.before, &change.after) {
            (Some(before), Some(after)) if before != after => {
                format!("{kind} is {before} in {from} and {after} in {to}")
            }
            _ => format!("{kind} is not the same in {from} and {to}"),
        },
    };
    Annotation {
        code: "drift".to_owned(),
        severity: Severity::Error,
        message: message.split_whitespace().collect::<Vec<_>>().join(" "),
        place: Place::Object(change.id.to_string()),
        help: None,
    }
}
