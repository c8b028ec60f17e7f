//! Looking at the recorded workload a second time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::catalog::statistics::{Statement, Workload};
use crate::failure::Failure;
use crate::terminal::{DIM, Terminal, interrupt};

/// Waits for the window to pass; a signal ends it.
pub(super) async fn wait(window: Duration, terminal: &mut Terminal) -> Result<(), Failure> {
    let interrupt = interrupt::listen();
    terminal.note(&format!(
        "{DIM}  watch   the workload for {} s{DIM:#}",
        window.as_secs()
    ));
    tokio::select! {
        () = tokio::time::sleep(window) => Ok(()),
        signal = interrupt.wait() => Err(Failure::interrupted(signal, "stopped while watching the workload")),
    }
}

/// What ran between two looks. Counters that were reset in between count from zero.
pub(in crate::commands) fn between(before: Workload, after: Workload) -> Workload {
    let (Workload::Recorded(before), Workload::Recorded(after)) = (before, after.clone()) else {
        return after;
    };
    let known: BTreeMap<(String, i64), Statement> = before
        .into_iter()
        .map(|statement| ((statement.query.clone(), statement.user), statement))
        .collect();
    let within = after.into_iter().filter_map(|statement| {
        let earlier = known.get(&(statement.query.clone(), statement.user));
        let earlier = earlier.filter(|earlier| earlier.calls <= statement.calls);
        let (calls, rows, total_ms) = earlier.map_or((0, 0, 0.0), |earlier| {
            (earlier.calls, earlier.rows, earlier.total_ms)
        });
        let difference = Statement {
            calls: statement.calls - calls,
            rows: statement.rows - rows,
            total_ms: statement.total_ms - total_ms,
            ..statement
        };
        (difference.calls > 0).then_some(difference)
    });
    Workload::Recorded(within.collect())
}
