//! The general engine over reqwest: proxies, redirects that are followed, cookies, compression. Its
//! pool owns the connections, so connect and TLS times are not known, and bytes are those of bodies.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::connect::Route;
use super::failure::Failure;
use super::layout::Ask;
use super::session::{Reply, within};
use super::worker::{Slot, Worker};
use crate::loadtest::http1::Capture;
use crate::loadtest::plan::{self, Engine, Plan, Reuse};
use crate::loadtest::recording::ErrorKind;
use crate::loadtest::request;

pub(super) struct General {
    lane: usize,
    probed: bool,
    /// The request that is under way, when it was filled in.
    filled: Option<plan::Request>,
}

impl General {
    pub(super) const fn new(lane: usize) -> Self {
        Self {
            lane,
            probed: false,
            filled: None,
        }
    }

    pub(super) const fn is_connected(&self) -> bool {
        self.probed
    }

    pub(super) fn fill(&mut self, worker: &Worker, ask: Ask) {
        let planned = &worker.planned[ask.request];
        self.filled = planned.filling.as_ref().map(|filling| {
            let mut values = worker.values(filling.needs());
            planned.filled(filling, &mut values)
        });
    }

    /// Sees whether the target (or what stands for it) can be reached at all; the pool connects
    /// when it needs to.
    pub(super) async fn connect(&mut self, worker: &Worker) -> Result<(), Failure> {
        worker.probe(self.lane).await?;
        self.probed = true;
        Ok(())
    }

    pub(super) async fn exchange(
        &mut self,
        worker: &Worker,
        slot: &Slot,
        ask: Ask,
    ) -> Result<Reply, Failure> {
        let client = &worker.clients[self.lane];
        let planned = self.filled.as_ref().unwrap_or(&worker.planned[ask.request]);
        let request = build(client, planned, worker.plan.reuse)?;
        let mut answer = within(slot, client.execute(request))
            .await?
            .map_err(|error| failure(&error))?;
        let status = answer.status().as_u16();
        let protocol = match answer.version() {
            reqwest::Version::HTTP_2 => "HTTP/2",
            reqwest::Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        };
        let mut capture = worker
            .wants(ask, status)
            .then(|| Box::new(Capture::of_pairs(pairs(&answer))));
        let mut received = 0;
        while let Some(piece) = within(slot, answer.chunk())
            .await?
            .map_err(|error| failure(&error))?
        {
            received += piece.len() as u64;
            if let Some(capture) = &mut capture {
                capture.add(&piece);
            }
        }
        Ok(Reply {
            status,
            received,
            sent: planned.body.len() as u64,
            protocol,
            capture,
        })
    }
}

/// Headers as text, for a capture.
fn pairs(answer: &reqwest::Response) -> impl Iterator<Item = (&str, &[u8])> {
    let headers = answer.headers().iter();
    headers.map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// The client of one lane in one worker.
pub(super) fn client(
    plan: &Plan,
    planned: &plan::Request,
    route: &Route,
    options: &plan::General,
) -> Result<reqwest::Client, Failure> {
    let unusable = |error: &reqwest::Error| Failure::new(ErrorKind::Other, chain(error).0);
    let redirects = match options.redirects {
        0 => reqwest::redirect::Policy::none(),
        most => reqwest::redirect::Policy::limited(most),
    };
    let idle = match plan.reuse {
        Reuse::KeepAlive => plan.connections,
        Reuse::Never => 0,
    };
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirects)
        .retry(reqwest::retry::never())
        .cookie_store(options.cookies)
        .gzip(options.compression)
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle)
        .tls_backend_preconfigured(route.tls_configuration(plan)?);
    if plan.engine == Engine::Http2 {
        // Without TLS nothing is negotiated, and with it nothing else was offered.
        builder = builder.http2_prior_knowledge();
    }
    if let Some(proxy) = &options.proxy {
        let proxy = reqwest::Proxy::all(proxy.expose()).map_err(|error| unusable(&error))?;
        builder = builder.proxy(proxy);
    }
    if let Some(addresses) = route.addresses() {
        builder = builder.resolve_to_addrs(&planned.address.host, addresses);
    }
    #[cfg(unix)]
    if let Some(path) = &plan.unix_socket {
        builder = builder.unix_socket(path.clone());
    }
    builder.build().map_err(|error| unusable(&error))
}

pub(super) fn build(
    client: &reqwest::Client,
    planned: &plan::Request,
    reuse: Reuse,
) -> Result<reqwest::Request, Failure> {
    let invalid = || Failure::new(ErrorKind::Protocol, "the request cannot be sent");
    let method = reqwest::Method::try_from(planned.method.as_str()).map_err(|_| invalid())?;
    let mut builder = client.request(method, planned.sent_url().expose());
    for (name, value) in request::defaults(planned) {
        // The client sets these two itself.
        if name != "Host" && name != "Content-Length" {
            builder = builder.header(name, value);
        }
    }
    if reuse == Reuse::Never {
        builder = builder.header("Connection", "close");
    }
    for header in &planned.headers {
        builder = builder.header(header.name.as_str(), header.expose());
    }
    if !planned.body.is_empty() {
        builder = builder.body(Bytes::from_owner(Arc::clone(&planned.body)));
    }
    builder.build().map_err(|error| failure(&error))
}

pub(super) fn failure(error: &reqwest::Error) -> Failure {
    let (words, system) = chain(error);
    let kind = match system {
        _ if error.is_timeout() => ErrorKind::Timeout,
        _ if error.is_redirect() => ErrorKind::Redirects,
        Some(kind) if error.is_connect() && kind == ErrorKind::Other => ErrorKind::Connect,
        Some(kind) => kind,
        None if error.is_connect() => ErrorKind::Connect,
        None => ErrorKind::Protocol,
    };
    Failure::new(kind, words)
}

/// The innermost cause in words, which names no URL, and the kind of the system's one.
fn chain(error: &reqwest::Error) -> (String, Option<ErrorKind>) {
    let mut words = "the request failed".to_owned();
    let mut kind = None;
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        words = match inner.downcast_ref::<io::Error>() {
            Some(system) => {
                kind = Some(match system.kind() {
                    io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
                    _ => Failure::kind_of(system),
                });
                Failure::words_of(system)
            }
            None => inner.to_string(),
        };
        cause = inner.source();
    }
    if error.is_redirect() {
        "more redirects than `--follow` allows".clone_into(&mut words);
    }
    (words, kind)
}
