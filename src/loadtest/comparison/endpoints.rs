//! Two endpoints, loaded in turn in ABBA blocks of one run. Neighbouring blocks make a pair, so that
//! what changes slowly (a warm cache, a busy neighbour) is in both halves of a pair.

use super::bootstrap::{self, Grid, Interval};
use super::error_rate::{self, Errors};
use super::{Comparison, Kind, Margin, Measure, Metric, is_evidence, relative};
use crate::loadtest::recording::{Block, Recording};
use crate::loadtest::statistics::{Acceptance, Percentile, Summary};

/// From this many pairs on the sign test has an interval of 95 %.
const ENOUGH_PAIRS: usize = 6;

/// Compares B with A from their blocks.
pub fn compare(a: &Recording, b: &Recording, acceptance: Acceptance, margin: Margin) -> Comparison {
    let pairs = pairs(&a.blocks, &b.blocks);
    let summaries = (Summary::of(&a.latency), Summary::of(&b.latency));
    let mut measures = vec![rate(&pairs, margin)];
    measures.extend(latencies(&pairs, &summaries, margin));
    measures.push(errors(&pairs, (a, b), acceptance, margin));
    let blocks = a.blocks.len() + b.blocks.len();
    let seconds: f64 = a
        .blocks
        .iter()
        .chain(&b.blocks)
        .map(|block| block.seconds)
        .sum();
    let kind = Kind::Endpoints {
        blocks,
        block_seconds: if blocks == 0 {
            0.0
        } else {
            seconds / blocks as f64
        },
    };
    Comparison::new(kind, measures, margin)
}

/// A block of A and the block of B beside it, in either order.
type Pair<'a> = (&'a Block, &'a Block);

fn pairs<'a>(a: &'a [Block], b: &'a [Block]) -> Vec<Pair<'a>> {
    let beside = |block: &Block| b.iter().find(|other| other.number / 2 == block.number / 2);
    let pairs = a.iter().filter_map(|block| Some((block, beside(block)?)));
    // A block that a signal cut short has no neighbour of its length.
    let fullest = a
        .iter()
        .chain(b)
        .map(|block| block.seconds)
        .fold(0.0, f64::max);
    pairs
        .filter(|(a, b)| a.seconds > fullest / 2.0 && b.seconds > fullest / 2.0)
        .collect()
}

/// How B differs from A in one pair of blocks, in per cent of A; `None` without samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairDifference {
    pub rate: Option<f64>,
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
}

/// The pairs one by one, in the order of the run.
pub fn by_pair(a: &Recording, b: &Recording) -> Vec<PairDifference> {
    let change = |a: f64, b: f64| (a > 0.0).then(|| (b / a - 1.0) * 100.0);
    let difference = |(a, b): &Pair<'_>| {
        let rate = |block: &Block| block.interval.tally.completed as f64 / block.seconds;
        let at = |quantile| {
            let (a, b) = (&a.interval.latency, &b.interval.latency);
            change(a.quantile(quantile)?, b.quantile(quantile)?)
        };
        PairDifference {
            rate: change(rate(a), rate(b)),
            p50: at(0.50),
            p90: at(0.90),
            p99: at(0.99),
        }
    };
    pairs(&a.blocks, &b.blocks).iter().map(difference).collect()
}

fn rate(pairs: &[Pair<'_>], margin: Margin) -> Measure {
    let all = vec![1; pairs.len()];
    let of = |draw: &[u32], side: fn(&Pair<'_>) -> (u64, f64)| {
        let drawn = pairs.iter().zip(draw);
        let (count, seconds) = drawn.fold((0.0, 0.0), |(count, seconds), (pair, times)| {
            let (completed, length) = side(pair);
            let times = f64::from(*times);
            (count + completed as f64 * times, seconds + length * times)
        });
        (seconds > 0.0 && count > 0.0).then(|| count / seconds)
    };
    let first = |pair: &Pair<'_>| (pair.0.interval.tally.completed, pair.0.seconds);
    let second = |pair: &Pair<'_>| (pair.1.interval.tally.completed, pair.1.seconds);
    let figure = |draw: &[u32]| Some((of(draw, second)? / of(draw, first)?).ln());
    let interval =
        figure(&all).and_then(|estimate| bootstrap::interval(pairs.len(), estimate, figure));
    relative(
        Metric::Rate,
        (of(&all, first), of(&all, second)),
        interval,
        margin,
    )
}

fn latencies(pairs: &[Pair<'_>], summaries: &(Summary, Summary), margin: Margin) -> Vec<Measure> {
    let first = Grid::new(pairs.iter().map(|pair| &pair.0.interval.latency));
    let second = Grid::new(pairs.iter().map(|pair| &pair.1.interval.latency));
    let all = vec![1; pairs.len()];
    let measure = |percentile: Percentile| {
        let metric = Metric::Latency(percentile);
        let quantile = percentile.quantile();
        let (a, b) = (
            summaries.0.percentile(percentile),
            summaries.1.percentile(percentile),
        );
        let figure = |draw: &[u32]| {
            Some((second.quantile(draw, quantile)? / first.quantile(draw, quantile)?).ln())
        };
        if !is_evidence(percentile, &summaries.0, &summaries.1) {
            return relative(metric, (a, b), None, margin);
        }
        if percentile == Percentile::P50 && pairs.len() >= ENOUGH_PAIRS {
            return median(pairs, margin);
        }
        let pooled =
            figure(&all).and_then(|estimate| bootstrap::interval(pairs.len(), estimate, figure));
        let interval = pooled
            .zip(typical(pairs, quantile))
            .map(|(pooled, typical)| pooled.hull(typical));
        relative(metric, (a, b), interval, margin)
    };
    Percentile::ALL.into_iter().map(measure).collect()
}

/// The median of the typical block. Half of the requests of a busy spell are slow, so the pooled
/// median follows how long each side was disturbed; the pairs do not, and in an A/A test, where A and
/// B may change places, their sign test is exact whatever the machine does.
fn median(pairs: &[Pair<'_>], margin: Margin) -> Measure {
    let middle = |blocks: &mut dyn Iterator<Item = &Block>| {
        let medians = blocks.filter_map(|block| block.interval.latency.quantile(0.5));
        bootstrap::median(medians.collect()).map(|nanoseconds| nanoseconds / 1e6)
    };
    let a = middle(&mut pairs.iter().map(|pair| pair.0));
    let b = middle(&mut pairs.iter().map(|pair| pair.1));
    let metric = Metric::Latency(Percentile::P50);
    let mut measure = relative(metric, (a, b), typical(pairs, 0.5), margin);
    let differences = differences(pairs, 0.5);
    measure.change = bootstrap::median(differences).map(|log| (log.exp() - 1.0) * 100.0);
    measure
}

/// How the pairs differ one by one. A burst of the machine under the test makes a few blocks slow and
/// with them the pooled percentile; a slower endpoint makes most of its blocks slow. Only what both
/// views show is a difference.
fn typical(pairs: &[Pair<'_>], quantile: f64) -> Option<Interval> {
    bootstrap::median_interval(differences(pairs, quantile))
}

/// The logarithms of B's quantile over A's, pair by pair.
fn differences(pairs: &[Pair<'_>], quantile: f64) -> Vec<f64> {
    let difference = |(a, b): &Pair<'_>| {
        let (a, b) = (&a.interval.latency, &b.interval.latency);
        Some((b.quantile(quantile)? / a.quantile(quantile)?).ln())
    };
    pairs.iter().filter_map(difference).collect()
}

fn errors(
    pairs: &[Pair<'_>],
    (a, b): (&Recording, &Recording),
    acceptance: Acceptance,
    margin: Margin,
) -> Measure {
    let of_block = |block: &Block| Errors {
        count: acceptance.errors(&block.interval.tally),
        of: block.interval.tally.completed + block.interval.tally.failed,
    };
    let counted: Vec<(Errors, Errors)> = pairs
        .iter()
        .map(|(a, b)| (of_block(a), of_block(b)))
        .collect();
    let difference = |draw: &[u32]| {
        let mut sums = (Errors::default(), Errors::default());
        for ((a, b), times) in counted.iter().zip(draw) {
            let times = u64::from(*times);
            sums.0.count += a.count * times;
            sums.0.of += a.of * times;
            sums.1.count += b.count * times;
            sums.1.of += b.of * times;
        }
        Some(sums.1.share() - sums.0.share())
    };
    let all = vec![1; pairs.len()];
    let resampled: Option<Interval> = difference(&all)
        .and_then(|estimate| bootstrap::interval(pairs.len(), estimate, difference));
    let of_run = |recording: &Recording| Errors {
        count: acceptance.errors_of(recording),
        of: recording.requests.completed + recording.requests.failed,
    };
    error_rate::measure(of_run(a), of_run(b), resampled, margin)
}

#[cfg(test)]
mod tests;
