//! Names to addresses, once for the run, and addresses to connections, with the time of each part.

use std::cell::{Cell, OnceCell};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::failure::Failure;
use super::socket::Socket;
use super::timeline::Clock;
use super::tls;
use super::transport::Transport;
use crate::loadtest::plan::{Address, Engine, Plan, Request, Scheme, Trust};
use crate::loadtest::recording::{ErrorKind, Obstacle};
use crate::redact::SecretUrl;

/// What the standard library puts before the words of the resolver.
const RESOLVER: &str = "failed to lookup address information: ";

/// What one of several addresses has at least (RFC 8305, 5).
const SHORTEST_PART: Duration = Duration::from_millis(250);

/// How to reach one address; made once, and copied to each worker.
#[derive(Clone, Debug)]
pub(super) struct Route {
    place: Place,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// For an engine with connections of its own, also where the first one is plain: a redirect may
    /// lead from http to https.
    general: Option<Arc<ClientConfig>>,
    /// The address that answered last is tried first.
    preferred: Cell<usize>,
}

#[derive(Clone, Debug)]
enum Place {
    Tcp(Arc<[SocketAddr]>),
    Unix(PathBuf),
    /// Only to see whether it is there: the engine behind it has connections of its own.
    Proxy(Arc<[SocketAddr]>),
}

/// A fresh connection and what it cost.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) transport: Transport,
    /// Nanoseconds.
    pub(super) connect: u64,
    /// Nanoseconds and the negotiated version.
    pub(super) tls: Option<(u64, &'static str)>,
}

impl Route {
    /// Looks the name up. Blocks as long as the resolver does. One `security` serves all routes of a
    /// run.
    pub(super) fn find(
        plan: &Plan,
        request: &Request,
        security: &Security,
    ) -> Result<Self, Failure> {
        let place = match &plan.unix_socket {
            Some(path) => Place::Unix(path.clone()),
            // The proxy looks the name of the target up.
            None => match plan.proxy() {
                Some(proxy) => Place::Proxy(addresses_of_proxy(proxy)?.into()),
                None => Place::Tcp(addresses(plan, &request.address)?.into()),
            },
        };
        let tls = match request.address.scheme {
            Scheme::Http => None,
            Scheme::Https => {
                let configuration = security.configuration(plan)?;
                let name = ServerName::try_from(request.address.host.clone())
                    .map_err(|error| Failure::new(ErrorKind::Tls, error.to_string()))?;
                Some((configuration, name))
            }
        };
        Ok(Self {
            place,
            tls,
            general: match plan.engine {
                Engine::General(_) => Some(security.configuration(plan)?),
                Engine::Http1 | Engine::Http2 => None,
            },
            preferred: Cell::new(0),
        })
    }

    /// The target's addresses, when it is reached over TCP.
    pub(super) fn addresses(&self) -> Option<&[SocketAddr]> {
        match &self.place {
            Place::Tcp(addresses) => Some(addresses),
            Place::Unix(_) | Place::Proxy(_) => None,
        }
    }

    /// For an engine with connections of its own.
    pub(super) fn tls_configuration(&self, plan: &Plan) -> Result<ClientConfig, Failure> {
        let known = self.general.as_ref();
        match known.or(self.tls.as_ref().map(|(configuration, _)| configuration)) {
            Some(configuration) => Ok(ClientConfig::clone(configuration)),
            None => Ok(ClientConfig::clone(&*configuration(plan)?)),
        }
    }

    /// Connects within `timeout`, TLS included.
    pub(super) async fn connect(
        &self,
        clock: Clock,
        timeout: Duration,
    ) -> Result<Connected, Failure> {
        match tokio::time::timeout(timeout, self.connect_in_turn(clock, timeout)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::timeout()),
        }
    }

    async fn connect_in_turn(&self, clock: Clock, timeout: Duration) -> Result<Connected, Failure> {
        let begun = clock.now();
        let socket = match &self.place {
            Place::Tcp(addresses) => {
                let stream = self.connect_tcp(addresses, timeout).await?;
                // Small writes must not wait for one another.
                stream.set_nodelay(true).map_err(Failure::connecting)?;
                Socket::Tcp(stream)
            }
            Place::Unix(path) => connect_unix(path).await?,
            Place::Proxy(addresses) => {
                return Ok(Connected {
                    transport: Transport::Plain(Socket::Tcp(
                        self.connect_tcp(addresses, timeout).await?,
                    )),
                    connect: clock.now() - begun,
                    tls: None,
                });
            }
        };
        let connect = clock.now() - begun;
        let Some((configuration, name)) = &self.tls else {
            return Ok(Connected {
                transport: Transport::Plain(socket),
                connect,
                tls: None,
            });
        };
        let begun = clock.now();
        let stream = TlsConnector::from(Arc::clone(configuration))
            .connect(name.clone(), socket)
            .await
            .map_err(|error| refused(error, configuration))?;
        let version = negotiated(stream.get_ref().1, configuration)?;
        Ok(Connected {
            transport: Transport::Tls(Box::new(stream)),
            connect,
            tls: Some((clock.now() - begun, version)),
        })
    }

    /// An address that does not answer, such as one of IPv6 behind a network without it, must leave
    /// time for the others: each has an equal part of what is left, and time for a handshake.
    async fn connect_tcp(
        &self,
        addresses: &[SocketAddr],
        timeout: Duration,
    ) -> Result<TcpStream, Failure> {
        let mut first_failure = None;
        let begun = tokio::time::Instant::now();
        for turn in 0..addresses.len() {
            let others = u32::try_from(addresses.len() - turn).unwrap_or(u32::MAX);
            let part = timeout.saturating_sub(begun.elapsed()) / others;
            let part = part.max(SHORTEST_PART);
            let index = (self.preferred.get() + turn) % addresses.len();
            let connected = tokio::time::timeout(part, TcpStream::connect(addresses[index])).await;
            match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(stream) => {
                    self.preferred.set(index);
                    if addresses[index].ip().is_loopback() {
                        spare_pacing(&stream);
                    }
                    return Ok(stream);
                }
                Err(error) => {
                    first_failure.get_or_insert(error);
                }
            }
        }
        Err(match first_failure {
            Some(error) => Failure::connecting(error),
            None => Failure::new(ErrorKind::Dns, "the name has no address"),
        })
    }
}

#[cfg(unix)]
async fn connect_unix(path: &Path) -> Result<Socket, Failure> {
    let stream = tokio::net::UnixStream::connect(path).await;
    stream.map(Socket::Unix).map_err(Failure::connecting)
}

#[cfg(not(unix))]
#[expect(clippy::unused_async, reason = "the same shape as on unix")]
async fn connect_unix(_path: &Path) -> Result<Socket, Failure> {
    Err(Failure::new(
        ErrorKind::Connect,
        "this system has no unix sockets",
    ))
}

/// Inside of one machine there is no path to be measured and shared with others: the plainest
/// control of congestion spares the timers of those that pace, such as BBR. A system that does not
/// allow the choice keeps its own.
fn spare_pacing(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_congestion(b"reno");
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// The TLS of a run, made when the first route asks for it: reading the roots of the system takes time
/// and room.
#[derive(Debug, Default)]
pub(super) struct Security(OnceCell<Arc<ClientConfig>>);

impl Security {
    fn configuration(&self, plan: &Plan) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(known) = self.0.get() {
            return Ok(Arc::clone(known));
        }
        let made = configuration(plan)?;
        Ok(Arc::clone(self.0.get_or_init(|| made)))
    }
}

fn configuration(plan: &Plan) -> Result<Arc<ClientConfig>, Failure> {
    let protocols: &[&[u8]] = match plan.engine {
        Engine::Http1 => &[b"http/1.1"],
        Engine::Http2 => &[b"h2"],
        Engine::General(_) => &[b"h2", b"http/1.1"],
    };
    tls::configuration(&plan.trust, plan.identity.as_ref(), protocols).map_err(
        |error| match error {
            // What the verifier of the platform says where it finds none.
            rustls::Error::General(_) if plan.trust == Trust::Verified => {
                Failure::new(ErrorKind::Tls, Obstacle::NoAuthorities.words())
            }
            other => Failure::new(ErrorKind::Tls, other.to_string()),
        },
    )
}

/// A handshake that failed. A server that speaks none of the offered protocols says no more than that.
fn refused(error: io::Error, configuration: &ClientConfig) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    let is_alert = matches!(
        inner,
        Some(rustls::Error::AlertReceived(
            rustls::AlertDescription::NoApplicationProtocol
        ))
    );
    match configuration.alpn_protocols.as_slice() {
        [only] if is_alert && only == b"h2" => {
            Failure::new(ErrorKind::Tls, Obstacle::NoHttp2Offered.words())
        }
        [only] if is_alert && only == b"http/1.1" => {
            Failure::new(ErrorKind::Tls, Obstacle::Http2Alone.words())
        }
        _ => Failure::handshake(error),
    }
}

/// The version of a finished handshake. A server that was offered HTTP/2 alone and chose nothing
/// does not speak it.
fn negotiated(
    connection: &rustls::ClientConnection,
    configuration: &ClientConfig,
) -> Result<&'static str, Failure> {
    let offered = &configuration.alpn_protocols;
    let is_http2_alone = offered.len() == 1 && offered[0] == b"h2";
    if is_http2_alone && connection.alpn_protocol() != Some(b"h2") {
        return Err(Failure::new(
            ErrorKind::Tls,
            Obstacle::NoHttp2Offered.words(),
        ));
    }
    let version = connection.protocol_version();
    Ok(version.map_or("TLS", tls::version_name))
}

fn addresses(plan: &Plan, address: &Address) -> Result<Vec<SocketAddr>, Failure> {
    let fixed: Vec<SocketAddr> = plan
        .resolve
        .iter()
        .filter(|entry| {
            entry.port == address.port && entry.host.eq_ignore_ascii_case(&address.host)
        })
        .map(|entry| SocketAddr::new(entry.address, entry.port))
        .collect();
    if !fixed.is_empty() {
        return Ok(fixed);
    }
    looked_up(&address.host, address.port)
}

fn addresses_of_proxy(proxy: &SecretUrl) -> Result<Vec<SocketAddr>, Failure> {
    let unusable = |words: String| Failure::new(ErrorKind::Connect, words);
    let url = url::Url::parse(proxy.expose()).map_err(|error| unusable(error.to_string()))?;
    match (url.host_str(), url.port_or_known_default()) {
        (Some(host), Some(port)) => {
            looked_up(host.trim_start_matches('[').trim_end_matches(']'), port)
        }
        _ => Err(unusable("it names no host and port".to_owned())),
    }
}

fn looked_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    let unknown = |words: &str| {
        Failure::new(
            ErrorKind::Dns,
            format!("the host `{host}` is unknown: {words}"),
        )
    };
    let found: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| {
            let words = error.to_string();
            unknown(words.strip_prefix(RESOLVER).unwrap_or(&words))
        })?
        .collect();
    if found.is_empty() {
        return Err(unknown("it has no address"));
    }
    Ok(found)
}
