//! Looks at a statement from a second connection while it runs: who holds it back. And stops it
//! when a signal comes.

use std::convert::Infallible;
use std::time::Duration;

use super::super::connect::Target;
use super::super::{Connection, Error, activity};
use crate::failure::Interruption;
use crate::migrate::execution::Event;
use crate::terminal::interrupt::Interrupt;

/// The first look comes after this time, so that quick statements cost no second connection.
const INTERVAL: Duration = Duration::from_millis(600);

pub(in crate::postgres) struct Observer {
    target: Target,
    process: i32,
    interval: Duration,
    connection: Option<Connection>,
    holder: Option<String>,
}

impl Observer {
    /// `limit` is the time in which a lock must come.
    pub(in crate::postgres) fn new(target: Target, process: i32, limit: Duration) -> Self {
        Self {
            target,
            process,
            interval: INTERVAL.min(limit / 3).max(Duration::from_millis(20)),
            connection: None,
            holder: None,
        }
    }

    /// Who held the statement back when it was looked at last.
    pub(in crate::postgres) fn holder(&mut self) -> Option<String> {
        self.holder.take()
    }

    /// Looks again and again. A look may take long where a server lets nobody in, so nothing waits
    /// for the end of one.
    async fn keep_looking(&mut self) -> Infallible {
        loop {
            tokio::time::sleep(self.interval).await;
            self.look().await;
        }
    }

    /// Looks once. A server that has no room for a second connection is no reason to stop.
    async fn look(&mut self) {
        if self.connection.is_none() {
            self.connection = self.target.connect().await.ok();
        }
        let Some(connection) = &mut self.connection else {
            return;
        };
        if let Ok(Some(holder)) = activity::blocking(connection, self.process).await {
            self.holder = Some(holder);
        }
    }
}

/// What is sent to the server.
#[derive(Clone, Copy)]
pub(in crate::postgres) enum Work<'a> {
    Statement(&'a str),
    /// COPY with its rows.
    Copy(&'a str, &'a [u8]),
}

impl Work<'_> {
    async fn run(self, connection: &mut Connection) -> Result<(), Error> {
        match self {
            Self::Statement(sql) => connection.execute(sql).await,
            Self::Copy(sql, rows) => connection.copy_in(sql, rows).await.map(|_| ()),
        }
    }
}

/// Executes, looks from time to time who is in the way, and cancels on a signal.
pub(in crate::postgres) async fn execute(
    connection: &mut Connection,
    observer: &mut Observer,
    work: Work<'_>,
    interrupt: &Interrupt,
    events: &mut dyn FnMut(Event),
) -> (Result<(), Error>, Option<Interruption>) {
    let canceller = connection.canceller();
    let mut running = Box::pin(work.run(connection));
    let signal = tokio::select! {
        biased;
        result = &mut running => return (result, None),
        signal = interrupt.wait() => signal,
        never = observer.keep_looking() => match never {},
    };
    events(Event::Interrupted);
    // Without a second connection the statement runs to its end: what is told stays true.
    let _ = canceller.cancel().await;
    (running.await, Some(signal))
}
