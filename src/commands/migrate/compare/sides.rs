//! Both sides as catalogs: a live database is read, files are loaded into a scratch database.

use std::path::Path;
use std::time::Instant;

use crate::catalog::Catalog;
use crate::commands::migrate::schema_files;
use crate::failure::Failure;
use crate::migrate::comparison::{Side, SideKind};
use crate::migrate::rename::{self, Annotation};
use crate::postgres::fingerprint::Fingerprint;
use crate::postgres::scratch::{Database, Server};
use crate::postgres::{Connection, Target, introspect, load, pooler};
use crate::settings::migrate::{Compare as Request, Source, Target as Wanted};
use crate::terminal::{DIM, Terminal};

/// One side, read.
pub(super) struct Read {
    pub(super) side: Side,
    pub(super) catalog: Catalog,
    pub(super) fingerprint: Fingerprint,
    /// The scratch database that the files were loaded into.
    pub(super) database: Option<Database>,
    /// The live database.
    pub(super) live: Option<Target>,
    pub(super) notes: Vec<String>,
    /// Renames that comments of the files state.
    pub(super) annotations: Vec<Annotation>,
    /// Whether every schema was read.
    pub(super) whole: bool,
    /// "15.18" and 150018.
    version: (String, u32),
}

impl Read {
    /// "15.18" and 150018.
    pub(super) const fn version(&self) -> &(String, u32) {
        &self.version
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
    server: Option<Server>,
}

impl<'a> Scratch<'a> {
    pub(super) fn new(request: &'a Request) -> Self {
        Self {
            request,
            server: None,
        }
    }

    pub(super) async fn server(&mut self) -> Result<&Server, Failure> {
        if self.server.is_none() {
            self.server = Some(start(self.request).await?);
        }
        self.server
            .as_ref()
            .ok_or_else(|| Failure::environment("there is no scratch server"))
    }
}

async fn start(request: &Request) -> Result<Server, Failure> {
    let purpose = match (&request.source, &request.target) {
        (Source::Files(_), Wanted::Files(_)) => "comparing two files",
        (Source::Files(_), _) | (_, Wanted::Files(_)) => "comparing with a file",
        _ => "proving a migration",
    };
    schema_files::server(&request.scratch, purpose).await
}

pub(super) async fn source(
    request: &Request,
    scratch: &mut Scratch<'_>,
    terminal: &mut Terminal,
) -> Result<Read, Failure> {
    match &request.source {
        Source::Database(database) => {
            live(request, super::super::target(database)?, terminal).await
        }
        Source::Files(path) => from_files(request, path, scratch, terminal).await,
    }
}

pub(super) async fn target(
    request: &Request,
    scratch: &mut Scratch<'_>,
    terminal: &mut Terminal,
) -> Result<Read, Failure> {
    match &request.target {
        Wanted::Database(url) => live(request, Target::parse(url, None)?, terminal).await,
        Wanted::Files(path) => from_files(request, path, scratch, terminal).await,
    }
}

async fn live(request: &Request, target: Target, terminal: &mut Terminal) -> Result<Read, Failure> {
    let started = Instant::now();
    let mut connection = target.connect().await?;
    pooler::refuse(&mut connection).await?;
    let (catalog, fingerprint) = read(request, &mut connection).await?;
    let server = connection.server().clone();
    connection.close().await;
    let side = super::side(
        SideKind::Database,
        server.database.clone(),
        &fingerprint,
        &catalog,
    );
    terminal.note(&format!(
        "{DIM}  read    {}, PostgreSQL {}: {} in {:.1} s{DIM:#}",
        server.database,
        server.version,
        crate::report::human::migrate::comparison::counts(&side.counts),
        started.elapsed().as_secs_f64()
    ));
    Ok(Read {
        side,
        catalog,
        fingerprint,
        database: None,
        live: Some(target),
        notes: Vec::new(),
        annotations: Vec::new(),
        whole: request.schemas.is_empty(),
        version: (server.version, server.version_number),
    })
}

/// Catalog and fingerprint of the database of a connection.
pub(super) async fn read(
    request: &Request,
    connection: &mut Connection,
) -> Result<(Catalog, Fingerprint), Failure> {
    let mut catalog = introspect::catalog(connection).await?;
    catalog.retain_schemas(&request.schemas);
    let mut fingerprint = Fingerprint::read(connection).await?;
    // What a tool keeps for itself is no part of the schema that it migrates.
    if let Some(tool) = super::tool(request.writing.layout) {
        fingerprint.leave_out(&catalog.take_tables(tool.history()));
    }
    Ok((catalog, fingerprint))
}

async fn from_files(
    request: &Request,
    path: &Path,
    scratch: &mut Scratch<'_>,
    terminal: &mut Terminal,
) -> Result<Read, Failure> {
    let started = Instant::now();
    // Faults of reading and splitting come before a server is started.
    let scripts =
        schema_files::scripts(path).map_err(|failure| failure.closing("nothing was compared"))?;
    let server = scratch.server().await?;
    let private = server.is_private();
    let database = server.create_database().await?;
    let target = Target::parse(database.url(), None)?;
    let notes = load::all(&target, &scripts, private).await?;
    let mut connection = target.connect().await?;
    let (catalog, fingerprint) = read(request, &mut connection).await?;
    let about = connection.server().clone();
    connection.close().await;
    let place = if private {
        format!("a private PostgreSQL {}", about.version)
    } else {
        "a scratch database on the same server".to_owned()
    };
    terminal.note(&format!(
        "{DIM}  load    {} into {place} in {:.1} s{DIM:#}",
        path.display(),
        started.elapsed().as_secs_f64()
    ));
    Ok(Read {
        side: super::side(
            SideKind::File,
            path.display().to_string(),
            &fingerprint,
            &catalog,
        ),
        catalog,
        fingerprint,
        database: Some(database),
        live: None,
        notes,
        annotations: scripts.iter().flat_map(rename::annotations).collect(),
        whole: request.schemas.is_empty(),
        version: (about.version, about.version_number),
    })
}
