//! Times without an answer. One worker knows only its own answers, so it keeps its longest gaps; a
//! gap of the run is where the gaps of all workers overlap.

use std::time::Duration;

/// More gaps than this are thinned to the longer half.
const CAPACITY: usize = 4096;

/// The longest stretches between two answers, from the start of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    last: Duration,
    /// The part of the time since then in which this machine did not look.
    away: Duration,
    /// Shorter gaps are no longer kept.
    shortest: Duration,
    kept: Vec<Gap>,
}

/// A stretch without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: Duration,
    pub to: Duration,
}

impl Gap {
    pub fn length(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

impl Gaps {
    /// An answer came at this moment, or the run ended. Moments may not go back.
    pub fn answered(&mut self, at: Duration) {
        let gap = Gap {
            from: (self.last + self.away).min(at),
            to: at,
        };
        self.last = at;
        self.away = Duration::ZERO;
        if gap.length() > self.shortest {
            self.kept.push(gap);
            if self.kept.len() >= CAPACITY {
                self.thin();
            }
        }
    }

    /// In this time the worker did not run, so that no answer could be seen: it is none of a gap, which
    /// is shorter by it.
    pub fn looked_away(&mut self, from: Duration, to: Duration) {
        // Answers that waited for the worker may have been taken before it saw how late it was.
        let reached = self.kept.iter_mut().rev();
        for gap in reached.take_while(|gap| gap.to > from) {
            let away = gap.to.min(to).saturating_sub(gap.from.max(from));
            gap.from += away;
        }
        self.away += to.saturating_sub(self.last.max(from));
    }

    /// The longest first; equal ones in the order of time.
    pub fn longest_first(&self) -> Vec<Gap> {
        let mut gaps = self.kept.clone();
        gaps.sort_by(|a, b| b.length().cmp(&a.length()).then(a.from.cmp(&b.from)));
        gaps
    }

    pub fn longest(&self) -> Option<Duration> {
        self.kept.iter().map(Gap::length).max()
    }

    /// Keeps what is a gap of both: a worker's pause is none of the run while another is answered.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.last == Duration::ZERO {
            *self = other.clone();
            return;
        }
        if other.last == Duration::ZERO {
            return;
        }
        let mut kept = Vec::new();
        let (mut mine, mut theirs) = (self.kept.iter().peekable(), other.kept.iter().peekable());
        while let (Some(left), Some(right)) = (mine.peek(), theirs.peek()) {
            let gap = Gap {
                from: left.from.max(right.from),
                to: left.to.min(right.to),
            };
            if gap.from < gap.to {
                kept.push(gap);
            }
            if left.to <= right.to {
                mine.next();
            } else {
                theirs.next();
            }
        }
        self.kept = kept;
        self.last = self.last.max(other.last);
        self.shortest = self.shortest.max(other.shortest);
    }

    fn thin(&mut self) {
        let mut lengths: Vec<Duration> = self.kept.iter().map(Gap::length).collect();
        let middle = lengths.len() / 2;
        let (_, median, _) = lengths.select_nth_unstable(middle);
        self.shortest = *median;
        self.kept.retain(|gap| gap.length() > *median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(moments: &[u64]) -> Gaps {
        let mut gaps = Gaps::default();
        for moment in moments {
            gaps.answered(Duration::from_millis(*moment));
        }
        gaps
    }

    #[test]
    fn a_gap_of_the_run_is_one_of_every_worker() {
        let mut first = gaps(&[10, 20, 500, 510]);
        assert_eq!(first.longest(), Some(Duration::from_millis(480)));
        first.merge(&gaps(&[5, 15, 100, 400, 512]));
        assert_eq!(first.longest(), Some(Duration::from_millis(300)));
        assert_eq!(first.longest_first()[0].from, Duration::from_millis(100));
    }

    #[test]
    fn the_time_in_which_nobody_looked_is_no_gap() {
        let at = Duration::from_millis;
        // Noticed before the answer was taken, and after.
        let mut before = gaps(&[10, 20]);
        before.looked_away(at(50), at(200));
        before.answered(at(210));
        let mut after = gaps(&[10, 20, 202, 203]);
        after.looked_away(at(50), at(201));
        for gaps in [&mut before, &mut after] {
            let longest = gaps.longest().expect("a gap");
            assert!((at(30)..=at(45)).contains(&longest), "{longest:?}");
            // What comes later is as long as it is.
            gaps.answered(at(310));
            assert!(gaps.longest() >= Some(at(100)), "{gaps:?}");
        }
        // A pause of the server in which the worker was late for a moment stays one.
        let mut paused = gaps(&[10]);
        paused.looked_away(at(60), at(75));
        paused.answered(at(1_010));
        assert_eq!(paused.longest(), Some(at(985)));
    }

    #[test]
    fn many_answers_keep_the_longest_gap() {
        let mut gaps = Gaps::default();
        let mut now = Duration::ZERO;
        for number in 0..100_000_u64 {
            now += Duration::from_micros(10 + number % 7);
            if number == 50_000 {
                now += Duration::from_millis(800);
            }
            gaps.answered(now);
        }
        assert!(gaps.kept.len() < CAPACITY);
        assert_eq!(gaps.longest().map(|gap| gap.as_millis()), Some(800));
    }
}
