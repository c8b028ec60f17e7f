//! Our HTTP/2 path: one connection for each session and one stream at a time on it. The prepared
//! block goes out with whatever else is due in one write, and nothing is allocated for an exchange.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure::Failure;
use super::layout::{Ask, Layout, Place};
use super::session::Reply;
use super::transport::Transport;
use super::worker::{Slot, Worker};
use crate::loadtest::http2::hpack::Room;
use crate::loadtest::http2::{Answer, Connection, Fault, Prepared, Rendered, Sending, Step};
use crate::loadtest::plan::{Engine, Plan, Reuse};

/// Bytes that are put together for one write.
const WRITE: usize = 64 * 1024;

/// Memory for bytes that did not go out at once which an idle connection may keep.
const KEPT: usize = 512;

/// When only what is due shall go out.
const NOTHING: Sending<'static> = Sending {
    block: &[],
    body: &[],
};

/// What the connections of a worker share: requests, and room that no exchange keeps.
pub(super) struct Supplies {
    /// One for each request of the row, where this engine runs.
    prepared: Vec<Prepared>,
    fields: RefCell<Room>,
    out: RefCell<Vec<u8>>,
}

impl Supplies {
    pub(super) fn new(plan: &Plan) -> Self {
        let prepared = if plan.engine == Engine::Http2 {
            Layout::requests(plan).map(Prepared::new).collect()
        } else {
            Vec::new()
        };
        Self {
            prepared,
            fields: RefCell::default(),
            out: RefCell::default(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Http2 {
    place: Place,
    link: Option<Box<Link>>,
    stale: bool,
    /// The request that is under way, when it was filled in.
    filled: Rendered,
    received: u64,
    /// The server may have answered before it closed, so reading goes on after a failed write.
    write_failure: Option<io::Error>,
}

impl Http2 {
    pub(super) const fn new(place: Place) -> Self {
        Self {
            place,
            link: None,
            stale: false,
            filled: Rendered {
                block: Vec::new(),
                body: Vec::new(),
            },
            received: 0,
            write_failure: None,
        }
    }

    pub(super) const fn is_connected(&self) -> bool {
        self.link.is_some()
    }

    pub(super) const fn was_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn fill(&mut self, worker: &Worker, ask: Ask) {
        if let Some(program) = &worker.http2.prepared[ask.request].program {
            let mut values = worker.values(program.needs);
            program.render(&mut values, &mut worker.body.borrow_mut(), &mut self.filled);
        }
    }

    pub(super) async fn connect(&mut self, worker: &Worker) -> Result<(), Failure> {
        self.link = None;
        let mut link = Link {
            transport: worker.connect(self.place).await?,
            connection: Connection::new(),
            unsent: Vec::new(),
            sent: 0,
            is_flushed: true,
            served: 0,
        };
        // The server may wait for our settings before it does anything.
        let greeted = poll_fn(|context| Poll::Ready(link.write(worker, NOTHING, context))).await;
        greeted.map_err(Failure::exchanging)?;
        link.sent = 0;
        self.link = Some(Box::new(link));
        Ok(())
    }

    /// The next exchange begins with the first poll.
    pub(super) fn begin(&mut self, worker: &Worker, ask: Ask) {
        self.stale = false;
        self.received = 0;
        self.write_failure = None;
        if let Some(link) = self.link.as_deref_mut() {
            link.sent = 0;
            let prepared = &worker.http2.prepared[ask.request];
            link.connection.begin(prepared.expects);
        }
    }

    pub(super) fn poll(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
        context: &mut Context<'_>,
    ) -> Poll<Result<Reply, Failure>> {
        let Some(link) = self.link.as_deref_mut() else {
            return Poll::Ready(Err(Fault::Unanswered.into()));
        };
        let prepared = &worker.http2.prepared[ask.request];
        let sending = match &prepared.program {
            None => Sending {
                block: &prepared.block,
                body: &prepared.body,
            },
            Some(_) => Sending {
                block: &self.filled.block,
                body: &self.filled.body,
            },
        };
        let mut exchange = Exchange {
            worker,
            ask,
            sending,
            link,
            write_failure: &mut self.write_failure,
            received: &mut self.received,
        };
        let result = ready!(exchange.poll(context, slot));
        Poll::Ready(match result {
            Ok(answer) => {
                link.served += 1;
                let sent = link.sent;
                let capture = link.connection.take_capture();
                if answer.closes {
                    worker.count_closed(ask.target);
                }
                if answer.closes || worker.plan.reuse == Reuse::Never {
                    self.link = None;
                }
                Ok(Reply {
                    status: answer.status,
                    received: self.received,
                    sent,
                    protocol: "HTTP/2",
                    capture,
                })
            }
            Err(failure) => {
                let is_untouched = !link.connection.is_touched();
                self.stale = link.served > 0 && is_untouched && failure.is_closed();
                link.connection.cancel();
                // Where bytes of the request are held back, nobody reads them.
                if !link.connection.is_usable() || !link.is_flushed || !link.unsent.is_empty() {
                    self.link = None;
                }
                Err(failure)
            }
        })
    }

    /// Answers what the server asks of a connection that has no exchange, and notices its end.
    pub(super) fn attend(&mut self, worker: &Worker, context: &mut Context<'_>) {
        let Some(link) = self.link.as_deref_mut() else {
            return;
        };
        if !link.attend(worker, context) {
            self.link = None;
            worker.count_closed(worker.layout.lanes[self.place.lane].target);
        }
    }
}

/// A connection and the bytes of it that are under way.
#[derive(Debug)]
struct Link {
    transport: Transport,
    connection: Connection,
    /// What an earlier write left.
    unsent: Vec<u8>,
    /// Bytes of the present exchange that were sent, above TLS.
    sent: u64,
    is_flushed: bool,
    /// Answers that came over it.
    served: u64,
}

impl Link {
    /// Sends what is due and as much of the request as the server takes now.
    fn write(
        &mut self,
        worker: &Worker,
        sending: Sending<'_>,
        context: &mut Context<'_>,
    ) -> io::Result<()> {
        loop {
            if !self.unsent.is_empty() {
                let unsent = std::mem::take(&mut self.unsent);
                let written = self.write_bytes(&unsent, context)?;
                self.unsent = unsent;
                self.unsent.drain(..written);
                if !self.unsent.is_empty() {
                    break;
                }
                self.unsent.shrink_to(KEPT);
            }
            let mut out = worker.http2.out.borrow_mut();
            out.clear();
            self.connection.produce(sending, WRITE, &mut out);
            if out.is_empty() {
                break;
            }
            let written = self.write_bytes(&out, context)?;
            if written < out.len() {
                self.unsent.extend_from_slice(&out[written..]);
                break;
            }
        }
        if !self.is_flushed {
            match Pin::new(&mut self.transport).poll_flush(context) {
                Poll::Ready(result) => {
                    result?;
                    self.is_flushed = true;
                }
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    /// How many of them went out.
    fn write_bytes(&mut self, bytes: &[u8], context: &mut Context<'_>) -> io::Result<usize> {
        let mut written = 0;
        while written < bytes.len() {
            match Pin::new(&mut self.transport).poll_write(context, &bytes[written..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(length)) => {
                    written += length;
                    self.sent += length as u64;
                    self.is_flushed = false;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => break,
            }
        }
        Ok(written)
    }

    /// Whether the connection goes on.
    fn attend(&mut self, worker: &Worker, context: &mut Context<'_>) -> bool {
        let mut buffer = worker.buffer.borrow_mut();
        loop {
            let mut read = ReadBuf::new(&mut buffer);
            match Pin::new(&mut self.transport).poll_read(context, &mut read) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                    let mut room = worker.http2.fields.borrow_mut();
                    let fed = self.connection.feed(read.filled(), &mut room, |_| false);
                    if fed.is_err() || !self.connection.is_usable() {
                        let _ = self.write(worker, NOTHING, context);
                        return false;
                    }
                }
                Poll::Ready(_) => return false,
            }
        }
        self.write(worker, NOTHING, context).is_ok()
    }
}

/// One exchange while its connection's task looks at it.
struct Exchange<'run> {
    worker: &'run Worker,
    ask: Ask,
    sending: Sending<'run>,
    link: &'run mut Link,
    write_failure: &'run mut Option<io::Error>,
    received: &'run mut u64,
}

impl Exchange<'_> {
    fn poll(&mut self, context: &mut Context<'_>, slot: &Slot) -> Poll<Result<Answer, Failure>> {
        self.write(context);
        let mut buffer = self.worker.buffer.borrow_mut();
        loop {
            let mut read = ReadBuf::new(&mut buffer);
            match Pin::new(&mut self.link.transport).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Poll::Ready(Err(self.end()));
                }
                Poll::Ready(Ok(())) => {
                    let bytes = read.filled();
                    *self.received += bytes.len() as u64;
                    let wants = |status| self.worker.wants(self.ask, status);
                    let mut room = self.worker.http2.fields.borrow_mut();
                    let fed = self.link.connection.feed(bytes, &mut room, wants);
                    drop(room);
                    match fed {
                        // What it asks for may be the room for the rest of the request.
                        Ok(Step::More) => self.write(context),
                        // What else is due goes out with the next request.
                        Ok(Step::Complete(answer)) => return Poll::Ready(Ok(answer)),
                        Err(fault) => {
                            self.write(context);
                            return Poll::Ready(Err(fault.into()));
                        }
                    }
                }
                // TLS that ends without a goodbye is an end like any other.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(Err(self.end()));
                }
                Poll::Ready(Err(error)) => {
                    let _ = self.link.connection.end();
                    return Poll::Ready(Err(Failure::exchanging(error)));
                }
                Poll::Pending => {
                    drop(buffer);
                    return slot.wait(context);
                }
            }
        }
    }

    fn write(&mut self, context: &mut Context<'_>) {
        if self.write_failure.is_none() {
            let result = self.link.write(self.worker, self.sending, context);
            *self.write_failure = result.err();
        }
    }

    fn end(&mut self) -> Failure {
        match (self.link.connection.end(), self.write_failure.take()) {
            (Fault::Unanswered, Some(error)) => Failure::exchanging(error),
            (fault, _) => fault.into(),
        }
    }
}
