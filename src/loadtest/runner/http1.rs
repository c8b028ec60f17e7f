//! Our HTTP/1.1 path: the prepared bytes out, the answer through the reader, two system calls for
//! an exchange and no allocation.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure::Failure;
use super::layout::Ask;
use super::session::Reply;
use super::transport::Transport;
use super::worker::{Slot, Worker};
use crate::loadtest::http1::{Answer, Expects, Fault, Reader, Step};

#[derive(Debug)]
pub(super) struct Http1 {
    lane: usize,
    transport: Option<Transport>,
    reader: Reader,
    /// Answers that came over the present connection.
    served: u64,
    stale: bool,
    /// The request that is under way, when it was filled in.
    filled: Vec<u8>,
}

impl Http1 {
    pub(super) const fn new(lane: usize) -> Self {
        Self {
            lane,
            transport: None,
            reader: Reader::new(Expects::Body),
            served: 0,
            stale: false,
            filled: Vec::new(),
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
        self.transport = Some(worker.connect(self.lane).await?);
        Ok(())
    }

    pub(super) async fn exchange(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
    ) -> Result<Reply, Failure> {
        self.stale = false;
        let Some(transport) = self.transport.as_mut() else {
            return Err(Fault::Unanswered.into());
        };
        let prepared = &worker.requests[ask.request];
        self.reader.expect(prepared.expects);
        self.reader.begin();
        let mut exchange = Exchange {
            worker,
            target: ask.target,
            request: match &prepared.program {
                None => &prepared.bytes,
                Some(_) => &self.filled,
            },
            transport,
            reader: &mut self.reader,
            written: 0,
            flushed: false,
            write_failure: None,
            received: 0,
        };
        let result = poll_fn(|context| exchange.poll(context, slot)).await;
        let (received, sent) = (exchange.received, exchange.written as u64);
        // An answer that came before the request was out leaves the connection between two things.
        let unfinished = !exchange.flushed;
        match result {
            Ok(answer) => {
                self.served += 1;
                if answer.closes || unfinished {
                    self.transport = None;
                    worker.count_closed(ask.target);
                }
                Ok(Reply {
                    status: answer.status,
                    received,
                    sent,
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
        }
    }
}

/// The state of one exchange, polled by the task of its connection.
struct Exchange<'run> {
    worker: &'run Worker,
    target: usize,
    request: &'run [u8],
    transport: &'run mut Transport,
    reader: &'run mut Reader,
    written: usize,
    flushed: bool,
    /// The server may have answered before it closed, so reading goes on after a failed write.
    write_failure: Option<io::Error>,
    received: u64,
}

impl Exchange<'_> {
    fn poll(&mut self, context: &mut Context<'_>, slot: &Slot) -> Poll<Result<Answer, Failure>> {
        if !self.flushed && self.write_failure.is_none() {
            self.write(context);
        }
        let mut buffer = self.worker.buffer.borrow_mut();
        let mut recent = self.worker.recent.borrow_mut();
        loop {
            let mut read = ReadBuf::new(&mut buffer);
            match Pin::new(&mut *self.transport).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) if read.filled().is_empty() => return Poll::Ready(self.end()),
                Poll::Ready(Ok(())) => {
                    let bytes = read.filled();
                    self.received += bytes.len() as u64;
                    let wants = |status| self.worker.wants(self.target, status);
                    match self.reader.feed(bytes, &mut recent, wants) {
                        Ok(Step::More) => {}
                        Ok(Step::Complete(answer)) => return Poll::Ready(Ok(answer)),
                        Err(fault) => return Poll::Ready(Err(fault.into())),
                    }
                }
                // TLS that ends without a goodbye is an end like any other.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Poll::Ready(self.end());
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Failure::exchanging(error))),
                Poll::Pending => {
                    drop((buffer, recent));
                    return slot.wait(context);
                }
            }
        }
    }

    fn write(&mut self, context: &mut Context<'_>) {
        while self.written < self.request.len() {
            let rest = &self.request[self.written..];
            match Pin::new(&mut *self.transport).poll_write(context, rest) {
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
        match Pin::new(&mut *self.transport).poll_flush(context) {
            Poll::Ready(Ok(())) => self.flushed = true,
            Poll::Ready(Err(error)) => self.write_failure = Some(error),
            Poll::Pending => {}
        }
    }

    fn end(&mut self) -> Result<Answer, Failure> {
        match (self.reader.end(), self.write_failure.take()) {
            (Ok(answer), _) => Ok(answer),
            (Err(Fault::Unanswered), Some(error)) => Err(Failure::exchanging(error)),
            (Err(fault), _) => Err(fault.into()),
        }
    }
}
