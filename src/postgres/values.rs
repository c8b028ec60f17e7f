//! How much data stands behind what a migration removes: counts in a read-only transaction, many
//! tables in one query, within a limit of time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sqlx::Row;

use super::{Connection, Error};

/// Long enough for some millions of rows, short enough to be waited for.
const LIMIT: Duration = Duration::from_secs(5);

/// All counts together take no longer than this.
const LIMIT_OF_ALL: Duration = Duration::from_secs(10);

/// How many tables one query counts; a server keeps the locks of all of them.
const AT_ONCE: usize = 50;

/// Rows of a table, and how many of them hold a value in each of the columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    pub rows: i64,
    pub held: BTreeMap<String, i64>,
}

/// Tables and columns by name, as SQL writes them.
pub type Wanted = BTreeMap<String, Vec<String>>;

/// The counts of each table. What takes too long or is not allowed is left out.
pub async fn count(
    connection: &mut Connection,
    wanted: &Wanted,
) -> Result<BTreeMap<String, Counts>, Error> {
    let started = Instant::now();
    let mut counts = BTreeMap::new();
    let tables: Vec<(&String, &Vec<String>)> = wanted.iter().collect();
    for together in tables.chunks(AT_ONCE) {
        if started.elapsed() > LIMIT_OF_ALL {
            break;
        }
        if read(connection, together, &mut counts).await? || together.len() == 1 {
            continue;
        }
        // One of them is large or barred: it must not hide the others.
        for one in together {
            if started.elapsed() > LIMIT_OF_ALL {
                return Ok(counts);
            }
            read(connection, std::slice::from_ref(one), &mut counts).await?;
        }
    }
    Ok(counts)
}

/// Whether the query came to its end.
async fn read(
    connection: &mut Connection,
    tables: &[(&String, &Vec<String>)],
    counts: &mut BTreeMap<String, Counts>,
) -> Result<bool, Error> {
    let selects: Vec<String> = tables
        .iter()
        .enumerate()
        .map(|(place, (table, columns))| {
            let held: Vec<String> = columns
                .iter()
                .map(|column| format!(", count({column})"))
                .collect();
            let held = held.concat();
            format!("SELECT {place}, ARRAY[count(*){held}] FROM {table}")
        })
        .collect();
    connection.begin_read_only().await?;
    connection
        .execute(&format!(
            "SET LOCAL statement_timeout = {}",
            LIMIT.as_millis()
        ))
        .await?;
    let rows = connection.rows_of(selects.join(" UNION ALL ")).await;
    connection.execute("ROLLBACK").await?;
    let rows = match rows {
        Ok(rows) => rows,
        Err(Error::Database(_)) => return Ok(false),
        Err(error) => return Err(error),
    };
    for row in rows {
        let place = row.try_get::<i32, _>(0)?;
        let numbers: Vec<i64> = row.try_get(1)?;
        let (Some((table, columns)), Some((all, held))) =
            (tables.get(place as usize), numbers.split_first())
        else {
            continue;
        };
        let counts_of_table = Counts {
            rows: *all,
            held: columns.iter().cloned().zip(held.iter().copied()).collect(),
        };
        counts.insert((*table).clone(), counts_of_table);
    }
    Ok(true)
}
