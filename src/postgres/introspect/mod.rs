//! Reads a whole catalog: set-wise queries in one read-only transaction, and the dependencies that
//! Postgres itself keeps.

mod collect;
mod definition;
mod presence;
mod queries;
mod rows;
mod text_kinds;
mod wire;

use serde::de::DeserializeOwned;
use sqlx::Row;

use super::fingerprint::Fingerprint;
use super::snapshot::{self, BEGIN, SETTINGS};
use super::{Connection, Error, Target};
use crate::catalog::Catalog;
use presence::Presence;
use queries::Query;
use rows::Rows;

/// From so many relations on, printing parse trees takes longer than opening a second connection:
/// measured, it is even at some 2,600.
const LARGE: u32 = 3_000;

/// Everything that a user made in the database of the connection. A second connection helps where a
/// core is free.
pub async fn catalog(connection: &mut Connection) -> Result<Catalog, Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let result = async {
        let presence = begin(connection).await?;
        let snapshot = if presence.relations >= LARGE && cores >= 2 {
            snapshot::export(connection).await?
        } else {
            None
        };
        let rows = match snapshot {
            Some(snapshot) => gather_on_two(connection, &presence, &snapshot).await?,
            None => gather(connection, &presence, &[Query::PLAIN, Query::PRINTED]).await?,
        };
        finish(connection, &presence, rows).await
    }
    .await;
    // Nothing was changed; the settings of the transaction end with it.
    connection.execute("ROLLBACK").await?;
    result
}

/// The same beside the fingerprint of the same state, on a second connection where there is one.
pub async fn catalog_and_fingerprint(
    connection: &mut Connection,
) -> Result<(Catalog, Fingerprint), Error> {
    let result = async {
        let presence = begin(connection).await?;
        let target = connection.target().clone();
        let snapshot = snapshot::export(connection).await?;
        let beside = async {
            let mut second = snapshot::join(&target, snapshot.as_deref()?).await?;
            let fingerprint = Fingerprint::of_snapshot(&mut second).await.ok();
            second.close().await;
            fingerprint
        };
        let here = async {
            let rows = gather(connection, &presence, &[Query::PLAIN, Query::PRINTED]).await?;
            finish(connection, &presence, rows).await
        };
        let (catalog, fingerprint) = tokio::join!(here, beside);
        let catalog = catalog?;
        match fingerprint {
            Some(fingerprint) => Ok((catalog, fingerprint)),
            None => Ok((catalog, Fingerprint::of_snapshot(connection).await?)),
        }
    }
    .await;
    connection.execute("ROLLBACK").await?;
    result
}

/// Plain values here, what the server has to print on a second connection.
async fn gather_on_two(
    connection: &mut Connection,
    presence: &Presence,
    snapshot: &str,
) -> Result<Rows, Error> {
    let target: Target = connection.target().clone();
    let beside = async {
        let mut second = snapshot::join(&target, snapshot).await?;
        let rows = gather(&mut second, presence, &[Query::PRINTED]).await.ok();
        second.close().await;
        rows
    };
    let (rows, printed) = tokio::join!(gather(connection, presence, &[Query::PLAIN]), beside);
    let mut rows = rows?;
    let printed = match printed {
        Some(printed) => printed,
        None => gather(connection, presence, &[Query::PRINTED]).await?,
    };
    rows.take_printed(printed);
    Ok(rows)
}

/// What was read as a catalog, and the few texts that only now are known to be needed.
async fn finish(
    connection: &mut Connection,
    presence: &Presence,
    mut rows: Rows,
) -> Result<Catalog, Error> {
    let version = connection.server().version_number;
    let unknown = definition::complete(&mut rows);
    if !unknown.is_empty() {
        let statements = [queries::index_definitions_of(&unknown)];
        wire::batch(connection, &statements, |_, row| {
            rows.accept(Query::IndexDefinitions, row)
        })
        .await?;
    }
    let mut collection = collect::Collection::new(version, rows);
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
    Ok(collection.finish())
}

/// Opens the transaction and asks which of the rarer kinds there are at all.
async fn begin(connection: &mut Connection) -> Result<Presence, Error> {
    let statements = [
        BEGIN.to_owned(),
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
    presence: &Presence,
    queries: &[&[Query]],
) -> Result<Rows, Error> {
    let version = connection.server().version_number;
    let queries: Vec<Query> = queries
        .iter()
        .flat_map(|some| some.iter().copied())
        .filter(|query| presence.asks_for(*query))
        .collect();
    let statements: Vec<String> = queries.iter().map(|query| query.sql(version)).collect();
    let mut rows = Rows::default();
    wire::batch(connection, &statements, |place, row| {
        rows.accept(queries[place], row)
    })
    .await?;
    Ok(rows)
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
