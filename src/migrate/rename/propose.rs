//! What goes and what comes, and how much alike they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rename, Target};
use crate::catalog::{Body, Catalog, Column, Id, Kind, Object};

/// Two objects that may be one.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub rename: Rename,
    /// "same type", "5 of 6 columns are the same"
    pub reason: String,
    /// From 0 to 1.
    pub likeness: f64,
}

impl Proposal {
    /// What confirms it on the command line.
    pub fn flag(&self) -> String {
        format!(
            "--rename {}",
            quoted(&format!(
                "{}={}",
                self.rename.old.name(),
                self.rename.new.name()
            ))
        )
    }
}

/// For a shell, when it needs it.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_.=-".contains(letter);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Below this, two things have little in common.
const LEAST: f64 = 0.6;

/// The likeliest pairs; every object is in one pair at most.
pub fn propose(before: &Catalog, after: &Catalog) -> Vec<Proposal> {
    let mut found = Vec::new();
    for kind in super::KINDS {
        let gone = moved(*kind, before, after);
        if gone.is_empty() {
            continue;
        }
        let new = moved(*kind, after, before);
        match kind {
            Kind::Table => found.extend(tables((before, &gone), (after, &new))),
            Kind::Column => found.extend(columns(&gone, &new)),
            _ => found.extend(alike(&gone, &new)),
        }
    }
    found.extend(labels(before, after));
    best(found)
}

/// Objects on this side only, while what they are parts of is on both.
fn moved<'a>(kind: Kind, own: &'a Catalog, other: &Catalog) -> Vec<&'a Object> {
    let stays = |table: &str| {
        [Kind::Table, Kind::View, Kind::MaterializedView]
            .into_iter()
            .any(|kind| other.contains(&Id::new(kind, table)))
    };
    let is_moved = |object: &&Object| match &object.body {
        _ if other.contains(&object.id) => false,
        Body::Index(index) => index.parent.is_none() && stays(&index.table),
        Body::Column(column) => column.local && stays(&object.id.name),
        Body::Constraint(constraint) => {
            !constraint.of_parent && constraint.local && stays(&object.id.name)
        }
        // The sequence of a column follows its column.
        Body::Sequence(_) => !own.contains(&Id::new(Kind::SequenceOwner, object.id.name.as_str())),
        _ => object.id.part.is_empty() || stays(&object.id.name),
    };
    own.of_kind(kind).filter(is_moved).collect()
}

fn proposal(old: &Object, new: &Object, likeness: f64, reason: String) -> Proposal {
    Proposal {
        rename: Rename {
            old: Target::of(&old.id),
            new: Target::of(&new.id),
        },
        reason,
        likeness,
    }
}

type Side<'a> = (&'a Catalog, &'a [&'a Object]);

fn tables(before: Side, after: Side) -> Vec<Proposal> {
    type Shape<'a> = (&'a Object, BTreeSet<(String, String)>);
    let shapes = |(catalog, tables): Side<'_>| -> Vec<BTreeSet<(String, String)>> {
        let columns = |table: &&Object| {
            let columns = catalog.columns(&table.id.name).into_iter();
            columns
                .map(|(object, column)| (object.id.part.clone(), column.data_type.clone()))
                .collect()
        };
        tables.iter().map(columns).collect()
    };
    let news: Vec<Shape> = after.1.iter().copied().zip(shapes(after)).collect();
    let mut found = Vec::new();
    for (old, a) in before.1.iter().zip(shapes(before)) {
        for (new, b) in &news {
            let (common, all) = (a.intersection(b).count(), a.union(b).count());
            if common == 0 {
                continue;
            }
            let columns = common as f64 / all as f64;
            let names = strsim::jaro_winkler(old.id.local_name(), new.id.local_name());
            // One column says little; then the names have to be alike.
            let likeness = if common == 1 {
                columns * names
            } else {
                columns * 0.85 + names * 0.15
            };
            if likeness >= LEAST {
                let reason = if common == all {
                    "the same columns".to_owned()
                } else {
                    format!("{common} of {all} columns are the same")
                };
                found.push(proposal(old, new, likeness, reason));
            }
        }
    }
    found
}

fn columns(gone: &[&Object], new: &[&Object]) -> Vec<Proposal> {
    let mut of_table: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
    for object in new {
        of_table.entry(&object.id.name).or_default().push(object);
    }
    let mut found = Vec::new();
    for old in gone {
        for new in of_table.get(old.id.name.as_str()).into_iter().flatten() {
            if let (Body::Column(a), Body::Column(b)) = (&old.body, &new.body)
                && let Some((likeness, reason)) = column(&old.id, a, &new.id, b)
            {
                found.push(proposal(old, new, likeness, reason));
            }
        }
    }
    found
}

fn column(old: &Id, a: &Column, new: &Id, b: &Column) -> Option<(f64, String)> {
    let bare = |data_type: &str| data_type.split('(').next().unwrap_or_default().to_owned();
    let text = ["text", "character varying", "character", "citext"];
    let (bare_a, bare_b) = (bare(&a.data_type), bare(&b.data_type));
    let same = a.data_type == b.data_type;
    let near = bare_a == bare_b || text.contains(&&*bare_a) && text.contains(&&*bare_b);
    if !near || a.generated != b.generated {
        return None;
    }
    let names = strsim::jaro_winkler(&old.part, &new.part);
    let mut likeness = names * 0.6 + if same { 0.3 } else { 0.2 };
    if a.position == b.position {
        likeness += 0.2;
    }
    let reason = match (same, a.position == b.position) {
        (true, true) => "same type and place",
        (true, false) => "same type",
        (false, true) => "same place",
        (false, false) => "like type",
    };
    (likeness >= LEAST).then(|| (likeness.min(1.0), reason.to_owned()))
}

/// Everything else is proposed only when nothing but the name differs.
fn alike(gone: &[&Object], new: &[&Object]) -> Vec<Proposal> {
    let mut by_definition: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in new {
        if let Some(definition) = definition(object) {
            by_definition.entry(definition).or_default().push(object);
        }
    }
    let mut found = Vec::new();
    for old in gone {
        let Some(definition) = definition(old) else {
            continue;
        };
        for new in by_definition.get(&definition).into_iter().flatten() {
            let names = strsim::jaro_winkler(&old.id.to_string(), &new.id.to_string());
            // Many sequences and domains are alike without being the same.
            let simple = matches!(old.body, Body::Sequence(_) | Body::Domain(_));
            if !simple || names > 0.85 {
                let reason = "the same definition".to_owned();
                found.push(proposal(old, new, 0.9 + names * 0.1, reason));
            }
        }
    }
    found
}

/// The definition without the name; with the table that it belongs to.
fn definition(object: &Object) -> Option<String> {
    let id = &object.id;
    let name = if id.part.is_empty() {
        id.local_name()
    } else {
        &id.part
    };
    let name = name.split('(').next().unwrap_or(name);
    // The first mention is the name that is given.
    let unnamed = |text: &str| text.replacen(name, "", 1);
    Some(match &object.body {
        Body::Index(index) => unnamed(&index.definition),
        Body::Constraint(constraint) => format!("{} {}", id.name, constraint.definition),
        Body::Routine(routine) => unnamed(&routine.definition),
        Body::View(view) => view.query.clone(),
        Body::Trigger { definition, .. } => format!("{} {}", id.name, unnamed(definition)),
        Body::Enum { labels } if labels.len() > 1 => labels.join("\n"),
        Body::Composite(composite) => format!("{composite:?}"),
        Body::Domain(domain) => format!("{domain:?}"),
        Body::Sequence(sequence) => format!("{sequence:?}"),
        Body::Policy(policy) => format!("{} {policy:?}", id.name),
        _ => return None,
    })
}

/// A label that went and one that came in its place.
fn labels(before: &Catalog, after: &Catalog) -> Vec<Proposal> {
    let mut found = Vec::new();
    for object in before.of_kind(Kind::Enum) {
        let (Body::Enum { labels: old }, Some(Body::Enum { labels: new })) = (
            &object.body,
            after.get(&object.id).map(|object| &object.body),
        ) else {
            continue;
        };
        let target = |label: &String| Target {
            id: Id::clone(&object.id),
            label: Some(label.clone()),
        };
        for (at, label) in old
            .iter()
            .enumerate()
            .filter(|(_, label)| !new.contains(label))
        {
            let before_it = at.checked_sub(1).and_then(|at| old.get(at));
            for (place, other) in new
                .iter()
                .enumerate()
                .filter(|(_, label)| !old.contains(label))
            {
                let follows = place.checked_sub(1).and_then(|place| new.get(place)) == before_it;
                let names = strsim::jaro_winkler(label, other);
                if follows || names > 0.8 {
                    found.push(Proposal {
                        rename: Rename {
                            old: target(label),
                            new: target(other),
                        },
                        reason: "same place among the labels".to_owned(),
                        likeness: if follows { 0.7 + names * 0.3 } else { names },
                    });
                }
            }
        }
    }
    found
}

/// From the likeliest on, no object twice.
fn best(mut found: Vec<Proposal>) -> Vec<Proposal> {
    found.sort_by(|a, b| {
        let names = |proposal: &Proposal| (proposal.rename.old.name(), proposal.rename.new.name());
        b.likeness
            .total_cmp(&a.likeness)
            .then_with(|| names(a).cmp(&names(b)))
    });
    let mut chosen: Vec<Proposal> = Vec::new();
    for proposal in found {
        let free = !chosen.iter().any(|other| {
            other.rename.old == proposal.rename.old || other.rename.new == proposal.rename.new
        });
        if free {
            chosen.push(proposal);
        }
    }
    chosen.sort_by_key(|proposal| (proposal.rename.old.id.kind, proposal.rename.old.name()));
    chosen
}
