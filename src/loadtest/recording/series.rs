//! Adding up the seconds of a run: counts as they are, percentiles from the latencies themselves,
//! since percentiles cannot be added.

use super::{Cells, Point, Recording};

/// Adds the seconds of another shard. Without the latencies of both, percentiles are lost.
pub(super) fn merge(mine: &mut Recording, theirs: &Recording) {
    let is_exact = |recording: &Recording| recording.seconds.len() == recording.series.len();
    let exact = is_exact(mine) && is_exact(theirs);
    merge_points(&mut mine.series, &theirs.series);
    if !exact {
        mine.seconds.clear();
        return;
    }
    if mine.seconds.len() < theirs.seconds.len() {
        mine.seconds.resize(theirs.seconds.len(), Cells::default());
    }
    for (cells, other) in mine.seconds.iter_mut().zip(&theirs.seconds) {
        cells.add(other);
    }
    for (point, cells) in mine.series.iter_mut().zip(&mine.seconds) {
        point.describe(cells);
    }
}

fn merge_points(mine: &mut Vec<Point>, theirs: &[Point]) {
    if mine.is_empty() {
        mine.extend_from_slice(theirs);
        return;
    }
    if mine.len() < theirs.len() {
        mine.resize(theirs.len(), Point::default());
    }
    for (point, other) in mine.iter_mut().zip(theirs) {
        *point = point.plus(other);
    }
}

impl Point {
    /// Takes the percentiles from the latencies of the second.
    pub fn describe(&mut self, latency: &Cells) {
        let at = |quantile| latency.quantile(quantile).map(|value| value as u64);
        self.p50 = at(0.50);
        self.p90 = at(0.90);
        self.p95 = at(0.95);
        self.p99 = at(0.99);
        self.max = latency.max();
    }

    fn plus(&self, other: &Self) -> Self {
        if *self == Self::default() {
            return other.clone();
        }
        if *other == Self::default() {
            return self.clone();
        }
        Self {
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            refused: self.refused + other.refused,
            max: self.max.max(other.max),
            ..Self::default()
        }
    }
}
