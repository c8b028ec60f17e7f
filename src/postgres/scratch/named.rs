//! Scratch databases on a server that the user named.

use sqlx::{PgConnection, Row};

use super::{database, leftovers};
use crate::failure::Failure;
use crate::postgres::connect::with_host;
use crate::redact::SecretUrl;

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

/// The same URL with another database.
pub(super) fn with_database(url: &SecretUrl, name: &str) -> SecretUrl {
    let url = &with_host(url);
    let Ok(mut parsed) = url::Url::parse(url.expose()) else {
        return url.clone();
    };
    parsed.set_path(&format!("/{name}"));
    let kept: Vec<(String, String)> = parsed
        .query_pairs()
        .filter(|(key, _)| key != "dbname")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    parsed.set_query(None);
    if !kept.is_empty() {
        parsed.query_pairs_mut().extend_pairs(kept);
    }
    SecretUrl::new(parsed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_changes_and_nothing_else() {
        let cases = [
            (
                "postgres://u:p@h:5433/shop?sslmode=require",
                "postgres://u:p@h:5433/x?sslmode=require",
            ),
            (
                "postgres:///shop?host=%2Ftmp%2Fa&dbname=other",
                "postgres:///x?host=%2Ftmp%2Fa",
            ),
        ];
        for (url, wanted) in cases {
            assert_eq!(with_database(&SecretUrl::new(url), "x").expose(), wanted);
        }
    }
}
