//! `n-plus-one`: a list is read with one statement, and then each of its rows causes one more. The
//! signature in the recorded workload: a child that is one equality on a key or a foreign key, called as
//! often as a parent gives rows, where a foreign key connects the two tables. Without a recorded workload
//! the foreign keys show where it may happen: `n-plus-one-risk`.

use super::{Confidence, Fact, Finding, Mend, Subject};
use crate::catalog::statistics::{Statement, Statistics, Table, Workload, quoted};
use crate::diagnostic::Severity;
use crate::migrate::workload::{self, Kind, Shape, Test, Unread};
use crate::text::number::{count, counted, milliseconds};

/// Fewer calls prove nothing.
const FEWEST_CALLS: i64 = 20;
/// Child calls to each parent call; below, it is no loop.
const SMALLEST_RATIO: f64 = 3.0;
/// How far calls and rows may be apart: pages that were left early, rows that were cached.
const LARGEST_GAP: f64 = 0.25;
const EXACT_GAP: f64 = 0.02;
/// Total time from which the loop hurts.
const ERROR_MS: f64 = 10_000.0;
const WARNING_MS: f64 = 1_000.0;
const MOST_RISKS: usize = 10;

/// A recorded statement and its shape.
struct Known<'a> {
    statement: &'a Statement,
    shape: Shape,
}

/// Returns how many statements on these tables were not understood.
pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) -> usize {
    let statistics = subject.statistics;
    match &statistics.workload {
        Workload::Recorded(statements) => {
            let mut known = Vec::with_capacity(statements.len());
            let mut not_understood = 0;
            for statement in statements {
                match workload::shape(&statement.query, statistics) {
                    Ok(shape) => known.push(Known { statement, shape }),
                    Err(Unread::NotUnderstood) => not_understood += 1,
                    Err(Unread::Elsewhere) => {}
                }
            }
            for child in &known {
                if let Some(finding) = loop_of(subject, child, &known) {
                    findings.push(finding);
                }
            }
            not_understood
        }
        Workload::Missing(_) => {
            risks(subject, findings);
            0
        }
        Workload::NotApplicable => 0,
    }
}

fn loop_of(subject: &Subject<'_>, child: &Known<'_>, known: &[Known<'_>]) -> Option<Finding> {
    let statistics = subject.statistics;
    let (table, column) = looked_up(statistics, child)?;
    let candidates = known.iter().filter_map(|parent| {
        let gap = gap(parent, child)?;
        let connected = parent
            .shape
            .tables
            .iter()
            .any(|other| connection(statistics, *other, table, &column).is_some());
        connected.then_some((gap, parent))
    });
    let (gap, parent) = candidates.min_by(|a, b| {
        a.0.total_cmp(&b.0)
            .then_with(|| a.1.statement.query.cmp(&b.1.statement.query))
    })?;
    let (parent_table, linking) = parent
        .shape
        .tables
        .iter()
        .find_map(|other| Some((*other, connection(statistics, *other, table, &column)?)))?;
    let table = statistics.table(table)?;
    let parent_table = statistics.table(parent_table)?;
    let projection = &parent.shape.projection;
    let gives_the_value = projection.all
        || projection
            .columns
            .iter()
            .any(|(id, name)| *id == parent_table.id && *name == linking);
    let confidence = match (gap <= EXACT_GAP, gives_the_value) {
        (true, true) => Confidence::High,
        (true, false) | (false, true) => Confidence::Medium,
        (false, false) => Confidence::Low,
    };
    let total = child.statement.total_ms;
    let severity = match (total, confidence) {
        (_, Confidence::Low) => Severity::Info,
        (total, _) if total >= ERROR_MS => Severity::Error,
        (total, _) if total >= WARNING_MS => Severity::Warning,
        _ => Severity::Info,
    };
    let (outer, inner) = (parent.statement, child.statement);
    let each = (outer.rows as f64 / outer.calls as f64).round() as i64;
    Some(Finding {
        columns: vec![column.clone()],
        message: format!(
            "a list of {} runs 1 + {} for {}",
            parent_table.label(),
            counted(each, "query"),
            table.label()
        ),
        because: format!(
            "confidence {}: {} for {} of the parent, {} in all, {} each; a foreign key connects {} and {}",
            confidence.name(),
            counted(inner.calls, "call"),
            counted(outer.rows, "row"),
            milliseconds(total),
            milliseconds(total / inner.calls as f64),
            parent_table.label(),
            table.label(),
        ),
        evidence: vec![
            ("parent", Fact::Text(one_line(&outer.query))),
            ("parent_calls", Fact::Number(outer.calls)),
            ("parent_rows", Fact::Number(outer.rows)),
            ("parent_total_ms", Fact::Decimal(outer.total_ms)),
            ("child_calls", Fact::Number(inner.calls)),
            ("child_rows", Fact::Number(inner.rows)),
            ("child_total_ms", Fact::Decimal(total)),
            ("gap_percent", Fact::Decimal((gap * 1000.0).round() / 10.0)),
        ],
        mend: Mend::Batch {
            statement: one_line(&inner.query),
            batched: child.shape.batched.clone(),
            confidence,
        },
        weight: total,
        ..Finding::new("n-plus-one", severity, table)
    })
}

/// The table and column of a child: a SELECT from one table by one equality, on a whole key or on the
/// column of a foreign key.
fn looked_up(statistics: &Statistics, child: &Known<'_>) -> Option<(i64, String)> {
    let shape = &child.shape;
    let ([table], [condition]) = (&shape.tables[..], &shape.conditions[..]) else {
        return None;
    };
    let is_equality = matches!(condition.test, Test::Equal(_));
    if shape.kind != Kind::Select
        || !shape.is_whole
        || !is_equality
        || condition.key.is_expression
        || shape.projection.is_aggregate
        || child.statement.calls < FEWEST_CALLS
    {
        return None;
    }
    let column = &condition.key.column;
    let is_key = statistics.indexes_of(*table).any(|index| {
        index.is_unique && index.predicate.is_none() && index.keys == [quoted(column)]
    });
    let references = statistics
        .foreign_keys
        .iter()
        .any(|key| key.table == *table && key.columns == [column.clone()]);
    (is_key || references).then(|| (*table, column.clone()))
}

/// How far the rows of the parent and the calls of the child are apart, from 0 to `LARGEST_GAP`.
fn gap(parent: &Known<'_>, child: &Known<'_>) -> Option<f64> {
    let (outer, inner) = (parent.statement, child.statement);
    if parent.shape.kind != Kind::Select
        || parent.shape.projection.is_aggregate
        || std::ptr::eq(outer, inner)
        || outer.user != inner.user
        || outer.calls == 0
        || (inner.calls as f64) < SMALLEST_RATIO * outer.calls as f64
    {
        return None;
    }
    let (rows, calls) = (outer.rows as f64, inner.calls as f64);
    let gap = (rows - calls).abs() / rows.max(calls);
    (gap <= LARGEST_GAP).then_some(gap)
}

/// The column of `parent` whose values a child on `child.column` is called with.
fn connection(statistics: &Statistics, parent: i64, child: i64, column: &str) -> Option<String> {
    statistics.foreign_keys.iter().find_map(|key| {
        let ([own], [theirs]) = (&key.columns[..], &key.referenced_columns[..]) else {
            return None;
        };
        if key.table == child && own == column && key.referenced == parent {
            return Some(theirs.clone());
        }
        if key.table == parent && key.referenced == child && theirs == column {
            return Some(own.clone());
        }
        None
    })
}

/// Tables whose lists may cause a loop, those with the most relations first.
fn risks(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let statistics = subject.statistics;
    let mut risky: Vec<(&Table, Vec<String>)> = Vec::new();
    for table in subject.tables() {
        let mut related: Vec<String> = Vec::new();
        for key in &statistics.foreign_keys {
            let other = if key.table == table.id {
                key.referenced
            } else if key.referenced == table.id {
                key.table
            } else {
                continue;
            };
            let Some(other) = statistics.table(other) else {
                continue;
            };
            let columns = if key.table == table.id {
                &key.referenced_columns
            } else {
                &key.columns
            };
            related.push(format!("{} by {}", other.label(), columns.join(", ")));
        }
        related.sort();
        related.dedup();
        if !related.is_empty() && !subject.is_negligible(table) {
            risky.push((table, related));
        }
    }
    risky.sort_by(|a, b| {
        b.1.len()
            .cmp(&a.1.len())
            .then_with(|| a.0.qualified().cmp(&b.0.qualified()))
    });
    let total = risky.len();
    for (table, related) in risky.into_iter().take(MOST_RISKS) {
        findings.push(Finding {
            message: format!(
                "a list of {} may run one query a row for {}",
                table.label(),
                related.join("; ")
            ),
            because: "a risk, not a finding: without pg_stat_statements no query was seen"
                .to_owned(),
            evidence: vec![
                ("related", Fact::List(related.clone())),
                ("tables_with_this_risk", Fact::Number(total as i64)),
            ],
            mend: Mend::Decision(format!(
                "load pg_stat_statements to see whether it happens ({} of {} tables are shown)",
                count(total.min(MOST_RISKS) as i64),
                count(total as i64)
            )),
            weight: related.len() as f64,
            ..Finding::new("n-plus-one-risk", Severity::Info, table)
        });
    }
}

/// Blanks and line ends of a statement made single, outside of a text that a reader copies.
fn one_line(query: &str) -> String {
    query.split_whitespace().collect::<Vec<_>>().join(" ")
}
