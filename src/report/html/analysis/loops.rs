//! Loops of queries in the recorded workload: the statements, and what one list costs in round trips.

use super::super::part::{Cell, Part, Section, Shape, Table};
use super::super::plot::{Anchor, Plot};
use super::super::text::Html;
use super::{is, number};
use crate::migrate::advise::{Fact, Finding, Mend};
use crate::text::number::{count, decimal, milliseconds};

/// Pairs that are shown in full.
const MOST_PAIRS: usize = 5;
/// Queries of a loop that are drawn one by one.
const MOST_BLOCKS: i64 = 40;

fn words<'a>(finding: &'a Finding, name: &str) -> Option<&'a str> {
    let fact = finding.evidence.iter().find(|(known, _)| *known == name);
    match fact {
        Some((_, Fact::Text(text))) => Some(text),
        _ => None,
    }
}

/// Every loop: the list, the query for each of its rows, and what one list costs in round trips.
pub(super) fn section(findings: &[Finding]) -> Option<Section> {
    let pairs: Vec<&Finding> = findings
        .iter()
        .filter(|finding| is(finding, "n-plus-one"))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    for (index, finding) in pairs.iter().take(MOST_PAIRS).enumerate() {
        parts.extend(pair(index, finding));
    }
    if pairs.len() > MOST_PAIRS {
        parts.push(Part::Note(Html::text(&format!(
            "{} more pairs are among the findings.",
            pairs.len() - MOST_PAIRS
        ))));
    }
    Some(Section {
        id: "loops",
        title: "N+1 queries",
        parts,
    })
}

fn pair(index: usize, finding: &Finding) -> Vec<Part> {
    const IDS: [&str; MOST_PAIRS] = ["loop-1", "loop-2", "loop-3", "loop-4", "loop-5"];
    let Mend::Batch {
        statement, batched, ..
    } = &finding.mend
    else {
        return Vec::new();
    };
    let figure = |name| number(finding, name).unwrap_or(0.0);
    let mut table = Table::new(&[
        "role",
        "statement",
        ">calls",
        ">rows",
        ">rows a call",
        ">total",
    ])
    .shaped(Shape::Stack);
    let mut row = |role: &str, sql: &str, [calls, rows, total]: [f64; 3]| {
        table.row([
            Cell::text(role),
            Cell::code(sql),
            Cell::number(count(calls as i64)),
            Cell::number(count(rows as i64)),
            Cell::number(decimal(rows / calls.max(1.0), 2)),
            Cell::number(milliseconds(total)),
        ]);
    };
    let parent = ["parent_calls", "parent_rows", "parent_total_ms"].map(figure);
    row(
        "parent",
        words(finding, "parent").unwrap_or_default(),
        parent,
    );
    let child = ["child_calls", "child_rows", "child_total_ms"].map(figure);
    row("child", statement, child);
    let each = (figure("child_calls") / figure("parent_calls").max(1.0)).round() as i64;
    let mut parts = vec![
        Part::Heading(Html::sentence(&super::capitalised(&finding.message))),
        Part::Note(Html::sentence(&finding.because)),
        Part::Table(table),
        drawing(IDS[index.min(MOST_PAIRS - 1)], each.max(1)),
    ];
    if let Some(batched) = batched {
        parts.push(Part::Code {
            label: "Batched form".to_owned(),
            text: Html::text(batched),
            wraps: true,
        });
    }
    parts
}

/// One list drawn as its queries, one after the other.
fn drawing(id: &'static str, each: i64) -> Part {
    let mut plot = Plot::new(id, "t", "One list, before and after", 64.0);
    let shown = each.min(MOST_BLOCKS);
    let step = 0.93 / shown.max(20) as f64;
    plot.row(14.0, "now");
    plot.row(50.0, "after");
    plot.block("fa", (0.0, 0.06), (6.0, 16.0));
    for block in 0..shown {
        let from = 0.066 + step * block as f64;
        plot.block("fb", (from, from + step * 0.85), (6.0, 16.0));
    }
    plot.block("fa", (0.0, 0.06), (42.0, 16.0));
    plot.block("fb", (0.066, 0.13), (42.0, 16.0));
    let more = if each > shown { ", cut here" } else { "" };
    let now = format!(
        "{} queries, {} round trips{more}",
        count(each + 1),
        count(each + 1)
    );
    plot.text("fg", (1.0, 36.0), Anchor::End, &now);
    plot.text(
        "fg",
        (0.14, 54.0),
        Anchor::Start,
        "2 queries, 2 round trips",
    );
    Part::Figure {
        title: "One list, drawn",
        unit: "first block: parent; the others: child".to_owned(),
        drawing: plot.finish(&format!(
            "Now: one parent query and {each} child queries, one after the other. After: one of each."
        )),
    }
}
