//! Plan, statistics, comparison, verdict and advice of a load test; `runner` owns the network.

pub mod advice;
pub mod assessment;
pub mod capacity;
pub mod comparison;
pub mod expectation;
pub mod findings;
pub mod http1;
pub mod http2;
pub mod plan;
pub mod rate_limit;
pub mod recording;
pub mod request;
pub mod runner;
pub mod schedule;
pub mod statistics;
pub mod table;
pub mod template;
