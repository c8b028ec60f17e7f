//! One scratch database: made under a name that tells whose it is, dropped with the value.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use sqlx::Row;

use super::Server;
use crate::failure::Failure;
use crate::postgres::{Connection, Error, Target, runtime};
use crate::redact::SecretUrl;
use crate::terminal::interrupt;

/// The beginning of every scratch database's name; the process id follows.
pub(super) const PREFIX: &str = "backsmith_scratch_";

/// How often the end of a session is asked for, and how long is waited in between.
const ASKED: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A database that is gone when this value is. Close every connection to it before.
#[derive(Debug)]
pub struct Database {
    pub name: String,
    url: SecretUrl,
    /// A private server goes as a whole, with everything on it.
    on_named: Option<OnNamed>,
    _guard: Option<interrupt::CleanupGuard>,
}

/// Where it must be dropped, and who is still making it.
#[derive(Clone, Debug)]
struct OnNamed {
    server: SecretUrl,
    /// The server's process that makes it, zero when that is done. It would go on without us.
    maker: Arc<AtomicI32>,
}

impl Database {
    pub(super) async fn create(server: &Server, template: Option<&str>) -> Result<Self, Failure> {
        let token = fastrand::Rng::new().u32(..);
        let name = format!("{PREFIX}{}_{token:08x}", std::process::id());
        let server_url = server.url();
        // Registered first: whatever happens from here on, the database goes.
        let on_named = (!server.is_private()).then(|| OnNamed {
            server: server_url.clone(),
            maker: Arc::default(),
        });
        let guard = on_named.clone().map(|on_named| {
            let name = name.clone();
            interrupt::on_early_exit(move || drop_from_another_thread(&on_named, &name))
        });
        let database = Self {
            url: server.database_url(&name),
            name,
            on_named,
            _guard: guard,
        };
        let failed = |error: &Error| {
            Failure::environment(format!("cannot make a scratch database on `{server_url}`"))
                .cause(error.to_string())
        };
        server.claim(token).await.map_err(|error| failed(&error))?;
        let mut connection = connect(&server_url).await?;
        if let Some(on_named) = &database.on_named {
            on_named.maker.store(connection.process(), Ordering::SeqCst);
        }
        let made = make(&mut connection, server, &database.name, template).await;
        // Where the connection was lost the server may go on without us.
        let is_over = !matches!(made, Err(Error::ConnectionLost(_)));
        if let Some(on_named) = database.on_named.as_ref().filter(|_| is_over) {
            on_named.maker.store(0, Ordering::SeqCst);
        }
        connection.close().await;
        made.map_err(|error| failed(&error))?;
        Ok(database)
    }

    pub fn url(&self) -> &SecretUrl {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(on_named) = &self.on_named {
            drop_from_another_thread(on_named, &self.name);
        }
    }
}

async fn make(
    connection: &mut Connection,
    server: &Server,
    name: &str,
    template: Option<&str>,
) -> Result<(), Error> {
    let template = template.unwrap_or("template0");
    let mut statement = format!("{} TEMPLATE {template}", creation(name));
    if server.copies_files() {
        statement.push_str(" STRATEGY file_copy");
    }
    if !server.is_private() && template == "template0" {
        statement.push_str(&same_locale(connection).await?);
    }
    connection.execute(&statement).await
}

/// Drops from a thread of its own, since `drop` may run inside of a runtime.
fn drop_from_another_thread(on_named: &OnNamed, name: &str) {
    let (on_named, name) = (on_named.clone(), name.to_owned());
    let work = move || {
        let Ok(runtime) = runtime() else {
            return;
        };
        runtime.block_on(async {
            if let Ok(mut connection) = connect(&on_named.server).await {
                let maker = on_named.maker.load(Ordering::SeqCst);
                end(&mut connection, maker, &name).await;
                drop_database(&mut connection, &name).await;
                connection.close().await;
            }
        });
    };
    if let Ok(thread) = std::thread::Builder::new().spawn(work) {
        let _ = thread.join();
    }
}

/// How the statement begins that makes the database.
fn creation(name: &str) -> String {
    format!("CREATE DATABASE {name}")
}

/// Ends a session that is in the middle of making the database, which nobody can see before. Its number
/// may belong to a session of somebody else by now, which does something else.
async fn end(connection: &mut Connection, maker: i32, name: &str) {
    if maker == 0 {
        return;
    }
    let making = format!(
        "FROM pg_catalog.pg_stat_activity WHERE pid = {maker} \
         AND pg_catalog.strpos(query, '{} ') = 1",
        creation(name)
    );
    let terminate = format!("SELECT pg_catalog.pg_terminate_backend(pid) {making}");
    let _ = connection.execute(&terminate).await;
    let alive = format!("SELECT 1 {making}");
    for _ in 0..ASKED {
        match connection.rows_of(alive.clone()).await {
            Ok(rows) if !rows.is_empty() => tokio::time::sleep(PAUSE).await,
            _ => break,
        }
    }
}

/// A private server may be gone already, and another run may have been quicker: no error.
pub(super) async fn drop_database(connection: &mut Connection, name: &str) {
    let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    let _ = connection.execute(&statement).await;
}

pub(super) async fn connect(url: &SecretUrl) -> Result<Connection, Failure> {
    Target::parse(url, None)?.connect().await
}

/// Encoding and collation of the named database, so that the copy sorts and compares alike.
async fn same_locale(connection: &mut Connection) -> Result<String, Error> {
    const QUESTION: &str = "select pg_encoding_to_char(encoding), quote_literal(datcollate), \
         quote_literal(datctype) from pg_database where datname = current_database()";
    let rows = connection.rows(QUESTION).await?;
    let Some(row) = rows.first() else {
        return Ok(String::new());
    };
    Ok(format!(
        " ENCODING '{}' LC_COLLATE {} LC_CTYPE {}",
        row.try_get::<String, _>(0)?,
        row.try_get::<String, _>(1)?,
        row.try_get::<String, _>(2)?
    ))
}
