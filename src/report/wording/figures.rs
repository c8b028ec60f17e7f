//! Figures in the columns of tables, the same in every format for people.

use crate::loadtest::statistics::Summary;
use crate::text::number::decimal;

/// Milliseconds under a head that names the unit; `-` where too few samples carry the figure.
pub fn time(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |value| decimal(value, 2))
}

/// The columns p50, p90, p99 and max of a step or a stage.
pub fn times(latency: &Summary) -> [String; 4] {
    [latency.p50, latency.p90, latency.p99, latency.max].map(time)
}
