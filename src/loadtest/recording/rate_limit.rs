//! What a run saw of a rate limit. Workers keep one each, and `merge` adds them up.

use std::time::Duration;

use super::Sample;

/// How a rate limit showed itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Answers by tenths of a second from the start of the run.
    pub slots: Vec<Slot>,
    /// When the first 429 came, from the start of the run.
    pub first_limited: Option<Duration>,
    /// Answers other than 429 before that moment.
    pub allowed_before: u64,
    pub retry_after: RetryAfter,
    /// Heads of 429s, at most one for each tenth of a second and 64 in all; `Set-Cookie` left out.
    pub samples: Vec<Sample>,
    /// What came when the run was over and the limit had had its time.
    pub recovery: Option<Recovery>,
}

/// Requests one after another, some time after the last 429.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    pub waited: Duration,
    pub sent: u64,
    /// Answers other than 429.
    pub allowed: u64,
}

/// A tenth of a second of a rate limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    pub allowed: u64,
    pub limited: u64,
}

/// `Retry-After` over all 429s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryAfter {
    /// As whole seconds or as an HTTP date.
    pub valid: u64,
    pub invalid: u64,
    pub absent: u64,
    /// Of those given in seconds.
    pub shortest_seconds: Option<u64>,
    pub longest_seconds: Option<u64>,
}

impl Slot {
    /// The place of the slot in which this moment lies.
    pub fn number_at(at: Duration) -> usize {
        (at.as_millis() / 100) as usize
    }
}

impl RateLimit {
    pub(super) fn merge(&mut self, other: &Self) {
        let firsts = [self.first_limited, other.first_limited];
        let first = firsts.into_iter().flatten().min();
        self.allowed_before = self.allowed_until(first) + other.allowed_until(first);
        self.first_limited = first;
        if self.slots.len() < other.slots.len() {
            self.slots.resize(other.slots.len(), Slot::default());
        }
        for (mine, theirs) in self.slots.iter_mut().zip(&other.slots) {
            mine.allowed += theirs.allowed;
            mine.limited += theirs.limited;
        }
        self.retry_after.merge(&other.retry_after);
        self.samples.extend(other.samples.iter().cloned());
        self.samples.sort_by_key(|sample| sample.at);
        self.recovery = self.recovery.or(other.recovery);
    }

    /// What was let through before the first 429 of all workers, to a tenth of a second where it was
    /// another one's.
    fn allowed_until(&self, first: Option<Duration>) -> u64 {
        match first {
            Some(first) if self.first_limited != Some(first) => {
                let slots = self.slots.iter().take(Slot::number_at(first) + 1);
                let allowed: u64 = slots.map(|slot| slot.allowed).sum();
                allowed.min(self.allowed_before)
            }
            _ => self.allowed_before,
        }
    }
}

impl RetryAfter {
    /// Counts the header of one 429: whole seconds or an HTTP date (RFC 9110, 10.2.3).
    pub fn count(&mut self, value: Option<&str>) {
        let Some(value) = value.map(str::trim) else {
            self.absent += 1;
            return;
        };
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        if let (true, Ok(seconds)) = (digits, value.parse::<u64>()) {
            self.valid += 1;
            self.shortest_seconds = Some(self.shortest_seconds.map_or(seconds, |s| s.min(seconds)));
            self.longest_seconds = Some(self.longest_seconds.map_or(seconds, |s| s.max(seconds)));
        } else if value.len() == 29 && value.ends_with(" GMT") {
            self.valid += 1;
        } else {
            self.invalid += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.valid += other.valid;
        self.invalid += other.invalid;
        self.absent += other.absent;
        let shortest = [self.shortest_seconds, other.shortest_seconds];
        self.shortest_seconds = shortest.into_iter().flatten().min();
        self.longest_seconds = self.longest_seconds.max(other.longest_seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_429_of_one_worker_is_that_of_all() {
        let seen = |first: Option<u64>, allowed: &[u64], allowed_before| RateLimit {
            slots: allowed
                .iter()
                .map(|allowed| Slot {
                    allowed: *allowed,
                    limited: 0,
                })
                .collect(),
            first_limited: first.map(Duration::from_millis),
            allowed_before,
            ..RateLimit::default()
        };
        let busy = seen(Some(150), &[40, 20, 0, 0, 0], 60);
        // One met the limit later, and one not at all.
        for other in [
            seen(Some(420), &[4, 3, 2, 2, 1], 12),
            seen(None, &[4, 3, 2, 2, 2], 13),
        ] {
            for (mut one, other) in [(busy.clone(), other.clone()), (other.clone(), busy.clone())] {
                one.merge(&other);
                assert_eq!(one.first_limited, Some(Duration::from_millis(150)));
                assert_eq!(one.allowed_before, 60 + 7);
            }
        }
    }
}
