//! `unvalidated-constraint`: added NOT VALID and never validated, so that old rows may break it and the
//! planner does not trust it.

use super::{Fact, Finding, Mend, Subject};
use crate::catalog::statistics::quoted;
use crate::diagnostic::Severity;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for constraint in &subject.statistics.unvalidated {
        let Some(table) = subject.statistics.table(constraint.table) else {
            continue;
        };
        findings.push(Finding {
            columns: constraint.columns.clone(),
            message: format!(
                "{}: the constraint {} was never validated",
                table.label(),
                constraint.name
            ),
            because: constraint.definition.clone(),
            evidence: vec![
                ("constraint", Fact::Text(constraint.name.clone())),
                ("definition", Fact::Text(constraint.definition.clone())),
                ("rows", Fact::Number(table.rows)),
            ],
            mend: Mend::Statement {
                up: format!(
                    "ALTER TABLE {} VALIDATE CONSTRAINT {}",
                    table.quoted(),
                    quoted(&constraint.name)
                ),
                down: None,
                alone: false,
            },
            ..Finding::new("unvalidated-constraint", Severity::Warning, table)
        });
    }
}
