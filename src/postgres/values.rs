//! How much data stands behind what a migration removes: two counts, in a read-only transaction
//! with a time limit.

use std::time::Duration;

use sqlx::Row;

use super::{Connection, Error};

/// Long enough for some millions of rows, short enough to be waited for.
const LIMIT: Duration = Duration::from_secs(5);

/// Rows of a table, and how many of them hold a value in the column. Names are as SQL writes them.
/// None when counting takes too long or is not allowed.
pub async fn count(
    connection: &mut Connection,
    table: &str,
    column: Option<&str>,
) -> Result<Option<(i64, i64)>, Error> {
    let what = column.unwrap_or("*");
    connection.set_statement_timeout(LIMIT).await?;
    connection.begin_read_only().await?;
    let counted = connection
        .rows_of(format!("SELECT count(*), count({what}) FROM {table}"))
        .await;
    connection.execute("ROLLBACK").await?;
    connection.set_statement_timeout(Duration::ZERO).await?;
    match counted {
        Ok(rows) => match rows.first() {
            Some(row) => Ok(Some((row.try_get(0)?, row.try_get(1)?))),
            None => Ok(None),
        },
        Err(Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
