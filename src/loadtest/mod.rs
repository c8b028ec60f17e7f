//! Plan, statistics, comparison, verdict and advice of a load test; `runner` owns the network.

pub mod plan;
pub mod recording;
pub mod request;
pub mod schedule;
