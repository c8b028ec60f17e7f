//! What sends a request and reads its answer, whichever engine does it. Dispatch by enum: nothing
//! dynamic on the way of a request.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

use super::failure::Failure;
use super::general::General;
use super::http1::Http1;
use super::http2::Http2;
use super::layout::{Ask, Place};
use super::worker::{Slot, Worker};
use crate::loadtest::http1::Capture;
use crate::loadtest::plan::Engine;

/// One connection of one lane, connected or not.
pub(super) enum Session {
    Http1(Http1),
    Http2(Http2),
    /// Boxed, so that what only it needs is not part of every session.
    General(Box<General>),
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) received: u64,
    pub(super) sent: u64,
    /// As on the wire, `HTTP/1.1`.
    pub(super) protocol: &'static str,
    pub(super) capture: Option<Box<Capture>>,
}

impl Session {
    pub(super) fn new(engine: &Engine, place: Place) -> Self {
        match engine {
            Engine::Http1 => Self::Http1(Http1::new(place)),
            Engine::Http2 => Self::Http2(Http2::new(place)),
            Engine::General(_) => Self::General(Box::new(General::new(place.lane))),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        match self {
            Self::Http1(session) => session.is_connected(),
            Self::Http2(session) => session.is_connected(),
            Self::General(session) => session.is_connected(),
        }
    }

    pub(super) async fn connect(&mut self, worker: &Worker) -> Result<(), Failure> {
        match self {
            Self::Http1(session) => Box::pin(session.connect(worker)).await,
            Self::Http2(session) => Box::pin(session.connect(worker)).await,
            Self::General(session) => Box::pin(session.connect(worker)).await,
        }
    }

    /// Fills in the next request; it stays the same when it has to be sent again.
    pub(super) fn fill(&mut self, worker: &Worker, ask: Ask) {
        match self {
            Self::Http1(session) => session.fill(worker, ask),
            Self::Http2(session) => session.fill(worker, ask),
            Self::General(session) => session.fill(worker, ask),
        }
    }

    /// One request and its answer.
    pub(super) async fn exchange(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
    ) -> Result<Reply, Failure> {
        match self {
            Self::Http1(session) => {
                session.begin(worker, ask);
                poll_fn(|context| session.poll(worker, slot, ask, context)).await
            }
            Self::Http2(session) => {
                session.begin(worker, ask);
                poll_fn(|context| session.poll(worker, slot, ask, context)).await
            }
            // Boxed, so that its kilobytes are not part of every connection's task.
            Self::General(session) => Box::pin(session.exchange(worker, slot, ask)).await,
        }
    }

    /// Looks after a connection that waits for its next request.
    pub(super) fn attend(&mut self, worker: &Worker, context: &mut Context<'_>) {
        if let Self::Http2(session) = self {
            session.attend(worker, context);
        }
    }

    /// Whether the last exchange failed because the server had closed an idle connection.
    pub(super) const fn was_stale(&self) -> bool {
        match self {
            Self::Http1(session) => session.was_stale(),
            Self::Http2(session) => session.was_stale(),
            // Its pool deals with them.
            Self::General(_) => false,
        }
    }
}

/// Waits for a part of an exchange, unless the time of the exchange is up.
pub(super) async fn within<F: Future>(slot: &Slot, future: F) -> Result<F::Output, Failure> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => slot.wait(context),
    })
    .await
}
