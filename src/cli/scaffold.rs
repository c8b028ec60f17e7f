//! `backsmith scaffold`.

use clap::Args;

/// Turn an API description or a Postgres schema into a server, or routes into a description
#[derive(Clone, Debug, Args)]
#[command(help_template = super::HELP_TEMPLATE)]
pub struct Scaffold {}
