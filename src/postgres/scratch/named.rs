//! Scratch databases on a server that the user named.

use sqlx::Row;

use super::{database, leftovers};
use crate::failure::Failure;
use crate::postgres::{Connection, Error};

pub(super) fn check_rights(connection: &Connection) -> Result<(), Failure> {
    let server = connection.server();
    if server.may_create_databases {
        return Ok(());
    }
    Err(Failure::environment(format!(
        "the role `{}` may not create a scratch database on the server",
        server.user
    ))
    .code("no-createdb"))
}

/// The first half of the key of every lock; the second is in the database's name.
const LOCK: i32 = 0x424b_534d;

/// Tells other runs, of whatever machine, that the database is in use for as long as the session is.
pub(super) async fn claim(connection: &mut Connection, token: u32) -> Result<(), Error> {
    let token = token.cast_signed();
    connection
        .execute(&format!("select pg_advisory_lock({LOCK}, {token})"))
        .await
}

/// Drops what killed runs left behind: nobody is connected to it, no run on any machine has claimed
/// it, and this machine has no process of its number.
pub(super) async fn remove_leftovers(connection: &mut Connection) {
    let names = format!(
        "select d.datname::text from pg_database d where starts_with(d.datname::text, '{}') \
         and not exists (select from pg_stat_activity a where a.datname = d.datname)",
        database::PREFIX
    );
    let Ok(rows) = connection.rows_of(names).await else {
        return;
    };
    // Read later than the names: a run claims a database before it makes it.
    let locks = format!(
        "select objid::int8 from pg_locks \
         where locktype = 'advisory' and classid = {LOCK}::oid and objsubid = 2 and granted"
    );
    let Ok(locks) = connection.rows_of(locks).await else {
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
