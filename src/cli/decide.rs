//! `backsmith decide`.

use clap::Args;

/// Match a backend's constraints against profiles; refuses to guess
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE)]
pub struct Decide {}
