//! Answers by status, counted on the way of a request: there are one or two of them in a run, which a
//! list finds faster than a map does.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(super) struct Statuses(Vec<(u16, u64)>);

impl Statuses {
    /// Allocates when a status comes for the first time.
    pub(super) fn count(&mut self, status: u16) {
        match self.0.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += 1,
            None => self.0.push((status, 1)),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn sorted(&self) -> BTreeMap<u16, u64> {
        self.0.iter().copied().collect()
    }

    /// Adds everything to a map, and begins again.
    pub(super) fn move_to(&mut self, map: &mut BTreeMap<u16, u64>) {
        for (status, count) in self.0.drain(..) {
            *map.entry(status).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_until_they_are_moved() {
        let mut statuses = Statuses::default();
        for status in [404, 200, 200, 503] {
            statuses.count(status);
        }
        assert_eq!(statuses.total(), 4);
        let wanted = BTreeMap::from([(200, 2), (404, 1), (503, 1)]);
        assert_eq!(statuses.sorted(), wanted);
        let mut map = BTreeMap::from([(200, 1)]);
        statuses.move_to(&mut map);
        assert_eq!(map[&200], 3);
        assert!(statuses.is_empty());
    }
}
