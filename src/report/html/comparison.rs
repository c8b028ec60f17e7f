//! What differs between two schemas, what it costs, what was proven.

use std::io::{self, Write};

use askama::Template;

use super::{Page, Verdict};
use crate::migrate::comparison::{self, File, JudgedHazard, Outcome};
use crate::migrate::diff::{self, ChangeKind};
use crate::migrate::rename::Proposal;
use crate::report::markdown::migrate::comparison::verdict;
use crate::text::number::count;

#[derive(Template)]
#[template(path = "report/comparison.html")]
struct Comparison<'a> {
    page: Page,
    hazards: &'a [JudgedHazard],
    proposals: &'a [Proposal],
    changes: Vec<Change<'a>>,
    unmanaged: Vec<(&'a str, String)>,
    files: &'a [File],
    diff: Option<&'a str>,
}

struct Change<'a> {
    action: &'static str,
    colour: &'static str,
    kind: &'static str,
    object: String,
    before: &'a str,
    after: &'a str,
}

pub fn comparison(out: &mut dyn Write, comparison: &comparison::Comparison) -> io::Result<()> {
    let (_, version, _) = &comparison.server;
    let mut lines = vec![match &comparison.proof {
        Some(proof) => format!("Proven up and down on PostgreSQL {}.", proof.server_version),
        None => "Not proven.".to_owned(),
    }];
    if let (Some(from), Some(to)) = (&comparison.from.fingerprint, &comparison.to.fingerprint) {
        lines.push(format!("Fingerprints {from} and {to}."));
    }
    lines.extend(comparison.notes.iter().cloned());
    let (from, to) = (&comparison.from.name, &comparison.to.name);
    let number = |value: usize| count(value as i64);
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        title: format!("Comparison: {from} and {to}"),
        command: "backsmith migrate --compare",
        heading: format!("{from} to {to}"),
        about: vec![format!("PostgreSQL {version}")],
        verdict: match comparison.outcome {
            Outcome::Equal => Verdict::Holds,
            Outcome::Different if comparison.hazards.is_empty() => Verdict::Holds,
            Outcome::Different => Verdict::Look,
            Outcome::Drift | Outcome::Refused => Verdict::Fails,
        },
        sentence: verdict(comparison),
        lines,
        figures: [
            ("Changes", number(comparison.changes.len())),
            ("Statements up", number(comparison.up.total)),
            ("Statements down", number(comparison.down.total)),
            ("Transactions up", number(comparison.up.transactions)),
            ("Statements alone", number(comparison.up.alone)),
            ("Hazards", number(comparison.hazards.len())),
        ],
    };
    let template = Comparison {
        page,
        hazards: &comparison.hazards,
        proposals: &comparison.proposals,
        changes: comparison.changes.iter().map(change).collect(),
        unmanaged: comparison
            .unmanaged
            .iter()
            .map(|(kind, names)| (kind.as_str(), names.join(", ")))
            .collect(),
        files: &comparison.files,
        diff: comparison.diff.as_deref(),
    };
    super::write(out, &template)
}

fn change(change: &diff::Change) -> Change<'_> {
    let (action, colour) = match change.kind {
        ChangeKind::Create => ("+ create", "add"),
        ChangeKind::Drop => ("− drop", "del"),
        ChangeKind::Alter => ("~ alter", "warn"),
        ChangeKind::Replace => ("~ replace", "warn"),
    };
    Change {
        action,
        colour,
        kind: change.id.kind.name(),
        object: change.id.to_string(),
        before: change.before.as_deref().unwrap_or_default(),
        after: change.after.as_deref().unwrap_or_default(),
    }
}
