//! Invalid indexes: what CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY leave when they fail.

use sqlx::Row;

use super::super::{Connection, Error};
use crate::catalog::folded;

/// An invalid index that nobody builds at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    pub(super) id: i64,
    /// Qualified and quoted.
    pub(super) name: String,
    bare_name: String,
}

impl Invalid {
    /// Whether SQL that spells this name means the index.
    pub(super) fn is_called(&self, spelled: &str) -> bool {
        folded(spelled) == self.bare_name
    }

    /// Whether REINDEX CONCURRENTLY made it for the time being, by the names that it gives.
    pub(super) fn is_transient(&self) -> bool {
        let name = self
            .bare_name
            .trim_end_matches(|letter: char| letter.is_ascii_digit());
        name.ends_with("_ccnew") || name.ends_with("_ccold")
    }

    pub(super) async fn is_on(
        &self,
        connection: &mut Connection,
        table: &str,
    ) -> Result<bool, Error> {
        const QUESTION: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_index i
            WHERE i.indexrelid = $1::oid AND i.indrelid = pg_catalog.to_regclass($2))";
        let row = sqlx::query(QUESTION)
            .persistent(false)
            .bind(self.id)
            .bind(table)
            .fetch_one(connection.inner())
            .await?;
        Ok(row.try_get(0)?)
    }
}

pub(super) async fn invalid(connection: &mut Connection) -> Result<Vec<Invalid>, Error> {
    const QUESTION: &str = "
        SELECT c.oid::int8, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relname::text
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname !~ '^pg_'
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = c.oid)";
    let rows = connection.rows(QUESTION).await?;
    rows.iter()
        .map(|row| {
            Ok(Invalid {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                bare_name: row.try_get(2)?,
            })
        })
        .collect()
}

pub(super) async fn drop(connection: &mut Connection, index: &Invalid) -> Result<(), Error> {
    connection
        .execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {}", index.name))
        .await
}
