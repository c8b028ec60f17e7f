//! One state of a database, held still in a read-only transaction, and read on a second connection
//! as well where the server grants one.

use sqlx::Row;

use super::{Connection, Error, Target};

/// What makes texts the same in every session; it ends with the transaction.
pub(super) const SETTINGS: &str = "SET LOCAL search_path = pg_catalog; SET LOCAL TimeZone = 'UTC'; \
     SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; \
     SET LOCAL extra_float_digits = 3; SET LOCAL quote_all_identifiers = off; \
     SET LOCAL jit = off";

pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Lets other sessions see what the open transaction sees. None where the server does not offer
/// it: then everything is read on one connection.
pub(super) async fn export(connection: &mut Connection) -> Result<Option<String>, Error> {
    match connection.rows("SELECT pg_export_snapshot()").await {
        Ok(rows) => match rows.first() {
            Some(row) => Ok(Some(row.try_get(0)?)),
            None => Ok(None),
        },
        // The transaction is lost with the refusal; it has not read anything yet.
        Err(Error::Database(_)) => {
            connection.execute("ROLLBACK").await?;
            connection.execute(&format!("{BEGIN}; {SETTINGS}")).await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A second connection in the same state. None when the server has no connection left, or when a
/// pooler led to another one: the first can do all the work.
pub(super) async fn join(target: &Target, snapshot: &str) -> Option<Connection> {
    let mut connection = target.connect().await.ok()?;
    let import = format!(
        "{BEGIN}; SET TRANSACTION SNAPSHOT {}; {SETTINGS}",
        super::quote_literal(snapshot)
    );
    connection.execute(&import).await.ok()?;
    Some(connection)
}
