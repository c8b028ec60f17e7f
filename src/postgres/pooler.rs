//! A connection pooler in transaction mode gives every transaction another session of the server:
//! advisory locks and settings then hold for nobody, and an index build has no home.

use super::{Connection, Error};
use crate::failure::Failure;

/// How often two sessions are compared. An idle pooler gives itself away the first time.
const LOOKS: usize = 3;

/// Fails when the session is not a session of the server.
pub async fn refuse(connection: &mut Connection) -> Result<(), Failure> {
    match shared_process(connection).await? {
        None => Ok(()),
        Some(process) => Err(Failure::environment(format!(
            "`{}` leads to a connection pooler in transaction mode",
            connection.target().url()
        ))
        .detail(format!(
            "one process of the server (pid {process}) served two sessions, so locks and settings of a session do not hold"
        ))
        .hint("connect to the server itself, or to a port of the pooler in session mode; nothing was changed")
        .code("transaction-pooler")),
    }
}

/// A process that served two sessions that are open at the same time.
async fn shared_process(connection: &mut Connection) -> Result<Option<i32>, Error> {
    // A server without room for a second session is no pooler.
    let Ok(mut second) = connection.target().connect().await else {
        return Ok(None);
    };
    let mut mine = connection.process();
    let mut shared = (second.process() == mine).then_some(mine);
    for _ in 0..LOOKS {
        if shared.is_some() {
            break;
        }
        second.execute("BEGIN").await?;
        let other = second.present_process().await?;
        second.execute("ROLLBACK").await?;
        let now = connection.present_process().await?;
        shared = if other == mine || other == now || now != mine {
            Some(other)
        } else {
            None
        };
        mine = now;
    }
    second.close().await;
    Ok(shared)
}
