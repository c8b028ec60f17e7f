//! A real HTTP server on a random port whose answers are scripted by path, and which counts them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Runs until it is dropped.
pub(crate) struct WebServer {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    scheme: &'static str,
    /// The server ends when this is dropped.
    _life: tokio::sync::oneshot::Sender<()>,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: AtomicU64,
    pub(crate) requests: AtomicU64,
    /// The first requests, for tests that look at what was sent.
    seen: Mutex<Vec<Seen>>,
}

/// Requests that are kept.
const KEPT: usize = 5_000;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }

    fn of_text(head: &str, body: &[u8]) -> Self {
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let pair = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        };
        Self {
            method: word(),
            path: word(),
            headers: lines.filter_map(pair).collect(),
            body: String::from_utf8_lossy(body).into_owned(),
        }
    }
}

impl Counts {
    fn see(&self, seen: Seen) {
        let mut kept = self.seen.lock().expect("nobody panicked");
        if kept.len() < KEPT {
            kept.push(seen);
        }
    }
}

impl WebServer {
    pub(crate) fn start() -> Self {
        Self::speaking(Language::Http1, None)
    }

    /// With a certificate that nobody signed.
    pub(crate) fn start_tls() -> Self {
        Self::speaking(Language::Http1, Some(acceptor(&[b"http/1.1"])))
    }

    /// With a certificate of its own, for clients that show `trusted`. The PEM of the server's one.
    pub(crate) fn start_mutual_tls(
        trusted: &rustls::pki_types::CertificateDer<'static>,
    ) -> (Self, String) {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("made");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(trusted.clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::clone(&provider),
        );
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let configuration = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate");
        let acceptor = TlsAcceptor::from(Arc::new(configuration));
        (
            Self::speaking(Language::Http1, Some(acceptor)),
            pem("CERTIFICATE", made.cert.der()),
        )
    }

    /// HTTP/2 by prior knowledge.
    pub(crate) fn start_http2() -> Self {
        Self::speaking(Language::Http2, None)
    }

    pub(crate) fn start_http2_tls() -> Self {
        Self::speaking(Language::Http2, Some(acceptor(&[b"h2"])))
    }

    fn speaking(language: Language, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a setting");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let (life, end) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = accept(listener, language, acceptor, shared) => {}
                    _ = end => {}
                }
            });
        });
        Self {
            address,
            counts,
            scheme,
            _life: life,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    pub(crate) fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// What came, in the order of arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.counts.seen.lock().expect("nobody panicked").clone()
    }

    pub(crate) fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Copy)]
enum Language {
    Http1,
    Http2,
}

/// The text form of what a certificate or a key is.
pub(crate) fn pem(label: &str, bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

fn acceptor(protocols: &[&[u8]]) -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("made");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut configuration = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate");
    configuration.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(configuration))
}

async fn accept(
    listener: TcpListener,
    language: Language,
    acceptor: Option<TlsAcceptor>,
    counts: Arc<Counts>,
) {
    let begun = Instant::now();
    while let Ok((stream, _)) = listener.accept().await {
        counts.connections.fetch_add(1, Ordering::Relaxed);
        let counts = Arc::clone(&counts);
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            match (language, acceptor) {
                (Language::Http1, None) => serve_tcp(stream, &counts, begun).await,
                (Language::Http1, Some(acceptor)) => {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        serve(&mut stream, &counts, begun).await;
                        let _ = stream.shutdown().await;
                    }
                }
                (Language::Http2, None) => serve_http2(stream, counts).await,
                (Language::Http2, Some(acceptor)) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve_http2(stream, counts).await;
                    }
                }
            }
        });
    }
}

async fn serve_http2<S>(stream: S, counts: Arc<Counts>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        counts.requests.fetch_add(1, Ordering::Relaxed);
        let counts = Arc::clone(&counts);
        async move {
            let path = request.uri().path().to_owned();
            let (head, body) = request.into_parts();
            let pair =
                |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                };
            let body = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            counts.see(Seen {
                method: head.method.to_string(),
                path: head
                    .uri
                    .path_and_query()
                    .map_or("", |path| path.as_str())
                    .to_owned(),
                headers: head.headers.iter().map(pair).collect(),
                body: String::from_utf8_lossy(&body.unwrap_or_default()).into_owned(),
            });
            if path == "/hang" {
                std::future::pending::<()>().await;
            }
            Ok::<_, std::convert::Infallible>(http2_answer(&head.method, &path))
        }
    });
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Http2Body = http_body_util::combinators::BoxBody<Bytes, std::convert::Infallible>;

fn http2_answer(method: &hyper::Method, path: &str) -> hyper::Response<Http2Body> {
    let number = |prefix: &str| path.strip_prefix(prefix)?.parse().ok();
    let length = match method.as_str() {
        "HEAD" => 0,
        _ => number("/bytes/").unwrap_or(5),
    };
    let whole = |length: usize| Full::new(Bytes::from(vec![b'x'; length]));
    let mut answer = hyper::Response::new(match path {
        "/trailers" => {
            let mut trailers = hyper::HeaderMap::new();
            trailers.insert("x-sum", hyper::header::HeaderValue::from_static("5"));
            whole(5)
                .with_trailers(std::future::ready(Some(Ok(trailers))))
                .boxed()
        }
        "/slow" => {
            let pieces = futures_util::stream::unfold(0, async |number| {
                tokio::time::sleep(Duration::from_millis(2)).await;
                let piece = hyper::body::Frame::data(Bytes::from_static(b"piece"));
                (number < 5).then_some((Ok(piece), number + 1))
            });
            BodyExt::boxed(http_body_util::StreamBody::new(Box::pin(pieces)))
        }
        "/status/204" | "/status/304" => whole(0).boxed(),
        _ => whole(length).boxed(),
    });
    if let Some(status) = number("/status/") {
        *answer.status_mut() = hyper::StatusCode::from_u16(status as u16).expect("a status");
    }
    answer
}

async fn serve_tcp(mut stream: TcpStream, counts: &Counts, begun: Instant) {
    if let After::Reset = serve(&mut stream, counts, begun).await {
        let _ = stream.set_zero_linger();
    } else {
        let _ = stream.shutdown().await;
    }
}

/// Whether the connection goes on.
enum After {
    Next,
    Close,
    Reset,
}

/// Requests of one connection, until one of them ends it.
async fn serve<S>(stream: &mut S, counts: &Counts, begun: Instant) -> After
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::new();
    let mut served = 0;
    while let Some((head, body)) = request(stream, &mut buffer).await {
        counts.see(Seen::of_text(&head, &body));
        let number = counts.requests.fetch_add(1, Ordering::Relaxed);
        served += 1;
        let scene = Scene {
            number,
            served,
            begun,
        };
        match answer(stream, &head, &scene).await {
            Some(After::Next) => {}
            Some(after) => return after,
            None => return After::Close,
        }
    }
    After::Close
}

/// The head and the body of the next request.
async fn request<S>(stream: &mut S, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)>
where
    S: AsyncRead + Unpin,
{
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse::<usize>().ok())?
            });
            let whole = end + 4 + length.unwrap_or(0);
            if buffer.len() >= whole {
                let body = buffer[end + 4..whole].to_vec();
                buffer.drain(..whole);
                return Some((head, body));
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => buffer.extend_from_slice(&piece[..length]),
        }
    }
}

/// What an answer may depend on.
struct Scene {
    /// From 0, of the server.
    number: u64,
    /// From 1, of the connection.
    served: u64,
    begun: Instant,
}

async fn answer<S>(stream: &mut S, head: &str, scene: &Scene) -> Option<After>
where
    S: AsyncWrite + Unpin,
{
    let mut words = head.split_whitespace();
    let method = words.next()?;
    // A proxy is asked with the whole URL.
    let path = words.next()?;
    let path = match path.strip_prefix("http://") {
        Some(rest) => &rest[rest.find('/')?..],
        None => path,
    };
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let number = |index: usize| parts.get(index).and_then(|part| part.parse::<u64>().ok());
    let mut send = async |bytes: &[u8]| stream.write_all(bytes).await.ok();
    match parts[0] {
        "" if method == "HEAD" => send(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n").await?,
        "" => send(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nX-Frame-Options: DENY\r\nSet-Cookie: s=1\r\n\r\nHello, World!").await?,
        "delay" => {
            tokio::time::sleep(Duration::from_millis(number(1)?)).await;
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
        }
        "status" => {
            let status = number(1)?;
            send(format!("HTTP/1.1 {status} Because\r\nContent-Length: 4\r\n\r\nbody").as_bytes()).await?;
        }
        "hostile" => {
            let body = "<img src=x onerror=alert(2)>\u{202e}<script>\u{1b}[31m";
            let length = body.len();
            send(format!("HTTP/1.1 500 <b>\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes()).await?;
        }
        "bytes" => {
            let length = number(1)? as usize;
            send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await?;
            send(&vec![b'x'; length]).await?;
        }
        "chunked" => {
            for piece in [
                "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Enc",
                "oding: chunked\r\n\r\n7;name=\"value\"\r\n0\r\n\r\nab",
                "\r\n5\r\nhello\r",
                "\n0\r\nX-Trailer: 1\r",
                "\n\r\n",
            ] {
                send(piece.as_bytes()).await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        "redirect" => {
            send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").await?;
        }
        "circle" => {
            send(b"HTTP/1.1 302 Found\r\nLocation: /circle\r\nContent-Length: 0\r\n\r\n").await?;
        }
        "close" => {
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await?;
            return Some(After::Close);
        }
        "http10" => {
            send(b"HTTP/1.0 200 OK\r\n\r\nuntil the end").await?;
            return Some(After::Close);
        }
        // Says nothing of closing, and closes after every second answer.
        "stale" => {
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await?;
            if scene.served.is_multiple_of(2) {
                return Some(After::Close);
            }
        }
        "garbage" => {
            send(b"SSH-2.0-OpenSSH_9.2\r\n").await?;
            return Some(After::Close);
        }
        "reset" => {
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nsome").await?;
            return Some(After::Reset);
        }
        "truncated" => {
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome").await?;
            return Some(After::Close);
        }
        "left-over" => send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more").await?,
        "endless-head" => loop {
            send(b"X-More: and more, and more, and more, and more, and more, and more\r\n").await?;
        },
        "hang" => tokio::time::sleep(Duration::from_mins(10)).await,
        "mixed" => {
            let status = if scene.number % 10 == 9 { 500 } else { 200 };
            send(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n").as_bytes()).await?;
        }
        // Silent in the first half of every `period` milliseconds.
        "stall" => {
            let period = number(1)?;
            let phase = scene.begun.elapsed().as_millis() as u64 % period;
            if phase < period / 2 {
                tokio::time::sleep(Duration::from_millis(period / 2 - phase)).await;
            }
            send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
        }
        // The first so many requests of the server pass, and those from another number on.
        "limit" => {
            let passes = scene.number < number(1)? || scene.number >= number(2)?;
            send(if passes {
                &b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..]
            } else {
                &b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nRateLimit: limit=5\r\nContent-Length: 0\r\n\r\n"[..]
            })
            .await?;
        }
        // As a real service: a valid list, a refused body, a login with a limit.
        "users" if method == "POST" => send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await?,
        "users" => send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").await?,
        "login" => {
            let passes = scene.number.is_multiple_of(10);
            send(if passes {
                &b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"[..]
            } else {
                &b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nRateLimit: limit=5\r\nContent-Length: 0\r\n\r\n"[..]
            })
            .await?;
        }
        _ => send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await?,
    }
    Some(After::Next)
}
