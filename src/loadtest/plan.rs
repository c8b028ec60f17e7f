//! What one run does, as plain values: whom to ask, how hard, for how long, over what. Knows no
//! flags and no network; faults are named so that the settings can put a flag to each.

mod aside;
pub mod credentials;
mod filling;
mod mix;
mod target;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::redact::SecretUrl;

use super::schedule::{Schedule, Stage};

pub use aside::{Aside, Fault};
pub use credentials::{Identity, Trust};
pub use filling::{Data, Filling, Misfit, Place};
pub use mix::Mix;
pub(in crate::loadtest) use mix::scrambled;
pub use target::{Address, Request, Scheme, Target, TargetFault};

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// At least one. With two, the run takes turns between them in blocks.
    pub targets: Vec<Target>,
    pub engine: Engine,
    /// Requests that may be under way at once; one connection each in HTTP/1.1.
    pub connections: usize,
    pub pace: Pace,
    /// What the schedule is made of, when it has stages; they are reported one by one.
    pub stages: Vec<Stage>,
    pub extent: Extent,
    /// Requests that are due in this first part are sent and not recorded.
    pub warmup: Duration,
    /// From sending to the last byte of the answer; also for connecting.
    pub timeout: Duration,
    pub threads: usize,
    pub reuse: Reuse,
    pub trust: Trust,
    /// What is shown to a server that asks for a certificate.
    pub identity: Option<Identity>,
    /// Addresses to use in place of the resolver's.
    pub resolve: Vec<Resolve>,
    /// Every connection goes to this socket, whatever the host of the URL.
    pub unix_socket: Option<PathBuf>,
    /// How long one target is asked before the next one's turn, when there are several.
    pub block: Duration,
    pub limit_watch: LimitWatch,
    /// What is chosen and drawn at random follows from it, so that a run can be repeated.
    pub seed: u64,
    /// This machine's part of the run.
    pub shard: Shard,
    /// Where templates find their rows.
    pub data: Option<Arc<Data>>,
    /// When the first request is due; at once without it.
    pub start_at: Option<SystemTime>,
    /// What is kept of each second.
    pub detail: SecondDetail,
}

/// What is kept of each second of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondDetail {
    Percentiles,
    /// All latencies, so that the seconds of several shards can be added up.
    Latencies,
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
    /// Our own HTTP/2; by ALPN over TLS, by prior knowledge over TCP.
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

impl Engine {
    /// The protocol that it speaks unless an answer shows another one.
    pub const fn first_protocol(&self) -> &'static str {
        match self {
            Self::Http2 => "HTTP/2",
            Self::Http1 | Self::General(_) => "HTTP/1.1",
        }
    }
}

/// When the next request is sent.
#[derive(Clone, Debug, PartialEq)]
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

/// One of several machines that share a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: u32,
    pub of: u32,
}

impl Shard {
    /// One machine does everything.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Number `own` (from 0) of this shard among the numbers of all shards: no two of them meet.
    pub fn number_of(self, own: u64) -> u64 {
        own * u64::from(self.of) + u64::from(self.number - 1)
    }

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
    /// What all requests go through.
    pub const fn proxy(&self) -> Option<&SecretUrl> {
        match &self.engine {
            Engine::General(options) => options.proxy.as_ref(),
            Engine::Http1 | Engine::Http2 => None,
        }
    }

    /// A plain run of one target with the defaults of the engine: one closed loop, HTTP/1.1.
    pub fn new(target: Target) -> Self {
        Self {
            targets: vec![target],
            engine: Engine::Http1,
            connections: 50,
            pace: Pace::Closed,
            stages: Vec::new(),
            extent: Extent::Time(Duration::from_secs(10)),
            warmup: Duration::ZERO,
            timeout: Duration::from_secs(10),
            threads: 1,
            reuse: Reuse::KeepAlive,
            trust: Trust::Verified,
            identity: None,
            resolve: Vec::new(),
            unix_socket: None,
            block: Duration::from_millis(500),
            limit_watch: LimitWatch::Off,
            seed: 0,
            shard: Shard::WHOLE,
            start_at: None,
            detail: SecondDetail::Percentiles,
            data: None,
        }
    }

    /// The part of the run that one shard does: connections, rate, schedule and number of
    /// requests are divided. `None` when there are fewer connections than shards.
    pub fn share(mut self, shard: Shard) -> Option<Self> {
        self.shard = shard;
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
