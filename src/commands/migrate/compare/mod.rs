//! `backsmith migrate --compare`: read both sides, compare, prove, write, report, judge.

mod annotations;
mod one_version;
mod prove;
mod sides;
mod versions;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use super::{findings, schema_files};
use crate::catalog::Catalog;
use crate::failure::{Failure, FailureKind, Verdict};
use crate::migrate::comparison::{self, Comparison, JudgedHazard, Outcome, Proof, Side};
use crate::migrate::diff::{self, Hazard, HazardKind, Plan};
use crate::migrate::layout::Tool;
use crate::migrate::rename;
use crate::postgres::scratch::Server;
use crate::postgres::values;
use crate::report::{annotation, html, human, json, markdown};
use crate::settings::Format;
use crate::settings::migrate::{Compare as Request, Layout, Output};
use crate::terminal::{DIM, Terminal, Verbosity, interrupt};
use sides::{Read, Scratch};

pub(super) fn run(request: &Request, terminal: &mut Terminal) -> Result<Verdict, Failure> {
    let interrupt = interrupt::listen();
    let runtime = super::runtime()?;
    let comparison = runtime.block_on(async {
        tokio::select! {
            biased;
            signal = interrupt.wait() => Err(Failure::interrupted(signal, "interrupted; nothing was written")),
            comparison = compare(request, terminal) => comparison,
        }
    })?;
    report(request, &comparison, terminal)?;
    Ok(match comparison.outcome {
        Outcome::Equal | Outcome::Different => Verdict::Holds,
        Outcome::Drift => Verdict::Negative,
        Outcome::Refused => Verdict::Refused,
    })
}

async fn compare(request: &Request, terminal: &mut Terminal) -> Result<Comparison, Failure> {
    schema_files::with_room(async |room| {
        let mut scratch = Scratch::new(request, room);
        let comparison = Box::pin(compare_with(request, &mut scratch, terminal)).await;
        let full = scratch.server.as_ref().is_some_and(Server::is_full);
        (comparison, full)
    })
    .await
}

async fn compare_with(
    request: &Request,
    scratch: &mut Scratch<'_>,
    terminal: &mut Terminal,
) -> Result<Comparison, Failure> {
    let (before, after) = Box::pin(sides::both(request, scratch, terminal)).await?;
    let (before, after, note) =
        Box::pin(one_version::both(request, before, after, scratch)).await?;
    let options = request.planning;
    let mut renamed = prove::renamed(request, &before, &after, scratch).await?;
    let from = renamed
        .as_ref()
        .map_or(&before.catalog, |renamed| &renamed.catalog);
    let (mut up, mut down, proposals) = planned(from, &after.catalog, options).await?;
    if let Some(renamed) = &mut renamed {
        renamed.frame(&mut up, &mut down);
    }
    let mut comparison = Comparison {
        outcome: Outcome::Different,
        server: before.server(&after, scratch),
        from: before.side.clone(),
        to: after.side.clone(),
        changes: up.changes.clone(),
        unmanaged: unmanaged(&before, &after),
        hazards: judged(request, &before, &up).await?,
        proposals,
        proof: None,
        up: comparison::count(&up.statements),
        down: comparison::count(&down.statements),
        files: Vec::new(),
        notes: [&before.notes, &after.notes]
            .into_iter()
            .flatten()
            .cloned()
            .chain(note)
            .collect(),
        diff: None,
    };
    if up.statements.is_empty() && down.statements.is_empty() {
        comparison.outcome = Outcome::Equal;
        return if request.verify {
            check_blindness(request, comparison, &before, &after)
        } else {
            Ok(comparison)
        };
    }
    if request.check {
        comparison.outcome = Outcome::Drift;
        return Ok(comparison);
    }
    if request.writing.output.is_some() && comparison.refused().next().is_some() {
        comparison.outcome = Outcome::Refused;
        return Ok(comparison);
    }
    let started = std::time::Instant::now();
    let tool = tool(request.writing.layout).filter(|_| request.writing.output.is_some());
    let (migration, version) = if let Some(tool) = tool {
        let (versions, version) = versions::made(
            request,
            tool,
            (&before, &after),
            &up,
            renamed.as_ref(),
            scratch,
        )
        .await?;
        let downs = versions.iter().map(|version| version.down.statements.len());
        comparison.down.total = downs.sum();
        let version = request.verify.then_some(version);
        (write::Migration::Versions(tool, versions), version)
    } else {
        let mut version = None;
        if request.verify {
            let proof = prove::up_and_down(request, &before, &after, &up, &down, scratch);
            version = Some(proof.await?);
        }
        let (up, down) = (&up, &down);
        (write::Migration::Pair { up, down }, version)
    };
    if let Some(version) = version {
        let seconds = started.elapsed().as_secs_f64();
        terminal.note(&format!(
            "{DIM}  prove   up, then down, on a copy of the schema in {seconds:.1} s{DIM:#}"
        ));
        comparison.proof = Some(Proof {
            server_version: version,
            seconds,
        });
    }
    write::files(request, &mut comparison, &migration, terminal)?;
    Ok(comparison)
}

/// Both ways and the renames that suggest themselves. On a schema of thousands of tables that takes a
/// while: on threads of its own, so that a signal is heard meanwhile.
async fn planned(
    from: &Arc<Catalog>,
    to: &Arc<Catalog>,
    options: diff::Options,
) -> Result<(Plan, Plan, Vec<rename::Proposal>), Failure> {
    let plans = on_thread(from, to, move |from, to| diff::both_ways(from, to, options));
    let proposals = on_thread(from, to, rename::propose);
    let ((up, down), proposals) = tokio::try_join!(plans, proposals)?;
    // To free a large catalog takes as long as to report on it, and the process ends soon.
    std::mem::forget((Arc::clone(from), Arc::clone(to)));
    Ok((up, down, proposals))
}

/// Runs the work on a thread, which a signal leaves behind: the process ends without it.
async fn on_thread<T: Send + 'static>(
    from: &Arc<Catalog>,
    to: &Arc<Catalog>,
    work: impl FnOnce(&Catalog, &Catalog) -> T + Send + 'static,
) -> Result<T, Failure> {
    let (from, to) = (Arc::clone(from), Arc::clone(to));
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new()
        .spawn(move || {
            let _ = sender.send(work(&from, &to));
        })
        .map_err(|error| {
            Failure::environment("cannot start a thread")
                .cause(error.to_string())
                .hint("the limits of processes (`ulimit -u`) and of the container say how many there may be")
        })?;
    match receiver.await {
        Ok(result) => Ok(result),
        Err(_) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => std::future::pending().await,
        },
    }
}

pub(super) const fn tool(layout: Layout) -> Option<Tool> {
    match layout {
        Layout::Backsmith => None,
        Layout::Sqlx => Some(Tool::Sqlx),
        Layout::Flyway => Some(Tool::Flyway),
        Layout::Dbmate => Some(Tool::Dbmate),
        Layout::GolangMigrate => Some(Tool::GolangMigrate),
    }
}

/// No statement, but the fingerprints differ: something that the comparison does not see.
fn check_blindness(
    request: &Request,
    comparison: Comparison,
    before: &Read,
    after: &Read,
) -> Result<Comparison, Failure> {
    let differing = prove::differences(
        before.fingerprint()?,
        after.fingerprint()?,
        &request.schemas,
    );
    if differing.is_empty() {
        return Ok(comparison);
    }
    let mut failure = Failure::refused(format!(
        "{} and {} differ in something that is not compared",
        comparison.from.name, comparison.to.name
    ))
    .code("not-managed");
    for name in differing.iter().take(10) {
        failure = failure.detail(name.clone());
    }
    Err(failure.closing("nothing was written"))
}

fn unmanaged(before: &Read, after: &Read) -> BTreeMap<String, Vec<String>> {
    let mut all = before.catalog.unmanaged.clone();
    for (kind, names) in &after.catalog.unmanaged {
        let list = all.entry(kind.clone()).or_default();
        list.extend(names.iter().cloned());
        list.sort();
        list.dedup();
    }
    all
}

async fn judged(request: &Request, before: &Read, up: &Plan) -> Result<Vec<JudgedHazard>, Failure> {
    let wanted = counted(&up.hazards);
    let counts = match &before.live {
        Some(target) if !wanted.is_empty() => {
            let mut live = target.connect().await?;
            let counts = values::count(&mut live, &wanted).await?;
            live.close().await;
            counts
        }
        _ => Counted::new(),
    };
    // The first of several statements that begin alike.
    let mut statements: HashMap<String, &str> = HashMap::new();
    for statement in &up.statements {
        if let Some(beginning) = beginning(&statement.sql) {
            statements.entry(beginning).or_insert(&statement.sql);
        }
    }
    let judge = |hazard: &Hazard| {
        let code = hazard.kind.code();
        let allows = |name: &String| name == code || name == "all";
        let statement = statements.get(&beginning_of(hazard));
        JudgedHazard {
            hazard: hazard.clone(),
            evidence: evidence(&counts, hazard),
            allowed: request.allow.iter().any(allows),
            statement: statement.map(|sql| format!("{sql};")),
        }
    };
    Ok(up.hazards.iter().map(judge).collect())
}

type Counted = BTreeMap<String, values::Counts>;

/// The tables and columns whose rows are of interest.
fn counted(hazards: &[Hazard]) -> values::Wanted {
    let mut wanted = values::Wanted::new();
    for hazard in hazards {
        match hazard.kind {
            HazardKind::DropTable | HazardKind::RebuildTable => {
                wanted.entry(hazard.id.name.clone()).or_default();
            }
            HazardKind::DropColumn | HazardKind::NarrowType => wanted
                .entry(hazard.id.name.clone())
                .or_default()
                .push(hazard.id.part.clone()),
            HazardKind::DropEnumValue => {}
        }
    }
    wanted
}

fn evidence(counts: &Counted, hazard: &Hazard) -> Option<String> {
    let number = |count: i64| crate::text::number::count(count.unsigned_abs());
    let counts = counts.get(&hazard.id.name)?;
    match hazard.kind {
        HazardKind::DropTable | HazardKind::RebuildTable => {
            Some(format!("{} rows", number(counts.rows)))
        }
        HazardKind::DropColumn | HazardKind::NarrowType => {
            let held = counts.held.get(&hazard.id.part)?;
            let (held, rows) = (number(*held), number(counts.rows));
            Some(format!("{held} of {rows} rows hold a value"))
        }
        HazardKind::DropEnumValue => None,
    }
}

/// What the statement behind a hazard begins with.
fn beginning_of(hazard: &Hazard) -> String {
    let id = &hazard.id;
    match hazard.kind {
        HazardKind::DropColumn => format!("ALTER TABLE {} DROP COLUMN {}", id.name, id.part),
        HazardKind::DropTable | HazardKind::RebuildTable => format!("DROP TABLE {}", id.name),
        HazardKind::NarrowType => {
            format!("ALTER TABLE {} ALTER COLUMN {} TYPE", id.name, id.part)
        }
        HazardKind::DropEnumValue => format!("CREATE TYPE {} AS ENUM", id.name),
    }
}

/// The same of a statement, when it may be the one behind a hazard.
fn beginning(sql: &str) -> Option<String> {
    if sql.starts_with("DROP TABLE ")
        || sql.starts_with("ALTER TABLE ") && sql.contains(" DROP COLUMN ")
    {
        return Some(sql.to_owned());
    }
    let end = if sql.starts_with("ALTER TABLE ") {
        sql.find(" TYPE ")? + " TYPE".len()
    } else if sql.starts_with("CREATE TYPE ") {
        sql.find(" AS ENUM")? + " AS ENUM".len()
    } else {
        return None;
    };
    Some(sql[..end].to_owned())
}

fn report(
    request: &Request,
    comparison: &Comparison,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let style = human::migrate::comparison::Style {
        symbols: terminal.symbols(),
        all: terminal.verbosity() >= Verbosity::Verbose,
    };
    // The artefact has standard output, the summary goes beside it.
    let to_error = request.writing.output == Some(Output::Standard);
    findings::report(&request.report, to_error, terminal, |out, format| {
        render(format, comparison, style, out)
    })?;
    match comparison.outcome {
        Outcome::Different => {
            if let Some(file) = comparison.files.first()
                && comparison.diff.is_none()
            {
                terminal.note("");
                terminal.next(&format!(
                    "backsmith migrate --migrate {} --dry-run",
                    file.path
                ));
            } else if request.writing.output.is_none() {
                terminal.note("");
                terminal.next("the same command with `--output migrations/` writes the migration");
            }
        }
        Outcome::Drift => terminal.hint(&format!(
            "without `--check`, with `--output migrations/`, the migration to {} is written;\n\
             `--compare` in the other direction makes the file follow the database",
            comparison.to.name
        )),
        Outcome::Refused => {
            if let Some(hazard) = comparison.refused().next() {
                let code = hazard.hazard.kind.code();
                let allow = format!(
                    "`--allow {code}` accepts it; `--allow all` accepts every one\n\
                     `backsmith explain {code}` shows how to do it safely"
                );
                terminal.hint(&match comparison.proposal_for(&hazard.hazard) {
                    Some(proposal) => format!("`{}` keeps the values; {allow}", proposal.flag()),
                    None => allow,
                });
            }
        }
        Outcome::Equal => {}
    }
    Ok(())
}

fn render(
    format: Format,
    comparison: &Comparison,
    style: human::migrate::comparison::Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if let Some(format) = findings::ci(format) {
        let annotations = annotations::annotations(comparison);
        return annotation::write(out, format, "backsmith migrate --compare", &annotations);
    }
    match format {
        Format::Json => {
            let document = json::v1::migrate::comparison::Document::from(comparison);
            json::write_document(out, &document)
        }
        Format::Markdown => markdown::migrate::comparison::write(out, comparison),
        Format::Html => html::comparison(out, comparison),
        _ => human::migrate::comparison::write(out, comparison, style),
    }
}

/// A failure that says that nothing was written, whatever it is about.
fn unproven(text: String) -> Failure {
    let mut failure = Failure::refused(text)
        .code("not-proven")
        .closing("nothing was written");
    failure.kind = FailureKind::Refused;
    failure
}

fn counts_of(catalog: &Catalog) -> Vec<(&'static str, usize)> {
    use crate::catalog::{Body, Kind};
    let keys = catalog
        .of_kind(Kind::Constraint)
        .filter(|object| matches!(&object.body, Body::Constraint(key) if key.kind.is_key()))
        .count();
    [
        ("table", catalog.count(Kind::Table)),
        ("index", catalog.count(Kind::Index) + keys),
        (
            "view",
            catalog.count(Kind::View) + catalog.count(Kind::MaterializedView),
        ),
        ("function", catalog.count(Kind::Routine)),
    ]
    .into_iter()
    .filter(|(name, count)| *count > 0 || *name == "table")
    .collect()
}

fn side(
    kind: comparison::SideKind,
    name: String,
    fingerprint: Option<&crate::postgres::fingerprint::Fingerprint>,
    catalog: &Catalog,
) -> Side {
    Side {
        kind,
        name,
        fingerprint: fingerprint.map(crate::postgres::fingerprint::Fingerprint::digest),
        counts: counts_of(catalog),
    }
}
