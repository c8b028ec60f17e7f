//! backsmith: one binary for people who build and run backends.
//!
//! Data flows one way, from the command line down to the engines, and back up through the reports.
//! The library exists so that tests, fuzz targets and benches reach the engines; its API is not stable.

// The way in.
pub mod cli;
pub mod commands;
pub mod settings;

// The engines: values in, values out.
pub mod decide;
pub mod loadtest;
pub mod migrate;
pub mod routes;
pub mod scaffold;

// The models that they share.
pub mod api;
pub mod catalog;
pub mod diagnostic;
pub mod text;
pub mod traffic;

// The edges: the only input and output.
pub mod files;
pub mod postgres;
pub mod terminal;

// The way out.
pub mod failure;
pub mod redact;
pub mod report;

use failure::{Failure, Verdict};
use terminal::Terminal;

/// Runs one parsed command line to its verdict.
pub fn run(arguments: cli::Cli, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let request = settings::resolve(arguments)?;
    commands::run(request, terminal)
}
