//! What was measured of the requests that go along with a load and are counted apart.

use hdrhistogram::Histogram;

use super::{Requests, Tally, add, histogram};

/// Their figures, warm-up apart.
#[derive(Clone, Debug)]
pub struct AsideRecord {
    /// Of all of them; what was due nobody knows, since the schedule is that of all requests.
    pub requests: Requests,
    /// As that of the load: completed exchanges, and time-outs with the time that was allowed.
    pub latency: Histogram<u64>,
    /// One for each of them, in the order of the plan.
    pub answers: Vec<Tally>,
}

impl AsideRecord {
    /// Nothing yet, of so many requests.
    pub fn new(requests: usize) -> Self {
        Self {
            requests: Requests::default(),
            latency: histogram(),
            answers: vec![Tally::default(); requests],
        }
    }

    /// Adds what another worker or shard measured of the same requests.
    pub fn merge(&mut self, other: &Self) {
        self.requests.add(&other.requests);
        add(&mut self.latency, &other.latency);
        for (mine, theirs) in self.answers.iter_mut().zip(&other.answers) {
            mine.add(theirs);
        }
    }
}
