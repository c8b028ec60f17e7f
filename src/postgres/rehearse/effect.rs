//! Two snapshots, the locks and the scans between them: the effect of one statement.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::Snapshot;
use crate::catalog::effect::{Effect, Lock, LockMode, Scan};
use crate::migrate::script::Conversion;

/// Reads, and what only fights with itself, are no news.
const WEAKEST_TOLD: LockMode = LockMode::RowExclusive;

/// What is known on both sides of a statement.
pub(super) struct Between<'a> {
    /// The schema before the file: what is not part of it is new.
    pub(super) original: &'a Snapshot,
    pub(super) before: &'a Snapshot,
    pub(super) after: &'a Snapshot,
    pub(super) conversions: &'a [Conversion],
}

impl Between<'_> {
    pub(super) fn effect(
        &self,
        locks: &BTreeMap<i64, LockMode>,
        scans: &BTreeMap<i64, i64>,
    ) -> Effect {
        let named = |id: &i64| {
            let relation = self.original.relations.get(id)?;
            ["r", "p", "m", "v"]
                .contains(&relation.kind.as_str())
                .then(|| relation.name.clone())
        };
        let rewritten = self.before.rewritten(self.after);
        let scanned: BTreeSet<i64> = scans.keys().copied().collect();
        let mut locks: Vec<Lock> = locks
            .iter()
            .filter(|(_, mode)| **mode >= WEAKEST_TOLD)
            .filter_map(|(id, mode)| {
                Some(Lock {
                    relation: named(id)?,
                    mode: *mode,
                })
            })
            .collect();
        locks.sort();
        let mut scans: Vec<Scan> = scans
            .iter()
            .filter_map(|(id, times)| {
                Some(Scan {
                    relation: named(id)?,
                    times: *times,
                })
            })
            .collect();
        scans.sort();
        let mut rewrites: Vec<String> = rewritten.iter().filter_map(named).collect();
        rewrites.sort();
        Effect {
            locks,
            rewrites,
            scans,
            lost: self.before.lost(self.after),
            requirements: self.before.requirements(
                self.after,
                self.original,
                &scanned,
                self.conversions,
            ),
            sources_before: self.before.sources(self.original),
            sources: self.after.sources(self.original),
        }
    }
}
