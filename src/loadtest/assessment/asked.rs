//! What was asked for: the load, of whom, by which machine, judged by what.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::loadtest::expectation::Expectation;
use crate::loadtest::plan::{Fault, Shard, Target};
use crate::loadtest::schedule::Stage;
use crate::loadtest::statistics::Acceptance;
use crate::loadtest::table::RowOrder;

/// The load that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Open loop, in requests a second of the whole run.
    /// With stages, their mean.
    pub rate: Option<f64>,
    pub stages: Vec<Stage>,
    pub connections: usize,
    pub duration: Option<Duration>,
    pub requests: Option<u64>,
    pub warmup: Duration,
    pub timeout: Duration,
    pub threads: usize,
    pub shard: Option<Shard>,
    /// What was chosen and filled in; `None` when all requests are the same.
    pub drawn: Option<Drawn>,
}

/// Where the choices and the values of a run came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    pub seed: u64,
    pub table: Option<TableUse>,
}

/// How a run went through its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUse {
    pub name: String,
    pub rows: u64,
    pub order: RowOrder,
    /// Rows that requests took, warm-up included.
    pub taken: u64,
}

impl TableUse {
    /// How often the first row came again.
    pub const fn rounds(&self) -> u64 {
        match self.order {
            RowOrder::InOrder => {
                self.taken.saturating_sub(1) / if self.rows == 0 { 1 } else { self.rows }
            }
            RowOrder::Random => 0,
        }
    }
}

impl Load {
    /// The rate of an open loop at its slowest, of this machine's part; a pause has none.
    pub fn slowest_rate(&self) -> Option<f64> {
        let slowest = |stage: &Stage| stage.from.min(stage.to);
        let rate = self.stages.iter().map(slowest).reduce(f64::min);
        let parts = self.shard.map_or(1, |shard| shard.of);
        Some(rate.or(self.rate)? / f64::from(parts))
    }

    /// The rate of an open loop at its fastest.
    pub fn fastest_rate(&self) -> Option<f64> {
        let fastest = |stage: &Stage| stage.from.max(stage.to);
        self.stages
            .iter()
            .map(fastest)
            .reduce(f64::max)
            .or(self.rate)
    }

    /// The connections of this machine: a shard of a closed loop has its part of them.
    pub fn own_connections(&self) -> usize {
        match (self.shard, self.rate) {
            (Some(shard), None) => shard.part(self.connections as u64) as usize,
            _ => self.connections,
        }
    }
}

/// An endpoint as reports name it; the URL is masked already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub url: String,
    pub method: String,
    /// The requests of a mix; empty with a single one.
    pub requests: Vec<Named>,
    /// What goes along with them and is counted apart.
    pub aside: Option<Faulty>,
}

/// Requests with a fault each, and how many of all requests they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// One of this many.
    pub one_in: u64,
    pub faults: Vec<Fault>,
}

/// One request of a mix as reports name it; templates stand for their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub url: String,
    pub method: String,
    pub weight: u32,
    /// Statuses that are no errors; empty where the run decides.
    pub accepted: Vec<RangeInclusive<u16>>,
}

impl Endpoint {
    /// How reports name a target: a mix by its methods and the addresses that it goes to.
    pub fn of(target: &Target) -> Self {
        let first = target.first();
        if !target.is_mix() {
            return Self {
                url: first.url.to_string(),
                method: first.method.clone(),
                requests: Vec::new(),
                aside: None,
            };
        }
        let mut origins: Vec<String> = Vec::new();
        let mut methods: Vec<&str> = Vec::new();
        for request in target.requests() {
            let scheme = request.address.scheme.name();
            let origin = format!("{scheme}://{}", request.address.authority());
            if !origins.contains(&origin) {
                origins.push(origin);
            }
            if !methods.contains(&request.method.as_str()) {
                methods.push(&request.method);
            }
        }
        let named = target.requests().iter().map(|request| Named {
            name: request.name.clone(),
            url: request.url.to_string(),
            method: request.method.clone(),
            weight: request.weight,
            accepted: request.accepted.clone(),
        });
        Self {
            url: origins.join(", "),
            method: methods.join(", "),
            requests: named.collect(),
            aside: target.aside().map(|aside| Faulty {
                one_in: aside.one_in(),
                faults: aside.faults().cloned().collect(),
            }),
        }
    }
}

/// Where the load came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub os: String,
    pub arch: String,
    pub cores: usize,
    /// How many files, sockets among them, the process may have open.
    pub open_files: Option<u64>,
}

/// What the run has to meet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    pub expectations: Vec<Expectation>,
    pub status: Option<u16>,
    pub rate_limit: bool,
}

impl Asked {
    pub const fn acceptance(&self) -> Acceptance {
        match self.status {
            Some(status) => Acceptance::Only(status),
            None if self.rate_limit => Acceptance::RateLimited,
            None => Acceptance::Success,
        }
    }
}
