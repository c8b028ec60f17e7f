//! `not-null-violated` and its kin: rows of the live database that make a statement fail.

use crate::catalog::effect::Requirement;
use crate::diagnostic::Severity;
use crate::migrate::rehearsal::{Answer, Finding, Question, Rehearsal, Step};
use crate::text::number;

pub(super) fn check(rehearsal: &Rehearsal, findings: &mut Vec<Finding>) {
    // Rows that an earlier statement changes may be mended by it.
    let mut changed: Vec<&str> = Vec::new();
    let mut anything = false;
    for step in &rehearsal.steps {
        for (question, answer) in &step.questions {
            let relation = question.requirement.relation();
            let changed_before = anything || changed.contains(&relation);
            let finding = match answer {
                Answer::Rows { rows: 0, .. } => continue,
                // What a new column holds is for the run to say.
                Answer::Rows { .. } | Answer::Errors { .. }
                    if changed_before && question.asks_for_added =>
                {
                    let reason = "an earlier statement of the file fills what it adds";
                    unknown(step, question, reason)
                }
                Answer::Rows { rows, samples } => {
                    violated(step, question, Some(*rows), samples, changed_before)
                }
                Answer::Errors { message, samples } => {
                    let mut finding = violated(step, question, None, samples, changed_before);
                    finding.diagnostic.message.push_str(&format!(": {message}"));
                    finding
                }
                Answer::Unknown(reason) => unknown(step, question, reason),
            };
            findings.push(finding);
        }
        anything |= step.is_opaque;
        if let Some(effect) = step.effect()
            && effect.requirements.is_empty()
        {
            let written = effect
                .locks
                .iter()
                .filter(|lock| lock.mode == crate::catalog::effect::LockMode::RowExclusive);
            changed.extend(written.map(|lock| lock.relation.as_str()));
        }
    }
}

fn violated(
    step: &Step,
    question: &Question,
    rows: Option<i64>,
    samples: &[String],
    changed_before: bool,
) -> Finding {
    let short = |relation: &str| {
        relation
            .strip_prefix("public.")
            .unwrap_or(relation)
            .to_owned()
    };
    let relation = question.requirement.relation();
    let table = short(relation);
    let count = |what| match rows {
        Some(rows) => number::counted(rows.unsigned_abs(), what),
        None => format!("some {what}s"),
    };
    let counted = count("row");
    let (code, message, columns) = match &question.requirement {
        Requirement::NoRows { column, .. } => (
            "not-null-violated",
            format!("{counted} of {table} would have {column} NULL: the new column has no default"),
            vec![column.clone()],
        ),
        Requirement::NotNull { column, .. } => (
            "not-null-violated",
            format!("{counted} of {table} have {column} NULL"),
            vec![column.clone()],
        ),
        Requirement::Unique { index, keys, .. } => {
            let times = count("key");
            (
                "unique-violated",
                format!("{times} of {table} occur more than once in `{index}`"),
                keys.clone(),
            )
        }
        Requirement::ForeignKey {
            columns,
            referenced,
            ..
        } => {
            let message = format!(
                "{counted} of {table} have {} without a row of {}",
                columns.join(", "),
                short(referenced)
            );
            ("foreign-key-violated", message, columns.clone())
        }
        // A check that only says NOT NULL is told as what it is.
        Requirement::Check { expression, .. } if not_null_column(expression).is_some() => {
            let column = not_null_column(expression).unwrap_or_default().to_owned();
            (
                "not-null-violated",
                format!("{counted} of {table} have {column} NULL"),
                vec![column],
            )
        }
        Requirement::Check { constraint, .. } => (
            "check-violated",
            format!("{counted} of {table} fail the check `{constraint}`"),
            Vec::new(),
        ),
        Requirement::Fits {
            column, type_name, ..
        }
        | Requirement::Converts {
            column, type_name, ..
        } => (
            "value-does-not-fit",
            format!("{counted} of {table} have a {column} that is no {type_name}"),
            vec![column.clone()],
        ),
    };
    let (severity, message) = if changed_before {
        (
            Severity::Warning,
            format!("{message} now; an earlier statement changes the table"),
        )
    } else {
        (Severity::Error, message)
    };
    let mut finding = step.finding(code, severity, message).on(relation);
    finding.columns = columns;
    finding.rows = rows;
    finding.samples = samples.to_vec();
    finding.sql = Some(question.show.clone());
    finding
}

/// `(x IS NOT NULL)`, as Postgres prints it.
fn not_null_column(expression: &str) -> Option<&str> {
    let inner = expression.trim_start_matches('(').trim_end_matches(')');
    let column = inner.strip_suffix(" IS NOT NULL")?;
    column
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_')
        .then_some(column)
}

fn unknown(step: &Step, question: &Question, reason: &str) -> Finding {
    step.finding(
        "data-not-looked-up",
        Severity::Info,
        format!(
            "whether the rows of `{}` allow this is not known: {reason}",
            question.requirement.relation()
        ),
    )
    .on(question.requirement.relation())
}
