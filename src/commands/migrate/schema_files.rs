//! Schema files: which they are, and their statistics once they are loaded into a scratch database.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::catalog::statistics::{Statistics, Workload};
use crate::failure::Failure;
use crate::files;
use crate::migrate::layout;
use crate::migrate::script::{self, Half, Script};
use crate::postgres::scratch::{self, Server, Version};
use crate::postgres::{Target, load, statistics};
use crate::settings::migrate::{Analyze, PostgresFrom, Scratch};
use crate::terminal::{DIM, Terminal};

/// The statistics of a schema that nobody uses yet: its structure, without sizes and without a workload.
pub(super) async fn read(
    path: &Path,
    request: &Analyze,
    terminal: &mut Terminal,
) -> Result<Statistics, Failure> {
    let started = Instant::now();
    // Faults of reading and splitting come before a server is started.
    let scripts = scripts(path).map_err(|failure| failure.closing("nothing was analyzed"))?;
    let wanted = &request.scratch;
    let purpose = "analyzing a file";
    let (statistics, notes) = with_room(async |room| {
        let size = Some(bytes(&scripts)).filter(|_| room == Room::AsFiles);
        let server = match server(wanted, purpose, size).await {
            Ok(server) => server,
            Err(failure) => return (Err(failure), false),
        };
        let read = loaded(&server, path, &scripts, request).await;
        (read, server.is_full())
    })
    .await?;
    terminal.note(&format!(
        "{DIM}  load    {} into a scratch database, PostgreSQL {}, in {:.1} s{DIM:#}",
        path.display(),
        statistics.server.version,
        started.elapsed().as_secs_f64()
    ));
    for note in notes {
        terminal.note(&format!("{DIM}  note    {note}{DIM:#}"));
    }
    Ok(statistics)
}

/// How much room a scratch server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// What the files take by their size.
    AsFiles,
    /// More than they hold: a small file may make many rows and take many locks.
    More,
}

/// The work with the room that the files need by their size, and where that was not enough with more.
/// The work says beside its result whether its server was full; nothing is written before it is done.
pub(super) async fn with_room<T>(
    mut work: impl AsyncFnMut(Room) -> (Result<T, Failure>, bool),
) -> Result<T, Failure> {
    match work(Room::AsFiles).await {
        (Err(_), true) => work(Room::More).await.0,
        (result, _) => result,
    }
}

/// Loads the files into a new database; its statistics, and what was left out.
async fn loaded(
    server: &Server,
    path: &Path,
    scripts: &[Script],
    request: &Analyze,
) -> Result<(Statistics, Vec<String>), Failure> {
    let database = server.create_database().await?;
    let target = Target::parse(database.url(), None)?;
    let notes = load::all(&target, scripts, server.is_private())
        .await
        .map_err(|failure| failure.closing("nothing was analyzed"))?;
    let mut connection = target.connect().await?;
    let mut statistics = statistics::read(&mut connection, &request.schemas).await?;
    connection.close().await;
    statistics.workload = Workload::NotApplicable;
    statistics.server.database = path.display().to_string();
    statistics.server.since = None;
    statistics.server.days = 0.0;
    Ok((statistics, notes))
}

/// Every file, split into its statements; the faults of all of them at once.
pub(super) fn scripts(path: &Path) -> Result<Vec<Script>, Failure> {
    let mut scripts = Vec::new();
    let mut faults = Vec::new();
    for file in sql_files(path)? {
        let (mut script, of_file) = script::split(&files::read_text(&file)?);
        script.keep(Half::Up);
        faults.extend(of_file);
        scripts.push(script);
    }
    if faults.is_empty() {
        Ok(scripts)
    } else {
        Err(Failure::diagnostics(faults))
    }
}

/// How much the files hold.
pub(super) fn bytes(scripts: &[Script]) -> u64 {
    let texts = scripts.iter().map(|script| script.source.text.len() as u64);
    texts.sum()
}

/// The named server when we may make databases there, else a private one of its version, for so much.
pub(super) async fn server(
    wanted: &Scratch,
    purpose: &str,
    bytes: Option<u64>,
) -> Result<Server, Failure> {
    let mut live = None;
    if let Some(named) = &wanted.server {
        let connection = super::target(named)?.connect().await?;
        let server = connection.server().clone();
        connection.close().await;
        if server.may_create_databases {
            return Server::on(&named.url).await;
        }
        live = Some(server.version_number / 10_000);
    }
    let options = scratch::Options {
        bytes,
        ..private(wanted, purpose, live)
    };
    Server::start(&options).await
}

/// A private server: of the version that was asked for, else like the live one.
pub(super) fn private(wanted: &Scratch, purpose: &str, live: Option<u32>) -> scratch::Options {
    scratch::Options {
        purpose: purpose.to_owned(),
        pg_bin: wanted.binaries.clone(),
        download: wanted.from == PostgresFrom::Download,
        version: match (wanted.version, live) {
            (Some(major), _) => Version::Exactly(major),
            (None, Some(major)) => Version::Like(major),
            (None, None) => Version::Newest,
        },
        ..scratch::Options::default()
    }
}

/// The file itself, or the `.sql` files of a folder in the order of their names.
fn sql_files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |error: std::io::Error| {
        Failure::input(format!("cannot read `{}`", path.display())).cause(error.to_string())
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let is_sql = file.extension().is_some_and(|ending| ending == "sql");
        // The way back is no part of a schema.
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if is_sql && !layout::is_down(&name) && file.is_file() {
            found.push(file);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(Failure::input(format!(
            "`{}` holds no .sql file",
            path.display()
        )));
    }
    Ok(found)
}
