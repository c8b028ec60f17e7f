//! `backsmith loadtest`.

use clap::Args;

/// Load an HTTP endpoint and say whether it holds
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE)]
pub struct Loadtest {}
