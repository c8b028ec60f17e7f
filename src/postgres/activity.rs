//! Other sessions of the server, described in one line: who they are and what they do.

use sqlx::Row;

use super::{Connection, Error};
use crate::redact;
use crate::text::printable::one_line;

/// Letters of a query that are shown.
const SHOWN: usize = 80;

const BY_PROCESS: &str = "
    SELECT a.pid, a.application_name, a.state, a.backend_type, a.usename::text,
        pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change), a.query, 1::int8
    FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1";

/// A prepared transaction holds locks without a process, as number 0.
const BLOCKING: &str = "
    SELECT b.pid, a.application_name, a.state, a.backend_type, a.usename::text,
        pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change), a.query, pg_catalog.count(*) OVER ()
    FROM (SELECT DISTINCT u.pid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) u (pid)) b
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid
    ORDER BY a.xact_start NULLS LAST, b.pid LIMIT 1";

/// `pid 48213, application `report-worker`, idle in transaction for 41 s: LOCK TABLE t`
pub(super) async fn of(connection: &mut Connection, process: i32) -> Result<String, Error> {
    Ok(one(connection, BY_PROCESS, process)
        .await?
        .unwrap_or_else(|| format!("pid {process}")))
}

/// Who holds back what a process wants, the longest transaction first.
pub(super) async fn blocking(
    connection: &mut Connection,
    process: i32,
) -> Result<Option<String>, Error> {
    one(connection, BLOCKING, process).await
}

async fn one(
    connection: &mut Connection,
    question: &'static str,
    process: i32,
) -> Result<Option<String>, Error> {
    let row = sqlx::query(question)
        .persistent(false)
        .bind(process)
        .fetch_optional(connection.inner())
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let text = |at: usize| row.try_get::<Option<String>, _>(at);
    let process: i32 = row.try_get(0)?;
    let others = row.try_get::<i64, _>(7)? - 1;
    let mut line = if process == 0 {
        "a prepared transaction (pg_prepared_xacts lists them)".to_owned()
    } else {
        format!("pid {process}")
    };
    match (text(1)?.filter(|name| !name.is_empty()), text(4)?, text(3)?) {
        (Some(application), ..) => line.push_str(&format!(", application `{application}`")),
        (None, Some(user), _) => line.push_str(&format!(", user `{user}`")),
        (None, None, Some(kind)) => line.push_str(&format!(", {kind}")),
        (None, None, None) => {}
    }
    if let (Some(state), Some(since)) = (text(2)?, row.try_get::<Option<f64>, _>(5)?) {
        line.push_str(&format!(", {state} for {:.0} s", since.max(0.0)));
    }
    if let Some(query) = text(6)?.filter(|query| !query.is_empty()) {
        line.push_str(&format!(": {}", shown(&query)));
    }
    if others > 0 {
        line.push_str(&format!(" (and {others} more)"));
    }
    Ok(Some(line))
}

/// One line of a query, without its secrets.
fn shown(query: &str) -> String {
    let line = redact::in_place(query);
    one_line(&line, SHOWN)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn queries_are_one_short_line_without_secrets() {
        assert_eq!(shown("select\n  1"), "select 1");
        assert_eq!(shown(&"a ".repeat(200)).chars().count(), 80);
        assert_eq!(
            shown("alter role a\nPASSWORD 's3cret'"),
            "alter role a PASSWORD '******'"
        );
    }
}
