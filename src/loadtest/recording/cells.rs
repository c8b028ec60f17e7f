//! The filled cells of a histogram. A block or a second holds a few hundred of them, where the whole
//! histogram takes a hundred kilobytes.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

/// (highest value of the cell, count), by value; nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells(Vec<(u64, u64)>);

impl Cells {
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let cells = histogram.iter_recorded();
        Self(
            cells
                .map(|cell| (cell.value_iterated_to(), cell.count_since_last_iteration()))
                .collect(),
        )
    }

    /// A histogram with these cells filled.
    pub fn histogram(&self) -> Histogram<u64> {
        let mut histogram = super::histogram();
        for (value, count) in &self.0 {
            histogram
                .record_n(*value, *count)
                .expect("histograms that grow take any value");
        }
        histogram
    }

    pub fn as_slice(&self) -> &[(u64, u64)] {
        &self.0
    }

    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// The highest value of the last cell.
    pub fn max(&self) -> Option<u64> {
        self.0.last().map(|(value, _)| *value)
    }

    /// Adds the counts of `other`, cell by cell.
    pub fn add(&mut self, other: &Self) {
        let mut cells: BTreeMap<u64, u64> = self.0.iter().copied().collect();
        for (value, count) in &other.0 {
            *cells.entry(*value).or_default() += count;
        }
        self.0 = cells.into_iter().collect();
    }

    /// The value below which this share of the samples lies, between 0 and 1.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let total = self.count();
        if total == 0 {
            return None;
        }
        let wanted = ((quantile * total as f64).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        self.0
            .iter()
            .find(|(_, count)| {
                seen += count;
                seen >= wanted
            })
            .map(|(value, _)| *value as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::histogram;
    use proptest::prelude::*;

    fn filled(values: &[u64]) -> Histogram<u64> {
        let mut histogram = histogram();
        for value in values {
            histogram.record(*value).expect("it grows");
        }
        histogram
    }

    proptest! {
        #[test]
        fn adding_cells_is_adding_histograms(
            left in prop::collection::vec(1_u64..10_000_000_000, 0..200),
            right in prop::collection::vec(1_u64..10_000_000_000, 0..200),
        ) {
            let (left, right) = (filled(&left), filled(&right));
            let mut both = left.clone();
            both.add(&right).expect("it grows");
            let mut cells = Cells::of(&left);
            cells.add(&Cells::of(&right));
            prop_assert_eq!(&cells, &Cells::of(&both));
            for quantile in [0.5, 0.9, 0.99, 1.0] {
                let expected = (!both.is_empty()).then(|| both.value_at_quantile(quantile));
                prop_assert_eq!(cells.quantile(quantile).map(|value| value as u64), expected);
            }
        }
    }
}
