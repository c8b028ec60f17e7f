//! The report of `--migrate FILE` and of `--rollback`.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::Tool;
use super::super::error::Location;
use super::super::rounded;
use super::rehearsal::section;
use super::{SCHEMA, Server};
use crate::catalog::effect::SqlFault;
use crate::migrate::execution::{Arrival, Direction, End, Execution, Limits, State};
use crate::migrate::script::Script;
use crate::redact;
use crate::text::Span;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Document {
    pub schema: &'static str,
    pub tool: Tool,
    /// `apply` or `rollback`.
    pub command: &'static str,
    /// `done`, `already-applied`, `stopped`, `no-lock`, `interrupted`, `connection-lost` or `in-doubt`.
    pub verdict: &'static str,
    pub server: Server,
    pub version: String,
    pub file: String,
    /// SHA-256 of the file.
    pub checksum: String,
    pub statements: Vec<StatementEntry>,
    pub retries: usize,
    pub duration_seconds: f64,
    /// The longest time a lock was waited for in vain.
    pub longest_lock_wait_seconds: f64,
    pub limits: Option<LimitsEntry>,
    /// The catalog at the end, when the file says what it should be.
    pub fingerprint: Option<FingerprintEntry>,
    /// What should be known beside the run, as sentences.
    pub notes: Vec<String>,
    pub error: Option<SqlError>,
    /// Who applied it, when nothing was left to do.
    pub applied_before: Option<AppliedBefore>,
    /// The statement at which the same command goes on.
    pub resumes_at: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StatementEntry {
    pub number: usize,
    /// `transaction 1`, or `alone`.
    pub section: String,
    pub sql: String,
    /// `applied-before`, `applied`, `rolled-back`, `failed`, `cancelled`, `in-doubt`, `not-needed` or
    /// `not-run`.
    pub state: &'static str,
    pub seconds: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct SqlError {
    /// SQLSTATE; null when the connection was lost.
    pub code: Option<String>,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    pub statement: usize,
    pub location: Option<Location>,
    /// Who held the lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct LimitsEntry {
    pub lock_timeout_seconds: f64,
    /// Null when the role's or the database's own limit holds.
    pub statement_timeout_seconds: Option<f64>,
    pub retries: usize,
    /// The first pause between two tries; each one doubles.
    pub backoff_seconds: f64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FingerprintEntry {
    pub promised: String,
    pub found: String,
    pub equal: bool,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AppliedBefore {
    pub at: String,
    pub by: String,
}

/// What the document says beside the run itself.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub direction: Direction,
    pub server: Server,
    pub version: String,
    pub file: String,
    pub checksum: String,
    pub notes: Vec<String>,
    pub arrival: Option<Arrival>,
}

impl Document {
    pub fn new(execution: &Execution, script: &Script, around: &Surroundings) -> Self {
        let text = &script.source.text;
        let sql_error = |number: usize, fault: &SqlFault, holder: Option<String>| SqlError {
            code: Some(fault.code.clone()),
            message: fault.message.clone(),
            detail: fault.detail.clone(),
            hint: fault.hint.clone(),
            statement: number,
            location: Some(Location::from(&Span::new(
                &script.source,
                fault.range.clone(),
            ))),
            holder,
        };
        let (verdict, error, resumes_at) = match &execution.end {
            End::Done => ("done", None, None),
            End::Failed { number, fault } => (
                "stopped",
                Some(sql_error(*number, fault, None)),
                resume(execution),
            ),
            End::NoLock {
                number,
                fault,
                holder,
            } => (
                "no-lock",
                Some(sql_error(*number, fault, holder.clone())),
                resume(execution),
            ),
            End::Interrupted { .. } => ("interrupted", None, resume(execution)),
            End::InDoubt { .. } => ("in-doubt", None, resume(execution)),
            End::ConnectionLost {
                number,
                reason,
                known,
            } => {
                let error = SqlError {
                    code: None,
                    message: reason.clone(),
                    detail: None,
                    hint: None,
                    statement: *number,
                    location: None,
                    holder: None,
                };
                let resumes_at = if *known { resume(execution) } else { None };
                ("connection-lost", Some(error), resumes_at)
            }
        };
        let statements = execution.steps.iter().map(|step| StatementEntry {
            number: step.number,
            section: section(step.place),
            sql: redact::in_place(step.statement.text(text)).into_owned(),
            state: state_name(step.state),
            seconds: rounded(step.seconds),
        });
        Self {
            statements: statements.collect(),
            retries: execution.retries,
            duration_seconds: rounded(execution.seconds),
            longest_lock_wait_seconds: rounded(execution.longest_wait),
            limits: Some(LimitsEntry::from(&execution.limits)),
            error,
            resumes_at,
            ..Self::empty(around, verdict)
        }
    }

    /// Nothing was left to do.
    pub fn already_applied(around: &Surroundings, applied: AppliedBefore) -> Self {
        Self {
            applied_before: Some(applied),
            ..Self::empty(around, "already-applied")
        }
    }

    fn empty(around: &Surroundings, verdict: &'static str) -> Self {
        Self {
            schema: SCHEMA,
            tool: Tool::CURRENT,
            command: match around.direction {
                Direction::Apply => "apply",
                Direction::RollBack => "rollback",
            },
            verdict,
            server: around.server.clone(),
            version: around.version.clone(),
            file: around.file.clone(),
            checksum: around.checksum.clone(),
            statements: Vec::new(),
            retries: 0,
            duration_seconds: 0.0,
            longest_lock_wait_seconds: 0.0,
            limits: None,
            fingerprint: around.arrival.as_ref().map(|arrival| FingerprintEntry {
                promised: arrival.promised.clone(),
                found: arrival.found.clone(),
                equal: arrival.is_exact(),
            }),
            notes: around.notes.clone(),
            error: None,
            applied_before: None,
            resumes_at: None,
        }
    }
}

fn resume(execution: &Execution) -> Option<usize> {
    execution.resumes_at()
}

impl From<&Limits> for LimitsEntry {
    fn from(limits: &Limits) -> Self {
        Self {
            lock_timeout_seconds: rounded(limits.lock_timeout.as_secs_f64()),
            statement_timeout_seconds: limits
                .statement_timeout
                .map(|limit| rounded(limit.as_secs_f64())),
            retries: limits.retries,
            backoff_seconds: rounded(limits.backoff.as_secs_f64()),
        }
    }
}

const fn state_name(state: State) -> &'static str {
    match state {
        State::AppliedBefore => "applied-before",
        State::Applied => "applied",
        State::RolledBack => "rolled-back",
        State::Failed => "failed",
        State::Cancelled => "cancelled",
        State::InDoubt => "in-doubt",
        State::NotNeeded => "not-needed",
        State::NotRun => "not-run",
    }
}
