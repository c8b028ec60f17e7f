//! What of a down file takes back half a migration: it is tried on a copy of the schema as it is now,
//! statement by statement, and the fingerprint says whether that leads back to the start.

use std::collections::BTreeSet;

use super::{fingerprint_of, rehearse, schema_copy, script};
use crate::failure::Failure;
use crate::files;
use crate::migrate::execution::{self, Step};
use crate::postgres::apply::checksum;
use crate::postgres::history::{Record, RecordState};
use crate::postgres::{Connection, Error, SessionDefaults, introspect};
use crate::settings::migrate::Scratch;
use crate::terminal::{DIM, Terminal};

/// Whether only a part of the up file is applied. A file that cannot be read any more may be.
pub(super) fn is_half(record: &Record) -> bool {
    if record.state != RecordState::Partial {
        return false;
    }
    let file = files::MigrationFile {
        path: record.file.clone().into(),
        version: record.version.clone(),
    };
    let Ok(up) = script::read(&file) else {
        return true;
    };
    let steps = execution::steps(&up.script, &up.sections);
    let whole = steps
        .last()
        .map(|step| checksum(&up.script.source.text[..step.statement.range.end]));
    steps.len() != record.done || whole.as_ref() != Some(&record.done_checksum)
}

/// The numbers of the statements that take back what was never applied.
pub(super) async fn not_needed(
    live: &mut Connection,
    wanted: &Scratch,
    record: &Record,
    down: &script::Migration,
    terminal: &mut Terminal,
) -> Result<BTreeSet<usize>, Failure> {
    let steps = execution::steps(&down.script, &down.sections);
    let text = &down.script.source.text;
    let open = steps.get(record.down_done..).unwrap_or_default();
    if let Some(step) = open.iter().find(|step| step.statement.changes_rows(text)) {
        return Err(refused(
            record,
            format!(
                "statement {} of the down file changes rows, and rows do not tell whether it is needed",
                step.number
            ),
        ));
    }
    let Some(start) = record.fingerprint.as_deref() else {
        return Err(refused(
            record,
            "the history does not say what the schema was at the start".to_owned(),
        ));
    };
    terminal.note(&format!(
        "{DIM}  try     the down file on a copy of the schema: only a part of {} is applied{DIM:#}",
        record.version
    ));
    let defaults = SessionDefaults::read(live).await?;
    let catalog = introspect::catalog(live).await?;
    let now = fingerprint_of(live.target()).await?;
    let roles = schema_copy::roles_in(live, &down.script).await?;
    let server = rehearse::scratch_server(wanted, live).await?;
    let copied = schema_copy::on(&server, &catalog, roles).await?;
    let target = &copied.target;
    if let Some(first) = copied.not_copied.first() {
        return Err(refused(
            record,
            format!("the schema could not be copied: {}", first.summary()),
        ));
    }
    let copy = fingerprint_of(target).await?;
    let differing = copy.differences(&now);
    if let Some(first) = differing.first() {
        return Err(refused(
            record,
            format!("the copy of the schema is not exact: {first}"),
        ));
    }
    let mut connection = target.connect().await?;
    defaults.adopt(&mut connection).await?;
    let needless = attempt(&mut connection, &steps, record.down_done, down).await;
    connection.close().await;
    let needless = needless?;
    let reached = fingerprint_of(target).await?.digest();
    if reached != start {
        return Err(refused(
            record,
            format!(
                "what is left of the down file does not lead back to the start: fingerprint {reached}, not {start}"
            ),
        ));
    }
    Ok(needless)
}

fn refused(record: &Record, why: String) -> Failure {
    Failure::refused(format!(
        "only a part of `{}` is applied, and its down file does not take back that part alone",
        record.version
    ))
    .detail(why)
    .hint(format!(
        "apply the rest with `--migrate {}` and take back the whole; nothing was changed",
        record.file
    ))
    .code("half-applied")
}

/// Runs the open statements; one that fails has nothing to take back. Nothing of it stays.
async fn attempt(
    connection: &mut Connection,
    steps: &[Step],
    done: usize,
    down: &script::Migration,
) -> Result<BTreeSet<usize>, Failure> {
    let text = &down.script.source.text;
    let mut needless = BTreeSet::new();
    for group in execution::groups(steps) {
        if group.end <= done {
            continue;
        }
        let alone = group.len() == 1 && steps[group.start].statement.refuses_transactions();
        if !alone {
            connection.execute("BEGIN").await?;
        }
        for step in &steps[group] {
            let sql = step.statement.text(text);
            if !alone {
                connection.execute("SAVEPOINT backsmith").await?;
            }
            match connection.execute(sql).await {
                Ok(()) => {}
                Err(Error::Database(_)) => {
                    needless.insert(step.number);
                    if !alone {
                        connection
                            .execute("ROLLBACK TO SAVEPOINT backsmith")
                            .await?;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !alone {
            connection.execute("COMMIT").await?;
        }
    }
    Ok(needless)
}
