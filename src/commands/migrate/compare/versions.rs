//! A migration for another tool: cut into that tool's versions, each with a way back of its own.
//! Every text runs on a copy as the tool would run it, forwards and backwards.

use super::prove::{Renamed, ground_of, not_exact, run_text};
use super::sides::{self, Read, Scratch};
use super::unproven;
use crate::catalog::Catalog;
use crate::commands::migrate::schema_copy;
use crate::failure::Failure;
use crate::migrate::diff::{self, Options, Plan, Section};
use crate::migrate::file::Header;
use crate::migrate::header;
use crate::migrate::layout::{self, Part, Sending, Tool, Version};
use crate::postgres::Connection;
use crate::postgres::fingerprint::Fingerprint;
use crate::settings::migrate::Compare as Request;

/// What there is on the copy after each version.
struct State {
    catalog: Catalog,
    fingerprint: Fingerprint,
}

/// The versions and the server's version; without `verify` only the way up runs, since the ways back
/// are made from what it leaves.
pub(super) async fn made(
    request: &Request,
    tool: Tool,
    sides: (&Read, &Read),
    up: &Plan,
    renamed: Option<&Renamed>,
    scratch: &mut Scratch<'_>,
) -> Result<(Vec<Version>, String), Failure> {
    let (before, after) = sides;
    let ground = ground_of(before, scratch).await?;
    let server = scratch.server().await?;
    let server_version = server.version.clone();
    let catalogs: [&Catalog; 2] = [&before.catalog, &after.catalog];
    schema_copy::make_roles(server, &catalogs, Vec::new()).await?;
    let mut runner = Runner {
        request,
        tool,
        connection: ground.target.connect().await?,
        options: request.planning,
    };
    let proof = header::proof(request.verify.then_some(&server_version));
    let ups = layout::parts(&up.statements);
    let titles = Titles {
        from: &before.side.name,
        to: &after.side.name,
        of: ups.len(),
        proof: &proof,
    };
    let mut state = runner.state().await?;
    let mut versions = Vec::new();
    let mut passed = Vec::new();
    for (at, part) in ups.into_iter().enumerate() {
        let renames = renamed.filter(|renamed| renamed.opens(&part.statements));
        let origin = match renames {
            Some(renamed) => runner.renamed(renamed).await?,
            None => state.catalog.clone(),
        };
        let text = layout::text(tool, &part, &Header::default(), runner.options);
        runner.run(&part, &text, "up").await?;
        let next = runner.state().await?;
        let down = runner.way_back(&next.catalog, &origin, renames);
        versions.push(titles.version(at, (part, down), (&state, &next), runner.options));
        passed.push(std::mem::replace(&mut state, next));
    }
    if request.verify {
        runner.judge(
            "up",
            &state.fingerprint,
            after.fingerprint()?,
            &after.side.name,
        )?;
        for (version, wanted) in versions.iter().zip(&passed).rev() {
            let text = layout::text(tool, &version.down, &Header::default(), runner.options);
            runner.run(&version.down, &text, "down").await?;
            let (_, found) = sides::read(request, &mut runner.connection).await?;
            runner.judge("down", &found, &wanted.fingerprint, "the state before it")?;
        }
    }
    runner.connection.close().await;
    Ok((versions, server_version))
}

struct Titles<'a> {
    from: &'a str,
    to: &'a str,
    of: usize,
    proof: &'a str,
}

impl Titles<'_> {
    fn version(
        &self,
        at: usize,
        (up, down): (Part, Part),
        (old, new): (&State, &State),
        options: Options,
    ) -> Version {
        let header = |(from, to): (&str, &str), (old, new): (&State, &State)| Header {
            title: if self.of == 1 {
                format!("{from} to {to}")
            } else {
                format!("{from} to {to}, part {} of {}", at + 1, self.of)
            },
            proof: self.proof.to_owned(),
            from: old.fingerprint.digest(),
            to: new.fingerprint.digest(),
        };
        Version {
            options,
            up,
            up_header: header((self.from, self.to), (old, new)),
            down,
            down_header: header((self.to, self.from), (new, old)),
        }
    }
}

struct Runner<'a> {
    request: &'a Request,
    tool: Tool,
    connection: Connection,
    options: Options,
}

impl Runner<'_> {
    async fn state(&mut self) -> Result<State, Failure> {
        let (catalog, fingerprint) = sides::read(self.request, &mut self.connection).await?;
        Ok(State {
            catalog,
            fingerprint,
        })
    }

    /// The state with the renames and nothing else; they are taken back before it is returned.
    async fn renamed(&mut self, renamed: &Renamed) -> Result<Catalog, Failure> {
        for statement in &renamed.up {
            self.connection.execute(&statement.sql).await?;
        }
        let state = self.state().await?;
        for statement in &renamed.down {
            self.connection.execute(&statement.sql).await?;
        }
        Ok(state.catalog)
    }

    /// One transaction, or one statement that stands alone.
    fn way_back(&self, from: &Catalog, to: &Catalog, renames: Option<&Renamed>) -> Part {
        let statements = |plan: Plan| {
            let mut statements = plan.statements;
            if let Some(renamed) = renames {
                statements.extend(renamed.down.iter().cloned());
            }
            statements
        };
        let careful = statements(diff::catalogs(from, to, self.options));
        if let Ok([one]) = <[Part; 1]>::try_from(layout::parts(&careful)) {
            return one;
        }
        let mut plain = statements(diff::in_one_transaction(from, to));
        for statement in &mut plain {
            statement.section = Section::Main;
        }
        Part {
            statements: plain,
            alone: false,
        }
    }

    /// Sends the text as the tool does.
    async fn run(&mut self, part: &Part, text: &str, direction: &str) -> Result<(), Failure> {
        let sending = self.tool.sending(part.alone);
        let transaction = matches!(
            sending,
            Sending::Whole { transaction: true } | Sending::Split { transaction: true }
        );
        if transaction {
            self.connection.execute("BEGIN").await?;
        }
        match sending {
            Sending::Split { .. } => run_text(&mut self.connection, text, direction).await?,
            Sending::Whole { .. } => self.connection.execute(text).await.map_err(|error| {
                unproven(format!("the migration {direction} does not run"))
                    .cause(error.to_string())
                    .detail(text.to_owned())
                    .hint("`--no-verify` writes it all the same; please report it")
            })?,
        }
        if transaction {
            self.connection.execute("COMMIT").await?;
        }
        Ok(())
    }

    fn judge(
        &self,
        direction: &str,
        found: &Fingerprint,
        wanted: &Fingerprint,
        name: &str,
    ) -> Result<(), Failure> {
        not_exact(found, wanted, &self.request.schemas, direction, name).map_or(Ok(()), Err)
    }
}
