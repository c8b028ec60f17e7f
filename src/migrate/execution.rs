//! What happened to each statement of a migration that was run for real, and the steps it runs in.

use std::time::Duration;

use super::script::{Piece, Place, Script, Section, Statement};
use crate::failure::Interruption;

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Apply,
    RollBack,
}

/// How long a run waits, for what, and how often it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a statement may wait for a lock while everybody else queues behind it.
    pub lock_timeout: Duration,
    /// Whether it was asked for: then it overrules what the file sets.
    pub overrules_file: bool,
    /// How long a statement may run; the role's or the database's own limit when there is none.
    pub statement_timeout: Option<Duration>,
    /// How often a section is tried again when no lock came in time.
    pub retries: usize,
    /// The first pause between two tries; each one doubles.
    pub backoff: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(2),
            overrules_file: false,
            statement_timeout: None,
            retries: 5,
            backoff: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// No pause is longer.
    const LONGEST_PAUSE: Duration = Duration::from_mins(1);

    /// The pause before a try, counted from 1.
    pub fn pause(&self, attempt: usize) -> Duration {
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.backoff
            .saturating_mul(factor)
            .min(Self::LONGEST_PAUSE.max(self.backoff))
    }
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
    /// Nobody saw its end, and nothing tells what became of it.
    InDoubt,
    /// It takes back what was never applied.
    NotNeeded,
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
    /// The states of the steps are those that the server told afterwards, unless it could not be
    /// asked or could not tell.
    ConnectionLost {
        number: usize,
        reason: String,
        known: bool,
    },
    /// An earlier run ended while this statement ran, and nothing tells what became of it.
    InDoubt {
        number: usize,
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
    pub limits: Limits,
}

/// The fingerprint that a file promises at its end, and the one that was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub promised: String,
    pub found: String,
}

impl Arrival {
    pub fn is_exact(&self) -> bool {
        self.promised == self.found
    }
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
    /// What an earlier run left in doubt has been looked up.
    Settled {
        number: usize,
        done: bool,
    },
    /// The server is asked what it has done.
    ConnectionLost,
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

    /// Statements that are applied, by this run or an earlier one; in a rollback those that were
    /// taken back.
    pub fn applied(&self) -> usize {
        self.count(State::Applied) + self.count(State::AppliedBefore)
    }

    /// The statement with which the same command goes on.
    pub fn resumes_at(&self) -> Option<usize> {
        let is_done = |state| {
            matches!(
                state,
                State::Applied | State::AppliedBefore | State::NotNeeded
            )
        };
        self.steps
            .iter()
            .find(|step| !is_done(step.state))
            .map(|step| step.number)
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::{sections, split};
    use super::*;
    use crate::text::SourceFile;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds = |attempt| Limits::default().pause(attempt).as_secs();
        assert_eq!([seconds(1), seconds(2), seconds(5)], [1, 2, 16]);
        assert_eq!([seconds(9), seconds(99)], [60, 60]);
    }

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
