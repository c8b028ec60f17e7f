//! The database behind the server: what pg_stat_statements counted between two looks.

use crate::catalog::statistics::{Statement, Workload};
use crate::commands::migrate::{self, workload};
use crate::diagnostic::Diagnostic;
use crate::failure::Failure;
use crate::postgres::health::{self, Statements};
use crate::postgres::statistics;
use crate::postgres::{Connection, runtime};
use crate::settings::migrate::Database;
use crate::traffic::{DatabaseUse, OperationQueries, StatementCalls};

/// Statements of our own, by what they read.
const OURS: [&str; 2] = ["pg_stat_statements", "pg_catalog.pg_extension"];

/// Counts the queries of a database.
pub(super) struct QueryCounter {
    runtime: tokio::runtime::Runtime,
    connection: Connection,
    url: String,
    hidden: i64,
}

/// One look.
pub(super) struct Look(Workload);

impl QueryCounter {
    /// Connects, and refuses where nothing is recorded.
    pub(super) fn open(database: &Database) -> Result<Self, Failure> {
        let runtime = runtime()?;
        let (connection, hidden) = runtime.block_on(async {
            let mut connection = migrate::target(database)?.connect().await?;
            let health = health::look(&mut connection).await?;
            let missing = |text: &str| {
                Failure::environment(format!("`{}`: {text}", database.url))
                    .code("statements-not-recorded")
                    .closing("nothing was sent")
            };
            match health.statements {
                Statements::Recorded(_) => {}
                Statements::NotCreated => {
                    return Err(missing("pg_stat_statements is loaded, but not in this database")
                        .hint("`CREATE EXTENSION pg_stat_statements` in it, as a superuser"));
                }
                Statements::NotLoaded => {
                    return Err(missing("pg_stat_statements is not loaded").hint(
                        "`shared_preload_libraries = 'pg_stat_statements'` in postgresql.conf, a restart, then `CREATE EXTENSION pg_stat_statements`",
                    ));
                }
                Statements::NotReadable(why) => {
                    return Err(missing("pg_stat_statements may not be read")
                        .cause(why)
                        .hint("`GRANT pg_read_all_stats TO` the role of the URL"));
                }
            }
            let hidden = statistics::hidden_calls(&mut connection).await?;
            Ok((connection, hidden))
        })?;
        Ok(Self {
            runtime,
            connection,
            url: database.url.to_string(),
            hidden,
        })
    }

    pub(super) fn look(&mut self) -> Result<Look, Failure> {
        let read = statistics::read_workload(&mut self.connection);
        match self.runtime.block_on(read)? {
            Workload::Missing(why) => Err(Failure::environment(why)),
            workload => Ok(Look(workload)),
        }
    }

    /// What ran since an earlier look, for so many requests.
    pub(super) fn since(
        &mut self,
        before: Look,
        requests: u64,
    ) -> Result<OperationQueries, Failure> {
        let after = self.look()?;
        let Workload::Recorded(ran) = workload::between(before.0, after.0) else {
            return Ok(OperationQueries::default());
        };
        let of_server =
            |statement: &Statement| !OURS.iter().any(|name| statement.query.contains(name));
        let mut statements: Vec<StatementCalls> = ran
            .into_iter()
            .filter(of_server)
            .map(|statement| StatementCalls {
                calls: statement.calls.max(0).unsigned_abs(),
                rows: statement.rows.max(0).unsigned_abs(),
                total_ms: statement.total_ms,
                query: statement.query,
            })
            .collect();
        statements.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.query.cmp(&b.query)));
        Ok(OperationQueries {
            requests,
            statements,
        })
    }

    /// Refuses where the role of the URL saw that statements ran, and none of their texts.
    pub(super) fn refuse_blindness(&mut self, seen: bool) -> Result<(), Failure> {
        let hidden = self
            .runtime
            .block_on(statistics::hidden_calls(&mut self.connection))?;
        if seen || hidden <= self.hidden {
            return Ok(());
        }
        let role = self.connection.server().user.clone();
        Err(Failure::environment(format!(
            "`{}`: the server's statements belong to another role, and `{role}` may not read them",
            self.url
        ))
        .code("statements-not-readable")
        .hint(format!("`GRANT pg_read_all_stats TO {role}`")))
    }

    /// The whole load's part, and what there is to say about a database that nothing was asked of.
    pub(super) fn used(&self, load: OperationQueries) -> (DatabaseUse, Option<Diagnostic>) {
        let silent = load.statements.is_empty();
        let finding = silent.then(|| {
            Diagnostic::warning(
                "database-not-asked",
                format!(
                    "not one statement reached `{}`: the server uses another database, or none",
                    self.url
                ),
            )
            .help("`--database` must name the database that the server under test is connected to")
        });
        let database = DatabaseUse {
            url: self.url.clone(),
            version: self.connection.server().version.clone(),
            load,
        };
        (database, finding)
    }
}
