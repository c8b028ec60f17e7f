//! What Postgres says against a statement, with its place in the file and what helps.

use std::ops::Range;

use super::DatabaseError;
use crate::catalog::effect::SqlFault;
use crate::migrate::script::{Script, Statement};

/// Postgres counts characters of the statement; files are counted in bytes. `version` is the
/// server's, 150018.
pub(super) fn fault_of(
    script: &Script,
    statement: &Statement,
    error: &DatabaseError,
    version: u32,
) -> SqlFault {
    let text = statement.text(&script.source.text);
    let range = place(text, error);
    SqlFault {
        code: error.code.clone(),
        message: error.message.clone(),
        detail: error.detail.clone(),
        hint: error
            .hint
            .clone()
            .into_iter()
            .chain(help(text, error, version))
            .reduce(|hint, help| format!("{hint} {help}")),
        range: range.map_or(statement.range.clone(), |range| {
            statement.range.start + range.start..statement.range.start + range.end
        }),
    }
}

/// The word that the error points at, in bytes of the statement.
fn place(text: &str, error: &DatabaseError) -> Option<Range<usize>> {
    let (start, position) = match (&error.position, &error.internal) {
        (Some(position), _) => (0, *position),
        // The body of a function, or a query of it, when the statement holds it as it stands.
        (None, Some((position, query))) => {
            let mut found = text.match_indices(query.as_str());
            match (found.next(), found.next()) {
                (Some((start, _)), None) => (start, *position),
                _ => return None,
            }
        }
        (None, None) => return None,
    };
    let at = text[start..]
        .char_indices()
        .nth(position.saturating_sub(1))
        .map_or(text.len(), |(at, _)| start + at);
    let word = text[at..]
        .chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_');
    let length: usize = word.map(char::len_utf8).sum();
    let first = text[at..].chars().next().map_or(0, char::len_utf8);
    Some(at..at + length.max(first))
}

/// What the message of Postgres does not say.
fn help(text: &str, error: &DatabaseError, version: u32) -> Option<String> {
    let major = version / 10_000;
    match error.code.as_str() {
        "57014" if error.message.contains("statement timeout") => Some(
            "`--statement-timeout TIME` sets another limit than that of the role or the database"
                .to_owned(),
        ),
        "53100" => Some("make room on the server and run the same command".to_owned()),
        DatabaseError::UNDEFINED_OBJECT => {
            let role = missing_role(error)?;
            Some(format!(
                "roles belong to the whole server: `CREATE ROLE {role}` before the migration"
            ))
        }
        DatabaseError::SYNTAX_ERROR => Some(format!(
            "the server is PostgreSQL {major}; newer syntax is an error there"
        ))
        .filter(|_| newer_syntax(text, major)),
        _ => missing_extension(text, error, major),
    }
}

/// The name in `role "x" does not exist`.
pub(super) fn missing_role(error: &DatabaseError) -> Option<&str> {
    if !error.is(DatabaseError::UNDEFINED_OBJECT) {
        return None;
    }
    let rest = error.message.strip_prefix("role \"")?;
    rest.strip_suffix("\" does not exist")
}

/// Words of statements and the first version that knows them.
const NEWER: &[(u32, &str)] = &[
    (14, "BEGIN ATOMIC"),
    (14, "COMPRESSION"),
    (14, "MULTIRANGE_TYPE_NAME"),
    (15, "NULLS NOT DISTINCT"),
    (15, "SECURITY_INVOKER"),
    (15, "MERGE INTO"),
    (16, "ANY_VALUE"),
    (17, "MERGE PARTITIONS"),
    (17, "SPLIT PARTITION"),
    (17, "JSON_TABLE"),
    (18, "VIRTUAL"),
    (18, "WITHOUT OVERLAPS"),
    (18, "NOT ENFORCED"),
    (18, "PERIOD"),
];

fn newer_syntax(text: &str, major: u32) -> bool {
    let line = text
        .to_uppercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    NEWER
        .iter()
        .any(|(since, words)| *since > major && line.contains(words))
}

/// The package of an extension that the server does not have.
fn missing_extension(text: &str, error: &DatabaseError, major: u32) -> Option<String> {
    let is_missing =
        error.is(DatabaseError::UNDEFINED_FILE) || error.is(DatabaseError::FEATURE_NOT_SUPPORTED);
    if !is_missing || !text.to_ascii_lowercase().contains("extension") {
        return None;
    }
    let quoted = error.message.split('"').nth(1)?;
    // Versions 13 and 14 name the control file, `…/extension/x.control`.
    let file = quoted.rsplit('/').next().unwrap_or(quoted);
    let name = file.strip_suffix(".control").unwrap_or(file);
    let package = match name {
        "postgis" | "postgis_topology" | "postgis_raster" | "postgis_sfcgal" => {
            format!("postgresql-{major}-postgis-3")
        }
        "vector" => format!("postgresql-{major}-pgvector"),
        "pg_partman" => format!("postgresql-{major}-partman"),
        "pg_cron" => format!("postgresql-{major}-cron"),
        "timescaledb" => format!("timescaledb-2-postgresql-{major}"),
        "pgcrypto" | "citext" | "hstore" | "pg_trgm" | "btree_gin" | "btree_gist" | "ltree"
        | "unaccent" | "uuid-ossp" | "fuzzystrmatch" | "pg_stat_statements" | "tablefunc"
        | "intarray" | "pgstattuple" | "postgres_fdw" | "cube" | "earthdistance" => {
            "postgresql-contrib".to_owned()
        }
        other => format!("postgresql-{major}-{}", other.replace('_', "-")),
    };
    Some(format!(
        "the server has no extension `{name}`; Debian's packages of extensions have names like `{package}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::script::split;
    use crate::text::SourceFile;

    fn error(code: &str, message: &str) -> DatabaseError {
        DatabaseError {
            code: code.to_owned(),
            message: message.to_owned(),
            detail: None,
            hint: None,
            position: None,
            internal: None,
            context: None,
            constraint: None,
        }
    }

    fn fault(text: &str, error: &DatabaseError) -> (String, Option<String>) {
        let source = SourceFile::new("a.sql", text);
        let (script, _) = split(&source);
        let statement = script.statements().next().expect("a statement");
        let fault = fault_of(&script, statement, error, 150_018);
        (text[fault.range].to_owned(), fault.hint)
    }

    #[test]
    fn places_are_words_of_the_file() {
        let mut said = error("42601", "syntax error");
        said.position = Some(13);
        assert_eq!(fault("\n\nselect 'ä', wrong ;", &said).0, "wrong");
        let mut inside = error("42703", "no such column");
        inside.internal = Some((9, " select nope".to_owned()));
        let function = "create function f() returns int as $$ select nope$$ language sql;";
        assert_eq!(fault(function, &inside).0, "nope");
    }

    #[test]
    fn packages_and_roles_are_named() {
        let missing = error(
            "58P01",
            "could not open extension control file \"/usr/share/postgresql/extension/postgis.control\"",
        );
        let hint = fault("create extension postgis;", &missing).1;
        assert!(hint.is_some_and(|hint| hint.contains("postgresql-15-postgis-3")));
        let missing = error("0A000", "extension \"postgis\" is not available");
        let hint = fault("create extension postgis;", &missing).1;
        assert!(hint.is_some_and(|hint| hint.contains("postgresql-15-postgis-3")));
        let missing = error("42704", "role \"reporting\" does not exist");
        let hint = fault("grant select on t to reporting;", &missing).1;
        assert!(hint.is_some_and(|hint| hint.contains("CREATE ROLE reporting")));
    }

    #[test]
    fn newer_syntax_is_told_to_older_servers_only() {
        let said = error("42601", "syntax error at or near \"NULLS\"");
        let text = "create table t (a int unique nulls not distinct);";
        assert_eq!(fault(text, &said).1, None);
        let text = "create table t (a int, b int generated always as (a) virtual);";
        assert!(
            fault(text, &said)
                .1
                .is_some_and(|hint| hint.contains("PostgreSQL 15"))
        );
    }
}
