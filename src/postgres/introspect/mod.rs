//! Reads a whole catalog: set-wise queries in one read-only transaction, and the dependencies that
//! Postgres itself keeps.

mod collect;
mod queries;
mod rows;
mod text_kinds;

use serde::de::DeserializeOwned;
use sqlx::Row;

use super::{Connection, Error};
use crate::catalog::Catalog;

/// Everything that a user made in the database of the connection.
pub async fn catalog(connection: &mut Connection) -> Result<Catalog, Error> {
    let before = connection.show("search_path").await?;
    connection.begin_read_only().await?;
    let result = read(connection).await;
    // Nothing was changed; the settings of the transaction end with it.
    connection.execute("ROLLBACK").await?;
    connection.set("search_path", &before).await?;
    result
}

async fn read(connection: &mut Connection) -> Result<Catalog, Error> {
    connection
        .execute(
            "SET LOCAL search_path = pg_catalog; SET LOCAL TimeZone = 'UTC'; \
             SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; \
             SET LOCAL extra_float_digits = 3; SET LOCAL quote_all_identifiers = off; \
             SET LOCAL jit = off",
        )
        .await?;
    let version = connection.server().version_number;
    let mut collection = collect::Collection::new(version);
    collection.schemas(fetch(connection, &queries::schemas()).await?);
    collection.extensions(fetch(connection, &queries::extensions()).await?);
    collection.derived_types(fetch(connection, &queries::derived_types()).await?);
    collection.types(fetch(connection, &queries::types()).await?);
    let columns = fetch(connection, &queries::columns()).await?;
    let sequences = fetch(connection, &queries::sequences()).await?;
    collection.relations(
        fetch(connection, &queries::relations()).await?,
        columns,
        sequences,
    );
    collection.constraints(fetch(connection, &queries::constraints()).await?);
    collection.indexes(fetch(connection, &queries::indexes()).await?);
    collection.routines(fetch(connection, &queries::routines()).await?);
    collection.triggers(fetch(connection, &queries::triggers()).await?);
    collection.rules(fetch(connection, &queries::rules()).await?);
    collection.policies(fetch(connection, &queries::policies()).await?);
    collection.statistics(fetch(connection, &queries::statistics()).await?);
    collection.default_privileges(fetch(connection, &queries::default_privileges()).await?);
    let edges: Vec<rows::EdgeRow> = fetch(connection, &queries::dependencies()).await?;
    let members = collect::members(&edges);
    for (kind, class, query) in text_kinds::QUERIES {
        let rows = fetch(connection, &for_version(query, version)).await?;
        collection.texts(*kind, class, rows, &members);
    }
    for (kind, class, query) in text_kinds::UNMANAGED {
        let rows: Vec<rows::NameRow> = fetch(connection, query).await?;
        collection.unmanaged(kind, class, rows, &members);
    }
    if version >= 150_000 || connection.server().is_superuser {
        let query = "select s.oid, s.subname::text as name from pg_subscription s \
                     where s.subdbid = (select oid from pg_database where datname = current_database())";
        // Some servers hide the catalog; then there is nothing to list.
        if connection.server().is_superuser {
            let rows: Vec<rows::NameRow> = fetch(connection, query).await?;
            collection.unmanaged("subscription", "pg_subscription", rows, &members);
        }
    }
    Ok(collection.finish(&edges))
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
            serde_json::from_str(&text).map_err(|error| {
                Error::Protocol(format!("{error} in a row of the catalog: {text}"))
            })
        })
        .collect()
}
