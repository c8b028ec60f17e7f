//! What one run does, as plain values: whom to ask, how hard, for how long, over what. Knows no
//! flags and no network; faults are named so that the settings can put a flag to each.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::redact::{SecretHeader, SecretUrl};

use super::schedule::Schedule;

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At least one. With two, the run takes turns between them in blocks.
    pub targets: Vec<Target>,
    pub engine: Engine,
    /// Requests that may be under way at once; one connection each in HTTP/1.1.
    pub connections: usize,
    pub pace: Pace,
    pub extent: Extent,
    /// Requests that are due in this first part are sent and not recorded.
    pub warmup: Duration,
    /// From sending to the last byte of the answer; also for connecting.
    pub timeout: Duration,
    pub threads: usize,
    pub reuse: Reuse,
    pub trust: Trust,
    /// Addresses to use in place of the resolver's.
    pub resolve: Vec<Resolve>,
    /// Every connection goes to this socket, whatever the host of the URL.
    pub unix_socket: Option<PathBuf>,
    /// How long one target is asked before the next one's turn, when there are several.
    pub block: Duration,
    pub limit_watch: LimitWatch,
}

/// What the general engine does beside sending and reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct General {
    /// Redirects that are followed before the answer counts; 0 takes the redirect as the answer.
    pub redirects: usize,
    pub proxy: Option<SecretUrl>,
    pub cookies: bool,
    pub compression: bool,
}

/// The code path that sends the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Our own HTTP/1.1.
    Http1,
    /// hyper's HTTP/2; by ALPN over TLS, by prior knowledge over TCP.
    Http2,
    /// reqwest, for what the other two leave out.
    General(General),
}

impl Engine {
    /// The short name that reports show.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::General(_) => "general",
        }
    }
}

/// When the next request is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Each connection sends when it has its answer.
    Closed,
    /// Requests are due on one schedule for the whole run; an idle connection takes the next one.
    Open(Schedule),
}

/// When the run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// This long, after the warm-up.
    Time(Duration),
    /// This many requests of each target, after the warm-up.
    Requests(u64),
}

/// Whether a connection serves more than one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    KeepAlive,
    /// `Connection: close`, and a new connection for each request.
    Never,
}

/// Whether the server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Verified,
    Insecure,
}

/// `host:port:address`: this address for that host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    pub host: String,
    pub port: u16,
    pub address: IpAddr,
}

impl Resolve {
    /// Reads `HOST:PORT:ADDRESS`; an IPv6 address may stand in brackets.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, rest) = text.split_once(':')?;
        let (port, address) = rest.split_once(':')?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return None;
        }
        Some(Self {
            host: host.to_ascii_lowercase(),
            port: port.parse().ok()?,
            address: address.parse().ok()?,
        })
    }
}

/// Whether the run watches a rate limit closely, and asks again when it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitWatch {
    Off,
    /// After the run: wait as long as the last 429 asked for, then send this many requests one
    /// after another.
    On {
        recovery_requests: u32,
    },
}

/// One endpoint and the request that is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL as it was given.
    pub url: SecretUrl,
    pub address: Address,
    /// Path and query, as sent.
    pub path: String,
    pub method: String,
    /// In the order given, after those that the URL implies (user and password).
    pub headers: Vec<SecretHeader>,
    pub body: Vec<u8>,
}

/// Where a URL points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub scheme: Scheme,
    /// Without brackets.
    pub host: String,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Address {
    /// The value of the `Host` header.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == self.scheme.default_port() {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// Whether the host is this machine or in a private network, as far as its text tells.
    pub fn is_near(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                address.is_loopback() || address.is_private() || address.is_link_local()
            }
            Ok(IpAddr::V6(address)) => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }
}

/// Why text is no target. The URL in the text is already masked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    #[error("`{0}` is not a URL: {1}")]
    Url(String, String),
    #[error("`{0}`: the scheme is not http or https")]
    Scheme(String),
    #[error("`{0}` names no host")]
    Host(String),
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    #[error("the header name `{0}` holds a character that is not allowed")]
    HeaderName(String),
    #[error("the value of the header `{0}` holds a line break or another control character")]
    HeaderValue(String),
    #[error("the header `{0}` does not fit the body: leave it out, it is set for you")]
    Framing(String),
}

impl Target {
    /// Checks and takes apart one endpoint. All faults, not the first.
    pub fn new(
        url: &SecretUrl,
        method: &str,
        headers: Vec<SecretHeader>,
        body: Vec<u8>,
    ) -> Result<Self, Vec<TargetFault>> {
        let mut faults = Vec::new();
        if !is_token(method) {
            faults.push(TargetFault::Method(method.to_owned()));
        }
        for header in &headers {
            if !is_token(&header.name) {
                faults.push(TargetFault::HeaderName(header.name.clone()));
            }
            if !is_field_value(header.expose()) {
                faults.push(TargetFault::HeaderValue(header.name.clone()));
            }
            if misframes(header, body.len()) {
                faults.push(TargetFault::Framing(header.name.clone()));
            }
        }
        let place = match Place::parse(url) {
            Ok(place) => Some(place),
            Err(fault) => {
                faults.push(fault);
                None
            }
        };
        match place {
            Some(place) if faults.is_empty() => Ok(Self {
                url: url.clone(),
                address: place.address,
                path: place.path,
                method: method.to_owned(),
                headers: place.authorization.into_iter().chain(headers).collect(),
                body,
            }),
            _ => Err(faults),
        }
    }
}

/// What a URL holds.
struct Place {
    address: Address,
    path: String,
    authorization: Option<SecretHeader>,
}

impl Place {
    fn parse(secret: &SecretUrl) -> Result<Self, TargetFault> {
        use base64::Engine as _;
        let shown = secret.to_string();
        let url = url::Url::parse(secret.expose())
            .map_err(|error| TargetFault::Url(shown.clone(), error.to_string()))?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(TargetFault::Scheme(shown)),
        };
        let host = match url.host() {
            Some(url::Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(url::Host::Ipv4(address)) => address.to_string(),
            Some(url::Host::Ipv6(address)) => address.to_string(),
            _ => return Err(TargetFault::Host(shown)),
        };
        let authorization = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let mut pair = percent_decoded(url.username());
            pair.push(b':');
            pair.extend(percent_decoded(url.password().unwrap_or_default()));
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            SecretHeader::new("Authorization", format!("Basic {encoded}"))
        });
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Self {
            address: Address {
                scheme,
                host,
                port: url.port().unwrap_or(scheme.default_port()),
            },
            path: url.path().to_owned() + &query.unwrap_or_default(),
            authorization,
        })
    }
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    decoded
}

/// Whether a header says something else about the body than what is sent.
fn misframes(header: &SecretHeader, length: usize) -> bool {
    header.name.eq_ignore_ascii_case("transfer-encoding")
        || (header.name.eq_ignore_ascii_case("content-length")
            && header.expose().trim() != length.to_string())
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 9110, 5.5: no control characters but tab.
fn is_field_value(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// One of several machines that share a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u32,
    pub of: u32,
}

impl Shard {
    /// Reads `i/n`, with `i` from 1 to `n`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, of) = text.split_once('/')?;
        let shard = Self {
            number: number.trim().parse().ok()?,
            of: of.trim().parse().ok()?,
        };
        (shard.number >= 1 && shard.number <= shard.of).then_some(shard)
    }

    /// This shard's part of `total`; the parts add up to it.
    pub fn part(self, total: u64) -> u64 {
        let (of, index) = (u64::from(self.of), u64::from(self.number - 1));
        total / of + u64::from(index < total % of)
    }
}

impl Plan {
    /// A plain run of one target with the defaults of the engine: one closed loop, HTTP/1.1.
    pub fn new(target: Target) -> Self {
        Self {
            targets: vec![target],
            engine: Engine::Http1,
            connections: 50,
            pace: Pace::Closed,
            extent: Extent::Time(Duration::from_secs(10)),
            warmup: Duration::ZERO,
            timeout: Duration::from_secs(10),
            threads: 1,
            reuse: Reuse::KeepAlive,
            trust: Trust::Verified,
            resolve: Vec::new(),
            unix_socket: None,
            block: Duration::from_millis(500),
            limit_watch: LimitWatch::Off,
        }
    }

    /// The part of the run that one shard does: connections, rate, schedule and number of
    /// requests are divided. `None` when there are fewer connections than shards.
    pub fn share(mut self, shard: Shard) -> Option<Self> {
        self.connections = shard.part(self.connections as u64) as usize;
        if let Pace::Open(schedule) = self.pace {
            self.pace = Pace::Open(schedule.share(shard.number - 1, shard.of));
        }
        if let Extent::Requests(total) = self.extent {
            self.extent = Extent::Requests(shard.part(total));
        }
        (self.connections > 0).then_some(self)
    }

    /// How long a block should be for a run of this duration: forty of them, none shorter than
    /// an eighth of a second, and always an even number, so that both targets get the same time.
    pub fn block_for(duration: Duration) -> Duration {
        let blocks = (duration.as_millis() / 125).clamp(4, 40) / 4 * 4;
        duration / blocks as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, Vec<TargetFault>> {
        Target::new(&SecretUrl::new(url), "GET", Vec::new(), Vec::new())
    }

    #[test]
    fn a_url_is_taken_apart() {
        for (url, authority, path) in [
            ("http://h", "h", "/"),
            ("http://h:80/a?b=c#d", "h", "/a?b=c"),
            ("https://h:8443/a%20b", "h:8443", "/a%20b"),
            ("https://[::1]/", "[::1]", "/"),
            ("http://[::1]:3000?x", "[::1]:3000", "/?x"),
        ] {
            let target = target(url).expect(url);
            assert_eq!(
                (target.address.authority().as_str(), target.path.as_str()),
                (authority, path)
            );
        }
    }

    #[test]
    fn user_and_password_become_a_header() {
        let target = target("http://user:p%40ss@h/").expect("a target");
        assert_eq!(target.headers[0].expose(), "Basic dXNlcjpwQHNz");
        assert!(!format!("{target:?}").contains("p%40ss"));
    }

    #[test]
    fn every_fault_is_named_without_secrets() {
        let headers = vec![
            SecretHeader::new("a b", "c"),
            SecretHeader::new("x", "s3cret\r\nInjected: 1"),
        ];
        let faults = Target::new(
            &SecretUrl::new("ftp://u:s3cret@h/"),
            "GE T",
            headers,
            Vec::new(),
        )
        .expect_err("faults");
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(text.join("\n"), @"
        `GE T` is not an HTTP method
        the header name `a b` holds a character that is not allowed
        the value of the header `x` holds a line break or another control character
        `ftp://u:***@h/`: the scheme is not http or https
        ");
        for url in ["::nonsense::", "http://", "h:80"] {
            assert!(target(url).is_err(), "{url}");
        }
    }

    #[test]
    fn shards_add_up() {
        let mut plan = Plan::new(target("http://h/").expect("a target"));
        plan.connections = 11;
        plan.extent = Extent::Requests(100);
        let shares =
            (1..=3).map(|number| plan.clone().share(Shard { number, of: 3 }).expect("one"));
        let (mut connections, mut requests) = (0, 0);
        for share in shares {
            connections += share.connections;
            let Extent::Requests(part) = share.extent else {
                panic!("requests")
            };
            requests += part;
        }
        assert_eq!((connections, requests), (11, 100));
        plan.connections = 1;
        assert!(plan.share(Shard { number: 2, of: 2 }).is_none());
    }

    #[test]
    fn reads_shards_and_addresses() {
        assert_eq!(Shard::parse("2/3"), Some(Shard { number: 2, of: 3 }));
        for text in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert_eq!(Shard::parse(text), None, "{text}");
        }
        let resolve = Resolve::parse("Api.example.com:443:[::1]").expect("an address");
        assert_eq!(resolve.host, "api.example.com");
        assert_eq!(
            resolve.address,
            "::1".parse::<IpAddr>().expect("an address")
        );
        assert_eq!(Resolve::parse("api:x:1.2.3.4"), None);
    }

    #[test]
    fn blocks_divide_the_run_by_four() {
        for (seconds, block) in [(1, 125), (5, 125), (10, 250), (60, 1500)] {
            assert_eq!(
                Plan::block_for(Duration::from_secs(seconds)),
                Duration::from_millis(block)
            );
        }
    }
}
