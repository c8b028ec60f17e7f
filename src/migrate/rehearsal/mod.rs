//! What a rehearsal found, weighed with the live sizes: statements with their effects, answers of
//! the live data, estimates and findings. Pure: the measuring and the asking are done elsewhere.

mod question;
mod side_effects;

use std::collections::BTreeMap;

pub use question::{Answer, Question, Sample};
pub use side_effects::side_effects;

use super::rules;
use super::script::{Place, Script};
use crate::catalog::effect::{Effect, LockMode, LostKind, Outcome};
use crate::diagnostic::{Diagnostic, Severity};
use crate::text::Span;

/// Bytes that a scan is assumed to read in a second.
pub const READ_RATE: u64 = 200 * 1024 * 1024;
/// What a change of the catalog alone takes.
const SHORTEST_SECONDS: f64 = 0.01;

/// Size of a live relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveRelation {
    /// None when the table was never analyzed.
    pub rows: Option<i64>,
    pub bytes: i64,
}

/// One statement as it was rehearsed.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1, in the order of the file.
    pub number: usize,
    pub place: Place,
    pub sql: String,
    pub summary: String,
    pub span: Span,
    pub outcome: Outcome,
    pub questions: Vec<(Question, Answer)>,
    pub scanned_bytes: u64,
    pub seconds: f64,
    /// Traits that are read off the text, because an empty copy cannot show them.
    pub changes_all_rows: bool,
    pub renames: bool,
    /// It may change rows of tables that an empty copy does not show: DO, CALL.
    pub is_opaque: bool,
}

/// A finding and where it belongs.
#[derive(Clone, Debug)]
pub struct Finding {
    pub diagnostic: Diagnostic,
    pub statement: usize,
    pub table: Option<String>,
    pub columns: Vec<String>,
    /// Rows that stand in the way, when data was looked at.
    pub rows: Option<i64>,
    pub samples: Vec<String>,
    /// A query or a statement that helps.
    pub sql: Option<String>,
}

/// What a rehearsal says as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    WouldFail,
    /// It runs, and something is worth a look.
    Look,
    Holds,
}

/// Everything that is reported.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    pub steps: Vec<Step>,
    /// Statements of the file; more than steps when one failed.
    pub total: usize,
    pub relations: BTreeMap<String, LiveRelation>,
    pub findings: Vec<Finding>,
    pub seconds: f64,
    /// Whether the file limits how long it waits for locks.
    pub limits_lock_waits: bool,
    /// Statements that an earlier run has applied; they are not part of the steps.
    pub skipped: usize,
    pub times: Times,
    /// What a rollback on the live database did not take back.
    pub remains: Vec<String>,
}

/// Where the seconds come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// From the live sizes.
    #[default]
    Estimated,
    /// From a run on the live database.
    Measured,
}

/// A statement with its outcome, before it is weighed.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Its index in the script's pieces.
    pub piece: usize,
    pub place: Place,
    pub outcome: Outcome,
}

/// The relations whose live sizes matter, sorted.
pub fn relations(measured: &[Measured]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for effect in measured.iter().filter_map(Measured::effect) {
        names.extend(effect.locks.iter().map(|lock| lock.relation.clone()));
        names.extend(effect.rewrites.iter().cloned());
        names.extend(effect.scans.iter().map(|scan| scan.relation.clone()));
        let lost = effect
            .lost
            .iter()
            .filter(|lost| lost.kind != LostKind::Sequence);
        names.extend(lost.map(|lost| lost.relation.clone()));
    }
    names.sort();
    names.dedup();
    names
}

/// The questions to the live data, in the order in which `judge` takes the answers.
pub fn questions(measured: &[Measured]) -> Vec<Question> {
    measured
        .iter()
        .filter_map(Measured::effect)
        .flat_map(|effect| {
            let of = |requirement| question::of(requirement, effect);
            effect.requirements.iter().map(of).collect::<Vec<_>>()
        })
        .collect()
}

/// Puts everything together and lets the rules speak.
pub fn judge(
    script: &Script,
    measured: Vec<Measured>,
    relations: BTreeMap<String, LiveRelation>,
    answers: Vec<Answer>,
) -> Rehearsal {
    let text = &script.source.text;
    let total = script
        .statements()
        .filter(|statement| !statement.controls_transaction())
        .count();
    let mut asked = questions(&measured).into_iter().zip(answers);
    let mut steps = Vec::new();
    for (at, measured) in measured.into_iter().enumerate() {
        let Some(super::script::Piece::Statement(statement)) = script.pieces.get(measured.piece)
        else {
            continue;
        };
        let wanted = measured
            .effect()
            .map_or(0, |effect| effect.requirements.len());
        let (scanned_bytes, seconds) = measured
            .effect()
            .map_or((0, 0.0), |effect| weigh(effect, &relations));
        steps.push(Step {
            number: at + 1,
            place: measured.place,
            sql: statement.text(text).to_owned(),
            summary: statement.summary(text),
            span: script.span(statement),
            questions: asked.by_ref().take(wanted).collect(),
            scanned_bytes,
            seconds,
            changes_all_rows: statement.changes_all_rows(text),
            renames: statement.renames(text),
            is_opaque: statement.is_opaque(text),
            outcome: measured.outcome,
        });
    }
    let mut rehearsal = Rehearsal {
        seconds: steps.iter().map(|step| step.seconds).sum(),
        steps,
        total,
        relations,
        findings: Vec::new(),
        limits_lock_waits: script
            .statements()
            .any(|statement| statement.limits_lock_waits(text)),
        skipped: 0,
        times: Times::Estimated,
        remains: Vec::new(),
    };
    rehearsal.findings = rules::check(&rehearsal);
    rehearsal
}

/// Bytes read and the time that all of it takes; a rewrite reads and writes.
fn weigh(effect: &Effect, relations: &BTreeMap<String, LiveRelation>) -> (u64, f64) {
    let size = |relation: &str| {
        relations
            .get(relation)
            .map_or(0, |live| live.bytes.max(0) as u64)
    };
    let scanned: u64 = effect
        .scans
        .iter()
        .map(|scan| size(&scan.relation) * scan.times.max(1) as u64)
        .sum();
    let rewritten: u64 = effect
        .rewrites
        .iter()
        .map(|relation| 2 * size(relation))
        .sum();
    let seconds = (scanned + rewritten) as f64 / READ_RATE as f64;
    (scanned, seconds.max(SHORTEST_SECONDS))
}

impl Measured {
    pub const fn effect(&self) -> Option<&Effect> {
        match &self.outcome {
            Outcome::Measured(effect) => Some(effect),
            Outcome::NotMeasured(_) | Outcome::Failed(_) => None,
        }
    }
}

impl Step {
    pub const fn effect(&self) -> Option<&Effect> {
        match &self.outcome {
            Outcome::Measured(effect) => Some(effect),
            Outcome::NotMeasured(_) | Outcome::Failed(_) => None,
        }
    }

    /// A finding on this statement.
    pub fn finding(
        &self,
        code: &'static str,
        severity: Severity,
        message: impl Into<String>,
    ) -> Finding {
        let mut diagnostic = Diagnostic::error(code, message).at(self.span.clone());
        diagnostic.severity = severity;
        Finding {
            diagnostic,
            statement: self.number,
            table: None,
            columns: Vec::new(),
            rows: None,
            samples: Vec::new(),
            sql: None,
        }
    }
}

impl Rehearsal {
    /// Numbers the steps behind those that an earlier run has applied.
    pub fn behind(&mut self, skipped: usize) {
        self.skipped = skipped;
        for step in &mut self.steps {
            step.number += skipped;
        }
        for finding in &mut self.findings {
            finding.statement += skipped;
        }
    }

    /// Puts measured seconds in place of the estimates.
    pub fn took(&mut self, seconds: &[f64]) {
        for (step, seconds) in self.steps.iter_mut().zip(seconds) {
            step.seconds = *seconds;
        }
        self.seconds = self.steps.iter().map(|step| step.seconds).sum();
        self.times = Times::Measured;
    }

    pub fn verdict(&self) -> Verdict {
        let worst = self
            .findings
            .iter()
            .map(|finding| finding.diagnostic.severity)
            .max();
        match worst {
            Some(Severity::Error) => Verdict::WouldFail,
            Some(Severity::Warning) => Verdict::Look,
            Some(Severity::Info) | None => Verdict::Holds,
        }
    }

    /// The first statement that would fail, if one would.
    pub fn failing(&self) -> Option<&Finding> {
        let errors = self
            .findings
            .iter()
            .filter(|finding| finding.diagnostic.severity == Severity::Error);
        errors.min_by_key(|finding| finding.statement)
    }

    pub fn bytes(&self, relation: &str) -> i64 {
        self.relations.get(relation).map_or(0, |live| live.bytes)
    }

    /// Locks that stop readers, writers or both, in every step: (step, relation, mode).
    pub fn strong_locks(&self) -> impl Iterator<Item = (&Step, &str, LockMode)> {
        self.steps.iter().flat_map(|step| {
            let locks = step
                .effect()
                .map(|effect| effect.locks.as_slice())
                .unwrap_or_default();
            locks
                .iter()
                .filter(|lock| lock.mode >= LockMode::Share)
                .map(move |lock| (step, lock.relation.as_str(), lock.mode))
        })
    }
}

impl Finding {
    pub fn on(mut self, table: &str) -> Self {
        self.table = Some(table.to_owned());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }
}
