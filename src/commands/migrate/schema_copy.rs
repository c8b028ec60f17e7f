//! A scratch copy of a schema, from its catalog: the statements are those that lead there from an
//! empty database, the same that a migration is made of and that the proof checks.

use std::collections::BTreeSet;

use crate::catalog::{Body, Catalog, Kind, last_part, unquoted};
use crate::failure::Failure;
use crate::migrate::diff::{self, Statement};
use crate::migrate::script::{self, Script};
use crate::postgres::scratch::{Database, Server};
use crate::postgres::{Connection, Error, Target, introspect, session};
use crate::text::SourceFile;

/// How many statements are sent at once; a server keeps the locks of all of them.
const BATCH: usize = 200;

/// A statement that the scratch server refused.
#[derive(Clone, Debug)]
pub(super) struct NotCopied {
    pub(super) sql: String,
    pub(super) reason: Error,
}

impl NotCopied {
    /// `CREATE EXTENSION postgis: …`, for a list.
    pub(super) fn summary(&self) -> String {
        let source = SourceFile::new("copy", self.sql.as_str());
        let (script, _) = script::split(&source);
        let summary = script
            .statements()
            .next()
            .map_or_else(String::new, |statement| statement.summary(&source.text));
        format!("{summary} ({})", self.reason)
    }
}

/// A scratch database with a schema that stands elsewhere.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) target: Target,
    pub(super) not_copied: Vec<NotCopied>,
    /// Gone with the value.
    pub(super) database: Database,
}

/// Makes the schema on a new database of the server, and where the server is ours the roles that it
/// and `roles` name.
pub(super) async fn on(
    server: &Server,
    catalog: &Catalog,
    roles: Vec<String>,
) -> Result<Copy, Failure> {
    make_roles(server, &[catalog], roles).await?;
    let database = server.create_database().await?;
    let target = Target::parse(database.url(), None)?;
    let mut connection = target.connect().await?;
    let not_copied = make(&mut connection, catalog).await?;
    // The settings of the copying end with its session.
    connection.close().await;
    Ok(Copy {
        target,
        not_copied,
        database,
    })
}

/// Makes the schema on an empty database. What is refused is tried again when the rest is there;
/// what never works is given back.
async fn make(connection: &mut Connection, catalog: &Catalog) -> Result<Vec<NotCopied>, Failure> {
    let empty = introspect::catalog(connection).await?;
    let plan = diff::catalogs(&empty, catalog, diff::Options { offline: true });
    connection
        .execute(
            "SET check_function_bodies = off; SET synchronous_commit = off; \
             SET default_transaction_read_only = off",
        )
        .await?;
    let mut refused: Vec<(&Statement, Error)> = Vec::new();
    for batch in plan.statements.chunks(BATCH) {
        let texts: Vec<&str> = batch
            .iter()
            .map(|statement| statement.sql.as_str())
            .collect();
        // A line of its own for the semicolon: a statement may end in a comment.
        if connection.execute(&texts.join("\n;\n")).await.is_err() {
            refused.extend(one_by_one(connection, batch.iter()).await?);
        }
    }
    // Each round makes at least one object, so this ends.
    loop {
        let before = refused.len();
        let again = refused.iter().map(|(statement, _)| *statement);
        let still = one_by_one(connection, again).await?;
        refused = still;
        if refused.len() == before || refused.is_empty() {
            break;
        }
    }
    Ok(refused
        .into_iter()
        .map(|(statement, reason)| NotCopied {
            sql: statement.sql.clone(),
            reason,
        })
        .collect())
}

async fn one_by_one<'a>(
    connection: &mut Connection,
    statements: impl Iterator<Item = &'a Statement>,
) -> Result<Vec<(&'a Statement, Error)>, Error> {
    let mut refused = Vec::new();
    for statement in statements {
        match connection.execute(&statement.sql).await {
            Ok(()) => {}
            Err(error @ Error::Database(_)) => refused.push((statement, error)),
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}

/// Names of what the original has and the copy has not, as error messages spell them.
pub(super) fn lacking(original: &Catalog, copy: &Catalog) -> BTreeSet<String> {
    let bare = |name: &str| {
        // The arguments of a function stand behind its name.
        let quoted = name.starts_with('"') && name.ends_with('"');
        let end = name.find('(').filter(|_| !quoted);
        unquoted(end.map_or(name, |end| &name[..end]))
    };
    let missing = original.objects.keys().filter(|id| !copy.contains(id));
    let managed = missing.map(|id| match id.part.as_str() {
        "" => bare(id.local_name()),
        part => bare(part),
    });
    let unmanaged = original
        .unmanaged
        .values()
        .flatten()
        .map(|name| bare(last_part(name)));
    managed
        .chain(unmanaged)
        .filter(|name| !name.is_empty())
        .collect()
}

/// Makes the roles that rights are given to, on a server that is ours and gone soon.
pub(super) async fn make_roles(
    server: &Server,
    catalogs: &[&Catalog],
    more: Vec<String>,
) -> Result<(), Failure> {
    let mut roles: BTreeSet<String> = BTreeSet::new();
    for object in catalogs.iter().flat_map(|catalog| catalog.objects.values()) {
        roles.extend(object.grants.iter().map(|grant| grant.grantee.clone()));
        if object.id.kind == Kind::UserMapping {
            roles.insert(object.id.part.clone());
        }
        match &object.body {
            Body::Policy(policy) => roles.extend(policy.roles.iter().cloned()),
            Body::DefaultPrivileges { scope, .. } => {
                let mut words = scope.split_whitespace();
                if let (Some("FOR"), Some("ROLE"), Some(role)) =
                    (words.next(), words.next(), words.next())
                {
                    roles.insert(role.to_owned());
                }
            }
            _ => {}
        }
    }
    roles.remove("PUBLIC");
    let bare = roles.iter().map(|role| unquoted(role));
    server.make_roles(&bare.chain(more).collect()).await
}

/// Roles of a server that a script may speak of.
pub(super) async fn roles_in(
    connection: &mut Connection,
    script: &Script,
) -> Result<Vec<String>, Failure> {
    let mut roles = session::roles(connection).await?;
    roles.retain(|role| script.source.text.contains(role.as_str()));
    Ok(roles)
}
