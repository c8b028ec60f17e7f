//! A database becomes a working API: read its catalog, make the document, generate as from any
//! document, with handlers that work.

use std::path::Path;

use super::write::{Target, write};
use crate::api;
use crate::catalog::{Catalog, Kind};
use crate::failure::{Failure, Verdict};
use crate::files::{self, manifest};
use crate::migrate::script;
use crate::postgres::scratch::{self, Server, Version};
use crate::postgres::{self, introspect, load};
use crate::redact::SecretUrl;
use crate::scaffold::from_catalog::{self, Summary};
use crate::scaffold::{Artefacts, Framework, Options, OutcomeSource, OutputFile, Owner};
use crate::settings::scaffold::{Request, Scratch};
use crate::terminal::{DIM, Terminal, interrupt};
use crate::text::SourceFile;

/// The document, relative to the project.
const DOCUMENT: &str = "openapi.yaml";

/// A catalog and where it came from.
struct Read {
    catalog: Catalog,
    /// `shop`
    name: String,
    /// `shop on localhost:5432`
    place: String,
    /// `15.18`
    version: String,
}

pub(super) fn run(
    request: &Request,
    url: &SecretUrl,
    terminal: &mut Terminal,
) -> Result<Verdict, Failure> {
    let interrupt = interrupt::listen();
    let read = postgres::runtime()?.block_on(async {
        tokio::select! {
            biased;
            signal = interrupt.wait() => Err(Failure::interrupted(signal, "interrupted; nothing was written")),
            read = read(url, &request.scratch) => read,
        }
    })?;
    let resources = from_catalog::collect(&read.catalog);
    let tables = resources
        .resources
        .iter()
        .filter(|resource| !resource.is_view)
        .count();
    let views = resources.resources.len() - tables;
    let count =
        |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    terminal.note(&format!(
        "{DIM}  read    {}, PostgreSQL {}, {}: {}, {}{DIM:#}",
        read.place,
        read.version,
        schemas(&read.catalog),
        count(tables, "table"),
        count(views, "view")
    ));
    if resources.resources.is_empty() {
        return Err(Failure::input(format!(
            "`{}` has no tables and no views to make an API of",
            read.name
        ))
        .hint("does the user see them? `\\dt *.*` in psql shows what there is"));
    }
    let document = from_catalog::document(&read.name, &resources);
    let text = api::render(&document, api::Notation::Yaml);
    let source = SourceFile::new(DOCUMENT, text);
    let (api, findings) = api::read(&source);
    let (Some(api), true) = (api, api::is_valid(&findings)) else {
        return Err(Failure::diagnostics(findings)
            .closing("the document that was made of the database is not valid: a bug"));
    };
    let target = Target::of(request)?;
    if target.framework != Framework::Express {
        let message = format!(
            "`--from-db` writes Express in this version, not {}",
            target.framework.name()
        );
        return Err(Failure::input(message).hint("`--framework express`"));
    }
    let options = Options {
        framework: target.framework,
        artefacts: request.artefacts,
        source_root: target.source_root.clone(),
        document: DOCUMENT.to_owned(),
        command: format!(
            "backsmith scaffold {DOCUMENT} --framework {} --output {}/routes/",
            target.framework.key(),
            target.source_root
        ),
        placements: target.placements(),
        routes: target.routes(),
    };
    let mut output = from_catalog::service(&api, &resources, &options);
    if request.artefacts != Artefacts::Types {
        output.files.push(OutputFile {
            path: DOCUMENT.to_owned(),
            owner: Owner::User,
            contents: source.text.clone(),
            stubs: Vec::new(),
        });
        output.files.sort_by(|a, b| a.path.cmp(&b.path));
    }
    let mut summary = Summary::new(read.name.clone(), &resources);
    let present = std::fs::read_to_string(target.root.join(DOCUMENT));
    if present.is_ok_and(|present| present != source.text) {
        summary.notes.push(format!(
            "{DOCUMENT} is yours and was left as it is; it no longer says what the database says (delete it to get it anew)"
        ));
    }
    let outcome_source = OutcomeSource {
        kind: "postgres",
        path: read.place,
        version: read.version,
        title: read.name,
        document_version: String::new(),
        sha256: manifest::sha256(source.text.as_bytes()),
        database: Some(summary),
    };
    write(
        request,
        &target,
        output,
        outcome_source,
        Vec::new(),
        terminal,
    )
}

async fn read(url: &SecretUrl, scratch: &Scratch) -> Result<Read, Failure> {
    if !url.expose().contains("://") {
        return read_file(Path::new(url.expose()), scratch).await;
    }
    let target = postgres::Target::parse(url, None)?;
    let mut connection = target.connect().await?;
    let catalog = introspect::catalog(&mut connection).await?;
    let server = connection.server().clone();
    connection.close().await;
    Ok(Read {
        catalog,
        place: format!("{} on {}", server.database, host(url)),
        name: server.database,
        version: server.version,
    })
}

/// Loads a schema file into a private server, which is gone afterwards.
async fn read_file(path: &Path, scratch: &Scratch) -> Result<Read, Failure> {
    let (script, faults) = script::split(&files::read_text(path)?);
    if !faults.is_empty() {
        return Err(Failure::diagnostics(faults).closing("nothing was written"));
    }
    let server = Server::start(&scratch::Options {
        purpose: "reading a schema file".to_owned(),
        pg_bin: scratch.binaries.clone(),
        download: scratch.download,
        version: scratch.version.map_or(Version::Newest, Version::Exactly),
        ..scratch::Options::default()
    })
    .await?;
    let database = server.create_database().await?;
    let target = postgres::Target::parse(database.url(), None)?;
    let mut connection = target.connect().await?;
    let loaded = load::load(&mut connection, &script, server.is_private()).await;
    connection.close().await;
    loaded.map_err(|failure| failure.closing("nothing was written"))?;
    // A session of its own: the file may have changed the settings of the other one.
    let mut connection = target.connect().await?;
    let catalog = introspect::catalog(&mut connection).await;
    connection.close().await;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    Ok(Read {
        catalog: catalog?,
        name: stem.unwrap_or_else(|| "schema".to_owned()),
        place: path.display().to_string(),
        version: server.version.clone(),
    })
}

/// `localhost:5432`, or the socket.
fn host(url: &SecretUrl) -> String {
    match url::Url::parse(url.expose()) {
        Ok(parsed) => match parsed.host_str().filter(|host| !host.is_empty()) {
            Some(host) => format!("{host}:{}", parsed.port().unwrap_or(5432)),
            None => "a local socket".to_owned(),
        },
        Err(_) => url.to_string(),
    }
}

fn schemas(catalog: &Catalog) -> String {
    let mut names: Vec<String> = [Kind::Table, Kind::View, Kind::MaterializedView]
        .into_iter()
        .flat_map(|kind| catalog.of_kind(kind))
        .filter_map(|object| object.id.schema())
        .collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        [one] => format!("schema {one}"),
        several => format!("schemas {}", several.join(", ")),
    }
}
