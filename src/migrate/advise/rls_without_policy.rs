//! `rls-without-policy`: row security is on and no policy lets anybody see a row, the owner apart.

use super::{Fact, Finding, Mend, Subject};
use crate::diagnostic::Severity;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    for table in subject
        .tables()
        .filter(|table| table.row_security && table.policies == 0)
    {
        findings.push(Finding {
            message: format!(
                "{}: row security without a policy, nobody but the owner sees a row",
                table.label()
            ),
            because: "pg_class.relrowsecurity is true and pg_policy has no row for it".to_owned(),
            evidence: vec![("policies", Fact::Number(0))],
            mend: Mend::Decision(format!(
                "write the policies, or ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
                table.quoted()
            )),
            ..Finding::new("rls-without-policy", Severity::Warning, table)
        });
    }
}
