//! `cascade-drops`: objects that the statement does not name are gone with it.

use crate::catalog::effect::LostKind;
use crate::catalog::{last_part, unquoted};
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Finding, Rehearsal};

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        let Some(effect) = step.effect() else {
            continue;
        };
        let lower = step.sql.to_lowercase();
        if !lower.contains("cascade") {
            continue;
        }
        let unnamed = effect.lost.iter().filter(|lost| {
            let bare = unquoted(last_part(&lost.name));
            lost.kind != LostKind::Sequence && !lower.contains(&bare.to_lowercase())
        });
        for lost in unnamed {
            let message = if lost.name == lost.relation {
                format!("CASCADE drops the {} `{}` too", lost.kind.name(), lost.name)
            } else {
                format!(
                    "CASCADE drops the {} `{}` of `{}` too",
                    lost.kind.name(),
                    lost.name,
                    lost.relation
                )
            };
            let finding = step
                .finding("cascade-drops", Severity::Warning, message)
                .on(&lost.relation)
                .help("drop it by its own name, so that the file says what goes");
            findings.push(finding);
        }
    }
}
