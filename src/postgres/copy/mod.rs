//! A scratch copy of a live schema, made from what Postgres itself says about each object. The live
//! database is only read. Order comes from trying: what fails because something is missing is tried
//! again when the rest is there, and what never works is told.

mod objects;

use std::collections::BTreeMap;

use sqlx::Row;

use super::{Connection, Error};
use objects::{PHASES, UNMANAGED};

/// A schema as statements, read from a live database.
#[derive(Clone, Debug, Default)]
pub struct SchemaCopy {
    statements: Vec<Object>,
    /// Kinds that are not copied, with how many of them there are.
    pub unmanaged: BTreeMap<String, i64>,
}

/// One object and the statement that makes it.
#[derive(Clone, Debug)]
struct Object {
    name: String,
    statement: String,
    phase: usize,
}

/// An object that could not be made on the scratch database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCopied {
    pub name: String,
    pub reason: String,
}

/// How many statements are sent at once; a server keeps the locks of all of them.
const BATCH: usize = 200;

impl SchemaCopy {
    /// Reads the schema of a live database, in one read-only transaction.
    pub async fn read(live: &mut Connection) -> Result<Self, Error> {
        live.begin_read_only().await?;
        let read = read(live).await;
        live.execute("ROLLBACK").await?;
        read
    }

    /// Makes the schema on an empty scratch database.
    pub async fn load(&self, scratch: &mut Connection) -> Result<Vec<NotCopied>, Error> {
        scratch.set("search_path", "").await?;
        scratch.set("check_function_bodies", "off").await?;
        scratch.set("default_transaction_read_only", "off").await?;
        let mut open: Vec<&Object> = Vec::new();
        for phase in 0..PHASES.len() {
            let objects: Vec<&Object> = self
                .statements
                .iter()
                .filter(|object| object.phase == phase)
                .collect();
            for batch in objects.chunks(BATCH) {
                let statements: Vec<&str> = batch
                    .iter()
                    .map(|object| object.statement.as_str())
                    .collect();
                let text = statements.join(";\n");
                if scratch.execute(&text).await.is_err() {
                    open.extend(
                        one_by_one(scratch, batch)
                            .await?
                            .into_iter()
                            .map(|(object, _)| object),
                    );
                }
            }
        }
        // Each round makes at least one object, so this ends.
        loop {
            let failed = one_by_one(scratch, &open).await?;
            if failed.is_empty() || failed.len() == open.len() {
                scratch.execute("RESET check_function_bodies").await?;
                return Ok(failed
                    .into_iter()
                    .map(|(object, reason)| NotCopied {
                        name: object.name.clone(),
                        reason,
                    })
                    .collect());
            }
            open = failed.into_iter().map(|(object, _)| object).collect();
        }
    }
}

async fn read(live: &mut Connection) -> Result<SchemaCopy, Error> {
    live.execute("SET LOCAL search_path = ''").await?;
    let mut copy = SchemaCopy::default();
    for (phase, query) in PHASES.iter().enumerate() {
        for row in live.rows(query).await? {
            // A definition is null when the object was dropped meanwhile.
            if let Some(statement) = row.try_get::<Option<String>, _>(1)? {
                copy.statements.push(Object {
                    name: row.try_get(0)?,
                    statement,
                    phase,
                });
            }
        }
    }
    for row in live.rows(UNMANAGED).await? {
        copy.unmanaged.insert(row.try_get(0)?, row.try_get(1)?);
    }
    Ok(copy)
}

/// The objects that failed, each with the reason.
async fn one_by_one<'a>(
    scratch: &mut Connection,
    objects: &[&'a Object],
) -> Result<Vec<(&'a Object, String)>, Error> {
    let mut failed = Vec::new();
    for object in objects {
        match scratch.execute(&object.statement).await {
            Ok(()) => {}
            Err(Error::Database(error)) => failed.push((*object, error.summary())),
            Err(error) => return Err(error),
        }
    }
    Ok(failed)
}
