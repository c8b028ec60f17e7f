//! `drop-table`, `drop-column`: values that no rollback brings back.

use crate::catalog::effect::LostKind;
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Finding, Rehearsal};
use crate::text::number;

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    for step in &rehearsal.steps {
        let Some(effect) = step.effect() else {
            continue;
        };
        for lost in &effect.lost {
            // What the migration made itself holds nothing yet.
            let Some(live) = rehearsal.relations.get(&lost.relation) else {
                continue;
            };
            let rows = live.rows.map_or(String::new(), |rows| {
                format!(", about {}", number::counted(rows.unsigned_abs(), "row"))
            });
            let mut finding = match lost.kind {
                LostKind::Table => step.finding(
                    "drop-table",
                    Severity::Warning,
                    format!("the rows of `{}` are gone for good{rows}", lost.relation),
                ),
                LostKind::Column => step.finding(
                    "drop-column",
                    Severity::Warning,
                    format!(
                        "the values of `{}.{}` are gone for good{rows}",
                        lost.relation, lost.name
                    ),
                ),
                _ => continue,
            }
            .on(&lost.relation)
            .help("a rollback makes it anew, but empty: copy the values elsewhere first");
            if lost.kind == LostKind::Column {
                finding.columns.push(lost.name.clone());
            }
            findings.push(finding);
        }
    }
}
