//! What sends a request and reads its answer, whichever engine does it. Dispatch by enum: nothing
//! dynamic on the way of a request.

use super::failure::Failure;
use super::http1::Http1;
use super::worker::{Slot, Worker};
use crate::loadtest::http1::Capture;

/// One connection to one target, connected or not.
#[derive(Debug)]
pub(super) enum Session {
    Http1(Http1),
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) received: u64,
    /// As on the wire, `HTTP/1.1`.
    pub(super) protocol: &'static str,
    pub(super) capture: Option<Box<Capture>>,
}

impl Session {
    pub(super) fn new(worker: &Worker, target: usize) -> Self {
        Self::Http1(Http1::new(&worker.plan.targets[target], target))
    }

    pub(super) const fn is_connected(&self) -> bool {
        match self {
            Self::Http1(session) => session.is_connected(),
        }
    }

    pub(super) async fn connect(&mut self, worker: &Worker) -> Result<(), Failure> {
        match self {
            Self::Http1(session) => session.connect(worker).await,
        }
    }

    /// One request and its answer. After a failure the session is no longer connected.
    pub(super) async fn exchange(
        &mut self,
        worker: &Worker,
        slot: &Slot,
    ) -> Result<Reply, Failure> {
        match self {
            Self::Http1(session) => session.exchange(worker, slot).await,
        }
    }

    /// Whether the last exchange failed because the server had closed an idle connection.
    pub(super) const fn was_stale(&self) -> bool {
        match self {
            Self::Http1(session) => session.was_stale(),
        }
    }
}
