//! One scratch database: made under a name that tells whose it is, dropped with the value.

use sqlx::{Connection as _, PgConnection, Row};

use super::Server;
use crate::failure::Failure;
use crate::postgres::Target;
use crate::redact::SecretUrl;
use crate::terminal::interrupt;

/// The beginning of every scratch database's name; the process id follows.
pub(super) const PREFIX: &str = "backsmith_scratch_";

/// A database that is gone when this value is. Close every connection to it before.
#[derive(Debug)]
pub struct Database {
    pub name: String,
    url: SecretUrl,
    /// Where it must be dropped; a private server goes as a whole, with everything on it.
    dropped_on: Option<SecretUrl>,
    _guard: Option<interrupt::CleanupGuard>,
}

impl Database {
    pub(super) async fn create(server: &Server, template: Option<&str>) -> Result<Self, Failure> {
        let token = fastrand::Rng::new().u32(..);
        let name = format!("{PREFIX}{}_{token:08x}", std::process::id());
        let server_url = server.url();
        // Registered first: whatever happens from here on, the database goes.
        let dropped_on = (!server.is_private()).then(|| server_url.clone());
        let guard = dropped_on.clone().map(|server_url| {
            let name = name.clone();
            interrupt::on_early_exit(move || drop_from_another_thread(&server_url, &name))
        });
        let refused = |error: &sqlx::Error| {
            Failure::environment(format!("cannot make a scratch database on `{server_url}`"))
                .cause(message(error))
        };
        server.claim(token).await.map_err(|error| refused(&error))?;
        let mut connection = connect(&server_url).await?;
        let template = template.unwrap_or("template0");
        let mut statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        if !server.is_private() && template == "template0" {
            statement.push_str(&same_locale(&mut connection).await?);
        }
        let made = sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await;
        let _ = connection.close().await;
        made.map_err(|error| refused(&error))?;
        Ok(Self {
            url: server.database_url(&name),
            name,
            dropped_on,
            _guard: guard,
        })
    }

    pub fn url(&self) -> &SecretUrl {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = &self.dropped_on {
            drop_from_another_thread(server, &self.name);
        }
    }
}

/// Drops from a thread of its own, since `drop` may run inside of a runtime.
fn drop_from_another_thread(server: &SecretUrl, name: &str) {
    let (server, name) = (server.clone(), name.to_owned());
    let work = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        else {
            return;
        };
        runtime.block_on(async {
            if let Ok(mut connection) = connect(&server).await {
                drop_database(&mut connection, &name).await;
                let _ = connection.close().await;
            }
        });
    };
    if let Ok(thread) = std::thread::Builder::new().spawn(work) {
        let _ = thread.join();
    }
}

/// A private server may be gone already, and another run may have been quicker: no error.
pub(super) async fn drop_database(connection: &mut PgConnection, name: &str) {
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    let _ = sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(connection)
        .await;
}

pub(super) async fn connect(url: &SecretUrl) -> Result<PgConnection, Failure> {
    Target::parse(url, None)?.open().await
}

pub(super) async fn version(connection: &mut PgConnection) -> Result<(String, u32), Failure> {
    let row = sqlx::query(
        "select split_part(current_setting('server_version'), ' ', 1), \
         current_setting('server_version_num')::int4",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| {
        Failure::environment("cannot read the server's version").cause(message(&error))
    })?;
    Ok((row.get(0), row.get::<i32, _>(1) as u32))
}

/// Encoding and collation of the named database, so that the copy sorts and compares alike.
async fn same_locale(connection: &mut PgConnection) -> Result<String, Failure> {
    let row = sqlx::query(
        "select pg_encoding_to_char(encoding), quote_literal(datcollate), quote_literal(datctype) \
         from pg_database where datname = current_database()",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| {
        Failure::environment("cannot read the database's locale").cause(message(&error))
    })?;
    Ok(format!(
        " ENCODING '{}' LC_COLLATE {} LC_CTYPE {}",
        row.get::<String, _>(0),
        row.get::<String, _>(1),
        row.get::<String, _>(2)
    ))
}

/// Postgres's own words, without the driver's frame.
pub(super) fn message(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => match error.code() {
            Some(code) => format!("{} ({code})", error.message()),
            None => error.message().to_owned(),
        },
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
