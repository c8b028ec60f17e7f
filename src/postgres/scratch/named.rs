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

/// The first half of the key of every lock; the second is in the database's name.
const LOCK: i32 = 0x424b_534d;

/// Tells other runs, of whatever machine, that the database is in use for as long as the session is.
pub(super) async fn claim(connection: &mut PgConnection, token: u32) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_lock($1, $2)")
        .bind(LOCK)
        .bind(token.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// Drops what killed runs left behind: nobody is connected to it, no run on any machine has claimed
/// it, and this machine has no process of its number.
pub(super) async fn remove_leftovers(connection: &mut PgConnection) {
    let query = "select d.datname::text from pg_database d where d.datname like $1 || '%' \
         and not exists (select from pg_stat_activity a where a.datname = d.datname)";
    let Ok(rows) = sqlx::query(query)
        .bind(database::PREFIX.replace('_', "\\_"))
        .fetch_all(&mut *connection)
        .await
    else {
        return;
    };
    // Read later than the names: a run claims a database before it makes it.
    let locks = "select objid::int8 from pg_locks \
         where locktype = 'advisory' and classid = $1::int8::oid and objsubid = 2 and granted";
    let Ok(locks) = sqlx::query(locks)
        .bind(i64::from(LOCK))
        .fetch_all(&mut *connection)
        .await
    else {
        return;
    };
    let claimed: Vec<i64> = locks.iter().map(|row| row.get(0)).collect();
    for row in rows {
        let name: String = row.get(0);
        let token = name.rsplit('_').next();
        let token = token.and_then(|token| u32::from_str_radix(token, 16).ok());
        let process = leftovers::process_of(&name, database::PREFIX);
        if process.is_some_and(|id| !leftovers::process_is_alive(id))
            && token.is_some_and(|token| !claimed.contains(&i64::from(token)))
        {
            database::drop_database(connection, &name).await;
        }
    }
}
