//! Looks at a statement from a second connection while it runs: who holds it back. And stops it
//! when a signal comes.

use std::time::Duration;

use sqlx::Row;

use super::super::connect::Target;
use super::super::{Connection, Error};
use crate::failure::Interruption;
use crate::migrate::execution::Event;
use crate::terminal::interrupt::Interrupt;

/// The first look comes after this time, so that quick statements cost no second connection.
const INTERVAL: Duration = Duration::from_millis(600);

pub(super) struct Observer {
    target: Target,
    process: i32,
    connection: Option<Connection>,
    holder: Option<String>,
}

impl Observer {
    pub(super) const fn new(target: Target, process: i32) -> Self {
        Self {
            target,
            process,
            connection: None,
            holder: None,
        }
    }

    /// Who held the statement back when it was looked at last.
    pub(super) fn holder(&mut self) -> Option<String> {
        self.holder.take()
    }

    /// Looks once. A server that has no room for a second connection is no reason to stop.
    async fn look(&mut self) {
        if self.connection.is_none() {
            self.connection = self.target.connect().await.ok();
        }
        let Some(connection) = &mut self.connection else {
            return;
        };
        const QUESTION: &str = "
            SELECT a.pid, a.application_name, a.state, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change)
            FROM pg_catalog.pg_stat_activity a
            WHERE a.pid = ANY (pg_catalog.pg_blocking_pids($1)) ORDER BY a.xact_start LIMIT 1";
        let found = sqlx::query(QUESTION)
            .bind(self.process)
            .fetch_optional(connection.inner())
            .await;
        if let Ok(Some(row)) = found {
            let text = |at: usize| {
                row.try_get::<Option<String>, _>(at)
                    .ok()
                    .flatten()
                    .unwrap_or_default()
            };
            let process = row.try_get::<i32, _>(0).unwrap_or_default();
            let since = row
                .try_get::<Option<f64>, _>(3)
                .ok()
                .flatten()
                .unwrap_or_default();
            self.holder = Some(format!(
                "pid {process}, application `{}`, {} for {since:.0} s",
                text(1),
                text(2)
            ));
        }
    }
}

/// Executes, looks from time to time who is in the way, and cancels on a signal.
pub(super) async fn execute(
    connection: &mut Connection,
    observer: &mut Observer,
    sql: &str,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(Event),
) -> (Result<(), Error>, Option<Interruption>) {
    let canceller = connection.canceller();
    let mut running = Box::pin(connection.execute(sql));
    loop {
        tokio::select! {
            biased;
            result = &mut running => return (result, None),
            signal = interrupt.wait() => {
                events(Event::Interrupted);
                // Without a second connection the statement runs to its end: what is told stays true.
                let _ = canceller.cancel().await;
                return (running.await, Some(signal));
            }
            () = tokio::time::sleep(INTERVAL) => {
                tokio::select! {
                    result = &mut running => return (result, None),
                    () = observer.look() => {}
                }
            }
        }
    }
}
