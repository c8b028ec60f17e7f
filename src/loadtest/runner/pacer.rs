//! The open loop of one worker: takes the next arrival of the run's schedule as soon as one of its
//! connections is idle, waits until it is due, and hands it over.

use std::rc::Rc;

use super::sleeper::Sleeper;
use super::timeline::{Timeline, nanoseconds};
use super::worker::{Arrival, Worker};
use crate::loadtest::schedule::Schedule;

/// Runs until the next arrival would be due after the end.
pub(super) async fn pace(worker: Rc<Worker>, schedule: Schedule, timeline: Timeline) {
    let sleeper = Sleeper::new(worker.clock);
    loop {
        worker.wait_for_idle().await;
        let number = worker.shared.arrivals.take();
        let due = timeline
            .start
            .saturating_add(nanoseconds(schedule.due(number)));
        if due >= timeline.end {
            break;
        }
        sleeper.until(due).await;
        let now = worker.clock.now();
        if worker
            .idle_since()
            .is_none_or(|since| since >= timeline.end)
        {
            // The connection became free too late; the arrival stays unsent. Where one was free in
            // time and only this thread came late, the request is sent, and its lag is recorded.
            break;
        }
        let arrival = Arrival {
            due,
            target: timeline.target_at(due),
        };
        worker.hand_over(arrival, now);
    }
    worker.pacing_is_over.set(true);
}
