//! After a lost connection: the server is asked what it has done. A session that is still at work
//! there holds the lock of migrations, so whoever gets the lock sees the end of it.

use std::time::{Duration, Instant};

use super::super::{Connection, Error, SessionDefaults, Target, history};
use super::doubt::{self, Found};
use super::{Entry, Request};
use crate::migrate::execution::{Direction, End, Event, Execution, State};
use crate::terminal::interrupt::Interrupt;

/// How long a server may take to come back, and a session to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Puts into `execution` what became of its statements, as far as it can be found out.
pub async fn find_out(
    target: &Target,
    request: &Request<'_>,
    execution: &mut Execution,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(Event),
) {
    let End::ConnectionLost { number, reason, .. } = &execution.end else {
        return;
    };
    let (number, reason) = (*number, reason.clone());
    events(Event::ConnectionLost);
    let looked = async {
        let mut connection = connect(target).await?;
        let looked = look(&mut connection, request, execution, number, events).await;
        let _ = history::unlock(&mut connection).await;
        connection.close().await;
        looked.ok()
    };
    let known = tokio::select! {
        known = looked => known,
        _ = interrupt.wait() => None,
    };
    execution.end = match known {
        // Everything was done, and only the answer did not come through.
        Some(true) if execution.applied() == execution.steps.len() => End::Done,
        known => End::ConnectionLost {
            number,
            reason,
            known: known == Some(true),
        },
    };
}

/// A session that holds the lock of migrations.
async fn connect(target: &Target) -> Option<Connection> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Ok(mut connection) = target.connect().await {
            if matches!(history::try_lock(&mut connection).await, Ok(None)) {
                let defaults = SessionDefaults::read(&mut connection).await.ok()?;
                defaults.adopt(&mut connection).await.ok()?;
                return Some(connection);
            }
            connection.close().await;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    None
}

/// Reads the history; whether everything is known now.
async fn look(
    connection: &mut Connection,
    request: &Request<'_>,
    execution: &mut Execution,
    number: usize,
    events: &mut dyn FnMut(Event),
) -> Result<bool, Error> {
    let records = history::records(connection).await?;
    let record = records
        .iter()
        .find(|record| record.version == request.version);
    let total = execution.steps.len();
    let mut done = record.map_or(0, |record| match (request.direction, record.state) {
        (Direction::Apply, history::RecordState::Applied)
        | (Direction::RollBack, history::RecordState::RolledBack) => total,
        (Direction::Apply, history::RecordState::RolledBack) => 0,
        (Direction::Apply, history::RecordState::Partial) => record.done,
        (Direction::RollBack, _) => record.down_done,
    });
    let doubt = record.and_then(|record| record.doubt.as_ref());
    let mut known = true;
    if let Some(doubt) = doubt.filter(|doubt| doubt.direction == request.direction) {
        let found = doubt::look(connection, doubt).await?;
        let entry = |done| Entry {
            done,
            doubt: None,
            duration: Duration::ZERO,
        };
        match found {
            Found::Done => {
                done = doubt.number;
                entry(done)
                    .save(connection, request, &execution.steps)
                    .await?;
            }
            Found::Undone(dropped) => {
                for index in dropped {
                    events(Event::CleanedUp { index });
                }
                entry(done)
                    .save(connection, request, &execution.steps)
                    .await?;
            }
            Found::Unknown => known = false,
        }
    }
    for (at, step) in execution.steps.iter_mut().enumerate() {
        step.state = match step.state {
            State::AppliedBefore | State::NotNeeded => step.state,
            _ if at < done => State::Applied,
            _ if step.number == number && !known => State::InDoubt,
            _ if step.number == number => State::Failed,
            State::NotRun => State::NotRun,
            _ => State::RolledBack,
        };
    }
    Ok(known)
}
