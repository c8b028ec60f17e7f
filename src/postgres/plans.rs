//! Asks the planner what statements cost, as they are and with one hypothetical index each. Nothing is
//! executed: EXPLAIN without ANALYZE in a session that may not write. HypoPG's indexes are this session's
//! alone and are gone with it.

use std::time::Duration;

use sqlx::Row;

use super::{Connection, Error, quote_identifier, quote_literal};
use crate::catalog::plans::{Answer, Costs, Measured, Questions};

const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
const PREPARED: &str = "backsmith_question";

/// Answers all questions. A statement that cannot be planned has no costs.
pub async fn measure(
    connection: &mut Connection,
    questions: &Questions,
) -> Result<Measured, Error> {
    connection.set_statement_timeout(STATEMENT_TIMEOUT).await?;
    connection
        .execute("SET default_transaction_read_only = on")
        .await?;
    let hypopg = hypopg_schema(connection).await?;
    let mut measured = Measured {
        with_hypopg: hypopg.is_some(),
        ..Measured::default()
    };
    for index in &questions.indexes {
        let bytes = match &hypopg {
            Some(schema) => size(connection, schema, index).await?,
            None => None,
        };
        measured.bytes.push(bytes);
    }
    for question in &questions.questions {
        let before = costs(connection, &question.query, &question.constants).await?;
        let mut after = Vec::new();
        if let Some(schema) = &hypopg {
            for place in &question.candidates {
                let made = create(connection, schema, &questions.indexes[*place]).await?;
                after.push(match made {
                    Some(_) => costs(connection, &question.query, &question.constants).await?,
                    None => Costs::default(),
                });
                reset(connection, schema).await?;
            }
        }
        measured.answers.push(Answer { before, after });
    }
    Ok(measured)
}

async fn hypopg_schema(connection: &mut Connection) -> Result<Option<String>, Error> {
    let rows = connection
        .rows(
            "SELECT n.nspname::text FROM pg_catalog.pg_extension e \
             JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'",
        )
        .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(quote_identifier(&row.try_get::<String, _>(0)?)))
}

/// Makes a hypothetical index; nothing when HypoPG refuses the definition.
async fn create(
    connection: &mut Connection,
    schema: &str,
    index: &str,
) -> Result<Option<i64>, Error> {
    let query = format!(
        "SELECT indexrelid::int8 FROM {schema}.hypopg_create_index({})",
        quote_literal(index)
    );
    match connection.rows_of(query).await {
        Ok(rows) => match rows.first() {
            Some(row) => Ok(Some(row.try_get(0)?)),
            None => Ok(None),
        },
        Err(Error::Database(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn size(
    connection: &mut Connection,
    schema: &str,
    index: &str,
) -> Result<Option<i64>, Error> {
    let Some(id) = create(connection, schema, index).await? else {
        return Ok(None);
    };
    let rows = connection
        .rows_of(format!(
            "SELECT {schema}.hypopg_relation_size({id}::oid)::int8"
        ))
        .await?;
    reset(connection, schema).await?;
    match rows.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(None),
    }
}

async fn reset(connection: &mut Connection, schema: &str) -> Result<(), Error> {
    connection
        .execute(&format!("SELECT {schema}.hypopg_reset()"))
        .await
}

/// Prepared anew each time, so that no plan of before an index was made is used again.
async fn costs(
    connection: &mut Connection,
    query: &str,
    constants: &[String],
) -> Result<Costs, Error> {
    let query = query.trim().trim_end_matches(';');
    if let Err(error) = connection
        .rows_of(format!("PREPARE {PREPARED} AS {query}"))
        .await
    {
        return unplannable(error);
    }
    let rows = connection
        .rows_of(format!(
            "SELECT pg_catalog.cardinality(parameter_types) FROM pg_catalog.pg_prepared_statements \
             WHERE name = '{PREPARED}'"
        ))
        .await?;
    let parameters: i32 = match rows.first() {
        Some(row) => row.try_get(0)?,
        None => 0,
    };
    let nulls = vec!["NULL".to_owned(); usize::try_from(parameters).unwrap_or_default()];
    let generic = cost(connection, "force_generic_plan", &nulls).await?;
    let constant = if constants.len() == nulls.len() && !constants.is_empty() {
        cost(connection, "force_custom_plan", constants).await?
    } else {
        None
    };
    connection
        .execute(&format!("DEALLOCATE {PREPARED}"))
        .await?;
    Ok(Costs { generic, constant })
}

fn unplannable(error: Error) -> Result<Costs, Error> {
    match error {
        Error::Database(_) => Ok(Costs::default()),
        error => Err(error),
    }
}

async fn cost(
    connection: &mut Connection,
    mode: &str,
    values: &[String],
) -> Result<Option<f64>, Error> {
    connection
        .execute(&format!("SET plan_cache_mode = {mode}"))
        .await?;
    let values = if values.is_empty() {
        String::new()
    } else {
        format!("({})", values.join(", "))
    };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE {PREPARED}{values}");
    let rows = match connection.rows_of(explain).await {
        Ok(rows) => rows,
        Err(Error::Database(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    // The column's type is json, whose wire form is its text.
    let text: String = row.try_get_unchecked(0)?;
    let plan: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| Error::Protocol(error.to_string()))?;
    Ok(plan[0]["Plan"]["Total Cost"].as_f64())
}
