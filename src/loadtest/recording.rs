//! What a run measured, as plain data: the runner fills it, the statistics read it. Workers and
//! shards keep one each and `merge` adds them up exactly, so nothing here is shared while it runs.
//!
//! Every histogram counts nanoseconds with three significant digits, made by `histogram()`.

mod aside;
mod cells;
mod gaps;
mod obstacle;
mod part;
mod rate_limit;
mod series;
mod stages;

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

pub use aside::AsideRecord;
pub use cells::Cells;
pub use gaps::{Gap, Gaps};
pub use obstacle::Obstacle;
pub use part::Part;
pub use rate_limit::{RateLimit, Recovery, RetryAfter, Slot};
pub use stages::StageRecord;

/// An empty histogram of nanoseconds; it grows to what it is given.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three digits are a valid precision")
}

/// Everything that one run measured: one recording for each target, and the client itself.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// In the order of the plan's targets.
    pub recordings: Vec<Recording>,
    pub client: Client,
    /// Unix time in milliseconds when the first request left.
    pub started_at_ms: i64,
    /// From the first request to the end of the measured time, warm-up apart.
    pub elapsed: Duration,
    /// Whether a signal ended the run before its time.
    pub interrupted: bool,
    /// Rows of the table that requests took, warm-up included.
    pub rows_taken: u64,
}

/// What was measured of one target, after the warm-up.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The engine that ran: `http1`, `http2` or `general`.
    pub engine: &'static str,
    /// As on the wire: `HTTP/1.1`, `HTTP/2`.
    pub protocol: String,
    /// As negotiated: `TLS 1.3`.
    pub tls: Option<String>,
    pub requests: Requests,
    /// Answers by status. Their sum is `requests.completed`.
    pub statuses: BTreeMap<u16, u64>,
    /// Exchanges that failed, by kind. Their sum is `requests.failed`.
    pub errors: BTreeMap<ErrorKind, ErrorTally>,
    pub bytes: Bytes,
    pub connections: Connections,
    /// Of completed exchanges, and of time-outs with the time that was allowed: from the moment a
    /// request was due in open loop, from its sending in closed loop. Other failures are quick or
    /// slow for reasons of their own and would blur the percentiles.
    pub latency: Histogram<u64>,
    /// From the sending, in open loop; `None` in closed loop, where it would be the same.
    pub service: Option<Histogram<u64>>,
    /// Latency by status, only when the plan asks for it (rate limits).
    pub latency_by_status: BTreeMap<u16, Histogram<u64>>,
    /// One point a second, from the first request on.
    pub series: Vec<Point>,
    /// The latencies of each second, only of a shard: added to those of the others they give the
    /// percentiles of the whole run.
    pub seconds: Vec<Cells>,
    /// The blocks of a comparison, in the order in which they ran.
    pub blocks: Vec<Block>,
    /// In the order of the plan's stages, when it has some.
    pub stages: Vec<StageRecord>,
    /// Moments of answers, for the longest time without one.
    pub gaps: Gaps,
    /// The first answer of each status.
    pub samples: Vec<Sample>,
    /// Only when the plan asks for it.
    pub rate_limit: Option<RateLimit>,
    /// What the warm-up did; none of it is in the other figures.
    pub warmup: Tally,
    /// One for each request of a mix, in the order of the target; empty with a single request.
    pub parts: Vec<Part>,
    /// Of the requests that went along and are in none of the other figures.
    pub aside: Option<AsideRecord>,
}

/// Requests of one target, warm-up apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// How many the schedule asked for; `None` in closed loop.
    pub due: Option<u64>,
    /// Started, retries apart.
    pub sent: u64,
    /// Answers that were read to their end, of any status.
    pub completed: u64,
    /// Ended without an answer.
    pub failed: u64,
    /// Due, but never started: no connection was free until the end.
    pub unsent: u64,
    /// Started, and neither completed nor failed when the run ended.
    pub open_at_end: u64,
    /// Sent again because the server had closed an idle connection.
    pub retried: u64,
}

/// Bytes on the wire, above TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub received: u64,
    pub sent: u64,
}

/// Connections of one target.
#[derive(Clone, Debug)]
pub struct Connections {
    pub opened: u64,
    /// Attempts that failed; each is also counted as an error when a request waited for it.
    pub failed: u64,
    /// Closed by the server, while idle or after an answer.
    pub closed_by_server: u64,
    /// TCP connect, TLS apart.
    pub connect: Histogram<u64>,
    /// TLS handshake.
    pub tls: Histogram<u64>,
}

/// Why an exchange ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    Dns,
    Refused,
    /// No connection, for another reason than a refusal: unreachable, no port left, no descriptor.
    Connect,
    Tls,
    Reset,
    /// The server closed the connection in the middle of an exchange.
    Closed,
    Timeout,
    /// Bytes that are not HTTP, or too long a head.
    Protocol,
    /// More redirects than were to be followed.
    Redirects,
    /// Anything else of the operating system.
    Other,
}

/// How often one kind of error happened, and the first of them in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorTally {
    pub count: u64,
    /// The system's or our words, never a header or a URL.
    pub first: String,
}

/// Counts of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub completed: u64,
    pub failed: u64,
    /// Answers by status; their sum is `completed`.
    pub statuses: BTreeMap<u16, u64>,
}

/// One worker's stretch of time, a second or a block, with the latencies in it.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    pub tally: Tally,
    pub latency: Cells,
}

/// A second of the run. The percentiles are nanoseconds, `None` without a sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    pub completed: u64,
    /// Failed exchanges.
    pub failed: u64,
    /// Answers with a status from 400 on.
    pub refused: u64,
    pub p50: Option<u64>,
    pub p90: Option<u64>,
    pub p95: Option<u64>,
    pub p99: Option<u64>,
    pub max: Option<u64>,
}

/// One block of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The place of the block in the run's order, from 0; the same number means the same block when
    /// workers are merged.
    pub number: usize,
    pub seconds: f64,
    pub interval: Interval,
}

/// One answer, to look at: the first of its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub status: u16,
    /// From the start of the run.
    pub at: Duration,
    /// Names in lower case, in the order of arrival. `Set-Cookie` is left out.
    pub headers: Vec<(String, String)>,
    /// The first 512 bytes.
    pub body: Vec<u8>,
}

/// The load tester itself.
#[derive(Clone, Debug)]
pub struct Client {
    pub threads: usize,
    /// User and system time of the workers, warm-up apart.
    pub cpu_seconds: f64,
    /// Whole seconds in which some worker used at least 95 % of its core.
    pub saturated_seconds: u64,
    /// Open loop: how late requests left although a connection was free.
    pub schedule_lag: Histogram<u64>,
    /// How long the workers waited for a processor when they wanted to run, in nanoseconds: answers
    /// wait as long as their clock ticks do.
    pub held_back: Histogram<u64>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            threads: 0,
            cpu_seconds: 0.0,
            saturated_seconds: 0,
            schedule_lag: histogram(),
            held_back: histogram(),
        }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            opened: 0,
            failed: 0,
            closed_by_server: 0,
            connect: histogram(),
            tls: histogram(),
        }
    }
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            engine: "http1",
            protocol: "HTTP/1.1".to_owned(),
            tls: None,
            requests: Requests::default(),
            statuses: BTreeMap::new(),
            errors: BTreeMap::new(),
            bytes: Bytes::default(),
            connections: Connections::default(),
            latency: histogram(),
            service: None,
            latency_by_status: BTreeMap::new(),
            series: Vec::new(),
            seconds: Vec::new(),
            blocks: Vec::new(),
            stages: Vec::new(),
            gaps: Gaps::default(),
            samples: Vec::new(),
            rate_limit: None,
            warmup: Tally::default(),
            parts: Vec::new(),
            aside: None,
        }
    }
}

impl ErrorKind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::Dns,
        Self::Refused,
        Self::Connect,
        Self::Tls,
        Self::Reset,
        Self::Closed,
        Self::Timeout,
        Self::Protocol,
        Self::Redirects,
        Self::Other,
    ];

    /// The word of machine readers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Redirects => "redirects",
            Self::Other => "other",
        }
    }
}

impl Recording {
    /// Adds what another worker of the same run, or another shard of the same load, measured.
    /// Series are merged before they become points, by `Interval::add`; points of different shards
    /// add their counts, and get their percentiles from the latencies of the seconds.
    pub fn merge(&mut self, other: &Self) {
        self.requests.add(&other.requests);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (kind, tally) in &other.errors {
            self.count_errors(*kind, tally.count, &tally.first);
        }
        self.bytes.received += other.bytes.received;
        self.bytes.sent += other.bytes.sent;
        self.connections.add(&other.connections);
        add(&mut self.latency, &other.latency);
        if let Some(service) = &other.service {
            add(self.service.get_or_insert_with(histogram), service);
        }
        for (status, latency) in &other.latency_by_status {
            add(
                self.latency_by_status
                    .entry(*status)
                    .or_insert_with(histogram),
                latency,
            );
        }
        series::merge(self, other);
        merge_blocks(&mut self.blocks, &other.blocks);
        stages::merge(&mut self.stages, &other.stages);
        self.gaps.merge(&other.gaps);
        // Who saw no answer does not know what the server speaks.
        if self.samples.is_empty() && !other.samples.is_empty() {
            self.protocol.clone_from(&other.protocol);
        }
        for sample in &other.samples {
            if !self.samples.iter().any(|kept| kept.status == sample.status) {
                self.samples.push(sample.clone());
            }
        }
        self.samples.sort_by_key(|sample| sample.status);
        if let Some(rate_limit) = &other.rate_limit {
            self.rate_limit
                .get_or_insert_with(RateLimit::default)
                .merge(rate_limit);
        }
        self.warmup.add(&other.warmup);
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            mine.merge(theirs);
        }
        match (&mut self.aside, &other.aside) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (None, Some(theirs)) => self.aside = Some(theirs.clone()),
            (_, None) => {}
        }
        if self.tls.is_none() {
            self.tls.clone_from(&other.tls);
        }
    }

    /// Counts errors of a kind; the first words are kept.
    pub fn count_errors(&mut self, kind: ErrorKind, count: u64, words: &str) {
        let tally = self.errors.entry(kind).or_default();
        tally.count += count;
        if tally.first.is_empty() {
            words.clone_into(&mut tally.first);
        }
    }
}

impl Requests {
    fn add(&mut self, other: &Self) {
        self.due = match (self.due, other.due) {
            (None, None) => None,
            (mine, theirs) => Some(mine.unwrap_or(0) + theirs.unwrap_or(0)),
        };
        self.sent += other.sent;
        self.completed += other.completed;
        self.failed += other.failed;
        self.unsent += other.unsent;
        self.open_at_end += other.open_at_end;
        self.retried += other.retried;
    }
}

impl Connections {
    fn add(&mut self, other: &Self) {
        self.opened += other.opened;
        self.failed += other.failed;
        self.closed_by_server += other.closed_by_server;
        add(&mut self.connect, &other.connect);
        add(&mut self.tls, &other.tls);
    }
}

impl Client {
    /// Adds another worker.
    pub fn merge(&mut self, other: &Self) {
        self.threads += other.threads;
        self.cpu_seconds += other.cpu_seconds;
        self.saturated_seconds = self.saturated_seconds.max(other.saturated_seconds);
        add(&mut self.schedule_lag, &other.schedule_lag);
        add(&mut self.held_back, &other.held_back);
    }
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.failed += other.failed;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
    }

    /// Answers with a status from 400 on.
    pub fn refused(&self) -> u64 {
        self.statuses.range(400..).map(|(_, count)| count).sum()
    }
}

impl Interval {
    /// Adds the same stretch of time of another worker.
    pub fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.latency.add(&other.latency);
    }

    /// What a report keeps of a second.
    pub fn point(&self) -> Point {
        let at = |quantile| self.latency.quantile(quantile).map(|value| value as u64);
        Point {
            completed: self.tally.completed,
            failed: self.tally.failed,
            refused: self.tally.refused(),
            p50: at(0.50),
            p90: at(0.90),
            p95: at(0.95),
            p99: at(0.99),
            max: self.latency.max(),
        }
    }
}

fn add(mine: &mut Histogram<u64>, theirs: &Histogram<u64>) {
    mine.add(theirs)
        .expect("histograms that grow take any value");
}

fn merge_blocks(mine: &mut Vec<Block>, theirs: &[Block]) {
    for block in theirs {
        match mine.iter_mut().find(|kept| kept.number == block.number) {
            Some(kept) => {
                kept.interval.add(&block.interval);
                kept.seconds = kept.seconds.max(block.seconds);
            }
            None => mine.push(block.clone()),
        }
    }
    mine.sort_by_key(|block| block.number);
}
