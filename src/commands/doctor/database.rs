//! The database: whether it answers, how fast, what we may do there, and what it records.

use crate::failure::{Failure, Fault};
use crate::postgres::health::{self, Health, Statements};
use crate::postgres::{self, Target};
use crate::report::doctor::{Check, Status};
use crate::settings::migrate::{Database, Origin};
use crate::text::number::{counted, milliseconds};

const BLOCK: &str = "database";

/// What the choice of a scratch server asks of the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    pub(super) major: u32,
    pub(super) may_create_databases: bool,
}

pub(super) fn checks(database: Option<&Database>) -> Result<(Vec<Check>, Option<Live>), Failure> {
    let Some(database) = database else {
        let none = vec![
            Check::new("database", BLOCK, Status::Ok, "none was named").line(
                "`--connection`, DATABASE_URL, or `connection` of [migrate] in backsmith.toml",
            ),
        ];
        return Ok((none, None));
    };
    let health = postgres::runtime()?.block_on(look(database));
    Ok(match health {
        Ok(health) => {
            let major = health.version.split('.').next();
            let live = Live {
                major: major
                    .and_then(|major| major.parse().ok())
                    .unwrap_or_default(),
                may_create_databases: health.may_create_databases,
            };
            (answered(database, &health), Some(live))
        }
        Err(failure) => (vec![broken(database, &failure)], None),
    })
}

async fn look(database: &Database) -> Result<Health, Failure> {
    let origin = match database.origin {
        Origin::Flag => None,
        Origin::Environment => Some("DATABASE_URL"),
        Origin::Configuration => Some("backsmith.toml"),
    };
    let mut connection = Target::parse(&database.url, origin)?.connect().await?;
    let health = health::look(&mut connection).await?;
    connection.close().await;
    Ok(health)
}

/// What the connection said, without ending the other checks.
fn broken(database: &Database, failure: &Failure) -> Check {
    let mut check = Check::new(
        "database",
        BLOCK,
        Status::Broken,
        format!("{} ({})", database.url, database.origin),
    );
    for fault in &failure.faults {
        if let Fault::Message(message) = fault {
            check = check.line(message.text.clone());
            for cause in &message.causes {
                check = check.line(format!("caused by: {cause}"));
            }
            if let Some(hint) = message
                .hint
                .as_ref()
                .filter(|hint| !hint.contains("doctor"))
            {
                check = check.line(hint.clone());
            }
        }
    }
    check
}

fn answered(database: &Database, health: &Health) -> Vec<Check> {
    let rights = [
        if health.may_create_databases {
            "may create databases"
        } else {
            "may not create databases: schemas are tried out on a private Postgres"
        },
        if health.reads_statistics {
            "reads statistics"
        } else {
            "reads its own statistics only (pg_read_all_stats for all)"
        },
    ];
    let reached = Check::new(
        "database",
        BLOCK,
        Status::Ok,
        format!(
            "{} ({}), PostgreSQL {}, {} away",
            database.url,
            database.origin,
            health.version,
            milliseconds(health.round_trip_ms)
        ),
    )
    .version(health.version.clone())
    .line(rights.join("; "));
    let statements = |status, detail: &str| Check::new("pg_stat_statements", BLOCK, status, detail);
    let recording = match &health.statements {
        Statements::Recorded(number) => statements(
            Status::Ok,
            &format!(
                "pg_stat_statements: {} recorded",
                counted(*number, "statement")
            ),
        ),
        Statements::NotCreated => statements(
            Status::Limited,
            "pg_stat_statements is loaded, but not in this database: N+1 is a risk, not a finding",
        )
        .line("CREATE EXTENSION pg_stat_statements"),
        Statements::NotLoaded => statements(
            Status::Limited,
            "pg_stat_statements is not loaded: N+1 is a risk, not a finding",
        )
        .line("shared_preload_libraries = 'pg_stat_statements', restart, CREATE EXTENSION"),
        Statements::NotReadable(why) => statements(
            Status::Limited,
            "pg_stat_statements does not answer: N+1 is a risk, not a finding",
        )
        .line(why.clone()),
    };
    let hypopg = match &health.hypopg {
        Some(version) => Check::new(
            "hypopg",
            BLOCK,
            Status::Ok,
            format!("HypoPG {version}: index advice is costed"),
        )
        .version(version.clone()),
        None => Check::new(
            "hypopg",
            BLOCK,
            Status::Limited,
            "HypoPG is missing: index advice is estimated, not verified",
        )
        .line(if health.hypopg_available {
            "CREATE EXTENSION hypopg"
        } else {
            "the server has no such extension; Debian packages it as postgresql-NN-hypopg"
        }),
    };
    vec![reached, recording, hypopg]
}
