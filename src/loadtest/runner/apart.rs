//! What one worker measures of the requests that go along with a load and are counted apart.

use super::collector::{Exchange, record};
use super::failure::Failure;
use super::statuses::Statuses;
use crate::loadtest::plan::{Aside, Target};
use crate::loadtest::recording::{AsideRecord, ErrorKind};

/// One target's.
pub(super) struct Apart {
    record: AsideRecord,
    statuses: Vec<Statuses>,
}

impl Apart {
    pub(super) fn of(target: &Target) -> Option<Self> {
        let number = target.aside().map(Aside::requests)?.count();
        Some(Self {
            record: AsideRecord::new(number),
            statuses: vec![Statuses::default(); number],
        })
    }

    pub(super) fn answered(&mut self, place: usize, status: u16, exchange: &Exchange) {
        let latency = exchange.ended.saturating_sub(exchange.from);
        record(&mut self.record.latency, latency);
        if let Some(statuses) = self.statuses.get_mut(place) {
            statuses.count(status);
        }
    }

    /// A time-out is recorded with the time that was allowed.
    pub(super) fn failed(
        &mut self,
        place: usize,
        failure: &Failure,
        exchange: &Exchange,
        timeout: u64,
    ) {
        self.record.requests.failed += 1;
        if let Some(tally) = self.record.answers.get_mut(place) {
            tally.failed += 1;
        }
        if failure.kind == ErrorKind::Timeout {
            let waited = exchange.sent.saturating_sub(exchange.from);
            record(&mut self.record.latency, waited.saturating_add(timeout));
        }
    }

    pub(super) const fn retried(&mut self) {
        self.record.requests.retried += 1;
    }

    pub(super) const fn left_open(&mut self) {
        self.record.requests.open_at_end += 1;
    }

    pub(super) fn finish(mut self) -> AsideRecord {
        for (tally, statuses) in self.record.answers.iter_mut().zip(&mut self.statuses) {
            tally.completed = statuses.total();
            statuses.move_to(&mut tally.statuses);
            self.record.requests.completed += tally.completed;
        }
        let requests = &mut self.record.requests;
        requests.sent = requests.completed + requests.failed + requests.open_at_end;
        self.record
    }
}
