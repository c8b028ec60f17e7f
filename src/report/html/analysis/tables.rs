//! Tables by size, and how they are read.

use super::super::part::{Cell, Part, Section, Table};
use super::super::text::Html;
use crate::catalog::statistics::{self, Statistics};
use crate::text::number::{bytes, count, decimal, per_cent};

const MOST_ROWS: usize = 30;

pub(super) fn section(statistics: &Statistics) -> Option<Section> {
    let mut sized: Vec<(&statistics::Table, i64)> = statistics
        .tables
        .iter()
        .filter(|table| table.kind != "p")
        .map(|table| (table, index_bytes(statistics, table.id)))
        .collect();
    sized.sort_by(|(a, a_indexes), (b, b_indexes)| {
        (b.bytes + b_indexes)
            .cmp(&(a.bytes + a_indexes))
            .then_with(|| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)))
    });
    let largest = sized
        .first()
        .map_or(1, |(table, indexes)| table.bytes + indexes);
    if largest == 0 {
        return None;
    }
    let mut table = Table::new(&[
        "table",
        ">rows",
        "~size: table (full), indexes (light)",
        ">table",
        ">indexes",
        ">seq. scans",
        ">index scans",
        ">share seq.",
        ">rows read by seq. scans",
    ]);
    for (own, indexes) in sized.iter().take(MOST_ROWS) {
        let scans = own.sequential_scans + own.index_scans;
        let share = (scans > 0).then(|| own.sequential_scans as f64 / scans as f64);
        let whole = largest.max(1) as f64;
        table.row([
            Cell::code(&own.label()),
            Cell::number(count(own.rows)),
            Cell::stacked(own.bytes as f64 / whole, *indexes as f64 / whole),
            Cell::number(bytes(own.bytes as f64)),
            Cell::number(bytes(*indexes as f64)),
            Cell::number(count(own.sequential_scans)),
            Cell::number(count(own.index_scans)),
            Cell::number(share.map_or("—".to_owned(), per_cent)),
            Cell::number(large(own.sequential_rows)),
        ]);
    }
    let days = statistics.server.days;
    let mut note = if days < 1.0 {
        "Counters of less than a day.".to_owned()
    } else {
        format!("Counters of {} days.", decimal(days, 0))
    };
    if sized.len() > MOST_ROWS {
        note.push_str(&format!(
            " The {MOST_ROWS} largest of {} tables.",
            sized.len()
        ));
    }
    note.push_str(" A sequential scan of a small table is cheap and no finding.");
    Some(Section {
        id: "tables",
        title: "Tables by size, and how they are read",
        parts: vec![Part::Note(Html::text(&note)), table.part()?],
    })
}

fn index_bytes(statistics: &Statistics, table: i64) -> i64 {
    statistics.indexes_of(table).map(|index| index.bytes).sum()
}

/// Millions and billions by their first digits.
fn large(value: i64) -> String {
    match value {
        10_000_000_000.. => format!("{} × 10⁹", decimal(value as f64 / 1e9, 1)),
        10_000_000.. => format!("{} × 10⁶", decimal(value as f64 / 1e6, 1)),
        _ => count(value),
    }
}
