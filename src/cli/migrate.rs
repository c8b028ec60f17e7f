//! `backsmith migrate`.

use clap::Args;

/// Compare, analyse, rehearse and apply Postgres schema changes
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE)]
pub struct Migrate {}
