//! Both sides as one version of Postgres prints them. Versions word the same view differently, so
//! a side that another version holds is copied to the scratch server and read there.

use std::sync::Arc;

use super::prove;
use super::sides::{self, Read, Scratch};
use crate::failure::Failure;
use crate::settings::migrate::Compare as Request;

/// The sides, and what the report says when one of them had to move.
pub(super) async fn both(
    request: &Request,
    before: Read,
    after: Read,
    scratch: &mut Scratch<'_>,
) -> Result<(Read, Read, Option<String>), Failure> {
    let major = |read: &Read| read.version.1 / 10_000;
    if major(&before) == major(&after) && same_as_scratch(&before, scratch) {
        return Ok((before, after, None));
    }
    let (version, wanted) = {
        let server = scratch.server().await?;
        (server.version.clone(), server.major())
    };
    let mut moved = Vec::new();
    let mut sides = Vec::new();
    for read in [before, after] {
        if major(&read) == wanted {
            sides.push(read);
            continue;
        }
        moved.push(format!("{} runs {}", read.side.name, read.version.0));
        sides.push(copied(request, read, scratch).await?);
    }
    let note = format!(
        "compared and proven on PostgreSQL {version}, {}: what the versions do differently is not seen",
        moved.join(", ")
    );
    match <[Read; 2]>::try_from(sides) {
        Ok([before, after]) => Ok((before, after, Some(note))),
        Err(_) => Err(Failure::environment("a side of the comparison was lost")),
    }
}

/// Whether the proof, if there is to be one, runs on the version that both sides have.
fn same_as_scratch(read: &Read, scratch: &Scratch<'_>) -> bool {
    let server = scratch.server.as_ref();
    server.is_none_or(|server| server.major() == read.version.1 / 10_000)
}

async fn copied(
    request: &Request,
    mut read: Read,
    scratch: &mut Scratch<'_>,
) -> Result<Read, Failure> {
    let copy = prove::unchecked_copy(&read, scratch).await?;
    let mut connection = copy.target.connect().await?;
    let (catalog, fingerprint) = sides::read(request, &mut connection).await?;
    connection.close().await;
    read.side.fingerprint = Some(fingerprint.digest());
    read.catalog = Arc::new(catalog);
    read.fingerprint = Some(fingerprint);
    read.database = Some(copy.database);
    Ok(read)
}
