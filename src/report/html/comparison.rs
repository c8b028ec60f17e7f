//! What differs between two schemas, what it costs, what was proven.

use std::io::{self, Write};

use super::part::{Cell, Part, Section, Shape, Table};
use super::text::{Html, attribute};
use super::{Page, Tile, Verdict, capitalised};
use crate::migrate::comparison::{self, Outcome};
use crate::migrate::diff::ChangeKind;
use crate::report::markdown::migrate::comparison::verdict;
use crate::text::number::count;

pub fn comparison(out: &mut dyn Write, comparison: &comparison::Comparison) -> io::Result<()> {
    let (_, version, _) = &comparison.server;
    let (from, to) = (&comparison.from.name, &comparison.to.name);
    let number = |name, value: usize| Tile::new(name, count(value as u64));
    let sections = [
        hazards(comparison),
        renames(comparison),
        Some(changes(comparison)),
        unmanaged(comparison),
        files(comparison),
        diff(comparison),
    ];
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        title: attribute(&format!("Comparison: {from} and {to}")),
        command: "backsmith migrate --compare",
        kind: "read-only",
        heading: Html::text(&format!("{from} to {to}")),
        about: vec![Html::text(&format!("PostgreSQL {version}"))],
        verdict: match comparison.outcome {
            Outcome::Equal => Verdict::Holds,
            Outcome::Different if comparison.hazards.is_empty() => Verdict::Holds,
            Outcome::Different => Verdict::Look,
            Outcome::Drift | Outcome::Refused => Verdict::Fails,
        },
        sentence: Html::sentence(&capitalised(&verdict(comparison))),
        lines: lines(comparison),
        judged: None,
        figures: [
            number("Changes", comparison.changes.len()),
            number("Statements up", comparison.up.total),
            number("Statements down", comparison.down.total),
            number("Transactions up", comparison.up.transactions),
            number("Statements alone", comparison.up.alone),
            number("Hazards", comparison.hazards.len()),
        ],
        sections: sections.into_iter().flatten().collect(),
        footer: super::FOOTER,
    };
    super::write(out, &page)
}

fn lines(comparison: &comparison::Comparison) -> Vec<Html> {
    let mut lines = vec![match &comparison.proof {
        Some(proof) => format!("Proven up and down on PostgreSQL {}.", proof.server_version),
        None => "Not proven.".to_owned(),
    }];
    if let (Some(from), Some(to)) = (&comparison.from.fingerprint, &comparison.to.fingerprint) {
        lines.push(format!("Fingerprints `{from}` and `{to}`."));
    }
    lines.extend(comparison.notes.iter().cloned());
    lines.iter().map(|line| Html::sentence(line)).collect()
}

fn hazards(comparison: &comparison::Comparison) -> Option<Section> {
    let mut table = Table::new(&["hazard", "allowed", "object", "evidence"]).shaped(Shape::Stack);
    for judged in &comparison.hazards {
        let hazard = &judged.hazard;
        let evidence = judged.evidence.as_deref();
        table.row([
            Cell::code(hazard.kind.code()),
            if judged.allowed {
                Cell::state("warn", "warn", "yes")
            } else {
                Cell::state("bad", "bad", "no")
            },
            Cell::code(&hazard.object()),
            Cell::text(evidence.unwrap_or(&hazard.message)),
        ]);
    }
    Some(Section {
        id: "hazards",
        title: "What would be lost",
        parts: vec![table.part()?],
    })
}

fn renames(comparison: &comparison::Comparison) -> Option<Section> {
    let mut table = Table::new(&["old", "new", "why", "confirmed by"]).shaped(Shape::Stack);
    for proposal in &comparison.proposals {
        table.row([
            Cell::code(&proposal.rename.old.name()),
            Cell::code(&proposal.rename.new.name()),
            Cell::text(&proposal.reason),
            Cell::code(&proposal.flag()),
        ]);
    }
    Some(Section {
        id: "renames",
        title: "What may be a rename",
        parts: vec![table.part()?],
    })
}

fn changes(comparison: &comparison::Comparison) -> Section {
    let mut table =
        Table::new(&["change", "kind", "object", "before", "after"]).shaped(Shape::Stack);
    for change in &comparison.changes {
        let (action, colour) = match change.kind {
            ChangeKind::Create => ("+ create", "add"),
            ChangeKind::Drop => ("− drop", "del"),
            ChangeKind::Alter => ("~ alter", "warn"),
            ChangeKind::Replace => ("~ replace", "warn"),
        };
        table.row([
            Cell::html(Html::ours(format!(
                "<span class=\"nw {colour}\">{action}</span>"
            ))),
            Cell::text(change.id.kind.name()),
            Cell::code(&change.id.to_string()),
            side(change.before.as_deref()),
            side(change.after.as_deref()),
        ]);
    }
    Section {
        id: "changes",
        title: "Changes",
        parts: vec![
            table
                .part()
                .unwrap_or_else(|| Part::Text(Html::text("None."))),
        ],
    }
}

fn side(definition: Option<&str>) -> Cell {
    definition.map_or_else(|| Cell::text("—"), Cell::code)
}

fn unmanaged(comparison: &comparison::Comparison) -> Option<Section> {
    let mut table = Table::new(&["kind", "names"]);
    for (kind, names) in &comparison.unmanaged {
        table.row([Cell::text(kind), Cell::text(&names.join(", "))]);
    }
    Some(Section {
        id: "unmanaged",
        title: "Not compared",
        parts: vec![table.part()?],
    })
}

fn files(comparison: &comparison::Comparison) -> Option<Section> {
    let mut table =
        Table::new(&["file", ">statements", "what does not come back"]).shaped(Shape::Fit);
    for file in &comparison.files {
        table.row([
            Cell::code(&file.path),
            Cell::number(count(file.statements.total as u64)),
            Cell::text(&file.data_loss.join("; ")),
        ]);
    }
    Some(Section {
        id: "files",
        title: "Files",
        parts: vec![table.part()?],
    })
}

fn diff(comparison: &comparison::Comparison) -> Option<Section> {
    let diff = comparison.diff.as_deref()?;
    Some(Section {
        id: "diff",
        title: "Files as a diff",
        parts: vec![Part::Code {
            label: "diff".to_owned(),
            text: Html::text(diff),
            wraps: false,
        }],
    })
}
