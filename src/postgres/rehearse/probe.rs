//! What only the data can tell, asked of the live database in a transaction that can change nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::Row;

use super::super::{Connection, Error};
use crate::migrate::rehearsal::{Answer, LiveRelation, Question, Sample};

/// How long one question may take, and how long it may wait for a lock.
const TIMEOUT: Duration = Duration::from_secs(30);
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// Rows that are shown as examples.
const SAMPLES: usize = 3;

/// The size of each partitioned table is the sum of its parts.
const SIZES: &str = "
    SELECT format('%I.%I', n.nspname, c.relname),
        CASE WHEN c.reltuples < 0 THEN NULL ELSE c.reltuples::int8 END,
        CASE WHEN c.relkind = 'p' THEN (SELECT coalesce(sum(pg_relation_size(t.relid)), 0)::int8 FROM pg_partition_tree(c.oid) t WHERE t.isleaf)
             WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE format('%I.%I', n.nspname, c.relname) = ANY($1)
    ORDER BY 1";

/// Sizes of the named relations, as far as they are there, and an answer to each question.
pub async fn ask(
    live: &mut Connection,
    relations: &[String],
    questions: &[Question],
) -> Result<(BTreeMap<String, LiveRelation>, Vec<Answer>), Error> {
    live.begin_read_only().await?;
    let asked = ask_inside(live, relations, questions).await;
    live.execute("ROLLBACK").await?;
    asked
}

async fn ask_inside(
    live: &mut Connection,
    relations: &[String],
    questions: &[Question],
) -> Result<(BTreeMap<String, LiveRelation>, Vec<Answer>), Error> {
    live.set_statement_timeout(TIMEOUT).await?;
    live.set_lock_timeout(LOCK_TIMEOUT).await?;
    let rows = sqlx::query(SIZES)
        .persistent(false)
        .bind(relations)
        .fetch_all(live.inner())
        .await?;
    let mut sizes = BTreeMap::new();
    for row in rows {
        let size = LiveRelation {
            rows: row.try_get(1)?,
            bytes: row.try_get(2)?,
        };
        sizes.insert(row.try_get(0)?, size);
    }
    let mut answers = Vec::new();
    for question in questions {
        if let Some(reason) = &question.obstacle {
            answers.push(Answer::Unknown(reason.clone()));
            continue;
        }
        live.execute("SAVEPOINT backsmith").await?;
        let answer = answer(live, question).await;
        live.execute("ROLLBACK TO SAVEPOINT backsmith").await?;
        let answer = match answer {
            Ok(answer) => answer,
            // Class 22: a value that is no value of the type.
            Err(Error::Database(error)) if error.code.starts_with("22") => {
                let samples = errors(live, question).await;
                live.execute("ROLLBACK TO SAVEPOINT backsmith").await?;
                match (samples, &question.sample) {
                    (Ok(samples), Sample::Errors { .. }) => Answer::Errors {
                        message: error.message,
                        samples,
                    },
                    _ => Answer::Unknown(error.summary()),
                }
            }
            Err(Error::Database(error)) => Answer::Unknown(error.summary()),
            Err(error) => return Err(error),
        };
        answers.push(answer);
    }
    Ok((sizes, answers))
}

async fn answer(live: &mut Connection, question: &Question) -> Result<Answer, Error> {
    let counted = live.rows_of(question.count.clone()).await?;
    let rows: i64 = match counted.first() {
        Some(row) => row.try_get(0)?,
        None => 0,
    };
    if rows == 0 {
        return Ok(Answer::Rows {
            rows,
            samples: Vec::new(),
        });
    }
    let query = match &question.sample {
        Sample::Query(query) => query.clone(),
        Sample::Rows {
            relation,
            mapped: None,
            condition,
        } => {
            let key = primary_key(live, relation).await?;
            format!("SELECT {key} FROM {relation} t WHERE {condition}")
        }
        Sample::Rows {
            relation,
            mapped: Some(mapped),
            condition,
        } => {
            let key = primary_key(live, relation).await?;
            format!(
                "SELECT {key} FROM {relation} t WHERE (t.tableoid, t.ctid) IN \
                 (SELECT t.backsmith_table, t.backsmith_row FROM {mapped} t WHERE {condition})"
            )
        }
        // How many they are is known, which they are is in the query that is shown.
        Sample::Errors { .. } => {
            return Ok(Answer::Rows {
                rows,
                samples: Vec::new(),
            });
        }
    };
    let samples = live.rows_of(format!("{query} LIMIT {SAMPLES}")).await?;
    let samples = samples
        .iter()
        .map(|row| Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_default()));
    Ok(Answer::Rows {
        rows,
        samples: samples.collect::<Result<_, Error>>()?,
    })
}

/// The first rows for which an expression is an error, tried one by one.
async fn errors(live: &mut Connection, question: &Question) -> Result<Vec<String>, Error> {
    let Sample::Errors {
        relation,
        mapped,
        expression,
    } = &question.sample
    else {
        return Ok(Vec::new());
    };
    let try_each = format!(
        "DO $backsmith$
#variable_conflict use_column
DECLARE
    backsmith_found text := '';
    backsmith_count int := 0;
    backsmith_at record;
BEGIN
    FOR backsmith_at IN SELECT x.tableoid AS part, x.ctid AS place FROM {relation} x LOOP
        BEGIN
            PERFORM {expression} FROM {mapped} t
                WHERE t.backsmith_table = backsmith_at.part AND t.backsmith_row = backsmith_at.place;
        EXCEPTION WHEN data_exception THEN
            backsmith_found := backsmith_found || backsmith_at.part || ' ' || backsmith_at.place || ';';
            backsmith_count := backsmith_count + 1;
            EXIT WHEN backsmith_count = {SAMPLES};
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('backsmith.rows', backsmith_found, true);
END $backsmith$"
    );
    live.execute(&try_each).await?;
    let key = primary_key(live, relation).await?;
    let named = format!(
        "SELECT {key} FROM {relation} t WHERE t.tableoid || ' ' || t.ctid = ANY \
         (string_to_array(current_setting('backsmith.rows'), ';')) ORDER BY 1"
    );
    let rows = live.rows_of(named).await?;
    rows.iter()
        .map(|row| Ok(row.try_get::<Option<String>, _>(0)?.unwrap_or_default()))
        .collect()
}

/// An expression that names a row: its primary key, else its place in the file.
async fn primary_key(live: &mut Connection, relation: &str) -> Result<String, Error> {
    const KEY: &str = "
        SELECT quote_ident(a.attname) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, place)
        JOIN pg_attribute a ON a.attnum = k.number
        WHERE i.indrelid = $1::regclass AND i.indisprimary AND a.attrelid = i.indrelid
        ORDER BY k.place";
    let rows = sqlx::query(KEY)
        .persistent(false)
        .bind(relation)
        .fetch_all(live.inner())
        .await?;
    let mut columns = Vec::new();
    for row in rows {
        columns.push(format!("t.{}", row.try_get::<String, _>(0)?));
    }
    Ok(if columns.is_empty() {
        "t.ctid::text".to_owned()
    } else {
        format!("concat_ws(', ', {})", columns.join(", "))
    })
}
