//! Scratch databases on a server that the user named.

use sqlx::{PgConnection, Row};

use super::{database, leftovers};
use crate::failure::Failure;

pub(super) async fn check_rights(connection: &mut PgConnection) -> Result<(), Failure> {
    let row = sqlx::query(
        "select (rolcreatedb or rolsuper) and not pg_is_in_recovery() \
           and current_setting('default_transaction_read_only') = 'off', rolname::text \
         from pg_roles where rolname = current_user",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| {
        Failure::environment("cannot read the role's rights").cause(database::message(&error))
    })?;
    if row.get::<bool, _>(0) {
        return Ok(());
    }
    Err(Failure::environment(format!(
        "the role `{}` may not create a scratch database on the server",
        row.get::<String, _>(1)
    ))
    .code("no-createdb"))
}

/// Drops what killed runs of this machine left behind. Others' databases are theirs.
pub(super) async fn remove_leftovers(connection: &mut PgConnection) {
    let query = "select datname::text from pg_database where datname like $1 || '%' \
                 and not exists (select from pg_stat_activity a where a.datname = pg_database.datname)";
    let Ok(rows) = sqlx::query(query)
        .bind(database::PREFIX.replace('_', "\\_"))
        .fetch_all(&mut *connection)
        .await
    else {
        return;
    };
    for row in rows {
        let name: String = row.get(0);
        if leftovers::is_ours_and_dead(&name, database::PREFIX) {
            database::drop_database(connection, &name).await;
        }
    }
}
