//! Value types of a Postgres catalog.
