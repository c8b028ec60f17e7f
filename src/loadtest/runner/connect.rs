//! Names to addresses, once for the run, and addresses to connections, with the time of each part.

use std::cell::{Cell, OnceCell};
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
use crate::loadtest::plan::{Address, Engine, Plan, Request, Scheme};
use crate::loadtest::recording::ErrorKind;

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
    Proxy,
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
        let by_proxy = matches!(&plan.engine, Engine::General(options) if options.proxy.is_some());
        let place = match &plan.unix_socket {
            Some(path) => Place::Unix(path.clone()),
            // The proxy looks the name up.
            None if by_proxy => Place::Proxy,
            None => Place::Tcp(addresses(plan, &request.address)?.into()),
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

    /// Whether `connect` reaches the target itself.
    pub(super) const fn is_direct(&self) -> bool {
        !matches!(self.place, Place::Proxy)
    }

    /// The target's addresses, when it is reached over TCP.
    pub(super) fn addresses(&self) -> Option<&[SocketAddr]> {
        match &self.place {
            Place::Tcp(addresses) => Some(addresses),
            Place::Unix(_) | Place::Proxy => None,
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
        match tokio::time::timeout(timeout, self.connect_without_limit(clock)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::timeout()),
        }
    }

    async fn connect_without_limit(&self, clock: Clock) -> Result<Connected, Failure> {
        let begun = clock.now();
        let socket = match &self.place {
            Place::Tcp(addresses) => {
                let stream = self.connect_tcp(addresses).await?;
                // Small writes must not wait for one another.
                stream.set_nodelay(true).map_err(Failure::connecting)?;
                Socket::from(stream)
            }
            Place::Unix(path) => connect_unix(path).await?,
            Place::Proxy => {
                let words = "the target is behind a proxy";
                return Err(Failure::new(ErrorKind::Connect, words));
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
            .map_err(Failure::handshake)?;
        let version = negotiated(stream.get_ref().1, configuration)?;
        Ok(Connected {
            transport: Transport::Tls(Box::new(stream)),
            connect,
            tls: Some((clock.now() - begun, version)),
        })
    }

    async fn connect_tcp(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
        let mut first_failure = None;
        for turn in 0..addresses.len() {
            let index = (self.preferred.get() + turn) % addresses.len();
            match TcpStream::connect(addresses[index]).await {
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
    stream.map(Socket::from).map_err(Failure::connecting)
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
    tls::configuration(plan.trust, protocols)
        .map_err(|error| Failure::new(ErrorKind::Tls, error.to_string()))
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
            "the server does not offer HTTP/2",
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
    let unknown = |words: String| {
        Failure::new(
            ErrorKind::Dns,
            format!("the host `{}` is unknown: {words}", address.host),
        )
    };
    let found: Vec<SocketAddr> = (address.host.as_str(), address.port)
        .to_socket_addrs()
        .map_err(|error| unknown(error.to_string()))?
        .collect();
    if found.is_empty() {
        return Err(unknown("it has no address".to_owned()));
    }
    Ok(found)
}
