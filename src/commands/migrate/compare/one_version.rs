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
    if major(&before) == major(&after) && same_as_scratch(&before, scratch) {
        return Ok((before, after, None));
    }
    let (version, wanted) = {
        let server = scratch.server().await?;
        (server.version.clone(), server.major())
    };
    let moved: Vec<String> = [&before, &after]
        .into_iter()
        .filter(|read| major(read) != wanted)
        .map(|read| format!("{} runs {}", read.side.name, read.version.0))
        .collect();
    let before = as_on(wanted, request, before, scratch).await?;
    let after = as_on(wanted, request, after, scratch).await?;
    let note = format!(
        "compared and proven on PostgreSQL {version}, {}: what the versions do differently is not seen",
        moved.join(", ")
    );
    Ok((before, after, Some(note)))
}

/// Whether the proof, if there is to be one, runs on the version that both sides have.
fn same_as_scratch(read: &Read, scratch: &Scratch<'_>) -> bool {
    let server = scratch.server.as_ref();
    server.is_none_or(|server| server.major() == major(read))
}

const fn major(read: &Read) -> u32 {
    read.version.1 / 10_000
}

/// The side as the scratch server has it, copied there unless it has this version.
async fn as_on(
    wanted: u32,
    request: &Request,
    mut read: Read,
    scratch: &mut Scratch<'_>,
) -> Result<Read, Failure> {
    if major(&read) == wanted {
        return Ok(read);
    }
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
