//! Runs a plan against the network and returns what was measured. One current-thread runtime for
//! each worker thread, one task in it that drives its connections, nothing shared on the way of a
//! request. Emits events, prints nothing.

mod apart;
mod collector;
mod connect;
mod connection;
mod coordinator;
mod driver;
mod failure;
mod general;
mod http1;
mod http2;
mod layout;
mod pacer;
mod probe;
mod processor;
mod recovery;
mod session;
mod sleeper;
mod socket;
mod statuses;
mod timeline;
mod tls;
mod transport;
#[cfg_attr(not(target_os = "linux"), path = "unwatched.rs")]
mod watch;
#[cfg(target_os = "linux")]
mod watched;
mod worker;

use std::time::Duration;

use super::recording::{ErrorKind, Interval};

pub use coordinator::run;
pub use probe::{Probe, Silence};

/// What happens while a run is under way.
#[derive(Debug)]
pub enum Event<'run> {
    /// The run waits for the instant at which it is to start.
    WaitingForStart { wait: Duration },
    /// Every connection was tried, and the first request leaves now.
    Started { connected: usize },
    /// Four times a second, from the start on (warm-up included).
    Tick { elapsed: Duration },
    /// A second of the measured time is over; what was measured in it and since the start, all
    /// targets together.
    Second {
        /// From 1.
        number: usize,
        second: &'run Interval,
        so_far: &'run Interval,
    },
    /// The load is over; the recovery from a rate limit is watched for up to this long.
    WatchingRecovery { wait: Duration },
}

/// Not one connection could be made to a target, so nothing was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Index in the plan's targets.
    pub target: usize,
    /// The first request that was to go there, by its index in the target.
    pub request: usize,
    pub kind: ErrorKind,
    /// The first failure in words.
    pub words: String,
    /// Connections that were tried; each failed.
    pub connections: usize,
    pub elapsed: Duration,
}
