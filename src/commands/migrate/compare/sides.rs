//! Both sides as catalogs: a live database is read, files are loaded into a scratch database.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::catalog::Catalog;
use crate::commands::migrate::schema_files::{self, Room};
use crate::failure::Failure;
use crate::migrate::comparison::{Side, SideKind};
use crate::migrate::rename::{self, Annotation};
use crate::migrate::script::Script;
use crate::postgres::fingerprint::Fingerprint;
use crate::postgres::scratch::{Database, Server};
use crate::postgres::{Connection, FULL, Target, introspect, load, pooler};
use crate::settings::migrate::{Compare as Request, Source, Target as Wanted};
use crate::terminal::{DIM, Terminal};

/// More than the statements of most schemas take, in bytes.
const LARGE_SCHEMA: u64 = 8 << 20;

/// How long the server may take to notice that a session was closed.
const MOMENT: Duration = Duration::from_secs(1);

/// One side, read.
pub(super) struct Read {
    pub(super) side: Side,
    /// Shared with the thread that plans.
    pub(super) catalog: Arc<Catalog>,
    /// Only when something is to be judged by it.
    pub(super) fingerprint: Option<Fingerprint>,
    /// The scratch database that the files were loaded into.
    pub(super) database: Option<Database>,
    /// The live database.
    pub(super) live: Option<Target>,
    pub(super) notes: Vec<String>,
    /// Renames that comments of the files state.
    pub(super) annotations: Vec<Annotation>,
    /// How it was read, for the terminal.
    progress: String,
    /// Whether every schema was read.
    pub(super) whole: bool,
    /// "15.18" and 150018.
    pub(super) version: (String, u32),
}

impl Read {
    /// 15 of 15.18.
    pub(super) const fn major(&self) -> u32 {
        self.version.1 / 10_000
    }

    /// What the proof is judged by.
    pub(super) fn fingerprint(&self) -> Result<&Fingerprint, Failure> {
        self.fingerprint.as_ref().ok_or_else(|| {
            super::unproven(format!(
                "{} was read without its fingerprint",
                self.side.name
            ))
        })
    }

    /// The same side once more; only for one that is live.
    fn clone_of_live(&self) -> Self {
        Self {
            side: self.side.clone(),
            catalog: Arc::clone(&self.catalog),
            fingerprint: self.fingerprint.clone(),
            database: None,
            live: self.live.clone(),
            notes: self.notes.clone(),
            annotations: self.annotations.clone(),
            progress: self.progress.clone(),
            whole: self.whole,
            version: self.version.clone(),
        }
    }

    /// The server of the report: the live one of either side, else the scratch server.
    pub(super) fn server(&self, other: &Self, scratch: &Scratch) -> (String, String, u32) {
        let of = |read: &Self| {
            (
                read.side.name.clone(),
                read.version.0.clone(),
                read.version.1,
            )
        };
        match (&self.live, &other.live, &scratch.server) {
            (None, Some(_), _) => of(other),
            (None, None, Some(server)) => {
                (String::new(), server.version.clone(), server.version_number)
            }
            (Some(_), ..) | (None, None, None) => of(self),
        }
    }
}

/// The server for scratch databases, started when it is needed first.
pub(super) struct Scratch<'a> {
    request: &'a Request,
    /// How much the files hold, unless they need more than they hold.
    bytes: Option<u64>,
    room: Room,
    pub(super) server: Option<Server>,
}

impl<'a> Scratch<'a> {
    pub(super) fn new(request: &'a Request, room: Room) -> Self {
        Self {
            request,
            bytes: None,
            room,
            server: None,
        }
    }

    pub(super) async fn server(&mut self) -> Result<&Server, Failure> {
        if self.server.is_none() {
            let bytes = self.bytes.filter(|_| self.room == Room::AsFiles);
            self.server = Some(start(self.request, bytes).await?);
        }
        self.server
            .as_ref()
            .ok_or_else(|| Failure::environment("there is no scratch server"))
    }
}

async fn start(request: &Request, bytes: Option<u64>) -> Result<Server, Failure> {
    let purpose = match (&request.source, &request.target) {
        (Source::Files(_), Wanted::Files(_)) => "comparing two files",
        (Source::Files(_), _) | (_, Wanted::Files(_)) => "comparing with a file",
        _ => "proving a migration",
    };
    schema_files::server(&request.scratch, purpose, bytes).await
}

/// Reads both sides, at the same time where that is possible.
pub(super) async fn both(
    request: &Request,
    scratch: &mut Scratch<'_>,
    terminal: &mut Terminal,
) -> Result<(Read, Read), Failure> {
    // Faults of reading and splitting come before a server is started or asked.
    let unread = |failure: Failure| failure.closing("nothing was compared");
    let source = match &request.source {
        Source::Database(database) => Origin::Live(super::super::target(database)?),
        Source::Files(path) => Origin::Files(path, schema_files::scripts(path).map_err(unread)?),
    };
    let target = match &request.target {
        Wanted::Database(url) => Origin::Live(Target::parse(url, None)?),
        Wanted::Files(path) => Origin::Files(path, schema_files::scripts(path).map_err(unread)?),
    };
    scratch.bytes = Some(source.bytes() + target.bytes());
    let (before, after) = match (source, target) {
        (Origin::Live(before), Origin::Live(after)) => {
            Box::pin(both_live(request, before, after)).await?
        }
        (Origin::Live(before), Origin::Files(path, scripts)) => {
            let before = live(request, before).await?;
            let server = scratch.server().await?;
            (before, from_files(request, path, &scripts, server).await?)
        }
        (Origin::Files(path, scripts), Origin::Live(after)) => {
            let server = scratch.server().await?;
            let before = from_files(request, path, &scripts, server).await?;
            (before, live(request, after).await?)
        }
        (Origin::Files(old, old_scripts), Origin::Files(new, new_scripts)) => {
            let server = scratch.server().await?;
            let before = from_files(request, old, &old_scripts, server);
            let after = from_files(request, new, &new_scripts, server);
            // A server of others may have no connection to spare.
            if server.is_private() {
                tokio::try_join!(before, after)?
            } else {
                (before.await?, after.await?)
            }
        }
    };
    terminal.note(&format!("{DIM}  {}{DIM:#}", before.progress));
    if after.progress != before.progress {
        terminal.note(&format!("{DIM}  {}{DIM:#}", after.progress));
    }
    Ok((before, after))
}

/// Where a side comes from.
enum Origin<'a> {
    Live(Target),
    Files(&'a Path, Vec<Script>),
}

impl Origin<'_> {
    /// How much is loaded into a scratch database. Of a live one only the schema is copied.
    fn bytes(&self) -> u64 {
        match self {
            Self::Live(_) => LARGE_SCHEMA,
            Self::Files(_, scripts) => schema_files::bytes(scripts),
        }
    }
}

async fn both_live(
    request: &Request,
    before: Target,
    after: Target,
) -> Result<(Read, Read), Failure> {
    if before.url() == after.url() {
        // One URL is one database as one role: it is what it is, and one look shows both sides.
        let read = live(request, before).await?;
        return Ok((read.clone_of_live(), read));
    }
    let started = Instant::now();
    let first = before.connect().await?;
    let Ok(second) = after.connect().await else {
        // The server may grant one connection only, or the second may be wrong: then it says so.
        let before = live_on(request, before, first, started).await?;
        let started = Instant::now();
        let second = connect_again(&after).await?;
        return Ok((before, live_on(request, after, second, started).await?));
    };
    tokio::try_join!(
        live_on(request, before, first, started),
        live_on(request, after, second, started)
    )
}

/// A session that was closed counts until its process has ended, a moment later.
async fn connect_again(target: &Target) -> Result<Connection, Failure> {
    let started = Instant::now();
    loop {
        match target.connect().await {
            Err(failure) if failure.has_code(FULL) && started.elapsed() < MOMENT => {
                tokio::time::sleep(MOMENT / 20).await;
            }
            result => return result,
        }
    }
}

async fn live(request: &Request, target: Target) -> Result<Read, Failure> {
    let started = Instant::now();
    let connection = target.connect().await?;
    live_on(request, target, connection, started).await
}

async fn live_on(
    request: &Request,
    target: Target,
    mut connection: Connection,
    started: Instant,
) -> Result<Read, Failure> {
    pooler::refuse(&mut connection).await?;
    let (catalog, fingerprint) = read_as_wanted(request, &mut connection).await?;
    let server = connection.server().clone();
    connection.close().await;
    let side = super::side(
        SideKind::Database,
        server.database.clone(),
        fingerprint.as_ref(),
        &catalog,
    );
    let progress = format!(
        "read    {}, PostgreSQL {}: {} in {:.1} s",
        server.database,
        server.version,
        crate::report::human::migrate::comparison::counts(&side.counts),
        started.elapsed().as_secs_f64()
    );
    Ok(Read {
        side,
        catalog: Arc::new(catalog),
        fingerprint,
        database: None,
        live: Some(target),
        notes: Vec::new(),
        annotations: Vec::new(),
        progress,
        whole: request.schemas.is_empty(),
        version: (server.version, server.version_number),
    })
}

/// Catalog and fingerprint of the database of a connection.
pub(super) async fn read(
    request: &Request,
    connection: &mut Connection,
) -> Result<(Catalog, Fingerprint), Failure> {
    let (mut catalog, mut fingerprint) = introspect::catalog_and_fingerprint(connection).await?;
    catalog.retain_schemas(&request.schemas);
    // What a tool keeps for itself is no part of the schema that it migrates.
    if let Some(tool) = super::tool(request.writing.layout) {
        fingerprint.leave_out(&catalog.take_tables(tool.history()));
    }
    Ok((catalog, fingerprint))
}

/// The fingerprint only when something is judged by it: the proof, or the versions of a tool, each of
/// which says where it starts and ends.
async fn read_as_wanted(
    request: &Request,
    connection: &mut Connection,
) -> Result<(Catalog, Option<Fingerprint>), Failure> {
    if request.verify || super::tool(request.writing.layout).is_some() {
        let (catalog, fingerprint) = read(request, connection).await?;
        return Ok((catalog, Some(fingerprint)));
    }
    let mut catalog = introspect::catalog(connection).await?;
    catalog.retain_schemas(&request.schemas);
    Ok((catalog, None))
}

async fn from_files(
    request: &Request,
    path: &Path,
    scripts: &[Script],
    server: &Server,
) -> Result<Read, Failure> {
    let started = Instant::now();
    let private = server.is_private();
    let database = server.create_database().await?;
    let target = Target::parse(database.url(), None)?;
    let notes = load::all(&target, scripts, private).await?;
    let mut connection = target.connect().await?;
    let (catalog, fingerprint) = read_as_wanted(request, &mut connection).await?;
    let about = connection.server().clone();
    connection.close().await;
    let place = if private {
        format!("a private PostgreSQL {}", about.version)
    } else {
        "a scratch database on the same server".to_owned()
    };
    let progress = format!(
        "load    {} into {place} in {:.1} s",
        path.display(),
        started.elapsed().as_secs_f64()
    );
    Ok(Read {
        side: super::side(
            SideKind::File,
            path.display().to_string(),
            fingerprint.as_ref(),
            &catalog,
        ),
        catalog: Arc::new(catalog),
        fingerprint,
        database: Some(database),
        live: None,
        notes,
        annotations: scripts.iter().flat_map(rename::annotations).collect(),
        progress,
        whole: request.schemas.is_empty(),
        version: (about.version, about.version_number),
    })
}
