//! Intervals by resampling whole blocks of time. Requests inside a block depend on each other (a
//! queue, a pause), so blocks are drawn, not requests (Künsch 1989, with blocks that do not overlap).
//! The seed is fixed: the same data give the same interval.

use crate::loadtest::recording::Cells;

/// How often the blocks are drawn anew.
const DRAWS: usize = 2_000;
const SEED: u64 = 0x6261_636b_736d_6974;

/// An interval of a figure, at 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// The smallest interval that holds both.
    pub fn hull(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
        }
    }
}

/// The blocks of one side on a common grid of values, so that the quantiles of any draw are a few
/// sums instead of a merge.
pub(super) struct Grid {
    values: Vec<f64>,
    /// For each block the counts up to each value of the grid.
    cumulated: Vec<Vec<u64>>,
}

impl Grid {
    pub(super) fn new<'a>(blocks: impl Iterator<Item = &'a Cells> + Clone) -> Self {
        let mut values: Vec<u64> = blocks
            .clone()
            .flat_map(|block| block.as_slice().iter().map(|(value, _)| *value))
            .collect();
        values.sort_unstable();
        values.dedup();
        let cumulated = blocks.map(|block| cumulate(block, &values)).collect();
        Self {
            values: values.into_iter().map(|value| value as f64).collect(),
            cumulated,
        }
    }

    /// The quantile of the blocks drawn; `draw` holds how often each block was drawn.
    pub(super) fn quantile(&self, draw: &[u32], quantile: f64) -> Option<f64> {
        let up_to = |cell: usize| -> u64 {
            let blocks = self.cumulated.iter().zip(draw);
            blocks
                .map(|(counts, times)| counts[cell] * u64::from(*times))
                .sum()
        };
        let total = up_to(self.values.len().checked_sub(1)?);
        if total == 0 {
            return None;
        }
        let wanted = ((quantile * total as f64).ceil() as u64).max(1);
        let (mut low, mut high) = (0, self.values.len() - 1);
        while low < high {
            let middle = usize::midpoint(low, high);
            if up_to(middle) >= wanted {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(self.values[low])
    }
}

fn cumulate(block: &Cells, values: &[u64]) -> Vec<u64> {
    let mut cells = block.as_slice().iter().peekable();
    let mut sum = 0;
    values
        .iter()
        .map(|value| {
            while let Some((_, count)) = cells.next_if(|(cell, _)| cell <= value) {
                sum += count;
            }
            sum
        })
        .collect()
}

/// The interval of `figure` around `estimate`, over draws of `blocks` out of `blocks`. `figure` gets
/// how often each block was drawn, and is on a scale on which differences add up. `None` below two
/// blocks, or when a draw has no figure.
pub(super) fn interval(
    blocks: usize,
    estimate: f64,
    mut figure: impl FnMut(&[u32]) -> Option<f64>,
) -> Option<Interval> {
    if blocks < 2 {
        return None;
    }
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut figures = Vec::with_capacity(DRAWS);
    let mut draw = vec![0_u32; blocks];
    for _ in 0..DRAWS {
        draw.fill(0);
        for _ in 0..blocks {
            draw[random.usize(..blocks)] += 1;
        }
        figures.push(figure(&draw)?);
    }
    Some(percentile_interval(figures, estimate, blocks))
}

/// The same for two sides that were not measured together: each is drawn by itself.
pub(super) fn interval_apart(
    blocks: (usize, usize),
    estimate: f64,
    mut figure: impl FnMut(&[u32], &[u32]) -> Option<f64>,
) -> Option<Interval> {
    let (left, right) = blocks;
    if left < 2 || right < 2 {
        return None;
    }
    let both = left + right;
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut figures = Vec::with_capacity(DRAWS);
    let mut draw = vec![0_u32; both];
    for _ in 0..DRAWS {
        draw.fill(0);
        for _ in 0..left {
            draw[random.usize(..left)] += 1;
        }
        for _ in 0..right {
            draw[left + random.usize(..right)] += 1;
        }
        figures.push(figure(&draw[..left], &draw[left..])?);
    }
    Some(percentile_interval(figures, estimate, left.min(right)))
}

/// The middle 95 % of the figures, moved so that it belongs to the estimate, and widened by what a
/// bootstrap of few blocks lacks: it takes the blocks for the whole truth (n / (n - 1)) and their
/// spread as known (Student's t in place of the normal distribution).
fn percentile_interval(mut figures: Vec<f64>, estimate: f64, blocks: usize) -> Interval {
    figures.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
    let middle = at(0.5);
    let count = blocks as f64;
    let widening = student_95(blocks - 1) / 1.96 * (count / (count - 1.0)).sqrt();
    Interval {
        low: estimate - (middle - at(0.025)) * widening,
        high: estimate + (at(0.975) - middle) * widening,
    }
}

/// The middle figure; of an even number the mean of the two in the middle.
pub(super) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_unstable_by(f64::total_cmp);
    let upper = *figures.get(figures.len() / 2)?;
    let lower = figures[(figures.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// The interval of the median of independent figures, by the sign test: it holds the median unless
/// too many of them happen to lie on one side. No assumption on how they are distributed, so a few
/// wild ones do not move it. Below six figures it is their whole range.
pub(super) fn median_interval(mut figures: Vec<f64>) -> Option<Interval> {
    figures.sort_unstable_by(f64::total_cmp);
    let (first, last) = (*figures.first()?, *figures.last()?);
    let count = figures.len();
    // The largest number of figures that may be cut off on each side, leaving 95 %.
    let mut cut = 0;
    let mut term = 0.5_f64.powi(i32::try_from(count).ok()?);
    let mut outside = term;
    while outside <= 0.025 && cut + 1 < count / 2 {
        term *= (count - cut) as f64 / (cut + 1) as f64;
        if outside + term > 0.025 {
            break;
        }
        outside += term;
        cut += 1;
    }
    if cut == 0 {
        return Some(Interval {
            low: first,
            high: last,
        });
    }
    Some(Interval {
        low: figures[cut],
        high: figures[count - 1 - cut],
    })
}

/// The two-sided 95 % point of Student's t.
fn student_95(degrees: usize) -> f64 {
    const TABLE: [f64; 10] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    ];
    match degrees {
        0 => f64::INFINITY,
        1..=10 => TABLE[degrees - 1],
        // Cornish and Fisher's expansion, right to three digits from here on.
        _ => {
            let degrees = degrees as f64;
            1.960 + 2.372 / degrees + 2.823 / (degrees * degrees)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loadtest::recording::histogram;
    use proptest::prelude::*;

    #[test]
    fn student_is_near_its_table() {
        for (degrees, wanted) in [
            (1, 12.706),
            (11, 2.201),
            (19, 2.093),
            (30, 2.042),
            (120, 1.980),
        ] {
            assert!((student_95(degrees) - wanted).abs() < 0.003, "{degrees}");
        }
    }

    #[test]
    fn the_sign_test_cuts_what_its_table_says() {
        let of = |count: u32| median_interval((1..=count).map(f64::from).collect());
        for (count, low, high) in [
            (5, 1.0, 5.0),
            (6, 1.0, 6.0),
            (10, 2.0, 9.0),
            (20, 6.0, 15.0),
        ] {
            assert_eq!(of(count), Some(Interval { low, high }), "{count}");
        }
        assert_eq!(of(0), None);
    }

    proptest! {
        #[test]
        fn a_draw_of_every_block_is_the_merged_histogram(
            blocks in prop::collection::vec(prop::collection::vec(1_u64..1_000_000_000, 1..60), 1..6),
        ) {
            let mut merged = histogram();
            let mut cells = Vec::new();
            for block in &blocks {
                let mut one = histogram();
                for value in block {
                    one.record(*value).expect("it grows");
                }
                merged.add(&one).expect("it grows");
                cells.push(Cells::of(&one));
            }
            let grid = Grid::new(cells.iter());
            let draw = vec![1; cells.len()];
            for quantile in [0.5, 0.9, 0.99] {
                let wanted = merged.value_at_quantile(quantile) as f64;
                prop_assert_eq!(grid.quantile(&draw, quantile), Some(wanted));
            }
        }
    }
}
