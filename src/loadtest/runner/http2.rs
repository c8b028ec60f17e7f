//! HTTP/2 over hyper: one connection for each session and one stream at a time on it.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure::Failure;
use super::layout::Ask;
use super::session::{Reply, within};
use super::transport::Transport;
use super::worker::{Slot, Worker};
use crate::loadtest::http1::Capture;
use crate::loadtest::plan::{self, Scheme};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::request;

pub(super) struct Http2 {
    lane: usize,
    connection: Option<Connection>,
    stale: bool,
    /// The request that is under way, when it was filled in.
    filled: Option<Result<Prototype, Failure>>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    traffic: Rc<Traffic>,
    served: u64,
}

/// A request in hyper's words, built once.
#[derive(Clone)]
pub(super) struct Prototype {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// Headers that HTTP/2 does not have.
const HOP_BY_HOP: [&str; 5] = [
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "upgrade",
];

impl Prototype {
    /// A fault names the part that hyper does not take.
    pub(super) fn new(planned: &plan::Request) -> Result<Self, Failure> {
        let invalid = |part: &str| {
            Failure::new(
                ErrorKind::Protocol,
                format!("the {part} cannot be sent over HTTP/2"),
            )
        };
        let scheme = match planned.address.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let uri = format!("{scheme}://{}{}", planned.address.authority(), planned.path);
        let mut headers = HeaderMap::new();
        let own = planned
            .headers
            .iter()
            .map(|header| (header.name.as_str(), header.expose()));
        let defaults = request::defaults(planned);
        let implied = defaults.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in implied.chain(own) {
            if HOP_BY_HOP.iter().any(|hop| name.eq_ignore_ascii_case(hop)) {
                continue;
            }
            let name = HeaderName::try_from(name).map_err(|_| invalid("header name"))?;
            let value = HeaderValue::try_from(value).map_err(|_| invalid("header value"))?;
            headers.append(name, value);
        }
        Ok(Self {
            method: Method::try_from(planned.method.as_str()).map_err(|_| invalid("method"))?,
            uri: Uri::try_from(uri).map_err(|_| invalid("URL"))?,
            headers,
            body: Bytes::from_owner(Arc::clone(&planned.body)),
        })
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = self.headers.clone();
        request
    }
}

impl Http2 {
    pub(super) const fn new(lane: usize) -> Self {
        Self {
            lane,
            connection: None,
            stale: false,
            filled: None,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connection
            .as_ref()
            .is_some_and(|connection| !connection.sender.is_closed())
    }

    pub(super) const fn was_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn fill(&mut self, worker: &Worker, ask: Ask) {
        let planned = worker.layout.request(&worker.plan, ask);
        self.filled = planned.filling.as_ref().map(|filling| {
            let mut values = worker.values(filling.needs());
            Prototype::new(&planned.filled(filling, &mut values))
        });
    }

    pub(super) async fn connect(&mut self, worker: &Worker) -> Result<(), Failure> {
        if self.connection.take().is_some() {
            worker.count_closed(worker.layout.lanes[self.lane].target);
        }
        let transport = worker.connect(self.lane).await?;
        let traffic = Rc::new(Traffic::default());
        let counted = TokioIo::new(Counted {
            transport,
            traffic: Rc::clone(&traffic),
        });
        let (sender, driver) = http2::handshake(ThisThread, counted)
            .await
            .map_err(|error| failure(&error))?;
        tokio::task::spawn_local(async move {
            // What goes wrong on the connection also reaches the exchange on it.
            let _ = driver.await;
        });
        self.connection = Some(Connection {
            sender,
            traffic,
            served: 0,
        });
        Ok(())
    }

    pub(super) async fn exchange(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
    ) -> Result<Reply, Failure> {
        self.stale = false;
        let Some(connection) = self.connection.as_mut() else {
            return Err(Failure::new(ErrorKind::Closed, "not connected"));
        };
        let request = match &self.filled {
            None => worker.prototypes[ask.request].request(),
            Some(Ok(filled)) => filled.request(),
            Some(Err(failure)) => return Err(Failure::new(failure.kind, failure.to_string())),
        };
        let received = connection.traffic.received.get();
        let sent = connection.traffic.sent.get();
        let answer = match within(slot, connection.sender.send_request(request)).await? {
            Ok(answer) => answer,
            Err(error) => {
                let failure = failure(&error);
                self.stale = connection.served > 0 && failure.is_closed();
                return Err(failure);
            }
        };
        let status = answer.status().as_u16();
        let mut capture = worker
            .wants(ask.target, status)
            .then(|| Box::new(Capture::of_pairs(pairs(answer.headers()))));
        let mut body = answer.into_body();
        while let Some(frame) = within(slot, body.frame()).await? {
            let frame = frame.map_err(|error| failure(&error))?;
            if let (Some(capture), Some(data)) = (&mut capture, frame.data_ref()) {
                capture.add(data);
            }
        }
        connection.served += 1;
        Ok(Reply {
            status,
            received: connection.traffic.received.get() - received,
            sent: connection.traffic.sent.get() - sent,
            protocol: "HTTP/2",
            capture,
        })
    }
}

/// Headers as text, for a capture.
pub(super) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// hyper hides its causes; the innermost one that is the system's tells the kind.
fn failure(error: &hyper::Error) -> Failure {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    let mut kind = None;
    while let Some(inner) = cause {
        words = inner.to_string();
        if let Some(system) = inner.downcast_ref::<io::Error>() {
            kind = Some(Failure::kind_of(system));
        }
        cause = inner.source();
    }
    let otherwise = if error.is_canceled() || error.is_closed() || error.is_incomplete_message() {
        ErrorKind::Closed
    } else {
        ErrorKind::Protocol
    };
    Failure::new(kind.unwrap_or(otherwise), words)
}

/// hyper's own tasks run on the worker's thread as well.
#[derive(Clone, Copy)]
struct ThisThread;

impl<F: Future + 'static> hyper::rt::Executor<F> for ThisThread {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// Bytes of one connection, above TLS.
#[derive(Debug, Default)]
struct Traffic {
    received: Cell<u64>,
    sent: Cell<u64>,
}

/// A transport whose bytes are counted: hyper does not say how long its frames are.
struct Counted {
    transport: Transport,
    traffic: Rc<Traffic>,
}

impl AsyncRead for Counted {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let result = Pin::new(&mut this.transport).poll_read(context, buffer);
        let length = buffer.filled().len() - before;
        let received = &this.traffic.received;
        received.set(received.get() + length as u64);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.transport).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = &result {
            let sent = &this.traffic.sent;
            sent.set(sent.get() + *length as u64);
        }
        result
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().transport).poll_shutdown(context)
    }
}
