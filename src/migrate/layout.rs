//! Migration files as other tools read and run them. Most of them send a file as one query, which is
//! one transaction, so a statement that Postgres refuses in a transaction has a version of its own.
//! Every version has its own way back.

use super::diff::{Options, Section, Statement};
use super::file::{Header, header, settings};

/// Who runs the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Sqlx,
    Flyway,
    Dbmate,
    GolangMigrate,
}

/// Statements that run together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub statements: Vec<Statement>,
    /// One statement outside of any transaction.
    pub alone: bool,
}

/// What a version says about itself.
#[derive(Clone, Debug, Default)]
pub struct Version {
    pub options: Options,
    pub up: Part,
    pub up_header: Header,
    pub down: Part,
    pub down_header: Header,
}

/// How a text reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// The whole text as one query, between BEGIN and COMMIT or not.
    Whole { transaction: bool },
    /// Statement after statement, between BEGIN and COMMIT or not.
    Split { transaction: bool },
}

/// A file beside the others, its name without the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub contents: String,
}

impl Tool {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlx => "sqlx",
            Self::Flyway => "flyway",
            Self::Dbmate => "dbmate",
            Self::GolangMigrate => "golang-migrate",
        }
    }

    /// The table in which the tool keeps what it has applied, in the schema that it works in.
    pub const fn history(self) -> &'static str {
        match self {
            Self::Sqlx => "_sqlx_migrations",
            Self::Flyway => "flyway_schema_history",
            Self::Dbmate | Self::GolangMigrate => "schema_migrations",
        }
    }

    /// How the tool runs a part.
    pub const fn sending(self, alone: bool) -> Sending {
        match self {
            Self::Sqlx | Self::Dbmate => Sending::Whole {
                transaction: !alone,
            },
            // No transaction of its own; several statements in one query are one all the same.
            Self::GolangMigrate => Sending::Whole { transaction: false },
            Self::Flyway => Sending::Split {
                transaction: !alone,
            },
        }
    }
}

/// Statements in the order of their sections, cut where a transaction has to end.
pub fn parts(statements: &[Statement]) -> Vec<Part> {
    let mut parts: Vec<(Section, Part)> = Vec::new();
    for statement in statements {
        let alone = matches!(statement.section, Section::Concurrent | Section::Last);
        match parts.last_mut() {
            Some((section, part)) if *section == statement.section && !alone => {
                part.statements.push(statement.clone());
            }
            _ => parts.push((
                statement.section,
                Part {
                    statements: vec![statement.clone()],
                    alone,
                },
            )),
        }
    }
    parts.into_iter().map(|(_, part)| part).collect()
}

/// The text that the tool sends for a part.
pub fn text(tool: Tool, part: &Part, about: &Header, options: Options) -> String {
    let mut text = String::new();
    if part.alone && tool == Tool::Sqlx {
        // Only the very first line is looked at.
        text.push_str("-- no-transaction\n");
    }
    text.push_str(&header(about, &part.statements));
    if let Some(index) = part.statements.first().and_then(built_index)
        && part.alone
    {
        text.push_str(&again(tool, &index));
    }
    if part.statements.is_empty() {
        text.push_str("-- nothing to do\n");
        return text;
    }
    if !part.alone {
        text.push('\n');
        text.push_str(&settings(part.statements[0].section, options));
    }
    for statement in &part.statements {
        text.push_str(&format!("\n{};\n", statement.sql.trim_end()));
    }
    text
}

/// The name of the index that the statement builds, as it is written.
fn built_index(statement: &Statement) -> Option<String> {
    let (_, rest) = statement.sql.split_once(" CONCURRENTLY ")?;
    let (index, rest) = rest.split_once(" ON ")?;
    // A new index lives in the schema of its table.
    let table = rest.strip_prefix("ONLY ").unwrap_or(rest);
    let (table, _) = table.split_once(" USING ")?;
    let schema = crate::catalog::Id::new(crate::catalog::Kind::Table, table);
    let prefix = &table[..table.len() - schema.local_name().len()];
    statement
        .sql
        .starts_with("CREATE ")
        .then(|| format!("{prefix}{index}"))
}

/// A build that failed leaves an invalid index behind, which stands in the way of the next try.
fn again(tool: Tool, index: &str) -> String {
    let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {index};");
    match tool {
        Tool::Flyway => format!(
            "-- Needs flyway.postgresql.transactional.lock=false: the build waits for open transactions,\n\
             -- and by default Flyway holds one.\n\n{drop}\n"
        ),
        _ => format!("-- when a try failed, before the next one: {drop}\n"),
    }
}

/// Whether a file leads back, by its name: `*.down.sql`, or Flyway's `U1.2__name.sql`.
pub fn is_down(name: &str) -> bool {
    let undoes = name
        .strip_prefix('U')
        .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()));
    name.ends_with(".down.sql") || undoes && name.contains("__")
}

/// The files of a version. `number` is its timestamp, `name` what stands behind it.
pub fn files(tool: Tool, number: &str, name: &str, version: &Version) -> Vec<Written> {
    let up = text(tool, &version.up, &version.up_header, version.options);
    let down = text(tool, &version.down, &version.down_header, version.options);
    let file = |name: String, contents: String| Written { name, contents };
    match tool {
        Tool::Sqlx | Tool::GolangMigrate => vec![
            file(format!("{number}_{name}.up.sql"), up),
            file(format!("{number}_{name}.down.sql"), down),
        ],
        Tool::Dbmate => {
            let option = |part: &Part| if part.alone { " transaction:false" } else { "" };
            vec![file(
                format!("{number}_{name}.sql"),
                format!(
                    "-- migrate:up{}\n{up}\n-- migrate:down{}\n{down}",
                    option(&version.up),
                    option(&version.down)
                ),
            )]
        }
        Tool::Flyway => {
            let mut files = Vec::new();
            for (letter, part, text) in [("V", &version.up, up), ("U", &version.down, down)] {
                let name = format!("{letter}{number}__{name}.sql");
                let mut settings = String::new();
                if part.alone {
                    settings.push_str("executeInTransaction=false\n");
                }
                if text.contains("${") {
                    settings.push_str("placeholderReplacement=false\n");
                }
                if !settings.is_empty() {
                    files.push(file(format!("{name}.conf"), settings));
                }
                files.push(file(name, text));
            }
            files.sort_by(|a, b| {
                (b.name.as_bytes()[0], &a.name).cmp(&(a.name.as_bytes()[0], &b.name))
            });
            files
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sql: &str, section: Section) -> Statement {
        Statement {
            sql: sql.to_owned(),
            section,
            data_loss: None,
        }
    }

    #[test]
    fn what_must_stand_alone_has_a_part_of_its_own() {
        let statements = [
            statement("ALTER TYPE a ADD VALUE 'b'", Section::First),
            statement("c", Section::Main),
            statement("d", Section::Main),
            statement(
                "CREATE INDEX CONCURRENTLY e ON f USING btree (g)",
                Section::Concurrent,
            ),
            statement(
                "CREATE INDEX CONCURRENTLY h ON f USING btree (i)",
                Section::Concurrent,
            ),
            statement("j", Section::Finish),
            statement("DROP INDEX CONCURRENTLY k", Section::Last),
        ];
        let parts = parts(&statements);
        let shape: Vec<(usize, bool)> = parts
            .iter()
            .map(|part| (part.statements.len(), part.alone))
            .collect();
        assert_eq!(
            shape,
            [
                (1, false),
                (2, false),
                (1, true),
                (1, true),
                (1, false),
                (1, true)
            ]
        );
    }

    #[test]
    fn the_way_back_is_known_by_its_name() {
        for name in ["1_a.down.sql", "U20260101000000__a.sql", "U1.2__a.sql.conf"] {
            assert!(is_down(name), "{name}");
        }
        for name in ["Users.sql", "U1.sql", "V1__a.sql", "1_a.up.sql", "U__a.sql"] {
            assert!(!is_down(name), "{name}");
        }
    }

    #[test]
    fn an_invalid_index_is_named_with_the_schema_of_its_table() {
        let build = statement(
            "CREATE UNIQUE INDEX CONCURRENTLY \"e f\" ON \"g.h\".i USING btree (j)",
            Section::Concurrent,
        );
        assert_eq!(built_index(&build).as_deref(), Some("\"g.h\".\"e f\""));
        assert_eq!(
            built_index(&statement("DROP INDEX CONCURRENTLY a.b", Section::Last)),
            None
        );
    }
}
