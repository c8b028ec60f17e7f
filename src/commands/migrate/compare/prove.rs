//! The proof: up on a copy of before gives after, down gives before again. A fingerprint judges
//! that shares nothing with the comparison.

use std::sync::Arc;

use super::sides::{self, Read, Scratch};
use super::unproven;
use crate::catalog::Catalog;
use crate::commands::migrate::schema_copy::{self, Copy};
use crate::failure::{Failure, FailureKind};
use crate::migrate::diff::{Plan, Section, Statement};
use crate::migrate::file;
use crate::migrate::rename::{self, Refusal, Rename};
use crate::migrate::script::{self, Kind as Execution};
use crate::postgres::fingerprint::Fingerprint;
use crate::postgres::scratch::Database;
use crate::postgres::{Connection, Target};
use crate::settings::migrate::Compare as Request;
use crate::text::SourceFile;

/// The state before, after the renames that the user stated.
pub(super) struct Renamed {
    pub(super) catalog: Arc<Catalog>,
    pub(super) up: Vec<Statement>,
    pub(super) down: Vec<Statement>,
}

impl Renamed {
    /// Whether these statements are the ones that start with the renames.
    pub(super) fn opens(&self, statements: &[Statement]) -> bool {
        !self.up.is_empty() && statements.starts_with(&self.up)
    }

    /// Renames come first on the way up and last on the way down: in the transaction, unless
    /// something outside of it names what they are about.
    pub(super) fn frame(&mut self, up: &mut Plan, down: &mut Plan) {
        let first = up
            .statements
            .iter()
            .map(|statement| statement.section)
            .min();
        if first == Some(Section::First) {
            place(&mut self.up, Section::Rename);
        }
        let last = down
            .statements
            .iter()
            .map(|statement| statement.section)
            .max();
        if last > Some(Section::Main) {
            place(&mut self.down, Section::RenameBack);
        }
        let mut statements = self.up.clone();
        statements.append(&mut up.statements);
        statements.sort_by_key(|statement| statement.section);
        up.statements = statements;
        down.statements.extend(self.down.iter().cloned());
        down.statements.sort_by_key(|statement| statement.section);
    }
}

fn place(statements: &mut [Statement], section: Section) {
    for statement in statements {
        statement.section = section;
    }
}

/// Runs the renames on a copy and reads what they made.
pub(super) async fn renamed(
    request: &Request,
    before: &Read,
    after: &Read,
    scratch: &mut Scratch<'_>,
) -> Result<Option<Renamed>, Failure> {
    let renames = confirmed(request, before, after)?;
    if renames.is_empty() {
        return Ok(None);
    }
    let mut up = Vec::new();
    let mut down = Vec::new();
    for rename in &renames {
        let (forth, back) = rename.statements();
        up.extend(forth.into_iter().map(main));
        down.splice(0..0, back.into_iter().map(main));
    }
    let copy = match &before.database {
        Some(original) => {
            let copy = scratch.server().await?.copy_database(original).await?;
            Ground {
                target: Target::parse(copy.url(), None)?,
                _copy: Some(copy),
            }
        }
        None => ground_of(before, scratch).await?,
    };
    let mut connection = copy.target.connect().await?;
    for statement in &up {
        run_one(&mut connection, &statement.sql).await?;
    }
    let (catalog, _) = sides::read(request, &mut connection).await?;
    connection.close().await;
    let catalog = Arc::new(catalog);
    Ok(Some(Renamed { catalog, up, down }))
}

fn main(sql: String) -> Statement {
    Statement {
        sql,
        section: Section::Main,
        data_loss: None,
    }
}

/// What the command line states, and what comments of the target's files state. A comment stays in its
/// file when the rename is done, so that one that finds nothing to rename is no fault.
fn confirmed(request: &Request, before: &Read, after: &Read) -> Result<Vec<Rename>, Failure> {
    let (old, new) = (&before.catalog, &after.catalog);
    let mut renames: Vec<Rename> = Vec::new();
    let stated = request
        .renames
        .iter()
        .map(|stated| (&*stated.old, &*stated.new));
    let unclear = rename::resolve_all(stated.collect(), (old, new), &mut renames);
    if let Some((from, to)) = unclear.first()
        && let Err(refusal) = Rename::resolve(from, to, old, new)
    {
        return Err(refused((from, to), refusal, before, after));
    }
    let comments = after.annotations.iter();
    let open = comments
        .map(|stated| (&*stated.old, &*stated.new))
        .filter(|(_, name)| Rename::resolve(name, name, old, new).is_err());
    rename::resolve_all(open.collect(), (old, new), &mut renames);
    renames.extend(rename::implied(&renames, old, new));
    rename::sort(&mut renames);
    Ok(renames)
}

fn refused((old, new): (&str, &str), refusal: Refusal, before: &Read, after: &Read) -> Failure {
    let (name, side, near) = match refusal {
        Refusal::NoOld(near) => (old, before, near),
        Refusal::NoNew(near) => (new, after, near),
    };
    let failure = Failure::input(format!(
        "`--rename {old}={new}`: there is no `{name}` in {}",
        side.side.name
    ))
    .code("usage");
    match near {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure,
    }
}

/// Runs both files on a copy; returns the version of the server that saw it.
pub(super) async fn up_and_down(
    request: &Request,
    before: &Read,
    after: &Read,
    up: &Plan,
    down: &Plan,
    scratch: &mut Scratch<'_>,
) -> Result<String, Failure> {
    let ground = ground_of(before, scratch).await?;
    let server = scratch.server().await?;
    let version = server.version.clone();
    let catalogs: [&Catalog; 2] = [&before.catalog, &after.catalog];
    schema_copy::make_roles(server, &catalogs, Vec::new()).await?;
    let steps = [
        ("up", up, after.fingerprint()?, &after.side.name),
        ("down", down, before.fingerprint()?, &before.side.name),
    ];
    for (direction, plan, wanted, name) in steps {
        let mut connection = ground.target.connect().await?;
        run_text(
            &mut connection,
            &file::body(&plan.statements, request.planning),
            direction,
        )
        .await
        .map_err(|failure| on_older_server(failure, before, after))?;
        let found = Fingerprint::read(&mut connection).await?;
        connection.close().await;
        if let Some(failure) = not_exact(&found, wanted, &request.schemas, direction, name) {
            return Err(failure);
        }
    }
    Ok(version)
}

/// What is wrong when a run does not end where it should.
pub(super) fn not_exact(
    found: &Fingerprint,
    wanted: &Fingerprint,
    schemas: &[String],
    direction: &str,
    name: &str,
) -> Option<Failure> {
    let differing = differences(found, wanted, schemas);
    if differing.is_empty() {
        return None;
    }
    let mut failure = unproven(format!(
        "the migration {direction} does not lead to {name}: {} objects differ",
        differing.len()
    ))
    .hint("`--no-verify` writes it all the same; please report it");
    for object in differing.iter().take(12) {
        failure = failure.detail(object.clone());
    }
    Some(failure)
}

/// The objects of these schemas that are not the same on both sides; of all when there are none.
pub(super) fn differences(
    one: &Fingerprint,
    other: &Fingerprint,
    schemas: &[String],
) -> Vec<String> {
    let mut differing = one.differences(other);
    differing.retain(|object| in_schemas(object, schemas));
    differing
}

/// A schema itself, or what has the schema before its name: with or without quotes, as SQL writes it.
fn in_schemas(object: &str, schemas: &[String]) -> bool {
    // The types of a function's arguments have schemas of their own.
    let name = object.split('(').next().unwrap_or(object);
    schemas.is_empty()
        || schemas.iter().any(|schema| {
            let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
            [schema, &quoted].into_iter().any(|schema| {
                name.contains(&format!(" {schema}.")) || name == format!("schema {schema}")
            })
        })
}

/// A scratch database with the schema of before.
pub(super) struct Ground {
    pub(super) target: Target,
    /// Gone with the value.
    _copy: Option<Database>,
}

/// Files were loaded into a scratch database already, which nobody needs any more when the proof
/// begins; of a live database a copy is made.
pub(super) async fn ground_of(before: &Read, scratch: &mut Scratch<'_>) -> Result<Ground, Failure> {
    if let Some(loaded) = &before.database {
        return Ok(Ground {
            target: Target::parse(loaded.url(), None)?,
            _copy: None,
        });
    }
    let copy = unchecked_copy(before, scratch).await?;
    let mut connection = copy.target.connect().await?;
    let found = Fingerprint::read(&mut connection).await?;
    connection.close().await;
    let differing = found.differences(before.fingerprint()?);
    if differing.is_empty() || !before.whole {
        return Ok(Ground {
            target: copy.target,
            _copy: Some(copy.database),
        });
    }
    let mut failure = unproven(format!(
        "the copy of {} for the proof is not exact: {} objects differ",
        before.side.name,
        differing.len()
    ))
    .hint("`--no-verify` writes the migration without proof");
    for object in differing.iter().take(12) {
        failure = failure.detail(object.clone());
    }
    Err(failure)
}

/// A statement that the older of two servers does not know is no fault of the migration.
fn on_older_server(mut failure: Failure, before: &Read, after: &Read) -> Failure {
    if before.major() >= after.major() {
        return failure;
    }
    failure.kind = FailureKind::Environment;
    failure
        .hint(format!(
            "{} is on PostgreSQL {}, {} on {}: leave out what the older version does not know, or upgrade it first",
            before.side.name, before.version.0, after.side.name, after.version.0
        ))
        .code("older-server")
}

/// A scratch database made by the statements that lead to the schema of before.
pub(super) async fn unchecked_copy(
    before: &Read,
    scratch: &mut Scratch<'_>,
) -> Result<Copy, Failure> {
    let server = scratch.server().await?;
    let copy = schema_copy::on(server, &before.catalog, Vec::new()).await?;
    let Some(refused) = copy.not_copied.first() else {
        return Ok(copy);
    };
    let mut failure = unproven(format!(
        "the schema of {} could not be copied to PostgreSQL {}",
        before.side.name, server.version
    ))
    .cause(refused.reason.to_string())
    .detail(refused.sql.clone());
    if server.major() < before.major() {
        failure.kind = FailureKind::Environment;
        return Err(failure
            .hint(format!(
                "{} is on PostgreSQL {}: leave out what the older version does not know, or upgrade it first",
                before.side.name,
                before.version.0
            ))
            .code("older-server"));
    }
    Err(failure.hint("`--no-verify` writes the migration without proof"))
}

/// How many statements of one transaction are sent at once.
const AT_ONCE: usize = 100;

/// Runs the text as psql would: transactions as it says, and what stands in one of them together.
pub(super) async fn run_text(
    connection: &mut Connection,
    text: &str,
    direction: &str,
) -> Result<(), Failure> {
    let source = SourceFile::new(format!("the migration {direction}"), text);
    let (script, _) = script::split(&source);
    let mut together: Vec<&str> = Vec::new();
    let mut in_transaction = false;
    for statement in script.statements() {
        let sql = statement.text(&source.text);
        match statement.kind {
            Execution::Begin => in_transaction = true,
            Execution::Commit | Execution::Rollback => in_transaction = false,
            _ => {}
        }
        together.push(sql);
        if !in_transaction || together.len() == AT_ONCE {
            run_together(connection, &std::mem::take(&mut together), direction).await?;
        }
    }
    run_together(connection, &together, direction).await
}

async fn run_together(
    connection: &mut Connection,
    statements: &[&str],
    direction: &str,
) -> Result<(), Failure> {
    match connection.execute_all(statements).await {
        Ok(()) => Ok(()),
        Err((place, error)) => {
            let failed = statements.get(place).or(statements.last());
            Err(unproven(format!("the migration {direction} does not run"))
                .cause(error.to_string())
                .detail(failed.copied().unwrap_or_default().to_owned())
                .hint("`--no-verify` writes it all the same; please report it"))
        }
    }
}

async fn run_one(connection: &mut Connection, sql: &str) -> Result<(), Failure> {
    connection.execute(sql).await.map_err(|error| {
        Failure::input("the rename is not possible")
            .cause(error.to_string())
            .detail(sql.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_schema_is_the_schema_itself_and_all_under_its_name() {
        let wanted = ["app".to_owned(), "Odd Name".to_owned()];
        let within = |object: &str| in_schemas(object, &wanted);
        assert!(within("schema app") && within("schema \"Odd Name\""));
        assert!(within("relation app.t") && within("column \"Odd Name\".t.a"));
        assert!(!within("schema application") && !within("relation application.t"));
        assert!(!within("relation other.app") && !within("function other.f(a app.t)"));
        assert!(in_schemas("relation other.t", &[]));
    }
}
