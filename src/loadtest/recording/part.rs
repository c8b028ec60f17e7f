//! What was measured of one request of a mix. Its sums are part of the recording that holds it.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::{ErrorKind, Requests, add, histogram};

/// One request's figures, warm-up apart.
#[derive(Clone, Debug)]
pub struct Part {
    /// What was due of one request nobody knows: the schedule is that of all together.
    pub requests: Requests,
    pub statuses: BTreeMap<u16, u64>,
    pub errors: BTreeMap<ErrorKind, u64>,
    /// As that of the whole: completed exchanges, and time-outs with the time that was allowed.
    pub latency: Histogram<u64>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            requests: Requests::default(),
            statuses: BTreeMap::new(),
            errors: BTreeMap::new(),
            latency: histogram(),
        }
    }
}

impl Part {
    /// Adds what another worker or shard measured of the same request.
    pub fn merge(&mut self, other: &Self) {
        self.requests.add(&other.requests);
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (kind, count) in &other.errors {
            *self.errors.entry(*kind).or_default() += count;
        }
        add(&mut self.latency, &other.latency);
    }
}
