//! Indexes to make and to drop: each statement with the size of what it is about.

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::text::Html;
use crate::catalog::statistics::{Index, Statistics};
use crate::migrate::advise::{Finding, cures};
use crate::text::number::{bytes, count};

pub(super) const ADDS: &str = "CREATE ";
pub(super) const DROPS: &str = "DROP INDEX ";

pub(super) fn section(findings: &[Finding], statistics: &Statistics) -> Option<Section> {
    let mut table = Table::new(&[
        "statement",
        "why",
        ">rows of the table",
        ">size of the table",
        ">scans of the index",
        ">size of the index",
    ])
    .shaped(Shape::Stack);
    for finding in findings {
        let Some(sql) = cures::statement(finding) else {
            continue;
        };
        if !(sql.starts_with(ADDS) || sql.starts_with(DROPS)) {
            continue;
        }
        let own = statistics
            .tables
            .iter()
            .find(|table| table.qualified() == finding.table);
        let index = index(finding, statistics);
        let or = |text: Option<String>| Cell::number(text.unwrap_or_else(|| "—".to_owned()));
        table.row([
            Cell::code(sql),
            Cell::code(finding.code),
            or(own.map(|table| count(table.rows))),
            or(own.map(|table| bytes(table.bytes as f64))),
            or(index.map(|index| count(index.scans))),
            or(index.map(|index| bytes(index.bytes as f64))),
        ]);
    }
    Some(Section {
        id: "indexes",
        title: "Index advice",
        parts: vec![
            Part::Note(Html::sentence(
                "A new index is written at every insert; its size is known when it is built. \
                 `--suggest-indexes` asks the planner what the recorded workload would gain.",
            )),
            table.part()?,
        ],
    })
}

/// The bytes of the indexes that can go.
pub(super) fn dropped(findings: &[Finding], statistics: &Statistics) -> i64 {
    findings
        .iter()
        .filter(|finding| cures::statement(finding).is_some_and(|sql| sql.starts_with(DROPS)))
        .filter_map(|finding| index(finding, statistics))
        .map(|index| index.bytes)
        .sum()
}

/// The index that a finding is about, where there is one already.
fn index<'a>(finding: &Finding, statistics: &'a Statistics) -> Option<&'a Index> {
    let name = finding.index.as_deref()?;
    let short = name.rsplit('.').next().unwrap_or(name);
    statistics.indexes.iter().find(|index| {
        index.name == short
            && statistics
                .table(index.table)
                .is_some_and(|table| table.qualified() == finding.table)
    })
}
