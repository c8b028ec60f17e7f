//! Our HTTP/1.1 path: the prepared bytes out, the answer through the reader, two system calls for
//! an exchange and no allocation.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure::Failure;
use super::layout::{Ask, Place};
use super::session::Reply;
use super::transport::Transport;
use super::worker::{Slot, Worker};
use crate::loadtest::http1::{Answer, Expects, Fault, Reader, Step};
use crate::loadtest::plan::Reuse;

#[derive(Debug)]
pub(super) struct Http1 {
    place: Place,
    transport: Option<Transport>,
    reader: Reader,
    /// Answers that came over the present connection.
    served: u64,
    stale: bool,
    /// The request that is under way, when it was filled in.
    filled: Vec<u8>,
    progress: Progress,
}

/// How far the present exchange is.
#[derive(Debug, Default)]
struct Progress {
    written: usize,
    received: u64,
    flushed: bool,
    /// The server may have answered before it closed, so reading goes on after a failed write.
    write_failure: Option<io::Error>,
}

impl Http1 {
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            transport: None,
            reader: Reader::new(Expects::Body),
            served: 0,
            stale: false,
            filled: Vec::new(),
            progress: Progress::default(),
        }
    }

    pub(super) const fn is_connected(&self) -> bool {
        self.transport.is_some()
    }

    pub(super) const fn was_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn fill(&mut self, worker: &Worker, ask: Ask) {
        if let Some(program) = &worker.requests[ask.request].program {
            let mut values = worker.values(program.needs);
            program.render(&mut values, &mut worker.body.borrow_mut(), &mut self.filled);
        }
    }

    pub(super) async fn connect(&mut self, worker: &Worker) -> Result<(), Failure> {
        self.transport = None;
        self.served = 0;
        self.transport = Some(worker.connect(self.place).await?);
        Ok(())
    }

    /// The next exchange begins with the first poll.
    pub(super) fn begin(&mut self, worker: &Worker, ask: Ask) {
        self.stale = false;
        self.reader.expect(worker.requests[ask.request].expects);
        self.reader.begin();
        self.progress = Progress::default();
    }

    pub(super) fn poll(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
        context: &mut Context<'_>,
    ) -> Poll<Result<Reply, Failure>> {
        let result = ready!(self.advance(worker, slot, ask, context));
        Poll::Ready(match result {
            Ok(answer) => {
                self.served += 1;
                // An answer that came before the request was out leaves the connection between two
                // things.
                let ends = answer.closes || !self.progress.flushed;
                // Where each answer was to be the last, the server did as it was told.
                if ends && worker.plan.reuse == Reuse::KeepAlive {
                    worker.count_closed(ask.target);
                }
                // Not every server ends the connection that it was asked to end, or says so.
                if ends || worker.plan.reuse == Reuse::Never {
                    self.transport = None;
                }
                Ok(Reply {
                    status: answer.status,
                    received: self.progress.received,
                    sent: self.progress.written as u64,
                    protocol: if answer.version == 0 {
                        "HTTP/1.0"
                    } else {
                        "HTTP/1.1"
                    },
                    capture: self.reader.take_capture(),
                })
            }
            Err(failure) => {
                self.stale = self.served > 0 && !self.reader.is_touched() && failure.is_closed();
                self.transport = None;
                Err(failure)
            }
        })
    }

    fn advance(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
        context: &mut Context<'_>,
    ) -> Poll<Result<Answer, Failure>> {
        let Some(transport) = self.transport.as_mut() else {
            return Poll::Ready(Err(Fault::Unanswered.into()));
        };
        let (reader, progress) = (&mut self.reader, &mut self.progress);
        if !progress.flushed && progress.write_failure.is_none() {
            let prepared = &worker.requests[ask.request];
            let request: &[u8] = match &prepared.program {
                None => &prepared.bytes,
                Some(_) => &self.filled,
            };
            progress.write(request, transport, context);
        }
        let mut buffer = worker.buffer.borrow_mut();
        let mut recent = worker.recent.borrow_mut();
        loop {
            let mut read = ReadBuf::new(&mut buffer);
            match Pin::new(&mut *transport).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) if read.filled().is_empty() => {
                    return Poll::Ready(progress.end(reader));
                }
                Poll::Ready(Ok(())) => {
                    let bytes = read.filled();
                    progress.received += bytes.len() as u64;
                    let wants = |status| worker.wants(ask, status);
                    match reader.feed(bytes, &mut recent, wants) {
                        Ok(Step::More) => {}
                        Ok(Step::Complete(answer)) => return Poll::Ready(Ok(answer)),
                        Err(fault) => return Poll::Ready(Err(fault.into())),
                    }
                }
                // TLS that ends without a goodbye is an end like any other.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(progress.end(reader));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::exchanging(error))),
                Poll::Pending => {
                    drop((buffer, recent));
                    return slot.wait(context);
                }
            }
        }
    }
}

impl Progress {
    fn write(&mut self, request: &[u8], transport: &mut Transport, context: &mut Context<'_>) {
        while self.written < request.len() {
            let rest = &request[self.written..];
            match Pin::new(&mut *transport).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => {
                    self.write_failure = Some(io::ErrorKind::WriteZero.into());
                    return;
                }
                Poll::Ready(Ok(length)) => self.written += length,
                Poll::Ready(Err(error)) => {
                    self.write_failure = Some(error);
                    return;
                }
                Poll::Pending => return,
            }
        }
        match Pin::new(transport).poll_flush(context) {
            Poll::Ready(Ok(())) => self.flushed = true,
            Poll::Ready(Err(error)) => self.write_failure = Some(error),
            Poll::Pending => {}
        }
    }

    fn end(&mut self, reader: &mut Reader) -> Result<Answer, Failure> {
        match (reader.end(), self.write_failure.take()) {
            (Ok(answer), _) => Ok(answer),
            (Err(Fault::Unanswered), Some(error)) => Err(Failure::exchanging(error)),
            (Err(fault), _) => Err(fault.into()),
        }
    }
}
