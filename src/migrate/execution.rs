//! What happened to each statement of a migration that was run for real, and the steps it runs in.

use super::script::{Piece, Place, Script, Section, Statement};
use crate::failure::Interruption;

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Apply,
    RollBack,
}

/// One statement in its place.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1, in the order of the file.
    pub number: usize,
    /// Its index in the script's pieces.
    pub piece: usize,
    pub statement: Statement,
    pub place: Place,
    pub state: State,
    pub seconds: f64,
}

/// How far a statement got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// An earlier run applied it.
    AppliedBefore,
    Applied,
    /// It ran, and its transaction was rolled back.
    RolledBack,
    Failed,
    /// A signal stopped it, and it left nothing behind.
    Cancelled,
    NotRun,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Failed {
        number: usize,
        fault: crate::catalog::effect::SqlFault,
    },
    /// No lock in time, after all tries.
    NoLock {
        number: usize,
        fault: crate::catalog::effect::SqlFault,
        holder: Option<String>,
    },
    Interrupted {
        number: usize,
        signal: Interruption,
    },
    /// Nobody knows what became of this statement.
    ConnectionLost {
        number: usize,
        reason: String,
    },
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct Execution {
    pub steps: Vec<Step>,
    pub end: End,
    pub retries: usize,
    pub seconds: f64,
    /// The longest time a lock was waited for in vain.
    pub longest_wait: f64,
}

/// What a display may show while a migration runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// Steps from the first to the last number were done, together or alone.
    Done {
        first: usize,
        last: usize,
        place: Place,
        transactions: usize,
        seconds: f64,
    },
    Failed {
        number: usize,
    },
    Retry {
        number: usize,
        attempt: usize,
        of: usize,
        pause: f64,
        waited: f64,
        holder: Option<String>,
    },
    /// An invalid index of a failed try was dropped.
    CleanedUp {
        index: String,
    },
    Interrupted,
}

/// The steps of all sections, none of them run yet.
pub fn steps(script: &Script, sections: &[Section]) -> Vec<Step> {
    let mut steps = Vec::new();
    for section in sections {
        for piece in &section.pieces {
            if let Piece::Statement(statement) = &script.pieces[*piece] {
                steps.push(Step {
                    number: steps.len() + 1,
                    piece: *piece,
                    statement: statement.clone(),
                    place: section.place,
                    state: State::NotRun,
                    seconds: 0.0,
                });
            }
        }
    }
    steps
}

/// Index ranges of steps that run together: a transaction, or one statement alone.
pub fn groups(steps: &[Step]) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if step.place != Place::Alone && steps[group.start].place == step.place => {
                group.end = at + 1;
            }
            _ => groups.push(at..at + 1),
        }
    }
    groups
}

impl Execution {
    pub fn count(&self, state: State) -> usize {
        self.steps.iter().filter(|step| step.state == state).count()
    }

    /// Statements that are applied, by this run or an earlier one.
    pub fn applied(&self) -> usize {
        self.count(State::Applied) + self.count(State::AppliedBefore)
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{sections, split};
    use super::*;
    use crate::text::SourceFile;

    #[test]
    fn steps_run_in_groups() {
        let (script, _) = split(&SourceFile::new(
            "a.sql",
            "begin; a; b; commit; c; d; begin; e; commit;",
        ));
        let (sections, _) = sections(&script);
        let steps = steps(&script, &sections);
        assert_eq!(groups(&steps), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(
            steps.iter().map(|step| step.number).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5]
        );
    }
}
