//! Reads a whole catalog: set-wise queries in one read-only transaction, and the dependencies that
//! Postgres itself keeps.

mod collect;
mod definition;
mod presence;
mod queries;
mod rows;
mod text_kinds;
mod wire;

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use sqlx::Row;

use super::{Connection, Error};
use crate::catalog::Catalog;
use presence::Presence;
use queries::Query;
use rows::Rows;

/// What makes texts the same in every session; it ends with the transaction.
const SETTINGS: &str = "SET LOCAL search_path = pg_catalog; SET LOCAL TimeZone = 'UTC'; \
     SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; \
     SET LOCAL extra_float_digits = 3; SET LOCAL quote_all_identifiers = off; \
     SET LOCAL jit = off";

/// Everything that a user made in the database of the connection.
pub async fn catalog(connection: &mut Connection) -> Result<Catalog, Error> {
    let result = read(connection).await;
    // Nothing was changed; the settings of the transaction end with it.
    connection.execute("ROLLBACK").await?;
    result
}

async fn read(connection: &mut Connection) -> Result<Catalog, Error> {
    let version = connection.server().version_number;
    let presence = begin(connection).await?;
    let rows = RefCell::new(Rows::default());
    let queries: Vec<Query> = Query::PLAIN
        .iter()
        .chain(Query::PRINTED)
        .copied()
        .filter(|query| presence.asks_for(*query))
        .collect();
    gather(connection, &queries, &rows).await?;
    let mut collection = collect::Collection::new(version, rows.into_inner());
    for (kind, class, query) in text_kinds::QUERIES {
        if presence.has(class) {
            let rows = fetch(connection, &for_version(query, version)).await?;
            collection.texts(*kind, class, rows);
        }
    }
    for (kind, class, query) in text_kinds::UNMANAGED {
        if presence.has(class) {
            let rows: Vec<rows::NameRow> = fetch(connection, query).await?;
            collection.unmanaged(kind, class, rows);
        }
    }
    // Some servers hide the catalog; then there is nothing to list.
    if connection.server().is_superuser && presence.has("pg_subscription") {
        let query = "select s.oid, s.subname::text as name from pg_subscription s \
                     where s.subdbid = (select oid from pg_database where datname = current_database())";
        let rows: Vec<rows::NameRow> = fetch(connection, query).await?;
        collection.unmanaged("subscription", "pg_subscription", rows);
    }
    Ok(collection.finish())
}

/// Opens the transaction and asks which of the rarer kinds there are at all.
async fn begin(connection: &mut Connection) -> Result<Presence, Error> {
    let statements = [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
        SETTINGS.to_owned(),
        presence::sql(connection.server().is_superuser),
    ];
    let mut presence = Presence::default();
    wire::batch(connection, &statements, |_, row| presence.accept(row)).await?;
    Ok(presence)
}

/// Runs the queries in one round trip.
async fn gather(
    connection: &mut Connection,
    queries: &[Query],
    rows: &RefCell<Rows>,
) -> Result<(), Error> {
    let version = connection.server().version_number;
    let statements: Vec<String> = queries.iter().map(|query| query.sql(version)).collect();
    wire::batch(connection, &statements, |place, row| {
        rows.borrow_mut().accept(queries[place], row)
    })
    .await
}

/// Row filters and schemas of publications came with version 15.
fn for_version(query: &str, version: u32) -> String {
    let schemas = "(select 'TABLES IN SCHEMA ' || string_agg(s.pnnspid::regnamespace::text, ', ' \
                   order by s.pnnspid::regnamespace::text) from pg_publication_namespace s where s.pnpubid = p.oid)";
    let query = query.replace("{members}", text_kinds::MEMBERS);
    if version >= 150_000 {
        query.replace("{schemas}", schemas)
    } else {
        query
            .replace("{schemas}", "null")
            .replace("pg_get_expr(r.prqual, r.prrelid)", "null")
    }
}

async fn fetch<T: DeserializeOwned>(
    connection: &mut Connection,
    query: &str,
) -> Result<Vec<T>, Error> {
    let rows = connection
        .rows_of(format!("select row_to_json(q)::text from ({query}) q"))
        .await?;
    rows.into_iter()
        .map(|row| {
            let text: String = row.try_get(0)?;
            rows::json(&text)
        })
        .collect()
}
